use std::{
    collections::{BTreeMap, hash_map::DefaultHasher},
    ffi::OsStr,
    fs,
    hash::Hasher,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use contract::{Address, LoadError, Loaded, Loader};

/// What a file held: enough to see that it holds something else. Nobody gains by making two files look alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digest(u64, usize);

/// The files that were read, with what they held then; `None` for one that was not there.
pub(crate) type Files = BTreeMap<PathBuf, Option<Digest>>;

impl Digest {
    /// Of these bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        hasher.write(bytes);
        Self(hasher.finish(), bytes.len())
    }

    /// Of a file as it is now; of a folder, the names in it.
    pub(crate) fn of_file(path: &Path) -> Option<Self> {
        if let Ok(bytes) = fs::read(path) {
            return Some(Self::of(&bytes));
        }
        let mut names: Vec<_> = fs::read_dir(path).ok()?.flatten().map(|entry| entry.file_name()).collect();
        names.sort();
        Some(Self::of(names.join(OsStr::new("/")).as_encoded_bytes()))
    }
}

/// A loader that notes what the files held that it brought.
pub(crate) struct Noting<L> {
    loader: L,
    held: Mutex<BTreeMap<PathBuf, Digest>>,
}

impl<L: Loader> Noting<L> {
    pub(crate) fn new(loader: L) -> Self {
        Self { loader, held: Mutex::default() }
    }

    /// What `file` held when it was brought.
    pub(crate) fn held(&self, file: &Path) -> Option<Digest> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).get(file).copied()
    }
}

impl<L: Loader> Loader for Noting<L> {
    fn load(&self, address: &Address) -> Result<Loaded, LoadError> {
        let loaded = self.loader.load(address)?;
        let digest = Digest::of(&loaded.bytes);
        self.held.lock().unwrap_or_else(PoisonError::into_inner).insert(loaded.shown.clone(), digest);
        Ok(loaded)
    }
}
