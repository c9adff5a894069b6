use std::fs::{self, File};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::time::{Instant, timeout};

use crate::client::DEADLINE;
use crate::{Client, Raw, Start};

/// How often the ready file and the process' end are looked for: neither can be awaited.
const POLL: Duration = Duration::from_millis(2);

/// A running server, killed when dropped. It derefs to its [`Client`], which sends `Host: 127.0.0.1:PORT`.
pub struct Lobby {
    client: Client,
    child: Child,
    folder: TempDir,
    ready: Value,
}

impl Deref for Lobby {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Lobby {
    pub(crate) async fn start(start: Start) -> Self {
        let port: &[&str] = if start.takes_port() { &["--port", "0"] } else { &[] };
        let start = start.arguments(port).arguments(&["--ready-file", "ready.json"]);
        let mut command = start.command();
        let talk = File::create(start.folder().join("stderr")).expect("the folder can be written");
        let results = File::create(start.folder().join("stdout")).expect("the folder can be written");
        command.stdin(Stdio::null()).stdout(results).stderr(talk);
        let mut child = command.spawn().expect("the binary starts");
        let folder = start.into_folder();
        let ready = ready(&mut child, folder.path()).await;
        let url = ready["url"].as_str().expect("the ready file names the URL");
        Self { client: Client::new(url), child, folder, ready }
    }

    /// What the ready file says: `url`, `admin`, `issuer`, `pid`.
    pub fn ready(&self) -> &Value {
        &self.ready
    }

    /// A client of the admin listener.
    pub fn admin(&self) -> Client {
        Client::new(self.ready["admin"].as_str().expect("the ready file names the admin listener"))
    }

    /// The server's URL, without a slash at its end: `http://127.0.0.1:40123`.
    pub fn url(&self) -> String {
        self.client.base().as_str().trim_end_matches('/').to_owned()
    }

    /// The issuer, as the ready file names it.
    pub fn issuer(&self) -> &str {
        self.ready["issuer"].as_str().unwrap_or_default()
    }

    /// The port that was free.
    pub fn port(&self) -> u16 {
        self.client.base().port().expect("the URL names its port")
    }

    /// The process' id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The process' working directory, with the files that the start wrote.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Replaces a file of the folder as editors do: by a new one of the same name.
    pub fn replace_file(&self, name: &str, text: &str) {
        let file: PathBuf = self.folder().join(name);
        let new = file.with_file_name(format!(".{}.new", name.rsplit('/').next().unwrap_or(name)));
        fs::create_dir_all(file.parent().expect("the file lies in the folder")).expect("folders can be made");
        fs::write(&new, text).expect("the file can be written");
        fs::rename(new, file).expect("the file can be replaced");
    }

    /// What the process has written to standard error so far.
    pub fn talk(&self) -> String {
        fs::read_to_string(self.folder().join("stderr")).unwrap_or_default()
    }

    /// What the process has written to standard output so far.
    pub fn results(&self) -> String {
        fs::read_to_string(self.folder().join("stdout")).unwrap_or_default()
    }

    /// A new bare connection.
    pub async fn raw(&self) -> Raw {
        Raw::new(self.client.stream().await)
    }

    /// Memory that the process holds now, in bytes (`VmRSS`).
    pub fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("the process runs");
        let line =
            status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("the process has memory");
        let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().expect("VmRSS is in kB");
        kilobytes * 1024
    }

    /// Sends a signal by its name: `TERM`, `HUP`.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.pid().to_string()).status();
        assert!(status.expect("kill is installed").success(), "the process takes SIG{name}");
    }

    /// Waits until the process has ended by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        let child = &mut self.child;
        let ended = timeout(DEADLINE, async {
            loop {
                match child.try_wait().expect("a child can be waited for") {
                    Some(status) => return status,
                    None => tokio::time::sleep(POLL).await,
                }
            }
        });
        ended.await.expect("the process ends in time")
    }

    /// Whether the process is still there.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|ended| ended.is_none())
    }
}

impl Drop for Lobby {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            show(&self.talk());
        }
    }
}

#[expect(clippy::print_stderr, reason = "a failed test shows what the server said")]
fn show(talk: &str) {
    eprintln!("the server's standard error:\n{talk}");
}

async fn ready(child: &mut Child, folder: &Path) -> Value {
    let deadline = Instant::now() + DEADLINE;
    loop {
        if let Some(ready) = fs::read_to_string(folder.join("ready.json"))
            .ok()
            .filter(|text| text.ends_with('\n'))
            .and_then(|text| serde_json::from_str(&text).ok())
        {
            return ready;
        }
        let talk = || fs::read_to_string(folder.join("stderr")).unwrap_or_default();
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            panic!("the server ended at its start ({status}):\n{}", talk());
        }
        if Instant::now() > deadline {
            let _ = child.kill();
            panic!("the server was not ready within {DEADLINE:?}:\n{}", talk());
        }
        tokio::time::sleep(POLL).await;
    }
}
