//! Answering what a decision asks: keys, passwords, revocations, counters. The only awaiting of a decision is
//! here.

use std::{sync::Arc, time::Duration};

use contract::{KeyPlace, Scheme, SchemeKind};
use guard::{
    Asked, AskedProof, Fact, Facts, Hash, Held, Lookup, Lookups, Password, ProofState, Standing, State,
};
use identity::{Attempts, Found, Keyring, Passwords, People, Try, note_session_use};
use jose::KeySet;
use model::{Event, Kind, RealmId, Timestamp};
use store::Store;

use crate::{
    gateway::Listener,
    ledger::Ledger,
    neighbours::{Neighbours, Visit},
    settings::{Api, Basic, Settings},
    signatures::Signatures,
};

/// For how long uses of keys are counted before they are written.
const USES_WAIT: Duration = Duration::from_secs(5);

/// What look-ups are answered from, for one request.
pub(crate) struct Desk<'a> {
    pub(crate) api: &'a Api,
    /// The operation that is asked for, as keys' uses are counted.
    pub(crate) operation: &'a str,
    pub(crate) settings: &'a Settings,
    pub(crate) visit: &'a Visit,
    pub(crate) realm: &'a RealmId,
    pub(crate) ledger: &'a Ledger,
    pub(crate) memory: &'a store::Memory,
    pub(crate) store: &'a Store,
    pub(crate) passwords: &'a Passwords,
    pub(crate) attempts: &'a Attempts,
    pub(crate) signatures: &'a Signatures,
    /// What tokens are verified with; `None` where none can have come.
    pub(crate) keys: Option<&'a Arc<KeySet>>,
    pub(crate) neighbours: &'a dyn Neighbours,
    /// Hears of what is wrong.
    pub(crate) listener: Option<&'a Listener>,
}

