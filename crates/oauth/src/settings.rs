use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use contract::{Contract, FlowKind, SchemeKind};
use guard::lockout;
use identity::{CLASSES, Directory, PasskeyRules, SessionRules, SourceRules};
use jose::{Algorithm, KeySet};
use model::{Scope, ScopeSet, Secret};

use crate::{accounts::AccountRules, pages::Brand, visit::Visit};

/// What the authorization server runs on; replaced whole when the configuration or a document changes.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The APIs that tokens are for.
    pub apis: Vec<Api>,
    /// Who may ask.
    pub clients: Clients,
    /// Who may sign in.
    pub directory: Arc<Directory>,
    /// Whether the accounts are a mock's personas: then the sign-in page offers them.
    pub personas: bool,
    /// How long things live.
    pub lifetimes: Lifetimes,
    /// What tokens are signed with. Read when keys are made, not on a reload.
    pub algorithm: Algorithm,
    /// Whether a code must be protected.
    pub pkce: Pkce,
    /// What may be asked for at all.
    pub grants: BTreeSet<GrantKind>,
    /// Sender-constrained tokens.
    pub dpop: DpopRules,
    /// How long a sign-in lasts. Read at start.
    pub sessions: SessionRules,
    /// When an account is locked on the sign-in page.
    pub lockout: lockout::Settings,
    /// Whether the lockout holds for the password grant, too (control.md, default 16).
    pub lockout_everywhere: bool,
    /// How many sign-ins may fail from one place.
    pub sources: SourceRules,
    /// What accounts may be and do.
    pub accounts: AccountRules,
    /// What people show beside, or in place of, a password.
    pub factors: FactorRules,
    /// What passwords people make for their programs; `None`: no API takes one.
    pub app_passwords: Option<AppPasswordRules>,
    /// How pages and mails look and speak.
    pub brand: Arc<Brand>,
    /// What Lobby itself may be asked for; `None`: nobody with an account administers or directs it.
    pub own: Option<OwnScopes>,
    /// Who may report keys that were found in public: the keys of each, by its name.
    pub partners: BTreeMap<String, Arc<KeySet>>,
}

/// How passwords for programs are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppPasswordRules {
    /// What they begin with, as API keys do.
    pub prefix: String,
    /// How long each opens; none: until it is removed.
    pub life: Option<Duration>,
}

/// What people show beside, or in place of, a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactorRules {
    /// What is demanded of passkeys.
    pub passkeys: PasskeyRules,
    /// Whether codes of an authenticator app can be set up.
    pub totp: bool,
    /// Whether there are recovery codes.
    pub codes: bool,
    /// Whether a code by mail is a second factor of whoever has nothing stronger.
    pub email_code: bool,
    /// What everybody must show.
    pub required: RequiredFactor,
    /// For how long a browser that was asked to be remembered asks for no second factor.
    pub remember: Duration,
}

/// What everybody must show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RequiredFactor {
    /// A password will do.
    #[default]
    None,
    /// Two factors.
    Any,
    /// A passkey.
    Passkey,
}

impl Default for FactorRules {
    fn default() -> Self {
        Self {
            passkeys: PasskeyRules::default(),
            totp: true,
            codes: true,
            email_code: true,
            required: RequiredFactor::None,
            remember: Duration::from_secs(30 * 86_400),
        }
    }
}

/// The scope of tokens that administer Lobby.
pub const ADMINISTER: &str = "lobby:admin";
/// The scope of tokens that direct mocks.
pub const DIRECT: &str = "lobby:direct";

/// The scopes of Lobby's own API, `<issuer>/_lobby`, with the roles of which somebody must have one to give them.
/// An app must name them among its own, and a token that has one is for nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnScopes(pub BTreeMap<&'static str, BTreeSet<String>>);

impl OwnScopes {
    /// `aud` of their tokens.
    pub fn audience(issuer: &str) -> String {
        format!("{issuer}/_lobby")
    }

