//! `tokens:`, `oauth:`, `clients:`, `sessions:`, `lockout:` → the authorization server's settings.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use ::oauth::{
    ADMINISTER, Api, Client, Clients, ConsentRule, DIRECT, DpopRules, FactorRules, GrantKind, Lifetimes,
    OwnScopes, Pkce, RequiredFactor, Settings,
};
use guard::lockout;
use identity::{Directory, PasskeyRules, Roots, SessionRules, SourceRules};
use jose::{Algorithm, KeySet};
use model::{Problem, Secret};

use super::{Brought, Wired};
use crate::{
    config::{
        Config,
        accounts::{Attestation, Recovery, Required, Verification},
        apis::scopes,
        oauth::{Client as Written, Consent, Pkce as WrittenPkce, Switch, Tokens},
        read::Written as File,
        value::Placed,
    },
    gather::{Footing, Gathering},
};

/// The settings of one generation.
pub(super) fn settings(
    gathering: &Gathering,
    wired: &[Wired],
    directory: Arc<Directory>,
    brought: &Brought,
    problems: &mut Vec<Problem>,
) -> Settings {
    let config = &gathering.config;
    let apis: Vec<Api> = gathering
        .apis
        .iter()
        .zip(wired)
        .map(|(gathered, wired)| {
            let audience = gathered.written.as_ref().map(|api| api.audience.0.clone()).unwrap_or_default();
            Api::of(&gathered.name, audience, wired.paths(), &gathered.contract)
        })
        .collect();
    let mut settings = Settings::mock(apis, directory);
    if gathering.footing == Footing::Production {
        // Whoever was not made is nobody, and what OAuth 2.1 has given up is offered where it is written alone.
        settings.personas = false;
        settings.clients = Clients::Listed(BTreeMap::default());
        settings.grants = GrantKind::usual(&[]);
        settings.own = Some(own_scopes());
    }
    settings.lifetimes = lifetimes(&config.tokens);
    settings.dpop =
        DpopRules { nonce: config.oauth.dpop.nonce == Switch::On, required: config.oauth.dpop.required };
    if let Some(pkce) = config.oauth.pkce {
        settings.pkce = pkce_of(pkce);
    }
    if let Some(file) = &gathering.written {
        if let Some(grants) = &config.oauth.grants {
            settings.grants = grants_of(grants, file, problems);
        }
        if let Some(algorithm) = &config.tokens.algorithm {
            // A key set can publish no secret (RFC 7518 6.4), so nobody could verify what one has signed.
            match algorithm.value.parse::<Algorithm>().ok().filter(|parsed| !parsed.is_symmetric()) {
                Some(parsed) => settings.algorithm = parsed,
                None => problems.push(file.problem(
                    algorithm.defined,
                    format!("`{}` is no algorithm that tokens can be signed with here", algorithm.value),
                    Some(format!("write one of: {}", super::issuers::of_key_pairs())),
                )),
            }
        }
        if !config.clients.is_empty() {
            let clients = config
                .clients
                .iter()
                .map(|(id, client)| (id.clone(), client_of(id, client, file, brought, problems)));
            settings.clients = Clients::Listed(clients.collect());
        }
    }
    let sessions = SessionRules::default();
    settings.sessions = SessionRules {
        idle: config.sessions.idle.map_or(sessions.idle, |span| span.0),
        absolute: config.sessions.absolute.map_or(sessions.absolute, |span| span.0),
    };
    settings.factors = factors(config);
    settings.app_passwords = super::people::app_passwords(gathering);
    settings.factors.passkeys.roots = roots(gathering, brought, problems);
    check_makes(gathering, problems);
    settings.brand = super::pages::brand(gathering, problems);
    if let Some(written) = config.lockout {
        let usual = lockout::Settings::default();
        settings.lockout = lockout::Settings {
            failures: written.failures.unwrap_or(usual.failures),
            window: written.window.map_or(usual.window, |span| span.0),
            lock: written.lock.map_or(usual.lock, |span| span.0),
            grow: written.grow.unwrap_or(usual.grow),
            max: written.max.map_or(usual.max, |span| span.0),
        };
    }
    // In a mock only where it is written.
    settings.lockout_everywhere = config.lockout.is_some() || gathering.footing == Footing::Production;
    settings.sources = sources(config, gathering.footing);
    settings.partners = super::partners::of(gathering, brought, problems);
    settings
}

