//! The first start: a link by which the first owner is made.

use std::time::Duration;

use jose::digest;
use model::{Clock, SandboxName, Timestamp};
use store::Store;

use crate::{exit::Failure, running, system::SystemClock};

/// How long the link is good.
const OPEN: Duration = Duration::from_secs(3600);

/// The link, while nobody has an account. Servers on one database have one door between them, of which each says
/// where it is: the token follows from what they share and from when the door closes.
pub(super) async fn open(store: &Store, admin: &str, master: [u8; 32]) -> Result<Option<String>, Failure> {
    let token = move |end: Timestamp| {
        running::token(&digest::hmac_sha256(&master, format!("setup\0{}", end.as_micros())))
    };
    let hash = move |end| identity::key_hash(token(end).as_bytes());
    let now = SystemClock.now();
    let closes = store.open_setup(&SandboxName::main().realm(), hash, (now, now.plus(OPEN))).await;
    Ok(closes.map_err(Failure::from_error)?.map(|end| format!("{admin}/setup/{}", token(end))))
}

/// What a person is told of the link.
pub(super) fn note(link: &str) -> String {
    format!("nobody has an account yet: make the first at {link} within an hour")
}
