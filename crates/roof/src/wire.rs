//! From what may be written to what the rooms run on: one pure function that returns every problem.

mod accounts;
mod bases;
mod issuers;
mod oauth;
mod operations;
mod ours;
mod pages;
mod partners;
mod passwords;
mod people;
mod scopes;
mod values;

pub(crate) use self::{
    bases::{Base, Wired},
    oauth::wanted,
    passwords::password_cost,
};

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use ::oauth::{AccountRules, pages::Brand};
use contract::SchemeKind;
use gateway::Cors;
use guard::{Bounds, Dpop, limit};
use identity::Directory;
use mock::{
    answer::{self, Answerer},
    scenario::Play,
};
use model::{Problem, Severity};

use crate::{
    cli,
    config::{
        Config,
        apis::{Auth, BasicChallenge, Validate, Values},
        oauth::Switch,
    },
    gather::{Footing, Gathered, Gathering},
};

/// What the command line says of every API; it wins over lobby.yaml.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Overrides {
    pub(crate) auth: Option<Auth>,
    pub(crate) validate: Option<Validate>,
    pub(crate) values: Option<Values>,
    pub(crate) dynamic: bool,
    pub(crate) seed: Option<u64>,
    pub(crate) no_cors: bool,
    pub(crate) insecure: bool,
    pub(crate) explain: bool,
}

impl From<&cli::Mock> for Overrides {
    fn from(mock: &cli::Mock) -> Self {
        Self {
            auth: mock.auth,
            validate: mock.validate,
            values: mock.values,
            dynamic: mock.dynamic,
            seed: mock.seed,
            no_cors: mock.no_cors,
            insecure: mock.insecure,
            explain: mock.explain,
        }
    }
}

/// What the rooms run on, of one generation.
pub(crate) struct Wiring {
    pub(crate) gateway: gateway::Settings,
    pub(crate) oauth: ::oauth::Settings,
    pub(crate) apis: Vec<Wired>,
    pub(crate) standing: Vec<Play>,
    pub(crate) notes: Vec<String>,
    /// What is served nevertheless.
    pub(crate) warnings: Vec<Problem>,
}

/// What only the edge can bring: secrets, and other issuers' keys, by the index of API and issuer.
#[derive(Default)]
pub(crate) struct Brought {
    pub(crate) secrets: BTreeMap<String, Result<String, String>>,
    pub(crate) key_sets: BTreeMap<String, Result<String, String>>,
}

/// Of a head by default. The parser's buffer is as large, but may be overrun by what one read brings.
pub(crate) const HEAD: usize = 64 << 10;
const BODY: usize = 10 << 20;
const BODY_PATIENCE: Duration = Duration::from_secs(30);

/// Wires one generation, or says everything that is in the way.
pub(crate) fn wire(
    gathering: &Gathering,
    overrides: Overrides,
    brought: &Brought,
    generation: u64,
) -> Result<Wiring, Vec<Problem>> {
    let mut problems = Vec::new();
    let config = &gathering.config;
    values::check(gathering, &mut problems);
    operations::check(gathering, &mut problems);
    scopes::check(gathering, &mut problems);
    // Personas live in mocks alone: no key of theirs opens what is real.
    let (accounts, standing) = match gathering.footing {
        Footing::Mock => {
            (people::accounts(gathering, &mut problems), people::standing(gathering, &mut problems))
        }
        Footing::Production => (Vec::new(), Vec::new()),
    };
    let directory = Arc::new(Directory::new(accounts));
    let (bases, wired) = bases::of(gathering, &mut problems);
    let aliases = aliases(&gathering.apis);
    let mut apis = Vec::new();
    for (gathered, wired) in gathering.apis.iter().zip(&wired) {
        apis.push(Arc::new(api(gathered, wired, gathering, overrides, brought, &mut problems)));
    }
    let mut oauth = oauth::settings(gathering, &wired, directory.clone(), brought, &mut problems);
    let per_address = per_address(gathering).map(|rate| {
        let bounds = Bounds { rate: Some(rate), quota: None };
        ("address".into(), bounds)
    });
    let production = gathering.footing == Footing::Production;
    let notes = notes(gathering, &oauth);
    let passwords = passwords::policy(gathering, &mut problems);
    let cors = if overrides.no_cors { Cors::Off } else { Cors::Everyone };
    let userinfo = ours::user_info(config, cors.clone(), &mut problems);
    let own = production.then(|| ours::own(config, &mut problems)).flatten();
    let Some(userinfo) =
        userinfo.filter(|_| !problems.iter().any(|problem| problem.severity == Severity::Error))
    else {
        return Err(problems);
    };
    let Some(passwords) = passwords else { return Err(problems) };
    oauth.accounts = accounts::rules(config, gathering.footing, Arc::new(passwords));
    let keys = people::keys(&directory, &wired);
    let basic = people::basic(gathering);
    let gateway = gateway::Settings {
        generation,
        apis,
        userinfo: Arc::new(userinfo),
        own: own.map(Arc::new),
        bases,
        aliases,
        standings: gateway::Standing::all(&directory),
        directory,
        gone: HashSet::new(),
        keys,
        trusted_proxies: config.trusted_proxies.clone(),
        insecure: overrides.insecure,
        basic,
        lockout: (config.lockout.is_some() || (production && basic == gateway::Basic::Passwords))
            .then_some(oauth.lockout),
        sources: oauth.sources,
        per_address,
        head_limit: config.limits.head.map_or(HEAD, |size| size.0),
        body_limit: config.limits.body.map_or(BODY, |size| size.0),
        body_patience: config.limits.body_timeout.map_or(BODY_PATIENCE, |span| span.0),
        cors,
        sessions: oauth.sessions,
        explain: overrides.explain,
        stage: match gathering.footing {
            Footing::Mock => gateway::Stage::Everywhere,
            Footing::Production if gathering.has_mocks() => gateway::Stage::Apis,
            Footing::Production => gateway::Stage::Nowhere,
        },
        strict_transport: production,
    };
    Ok(Wiring { gateway, oauth, apis: wired, standing, notes, warnings: problems })
}

