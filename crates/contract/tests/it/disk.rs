use std::{
    fs,
    path::{Path, PathBuf},
};

use contract::{Address, Face, LoadError, Loaded, Loader, Options, Reading};

/// Files below one folder, links resolved.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Loader for Folder {
    fn load(&self, address: &Address) -> Result<Loaded, LoadError> {
        let Address::File(name) = address else { return Err(LoadError::Remote) };
        let root = self.0.canonicalize().map_err(|error| LoadError::Failed(error.to_string()))?;
        let path = root.join(name).canonicalize().map_err(|_| LoadError::Missing)?;
        if !path.starts_with(&root) {
            return Err(LoadError::Outside);
        }
        let bytes = fs::read(&path).map_err(|error| LoadError::Failed(error.to_string()))?;
        Ok(Loaded { shown: name.into(), bytes, moved: None })
    }
}

pub(crate) fn read(file: &Path, face: Face) -> Reading {
    let folder = Folder(file.parent().unwrap().to_owned());
    let name = file.file_name().unwrap().to_str().unwrap().to_owned();
    contract::read(&Address::File(name), &folder, &Options { face, remote: false })
}

pub(crate) fn data(name: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")).join(name)
}

/// Problems as one text, for messages of failed tests.
pub(crate) fn told(reading: &Reading) -> String {
    let line = |problem: &model::Problem| {
        let at = problem.place.as_ref().map_or(String::new(), |place| {
            format!("{}:{}:{}", place.file.display(), place.line, place.column)
        });
        format!("  {:?} {} {at} {}\n", problem.severity, problem.code, problem.message)
    };
    reading.problems.iter().take(30).map(line).collect()
}