/// A list of makes that lets nobody in, or everybody, is not what was meant.
fn check_makes(gathering: &Gathering, problems: &mut Vec<Problem>) {
    let Some(passkeys) = gathering.config.factors.as_ref().map(|factors| &factors.passkeys) else { return };
    let path = ["factors", "passkeys", "aaguids"];
    if !matches!(passkeys.attestation, Some(Attestation::Direct)) {
        let written = [("aaguids", !passkeys.aaguids.is_empty()), ("roots", passkeys.roots.is_some())];
        for (name, _) in written.iter().filter(|(_, written)| *written) {
            let message = "no make is asked for, so none can be one of these".to_owned();
            let help = "write `attestation: direct` beside it".to_owned();
            problems.push(gathering.wrong(&["factors", "passkeys", name], message, Some(help)));
        }
    }
    let lengths = [8, 4, 4, 4, 12];
    for (index, make) in passkeys.aaguids.iter().enumerate() {
        let is_hex = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_make = make.split('-').map(str::len).eq(lengths) && make.split('-').all(is_hex);
        if !is_make {
            let item = index.to_string();
            let message = format!("`{make}` is no AAGUID");
            let help = "write it as 01020304-0506-0708-0910-111213141516".to_owned();
            problems.push(gathering.wrong(&[&path[..], &[item.as_str()]].concat(), message, Some(help)));
        }
    }
}

/// The certificates of `factors.passkeys.roots`.
fn roots(gathering: &Gathering, brought: &Brought, problems: &mut Vec<Problem>) -> Roots {
    let written = gathering.config.factors.as_ref().and_then(|factors| factors.passkeys.roots.as_ref());
    let Some(place) = written else { return Roots::default() };
    let mut wrong = |message: String| {
        let help = "write the path of a file with the makers' certificates, as PEM".to_owned();
        problems.push(gathering.wrong(&["factors", "passkeys", "roots"], message, Some(help)));
        Roots::default()
    };
    match brought.key_sets.get(place) {
        Some(Ok(text)) => Roots::from_pem(text)
            .unwrap_or_else(|| wrong(format!("{place} holds no certificates that can be followed to"))),
        Some(Err(why)) => wrong(why.clone()),
        None => wrong(format!("{place} was not read")),
    }
}

/// Who administers by an account, and who directs mocks by one.
fn own_scopes() -> OwnScopes {
    let administrators = admin::Role::ALL.map(|role| role.as_str().to_owned());
    let directors = [admin::DIRECTOR.to_owned()];
    OwnScopes(BTreeMap::from([(ADMINISTER, administrators.into()), (DIRECT, directors.into())]))
}

/// How many sign-ins may fail from one place: a mock is tried out, `serve` is attacked.
fn sources(config: &Config, footing: Footing) -> SourceRules {
    let usual = match footing {
        Footing::Mock => SourceRules::default(),
        Footing::Production => SourceRules::usual(),
    };
    let Some(written) = config.lockout else { return usual };
    SourceRules {
        address: written.per_address.map(|rate| rate.0).or(usual.address),
        network: written.per_network.map(|rate| rate.0).or(usual.network),
        spraying: written.spraying.map_or(usual.spraying, SourceRules::spraying),
    }
}

/// `factors:`, `recovery:` and `sessions.remember_device`.
fn factors(config: &Config) -> FactorRules {
    let usual = FactorRules::default();
    let passkeys = config.factors.as_ref().map(|factors| {
        let written = &factors.passkeys;
        PasskeyRules {
            verification_required: !matches!(written.verification, Some(Verification::Preferred)),
            attested: matches!(written.attestation, Some(Attestation::Direct)),
            aaguids: written.aaguids.iter().map(|make| make.to_ascii_lowercase()).collect(),
            related_origins: written.related_origins.clone(),
            ..PasskeyRules::default()
        }
    });
    FactorRules {
        passkeys: passkeys.unwrap_or(usual.passkeys),
        totp: config.factors.as_ref().and_then(|factors| factors.totp).unwrap_or(usual.totp),
        codes: config
            .recovery
            .as_ref()
            .map_or(usual.codes, |ways| ways.iter().any(|way| matches!(way, Recovery::Codes))),
        email_code: config
            .factors
            .as_ref()
            .and_then(|factors| factors.email_code)
            .unwrap_or(usual.email_code),
        required: match config.factors.as_ref().and_then(|factors| factors.required) {
            None | Some(Required::None) => RequiredFactor::None,
            Some(Required::Any) => RequiredFactor::Any,
            Some(Required::Passkey) => RequiredFactor::Passkey,
        },
        remember: config.sessions.remember_device.map_or(usual.remember, |span| span.0),
    }
}

