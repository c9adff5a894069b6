//! `passwords:`, `accounts:`, `mail:`, `pages:`, `keys:`, `tokens:` → what administration runs on.

use std::{sync::Arc, time::Duration};

use admin::{Administration, Badges};
use identity::{Attempts, DEFAULT_PREFIX, SessionRules, SourceRules, password::Passwords};
use model::{Entropy, Problem, SandboxName, Secret};
use oauth::{AccountRules, pages::Brand};
use store::Store;

use crate::{
    config::Config,
    gather::Gathering,
    letters::{Letters, Setup},
    material,
    system::{SystemClock, SystemEntropy},
    wire,
};

/// How long keys and app passwords open where nothing is written.
const KEY_LIFE: Duration = Duration::from_secs(90 * 86_400);

/// What keys and app passwords begin with, and how long they open.
pub(crate) fn key_terms(config: &Config) -> (String, Option<Duration>) {
    let keys = config.keys.as_ref();
    let prefix = keys.and_then(|keys| keys.prefix.clone()).unwrap_or_else(|| DEFAULT_PREFIX.to_owned());
    (prefix, keys.and_then(|keys| keys.expires).map_or(Some(KEY_LIFE), |life| life.0))
}

/// How long an access token or a session could live.
fn ended_for(config: &Config) -> Duration {
    let access = config.tokens.access.map_or(oauth::Lifetimes::default().access, |span| span.0);
    let session = config.sessions.absolute.map_or(SessionRules::default().absolute, |span| span.0);
    access.max(session)
}

/// Administration of a store that no server runs on, or everything that is in its way. Blocks.
pub(crate) fn of_store(mut gathering: Gathering, store: Store) -> Result<Administration, Vec<Problem>> {
    material::read(&mut gathering);
    let shown = wire::administered(&gathering)?;
    let config = &gathering.config;
    let passwords = Arc::new(Passwords::new(wire::password_cost(config), &SystemEntropy.bytes()));
    let issuer = config.issuer.as_deref().unwrap_or_default();
    Ok(of(config, issuer, store, passwords, Openers::default(), shown))
}

/// What opens the admin API of a server.
#[derive(Default)]
pub(crate) struct Openers {
    /// The lock's token.
    pub(crate) lock: Option<Secret<String>>,
    /// `LOBBY_ADMIN_TOKEN`.
    pub(crate) chosen: Option<Secret<String>>,
    /// Who guesses at that.
    pub(crate) guesses: Option<(Arc<Attempts>, SourceRules)>,
    /// Whose access token one is.
    pub(crate) badges: Option<Arc<dyn Badges>>,
}

/// Administration with what a server has already.
pub(crate) fn of(
    config: &Config,
    issuer: &str,
    store: Store,
    passwords: Arc<Passwords>,
    openers: Openers,
    (rules, brand): (AccountRules, Arc<Brand>),
) -> Administration {
    let (prefix, key_life) = key_terms(config);
    let realm = SandboxName::main().realm();
    let policy = rules.passwords.clone();
    let postbox = oauth::Postbox {
        store: store.clone(),
        realm: realm.clone(),
        rules,
        brand: brand.clone(),
        issuer: issuer.to_owned(),
    };
    let setup = oauth::SetupPage { name: postbox.rules.name.clone(), brand, issuer: postbox.issuer.clone() };
    Administration {
        store,
        realm,
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        passwords,
        policy,
        prefix,
        key_life,
        clients: config.clients.keys().cloned().collect(),
        ended_for: ended_for(config),
        docs: gateway::DOCS.to_owned(),
        lock_token: openers.lock,
        admin_token: openers.chosen,
        guesses: openers.guesses,
        badges: openers.badges,
        postbox: Arc::new(Letters(postbox)),
        pages: Arc::new(Setup(setup)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::value::Span;

    #[test]
    fn what_is_ended_is_remembered_as_long_as_its_tokens_or_its_cookie_could_live() {
        let days = |days: u64| Duration::from_secs(days * 86_400);
        let mut config = Config::default();
        assert_eq!(ended_for(&config), days(14));
        config.sessions.absolute = Some(Span(days(30)));
        assert_eq!(ended_for(&config), days(30));
        config.tokens.access = Some(Span(days(60)));
        assert_eq!(ended_for(&config), days(60));
    }
}