impl Desk<'_> {
    /// One fact for each look-up, in their order.
    pub(crate) async fn answer(&self, lookups: &Lookups<'_>) -> Facts {
        let mut facts = Facts::new();
        for lookup in lookups {
            facts.push(match lookup {
                Lookup::Token { hash } => {
                    Fact::Token(self.keys.and_then(|keys| self.signatures.find(keys, *hash)))
                }
                // A mock's own access tokens are JWTs: nobody holds an opaque one.
                Lookup::Opaque { .. } => Fact::Held(None),
                Lookup::Key { scheme, hash, value } => match self.key(scheme, *hash, value.0).await {
                    Ok(held) => Fact::Held(held),
                    Err(fault) => unknown(&fault),
                },
                Lookup::Certificate(certificate) => Fact::Held(self.certificate(&certificate.subject)),
                Lookup::Password { user, password } => self.password(user, password.expose()).await,
                Lookup::State(asked) => match self.state(asked).await {
                    Ok(state) => Fact::State(state),
                    Err(fault) => unknown(&fault),
                },
                Lookup::Charge { principal, counters } => {
                    let address = self.visit.peer.counted();
                    Fact::Charged(self.ledger.charge(*principal, address, counters, self.visit.now))
                }
            });
        }
        facts
    }

    /// A persona's key; one of the store's; or, where the scheme is a cookie, the session of the sign-in page.
    async fn key(&self, scheme: &Scheme, hash: Hash, value: &[u8]) -> Result<Option<Held>, store::Fault> {
        let place = (self.api.name.clone(), scheme.name.clone(), hash);
        if let Some(principal) = self.settings.keys.get(&place) {
            let principal = principal.clone();
            return Ok(Some(Held { principal, standing: Standing::Good, bound: None }));
        }
        let standing = match self.keyring().api_key(value, hash).await? {
            Found::Good(key, principal) => {
                self.note_use(&key);
                return Ok(Some(Held { principal, standing: Standing::Good, bound: None }));
            }
            Found::Expired(since) => Standing::Expired { since },
            Found::Revoked => Standing::Revoked,
            Found::Elsewhere => Standing::Elsewhere,
            Found::Nobodys => {
                let is_cookie = matches!(scheme.kind, SchemeKind::ApiKey { place: KeyPlace::Cookie, .. });
                return if is_cookie { self.session(hash).await } else { Ok(None) };
            }
        };
        Ok(Some(Held { principal: Arc::new(crate::principal::nobody()), standing, bound: None }))
    }

    /// Counts the use of a key, and sees to it that counts are written: one transaction for all that come
    /// within a while.
    fn note_use(&self, key: &store::Key) {
        let operation = format!("{}/{}", self.api.name, self.operation);
        if self.memory.note_key_use(&key.id, &operation, self.visit.peer.address, self.visit.now) {
            let (store, realm) = (self.store.clone(), self.realm.clone());
            tokio::spawn(async move {
                tokio::time::sleep(USES_WAIT).await;
                // Those that could not be written wait for the next use.
                let _ = store.write_key_uses(&realm).await;
            });
        }
    }

    /// The session of the sign-in page.
    async fn session(&self, hash: Hash) -> Result<Option<Held>, store::Fault> {
        let Some(session) = self.store.session(self.realm, hash).await? else {
            let principal = Arc::new(crate::principal::nobody());
            let ended = Held { principal, standing: Standing::Revoked, bound: None };
            return Ok(self.memory.is_ended(&hash).then_some(ended));
        };
        // In one of no class somebody sets up what is demanded of everybody: it opens nothing yet.
        let Some(acr) = session.acr.as_deref() else { return Ok(None) };
        let Some(account) = self.people().of_id(&session.subject).await? else { return Ok(None) };
        let mut principal = crate::principal::of_account(&account, Kind::User);
        principal.acr = Some(acr.into());
        principal.signed_in_at = Some(session.signed_in_at);
        let (now, end) = (self.visit.now, self.settings.sessions.end(&session));
        let standing = if now >= end || account.password_version != session.password_version {
            Standing::Expired { since: end }
        } else {
            note_session_use(self.store, self.realm, hash, &session, &self.settings.sessions, now).await;
            Standing::Good
        };
        Ok(Some(Held { principal: Arc::new(principal), standing, bound: None }))
    }

    fn certificate(&self, subject: &str) -> Option<Held> {
        let account = self.settings.directory.account(subject)?;
        let principal = Arc::new(crate::principal::of_account(account, Kind::User));
        Some(Held { principal, standing: Standing::Good, bound: None })
    }

    async fn password(&self, user: &str, password: &str) -> Fact {
        let Visit { now, .. } = self.visit;
        // Nobody guesses one of these: whoever has it is not kept out by those who guess (attacks.md, G04).
        if self.settings.basic != Basic::Off {
            match self.keyring().app_password(user, password).await {
                Ok(Found::Good(key, principal)) => {
                    self.note_use(&key);
                    return Fact::Password(Password::Right(principal));
                }
                Ok(Found::Nobodys | Found::Expired(_) | Found::Revoked | Found::Elsewhere) => {}
                Err(fault) => return unknown(&fault),
            }
        }
        let locks = self.settings.lockout.as_ref();
        if self.settings.basic != Basic::Passwords {
            return self.no_password(user, locks);
        }
        let account = match self.people().named(user).await {
            Ok(account) => account,
            Err(fault) => return unknown(&fault),
        };
        // Counted with those of the sign-in page, by whichever of its names.
        let whose = People::counted(account.as_deref(), user);
        let (attempts, rules) = (self.attempts, &self.settings.sources);
        let attempt = Try { realm: self.realm, from: self.visit.peer.address, account: &whose, now: *now };
        let locked = || {
            let left = locks.and_then(|_| attempts.locked_for(self.realm, &whose, *now));
            left.map(|retry_after| Fact::Password(Password::Locked { retry_after }))
        };
        let limited = |retry_after| Fact::Password(Password::Limited { retry_after });
        if let Some(fact) = attempts.sources().admit(&attempt, rules).err().map(limited).or_else(locked) {
            return fact;
        }
        let Ok(checked) = self.passwords.check(account.as_deref(), password).await else {
            return Fact::Busy;
        };
        // Of many at once no more are answered than of as many one after the other.
        if let Some(fact) = attempts.sources().wait(&attempt, rules).map(limited).or_else(locked) {
            return fact;
        }
        match account {
            Some(account) if checked.is_right() => {
                if locks.is_some() {
                    attempts.succeed(self.realm, &whose);
                }
                attempts.sources().succeed(&attempt, rules);
                let principal = crate::principal::of_account(&account, Kind::User);
                Fact::Password(Password::Right(Arc::new(principal)))
            }
            Some(_) | None => {
                self.failed(&attempt);
                if let Some(settings) = locks {
                    attempts.fail(self.realm, &whose, settings, *now);
                }
                Fact::Password(Password::Wrong)
            }
        }
    }

    /// What was shown is no app password, and nothing else is taken here: nobody guesses one, but who tries is
    /// counted.
    fn no_password(&self, user: &str, locks: Option<&guard::lockout::Settings>) -> Fact {
        let Visit { now, .. } = self.visit;
        let user = &*People::counted(None, user);
        let attempt = Try { realm: self.realm, from: self.visit.peer.address, account: user, now: *now };
        if let Some(retry_after) = self.attempts.sources().wait(&attempt, &self.settings.sources) {
            return Fact::Password(Password::Limited { retry_after });
        }
        if locks.is_some()
            && let Some(retry_after) = self.attempts.locked_for(self.realm, user, *now)
        {
            return Fact::Password(Password::Locked { retry_after });
        }
        self.failed(&attempt);
        if let Some(settings) = locks {
            self.attempts.fail(self.realm, user, settings, *now);
        }
        Fact::Password(Password::Wrong)
    }

    /// Counts a try that failed, and tells where many accounts are being tried.
    fn failed(&self, attempt: &Try<'_>) {
        let begun = self.attempts.sources().fail(attempt, &self.settings.sources);
        if let (Some(accounts), Some(listener)) = (begun, self.listener) {
            listener(Event::Spraying {
                at: attempt.now,
                sandbox: self.visit.sandbox.name().clone(),
                peer: attempt.from,
                accounts,
            });
        }
    }

    fn keyring(&self) -> Keyring<'_> {
        Keyring { people: self.people(), address: self.visit.peer.address, now: self.visit.now }
    }

    fn people(&self) -> People<'_> {
        People { directory: &self.settings.directory, store: self.store, realm: self.realm }
    }

    async fn state(&self, asked: &Asked<'_>) -> Result<State, store::Fault> {
        // Another issuer's subject is another person, whatever the name (attacks.md, T18).
        let is_ours = asked.token.is_none_or(guard::Token::is_ours);
        let account = self.settings.standings.get(&asked.principal.subject).filter(|_| is_ours);
        let mut state = State {
            // A key's or a client's principal is nobody who could be suspended, unless a persona has its name.
            disabled: account.is_some_and(|account| account.disabled),
            ..State::default()
        };
        if let Some(token) = asked.token.filter(|_| is_ours) {
            let claims = token.claims();
            let gone = self.settings.gone.contains(&asked.principal.subject);
            state.revoked = gone
                || self.memory.is_revoked(claims.jti.as_deref(), claims.sid.as_deref())
                || self.memory.is_revoked(None, Some(&asked.principal.subject));
        }
        if let Some(proof) = &asked.proof {
            state.proof = self.proof(proof);
        }
        if let Some(account) = account {
            state.plan.clone_from(&account.plan);
            state.roles = Some(account.roles.clone());
        } else if is_ours
            && asked.principal.kind != Kind::Client
            && let Some(user) = self.store.user(self.realm, &asked.principal.subject).await?
        {
            state.disabled = user.disabled_at.is_some();
            state.revoked |= is_older(asked.token, user.created_at);
            state.plan.clone_from(&user.plan);
            state.roles = Some(user.roles.clone());
        }
        // A mock's personas speak through clients that nobody registered, and go on while the store is away.
        if is_ours
            && account.is_none()
            && let Some(client) = &asked.principal.client
        {
            let clients = self.store.clients(self.realm).await?;
            if let Some(client) = clients.get(&**client) {
                state.disabled |= client.disabled_at.is_some();
                state.revoked |= is_older(asked.token, client.created_at);
            }
        }
        Ok(state)
    }

    fn proof(&self, proof: &AskedProof<'_>) -> ProofState {
        let is_fresh = |nonce| self.neighbours.is_fresh_nonce(self.realm, nonce, self.visit.now);
        if !proof.nonce.is_none_or(is_fresh) {
            return ProofState::StaleNonce;
        }
        let name = [proof.jkt.as_bytes(), b".", proof.jti.as_bytes()].concat();
        if self.memory.is_first(jose::digest::sha256(&name), proof.keep_until, self.visit.real) {
            ProofState::Good
        } else {
            ProofState::Replayed
        }
    }
}

/// Whether a token is older than whom it names: then it named another, who was removed.
fn is_older(token: Option<&guard::Token>, created_at: Timestamp) -> bool {
    let issued = token.and_then(|token| token.claims().iat);
    issued.is_some_and(|issued| issued.as_seconds() < created_at.as_seconds())
}

/// Nobody passes on what could not be looked up; whether to come again says the fault.
fn unknown(fault: &store::Fault) -> Fact {
    if fault.is_passing() { Fact::Busy } else { Fact::Failed }
}
