//! Lobby, the security desk for HTTP APIs.

use std::process::ExitCode;

fn main() -> ExitCode {
    roof::main()
}
