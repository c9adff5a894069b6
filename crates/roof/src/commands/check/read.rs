//! Each document by itself, as it would be served with this lobby.yaml; or all that lobby.yaml names, together.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use contract::lint;
use model::{Clock, Problem};

use super::{
    settings,
    table::{self, Row},
};
use crate::{
    cli,
    exit::Failure,
    fetch,
    gather::{DEFAULT_CONFIG, Footing, Gathering, Sources, is_url},
    loader::Remote,
    system::SystemClock,
    wire::{self, Brought, Overrides, Wiring, wanted},
};

/// What came of all documents.
pub(crate) struct Checked {
    pub(crate) problems: Vec<Problem>,
    /// Nothing, where no table is asked for.
    pub(crate) rows: Vec<Row>,
    pub(crate) operations: usize,
}

/// Reads and judges everything that is named.
pub(crate) fn all(global: &cli::Global, check: &cli::Check) -> Result<Checked, Failure> {
    let found = PathBuf::from(DEFAULT_CONFIG);
    let config = global.config.clone().or_else(|| found.is_file().then_some(found));
    if check.files.is_empty() && config.is_none() {
        return Err(Failure::new(
            "there is nothing to check: no FILE was given and there is no lobby.yaml here",
            "name an OpenAPI document: `lobby check bookshop.openapi.yaml`",
        ));
    }
    // Kept until everything is read: what is fetched runs on it.
    let runtime = check.allow_remote_refs.then(runtime).transpose().map_err(Failure::from_error)?;
    let remote = match &runtime {
        Some(runtime) => {
            let client = fetch::client(None).map_err(Failure::from_error)?;
            Some(Remote { runtime: runtime.handle().clone(), client: Arc::new(client) })
        }
        None => None,
    };
    let mut sources = Sources {
        footing: Footing::Mock,
        files: check.files.clone(),
        config,
        root: check.root.clone(),
        remote,
        stdin: None,
    };
    sources.take_stdin().map_err(Failure::from_error)?;
    let mut checked = Checked { problems: Vec::new(), rows: Vec::new(), operations: 0 };
    if check.files.is_empty() {
        configured(&sources, check.table, &mut checked)?;
    }
    for file in &check.files {
        let one = Sources { files: vec![file.clone()], ..sources.clone() };
        judge(&one, check.table, &mut checked);
    }
    order(&mut checked.problems);
    Ok(checked)
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()
}

/// The APIs of lobby.yaml, as they are served together.
fn configured(sources: &Sources, with_table: bool, checked: &mut Checked) -> Result<(), Failure> {
    let gathering = sources.gather();
    if gathering.apis.is_empty() && gathering.problems.is_empty() {
        let config = sources.config.as_deref().unwrap_or(Path::new(DEFAULT_CONFIG));
        return Err(Failure::new(
            format!("there is nothing to check: {} names no API", config.display()),
            "write `apis: { bookshop: { contract: bookshop.openapi.yaml } }`, or name a FILE",
        ));
    }
    let wiring = wire::wire(&gathering, Overrides::default(), &brought(&gathering), 1);
    let mut problems = Vec::new();
    for gathered in &gathering.apis {
        checked.operations += gathered.contract.operations().len();
        problems.extend(lint::lint(&gathered.contract));
    }
    problems.extend(settings::lint(&gathering));
    match wiring {
        Ok(wiring) => {
            if with_table {
                let apis = wiring.gateway.apis.iter().zip(&gathering.apis);
                let accounts = wiring.gateway.directory.accounts();
                checked.rows.extend(apis.flat_map(|(api, gathered)| {
                    table::rows(&gathered.file, api, accounts, SystemClock.now())
                }));
            }
            problems.extend(wiring.warnings);
        }
        Err(found) => problems.extend(found),
    }
    checked.problems.extend(gathering.problems.into_iter().chain(problems));
    Ok(())
}

/// Documents are judged one by one: several that are checked together need not be served together.
fn judge(sources: &Sources, with_table: bool, checked: &mut Checked) {
    let alone = Sources { config: None, ..sources.clone() }.gather();
    let readable = !alone.apis.is_empty();
    let gathering = if sources.config.is_some() { sources.gather() } else { alone };
    let mut problems = Vec::new();
    let wiring = wire::wire(&gathering, Overrides::default(), &brought(&gathering), 1);
    // The named document comes first, before those that lobby.yaml names besides.
    let gathered = gathering.apis.first().filter(|_| readable);
    if let Some(gathered) = gathered {
        checked.operations += gathered.contract.operations().len();
        problems.extend(lint::lint(&gathered.contract));
    }
    problems.extend(settings::lint(&gathering));
    let file = sources.files.first().map_or("", String::as_str);
    match wiring {
        Ok(wiring) => {
            if with_table {
                checked.rows.extend(rows(file, readable, &wiring));
            }
            problems.extend(wiring.warnings);
        }
        Err(found) => problems.extend(found),
    }
    for problem in gathering.problems.into_iter().chain(problems) {
        // lobby.yaml is read once for each document.
        if !checked.problems.contains(&problem) {
            checked.problems.push(problem);
        }
    }
}

fn rows(file: &str, readable: bool, wiring: &Wiring) -> Vec<Row> {
    let api = wiring.gateway.apis.first().filter(|_| readable);
    api.map(|api| table::rows(file, api, wiring.gateway.directory.accounts(), SystemClock.now()))
        .unwrap_or_default()
}

/// By file in the order in which they were met, by line in one; what has no place comes last.
fn order(problems: &mut [Problem]) {
    let mut files = Vec::new();
    for place in problems.iter().filter_map(|problem| problem.place.as_ref()) {
        if !files.contains(&place.file) {
            files.push(place.file.clone());
        }
    }
    problems.sort_by_key(|problem| {
        let place = problem.place.as_ref();
        let file = place.and_then(|place| files.iter().position(|file| *file == place.file));
        (file.unwrap_or(usize::MAX), place.map(|place| (place.line, place.column)))
    });
}

/// Stand-ins for secrets, which a check has no need of, and key sets that lie beside lobby.yaml. Nobody is asked
/// over the network for one.
fn brought(gathering: &Gathering) -> Brought {
    let (secrets, key_sets) = wanted(gathering);
    let folder = gathering.written.as_ref().and_then(|written| written.file.parent());
    let folder = folder.map(ToOwned::to_owned).unwrap_or_default();
    let stand_in = || Ok("stand-in ".repeat(8));
    let keys = |place: &String| {
        if is_url(place) {
            return Err("a check asks nobody".to_owned());
        }
        let path = folder.join(place);
        std::fs::read_to_string(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))
    };
    Brought {
        secrets: secrets.iter().map(|reference| (format!("{reference:?}"), stand_in())).collect(),
        key_sets: key_sets.into_iter().map(|place| (place.clone(), keys(&place))).collect(),
    }
}
