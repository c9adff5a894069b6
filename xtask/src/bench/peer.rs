use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};

use super::subject::{Subject, free_port};
use crate::shell;

/// Another mock server, from npm, in a version that is known.
pub(super) struct Peer {
    pub(super) name: &'static str,
    packages: &'static [&'static str],
    kind: Kind,
    /// Whether it can serve GitHub's document, so that the start is compared.
    pub(super) serves_github: bool,
}

enum Kind {
    Prism { flags: &'static [&'static str] },
    Mockoon,
    Scalar,
    WireMock,
}

const PRISM: &[&str] = &["@stoplight/prism-cli@5.16.0"];

/// The peers, as installed but where the name says otherwise.
pub(super) const ALL: &[Peer] = &[
    Peer { name: "Prism", packages: PRISM, kind: Kind::Prism { flags: &[] }, serves_github: true },
    Peer {
        name: "Prism, silent",
        packages: PRISM,
        kind: Kind::Prism { flags: &["-v", "silent"] },
        serves_github: false,
    },
    Peer { name: "Mockoon", packages: &["@mockoon/cli@9.9.0"], kind: Kind::Mockoon, serves_github: true },
    Peer {
        name: "Scalar",
        packages: &["@scalar/mock-server@0.14.4", "@hono/node-server@2.1.9"],
        kind: Kind::Scalar,
        serves_github: false,
    },
    Peer {
        name: "WireMock, journal off",
        packages: &["wiremock@3.13.2"],
        kind: Kind::WireMock,
        serves_github: false,
    },
];

/// What WireMock, which reads no OpenAPI, is given to answer.
const WIREMOCK_BOOKS: &str = r#"{"request":{"method":"GET","urlPath":"/books"},"response":{"status":200,
"headers":{"Content-Type":"application/json"},"jsonBody":[
{"id":"b-1","title":"The Left Hand of Darkness","author":"Ursula K. Le Guin","price":{"amount":1299,"currency":"EUR"}},
{"id":"b-2","title":"Solaris","author":"Stanislaw Lem","price":{"amount":999,"currency":"EUR"}}]}}"#;

impl Peer {
    /// Starts it on the document, up to its first 200 of one of `paths`: some serve below the server's path
    /// alone, some without it.
    pub(super) fn start(&self, document: &Path, paths: &[&str]) -> Result<Subject> {
        let folder = install(self.packages)?;
        let port = free_port()?;
        let mut command = self.command(&folder, document, port)?;
        command.current_dir(&folder).stderr(Stdio::null());
        Subject::serving(command, port, paths).with_context(|| format!("{} did not start", self.name))
    }

    fn command(&self, folder: &Path, document: &Path, port: u16) -> Result<Command> {
        let port = port.to_string();
        let modules = folder.join("node_modules");
        let node = |program: &str| {
            let mut command = Command::new("node");
            command.arg(modules.join(program));
            command
        };
        Ok(match self.kind {
            Kind::Prism { flags } => {
                let mut command = node(".bin/prism");
                command.args(["mock", "-p", &port]).args(flags).arg(document);
                command
            }
            Kind::Mockoon => {
                let mut command = node(".bin/mockoon-cli");
                command.args(["start", "--port", &port, "--data"]).arg(document);
                command
            }
            Kind::Scalar => {
                fs::copy(shell::root().join("xtask/peers/scalar.mjs"), folder.join("serve.mjs"))?;
                let mut command = Command::new("node");
                command.arg("serve.mjs").arg(document).arg(&port);
                command
            }
            Kind::WireMock => {
                let mappings = folder.join("root/mappings");
                fs::create_dir_all(&mappings)?;
                fs::write(mappings.join("books.json"), WIREMOCK_BOOKS)?;
                // The package's own program starts this as a child, which would outlive it.
                let mut command = Command::new("java");
                command.arg("-jar").arg(jar(&modules.join("wiremock/build"))?);
                command.args([
                    "--port",
                    &port,
                    "--root-dir",
                    "root",
                    "--no-request-journal",
                    "--disable-banner",
                ]);
                command
            }
        })
    }
}

/// GitHub's description of its API, from npm.
pub(super) fn github() -> Result<PathBuf> {
    let folder = install(&["@octokit/openapi@23.0.2"])?;
    Ok(folder.join("node_modules/@octokit/openapi/generated/api.github.com.json"))
}

fn jar(folder: &Path) -> Result<PathBuf> {
    let mut files = fs::read_dir(folder)?.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    files.find(|file| file.extension().is_some_and(|ending| ending == "jar")).context("WireMock has no jar")
}

/// Packages of npm in a folder of the user's cache.
fn install(packages: &[&str]) -> Result<PathBuf> {
    let name: String = packages
        .join("-")
        .chars()
        .map(|char| if char.is_ascii_alphanumeric() { char } else { '-' })
        .collect();
    let folder = shell::cache(&format!("peer{name}"))?;
    if !folder.join(".installed").exists() {
        println!("installing {}", packages.join(" "));
        fs::write(folder.join("package.json"), r#"{"private":true,"type":"module"}"#)?;
        let flags = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
        let mut command = Command::new("npm");
        shell::run(command.arg("install").args(flags).args(packages).current_dir(&folder))?;
        fs::write(folder.join(".installed"), "")?;
    }
    Ok(folder)
}
