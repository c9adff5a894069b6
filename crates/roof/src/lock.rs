//! The lock of a running `serve`: a file beside its database, locked by the system for as long as the process
//! lives, which says where the server is administered. Only who may read the database may read it. A PostgreSQL
//! database, which several servers may share, has a lock of its own beside that: they share it, and a command that
//! works on the store without them has it alone.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Read, Seek, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use model::Secret;
use serde::{Deserialize, Serialize};
use store::{Claim, Fault, Location, Use};

use crate::{exit::Failure, state};

/// What the file says.
#[derive(Serialize, Deserialize)]
struct Said {
    admin: String,
    #[serde(default)]
    at: Option<SocketAddr>,
    token: String,
    pid: u32,
}

/// A server that runs on a store.
#[derive(Debug)]
pub(crate) struct Running {
    /// Where it is administered: `http://127.0.0.1:9443`.
    pub(crate) address: String,
    /// Where a connection to it leads, if that is not to be looked up.
    pub(crate) at: Option<SocketAddr>,
    /// What administers it without an account.
    pub(crate) token: Secret<String>,
}

/// Held until it is dropped, or the process ends however it does.
#[derive(Debug)]
pub(crate) struct Lock {
    file: Option<File>,
    claim: Option<Claim>,
}

/// What a server is called among those that have a PostgreSQL database, and a command.
const SERVER: &str = "lobby";
const COMMAND: &str = "a lobby command";

/// How long a look of [`running`] may keep a start from its lock.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(15);

/// Where the lock of a store lies. A PostgreSQL database has none of its own, and may have several servers:
/// theirs lies in `folder`, the one of lobby.yaml.
fn place(location: &Location, folder: &Path) -> Option<PathBuf> {
    match location {
        Location::Memory => None,
        Location::File(path) => {
            // By whichever name, a database has one lock.
            let mut place = real(path).into_os_string();
            place.push(".lock");
            Some(place.into())
        }
        Location::Postgres(_) => Some(folder.join("lobby.lock")),
    }
}

/// The file that a name leads to, which may be yet to be made.
pub(crate) fn real(path: &Path) -> PathBuf {
    let real = fs::canonicalize(path).or_else(|_| Ok(path.with_file_name(fs::read_link(path)?)));
    real.unwrap_or_else(|_: io::Error| path.to_owned())
}

impl Lock {
    /// That of a server.
    pub(crate) async fn of_server(place: &state::Place, folder: &Path) -> Result<Self, Failure> {
        Self::take(&place.location, folder, Use::Serving, |fault| place.failed(fault)).await
    }

    /// Takes the lock, or says who has it. On PostgreSQL a second server is one of several nodes: it goes on
    /// without the file. `lost` tells of a database that does not answer.
    pub(crate) async fn take(
        location: &Location,
        folder: &Path,
        usage: Use,
        lost: impl Fn(&Fault) -> Failure,
    ) -> Result<Self, Failure> {
        let claim = match location {
            Location::Postgres(url) => Some(claim(url, usage, lost).await?),
            Location::Memory | Location::File(_) => None,
        };
        Ok(Self { file: Self::file(location, folder).await?, claim })
    }

