use std::path::PathBuf;

use thiserror::Error;

/// Where a document comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Address {
    /// A file below the loader's root: names with `/` between, none of them `.` or `..`.
    File(String),
    /// `http` or `https`. Asked for only where [`crate::Options::remote`] is set.
    Url(String),
}

impl Address {
    /// As references and problems name it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::File(text) | Self::Url(text) => text,
        }
    }
}

/// A document's bytes.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// As the person would name the file; it stands in problems and in [`crate::Reading::files`].
    pub shown: PathBuf,
    /// The content.
    pub bytes: Vec<u8>,
    /// The URL that it came from at last, where the one that was asked for led elsewhere: its references are
    /// relative to that (RFC 3986 5.1.3).
    pub moved: Option<String>,
}

/// Why there are no bytes.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LoadError {
    /// No such file.
    #[error("there is no such file")]
    Missing,
    /// It leads out of the root, also after resolving links.
    #[error("it lies outside of the document's folder")]
    Outside,
    /// References to other hosts are not allowed.
    #[error("it lies on another host")]
    Remote,
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}

/// Brings documents. The roof's reads a folder and follows no link out of it.
pub trait Loader {
    /// The bytes at `address`.
    fn load(&self, address: &Address) -> Result<Loaded, LoadError>;
}

/// Documents that are in memory already, by address.
impl Loader for std::collections::BTreeMap<String, Vec<u8>> {
    fn load(&self, address: &Address) -> Result<Loaded, LoadError> {
        match address {
            Address::File(name) => {
                let bytes = self.get(name).cloned().ok_or(LoadError::Missing)?;
                Ok(Loaded { shown: name.into(), bytes, moved: None })
            }
            Address::Url(_) => Err(LoadError::Remote),
        }
    }
}
