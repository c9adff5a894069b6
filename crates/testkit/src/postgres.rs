use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// The server ends when its standard input does, so that none outlives a test that was killed.
const UNTIL_INPUT_ENDS: &str = r#""$@" & server=$!; read -r _; kill -QUIT "$server"; wait "$server""#;

/// A PostgreSQL server of one's own in a temporary folder, reached by a socket there, stopped when dropped or
/// when the process ends. It does not sync: a test that cuts its power starts another.
pub struct Postgres {
    folder: TempDir,
    server: Child,
}

impl Postgres {
    /// Starts one, with an empty database.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = folder.path().join("data");
        if is_root() {
            // The server refuses to run as root.
            run(Command::new("chown").arg("postgres").arg(folder.path()));
        }
        let arguments = ["-A", "trust", "-U", "lobby", "-E", "UTF8", "--locale=C", "--no-sync", "-D"];
        run(as_server("initdb").args(arguments).arg(&data).stdout(Stdio::null()));
        let server = serve(folder.path(), &data);
        Self { folder, server }
    }

    /// Where it is: `postgres://…`.
    pub fn url(&self) -> String {
        format!("postgres://lobby@localhost/postgres?host={}", self.folder.path().display())
    }

    /// Cuts its power, and starts it again on what is left.
    pub fn restart(&mut self) {
        self.stop();
        self.server = serve(self.folder.path(), &self.folder.path().join("data"));
    }

    /// Cuts its power.
    pub fn stop(&mut self) {
        drop(self.server.stdin.take());
        self.server.wait().expect("the server ends");
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
    }
}

fn serve(folder: &Path, data: &Path) -> Child {
    let mut command = Command::new("sh");
    let server = as_server("postgres");
    command.args(["-c", UNTIL_INPUT_ENDS, "sh"]).arg(server.get_program()).args(server.get_args());
    command.arg("-D").arg(data).arg("-k").arg(folder);
    command.args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=200"]);
    let mut child = command
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the server starts");
    let mut talk = BufReader::new(child.stderr.take().expect("it is piped"));
    let mut said = String::new();
    while !said.contains("database system is ready to accept connections") {
        let read = talk.read_line(&mut said).expect("the server talks");
        assert!(read > 0, "the server ended at its start:\n{said}");
    }
    // What it goes on to say must not fill the pipe.
    std::thread::spawn(move || talk.lines().map_while(Result::ok).for_each(drop));
    child
}

/// One of the server's programs, as a user that it accepts.
fn as_server(name: &str) -> Command {
    let program = program(name);
    if is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
        return command;
    }
    Command::new(program)
}

/// Debian keeps them out of the path, one folder for each version.
fn program(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let found = versions.map(|version| version.path().join("bin").join(name)).filter(|path| path.is_file());
    found.max().unwrap_or_else(|| PathBuf::from(name))
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("`id` is installed");
    id.stdout == b"0\n"
}

fn run(command: &mut Command) {
    let status =
        command.status().unwrap_or_else(|error| panic!("{command:?}: {error} (is postgresql installed?)"));
    assert!(status.success(), "{command:?}: {status}");
}
