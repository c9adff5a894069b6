//! `lobby import`

mod foreign;

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::Path,
};

use model::{Clock as _, SandboxName};
use serde_json::{Map, Value};
use store::{AuditEntry, Import, Taken, Use};

use crate::{
    cli,
    exit::{Exit, Failure},
    gather::DEFAULT_CONFIG,
    lock::Lock,
    report::Reporter,
    state::{KeyPlace, Place},
    system::SystemClock,
};

/// The longest line that is read: a record with all that may be in it is far shorter.
const LONGEST: u64 = 16 << 20;

/// Takes records from an export of ours.
pub(crate) fn run(global: &cli::Global, arguments: &cli::Import) -> Result<Exit, Failure> {
    let place = Place::of_command(arguments.which.state.as_deref(), global.config.as_deref())?;
    let source = arguments.source_key.as_ref().map(|reference| {
        let key = KeyPlace::named(reference, Path::new(""));
        key.read()?
            .ok_or_else(|| Failure::Message { message: format!("there is no {}", key.shown()), hint: None })
    });
    let source = source.transpose()?;
    let input = open(&arguments.file)?;
    let config = global.config.as_deref().unwrap_or(Path::new(DEFAULT_CONFIG));
    let folder = config.parent().unwrap_or(Path::new("")).to_owned();
    let runtime = super::runtime()?;
    let reporter = Reporter::new(global);
    let taken = runtime.block_on(async {
        let _alone = Lock::take(&place.location, &folder, Use::Alone, |why| place.failed(why)).await?;
        let (store, note) = place.open().await?;
        if let Some(note) = note {
            reporter.line(&note);
        }
        let realm = SandboxName::main().realm();
        let import = store.import(source).await.map_err(|fault| place.wrong(fault.to_string()))?;
        let taken = match arguments.from {
            cli::From::Lobby => read(import, input, &arguments.file).await?,
            cli::From::Keycloak | cli::From::Auth0 | cli::From::Firebase => {
                let people = foreign::people(arguments, input)?;
                people.lost.iter().for_each(|why| reporter.line(why));
                made(import, &people.records, &arguments.file).await?
            }
        };
        store.record_audit(&realm, entry(&taken)).await.map_err(|fault| place.failed(&fault))?;
        Ok::<_, Failure>(taken)
    })?;
    reporter.line(&told(&taken));
    Ok(Exit::Done)
}

fn open(file: &Path) -> Result<Box<dyn BufRead>, Failure> {
    if file == Path::new("-") {
        return Ok(Box::new(std::io::stdin().lock()));
    }
    let opened = File::open(file).map_err(|error| unreadable(file, &error))?;
    Ok(Box::new(BufReader::new(opened)))
}

fn unreadable(file: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::Message { message: format!("cannot read {}: {error}", file.display()), hint: None }
}

fn refused(file: &Path, refused: &store::Refused) -> Failure {
    let hint = "what came before it, in thousands of lines, is in the store; the same file may be read again";
    Failure::new(format!("{}:{}: {}", file.display(), refused.line, refused.why), hint)
}

/// What the audit trail says of it.
fn entry(taken: &Taken) -> AuditEntry {
    let detail = taken.records.iter().map(|(kind, count)| ((*kind).to_owned(), (*count).into())).collect();
    AuditEntry {
        at: SystemClock.now(),
        actor: "cli".to_owned(),
        address: String::new(),
        action: "store.import".to_owned(),
        target: String::new(),
        detail,
    }
}

async fn read(mut import: Import, mut input: Box<dyn BufRead>, file: &Path) -> Result<Taken, Failure> {
    let mut line = String::new();
    loop {
        line.clear();
        let count =
            (&mut input).take(LONGEST).read_line(&mut line).map_err(|error| unreadable(file, &error))?;
        if count == 0 {
            break;
        }
        import.line(&line).await.map_err(|why| refused(file, &why))?;
    }
    import.finish().await.map_err(|why| refused(file, &why))
}

async fn made(
    mut import: Import,
    records: &[(u64, Map<String, Value>)],
    file: &Path,
) -> Result<Taken, Failure> {
    let refused = |refused: store::Refused| {
        let hint = "whom it named before, in thousands, are in the store; the same file may be read again";
        Failure::new(format!("{}, user {}: {}", file.display(), refused.line, refused.why), hint)
    };
    for (place, record) in records {
        import.made(*place, record).await.map_err(refused)?;
    }
    import.finish().await.map_err(refused)
}

/// `took 3 × user, 1 × consent`
fn told(taken: &Taken) -> String {
    let each = |(kind, count): (&&str, &u64)| format!("{count} × {kind}");
    let all: Vec<String> = taken.records.iter().map(each).collect();
    let taken_in = if all.is_empty() {
        "took nothing: there is no new record in it".to_owned()
    } else {
        format!("took {}", all.join(", "))
    };
    let mut told = vec![taken_in];
    if taken.kept > 0 {
        told.push(format!("{} were there already and stay as they are", taken.kept));
    }
    if taken.left > 0 {
        told.push(format!("left out {} entries of an audit trail: this store has its own", taken.left));
    }
    told.join("; ")
}