    /// Whether it is one of them.
    pub(crate) fn has(&self, scope: &Scope) -> bool {
        self.0.contains_key(scope.as_str())
    }

    /// Whether somebody may give it who has these roles.
    pub(crate) fn may_give(&self, scope: &Scope, roles: &BTreeSet<String>) -> bool {
        self.0.get(scope.as_str()).is_some_and(|needed| !needed.is_disjoint(roles))
    }
}

/// An API, as far as tokens for it are concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Api {
    /// Its name.
    pub name: String,
    /// `aud` of its tokens; none written: `<issuer>/<name>`.
    pub audience: Vec<String>,
    /// The paths that it is served under, without a slash at the end: what its metadata call the resource.
    pub bases: Vec<String>,
    /// Scope → description.
    pub scopes: BTreeMap<String, String>,
    /// Scopes that a client's own token has.
    pub client_scopes: ScopeSet,
    /// Classes of sign-in that its operations demand.
    pub acrs: BTreeSet<String>,
    /// Flows that its document declares.
    pub flows: BTreeSet<GrantKind>,
    /// Whether one of its schemes wants certificates: only then clients are asked for theirs.
    pub certificates: bool,
}

impl Api {
    /// What a contract says of it.
    pub fn of(name: &str, audience: Vec<String>, bases: Vec<String>, contract: &Contract) -> Self {
        let mut client_scopes = ScopeSet::new();
        let mut flows = BTreeSet::new();
        for scheme in contract.schemes() {
            let SchemeKind::OAuth2 { flows: declared } = &scheme.kind else { continue };
            for flow in declared {
                flows.insert(GrantKind::of(flow.kind));
                if flow.kind == FlowKind::ClientCredentials {
                    let scopes = flow.scopes.keys().filter_map(|scope| scope.parse::<Scope>().ok());
                    client_scopes = client_scopes.joined(&scopes.collect());
                }
            }
        }
        let acrs =
            contract.operations().iter().filter_map(|operation| operation.requirement.rules.acr.clone());
        Self {
            name: name.to_owned(),
            audience,
            bases,
            scopes: contract.scopes().clone(),
            client_scopes,
            acrs: acrs.collect(),
            flows,
            certificates: contract
                .schemes()
                .iter()
                .any(|scheme| matches!(scheme.kind, SchemeKind::MutualTls)),
        }
    }

    /// `aud` of its tokens at this issuer (control.md, default 5).
    pub fn audience(&self, issuer: &str) -> Vec<String> {
        if self.audience.is_empty() { vec![format!("{issuer}/{}", self.name)] } else { self.audience.clone() }
    }
}

/// Who may ask for tokens.
#[derive(Debug, Clone)]
pub enum Clients {
    /// A mock without configured clients: any `client_id`, any or no secret (control.md, default 7).
    Everyone,
    /// These alone, by `client_id`.
    Listed(BTreeMap<String, Client>),
}

/// A client.
#[derive(Debug, Clone, Default)]
pub struct Client {
    /// Its `client_id`.
    pub id: String,
    /// Its secret; none for a public one, or one that proves itself by a key.
    pub secret: Option<Secret<String>>,
    /// SHA-256 of its secret, where only that is known: a client of the store.
    pub secret_hash: Option<store::Hash>,
    /// Whether it can keep no secret.
    pub public: bool,
    /// Where answers may go, letter by letter.
    pub redirects: Vec<String>,
    /// What it may ask for; none written: everything that the server does.
    pub grants: BTreeSet<GrantKind>,
    /// Scopes that it may have; `None`: all.
    pub scopes: Option<ScopeSet>,
    /// Whether its codes must be protected; `None`: as the server says.
    pub pkce: Option<Pkce>,
    /// Whether people are asked before it is given anything.
    pub consent: ConsentRule,
    /// What it is called on pages.
    pub name: Option<String>,
    /// Its home page.
    pub home: Option<String>,
    /// Where a browser may be sent after signing out.
    pub logout_redirects: Vec<String>,
    /// Its keys, to prove itself (`private_key_jwt`).
    pub keys: Option<Arc<KeySet>>,
    /// Whether its tokens must be bound to a key.
    pub dpop: bool,
}

