use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The binary under test: `LOBBY_BIN` where it is set, the one that cargo built for this test run where it
/// says so, else one that is built now, beside the test's own executable. Cargo's lock on the target folder
/// keeps parallel test binaries from building it twice.
pub(crate) fn path() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        ["LOBBY_BIN", "CARGO_BIN_EXE_lobby"]
            .into_iter()
            .find_map(env::var_os)
            .map_or_else(build, PathBuf::from)
    })
}

fn build() -> PathBuf {
    let executable = env::current_exe().expect("a test knows its own executable");
    // <target>/<profile>/deps/it-0123456789abcdef
    let profile = executable.ancestors().nth(2).expect("tests lie in <target>/<profile>/deps");
    let target = profile.parent().expect("a profile's folder lies in the target folder");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet", "--package", "lobby", "--bin", "lobby", "--target-dir"]).arg(target);
    if profile.ends_with("release") {
        command.arg("--release");
    }
    let status = command.current_dir(crate::repository()).status().expect("cargo starts");
    assert!(status.success(), "building the binary under test failed");
    profile.join(format!("lobby{}", env::consts::EXE_SUFFIX))
}
