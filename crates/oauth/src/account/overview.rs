//! The page itself, its buttons, and everything that is kept of an account to take away.

use http::{HeaderValue, StatusCode, header};
use serde_json::json;
use store::{Owner, Session};

use super::Visitor;
use crate::{
    activity::Activity,
    answer::{Answer, json_answer, see_other},
    factor::Means,
    pages::{AccountPage, Device, FailureKind, Happened},
    parameters::Parameters,
    seal::Errand,
    server::Call,
    sign_in,
};

/// How many keys are told of.
const KEYS: u32 = 1000;

pub(super) async fn overview(call: &Call<'_>, visitor: &Visitor) -> Result<Answer, store::Fault> {
    let (store, id, now) = (&call.server.store, &visitor.account.id, call.visit.now);
    let sessions = store.sessions_of(&call.realm, id).await?;
    let rules = call.settings.sessions;
    let lives = |session: &&Session| now < session.expires_at && now.since(session.seen_at) < rules.idle;
    let devices: Vec<Device<'_>> = sessions
        .iter()
        .filter(lives)
        .map(|session| Device {
            sid: &session.sid,
            agent: &session.agent,
            address: &session.address,
            seen: now.since(session.seen_at),
            is_this: session.sid == visitor.session.sid,
        })
        .collect();
    let consents = store.consents(&call.realm, id).await?;
    let clients: Vec<_> = consents
        .iter()
        .map(|(id, scopes, _)| (id.as_str(), scopes.to_string(), call.settings.client(id)))
        .collect();
    let apps: Vec<(&str, &str, &str)> = clients
        .iter()
        .map(|(id, scopes, client)| {
            let name = client.as_ref().and_then(|client| client.name.as_deref()).unwrap_or(id);
            (*id, name, scopes.as_str())
        })
        .collect();
    let activities = store.activities(&call.realm, id).await?;
    let happened: Vec<Happened<'_>> = activities
        .iter()
        .take(20)
        .map(|activity| Happened {
            what: &activity.what,
            ago: now.since(activity.at),
            agent: &activity.agent,
            address: &activity.address,
        })
        .collect();
    let means = Means::of(call, &visitor.account).await?;
    let form = call.form("/_lobby/account/", Errand::Visit);
    let own = call.visit.path("/_lobby/account");
    let page = AccountPage {
        ticket: form.ticket(),
        own: &own,
        name: &visitor.account.name,
        email: visitor.account.email.as_ref().map(|(email, verified)| (email.as_str(), *verified)),
        passkeys: means.passkeys.len(),
        totp: call.settings.factors.totp.then_some(means.totp),
        codes: call.settings.factors.codes.then_some(means.codes),
        app_passwords: call.settings.app_passwords.is_some(),
        devices: &devices,
        apps: &apps,
        happened: &happened,
    };
    Ok(call.page(&page, Some(&form), None))
}

/// A button of the page.
pub(super) async fn act(
    call: &Call<'_>,
    visitor: &Visitor,
    form: &Parameters,
) -> Result<Answer, store::Fault> {
    let (store, id) = (&call.server.store, &visitor.account.id);
    let (now, until) = (call.visit.now, call.revoked_until());
    let (which, wish) = (form.text("which"), form.text("do"));
    // Who finds a browser open does not shut out its owner elsewhere (OWASP ASVS 5.0, 7.5.2).
    if wish.starts_with("end") && !call.is_fresh(&visitor.session) {
        let again = Some(visitor.account.name.clone());
        let errand = Errand::Account { path: "/".to_owned(), again };
        return Ok(sign_in::show(call, &errand, None, None).await);
    }
    match wish {
        // Only one's own: the list of them is what a number is looked for in.
        "end" => {
            let own = store.sessions_of(&call.realm, id).await?;
            if own.iter().any(|session| session.sid == which) {
                store.end_session(&call.realm, which, now, until).await?;
                call.note(id, Activity::SessionEnded).await;
            }
        }
        "end-others" => {
            store.end_sessions_of(&call.realm, id, Some(&visitor.session.sid), now, until).await?;
            call.note(id, Activity::SessionsEnded).await;
        }
        "end-all" => {
            store.end_sessions_of(&call.realm, id, None, now, until).await?;
            call.note(id, Activity::SessionsEnded).await;
        }
        "withdraw" => {
            store.withdraw_consent(&call.realm, which, id, now, until).await?;
            call.note(id, Activity::AppRemoved).await;
        }
        _ => return Ok(call.failure(FailureKind::Request { detail: "`do` is none of the page's buttons" })),
    }
    Ok(see_other(&call.visit.path("/_lobby/account/")))
}

/// Everything that is kept of the account, for its owner to take away (GDPR, article 20).
pub(super) async fn data(call: &Call<'_>, visitor: &Visitor) -> Result<Answer, store::Fault> {
    let (store, account) = (&call.server.store, &visitor.account);
    let sessions = store.sessions_of(&call.realm, &account.id).await?;
    let sessions: Vec<_> = sessions
        .iter()
        .map(|session| {
            json!({
                "browser": session.agent, "address": session.address,
                "signed_in_at": session.signed_in_at.to_string(), "seen_at": session.seen_at.to_string(),
            })
        })
        .collect();
    let consents = store.consents(&call.realm, &account.id).await?;
    let apps: Vec<_> = consents
        .iter()
        .map(|(client, scopes, at)| json!({ "client_id": client, "scopes": scopes, "given_at": at.to_string() }))
        .collect();
    let activities = store.activities(&call.realm, &account.id).await?;
    let activity: Vec<_> = activities
        .iter()
        .map(|activity| {
            json!({
                "at": activity.at.to_string(), "what": activity.what,
                "browser": activity.agent, "address": activity.address,
            })
        })
        .collect();
    let passkeys = store.passkeys_of(&call.realm, &account.id).await?;
    let passkeys: Vec<_> = passkeys
        .iter()
        .map(|passkey| {
            let used_at = passkey.used_at.map(|at| at.to_string());
            json!({ "name": passkey.name, "created_at": passkey.created_at.to_string(), "used_at": used_at })
        })
        .collect();
    let owner = Owner::User(account.id.clone());
    let keys = store.keys(&call.realm, Some(&owner), None, KEYS).await?;
    let keys: Vec<_> = keys
        .iter()
        .map(|key| {
            let [expires_at, revoked_at] =
                [key.expires_at, key.revoked_at].map(|at| at.map(|at| at.to_string()));
            json!({
                "id": key.id, "kind": key.kind.as_str(), "name": key.name, "scopes": key.scopes,
                "created_at": key.created_at.to_string(), "expires_at": expires_at, "revoked_at": revoked_at,
            })
        })
        .collect();
    let totp_since = store.totp_since(&call.realm, &account.id).await?.map(|at| at.to_string());
    let told = json!({
        "sub": account.subject(), "name": account.name,
        "email": account.claim("email"), "email_verified": account.claim("email_verified"),
        "roles": *account.roles, "scopes": account.scopes, "plan": account.plan, "claims": account.claims,
        "sessions": sessions, "apps": apps, "activity": activity, "passkeys": passkeys, "keys": keys,
        "authenticator_since": totp_since,
    });
    let mut answer = json_answer(StatusCode::OK, &told);
    answer.headers_mut().insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment; filename=\"account.json\""),
    );
    Ok(answer)
}
