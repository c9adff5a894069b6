use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::shell;

/// No source file is longer.
const LIMIT: usize = 1_000;
/// From here on, look for the seam.
const WARNING: usize = 500;
/// `model` holds words, not rules.
const MODEL: usize = 1_500;

/// Folders with source files of ours.
const FOLDERS: [&str; 6] = ["crates", "xtask", "fuzz", "judges", "examples", "console"];
/// Endings of source files; what is generated or data has others.
const ENDINGS: [&str; 8] = ["rs", "py", "mjs", "js", "ts", "tsx", "css", "html"];

/// Refuses files that nobody reads to their end, and a ground floor that has become a warehouse.
pub(crate) fn check() -> Result<()> {
    let mut files = Vec::new();
    for folder in FOLDERS.map(|folder| shell::root().join(folder)).iter().filter(|folder| folder.is_dir()) {
        collect(folder, &mut files)?;
    }
    let mut faults = Vec::new();
    let mut model = 0;
    for file in &files {
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let lines = text.lines().count();
        let name = file.strip_prefix(shell::root()).unwrap_or(file);
        if name.starts_with("crates/model/src") {
            model += lines;
        }
        if lines > LIMIT {
            faults.push(format!("{} has {lines} lines; {LIMIT} are the limit", name.display()));
        } else if lines > WARNING {
            println!("warning: {} has {lines} lines: look for the seam", name.display());
        }
    }
    if model > MODEL {
        faults.push(format!("crates/model has {model} lines; it stays below {MODEL}: types, no rules"));
    }
    if faults.is_empty() {
        return Ok(());
    }
    bail!("{}", faults.join("\n"))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if !matches!(name.as_str(), "target" | "node_modules" | "dist" | "corpus" | "__pycache__") {
                collect(&path, files)?;
            }
        } else if path.extension().is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known)) {
            files.push(path);
        }
    }
    Ok(())
}
