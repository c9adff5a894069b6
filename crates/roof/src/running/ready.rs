use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use crate::{exit::Failure, state};

/// What a program that waits is told.
pub(crate) struct Ready<'a> {
    /// Where clients call.
    pub(crate) url: &'a str,
    /// Where operators call.
    pub(crate) admin: &'a str,
    /// Who it is.
    pub(crate) issuer: &'a str,
    /// Where the first account is made, while there is none.
    pub(crate) setup: Option<&'a str>,
}

/// The ready file's place, taken before anything starts: a start that cannot tell that it is ready is none.
pub(crate) struct ReadyFile {
    path: PathBuf,
    beside: PathBuf,
    file: fs::File,
}

impl ReadyFile {
    /// Takes the place beside `path`, from where the file is moved, so that a reader never sees half a line. The
    /// user alone may read it: the setup link that it has makes an owner.
    pub(crate) fn reserve(path: &Path) -> Result<Self, Failure> {
        let beside = path.with_extension(format!("{}.part", std::process::id()));
        let folder = || io::Error::other("it is a folder");
        let taken = if path.is_dir() { Err(folder()) } else { state::create_private(&beside) };
        let file = taken.map_err(|error| unwritable(path, &error))?;
        Ok(Self { path: path.to_owned(), beside, file })
    }

    /// Says where Lobby is.
    pub(crate) fn write(mut self, ready: &Ready<'_>) -> Result<(), Failure> {
        let Ready { url, admin, issuer, setup } = ready;
        let mut line =
            serde_json::json!({ "url": url, "admin": admin, "issuer": issuer, "pid": std::process::id() });
        if let Some((setup, line)) = setup.zip(line.as_object_mut()) {
            line.insert("setup".to_owned(), setup.into());
        }
        let written = self.file.write_all(format!("{line}\n").as_bytes());
        written
            .and_then(|()| fs::rename(&self.beside, &self.path))
            .map_err(|error| unwritable(&self.path, &error))
    }
}

impl Drop for ReadyFile {
    fn drop(&mut self) {
        // It is there only where the start failed.
        let _ = fs::remove_file(&self.beside);
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(
        format!("cannot write {}: {error}", path.display()),
        "name a file in a folder that is there and may be written with --ready-file",
    )
}
