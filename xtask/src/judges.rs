use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::machine::{self, BROWSER, NODE, NPM, POSTGRESQL, PYTHON, TLS};
use crate::server::{self, Server};
use crate::shell;

/// Runs the judges: clients from other ecosystems, each against a mock of the bookshop of its own. A folder of
/// `judges/` is one judge; what it is written in says how it is run. `names` chooses some.
pub(crate) fn run(names: &[String]) -> Result<()> {
    let judges = judges(names)?;
    let binary = server::build(false)?;
    let mut failed = Vec::new();
    for judge in judges {
        let name = judge.file_name().unwrap_or_default().to_string_lossy().into_owned();
        println!("judge: {name}");
        if let Err(error) = hear(&judge, &binary) {
            eprintln!("{error:#}");
            failed.push(name);
        }
    }
    ensure!(failed.is_empty(), "judges found against us: {}", failed.join(", "));
    Ok(())
}

fn judges(names: &[String]) -> Result<Vec<PathBuf>> {
    let folder = shell::root().join("judges");
    let mut judges = Vec::new();
    for entry in fs::read_dir(&folder).context("judges/ is missing")? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && (names.is_empty() || names.contains(&name)) {
            judges.push(path);
        }
    }
    judges.sort();
    ensure!(judges.len() >= names.len().max(1), "no such judge: {}", names.join(", "));
    Ok(judges)
}

fn hear(judge: &Path, binary: &Path) -> Result<()> {
    let mut command = if judge.join("package.json").exists() {
        let browser = judge.ends_with("browser");
        machine::provide(if browser { &[NODE, NPM, BROWSER, POSTGRESQL] } else { &[NODE, NPM] })?;
        let folder = node_packages(judge)?;
        let mut command = Command::new("npm");
        command.args(["test", "--silent"]).current_dir(folder);
        command
    } else if judge.join("requirements.txt").exists() {
        machine::provide(if judge.ends_with("tls") { &[PYTHON, TLS] } else { &[PYTHON] })?;
        let mut command = Command::new(python_packages(judge)?);
        command.arg("main.py").current_dir(judge).env("PYTHONDONTWRITEBYTECODE", "1");
        command
    } else if judge.join("Cargo.toml").exists() {
        let mut command = shell::cargo(["run", "--quiet", "--locked", "--manifest-path"]);
        command.arg(judge.join("Cargo.toml")).arg("--target-dir").arg(shell::target()?.join("judges"));
        command
    } else {
        bail!("{} has none of package.json, requirements.txt, Cargo.toml", judge.display());
    };
    let document = shell::root().join("examples/bookshop.openapi.yaml");
    let mut lobby = Server::mock(binary, &document, &[])?;
    command
        .env("LOBBY_URL", lobby.url())
        .env("LOBBY_BIN", binary)
        .env("LOBBY_REPOSITORY", shell::root())
        .env("LOBBY_DOCUMENT", &document);
    shell::run(&mut command)?;
    lobby.is_sound()
}

/// The judge's files as they are now, in a folder of the cache that has its packages installed. It lies there
/// as in the repository, two levels below `examples`.
fn node_packages(judge: &Path) -> Result<PathBuf> {
    let root = shell::cache(&format!("judge-{}", key(judge, &["package.json", "package-lock.json"])?))?;
    let folder = root.join("judges").join(judge.file_name().unwrap_or_default());
    copy(judge, &folder)?;
    copy(&shell::root().join("examples"), &root.join("examples"))?;
    if !root.join(".installed").exists() {
        let install = if folder.join("package-lock.json").exists() { "ci" } else { "install" };
        let flags = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
        let mut command = Command::new("npm");
        shell::run(command.arg(install).args(flags).current_dir(&folder))?;
        fs::write(root.join(".installed"), "")?;
    }
    Ok(folder)
}

/// The Python of an environment in the cache that has the judge's packages.
fn python_packages(judge: &Path) -> Result<PathBuf> {
    let folder = shell::cache(&format!("judge-{}", key(judge, &["requirements.txt"])?))?;
    let python = folder.join("bin/python");
    if !folder.join(".installed").exists() {
        shell::run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        let flags = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
        shell::run(Command::new(&python).args(flags).arg(judge.join("requirements.txt")))?;
        fs::write(folder.join(".installed"), "")?;
    }
    Ok(python)
}

/// A name that changes with what would be installed.
fn key(judge: &Path, files: &[&str]) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    for file in files.iter().map(|file| judge.join(file)).filter(|file| file.exists()) {
        fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?.hash(&mut hasher);
    }
    Ok(format!("{}-{:016x}", judge.file_name().unwrap_or_default().to_string_lossy(), hasher.finish()))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default();
        if path.is_dir() && name != "node_modules" {
            copy(&path, &to.join(name))?;
        } else if path.is_file() {
            fs::copy(&path, to.join(name))?;
        }
    }
    Ok(())
}
