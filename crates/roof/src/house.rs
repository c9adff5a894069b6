//! The rooms, put together for one run of a command that serves.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use admin::Bell;
use arc_swap::ArcSwap;
use contract::{Requirement, SchemeKind};
use gateway::{ClientTrust, Furnishing, Gateway};
use identity::{Attempts, Passwords};
use mock::{
    journal::{self, Journal, Masking},
    sandbox::{self, Sandboxes},
};
use model::{Clock, Entropy, Event, SandboxName, Secret};
use serde_json::Map;
use store::{AuditEntry, Store};
use watch::Metrics;

use crate::{
    badges::Badges,
    banner::FirstCall,
    bring,
    config::value,
    desk::FrontDesk,
    documents::Documents,
    exit::Failure,
    faults,
    gather::{Footing, Gathering},
    report::Reporter,
    rooms::Rooms,
    state::Kept,
    system::{SystemClock, SystemEntropy},
    wire::{self, Wired, Wiring},
};

/// Everything that runs.
pub(crate) struct House {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) store: Store,
    pub(crate) passwords: Arc<Passwords>,
    oauth: Arc<oauth::Server>,
    sandboxes: Arc<Sandboxes>,
    documents: Arc<Documents>,
    notes: ArcSwap<Vec<String>>,
    bell: Arc<Bell>,
    pub(crate) issuer: Arc<str>,
}

/// What a command decides of the house.
pub(crate) struct Plan {
    /// Where records lie, and with which keys.
    pub(crate) kept: Kept,
    /// What other machines show to direct the mock; it wins over lobby.yaml.
    pub(crate) control_token: Option<String>,
    /// Who counts what happens, where anybody does.
    pub(crate) metrics: Option<Arc<Metrics>>,
}

/// Where the house stands.
pub(crate) struct Address {
    /// Who it is: its issuer.
    pub(crate) issuer: String,
    /// The port that it listens on.
    pub(crate) port: u16,
    /// Who vouches for client certificates.
    pub(crate) client_trust: Option<ClientTrust>,
}

/// How often sandboxes whose time is over are looked for.
const SWEEP: Duration = Duration::from_secs(5);

/// How often keys are looked for that end soon.
const REMIND: Duration = Duration::from_secs(3600);
/// How often what has ended is dropped.
const PURGE: Duration = Duration::from_secs(600);

