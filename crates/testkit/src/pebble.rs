use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::client::DEADLINE;
use crate::{Client, trusting};

/// The programs end when their standard input does, so that none outlives a test that was killed.
const UNTIL_INPUT_ENDS: &str = r#""$@" & server=$!; read -r _; kill -KILL "$server"; wait "$server""#;

/// A certificate authority of a test's own (RFC 8555), for which every name is this machine. It asks whether a
/// name is ours at the ports that it was told.
pub struct Pebble {
    folder: TempDir,
    port: u16,
    management: u16,
    programs: Vec<Child>,
}

impl Pebble {
    /// Starts one that asks at `http` and `tls`, and whose certificates are good for `validity`.
    pub async fn start(http: u16, tls: u16, validity: Duration) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let key = rcgen::KeyPair::generate().expect("a key");
        let names = ["localhost", "127.0.0.1"].map(str::to_owned);
        let own =
            rcgen::CertificateParams::new(names).expect("names").self_signed(&key).expect("a certificate");
        fs::write(folder.path().join("own.pem"), own.pem()).expect("the folder can be written");
        fs::write(folder.path().join("own.key"), key.serialize_pem()).expect("the folder can be written");
        let (port, management, names) = (free_port(), free_port(), free_port());
        let config = serde_json::json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{port}"),
            "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": "own.pem", "privateKey": "own.key",
            "httpPort": http, "tlsPort": tls, "ocspResponderURL": "",
            "externalAccountBindingRequired": false,
            "certificateValidityPeriod": validity.as_secs(),
        }});
        fs::write(folder.path().join("pebble.json"), config.to_string()).expect("the folder can be written");
        let names_of = start(
            folder.path(),
            "pebble-challtestsrv",
            &[
                "-defaultIPv4",
                "127.0.0.1",
                "-defaultIPv6",
                "",
                "-http01",
                "",
                "-https01",
                "",
                "-tlsalpn01",
                "",
                "-dns01",
                &format!("127.0.0.1:{names}"),
                "-management",
                &format!("127.0.0.1:{}", free_port()),
            ],
        );
        wait_for(names).await;
        let resolved = format!("127.0.0.1:{names}");
        let authority = start(folder.path(), "pebble", &["-config", "pebble.json", "-dnsserver", &resolved]);
        wait_for(port).await;
        Self { folder, port, management, programs: vec![names_of, authority] }
    }

    /// Where its directory is.
    pub fn directory(&self) -> String {
        format!("https://127.0.0.1:{}/dir", self.port)
    }

    /// Who vouches for that place, PEM.
    pub fn root(&self) -> String {
        fs::read_to_string(self.folder.path().join("own.pem")).expect("the start wrote it")
    }

    /// Who vouches for the certificates that it gives, PEM.
    pub async fn issuing_root(&self) -> String {
        let management = Client::new(&format!("https://127.0.0.1:{}", self.management));
        let answer = management.with_tls(trusting(&self.root(), None)).get("/roots/0").await;
        answer.is(200).text().to_owned()
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        for program in &mut self.programs {
            drop(program.stdin.take());
            // It was told, and is waited for, so that none is left.
            let _ = program.wait();
        }
    }
}

/// A port that was free a moment ago, on this machine.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there are free ports");
    listener.local_addr().expect("it has an address").port()
}

fn start(folder: &Path, program: &str, arguments: &[&str]) -> Child {
    Command::new("sh")
        .args(["-c", UNTIL_INPUT_ENDS, "sh", program])
        .args(arguments)
        .current_dir(folder)
        .env("PEBBLE_VA_NOSLEEP", "1")
        .env("PEBBLE_AUTHZREUSE", "0")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("sh is installed")
}

async fn wait_for(port: u16) {
    let answers = tokio::time::timeout(DEADLINE, async {
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    answers.await.expect("pebble (Debian's package of that name) answers");
}
