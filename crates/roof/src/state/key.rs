//! The master key, with which the store's secrets are sealed: it is never in the store.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use model::Entropy;
use store::MasterKey;

use super::files::{replace_private, write_new};
use crate::{bring, config::value::SecretReference, exit::Failure, system::SystemEntropy};

/// Where the master key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeyPlace {
    /// In a file beside the database, made at the first start.
    Beside(PathBuf),
    /// In a file that lobby.yaml names.
    File(PathBuf),
    /// In a variable that lobby.yaml names.
    Environment(String),
}

/// What makes a key of a person's own.
pub(super) const MAKE: &str = "a key is 32 random bytes: openssl rand -base64 32";

impl KeyPlace {
    /// By its reference in lobby.yaml or on the command line.
    pub(crate) fn named(reference: &SecretReference, folder: &Path) -> Self {
        match reference {
            SecretReference::Environment(name) => Self::Environment(name.clone()),
            SecretReference::File(path) => Self::File(folder.join(path)),
        }
    }

    /// The file that holds it.
    pub(crate) fn file(&self) -> Option<&Path> {
        match self {
            Self::Beside(path) | Self::File(path) => Some(path),
            Self::Environment(_) => None,
        }
    }

    /// As a message names it.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Beside(path) | Self::File(path) => path.display().to_string(),
            Self::Environment(name) => format!("${{{name}}}"),
        }
    }

    /// Reads the key; `None` where its file is not there.
    pub(crate) fn read(&self) -> Result<Option<MasterKey>, Failure> {
        let bytes = match self {
            Self::Beside(path) | Self::File(path) => match fs::read(path) {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => {
                    let message = format!("cannot read the key {}: {error}", path.display());
                    return Err(Failure::Message { message, hint: None });
                }
            },
            Self::Environment(name) => {
                let reference = SecretReference::Environment(name.clone());
                let found = bring::secret(&reference, Path::new(""));
                found.map_err(|why| Failure::new(format!("the store's key: {why}"), MAKE))?.into_bytes()
            }
        };
        let key = MasterKey::read(&bytes);
        key.map(Some).ok_or_else(|| Failure::new(format!("{} is no key", self.shown()), MAKE))
    }

    /// Makes the key's file, unless somebody was faster.
    pub(super) fn make(path: &Path) -> io::Result<()> {
        let key = fresh();
        match write_new(path, key.to_text().expose().as_bytes()) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            done => done,
        }
    }

    /// Writes another key in place of the one that its file holds.
    pub(crate) fn replace(path: &Path, key: &MasterKey) -> io::Result<()> {
        replace_private(path, key.to_text().expose().as_bytes())
    }
}

/// A key that nobody had before.
pub(crate) fn fresh() -> MasterKey {
    MasterKey::new(SystemEntropy.bytes())
}
