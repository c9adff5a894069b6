use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

/// The repository's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or_else(|| Path::new("."))
}

/// Where packages of other ecosystems are kept: `$XDG_CACHE_HOME/lobby`, else `~/.cache/lobby`.
pub(crate) fn cache(name: &str) -> Result<PathBuf> {
    let base = env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")))
        .context("neither XDG_CACHE_HOME nor HOME says where the cache lies")?;
    let folder = base.join("lobby").join(name);
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

/// Cargo's target folder, as this build uses it.
pub(crate) fn target() -> Result<PathBuf> {
    // <target>/<profile>/xtask
    let executable = env::current_exe()?;
    executable.ancestors().nth(2).map(Path::to_owned).context("xtask lies in <target>/<profile>")
}

/// A cargo command in the repository, with the cargo that runs us.
pub(crate) fn cargo<I, S>(arguments: I) -> Command
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    let mut command = program(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), arguments);
    // What cargo set for xtask is not meant for the crates that it builds now.
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CARGO_PKG_")) {
        command.env_remove(name);
    }
    command.env_remove("CARGO_MANIFEST_DIR");
    command
}

/// A command in the repository.
pub(crate) fn program<I, S>(name: impl AsRef<OsStr>, arguments: I) -> Command
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    let mut command = Command::new(name);
    command.args(arguments).current_dir(root());
    command
}

/// Runs a command that must succeed, its output going to ours.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let words = words(command);
    let status = command.status().with_context(|| format!("cannot run `{words}`"))?;
    ensure!(status.success(), "`{words}` failed ({status})");
    Ok(())
}

/// Runs a command that must succeed and gives its standard output.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let words = words(command);
    let output =
        command.stderr(Stdio::inherit()).output().with_context(|| format!("cannot run `{words}`"))?;
    if !output.status.success() {
        bail!("`{words}` failed ({})", output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{words}` wrote no text"))
}

fn words(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    std::iter::once(program)
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}