fn lifetimes(tokens: &Tokens) -> Lifetimes {
    let usual = Lifetimes::default();
    Lifetimes {
        access: tokens.access.map_or(usual.access, |span| span.0),
        refresh: tokens.refresh.map_or(usual.refresh, |span| span.0),
        id: tokens.id.map_or(usual.id, |span| span.0),
        code: tokens.code.map_or(usual.code, |span| span.0),
        device: tokens.device.map_or(usual.device, |span| span.0),
        par: tokens.par.map_or(usual.par, |span| span.0),
        reuse_grace: tokens.reuse_grace.map_or(usual.reuse_grace, |span| span.0),
    }
}

fn pkce_of(pkce: WrittenPkce) -> Pkce {
    match pkce {
        WrittenPkce::Required => Pkce::Required,
        WrittenPkce::Optional => Pkce::Optional,
    }
}

fn grants_of(written: &[Placed<String>], file: &File, problems: &mut Vec<Problem>) -> BTreeSet<GrantKind> {
    let mut grants = BTreeSet::new();
    for grant in written {
        if let Some(kind) = GrantKind::parse(&grant.value) {
            grants.insert(kind);
            continue;
        }
        let known = GrantKind::ALL.map(GrantKind::as_str);
        let help = model::nearest(&grant.value, known).map_or_else(
            || format!("the grants are: {}", known.join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        problems.push(file.problem(
            grant.defined,
            format!("there is no grant `{}`", grant.value),
            Some(help),
        ));
    }
    grants
}

fn client_of(
    id: &str,
    client: &Written,
    file: &File,
    brought: &Brought,
    problems: &mut Vec<Problem>,
) -> Client {
    let mut wrong = |key: &str, message: String| {
        problems.push(file.value_problem(&["clients", id, key], message, None));
    };
    let secret =
        client.secret.as_ref().and_then(|reference| match brought.secrets.get(&format!("{reference:?}")) {
            Some(Ok(secret)) => Some(Secret::new(secret.clone())),
            Some(Err(why)) => {
                wrong("secret", why.clone());
                None
            }
            None => None,
        });
    let keys = client.jwks.as_ref().and_then(|place| match brought.key_sets.get(place) {
        Some(Ok(text)) => match KeySet::parse(text.as_bytes()) {
            Ok(keys) => Some(Arc::new(keys)),
            Err(error) => {
                wrong("jwks", format!("{place}: {error}"));
                None
            }
        },
        Some(Err(why)) => {
            wrong("jwks", why.clone());
            None
        }
        None => None,
    });
    let own = if client.scopes.0.is_empty() {
        None
    } else {
        scopes(&client.scopes).map_err(|error| wrong("scopes", error.to_string())).ok()
    };
    if !client.public && client.secret.is_none() && client.jwks.is_none() {
        let message = format!("client {id} has nothing to authenticate with");
        let help = "give it `secret:` or `jwks:`, or say `public: true`".to_owned();
        problems.push(file.key_problem(&["clients", id], message, Some(help)));
    }
    Client {
        id: id.to_owned(),
        secret,
        secret_hash: None,
        public: client.public,
        redirects: client.redirects.clone(),
        grants: grants_of(&client.grants, file, problems),
        scopes: own,
        pkce: client.pkce.map(pkce_of),
        consent: match client.consent {
            Some(Consent::Skip) => ConsentRule::Skip,
            Some(Consent::Ask) | None => ConsentRule::Ask,
        },
        name: client.name.clone(),
        home: client.home.clone(),
        logout_redirects: client.logout_redirects.clone(),
        keys,
        dpop: client.dpop,
    }
}

/// Which secrets, key sets and certificates the edge has to bring, by how they are written.
pub(crate) fn wanted(
    gathering: &Gathering,
) -> (Vec<crate::config::value::SecretReference>, BTreeSet<String>) {
    let mut secrets = Vec::new();
    let mut key_sets: BTreeSet<String> =
        gathering.config.keys.iter().flat_map(|keys| keys.partners.values().cloned()).collect();
    key_sets.extend(gathering.config.factors.iter().filter_map(|factors| factors.passkeys.roots.clone()));
    for client in gathering.config.clients.values() {
        secrets.extend(client.secret.clone());
        key_sets.extend(client.jwks.clone());
    }
    for issuer in gathering.apis.iter().filter_map(|api| api.written.as_ref()).flat_map(|api| &api.issuers) {
        secrets.extend(issuer.secret.clone());
        match (&issuer.jwks, &issuer.secret) {
            (Some(place), _) => drop(key_sets.insert(place.clone())),
            (None, None) => drop(key_sets.insert(issuer.url.value.clone())),
            (None, Some(_)) => {}
        }
    }
    (secrets, key_sets)
}
