//! Keys that were found in public, as those who scan for them report it (GitHub's secret scanning partner program):
//! a signed JSON array. What is one of ours is revoked, and its owner is told.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::StatusCode;
use identity::{KeyText, key_hash};
use jose::KeySet;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::{AuditEntry, Fault, Key, Owner};
use subtle::ConstantTimeEq;

use crate::{
    activity::Activity,
    answer::{Answer, Refusal, json_answer},
    letter::Letter,
    server::Call,
};

/// Bytes of a report, and how many keys it may name: a partner sends more calls where there are more.
const LARGEST: usize = 1 << 20;
const MOST: usize = 1000;
/// How many letters of a stranger's words are kept.
const LONGEST: usize = 500;

/// What was found.
#[derive(Deserialize)]
struct Found {
    token: String,
    #[serde(default, rename = "type")]
    kind: String,
    /// Where.
    #[serde(default)]
    url: String,
    /// In what: a file's content, a commit's text, an issue.
    #[serde(default)]
    source: String,
}

/// What the partner learns of it, for its own statistics.
#[derive(Serialize)]
struct Judged<'a> {
    token_raw: &'a str,
    token_type: &'a str,
    label: &'static str,
}

pub(crate) async fn serve(call: &Call<'_>, body: &[u8]) -> Result<Answer, Refusal> {
    if body.len() > LARGEST {
        return Err(Refusal::large("a report has at most a megabyte"));
    }
    let partner = signer(call, body)?;
    let found: Vec<Found> = serde_json::from_slice(body).map_err(|_| {
        Refusal::request("a report is a JSON array of objects with `token`, `type` and `url`")
    })?;
    if found.len() > MOST {
        return Err(Refusal::request(format!("a report names at most {MOST} keys")));
    }
    let mut judged = Vec::with_capacity(found.len());
    for found in &found {
        let label = if judge(call, partner, found).await? { "true_positive" } else { "false_positive" };
        judged.push(Judged { token_raw: &found.token, token_type: &found.kind, label });
    }
    let judged = serde_json::to_value(&judged).map_err(|_| Refusal::fault())?;
    Ok(json_answer(StatusCode::OK, &judged))
}

/// The partner that has signed the body: by the key that it names, in the header fields that have its own name
/// before them.
fn signer<'a>(call: &'a Call<'_>, body: &[u8]) -> Result<&'a str, Refusal> {
    let field = |partner: &str, name: &str| {
        let mut fields = call.headers.get_all(format!("{partner}-public-key-{name}")).iter();
        match (fields.next(), fields.next()) {
            (Some(field), None) => field.to_str().ok(),
            (Some(_) | None, _) => None,
        }
    };
    for (partner, keys) in &call.settings.partners {
        let Some((key, signature)) = field(partner, "identifier").zip(field(partner, "signature")) else {
            continue;
        };
        if keys.is_empty() {
            // Its keys could not be fetched: whether it is the partner cannot be known now.
            return Err(Refusal::unavailable());
        }
        let Ok(signature) = STANDARD.decode(signature) else { break };
        if is_signed(keys, key, body, &signature) {
            return Ok(partner);
        }
        break;
    }
    Err(Refusal {
        status: StatusCode::UNAUTHORIZED,
        ..Refusal::new("invalid_signature", "no partner of ours has signed this")
    })
}

/// A key without a name is the only one of a file that holds no more.
fn is_signed(keys: &Arc<KeySet>, name: &str, body: &[u8], signature: &[u8]) -> bool {
    let named = keys.keys().iter().filter(|key| key.kid().is_none_or(|kid| kid == name));
    named.into_iter().any(|key| key.verifies_der(body, signature))
}

/// Whether it is a key of ours; then it opens nothing any more.
async fn judge(call: &Call<'_>, partner: &str, found: &Found) -> Result<bool, Fault> {
    let value = found.token.as_bytes();
    let Ok(text) = KeyText::parse(value) else { return Ok(false) };
    let store = &call.server.store;
    let key = store.key(&call.realm, text.id()).await?;
    let Some(key) = key.filter(|key| bool::from(key.hash.ct_eq(&key_hash(value)))) else { return Ok(false) };
    if key.revoked_at.is_some() {
        return Ok(true);
    }
    let told = |text: &str| Value::from(text.chars().take(LONGEST).collect::<String>());
    let detail = [("reason", "leak".into()), ("type", told(&found.kind))]
        .into_iter()
        .chain([("url", told(&found.url)), ("source", told(&found.source))]);
    let entry = AuditEntry {
        at: call.visit.now,
        actor: format!("partner:{partner}"),
        address: call.visit.peer.to_string(),
        action: "key.revoke".to_owned(),
        target: format!("key:{}", key.id),
        detail: detail.map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>(),
    };
    store.audited(&call.realm, entry).revoke_key(&call.realm, &key.id, call.visit.now).await?;
    tell(call, &key).await;
    Ok(true)
}

/// Tells the owner, where that is a person; the key is revoked whether they can be told or not.
async fn tell(call: &Call<'_>, key: &Key) {
    let Owner::User(id) = &key.owner else { return };
    let Ok(Some(account)) = call.people().of_id(id).await else { return };
    call.note(&account.id, Activity::KeyLeaked).await;
    if let Some((email, _)) = &account.email {
        let link = format!("{}/_lobby/account/", call.visit.issuer);
        let name = if key.name.is_empty() { &key.id } else { &key.name };
        let _ = call.write_to(email, &Letter::KeyLeaked { link: &link, name }).await;
    }
}