/// What a store is administered by that no server runs on: the rules of accounts, and how mails look; or
/// everything that is in the way.
pub(crate) fn administered(gathering: &Gathering) -> Result<(AccountRules, Arc<Brand>), Vec<Problem>> {
    let mut problems = gathering.problems.clone();
    values::check(gathering, &mut problems);
    let brand = pages::brand(gathering, &mut problems);
    let passwords = passwords::policy(gathering, &mut problems);
    let is_sound = !problems.iter().any(|problem| problem.severity == Severity::Error);
    match passwords.filter(|_| is_sound) {
        Some(passwords) => {
            Ok((accounts::rules(&gathering.config, gathering.footing, Arc::new(passwords)), brand))
        }
        None => Err(problems),
    }
}

/// Requests of one address; `serve` is not open to floods when nobody says so.
fn per_address(gathering: &Gathering) -> Option<limit::Rate> {
    let usual = match gathering.footing {
        Footing::Mock => None,
        Footing::Production => "600/min".parse().ok(),
    };
    gathering.config.limits.per_address.map(|rate| rate.0).or(usual)
}

fn api(
    gathered: &Gathered,
    wired: &Wired,
    gathering: &Gathering,
    overrides: Overrides,
    brought: &Brought,
    problems: &mut Vec<Problem>,
) -> gateway::Api {
    let written = gathered.written.as_ref();
    let auth = overrides.auth.or(written.map(|api| api.auth)).unwrap_or_default();
    let validate = overrides.validate.or(written.map(|api| api.validate)).unwrap_or_default();
    let values = overrides.values.or(written.map(|api| api.values)).unwrap_or_default();
    let answering = answer::Settings {
        values: match values {
            Values::Realistic => answer::Values::Realistic,
            Values::Plain => answer::Values::Plain,
        },
        dynamic: overrides.dynamic || written.is_some_and(|api| api.dynamic),
        validate: match validate {
            Validate::Off => answer::Validate::Off,
            Validate::Warn => answer::Validate::Warn,
            Validate::Strict => answer::Validate::Strict,
        },
        seed: overrides.seed.or(written.map(|api| api.seed)).unwrap_or(0),
    };
    let cors = match written.and_then(|api| api.cors.as_ref()) {
        _ if overrides.no_cors => Cors::Off,
        Some(cors) => Cors::Origins { origins: cors.origins.clone(), credentials: cors.credentials },
        None => Cors::Everyone,
    };
    let (others, unavailable) = issuers::others(gathered, gathering, brought, problems);
    gateway::Api {
        name: wired.name.clone(),
        contract: gathered.contract.clone(),
        answerer: Answerer::new(gathered.contract.clone(), answering),
        guarding: guarding(gathered, &gathering.config, auth),
        cors,
        basic_hidden: written.is_some_and(|api| api.challenge.basic == BasicChallenge::Hidden),
        base: wired.paths().into_iter().find(|base| !base.is_empty()).unwrap_or_default(),
        audiences: written.map(|api| api.audience.0.clone()).unwrap_or_default(),
        others,
        unavailable,
        is_own: false,
        trusts: gateway::Trusts::default(),
    }
}

fn dpop(config: &Config) -> Dpop {
    Dpop {
        nonce: config.oauth.dpop.nonce == Switch::On,
        required: config.oauth.dpop.required,
        ..Dpop::default()
    }
}

