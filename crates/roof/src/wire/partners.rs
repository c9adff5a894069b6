//! `keys.partners:` → whose reports of leaked keys are believed.

use std::{collections::BTreeMap, sync::Arc};

use jose::{KeySet, VerifyingKey};
use model::Problem;
use rustls_pki_types::{SubjectPublicKeyInfoDer, pem::PemObject};
use serde::Deserialize;

use super::Brought;
use crate::gather::{Footing, Gathering, is_url};

/// The document in which GitHub publishes the keys of its secret scanning.
#[derive(Deserialize)]
struct Published {
    public_keys: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    key_identifier: String,
    key: String,
}

/// The keys of each partner. None of one whose keys cannot be fetched now; nobody reports keys to a mock.
pub(super) fn of(
    gathering: &Gathering,
    brought: &Brought,
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, Arc<KeySet>> {
    let mut partners = BTreeMap::new();
    let Some((keys, file)) = gathering.config.keys.as_ref().zip(gathering.written.as_ref()) else {
        return partners;
    };
    if gathering.footing == Footing::Mock {
        return partners;
    }
    for (name, place) in &keys.partners {
        let mut wrong = |message: String, help: Option<&str>| {
            let path = ["keys", "partners", name];
            problems.push(file.value_problem(&path, message, help.map(str::to_owned)));
        };
        // It is the beginning of header fields.
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            wrong(format!("`{name}` is no name of a partner"), Some("write it as `github`"));
            continue;
        }
        let keys = match brought.key_sets.get(place) {
            Some(Ok(text)) => match read(text) {
                Some(keys) if !keys.is_empty() => keys,
                Some(_) | None => {
                    let help = "a JWK set, PEM, or what GitHub publishes: `{ \"public_keys\": […] }`";
                    wrong(format!("{place} has no public key"), Some(help));
                    continue;
                }
            },
            // A file that is not there is a mistake; a host that does not answer may answer later.
            Some(Err(why)) if !is_url(place) => {
                wrong(why.clone(), None);
                continue;
            }
            Some(Err(_)) | None => KeySet::default(),
        };
        partners.insert(name.clone(), Arc::new(keys));
    }
    partners
}

fn read(text: &str) -> Option<KeySet> {
    if !text.trim_start().starts_with('{') {
        return Some(KeySet::new(of_pem(text, None)));
    }
    if let Ok(published) = serde_json::from_str::<Published>(text) {
        let keys = published.public_keys.iter().flat_map(|key| of_pem(&key.key, Some(&key.key_identifier)));
        return Some(KeySet::new(keys));
    }
    KeySet::parse(text.as_bytes()).ok()
}

fn of_pem(text: &str, name: Option<&str>) -> Vec<Arc<VerifyingKey>> {
    let keys = SubjectPublicKeyInfoDer::pem_slice_iter(text.as_bytes()).filter_map(Result::ok);
    keys.filter_map(|der| VerifyingKey::from_spki(&der, name).ok()).map(Arc::new).collect()
}