impl House {
    /// Puts the rooms together. Nothing listens yet.
    pub(crate) fn build(
        plan: Plan,
        gathering: &Gathering,
        wiring: Wiring,
        address: Address,
        reporter: Reporter,
    ) -> Result<Self, Failure> {
        let Address { issuer, port, client_trust } = address;
        let issuer = issuer.as_str();
        let Plan { kept, control_token, metrics } = plan;
        let heard = metrics.is_some()
            || reporter.is_loud()
            || wiring.gateway.explain
            || wiring.gateway.sources.spraying.is_some();
        let entropy = SystemEntropy;
        let Kept { store, signing, master, note } = kept;
        faults::tell(&store, reporter);
        let tell = hearing(metrics, store.clone(), reporter);
        if let Some(note) = note {
            reporter.line(&note);
        }
        let passwords = Arc::new(Passwords::new(wire::password_cost(&gathering.config), &entropy.bytes()));
        let oauth = Arc::new(oauth::Server::new(oauth::Parts {
            settings: wiring.oauth,
            store: store.clone(),
            entropy: Arc::new(SystemEntropy),
            key: signing,
            master,
            passwords: passwords.clone(),
            listener: Some(Box::new(tell.clone())),
        }));
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let config = &gathering.config;
        let sandboxes = Arc::new(Sandboxes::new(sandbox_settings(gathering, wiring.standing), clock.now()));
        let bell = Arc::new(Bell::default());
        let journal_bounds = journal::Settings::new(
            // Where nothing is a mock, nothing that passes by is anybody's to read.
            match wiring.gateway.stage {
                gateway::Stage::Nowhere => 0,
                gateway::Stage::Apis | gateway::Stage::Everywhere => {
                    config.journal.entries.unwrap_or(journal::Settings::default().entries)
                }
            },
            config.journal.bytes.map_or(journal::Settings::default().bytes, |size| size.0),
        );
        let journal = Arc::new(Journal::new(journal_bounds, masking(&wiring.apis), bell.clone()));
        let documents = Arc::new(Documents::new(wiring.apis));
        let settings = Arc::new(wiring.gateway);
        let control_settings = control_settings(control_token, gathering, issuer)?;
        let (shared, hashing) = (store.clone(), passwords.clone());
        let gateway = Arc::new_cyclic(|gateway: &Weak<Gateway>| {
            let desk = FrontDesk {
                badges: Badges {
                    gateway: gateway.clone(),
                    sandboxes: sandboxes.clone(),
                    store: store.clone(),
                    issuer: issuer.into(),
                },
                gateway: gateway.clone(),
                oauth: oauth.clone(),
                documents: documents.clone(),
                issuer: issuer.into(),
                port,
            };
            let rooms = admin::Rooms {
                sandboxes: sandboxes.clone(),
                journal: journal.clone(),
                bell: bell.clone(),
                desk: Arc::new(desk),
            };
            let control = admin::Control::new(control_settings, rooms);
            Gateway::new(
                Furnishing {
                    sandboxes: sandboxes.clone(),
                    journal,
                    store,
                    passwords,
                    attempts: oauth.attempts(),
                    neighbours: Box::new(Rooms {
                        oauth: oauth.clone(),
                        control: Arc::new(control),
                        documents: documents.clone(),
                        sandboxes: sandboxes.clone(),
                        port,
                        is_main_real: gathering.footing == Footing::Production,
                        no_keys: Arc::default(),
                    }),
                    clock,
                    issuer: issuer.into(),
                    listener: heard.then(|| -> gateway::Listener { Box::new(tell) }),
                    client_trust,
                    seed: entropy.bytes(),
                },
                settings,
            )
        });
        Ok(Self {
            gateway,
            store: shared,
            passwords: hashing,
            oauth,
            sandboxes,
            documents,
            notes: ArcSwap::from_pointee(wiring.notes),
            bell,
            issuer: issuer.into(),
        })
    }

    /// Says whose access token one is.
    pub(crate) fn badges(&self) -> Badges {
        Badges {
            gateway: Arc::downgrade(&self.gateway),
            sandboxes: self.sandboxes.clone(),
            store: self.store.clone(),
            issuer: self.issuer.clone(),
        }
    }

    /// Failed passwords, and from where they came.
    pub(crate) fn attempts(&self) -> Arc<Attempts> {
        self.oauth.attempts()
    }

    /// Makes the signing key where nobody waits for it: cryptography takes a moment to begin.
    pub(crate) fn warm(&self) {
        let (oauth, now) = (self.oauth.clone(), SystemClock.now());
        drop(tokio::task::spawn_blocking(move || oauth.key_set(&SandboxName::main().realm(), now)));
    }

    /// Serves another generation from the next request on.
    pub(crate) fn replace(&self, wiring: Wiring) {
        self.oauth.replace(wiring.oauth);
        self.documents.replace(wiring.apis);
        self.notes.store(Arc::new(wiring.notes));
        self.gateway.replace(wiring.gateway);
    }

