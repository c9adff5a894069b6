//! One file for each command.

pub(crate) mod administer;
pub(crate) mod backup;
pub(crate) mod ca;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod inspect;
pub(crate) mod mock;
pub(crate) mod outbox;
pub(crate) mod pwned;
pub(crate) mod rekey;
pub(crate) mod restore;
pub(crate) mod serve;
pub(crate) mod token;

use crate::exit::Failure;

/// What a command that ends by itself runs on.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::from_error)
}
