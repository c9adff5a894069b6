//! The first start: a link by which the first owner is made.

use std::time::Duration;

use model::{Clock, Entropy, SandboxName};
use store::Store;

use crate::{
    exit::Failure,
    running,
    system::{SystemClock, SystemEntropy},
};

/// How long the link is good.
const OPEN: Duration = Duration::from_secs(3600);

/// The link, while nobody has an account.
pub(super) async fn open(
    store: &Store,
    admin: &str,
    entropy: &SystemEntropy,
) -> Result<Option<String>, Failure> {
    let token = running::token(&entropy.bytes::<32>());
    let until = SystemClock.now().plus(OPEN);
    let hash = identity::key_hash(token.as_bytes());
    let opened = store.open_setup(&SandboxName::main().realm(), hash, until).await;
    let opened = opened.map_err(Failure::from_error)?;
    Ok(opened.then(|| format!("{admin}/setup/{token}")))
}

/// What a person is told of the link.
pub(super) fn note(link: &str) -> String {
    format!("nobody has an account yet: make the first at {link} within an hour")
}