    /// Ends sandboxes whose time is over, from time to time.
    pub(crate) async fn sweep(self: Arc<Self>) {
        let mut tick = tokio::time::interval(SWEEP);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            let ended = self.sandboxes.sweep(SystemClock.now());
            if !ended.is_empty() {
                self.gateway.forget(&ended).await;
            }
        }
    }

    /// Drops what has ended where people have accounts, from time to time.
    pub(crate) async fn purge(self: Arc<Self>) {
        let mut tick = tokio::time::interval(PURGE);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            // What cannot be dropped now is dropped the next time.
            let _ = self.store.purge(&SandboxName::main().realm(), SystemClock.now()).await;
        }
    }

    /// Tells users of keys that end soon, from time to time.
    pub(crate) async fn remind(self: Arc<Self>) {
        let mut tick = tokio::time::interval(REMIND);
        loop {
            tick.tick().await;
            let settings = self.oauth.settings();
            let postbox = oauth::Postbox {
                store: self.store.clone(),
                realm: SandboxName::main().realm(),
                rules: settings.accounts.clone(),
                brand: settings.brand.clone(),
                issuer: self.issuer.to_string(),
            };
            // A store that is away is asked again with the next tick.
            let _ = postbox.remind_of_keys(SystemClock.now(), &SystemEntropy).await;
        }
    }

    /// Lets those go who wait for the journal.
    pub(crate) fn close(&self) {
        self.bell.close();
    }

    /// Whether a handshake should ask for a certificate: a scheme wants one, or a client's tokens are bound.
    pub(crate) fn wants_certificates(&self) -> bool {
        let apis = self.documents.apis();
        let mut schemes = apis.iter().flat_map(|api| api.contract.schemes());
        schemes.any(|scheme| matches!(scheme.kind, SchemeKind::MutualTls))
    }

    /// Whether tokens of other issuers or reports of partners are believed, whose keys may change.
    pub(crate) fn believes_others(&self) -> bool {
        let settings = self.gateway.settings();
        !self.oauth.settings().partners.is_empty()
            || settings.apis.iter().any(|api| !api.others.is_empty() || !api.unavailable.is_empty())
    }

    /// What the authorization server runs on now.
    pub(crate) fn settings(&self) -> Arc<oauth::Settings> {
        self.oauth.settings()
    }

    /// The clients that are registered; none: everyone is a client.
    pub(crate) fn clients(&self) -> Vec<String> {
        match &self.oauth.settings().clients {
            oauth::Clients::Everyone => Vec::new(),
            oauth::Clients::Listed(clients) => clients.keys().cloned().collect(),
        }
    }

    /// Things to know at the start.
    pub(crate) fn notes(&self) -> Vec<String> {
        self.notes.load().to_vec()
    }

    /// Each API: name, title, bases, number of operations.
    pub(crate) fn apis(&self) -> Vec<(String, String, Vec<String>, usize)> {
        let apis = self.documents.apis();
        let row = |api: &Wired| {
            let contract = &api.contract;
            (api.name.to_string(), contract.title().to_owned(), api.paths(), contract.operations().len())
        };
        apis.iter().map(row).collect()
    }

    /// Each persona, and what it may do in a few words.
    pub(crate) fn personas(&self) -> Vec<(String, String)> {
        let settings = self.gateway.settings();
        let row = |account: &Arc<identity::Account>| {
            let scopes = account.scopes.to_string();
            let may = match (account.disabled, scopes.is_empty(), scopes.len() > 70) {
                (true, ..) => "disabled".to_owned(),
                (false, true, _) => "no scopes".to_owned(),
                (false, false, true) => format!("{} scopes", account.scopes.len()),
                (false, false, false) => scopes,
            };
            (account.name.clone(), may)
        };
        settings.directory.accounts().iter().map(row).collect()
    }

    /// How each API judges credentials.
    pub(crate) fn modes(&self) -> Vec<(String, guard::Auth)> {
        let settings = self.gateway.settings();
        settings.apis.iter().map(|api| (api.name.to_string(), api.guarding.auth)).collect()
    }

    /// An operation that a token opens, and whose.
    pub(crate) fn first_call(&self) -> Option<FirstCall> {
        let settings = self.gateway.settings();
        let persona = settings.directory.accounts().iter().find(|account| !account.disabled)?;
        let apis = self.documents.apis();
        let api = apis.first()?;
        let operation = api.contract.operations().iter().find(|operation| {
            let simple = operation.method == http::Method::GET && !operation.template.text.contains('{');
            simple && takes_token(&operation.requirement, &api.contract)
        })?;
        let base = api.places(operation).min_by_key(|base| base.len())?;
        Some(FirstCall {
            path: format!("{base}{}", operation.template.text),
            persona: persona.name.clone(),
            auth: settings.apis.first()?.guarding.auth,
        })
    }
}

