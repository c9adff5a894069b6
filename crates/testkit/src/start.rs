use std::fs;
use std::future::{Future, IntoFuture};
use std::path::Path;
use std::pin::Pin;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::client::DEADLINE;
use crate::{Lobby, binary, example};

/// `lobby mock` on a document of `examples/`.
pub fn mock(document: &str) -> Start {
    run("mock").argument(example(document).to_str().expect("paths of the repository are text"))
}

/// `lobby COMMAND`, to be given its arguments.
pub fn run(command: &str) -> Start {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    Start { folder, arguments: vec![command.to_owned()], variables: Vec::new(), wrapper: Vec::new() }
}

/// `lobby serve` with this `lobby.yaml`, which says `listen: { public: 127.0.0.1:0, admin: 127.0.0.1:0 }` where
/// it says nothing of `listen`.
pub fn serve(config: &str) -> Start {
    let listen =
        if config.contains("listen:") { "" } else { "listen: { public: 127.0.0.1:0, admin: 127.0.0.1:0 }\n" };
    run("serve").config(&format!("{config}{listen}"))
}

/// Runs `lobby` with `arguments` to its end, in an empty folder.
pub fn once(arguments: &[&str]) -> Finished {
    let (command, arguments) = arguments.split_first().expect("a command is named");
    run(command).arguments(arguments).finish("")
}

/// A start of the binary that is being described. Awaiting it starts a server and waits until it serves;
/// [`finish`](Start::finish) runs a command to its end.
#[must_use = "a start happens by awaiting it"]
pub struct Start {
    folder: TempDir,
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
    wrapper: Vec<String>,
}

impl Start {
    /// Adds one argument.
    pub fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Adds arguments: `["--auth", "presence"]`.
    pub fn arguments(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().copied().map(str::to_owned));
        self
    }

    /// Sets an environment variable.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Runs it by a program that takes the binary and its arguments after `wrapper` and becomes it: a limit of
    /// the process, a signal that is not heard.
    pub fn through(mut self, wrapper: &[&str]) -> Self {
        self.wrapper = wrapper.iter().copied().map(str::to_owned).collect();
        self
    }

    /// Writes a file into the start's folder, which is the process' working directory.
    pub fn file(self, name: &str, text: &str) -> Self {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().expect("the file lies in the folder")).expect("folders can be made");
        fs::write(path, text).expect("the file can be written");
        self
    }

    /// Writes a document and names it as an argument.
    pub fn document(self, name: &str, text: &str) -> Self {
        self.file(name, text).argument(name)
    }

    /// Writes `lobby.yaml` and names it.
    pub fn config(self, text: &str) -> Self {
        self.file("lobby.yaml", text).arguments(&["--config", "lobby.yaml"])
    }

    /// The folder in which it will run.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs to the end with `input` on standard input; killed, without a code, when that does not come in
    /// time.
    pub fn finish(self, input: &str) -> Finished {
        use std::io::Write as _;
        let mut command = self.command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        let mut pipe = child.stdin.take().expect("standard input is piped");
        // A command that reads nothing may have closed its end.
        let _ = pipe.write_all(input.as_bytes());
        drop(pipe);
        // A command that should have ended and serves instead must not hang the test.
        let (done, watched) = std::sync::mpsc::channel::<()>();
        let id = child.id().to_string();
        let watch = std::thread::spawn(move || {
            if watched.recv_timeout(DEADLINE) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                // It may have ended in this very moment.
                let _ = Command::new("kill").args(["-KILL", &id]).status();
            }
        });
        let output = child.wait_with_output().expect("the binary ends");
        drop(done);
        watch.join().expect("the watch ends");
        Finished {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = match self.wrapper.split_first() {
            Some((program, arguments)) => {
                let mut command = Command::new(program);
                command.args(arguments).arg(binary::path());
                command
            }
            None => Command::new(binary::path()),
        };
        command.args(&self.arguments).current_dir(self.folder.path());
        // The machine's own settings are no part of a test.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("LOBBY_"))
        {
            command.env_remove(name);
        }
        command.env("NO_COLOR", "1").env("RUST_BACKTRACE", "1");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Whether its port is an argument, and not lobby.yaml's.
    pub(crate) fn takes_port(&self) -> bool {
        self.arguments.first().is_none_or(|command| command != "serve")
    }

    pub(crate) fn into_folder(self) -> TempDir {
        self.folder
    }
}

impl IntoFuture for Start {
    type Output = Lobby;
    type IntoFuture = Pin<Box<dyn Future<Output = Lobby> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(Lobby::start(self))
    }
}

/// What a command that ran to its end left.
#[derive(Debug, Clone)]
pub struct Finished {
    /// The exit code; `None` after a signal.
    pub code: Option<i32>,
    /// Standard output: results.
    pub stdout: String,
    /// Standard error: talk.
    pub stderr: String,
}

impl Finished {
    /// Expects the exit code.
    #[track_caller]
    pub fn exits(&self, code: i32) -> &Self {
        assert_eq!(
            self.code,
            Some(code),
            "standard output:\n{}\nstandard error:\n{}",
            self.stdout,
            self.stderr
        );
        self
    }
}