    async fn file(location: &Location, folder: &Path) -> Result<Option<File>, Failure> {
        let Some(path) = place(location, folder) else { return Ok(None) };
        let failed = |error: io::Error| {
            let hint = "the folder of the store must be one that may be written";
            Failure::new(format!("cannot lock {}: {error}", path.display()), hint)
        };
        let file = state::private_folder(path.parent().unwrap_or(Path::new("")))
            .and_then(|()| open(&path))
            .map_err(failed)?;
        for _ in 0..TRIES {
            match file.try_lock() {
                Ok(()) => return Ok(Some(file)),
                Err(TryLockError::WouldBlock) => tokio::time::sleep(PAUSE).await,
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        match location {
            Location::Postgres(_) => Ok(None),
            Location::Memory | Location::File(_) => Err(in_use(&path, read(&file).ok().as_ref())),
        }
    }

    /// Says where the server is administered, and `at` which address that is from this machine: with its token in
    /// the file alone.
    pub(crate) async fn say(
        &mut self,
        address: &str,
        at: Option<SocketAddr>,
        token: &Secret<String>,
    ) -> Result<(), Failure> {
        if let Some(mut claim) = self.claim.take() {
            claim.rename(&format!("{SERVER} at {address}")).await.map_err(Failure::from_error)?;
            tokio::spawn(claim.keep());
        }
        let Some(mut file) = self.file.as_ref() else { return Ok(()) };
        let said =
            Said { admin: address.to_owned(), at, token: token.expose().clone(), pid: std::process::id() };
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

/// The place among those who have a PostgreSQL database, or who has it.
async fn claim(url: &str, usage: Use, lost: impl Fn(&Fault) -> Failure) -> Result<Claim, Failure> {
    let who = match usage {
        Use::Serving => SERVER,
        Use::Alone => COMMAND,
    };
    let mut holders = Vec::new();
    for _ in 0..TRIES {
        match Claim::take(url, usage, who).await.map_err(|fault| lost(&fault))? {
            Ok(claim) => return Ok(claim),
            Err(has) => holders = has,
        }
        tokio::time::sleep(PAUSE).await;
    }
    let message = format!("the database is in use by {}", holders.join(", "));
    Err(match usage {
        Use::Serving => Failure::new(message, "start again when it is done"),
        Use::Alone => Failure::new(
            message,
            "call a server by its address, with --server and LOBBY_ADMIN_TOKEN, or end all of them",
        ),
    })
}

/// The server that runs on this store, as far as its lock beside it (or, for PostgreSQL, in `folder`) tells.
pub(crate) fn running(location: &Location, folder: &Path) -> Option<Running> {
    let file = File::open(place(location, folder)?).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => {}
        Ok(()) | Err(TryLockError::Error(_)) => return None,
    }
    let said = read(&file).ok()?;
    Some(Running { address: said.admin, at: said.at, token: Secret::new(said.token) })
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

    fn lost(fault: &Fault) -> Failure {
        Failure::from_error(fault)
    }

    fn block<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
    }

    #[test]
    fn a_lock_tells_who_runs_and_goes_with_its_holder() {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::File(folder.path().join("lobby.db"));
        assert!(running(&location, folder.path()).is_none());
        let mut lock = block(Lock::take(&location, folder.path(), Use::Serving, lost)).unwrap();
        assert!(running(&location, folder.path()).is_none(), "it has not said where it is");
        block(lock.say("http://127.0.0.1:9443", None, &Secret::new("t0ken".to_owned()))).unwrap();
        let found = running(&location, folder.path()).unwrap();
        assert_eq!(found.address, "http://127.0.0.1:9443");
        assert_eq!(found.token.expose(), "t0ken");
        let second = block(Lock::take(&location, folder.path(), Use::Serving, lost)).unwrap_err();
        let Failure::Message { message, .. } = second else { panic!("a message") };
        let process = format!("process {},", std::process::id());
        assert!(message.contains("127.0.0.1:9443") && message.contains(&process), "{message}");
        assert!(!message.contains("t0ken"), "{message}");
        drop(lock);
        assert!(running(&location, folder.path()).is_none());
        let text = fs::read_to_string(folder.path().join("lobby.db.lock")).unwrap();
        assert!(text.is_empty(), "{text}");
        block(Lock::take(&location, folder.path(), Use::Serving, lost)).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_database_has_one_lock_by_whichever_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lobby.db");
        let link = folder.path().join("link.db");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let take = |path: &Path| {
            block(Lock::take(&Location::File(path.to_owned()), folder.path(), Use::Serving, lost))
        };
        let before_it_is_made = take(&link).unwrap();
        take(&file).unwrap_err();
        fs::write(&file, "").unwrap();
        take(&file).unwrap_err();
        drop(before_it_is_made);
        let _lock = take(&file).unwrap();
        take(&link).unwrap_err();
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_reads_the_token() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let location = Location::File(folder.path().join("lobby.db"));
        let _lock = block(Lock::take(&location, folder.path(), Use::Serving, lost)).unwrap();
        let mode = fs::metadata(folder.path().join("lobby.db.lock")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[tokio::test]
    async fn servers_that_share_a_postgresql_database_do_not_shut_each_other_out() {
        let folder = tempfile::tempdir().unwrap();
        let postgres = testkit::Postgres::start();
        let location = Location::Postgres(postgres.url());
        let take = async |usage| Lock::take(&location, folder.path(), usage, lost).await;
        let mut first = take(Use::Serving).await.unwrap();
        first.say("http://127.0.0.1:1", None, &Secret::new("a".to_owned())).await.unwrap();
        let mut second = take(Use::Serving).await.unwrap();
        second.say("http://127.0.0.1:2", None, &Secret::new("b".to_owned())).await.unwrap();
        assert_eq!(running(&location, folder.path()).unwrap().address, "http://127.0.0.1:1");
        let Failure::Message { message, .. } = take(Use::Alone).await.unwrap_err() else {
            panic!("a message")
        };
        assert_eq!(
            message,
            "the database is in use by lobby at http://127.0.0.1:1, lobby at http://127.0.0.1:2"
        );
        assert!(running(&Location::Memory, folder.path()).is_none());
    }
}
