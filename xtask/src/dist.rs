use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::server;
use crate::shell;

/// The binary is handed around: it stays small …
const LARGEST: u64 = 25 * 1_000_000;
/// … and answers at once.
const SLOWEST_HELP: Duration = Duration::from_millis(10);

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The folder that the binary is put into
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Builds the release and puts the stripped binary into the folder, unless it is too large or slow.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let built = server::build(true)?;
    let out = shell::root().join(&arguments.out);
    fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
    let binary = out.join("lobby");
    fs::copy(&built, &binary).with_context(|| format!("cannot write {}", binary.display()))?;
    for licence in ["LICENSE-APACHE", "LICENSE-MIT"].map(|name| shell::root().join(name)) {
        if let (true, Some(name)) = (licence.exists(), licence.file_name()) {
            fs::copy(&licence, out.join(name))?;
        }
    }
    let size = fs::metadata(&binary)?.len();
    ensure!(size <= LARGEST, "the binary has {size} bytes; {LARGEST} are the limit");
    let help = help(&binary)?;
    ensure!(help <= SLOWEST_HELP, "`lobby --help` took {help:?}; {SLOWEST_HELP:?} are the limit");
    println!("{}: {:.1} MB, --help in {:.1} ms", binary.display(), megabytes(size), help.as_secs_f64() * 1e3);
    Ok(())
}

/// The fastest of ten: what the program takes, not what the machine was busy with.
#[expect(clippy::disallowed_methods, reason = "a program's run time is measured")]
fn help(binary: &Path) -> Result<Duration> {
    let mut best = Duration::MAX;
    for _ in 0..10 {
        let begin = Instant::now();
        let status = Command::new(binary).arg("--help").stdout(Stdio::null()).status()?;
        best = best.min(begin.elapsed());
        ensure!(status.success(), "`lobby --help` failed ({status})");
    }
    Ok(best)
}

#[expect(clippy::cast_precision_loss, reason = "a size to read")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
