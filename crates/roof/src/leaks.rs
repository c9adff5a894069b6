//! Where breached passwords are looked up: a filter that is mapped from its file, or a service that is asked
//! for a range of hashes.

use std::{future::Future, path::Path, pin::Pin, time::Duration};

use identity::password::{
    Mapped, Ranges,
    filter::{Filter, FilterError},
};
use mmap_io::MemoryMappedFile;

/// Who is asked where `breached: api` names nobody: Have I Been Pwned's range endpoint.
pub(crate) const SERVICE: &str = "https://api.pwnedpasswords.com/range";
/// How long it may take where nothing is said: a person waits.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);
/// A range of the whole list has some 1,800 lines, 80 KB.
const LARGEST: usize = 1 << 20;

/// Why a filter cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("it cannot be read: {0}")]
    Map(String),
    #[error(transparent)]
    Filter(#[from] FilterError),
}

struct Map(MemoryMappedFile);

impl AsRef<[u8]> for Map {
    fn as_ref(&self) -> &[u8] {
        self.0.as_slice_bytes(0, self.0.len()).unwrap_or_default()
    }
}

/// Maps the filter at `path`. A file that is replaced by renaming another over it goes on being read as it was.
pub(crate) fn open(path: &Path) -> Result<Filter<Mapped>, OpenError> {
    // The library's own text has its path in it, and an empty file cannot be mapped.
    let length = std::fs::metadata(path).map_err(|error| OpenError::Map(error.to_string()))?.len();
    if length == 0 {
        return Err(FilterError::Form.into());
    }
    let map = MemoryMappedFile::open_ro(path).map_err(|error| OpenError::Map(error.to_string()))?;
    Ok(Filter::open(Mapped::new(Map(map)))?)
}

/// The filter in the program.
pub(crate) fn embedded() -> Result<Filter<Mapped>, FilterError> {
    Filter::open(Mapped::new(identity::password::COMMON))
}

/// A service with a range endpoint.
pub(crate) struct Service {
    client: reqwest::Client,
    url: String,
    patience: Duration,
}

impl Service {
    /// Asks `url`, to which a slash and five digits are added, and waits so long.
    pub(crate) fn new(url: &str, patience: Duration) -> Result<Self, reqwest::Error> {
        let client = crate::fetch::client(None)?;
        Ok(Self { client, url: url.trim_end_matches('/').to_owned(), patience })
    }

    async fn fetch(&self, prefix: &str) -> Option<String> {
        let request = self.client.get(format!("{}/{prefix}", self.url));
        // Padding: the length of the answer, which an observer sees, does not tell the prefix.
        let request = request.header("add-padding", "true").header("user-agent", "lobby");
        let mut answer = request.send().await.ok().filter(|answer| answer.status() == 200)?;
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.ok()? {
            if bytes.len() + chunk.len() > LARGEST {
                return None;
            }
            bytes.extend_from_slice(&chunk);
        }
        String::from_utf8(bytes).ok()
    }
}

impl Ranges for Service {
    fn range<'a>(&'a self, prefix: &'a str) -> Pin<Box<dyn Future<Output = Option<String>> + Send + 'a>> {
        Box::pin(async move { tokio::time::timeout(self.patience, self.fetch(prefix)).await.ok().flatten() })
    }
}

#[cfg(test)]
mod tests;