impl Client {
    fn of_store(client: &store::Client) -> Self {
        let terms = &client.terms;
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Self {
            id: client.id.clone(),
            secret: None,
            secret_hash: client.secret,
            public: client.secret.is_none(),
            redirects: terms.redirects.clone(),
            grants: terms.grants.iter().filter_map(|grant| GrantKind::parse(grant)).collect(),
            scopes: terms.scopes.clone(),
            pkce: terms.pkce_optional.then_some(Pkce::Optional),
            consent: if terms.skips_consent { ConsentRule::Skip } else { ConsentRule::Ask },
            name: given(&terms.name),
            home: given(&terms.home),
            logout_redirects: terms.logout_redirects.clone(),
            keys: None,
            dpop: terms.dpop,
        }
    }

    /// Whether there is anything that it has to prove itself with.
    pub(crate) fn proves_itself(&self) -> bool {
        self.secret.is_some() || self.secret_hash.is_some() || self.keys.is_some()
    }

    /// Whether this is its secret, in a time that does not tell how much of it is right.
    pub(crate) fn has_secret(&self, sent: &str) -> bool {
        let written = self.secret.as_ref().map(|secret| jose::digest::sha256(secret.expose()));
        let known = written.or(self.secret_hash);
        known.is_some_and(|known| {
            subtle::ConstantTimeEq::ct_eq(&known[..], &jose::digest::sha256(sent)[..]).into()
        })
    }
}

/// Whether people are asked before a client is given anything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ConsentRule {
    /// Once for each new scope.
    #[default]
    Ask,
    /// Never.
    Skip,
}

/// Whether a code must be protected (RFC 7636).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Pkce {
    /// A request without a challenge is refused.
    #[default]
    Required,
    /// A challenge is checked when it was sent.
    Optional,
}

/// What may be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GrantKind {
    /// A code (RFC 6749 4.1).
    AuthorizationCode,
    /// A successor (RFC 6749 6).
    RefreshToken,
    /// A client's own token (RFC 6749 4.4).
    ClientCredentials,
    /// For a device without a browser (RFC 8628).
    DeviceCode,
    /// A token in the redirect (RFC 6749 4.2): only where a document declares it.
    Implicit,
    /// A password handed to the client (RFC 6749 4.3): only where a document declares it.
    Password,
}

impl GrantKind {
    /// Every one.
    pub const ALL: [Self; 6] = [
        Self::AuthorizationCode,
        Self::RefreshToken,
        Self::ClientCredentials,
        Self::DeviceCode,
        Self::Implicit,
        Self::Password,
    ];

    /// As `grant_type` and the metadata have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
            Self::Implicit => "implicit",
            Self::Password => "password",
        }
    }

    /// Reads [`Self::as_str`]; `device_code` alone is read, too.
    pub fn parse(text: &str) -> Option<Self> {
        let short = (text == "device_code").then_some(Self::DeviceCode);
        short.or_else(|| Self::ALL.into_iter().find(|kind| kind.as_str() == text))
    }

    /// What a server does when nothing is written: all but implicit and password, and those as `apis` declare.
    pub fn usual(apis: &[Api]) -> BTreeSet<Self> {
        let declared = apis.iter().flat_map(|api| api.flows.iter().copied());
        let always = [Self::AuthorizationCode, Self::RefreshToken, Self::ClientCredentials, Self::DeviceCode];
        declared.chain(always).collect()
    }

    fn of(flow: FlowKind) -> Self {
        match flow {
            FlowKind::AuthorizationCode => Self::AuthorizationCode,
            FlowKind::ClientCredentials => Self::ClientCredentials,
            FlowKind::DeviceAuthorization => Self::DeviceCode,
            FlowKind::Implicit => Self::Implicit,
            FlowKind::Password => Self::Password,
        }
    }
}