/// Counts what happened, and says it. Where it is counted, what is out of the ordinary stands in the audit trail,
/// too.
fn hearing(
    metrics: Option<Arc<Metrics>>,
    store: Store,
    reporter: Reporter,
) -> impl Fn(Event) + Clone + Send + Sync {
    move |event| {
        if let Some(metrics) = &metrics {
            metrics.observe(&event);
            if let Event::Spraying { at, sandbox, peer, accounts } = &event {
                let entry = AuditEntry {
                    at: *at,
                    actor: "lobby".to_owned(),
                    address: peer.to_string(),
                    action: "sign_in.spraying".to_owned(),
                    target: String::new(),
                    detail: Map::from_iter([("accounts".to_owned(), (*accounts).into())]),
                };
                let (store, realm) = (store.clone(), sandbox.realm());
                // Whoever signs in does not wait for it.
                tokio::spawn(async move { store.record_audit(&realm, entry).await });
            }
        }
        reporter.event(&event);
    }
}

fn takes_token(requirement: &Requirement, contract: &contract::Contract) -> bool {
    let rules = &requirement.rules;
    let plain = rules.max_age.is_none() && rules.acr.is_none() && rules.policy.is_none();
    plain
        && requirement.alternatives.iter().any(|alternative| {
            alternative.demands.len() == 1
                && alternative.demands.iter().filter_map(|demand| contract.scheme(demand.scheme)).any(
                    |scheme| {
                        matches!(
                            scheme.kind,
                            SchemeKind::Bearer | SchemeKind::OAuth2 { .. } | SchemeKind::OpenIdConnect { .. }
                        )
                    },
                )
        })
}

fn sandbox_settings(gathering: &Gathering, standing: Vec<mock::scenario::Play>) -> sandbox::Settings {
    let usual = sandbox::Settings::default();
    let written = &gathering.config.sandboxes;
    sandbox::Settings {
        idle: written.idle.map_or(usual.idle, |span| span.0),
        max: written.max.unwrap_or(usual.max),
        standing,
    }
}

fn masking(apis: &[Wired]) -> Masking {
    let (mut headers, mut parameters) = (Vec::new(), Vec::new());
    for scheme in apis.iter().flat_map(|api| api.contract.schemes()) {
        if let SchemeKind::ApiKey { place, name } = &scheme.kind {
            match place {
                contract::KeyPlace::Header => headers.push(name.clone()),
                contract::KeyPlace::Query => parameters.push(name.clone()),
                contract::KeyPlace::Cookie => {}
            }
        }
    }
    Masking::new(headers, parameters)
}

fn control_settings(
    given: Option<String>,
    gathering: &Gathering,
    issuer: &str,
) -> Result<admin::Settings, Failure> {
    let written = &gathering.config.control;
    let folder = gathering
        .written
        .as_ref()
        .and_then(|written| written.file.parent())
        .unwrap_or(std::path::Path::new(""));
    let configured = written.token.as_ref().map(|reference| bring::secret(reference, folder)).transpose();
    let configured = configured.and_then(|token| token.map(|token| value::bearer(&token)).transpose());
    let configured = configured.map_err(|why| {
        let help = Some("set it, or leave the key out".to_owned());
        Failure::Problems(vec![gathering.wrong(&["control", "token"], why, help)])
    })?;
    let issuer_host = url::Url::parse(issuer).ok().and_then(|url| url.host_str().map(str::to_owned));
    Ok(admin::Settings {
        token: given.or(configured).map(Secret::new),
        trusts_loopback: gathering.footing == Footing::Mock,
        hosts: written.hosts.iter().cloned().chain(issuer_host).collect(),
        origins: vec![issuer.to_owned()],
        version: env!("CARGO_PKG_VERSION").to_owned(),
        docs: gateway::DOCS.to_owned(),
    })
}
