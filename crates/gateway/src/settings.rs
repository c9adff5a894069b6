//! What the gateway runs on: replaced whole on a reload, while each request keeps the one it began with.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use contract::Contract;
use guard::{Bounds, Issuers};
use identity::{Account, Directory, SessionRules, SourceRules};
use ipnet::IpNet;
use jose::{
    KeySet,
    jwt::{Audience, Trust},
};
use mock::answer::Answerer;

use crate::Cors;

/// Everything of one generation.
#[derive(Debug)]
pub struct Settings {
    /// Counts reloads, from 1.
    pub generation: u64,
    /// The APIs that are served.
    pub apis: Vec<Arc<Api>>,
    /// User info, guarded as any API.
    pub userinfo: Arc<Api>,
    /// Lobby's own API, whose tokens administer and direct; `None`: nobody with an account does.
    pub own: Option<Arc<Api>>,
    /// Where requests lead, the longest path first.
    pub bases: Vec<Base>,
    /// Paths of the documents' own authorization endpoints → ours.
    pub aliases: HashMap<String, String>,
    /// Who there is.
    pub directory: Arc<Directory>,
    /// Whose credentials stand in which scheme's place: by API, scheme and SHA-256 of the value.
    pub keys: HashMap<(Arc<str>, String, [u8; 32]), Arc<model::Principal>>,
    /// How it stands with each account, by its subject.
    pub standings: HashMap<Arc<str>, Standing>,
    /// Accounts that there were, by their subjects: what was issued to them is over.
    pub gone: HashSet<Arc<str>>,
    /// Whose `Forwarded` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether credentials over plain HTTP from other machines are taken.
    pub insecure: bool,
    /// What of people is taken in Basic.
    pub basic: Basic,
    /// When failures of Basic lock an account; in a mock only where `lockout:` is written.
    pub lockout: Option<guard::lockout::Settings>,
    /// How many sign-ins may fail from one place.
    pub sources: SourceRules,
    /// Calls of one address, with the name that `RateLimit` gives them.
    pub per_address: Option<(Arc<str>, Bounds)>,
    /// Bytes of a request's head.
    pub head_limit: usize,
    /// Bytes of a request's body.
    pub body_limit: usize,
    /// From when a body may come until it has, all of it.
    pub body_patience: Duration,
    /// Who may call the authorization server from a page.
    pub cors: Cors,
    /// How long a sign-in lasts whose cookie opens an API.
    pub sessions: SessionRules,
    /// Whether each decision's steps are printed.
    pub explain: bool,
    /// Where scenarios and sandboxes act.
    pub stage: Stage,
    /// Whether answers over TLS say that nothing else is to be asked of this host (RFC 6797).
    pub strict_transport: bool,
}

/// Where scenarios, sandboxes and the control API act: nothing of a mock may reach what is real.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Everywhere: `lobby mock`.
    Everywhere,
    /// On the APIs, which are mocks, for who may direct them; never on the authorization server, which is real.
    Apis,
    /// Nowhere: there is no mock. What names a sandbox or a scenario is not heard.
    Nowhere,
}

/// What of people is taken in Basic.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Basic {
    /// Generated passwords that can be withdrawn one by one, and never the one that they sign in with.
    #[default]
    AppPasswords,
    /// Those, and the one that they sign in with.
    Passwords,
    /// Nothing.
    Off,
}

impl Settings {
    /// The accounts that are gone once these follow on `before`.
    pub(crate) fn gone_since(&self, before: &Self) -> HashSet<Arc<str>> {
        let known = before.gone.iter().chain(before.standings.keys());
        known.filter(|subject| !self.standings.contains_key(*subject)).cloned().collect()
    }
}

/// A path below which an API is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// Without a slash at the end; empty at the root.
    pub path: String,
    /// Which API, of [`Settings::apis`].
    pub api: usize,
    /// Whether all of its operations are here; else those whose servers in the document have this path.
    pub whole: bool,
}

/// What a decision asks of an account, kept so that asking costs nothing.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Its name: the persona.
    pub name: Arc<str>,
    /// Whether it is suspended.
    pub disabled: bool,
    /// Its plan.
    pub plan: Option<Arc<str>>,
    /// Its roles.
    pub roles: Arc<BTreeSet<String>>,
}

impl Standing {
    /// How it stands with everybody of a directory, by subject.
    pub fn all(directory: &Directory) -> HashMap<Arc<str>, Self> {
        let standing = |account: &Arc<Account>| Self {
            name: account.name.as_str().into(),
            disabled: account.disabled,
            plan: account.plan.as_deref().map(Into::into),
            roles: account.roles.clone(),
        };
        directory.accounts().iter().map(|account| (account.subject().into(), standing(account))).collect()
    }
}

/// One API.
#[derive(Debug)]
pub struct Api {
    /// Its name.
    pub name: Arc<str>,
    /// What it promises.
    pub contract: Arc<Contract>,
    /// What stands in its place.
    pub answerer: Answerer,
    /// How it is guarded.
    pub guarding: guard::Settings,
    /// Whom browsers may call it for.
    pub cors: Cors,
    /// Whether the Basic challenge is written so that browsers open no window.
    pub basic_hidden: bool,
    /// The base path that its metadata names (RFC 9728).
    pub base: String,
    /// Its configured audiences; none: `<issuer>/<name>`.
    pub audiences: Vec<String>,
    /// Whether it is Lobby's own, user info: then any access token of ours is for it.
    pub is_own: bool,
    /// Other issuers, with the keys that could be had.
    pub others: Vec<Trust>,
    /// Other issuers whose keys could not.
    pub unavailable: Vec<String>,
    /// Our own issuers' trusts, made when first asked for.
    pub trusts: Trusts,
}

/// Whose tokens an API believes, by the issuer that a request is served under.
#[derive(Debug, Default)]
pub struct Trusts(RwLock<HashMap<Arc<str>, Believed>>);

/// The keys that we signed with when it was made, and what is believed with them.
type Believed = (Arc<KeySet>, Arc<Issuers>);

/// Sandboxes have issuers of their own: so many are kept.
const MOST_ISSUERS: usize = 4096;

impl Api {
    /// Whose tokens are believed where we are `issuer` and sign with `keys`.
    pub fn issuers(&self, issuer: &Arc<str>, keys: &Arc<KeySet>) -> Arc<Issuers> {
        let known = self.trusts.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((with, issuers)) = known.get(issuer)
            && Arc::ptr_eq(with, keys)
        {
            return issuers.clone();
        }
        drop(known);
        let issuers = Arc::new(self.make_issuers(issuer, keys));
        let mut known = self.trusts.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_ISSUERS {
            known.clear();
        }
        known.insert(issuer.clone(), (keys.clone(), issuers.clone()));
        issuers
    }

    /// What our own tokens for this API are for: the configured audience, else `<issuer>/<name>`.
    pub fn audiences(&self, issuer: &str) -> Vec<String> {
        if self.audiences.is_empty() {
            vec![format!("{issuer}/{}", self.name)]
        } else {
            self.audiences.clone()
        }
    }

    fn make_issuers(&self, issuer: &Arc<str>, keys: &Arc<KeySet>) -> Issuers {
        let mut ours = Trust::access_tokens(issuer, keys.clone(), "");
        ours.audience = if self.is_own {
            Audience::Unchecked
        } else {
            Audience::OneOf(self.audiences(issuer).into_iter().map(Into::into).collect())
        };
        let mut trusts = vec![ours];
        trusts.extend(self.others.iter().cloned());
        Issuers { trusts, ours: 1, unavailable: self.unavailable.clone() }
    }
}
