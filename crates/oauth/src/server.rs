use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU32, Ordering},
};

use arc_swap::ArcSwap;
use http::{HeaderMap, Method};
use identity::{Attempts, Passwords, People, Sessions};
use jose::{KeySet, SigningError, SigningKey, base64url};
use model::{Entropy, Event, RealmId, Timestamp};
use store::{ClientBook, Memory, Store};

use crate::{keys::Keys, opaque, settings::Settings, visit::Visit};

/// Hears what happened.
pub type Listener = Box<dyn Fn(Event) + Send + Sync>;

/// What the authorization server is made of.
pub struct Parts {
    /// What it runs on at first.
    pub settings: Settings,
    /// Where everything is remembered.
    pub store: Store,
    /// Where codes, tokens and names come from.
    pub entropy: Arc<dyn Entropy>,
    /// A signing key that was kept, for the settings' algorithm; none: one is made when first needed.
    pub key: Option<SigningKey>,
    /// From which the keys of refresh tokens, forms and nonces are derived: kept with the store, or random.
    pub master: [u8; 32],
    /// Checks passwords, here and for Basic.
    pub passwords: Arc<Passwords>,
    /// Hears what happened.
    pub listener: Option<Listener>,
}

/// The authorization server: one for all realms under a roof. Every endpoint is reached through
/// [`Server::serve`], a plain function of a request and of who comes.
pub struct Server {
    settings: ArcSwap<Settings>,
    /// The settings with the clients of the store that was asked last.
    joined: ArcSwap<Option<Joined>>,
    pub(crate) store: Store,
    pub(crate) keys: Arc<Keys>,
    pub(crate) passwords: Arc<Passwords>,
    /// Failed sign-ins, by name.
    pub(crate) attempts: Arc<Attempts>,
    /// Wrong user codes of devices, by address (RFC 8628 5.1).
    pub(crate) guesses: Attempts,
    /// Questions for how good a password would be, by address.
    pub(crate) asked: Attempts,
    pub(crate) sessions: Sessions,
    pub(crate) master: [u8; 32],
    entropy: Arc<dyn Entropy>,
    listener: Option<Listener>,
    codes: AtomicU32,
}

/// What is written and what is stored, as one.
struct Joined {
    written: Arc<Settings>,
    clients: Arc<ClientBook>,
    settings: Arc<Settings>,
}

/// Whose request it was, by the account's name: left in the extensions of an answer, where it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken(pub Arc<str>);

/// How many letters a browser's name for itself has.
const AGENT: usize = 256;

/// How many codes are given between two looks for what has ended.
const PURGE: u32 = 512;

/// One request that is being served.
pub(crate) struct Call<'a> {
    pub(crate) server: &'a Server,
    pub(crate) settings: Arc<Settings>,
    pub(crate) visit: &'a Visit,
    pub(crate) realm: RealmId,
    pub(crate) method: Method,
    pub(crate) headers: &'a HeaderMap,
    /// Whose request it turns out to be.
    pub(crate) speaker: OnceLock<Arc<str>>,
}

impl Server {
    /// Puts the parts together. Nothing is generated yet.
    pub fn new(parts: Parts) -> Self {
        Self {
            keys: Arc::new(Keys::new(parts.settings.algorithm, parts.key)),
            sessions: Sessions::new(parts.store.clone(), parts.settings.sessions),
            settings: ArcSwap::from_pointee(parts.settings),
            joined: ArcSwap::default(),
            attempts: Arc::new(Attempts::of_store(parts.store.clone())),
            store: parts.store,
            passwords: parts.passwords,
            guesses: Attempts::default(),
            asked: Attempts::default(),
            master: parts.master,
            entropy: parts.entropy,
            listener: parts.listener,
            codes: AtomicU32::new(1),
        }
    }

    /// Failed sign-ins, by name: Basic counts in the same ones, where it locks at all.
    pub fn attempts(&self) -> Arc<Attempts> {
        self.attempts.clone()
    }

    /// What it runs on now.
    pub fn settings(&self) -> Arc<Settings> {
        self.settings.load_full()
    }

