use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::{http, tokens};

/// A subject that does not serve by then never will.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server that is being measured, ended when dropped.
pub(super) struct Subject {
    child: Child,
    pub(super) port: u16,
    /// From the start to the first 200.
    pub(super) first: Duration,
    /// Where the load goes.
    pub(super) path: String,
    /// The header line that the load sends.
    pub(super) header: String,
}

impl Subject {
    /// Lobby, up to the first 200 of `GET /books` with a token that it issued.
    pub(super) fn lobby(binary: &Path, document: &Path) -> Result<Self> {
        let port = free_port()?;
        let mut command = mock(binary, document, port);
        command.stderr(Stdio::null());
        Self::until(command, port, &["/books"], |path| {
            let token = tokens::one(port)?;
            Ok(http::get(port, path, &format!("Authorization: Bearer {token}\r\n"))?.status)
        })
    }

    /// Lobby, up to the first 200 of `path`, which needs no credentials.
    pub(super) fn first_answer(binary: &Path, document: &Path, path: &str) -> Result<Self> {
        let port = free_port()?;
        let mut command = mock(binary, document, port);
        command.stderr(Stdio::null());
        Self::serving(command, port, &[path])
    }

    /// Any server that was told to listen on `port`, up to its first 200 of one of `paths`.
    pub(super) fn serving(command: Command, port: u16, paths: &[&str]) -> Result<Self> {
        let ask = |path: &str| Ok(http::get(port, path, "Authorization: Bearer any\r\n")?.status);
        Self::until(command, port, paths, ask)
    }

    /// A server that prints the port that it chose.
    pub(super) fn printing_its_port(binary: &Path, arguments: &[&str]) -> Result<Self> {
        let mut command = Command::new(binary);
        let mut child = command.args(arguments).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("standard output is piped")?).read_line(&mut line)?;
        let port = line.trim().parse().context("no port was printed")?;
        Ok(Self { child, port, first: Duration::ZERO, path: "/books".to_owned(), header: bearer() })
    }

    #[expect(clippy::disallowed_methods, reason = "the time from start to answer is what is measured")]
    fn until(
        mut command: Command,
        port: u16,
        paths: &[&str],
        ask: impl Fn(&str) -> Result<u16>,
    ) -> Result<Self> {
        let begin = Instant::now();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
        let mut subject = Self { child, port, first: Duration::ZERO, path: String::new(), header: bearer() };
        loop {
            if let Some(path) = paths.iter().find(|path| matches!(ask(path), Ok(200))) {
                subject.first = begin.elapsed();
                (*path).clone_into(&mut subject.path);
                return Ok(subject);
            }
            let ended = subject.child.try_wait()?;
            ensure!(ended.is_none(), "{} ended at its start", command.get_program().display());
            ensure!(begin.elapsed() < PATIENCE, "no 200 of {} within {PATIENCE:?}", paths.join(" or "));
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Memory held now, in bytes.
    #[expect(clippy::disallowed_methods, reason = "a server is idle a while after its last answer")]
    pub(super) fn resident(&self) -> Result<u64> {
        std::thread::sleep(Duration::from_secs(1));
        self.memory("VmRSS:")
    }

    /// The most memory held so far, in bytes.
    pub(super) fn peak(&self) -> Result<u64> {
        self.memory("VmHWM:")
    }

    fn memory(&self, word: &str) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line =
            status.lines().find_map(|line| line.strip_prefix(word)).context("the subject has ended")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The time from the start until the banner's last line was written.
#[expect(clippy::disallowed_methods, reason = "the time from start to banner is what is measured")]
pub(super) fn banner(binary: &Path, document: &Path) -> Result<Duration> {
    let begin = Instant::now();
    let mut child =
        mock(binary, document, free_port()?).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let mut talk = child.stderr.take().context("standard error is piped")?;
    let (sender, receiver) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        let mut piece = [0; 4096];
        while talk.read(&mut piece).is_ok_and(|count| count > 0) && sender.send(begin.elapsed()).is_ok() {}
    });
    let mut last = receiver.recv_timeout(PATIENCE).context("no banner was written");
    // Nobody asks it anything, so what is not written after a while is not part of the banner.
    while let Ok(later) = receiver.recv_timeout(Duration::from_millis(300)) {
        last = Ok(later);
    }
    child.kill()?;
    child.wait()?;
    reader.join().map_err(|_| anyhow::anyhow!("the reader of the banner panicked"))?;
    last
}

fn mock(binary: &Path, document: &Path, port: u16) -> Command {
    let mut command = Command::new(binary);
    command.arg("mock").arg(document).arg("--port").arg(port.to_string());
    command
}

/// A port that was free a moment ago: the peers cannot choose one themselves.
pub(super) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// What those are sent that verify nothing: of a token's size.
fn bearer() -> String {
    format!("Authorization: Bearer {}", "e".repeat(700))
}
