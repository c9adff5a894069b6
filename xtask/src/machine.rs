use std::collections::BTreeSet;
use std::env;
use std::path::Path;

use anyhow::{Result, bail};

use crate::shell;

/// A program that a part needs beside Rust and a C compiler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tool {
    /// Names by which it may be found, one is enough.
    programs: &'static [&'static str],
    /// Debian's packages that bring it.
    packages: &'static [&'static str],
    /// What it is needed for.
    purpose: &'static str,
}

/// The C compiler that aws-lc and SQLite are built with.
pub(crate) const COMPILER: Tool =
    Tool { programs: &["cc"], packages: &["build-essential"], purpose: "aws-lc and SQLite" };
/// The store's other database.
pub(crate) const POSTGRESQL: Tool = Tool {
    programs: &["initdb", "pg_ctlcluster"],
    packages: &["postgresql"],
    purpose: "the tests of the store",
};
/// JavaScript judges and peers.
pub(crate) const NODE: Tool =
    Tool { programs: &["node"], packages: &["nodejs"], purpose: "the judges and peers from npm" };
/// Their packages.
pub(crate) const NPM: Tool =
    Tool { programs: &["npm"], packages: &["npm"], purpose: "the judges and peers from npm" };
/// Python judges.
pub(crate) const PYTHON: Tool =
    Tool { programs: &["python3"], packages: &["python3", "python3-venv"], purpose: "the judges from PyPI" };
/// The browser judge.
pub(crate) const BROWSER: Tool = Tool {
    programs: &["chromium", "chromium-browser", "google-chrome"],
    packages: &["chromium"],
    purpose: "the browser judge",
};
/// The certificate authority of the tests of `lobby serve`.
pub(crate) const AUTHORITY: Tool = Tool {
    programs: &["pebble"],
    packages: &["pebble"],
    purpose: "the tests of certificates that are fetched",
};
/// The judge of TLS.
pub(crate) const TLS: Tool =
    Tool { programs: &["testssl", "testssl.sh"], packages: &["testssl.sh"], purpose: "the judge of TLS" };
/// The load of the bench.
pub(crate) const LOAD: Tool = Tool { programs: &["wrk"], packages: &["wrk"], purpose: "the bench's load" };
/// A peer of the bench.
pub(crate) const JAVA: Tool =
    Tool { programs: &["java"], packages: &["default-jre-headless"], purpose: "WireMock, a peer" };

/// Makes sure that `tools` are there: what is missing is named and, as root on Debian, installed.
pub(crate) fn provide(tools: &[Tool]) -> Result<()> {
    let missing: Vec<_> = tools.iter().filter(|tool| !is_there(tool)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: BTreeSet<_> = missing.iter().flat_map(|tool| tool.packages).copied().collect();
    for tool in &missing {
        eprintln!("missing on this machine: {} (for {})", tool.programs.join(" or "), tool.purpose);
    }
    let list = packages.iter().copied().collect::<Vec<_>>().join(" ");
    if !Path::new("/etc/debian_version").exists() || !is_root() {
        bail!("hint: install them; on Debian: apt-get install {list}");
    }
    eprintln!("installing {list}");
    shell::run(shell::program("apt-get", ["update", "-q"]).env("DEBIAN_FRONTEND", "noninteractive"))?;
    let install = ["install", "-q", "-y", "--no-install-recommends"];
    let mut command = shell::program("apt-get", install.into_iter().chain(packages));
    shell::run(command.env("DEBIAN_FRONTEND", "noninteractive"))
}

fn is_there(tool: &Tool) -> bool {
    let folders = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&folders)
        .any(|folder| tool.programs.iter().any(|program| folder.join(program).is_file()))
}

fn is_root() -> bool {
    shell::output(&mut shell::program("id", ["-u"])).is_ok_and(|id| id.trim() == "0")
}
