//! `lobby restore`

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use store::{Location, Use};

use crate::{
    cli,
    exit::{Exit, Failure},
    lock::{self, Lock},
    report::Reporter,
    state::{Place, create_private, private_folder, sync_file},
};

/// Puts a copy in the place of the store: all of it, or nothing changes.
pub(crate) fn run(global: &cli::Global, arguments: &cli::Restore) -> Result<Exit, Failure> {
    let mut place = Place::of_command(arguments.which.state.as_deref(), global.config.as_deref())?;
    let Location::File(named) = &place.location else {
        return Err(Failure::new(
            "this store is on PostgreSQL, which restores its own backups",
            "use pg_restore or psql; what `lobby export` wrote is taken by `lobby import`",
        ));
    };
    // The database is replaced, and not a link to it.
    let database = &lock::real(named);
    place.location = Location::File(database.clone());
    // Nobody begins with it before all is done.
    let taking = Lock::take(&place.location, Path::new(""), Use::Alone, |fault| place.failed(fault));
    let _alone = super::runtime()?.block_on(taking)?;
    let is_there = fs::metadata(database).is_ok_and(|found| found.len() > 0);
    if is_there && !arguments.force {
        return Err(Failure::new(
            format!("there is a store at {} already", database.display()),
            "stop its servers and say --force: what is in it is lost then",
        ));
    }
    let copy = copy(&arguments.file, database)?;
    let done = open(&place, &copy).and_then(|()| put(&place, &copy, database, is_there));
    if done.is_err() {
        // The store is as it was.
        for end in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(with_end(&copy, end));
        }
    }
    done?;
    let reporter = Reporter::new(global);
    reporter.line(&format!("restored {} from {}", database.display(), arguments.file.display()));
    // Brings it to the newest form, and tells a key that is not its own.
    let runtime = super::runtime()?;
    runtime.block_on(place.open()).map(|(_, note)| {
        if let Some(note) = note {
            reporter.line(&note);
        }
        Exit::Done
    })
}

/// A private copy beside the store: what was checked cannot become another file.
fn copy(from: &Path, database: &Path) -> Result<PathBuf, Failure> {
    let name = with_end(database, ".restored");
    let failed = |path: &Path, error: std::io::Error| Failure::Message {
        message: format!("cannot use {}: {error}", path.display()),
        hint: None,
    };
    let mut source = fs::File::open(from).map_err(|error| failed(from, error))?;
    private_folder(database.parent().unwrap_or(Path::new(""))).map_err(|error| failed(database, error))?;
    let written = create_private(&name).and_then(|mut file| std::io::copy(&mut source, &mut file));
    written.and_then(|_| sync_file(&name)).map_err(|error| failed(&name, error))?;
    Ok(name)
}

/// Whether the copy is whole, and opens with the key that there is: brings it to the newest form.
fn open(place: &Place, copy: &Path) -> Result<(), Failure> {
    let unusable = |fault: store::Fault| {
        let hint = "name a file that `lobby backup` made; nothing was changed";
        Failure::new(format!("this cannot be restored: {fault}"), hint)
    };
    store::check(copy).map_err(unusable)?;
    let runtime = super::runtime()?;
    runtime.block_on(place.of_copy(copy).open())?;
    drop(runtime);
    store::let_go(copy).map_err(unusable)
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

fn put(place: &Place, copy: &Path, database: &Path, is_there: bool) -> Result<(), Failure> {
    if is_there {
        // A damaged store cannot be let go of; it is replaced all the same, unless somebody has it open.
        if let Err(fault) = store::let_go(database)
            && (fault.is_passing() || matches!(fault, store::Fault::Record(_)))
        {
            return Err(Failure::new(
                format!("{} cannot be replaced: {fault}", database.display()),
                "stop the servers that use it",
            ));
        }
    }
    for end in ["-wal", "-shm"] {
        let beside = with_end(database, end);
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(place.wrong(format!("cannot remove {}: {error}", beside.display())));
            }
            Ok(()) | Err(_) => {}
        }
    }
    let replaced = fs::rename(copy, database).and_then(|()| sync_file(database));
    replaced.map_err(|error| place.wrong(format!("cannot replace {}: {error}", database.display())))
}
