//! What only the edge can bring of what lobby.yaml names: secrets from the environment and from files, key
//! sets from files and from other hosts.

use std::path::{Path, PathBuf};

use crate::{
    config::value::SecretReference,
    fetch,
    gather::{Gathering, is_url},
    wire::{Brought, wanted},
};

/// Brings everything that a generation needs.
pub(crate) async fn bring(gathering: &Gathering) -> Brought {
    let folder = gathering
        .written
        .as_ref()
        .and_then(|written| written.file.parent().map(Path::to_owned))
        .unwrap_or_default();
    let (secrets, key_sets) = wanted(gathering);
    let mut brought = Brought::default();
    for reference in secrets {
        brought.secrets.insert(format!("{reference:?}"), secret(&reference, &folder));
    }
    let remote = key_sets.iter().any(|place| is_url(place));
    let client = if remote { fetch::client(None).ok() } else { None };
    for place in key_sets {
        let found = if is_url(&place) {
            match &client {
                Some(client) => remote_keys(client, &place).await,
                None => Err("there is no way to other hosts".to_owned()),
            }
        } else {
            read(&folder.join(&place))
        };
        brought.key_sets.insert(place, found);
    }
    brought
}

/// A secret by its reference. An empty one is none.
pub(crate) fn secret(reference: &SecretReference, folder: &Path) -> Result<String, String> {
    let found = match reference {
        SecretReference::Environment(name) => environment(name)?,
        SecretReference::File(path) => read(&folder.join(path))?.trim_end_matches(['\r', '\n']).to_owned(),
    };
    if found.is_empty() { Err(format!("the secret {reference:?} is empty")) } else { Ok(found) }
}

#[expect(clippy::disallowed_methods, reason = "a variable that lobby.yaml names cannot be declared to clap")]
fn environment(name: &str) -> Result<String, String> {
    std::env::var(name).map_err(|_| format!("the environment has no {name}"))
}

fn read(path: &PathBuf) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

/// A key set by its URL, or, where the URL is an issuer's, by its discovery document.
async fn remote_keys(client: &reqwest::Client, url: &str) -> Result<String, String> {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).map_err(|_| format!("{url} answers no UTF-8"));
    let get = async |url: &str| fetch::get(client, url).await.map_err(|error| error.to_string());
    if let Ok(found) = get(url).await.and_then(text)
        && (found.contains("\"keys\"") || found.contains("\"public_keys\""))
    {
        return Ok(found);
    }
    let discovery = get(&format!("{}/.well-known/openid-configuration", url.trim_end_matches('/'))).await?;
    let discovery: serde_json::Value =
        serde_json::from_slice(&discovery).map_err(|error| format!("{url}: {error}"))?;
    let keys = discovery.get("jwks_uri").and_then(serde_json::Value::as_str);
    let keys = keys.ok_or_else(|| format!("the discovery document of {url} names no jwks_uri"))?;
    text(get(keys).await?)
}
