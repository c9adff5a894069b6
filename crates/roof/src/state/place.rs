//! Where the store lies and where its key is.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use model::Problem;
use store::{Fault, Location, Store};

use super::{
    files::{private_database, private_folder},
    key::{KeyPlace, MAKE},
};
use crate::{
    config::{Config, read::Written, store as written},
    exit::Failure,
    gather::{DEFAULT_CONFIG, Gathering},
    lock, wire,
};

/// Where the store lies, where its key is, and where that is written.
pub(crate) struct Place {
    pub(crate) location: Location,
    pub(crate) key: Option<KeyPlace>,
    /// What a problem with the store points at, where lobby.yaml names one.
    written: Option<Problem>,
}

/// The database that `lobby serve` has where nothing names another.
pub(crate) const DEFAULT_STORE: &str = "lobby.db";

impl Place {
    /// What a mock keeps: nothing, unless `--state` or lobby.yaml says so.
    pub(crate) fn of_mock(state: Option<&Path>, gathering: &Gathering) -> Result<Self, Failure> {
        let named = named(state, &gathering.config, gathering.written.as_ref())?;
        Ok(named.unwrap_or(Self { location: Location::Memory, key: None, written: None }))
    }

    /// What `lobby serve` keeps: `lobby.db` beside lobby.yaml, unless something else is named.
    pub(crate) fn of_server(config: &Config, written: Option<&Written>) -> Result<Self, Failure> {
        match named(None, config, written)? {
            Some(place) => Ok(place),
            None => Ok(Self::on_file(folder(written).join(DEFAULT_STORE), config, written)),
        }
    }

    /// The store that a command works on: of `--state`, or of lobby.yaml.
    pub(crate) fn of_command(state: Option<&Path>, config: Option<&Path>) -> Result<Self, Failure> {
        let found = PathBuf::from(DEFAULT_CONFIG);
        let path =
            config.map(Path::to_owned).or_else(|| (state.is_none() && found.is_file()).then_some(found));
        let Some(path) = path else {
            let named = match state {
                Some(_) => named(state, &Config::default(), None)?,
                None => None,
            };
            return named.ok_or_else(|| {
                Failure::new(
                    "no store is named, and there is no lobby.yaml here",
                    "name one with --config or --state",
                )
            });
        };
        let text = std::fs::read_to_string(&path).map_err(|error| {
            Failure::new(format!("cannot read {}: {error}", path.display()), "name lobby.yaml with --config")
        })?;
        let written = Written { file: Arc::new(path), text };
        let config = written.parse().map_err(|problem| Failure::Problems(vec![*problem]))?;
        let place = match state {
            Some(_) => named(state, &config, Some(&written))?,
            None => Some(Self::of_server(&config, Some(&written))?),
        };
        let place = place.filter(|place| !place.is_in_memory());
        place.ok_or_else(|| {
            Failure::new(
                "this store is in memory: nothing of it is kept",
                "name one with `store:` or --state",
            )
        })
    }

    fn on_file(path: PathBuf, config: &Config, written: Option<&Written>) -> Self {
        let named = config.secrets.key.as_ref().map(|reference| KeyPlace::named(reference, folder(written)));
        let key = named.unwrap_or_else(|| {
            let mut beside = path.clone().into_os_string();
            beside.push(".key");
            KeyPlace::Beside(PathBuf::from(beside))
        });
        Self { location: Location::File(path), key: Some(key), written: at_store(config, written) }
    }

    /// A copy of the store elsewhere, which the same key opens.
    pub(crate) fn of_copy(&self, copy: &Path) -> Self {
        let location = Location::File(copy.to_owned());
        Self { location, key: self.key.clone(), written: self.written.clone() }
    }

    pub(crate) fn is_in_memory(&self) -> bool {
        self.location == Location::Memory
    }

    /// What is wrong with the store, where it is named.
    pub(crate) fn wrong(&self, message: String) -> Failure {
        self.told(message, None)
    }

    /// What the store cannot do, and what to do about it.
    pub(crate) fn failed(&self, fault: &Fault) -> Failure {
        let help = match (fault, &self.location) {
            (Fault::Newer(_), _) => "run the Lobby that wrote it, or restore a backup from before",
            (fault, Location::Postgres(_)) if fault.is_passing() => {
                "see that PostgreSQL runs, and that `store:` leads to it"
            }
            (fault, _) if fault.is_passing() => "see that its disk has room, and that it may be written",
            _ => return self.wrong(fault.to_string()),
        };
        self.told(fault.to_string(), Some(help.to_owned()))
    }

    fn told(&self, message: String, help: Option<String>) -> Failure {
        match &self.written {
            Some(problem) => Failure::Problems(vec![Problem { message, help, ..problem.clone() }]),
            None => Failure::Message { message, hint: help },
        }
    }

    /// Opens the store, brings it to the newest form and unlocks its secrets. Says what was made.
    pub(crate) async fn open(&self) -> Result<(Store, Option<String>), Failure> {
        if let Location::File(path) = &self.location {
            let made =
                private_folder(path.parent().unwrap_or(Path::new(""))).and_then(|()| private_database(path));
            made.map_err(|error| self.unusable(path, &error))?;
        }
        let store = Store::open(&self.location).await.map_err(|fault| self.failed(&fault))?;
        let note = self.unlock(&store).await?;
        Ok((store, note))
    }

