use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// The inputs that are kept for a body, in the order of their names.
pub(crate) fn read(name: &str) -> Result<Vec<Vec<u8>>> {
    let folder = folder(name);
    let entries = fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<PathBuf>>>()?;
    files.sort();
    files
        .iter()
        .map(|file| fs::read(file).with_context(|| format!("cannot read {}", file.display())))
        .collect()
}

/// Keeps an input for all later runs.
pub(crate) fn keep(name: &str, input: &[u8]) -> Result<PathBuf> {
    let mut hasher = DefaultHasher::new();
    input.hash(&mut hasher);
    let file = folder(name).join(format!("found-{:016x}", hasher.finish()));
    fs::write(&file, input).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name)
}
