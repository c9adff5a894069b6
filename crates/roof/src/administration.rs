//! `passwords:`, `keys:`, `tokens:` → what administration runs on.

use std::{path::Path, sync::Arc, time::Duration};

use admin::{Administration, Badges};
use identity::{DEFAULT_PREFIX, check_prefix, password::Passwords};
use model::{Entropy, SandboxName, Secret};
use store::Store;

use crate::{
    config::Config,
    system::{SystemClock, SystemEntropy},
    wire,
};

const KEY_LIFE: Duration = Duration::from_secs(90 * 86_400);

/// Administration of a store that no server runs on.
pub(crate) fn of_store(config: &Config, folder: &Path, store: Store) -> Result<Administration, String> {
    let passwords = Arc::new(Passwords::new(wire::password_cost(config), &SystemEntropy.bytes()));
    of(config, folder, store, passwords, Vec::new(), None)
}

/// Administration with what a server has already.
pub(crate) fn of(
    config: &Config,
    folder: &Path,
    store: Store,
    passwords: Arc<Passwords>,
    tokens: Vec<Secret<String>>,
    badges: Option<Arc<dyn Badges>>,
) -> Result<Administration, String> {
    let keys = config.keys.as_ref();
    let prefix = keys.and_then(|keys| keys.prefix.clone()).unwrap_or_else(|| DEFAULT_PREFIX.to_owned());
    check_prefix(&prefix).map_err(|error| format!("keys.prefix: {error}"))?;
    Ok(Administration {
        store,
        realm: SandboxName::main().realm(),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        passwords,
        policy: Arc::new(wire::policy_of(config, folder)?),
        prefix,
        key_life: keys.and_then(|keys| keys.expires).map_or(KEY_LIFE, |span| span.0),
        access_life: config.tokens.access.map_or(oauth::Lifetimes::default().access, |span| span.0),
        docs: gateway::DOCS.to_owned(),
        tokens,
        badges,
    })
}
