//! `lobby export`

use std::{
    io::{BufWriter, Write},
    path::Path,
};

use crate::{
    cli,
    exit::{Exit, Failure},
    report::Reporter,
    state::{Place, create_private, name_whole, part_of},
};

/// Writes every record as a line of JSON.
pub(crate) fn run(global: &cli::Global, arguments: &cli::Export) -> Result<Exit, Failure> {
    let place = Place::of_command(arguments.which.state.as_deref(), global.config.as_deref())?;
    let to = &arguments.file;
    let failed = |error| {
        Failure::new(format!("cannot write {}: {error}", to.display()), "name a file that is not there yet")
    };
    let is_piped = to == Path::new("-");
    let part = part_of(to);
    let out: Box<dyn Write + Send> = if is_piped {
        Box::new(std::io::stdout())
    } else if to.exists() {
        return Err(failed(std::io::Error::from(std::io::ErrorKind::AlreadyExists)));
    } else {
        Box::new(create_private(&part).map_err(failed)?)
    };
    let runtime = super::runtime()?;
    let written = runtime.block_on(async {
        let (store, _) = place.join().await?;
        store.export(BufWriter::new(out)).await.map_err(|fault| place.wrong(fault.to_string()))
    });
    let count = if is_piped { written? } else { name_whole(written, &part, to, failed)? };
    let what = if count == 1 { "1 record".to_owned() } else { format!("{count} records") };
    Reporter::new(global).line(&format!(
        "wrote {what}; passwords are hashes and secrets are sealed in them: keep the file as you keep the store"
    ));
    Ok(Exit::Done)
}
