//! `lobby init`: a commented lobby.yaml for the document in front of it.

mod suggest;
mod write;

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use contract::{Address, Contract, Options};
use model::Severity;

use crate::{
    cli,
    exit::{Exit, Failure},
    gather,
    loader::FolderLoader,
    report::Reporter,
};

/// Writes the file, or prints it.
pub(crate) fn run(global: &cli::Global, arguments: &cli::Init) -> Result<Exit, Failure> {
    let reporter = Reporter::new(global);
    let contract = read(&arguments.file, reporter)?;
    let prints = arguments.output == Path::new("-");
    let named = if prints { arguments.file.clone() } else { from(&arguments.file, &arguments.output) };
    let text = write::file(&contract, &api_name(&arguments.file), &named.to_string_lossy());
    if prints {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::from_error)?;
        return Ok(Exit::Done);
    }
    create(&arguments.output, &text)?;
    let shown = arguments.output.display();
    reporter.line(&format!("wrote {shown}; it is read by: lobby mock --config {shown}"));
    Ok(Exit::Done)
}

fn read(file: &Path, reporter: Reporter) -> Result<Contract, Failure> {
    let unreadable = |error: io::Error| {
        Failure::new(
            format!("cannot read {}: {error}", file.display()),
            "name an OpenAPI document: lobby init api.yaml",
        )
    };
    let folder = file.parent().unwrap_or(Path::new(""));
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    fs::metadata(file).map_err(unreadable)?;
    let loader = FolderLoader::new(folder, None, None).map_err(unreadable)?;
    let reading = contract::read(&Address::File(name), &loader, &Options::default());
    let (errors, rest): (Vec<_>, Vec<_>) =
        reading.problems.into_iter().partition(|problem| problem.severity == Severity::Error);
    match reading.contract {
        Some(contract) => {
            if !rest.is_empty() {
                let some =
                    if rest.len() == 1 { "a remark".to_owned() } else { format!("{} remarks", rest.len()) };
                reporter.line(&format!("the document earns {some}: lobby check {}", file.display()));
            }
            Ok(contract)
        }
        None => Err(Failure::Problems(errors)),
    }
}

/// What is there already is somebody's work.
fn create(output: &Path, text: &str) -> Result<(), Failure> {
    let mut options = fs::OpenOptions::new();
    let file = options.write(true).create_new(true).open(output);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| {
        if error.kind() == io::ErrorKind::AlreadyExists {
            return Failure::new(
                format!("{} is there already, and is not overwritten", output.display()),
                "name another file with --output, or print it with --output -",
            );
        }
        Failure::new(format!("cannot write {}: {error}", output.display()), "name another file with --output")
    })
}

fn api_name(file: &Path) -> String {
    gather::name_of(&file.to_string_lossy())
}

/// How `output` names `file`: paths in lobby.yaml are relative to it (control.md, default 2).
fn from(file: &Path, output: &Path) -> PathBuf {
    let folder = output.parent().unwrap_or(Path::new(""));
    if folder == Path::new("") || file.is_absolute() {
        return file.to_owned();
    }
    let whole =
        |path: &Path| if path == Path::new("") { Path::new(".").canonicalize() } else { path.canonicalize() };
    match (whole(file), whole(folder)) {
        (Ok(file), Ok(folder)) => file.strip_prefix(&folder).map(Path::to_owned).unwrap_or(file),
        (Ok(file), Err(_)) => file,
        (Err(_), _) => file.to_owned(),
    }
}
