//! `apis.*.issuers:` → whose tokens are believed besides ours.

use std::{sync::Arc, time::Duration};

use jose::{
    Algorithm, AlgorithmSet, KeySet, VerifyingKey,
    jwt::{Audience, Expiry, Trust, Types},
};
use model::Problem;

use super::Brought;
use crate::{
    config::apis::Issuer,
    gather::{Gathered, Gathering, is_url},
};

/// The trusts of an API's other issuers, and those whose keys cannot be had.
pub(super) fn others(
    gathered: &Gathered,
    gathering: &Gathering,
    brought: &Brought,
    problems: &mut Vec<Problem>,
) -> (Vec<Trust>, Vec<String>) {
    let (mut trusts, mut unavailable) = (Vec::new(), Vec::new());
    let Some((api, file)) = gathered.written.as_ref().zip(gathering.written.as_ref()) else {
        return (trusts, unavailable);
    };
    for (index, issuer) in api.issuers.iter().enumerate() {
        let before = problems.len();
        let index = index.to_string();
        let mut wrong = |key: &str, message: String, help: Option<String>| {
            let path = ["apis", &gathered.name, "issuers", &index, key];
            problems.push(file.value_problem(&path, message, help));
        };
        let algorithms = algorithms(issuer, &mut wrong);
        if issuer.jwks.is_some() && issuer.secret.is_some() {
            wrong("secret", "an issuer has keys or a secret, not both".to_owned(), None);
        }
        if issuer.jwks.is_none() && issuer.secret.is_none() && !is_url(&issuer.url.value) {
            let help = "write a URL, or give `jwks:` or `secret:`".to_owned();
            wrong("url", format!("`{}` is no place to find keys at", issuer.url.value), Some(help));
        }
        let audience = if issuer.audience.0.is_empty() { &api.audience.0 } else { &issuer.audience.0 };
        if audience.is_empty() {
            wrong("url", "say what its tokens are for: `audience:` here or of the API".to_owned(), None);
        }
        let keys = match keys(issuer, brought) {
            Keys::There(keys) => keys,
            Keys::Unavailable => {
                unavailable.push(issuer.url.value.clone());
                continue;
            }
            Keys::Wrong(key, message) => {
                wrong(key, message, None);
                continue;
            }
        };
        let fits = |key: &Arc<VerifyingKey>| !key.algorithms().shared(algorithms).is_empty();
        if !keys.keys().iter().any(fits) {
            let key = if issuer.secret.is_some() { "secret" } else { "jwks" };
            let names: Vec<&str> = algorithms.iter().map(Algorithm::as_str).collect();
            wrong(key, format!("nothing here can verify {}", names.join(", ")), None);
        }
        if problems.len() > before {
            continue;
        }
        trusts.push(Trust {
            issuer: issuer.url.value.as_str().into(),
            keys: Arc::new(keys),
            algorithms,
            audience: Audience::OneOf(audience.iter().map(|name| name.as_str().into()).collect()),
            types: issuer.typ.as_ref().map_or(Types::Unmarked, |typ| Types::OneOf(vec![typ.clone()])),
            expiry: Expiry::Required,
            leeway: issuer.leeway.map_or(Duration::ZERO, |span| span.0),
        });
    }
    (trusts, unavailable)
}

/// What an issuer may sign with: as written, or all that its kind of key is for.
fn algorithms(issuer: &Issuer, wrong: &mut impl FnMut(&str, String, Option<String>)) -> AlgorithmSet {
    // A set of keys that others can read holds no secret; a file of ours may.
    let secrets = issuer.secret.is_some() || issuer.jwks.as_deref().is_some_and(|place| !is_url(place));
    let pairs = issuer.secret.is_none();
    let mut algorithms = AlgorithmSet::NONE;
    for name in &issuer.algorithms {
        match name.value.parse::<Algorithm>() {
            Ok(algorithm) if if algorithm.is_symmetric() { secrets } else { pairs } => {
                algorithms = algorithms.with(algorithm);
            }
            Ok(algorithm) if algorithm.is_symmetric() => wrong(
                "algorithms",
                format!("{algorithm} is signed with a secret, and this issuer publishes keys"),
                Some("give `secret:`, or name what its keys are for".to_owned()),
            ),
            Ok(algorithm) => wrong(
                "algorithms",
                format!("{algorithm} is signed with a key pair, and this issuer has a secret"),
                Some("give `jwks:`, or write HS256, HS384 or HS512".to_owned()),
            ),
            Err(_) => wrong(
                "algorithms",
                format!("`{}` is no signature algorithm", name.value),
                Some(format!("write of: {}, or HS256, HS384, HS512 with a secret", of_key_pairs())),
            ),
        }
    }
    if issuer.algorithms.is_empty() {
        let symmetric = Algorithm::ALL.into_iter().filter(|algorithm| algorithm.is_symmetric());
        let of_secret = symmetric.fold(AlgorithmSet::NONE, AlgorithmSet::with);
        algorithms = if issuer.secret.is_some() { of_secret } else { AlgorithmSet::ASYMMETRIC };
    }
    algorithms
}

/// The algorithms whose keys a key set can publish.
pub(super) fn of_key_pairs() -> String {
    let names: Vec<&str> = AlgorithmSet::ASYMMETRIC.iter().map(Algorithm::as_str).collect();
    names.join(", ")
}

enum Keys {
    There(KeySet),
    Unavailable,
    /// The key that says where they are, and what is wrong there.
    Wrong(&'static str, String),
}

fn keys(issuer: &Issuer, brought: &Brought) -> Keys {
    if let Some(reference) = &issuer.secret {
        return match brought.secrets.get(&format!("{reference:?}")) {
            Some(Ok(secret)) => match VerifyingKey::from_secret(secret.as_bytes(), None) {
                Ok(key) => Keys::There(KeySet::new([Arc::new(key)])),
                Err(error) => Keys::Wrong("secret", error.to_string()),
            },
            Some(Err(why)) => Keys::Wrong("secret", why.clone()),
            None => Keys::Unavailable,
        };
    }
    let place = issuer.jwks.as_ref().unwrap_or(&issuer.url.value);
    match brought.key_sets.get(place) {
        Some(Ok(text)) => match KeySet::parse(text.as_bytes()) {
            Ok(keys) => Keys::There(keys),
            Err(error) => Keys::Wrong("jwks", format!("{place}: {error}")),
        },
        // A file that is not there is a mistake; a host that does not answer may answer later.
        Some(Err(why)) if !is_url(place) => Keys::Wrong("jwks", why.clone()),
        Some(Err(_)) | None => Keys::Unavailable,
    }
}