/// How long things live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// Access tokens.
    pub access: Duration,
    /// Refresh tokens, each.
    pub refresh: Duration,
    /// ID tokens.
    pub id: Duration,
    /// Codes.
    pub code: Duration,
    /// Device codes.
    pub device: Duration,
    /// Pushed requests.
    pub par: Duration,
    /// How long a used refresh token still gives the same successor.
    pub reuse_grace: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        let minutes = |count: u64| Duration::from_secs(count * 60);
        Self {
            access: minutes(10),
            refresh: minutes(30 * 24 * 60),
            id: minutes(10),
            code: minutes(1),
            device: minutes(10),
            par: minutes(1),
            reuse_grace: Duration::from_secs(10),
        }
    }
}

/// Sender-constrained tokens (RFC 9449).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DpopRules {
    /// Whether proofs must carry a nonce of ours.
    pub nonce: bool,
    /// Whether every token is bound.
    pub required: bool,
}

impl Settings {
    /// What a document says of a scope, in its words.
    pub(crate) fn scope_text(&self, scope: &str) -> Option<&str> {
        let mut texts = self.apis.iter().filter_map(|api| api.scopes.get(scope));
        texts.find(|text| !text.is_empty()).map(String::as_str)
    }

    /// A mock's: these APIs and people, everybody as client, every default.
    pub fn mock(apis: Vec<Api>, directory: Arc<Directory>) -> Self {
        Self {
            grants: GrantKind::usual(&apis),
            apis,
            clients: Clients::Everyone,
            directory,
            personas: true,
            lifetimes: Lifetimes::default(),
            algorithm: Algorithm::Es256,
            pkce: Pkce::default(),
            dpop: DpopRules::default(),
            sessions: SessionRules::default(),
            lockout: lockout::Settings::default(),
            lockout_everywhere: false,
            sources: SourceRules::default(),
            factors: FactorRules::default(),
            app_passwords: None,
            accounts: AccountRules::default(),
            brand: Brand::shared(),
            own: None,
            partners: BTreeMap::new(),
        }
    }

    /// These, and the clients of the store beside those that are written. Where everyone is a client, so are
    /// they.
    pub(crate) fn with(&self, clients: &store::ClientBook) -> Self {
        let mut settings = self.clone();
        if let Clients::Listed(listed) = &mut settings.clients {
            for client in clients.values().filter(|client| client.disabled_at.is_none()) {
                listed.entry(client.id.clone()).or_insert_with(|| Client::of_store(client));
            }
        }
        settings
    }

    /// The client of an id, as far as it is known: where everyone is a client, one that may do everything.
    pub(crate) fn client(&self, id: &str) -> Option<Client> {
        match &self.clients {
            Clients::Everyone if id.is_empty() => None,
            Clients::Everyone => Some(Client { id: id.to_owned(), ..Client::default() }),
            Clients::Listed(clients) => clients.get(id).cloned(),
        }
    }

    pub(crate) fn allows(&self, client: &Client, kind: GrantKind) -> bool {
        self.grants.contains(&kind) && (client.grants.is_empty() || client.grants.contains(&kind))
    }

    /// Whether a client can show a certificate here, so that tokens are bound to it (RFC 8705 3).
    pub(crate) fn binds_to_certificates(&self, visit: &Visit) -> bool {
        visit.secure && self.apis.iter().any(|api| api.certificates)
    }

    pub(crate) fn acrs(&self) -> BTreeSet<&str> {
        self.apis.iter().flat_map(|api| api.acrs.iter().map(String::as_str)).chain(CLASSES).collect()
    }
}
