//! Records as they are answered. No secret is in any.

use identity::{Invitation, key_hash};
use model::{ScopeSet, Timestamp};
use serde_json::{Value, json};
use store::{Audited, Client, Key, KeyUse, Owner, Session, User};

fn time(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| at.to_string().into())
}

fn text(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { text.into() }
}

fn list(scopes: &ScopeSet) -> Value {
    scopes.iter().map(model::Scope::as_str).collect()
}

pub(super) fn user(user: &User) -> Value {
    json!({
        "id": user.id,
        "name": text(&user.name),
        "email": text(&user.email),
        "email_verified": user.email_verified_at.is_some(),
        "has_password": !user.password.expose().is_empty(),
        "must_change_password": user.must_change,
        "roles": *user.roles,
        "scopes": list(&user.scopes),
        "plan": user.plan.as_deref(),
        "claims": user.claims,
        "disabled": user.disabled_at.is_some(),
        "created_at": user.created_at.to_string(),
        "seen_at": time(user.seen_at),
    })
}

pub(super) fn invitation(invitation: &Invitation, expires_at: Timestamp) -> Value {
    json!({
        "email": invitation.email,
        "roles": invitation.roles,
        "scopes": invitation.scopes.split_whitespace().collect::<Vec<_>>(),
        "plan": text(&invitation.plan),
        "expires_at": expires_at.to_string(),
    })
}

pub(super) fn client(client: &Client) -> Value {
    let terms = &client.terms;
    json!({
        "id": client.id,
        "name": text(&terms.name),
        "home": text(&terms.home),
        "public": client.secret.is_none(),
        "redirect_uris": terms.redirects,
        "post_logout_redirect_uris": terms.logout_redirects,
        "grants": terms.grants,
        "scopes": terms.scopes.as_ref().map(list),
        "pkce": if terms.pkce_optional { "optional" } else { "required" },
        "consent": if terms.skips_consent { "skip" } else { "ask" },
        "dpop": terms.dpop,
        "disabled": client.disabled_at.is_some(),
        "created_at": client.created_at.to_string(),
    })
}

pub(super) fn owner(owner: &Owner) -> String {
    format!("{}:{}", owner.kind(), owner.id())
}

pub(super) fn key(key: &Key, now: Timestamp) -> Value {
    let standing = if key.revoked_at.is_some() {
        "revoked"
    } else if key.expires_at.is_some_and(|end| end <= now) {
        "expired"
    } else {
        "active"
    };
    json!({
        "id": key.id,
        "kind": key.kind.as_str(),
        "standing": standing,
        "owner": owner(&key.owner),
        "name": text(&key.name),
        "scopes": list(&key.scopes),
        "plan": key.plan.as_deref(),
        "addresses": key.addresses,
        "created_at": key.created_at.to_string(),
        "expires_at": time(key.expires_at),
        "revoked_at": time(key.revoked_at),
        "replaces": key.replaces,
    })
}

/// With how often it was used, and when the last time.
pub(super) fn used_key(key: &Key, uses: &[KeyUse], now: Timestamp) -> Value {
    let mut shown = self::key(key, now);
    let last = uses.first();
    let count =
        |it: &KeyUse| (it.operation.clone(), json!({ "uses": it.uses, "used_at": it.used_at.to_string() }));
    if let Some(members) = shown.as_object_mut() {
        members.insert("used_at".to_owned(), time(last.map(|it| it.used_at)));
        members.insert("used_from".to_owned(), last.map_or(Value::Null, |it| it.address.as_str().into()));
        members.insert("uses".to_owned(), Value::Object(uses.iter().map(count).collect()));
    }
    shown
}

pub(super) fn session(session: &Session) -> Value {
    json!({
        "id": session.sid,
        "user": session.subject,
        "acr": session.acr,
        "methods": session.methods.split_whitespace().collect::<Vec<_>>(),
        "agent": text(&session.agent),
        "address": text(&session.address),
        "signed_in_at": session.signed_in_at.to_string(),
        "seen_at": session.seen_at.to_string(),
        "expires_at": session.expires_at.to_string(),
    })
}

pub(super) fn audited(audited: &Audited) -> Value {
    let entry = &audited.entry;
    json!({
        "number": audited.number,
        "at": entry.at.to_string(),
        "actor": entry.actor,
        "address": text(&entry.address),
        "action": entry.action,
        "target": entry.target,
        "detail": entry.detail,
        "hash": hex(&audited.hash),
    })
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// What is kept of a secret that was made here, or that is as long as one.
pub(super) fn secret_hash(secret: &str) -> store::Hash {
    key_hash(secret.as_bytes())
}
