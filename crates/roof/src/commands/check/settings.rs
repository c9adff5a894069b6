//! Lint of lobby.yaml: the settings that a security reviewer looks for.

use std::collections::BTreeMap;

use contract::lint;
use model::{Place, Problem};
use serde::Deserialize;

use crate::{
    config::{oauth::Pkce, read::Written, value::Placed},
    gather::Gathering,
};

/// Where those settings stand, which the configuration itself does not keep.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Places {
    tokens: Tokens,
    oauth: Switched,
    clients: BTreeMap<String, Switched>,
    apis: BTreeMap<String, Api>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Tokens {
    access: Option<Placed<String>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Switched {
    pkce: Option<Placed<String>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Api {
    cors: Option<Placed<serde::de::IgnoredAny>>,
}

/// What is to be said of the file, if there is one that could be read.
pub(crate) fn lint(gathering: &Gathering) -> Vec<Problem> {
    let Some(written) = &gathering.written else { return Vec::new() };
    let places: Places = serde_saphyr::from_str(&written.text).unwrap_or_default();
    let config = &gathering.config;
    let mut problems = Vec::new();
    if let Some(access) = config.tokens.access {
        problems.extend(lint::token_lifetime(access.0, place(written, places.tokens.access.as_ref())));
    }
    if config.oauth.pkce == Some(Pkce::Optional) {
        problems.push(lint::optional_proof_key(None, place(written, places.oauth.pkce.as_ref())));
    }
    for (name, client) in &config.clients {
        if client.pkce == Some(Pkce::Optional) {
            let at = places.clients.get(name).and_then(|client| client.pkce.as_ref());
            problems.push(lint::optional_proof_key(Some(name), place(written, at)));
        }
    }
    for grant in config.oauth.grants.iter().flatten() {
        problems.extend(lint::outdated_grant(&grant.value, place(written, Some(grant))));
    }
    for gathered in &gathering.apis {
        let Some(cors) = gathered.written.as_ref().and_then(|api| api.cors.as_ref()) else { continue };
        let at = places.apis.get(&gathered.name).and_then(|api| api.cors.as_ref());
        problems.extend(lint::cross_origin(
            &gathered.name,
            &cors.origins,
            cors.credentials,
            place(written, at),
        ));
    }
    problems
}

fn place<T>(written: &Written, at: Option<&Placed<T>>) -> Option<Place> {
    written.problem(at?.defined, String::new(), None).place
}