    /// What it runs on now for a realm, whose store may have clients beside those that are written.
    pub(crate) async fn settings_of(&self, realm: &RealmId) -> Result<Arc<Settings>, store::Fault> {
        let written = self.settings();
        if matches!(written.clients, crate::Clients::Everyone) {
            return Ok(written);
        }
        let clients = self.store.clients(realm).await?;
        if clients.is_empty() {
            return Ok(written);
        }
        let known = self.joined.load();
        if let Some(joined) = &**known
            && Arc::ptr_eq(&joined.written, &written)
            && Arc::ptr_eq(&joined.clients, &clients)
        {
            return Ok(joined.settings.clone());
        }
        let settings = Arc::new(written.with(&clients));
        self.joined.store(Arc::new(Some(Joined { written, clients, settings: settings.clone() })));
        Ok(settings)
    }

    /// Runs on other settings from the next request on; those under way keep theirs.
    pub fn replace(&self, settings: Settings) {
        self.settings.store(Arc::new(settings));
    }

    /// The keys whose tokens are believed in a realm at its time. Cheap: a shared snapshot; ask again for each
    /// request, because a scenario may rotate them, and a key from before is believed for a time.
    pub fn key_set(&self, realm: &RealmId, now: Timestamp) -> Result<Arc<KeySet>, SigningError> {
        Ok(self.keys.ring(realm, now)?.set().clone())
    }

    /// The mails of a realm that are kept, the newest first, at most 1,000.
    pub async fn mails(&self, realm: &RealmId, to: Option<&str>) -> Result<Vec<store::Mail>, store::Fault> {
        self.store.mails(realm, to, 1000).await
    }

    /// Whether a token is revoked: itself, its family or its session.
    pub fn is_revoked(&self, realm: &RealmId, jti: Option<&str>, sid: Option<&str>) -> bool {
        self.store.is_revoked(realm, jti, sid)
    }

    /// Forgets a realm's sessions, codes, refresh tokens, lockouts and revocations; its keys stay (`reset`).
    pub async fn reset(&self, realm: &RealmId) -> Result<(), store::Fault> {
        self.attempts.forget(realm);
        self.guesses.forget(realm);
        self.asked.forget(realm);
        self.store.forget_realm(realm).await
    }

    /// Forgets a realm altogether: a sandbox has ended.
    pub async fn forget(&self, realm: &RealmId) -> Result<(), store::Fault> {
        self.keys.forget(realm);
        self.reset(realm).await
    }

    /// Now and then drops what has ended in a realm, so that a mock that runs for weeks does not grow.
    pub(crate) async fn tidy(&self, realm: &RealmId, now: Timestamp) -> Result<(), store::Fault> {
        if self.codes.fetch_add(1, Ordering::Relaxed).is_multiple_of(PURGE) {
            self.store.purge(realm, now).await?;
        }
        Ok(())
    }

    pub(crate) fn tell(&self, event: Event) {
        if let Some(listener) = &self.listener {
            listener(event);
        }
    }

    pub(crate) fn entropy(&self) -> &dyn Entropy {
        &*self.entropy
    }

    pub(crate) fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes);
        bytes
    }
}

impl Call<'_> {
    /// Notes whose request it is, for the journal.
    pub(crate) fn speaks(&self, account: &str) {
        // The first that is known: whoever acts, before whoever is acted for.
        let _ = self.speaker.set(account.into());
    }

    pub(crate) fn memory(&self) -> Arc<Memory> {
        self.server.store.memory(&self.realm)
    }

    /// What the browser says that it is, as much of it as is kept and told. A field that is text is ASCII.
    pub(crate) fn agent(&self) -> &str {
        let field = self.headers.get(http::header::USER_AGENT);
        let text = field.and_then(|field| field.to_str().ok()).unwrap_or_default();
        text.get(..AGENT).unwrap_or(text)
    }

    /// Who there is.
    pub(crate) fn people(&self) -> People<'_> {
        People { directory: &self.settings.directory, store: &self.server.store, realm: &self.realm }
    }

    /// The realm's key for one purpose.
    pub(crate) fn key(&self, purpose: &str) -> [u8; 32] {
        opaque::realm_key(&self.server.master, &self.realm, purpose)
    }

    /// What a new token says of when it was made: the earlier of both clocks, so that a client's own library
    /// accepts it (control.md, The clock).
    pub(crate) fn earlier(&self) -> Timestamp {
        self.visit.real.min(self.visit.now)
    }

    /// A new family's name.
    pub(crate) fn family(&self) -> String {
        base64url::encode(self.server.random::<16>())
    }

    /// The name of a new access token of a family.
    pub(crate) fn jti(&self, family: &str) -> String {
        format!("{family}{}", base64url::encode(self.server.random::<8>()))
    }
}
