//! `lobby backup`

use store::Location;

use crate::{
    cli,
    exit::{Exit, Failure},
    report::Reporter,
    state::{Place, create_private, name_whole, part_of},
};

/// Copies the store while servers go on with it.
pub(crate) fn run(global: &cli::Global, arguments: &cli::Backup) -> Result<Exit, Failure> {
    let place = Place::of_command(arguments.which.state.as_deref(), global.config.as_deref())?;
    let Location::File(database) = &place.location else {
        return Err(Failure::new(
            "this store is on PostgreSQL, which makes its own backups",
            "use pg_dump; `lobby export` writes every record too, for a store of either kind",
        ));
    };
    if !database.is_file() {
        return Err(place.wrong(format!("there is no store at {}", database.display())));
    }
    let to = &arguments.file;
    let failed = |error: std::io::Error| {
        Failure::new(format!("cannot write {}: {error}", to.display()), "name a file that is not there yet")
    };
    if to.exists() {
        return Err(failed(std::io::ErrorKind::AlreadyExists.into()));
    }
    let part = part_of(to);
    // Nobody else may read it from its first byte on.
    create_private(&part).map_err(failed)?;
    let copied = store::back_up(database, &part).map_err(|fault| {
        Failure::new(
            format!("cannot write {}: {fault}", to.display()),
            "see that its disk has room for a whole copy",
        )
    });
    name_whole(copied, &part, to, failed)?;
    let mut message = format!("wrote {}", to.display());
    if let Some(key) = &place.key {
        message.push_str("; its secrets are sealed with the key in ");
        message.push_str(&key.shown());
        message.push_str(", which is not in it: keep a copy elsewhere");
    }
    Reporter::new(global).line(&message);
    Ok(Exit::Done)
}
