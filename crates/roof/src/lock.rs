//! The lock of a running `serve`: a file beside its database, locked by the system for as long as the process
//! lives, which says where the server is administered. Only who may read the database may read it.

use std::{
    fs::{File, TryLockError},
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use model::Secret;
use serde::{Deserialize, Serialize};
use store::Location;

use crate::{exit::Failure, state};

/// What the file says.
#[derive(Serialize, Deserialize)]
struct Said {
    admin: String,
    token: String,
    pid: u32,
}

/// A server that runs on a store.
#[derive(Debug)]
pub(crate) struct Running {
    /// Where it is administered: `http://127.0.0.1:9443`.
    pub(crate) address: String,
    /// What administers it without an account.
    pub(crate) token: Secret<String>,
    /// Its process.
    #[cfg_attr(not(test), expect(dead_code, reason = "for whoever looks at a lock"))]
    pub(crate) pid: u32,
}

/// Held until it is dropped, or the process ends however it does.
#[derive(Debug)]
pub(crate) struct Lock {
    file: Option<File>,
}

/// How long a look of [`running`] may keep a start from its lock.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(15);

/// Where the lock of a store lies. A PostgreSQL database has none of its own, and may have several servers:
/// theirs lies in `folder`, the one of lobby.yaml.
fn place(location: &Location, folder: &Path) -> Option<PathBuf> {
    match location {
        Location::Memory => None,
        Location::File(path) => {
            let mut place = path.clone().into_os_string();
            place.push(".lock");
            Some(place.into())
        }
        Location::Postgres(_) => Some(folder.join("lobby.lock")),
    }
}

impl Lock {
    /// Takes the lock, or says who has it. On PostgreSQL a second server is one of several nodes: it goes on
    /// without.
    pub(crate) async fn take(location: &Location, folder: &Path) -> Result<Self, Failure> {
        let Some(path) = place(location, folder) else { return Ok(Self { file: None }) };
        let failed = |error: io::Error| {
            let hint = "the folder of the store must be one that may be written";
            Failure::new(format!("cannot lock {}: {error}", path.display()), hint)
        };
        let file = state::private_folder(path.parent().unwrap_or(Path::new("")))
            .and_then(|()| open(&path))
            .map_err(failed)?;
        for _ in 0..TRIES {
            match file.try_lock() {
                Ok(()) => return Ok(Self { file: Some(file) }),
                Err(TryLockError::WouldBlock) => tokio::time::sleep(PAUSE).await,
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        match location {
            Location::Postgres(_) => Ok(Self { file: None }),
            Location::Memory | Location::File(_) => Err(in_use(&path, read(&file).ok().as_ref())),
        }
    }

    /// Says where the server is administered.
    pub(crate) fn say(&self, address: &str, token: &Secret<String>) -> Result<(), Failure> {
        let Some(mut file) = self.file.as_ref() else { return Ok(()) };
        let said = Said { admin: address.to_owned(), token: token.expose().clone(), pid: std::process::id() };
        let text = serde_json::to_string(&said).map_err(Failure::from_error)?;
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(format!("{text}\n").as_bytes()))
            .map_err(Failure::from_error)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The lock goes with the file; a token that opens nothing any more need not stay.
        if let Some(file) = &self.file {
            let _ = file.set_len(0);
        }
    }
}

/// The server that runs on this store, as far as its lock beside it (or, for PostgreSQL, in `folder`) tells.
pub(crate) fn running(location: &Location, folder: &Path) -> Option<Running> {
    let file = File::open(place(location, folder)?).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => {}
        Ok(()) | Err(TryLockError::Error(_)) => return None,
    }
    let said = read(&file).ok()?;
    Some(Running { address: said.admin, token: Secret::new(said.token), pid: said.pid })
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    // One that was there may have been copied with another mode.
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(file)
}

fn read(mut file: &File) -> io::Result<Said> {
    let mut text = String::new();
    file.rewind()?;
    file.take(64 << 10).read_to_string(&mut text)?;
    serde_json::from_str(&text).map_err(io::Error::other)
}

fn in_use(path: &Path, said: Option<&Said>) -> Failure {
    let who = said.map_or_else(
        || "another Lobby, which has just started".to_owned(),
        |said| format!("process {}, which is administered at {}", said.pid, said.admin),
    );
    Failure::new(
        format!("{} is held by {who}", path.display()),
        "end that one, or serve from another `store:`; several servers share a PostgreSQL database alone",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
    }

    #[test]
    fn a_lock_tells_who_runs_and_goes_with_its_holder() {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::File(folder.path().join("lobby.db"));
        assert!(running(&location, folder.path()).is_none());
        let lock = block(Lock::take(&location, folder.path())).unwrap();
        assert!(running(&location, folder.path()).is_none(), "it has not said where it is");
        lock.say("http://127.0.0.1:9443", &Secret::new("t0ken".to_owned())).unwrap();
        let found = running(&location, folder.path()).unwrap();
        assert_eq!((found.address.as_str(), found.pid), ("http://127.0.0.1:9443", std::process::id()));
        assert_eq!(found.token.expose(), "t0ken");
        let second = block(Lock::take(&location, folder.path())).unwrap_err();
        let Failure::Message { message, .. } = second else { panic!("a message") };
        assert!(message.contains("127.0.0.1:9443") && !message.contains("t0ken"), "{message}");
        drop(lock);
        assert!(running(&location, folder.path()).is_none());
        let text = std::fs::read_to_string(folder.path().join("lobby.db.lock")).unwrap();
        assert!(text.is_empty(), "{text}");
        block(Lock::take(&location, folder.path())).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_reads_the_token() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let location = Location::File(folder.path().join("lobby.db"));
        let _lock = block(Lock::take(&location, folder.path())).unwrap();
        let mode = std::fs::metadata(folder.path().join("lobby.db.lock")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn servers_that_share_a_postgresql_database_do_not_shut_each_other_out() {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::Postgres("postgres://db/lobby".to_owned());
        let first = block(Lock::take(&location, folder.path())).unwrap();
        first.say("http://127.0.0.1:1", &Secret::new("a".to_owned())).unwrap();
        let second = block(Lock::take(&location, folder.path())).unwrap();
        second.say("http://127.0.0.1:2", &Secret::new("b".to_owned())).unwrap();
        assert_eq!(running(&location, folder.path()).unwrap().address, "http://127.0.0.1:1");
        assert!(running(&Location::Memory, folder.path()).is_none());
    }
}
