use std::process::Command;

use anyhow::Result;

use crate::shell;

/// Tests that compare a page with the code that it is written from have this in their name.
const FILTER: &str = "generated";

/// Refuses generated files that are not what the code would write now.
pub(crate) fn check() -> Result<()> {
    shell::run(&mut tests())
}

/// Writes the generated files anew.
pub(crate) fn write() -> Result<()> {
    shell::run(tests().env("LOBBY_GENERATE", "1"))
}

fn tests() -> Command {
    shell::cargo(["test", "--workspace", "--lib", "--bins", "--tests", "--quiet", "--", FILTER])
}