fn guarding(gathered: &Gathered, config: &Config, auth: Auth) -> guard::Settings {
    let plans = config.plans.iter().map(|(name, plan)| {
        let bounds = Bounds { rate: plan.limits.map(|rate| rate.0), quota: plan.quota.map(|quota| quota.0) };
        let scopes = (!plan.scopes.0.is_empty())
            .then(|| crate::config::apis::scopes(&plan.scopes).unwrap_or_default());
        (name.as_str().into(), guard::Plan { bounds, scopes })
    });
    let operations = gathered.written.iter().flat_map(|api| &api.operations).filter_map(|(name, rules)| {
        let rate = rules.value.limits?.0;
        let operation = gathered.contract.find(name)?;
        Some((operation.id, (name.as_str().into(), Bounds { rate: Some(rate), quota: None })))
    });
    guard::Settings {
        auth: match auth {
            Auth::Verify => guard::Auth::Verify,
            Auth::Presence => guard::Auth::Presence,
            Auth::Off => guard::Auth::Off,
        },
        plans: plans.collect(),
        operations: operations.collect(),
        dpop: dpop(config),
    }
}

/// What was probably meant, or what there is to choose from.
fn near<'a>(written: &str, known: impl Iterator<Item = &'a str>, none: &str) -> String {
    let known: Vec<&str> = known.collect();
    match (model::nearest(written, known.iter().copied()), known.as_slice()) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, []) => none.to_owned(),
        (None, known) if known.len() > 12 => format!("there are {} others", known.len()),
        (None, known) => format!("there are: {}", known.join(", ")),
    }
}

pub(crate) fn problem(
    severity: Severity,
    code: &'static str,
    message: String,
    help: Option<String>,
) -> Problem {
    debug_assert!(crate::kind::of(code).is_some(), "{code} is explained nowhere");
    Problem { severity, code, message, place: None, help }
}

/// The documents' own authorization endpoints, by their paths → ours. Relative ones are resolved against the
/// first server.
fn aliases(apis: &[Gathered]) -> HashMap<String, String> {
    let mut aliases = HashMap::new();
    for gathered in apis {
        let base = gathered.contract.bases().first().map_or("", String::as_str);
        let mut add = |url: Option<&str>, to: &str| {
            let Some(path) = url.and_then(|url| path_of(url, base)) else { return };
            if path.len() > 1 && !path.starts_with("/_lobby/") && !bases::WELL_KNOWN.contains(&path.as_str())
            {
                aliases.entry(path).or_insert_with(|| to.to_owned());
            }
        };
        for scheme in gathered.contract.schemes() {
            match &scheme.kind {
                SchemeKind::OAuth2 { flows } => {
                    for flow in flows {
                        add(flow.authorization_url.as_deref(), "/_lobby/oauth/authorize");
                        add(flow.token_url.as_deref(), "/_lobby/oauth/token");
                        add(flow.refresh_url.as_deref(), "/_lobby/oauth/token");
                        add(flow.device_url.as_deref(), "/_lobby/oauth/device");
                    }
                }
                SchemeKind::OpenIdConnect { url } => add(Some(url), "/.well-known/openid-configuration"),
                SchemeKind::ApiKey { .. }
                | SchemeKind::Basic
                | SchemeKind::Bearer
                | SchemeKind::MutualTls
                | SchemeKind::Unmeetable { .. } => {}
            }
        }
    }
    aliases
}

/// The path of a URL of the document, without query; a relative one against the first server's path.
fn path_of(url: &str, base: &str) -> Option<String> {
    let server = url::Url::parse("http://server.invalid").ok()?.join(&format!("{base}/")).ok()?;
    // A leading slash would leave the server's path; documents mean "below the server" by it as often, but
    // RFC 3986 5.2.2 is what clients resolve by.
    let whole = server.join(url).ok()?;
    Some(whole.path().trim_end_matches('/').to_owned()).filter(|path| !path.is_empty())
}

fn notes(gathering: &Gathering, oauth: &::oauth::Settings) -> Vec<String> {
    let real = gathering.apis.iter().filter_map(|api| {
        let backend = &api.written.as_ref()?.backend.value;
        let is_left = backend != "mock" && gathering.footing == Footing::Mock;
        is_left.then(|| format!("{}: backend {backend} is not asked; this is a mock", api.name))
    });
    let weak = [
        (::oauth::GrantKind::Implicit, "implicit: tokens travel in addresses"),
        (::oauth::GrantKind::Password, "password: people hand their passwords to apps"),
    ];
    let weak = weak.into_iter().filter(|(grant, _)| oauth.grants.contains(grant));
    let weak = weak.map(|(_, why)| format!("a flow is offered that OAuth 2.1 has given up, {why}"));
    let apart = gathering.footing == Footing::Production && !gathering.config.personas.is_empty();
    let apart = apart.then(|| "personas: are a mock's, and not served".to_owned());
    real.chain(weak).chain(apart).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_documents_own_urls_are_known_by_their_paths() {
        assert_eq!(
            path_of("https://login.example.com/oauth2/token", "/v1").as_deref(),
            Some("/oauth2/token")
        );
        assert_eq!(path_of("token", "/v1").as_deref(), Some("/v1/token"));
        assert_eq!(path_of("/token", "/v1").as_deref(), Some("/token"));
        assert_eq!(path_of("https://login.example.com", ""), None);
    }
}
