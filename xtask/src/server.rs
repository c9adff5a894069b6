use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use tempfile::TempDir;

use crate::shell;

/// A server that does not say that it serves by then has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// Builds the binary (a release when `release`) and gives its path.
pub(crate) fn build(release: bool) -> Result<PathBuf> {
    let mut command = shell::cargo(["build", "--package", "lobby", "--bin", "lobby"]);
    if release {
        // AES-GCM is there for every generation of processors; that for AVX-512 alone is 680 KB of code. C is made small,
        // what is fast is assembly; by `opt-level` it would be without the fast P-256 as well.
        command.arg("--release").env("AWS_LC_SYS_CFLAGS", "-DMY_ASSEMBLER_IS_TOO_OLD_FOR_512AVX -Os");
    }
    command.arg("--target-dir").arg(shell::target()?);
    shell::run(&mut command)?;
    Ok(shell::target()?.join(if release { "release" } else { "debug" }).join("lobby"))
}

/// A running mock of one of our examples, ended when dropped.
pub(crate) struct Server {
    child: Child,
    folder: TempDir,
    ready: Ready,
}

#[derive(Deserialize)]
struct Ready {
    url: String,
}

impl Server {
    /// Starts `binary mock DOCUMENT` with `flags` on a free port and waits until it serves.
    pub(crate) fn mock(binary: &Path, document: &Path, flags: &[&str]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("ready.json");
        let mut command = Command::new(binary);
        command.arg("mock").arg(document).args(["--port", "0", "--ready-file"]).arg(&file).args(flags);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(folder.path().join("stderr"))?);
        let mut child =
            command.current_dir(folder.path()).spawn().with_context(|| format!("{}", binary.display()))?;
        match wait(&mut child, &file, folder.path()) {
            Ok(ready) => Ok(Self { child, folder, ready }),
            Err(error) => {
                // It is useless, and may be gone already.
                let _ = child.kill();
                let _ = child.wait();
                Err(error)
            }
        }
    }

    /// The URL, without a slash at its end.
    pub(crate) fn url(&self) -> &str {
        self.ready.url.trim_end_matches('/')
    }

    /// Fails when it ended by itself or met a panic.
    pub(crate) fn is_sound(&mut self) -> Result<()> {
        let talk = fs::read_to_string(self.folder.path().join("stderr"))?;
        ensure!(self.child.try_wait()?.is_none(), "the server ended:\n{talk}");
        ensure!(!talk.contains("panicked at"), "the server panicked:\n{talk}");
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "waiting for another process' file is all that can be done")]
fn wait(child: &mut Child, file: &Path, folder: &Path) -> Result<Ready> {
    let begin = Instant::now();
    loop {
        let text = fs::read_to_string(file).unwrap_or_default();
        if text.ends_with('\n') {
            return serde_json::from_str(&text).context("the ready file is not as expected");
        }
        let talk = || fs::read_to_string(folder.join("stderr")).unwrap_or_default();
        if let Some(status) = child.try_wait()? {
            bail!("the server ended at its start ({status}):\n{}", talk());
        }
        ensure!(begin.elapsed() < PATIENCE, "the server was not ready in {PATIENCE:?}:\n{}", talk());
        std::thread::sleep(Duration::from_millis(2));
    }
}