    /// The same beside servers that go on, which need the form that they know.
    pub(crate) async fn join(&self) -> Result<(Store, Option<String>), Failure> {
        if let Location::File(path) = &self.location
            && let Some(server) = lock::running(&self.location, Path::new(""))
            && !store::is_newest(path).unwrap_or(true)
        {
            return Err(Failure::new(
                format!("the server at {} is an older Lobby, as is {}", server.address, path.display()),
                "start it again as this version first",
            ));
        }
        self.open().await
    }

    async fn unlock(&self, store: &Store) -> Result<Option<String>, Failure> {
        let Some(place) = &self.key else { return Ok(None) };
        let (mut key, mut note) = (place.read()?, None);
        if key.is_none() {
            let KeyPlace::Beside(path) = place else {
                return Err(Failure::new(format!("there is no key at {}", place.shown()), MAKE));
            };
            if store.is_sealed().await.map_err(|fault| self.failed(&fault))? {
                return Err(Failure::new(
                    format!("{} is missing, and this store's secrets are sealed with it", path.display()),
                    "bring it back from where it was kept: without it they cannot be read",
                ));
            }
            KeyPlace::make(path).map_err(|error| self.unusable(path, &error))?;
            key = place.read()?;
            note = Some(format!(
                "made {}, the key of the store's secrets: keep a copy, a backup is of no use without it",
                path.display()
            ));
        }
        let Some(key) = key else { return Err(self.wrong(format!("{} has gone", place.shown()))) };
        match store.unlock(key).await {
            Ok(()) => Ok(note),
            Err(Fault::WrongKey) => Err(Failure::new(
                format!("{} is not the key that this store's secrets are sealed with", place.shown()),
                "give it the key that it had; a new one is made by `lobby rekey`",
            )),
            Err(fault) => Err(self.failed(&fault)),
        }
    }

    fn unusable(&self, path: &Path, error: &io::Error) -> Failure {
        let message = format!("cannot use {}: {error}", path.display());
        match &self.written {
            Some(_) => self.wrong(message),
            None => Failure::new(message, "name a folder that may be written with --state"),
        }
    }
}

/// A folder beside the store, for what is fetched; one below lobby.yaml's where the store is elsewhere.
pub(crate) fn beside(gathering: &Gathering, end: &str) -> PathBuf {
    let place = Place::of_server(&gathering.config, gathering.written.as_ref());
    match place.map(|place| place.location) {
        Ok(Location::File(path)) => {
            let mut beside = path.into_os_string();
            beside.push(end);
            beside.into()
        }
        Ok(Location::Memory | Location::Postgres(_)) | Err(_) => {
            gathering.folder().join(format!("lobby{end}"))
        }
    }
}

/// The store that is named; `None` where none is.
fn named(state: Option<&Path>, config: &Config, written: Option<&Written>) -> Result<Option<Place>, Failure> {
    let wrong = |path: &[&str], message: String, help: String| {
        let problem = match written {
            Some(written) => written.value_problem(path, message, Some(help)),
            None => wire::problem(model::Severity::Error, "config.value", message, Some(help)),
        };
        Failure::Problems(vec![problem])
    };
    match (state, &config.store) {
        (Some(_), Some(_)) => {
            let message = "--state says already where records are kept".to_owned();
            Err(wrong(&["store"], message, "leave out the one or the other".to_owned()))
        }
        (Some(folder), None) => Ok(Some(Place::on_file(folder.join(DEFAULT_STORE), config, written))),
        (None, Some(written::Store::Sqlite(path))) => {
            Ok(Some(Place::on_file(folder(written).join(path), config, written)))
        }
        (None, Some(written::Store::Postgres(url))) => {
            let Some(reference) = &config.secrets.key else {
                let message = "a store on PostgreSQL has no place for the key of its secrets".to_owned();
                let help =
                    format!("name it: `secrets: {{ key: ${{LOBBY_KEY}} }}`, or `key: file:PATH`; {MAKE}");
                return Err(wrong(&["store"], message, help));
            };
            Ok(Some(Place {
                location: Location::Postgres(url.clone()),
                key: Some(KeyPlace::named(reference, folder(written))),
                written: at_store(config, written),
            }))
        }
        (None, Some(written::Store::Memory)) => {
            Ok(Some(Place { location: Location::Memory, key: None, written: at_store(config, written) }))
        }
        (None, None) => Ok(None),
    }
}

/// The folder of lobby.yaml, which paths in it are relative to.
fn folder(written: Option<&Written>) -> &Path {
    written.and_then(|written| written.file.parent()).unwrap_or(Path::new(""))
}

fn at_store(config: &Config, written: Option<&Written>) -> Option<Problem> {
    let written = written.filter(|_| config.store.is_some())?;
    Some(written.value_problem(&["store"], String::new(), None))
}
