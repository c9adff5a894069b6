//! Bringing documents to the reader: files below one folder, and other hosts only where that is allowed.

use std::{
    fs, io,
    io::Read,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use contract::{Address, LoadError, Loaded, Loader};

use crate::fetch;

/// What may be fetched from other hosts.
#[derive(Clone)]
pub(crate) struct Remote {
    pub(crate) runtime: tokio::runtime::Handle,
    pub(crate) client: Arc<reqwest::Client>,
}

/// Reads files below `root`, after resolving links; nothing else.
pub(crate) struct FolderLoader {
    root: PathBuf,
    resolved: PathBuf,
    remote: Option<Remote>,
    stdin: Option<Vec<u8>>,
    /// How long other hosts may still take: all references of one document together.
    patience: Mutex<Duration>,
}

/// How long other hosts may take for one document and all that it refers to.
const PATIENCE: Duration = Duration::from_secs(20);

/// A document may be large, but not without end.
const LARGEST: u64 = 256 << 20;

impl FolderLoader {
    /// A loader for the folder `root`; `stdin` answers for the address `-`.
    pub(crate) fn new(root: &Path, remote: Option<Remote>, stdin: Option<Vec<u8>>) -> io::Result<Self> {
        let root = if root.as_os_str().is_empty() { Path::new(".") } else { root };
        Ok(Self {
            root: root.to_owned(),
            resolved: root.canonicalize()?,
            remote,
            stdin,
            patience: Mutex::new(PATIENCE),
        })
    }

    fn file(&self, name: &str) -> Result<Loaded, LoadError> {
        let shown = if self.root == Path::new(".") { PathBuf::from(name) } else { self.root.join(name) };
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => LoadError::Missing,
            _ => LoadError::Failed(error.to_string()),
        };
        let resolved = self.resolved.join(name).canonicalize().map_err(failed)?;
        if !resolved.starts_with(&self.resolved) {
            return Err(LoadError::Outside);
        }
        let file = fs::File::open(&resolved).map_err(failed)?;
        // A pipe or a device would have no end.
        if !file.metadata().map_err(failed)?.is_file() {
            return Err(LoadError::Failed("it is no regular file".to_owned()));
        }
        let mut bytes = Vec::new();
        file.take(LARGEST).read_to_end(&mut bytes).map_err(failed)?;
        Ok(Loaded { shown, bytes, moved: None })
    }
}

impl Loader for FolderLoader {
    fn load(&self, address: &Address) -> Result<Loaded, LoadError> {
        match (address, &self.remote) {
            (Address::File(name), _) if name == "-" && self.stdin.is_some() => {
                let bytes = self.stdin.clone().unwrap_or_default();
                Ok(Loaded { shown: PathBuf::from("-"), bytes, moved: None })
            }
            (Address::File(name), _) => self.file(name),
            (Address::Url(_), None) => Err(LoadError::Remote),
            (Address::Url(url), Some(remote)) => {
                let mut patience = self.patience.lock().unwrap_or_else(PoisonError::into_inner);
                let fetched = fetch::get_blocking(&remote.runtime, &remote.client, url, &mut patience)
                    .map_err(|error| LoadError::Failed(error.why.to_string()))?;
                let moved = (fetched.url != *url).then_some(fetched.url);
                Ok(Loaded { shown: PathBuf::from(url), bytes: fetched.bytes, moved })
            }
        }
    }
}
