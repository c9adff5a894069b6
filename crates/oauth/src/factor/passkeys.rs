//! `/_lobby/account/passkeys`: which there are; another one, another name, one less.

use http::{HeaderValue, StatusCode, header};
use identity::{Shown, accepted, is_backed_up, names::is_blank};
use model::Timestamp;
use serde_json::json;
use store::Removed;

use super::{
    Question,
    class::demand,
    enrol::{Owner, Sent, owner, sent, wish},
    means::party,
    question,
};
use crate::{
    activity::Activity,
    answer::{Answer, empty},
    entry::{self, Proof},
    pages::{PasskeyLine, Passkeys, PasskeysProblem, field},
    server::Call,
};

const PATH: &str = "/_lobby/account/passkeys";
/// How long a name may be.
const NAME: usize = 60;

pub(crate) async fn serve(call: &Call<'_>, query: Option<&str>, body: &[u8]) -> Answer {
    match answered(call, query, body).await {
        Ok(answer) | Err(answer) => answer,
    }
}

async fn answered(call: &Call<'_>, query: Option<&str>, body: &[u8]) -> Result<Answer, Answer> {
    let mut there = owner(call, PATH, query).await?;
    let sent = sent(call, &mut there, body).await?;
    let problem = match &sent {
        None => None,
        Some(sent) => change(call, &there, sent).await?,
    };
    if sent.is_some() {
        there = Owner { request: there.request, ..owner(call, PATH, None).await? };
    }
    Ok(page(call, &there, problem).await)
}

async fn change(call: &Call<'_>, owner: &Owner, sent: &Sent) -> Result<Option<PasskeysProblem>, Answer> {
    let fault = |fault: store::Fault| call.fault(&fault);
    let (store, realm, user) = (&call.server.store, &call.realm, &*owner.account.id);
    let (id, name) = (sent.form.text(field::ID), written(sent.form.text(field::LABEL)));
    match wish(Some(sent)) {
        "rename" if !name.is_empty() => {
            store.rename_passkey(realm, user, id, &name).await.map_err(fault)?;
        }
        "remove" => {
            match store.remove_passkey(realm, user, id, demand(call, &owner.account)).await.map_err(fault)? {
                Removed::Done => call.told_of_factor(user, Activity::PasskeyRemoved).await,
                Removed::Nothing => {}
                Removed::LastOwner => return Ok(Some(PasskeysProblem::LastOwner)),
                Removed::Demanded => return Ok(Some(PasskeysProblem::Last)),
            }
        }
        _ if !sent.form.text(field::CREDENTIAL).is_empty() => {
            let made = question::made(call, &sent.form, user, &usual_name(call)).await.map_err(fault)?;
            if let (Ok(method), Some(then)) = (&made, owner.then(call)) {
                // It was shown just now: nobody is asked for it at once.
                let mut shown = Shown::of(&owner.session.methods);
                shown.add(*method);
                let class = owner.session.acr.as_deref();
                let proof = Some(Proof { shown: &shown, class, since: (&*owner.session).into() });
                return Err(entry::enter(call, &then, &owner.account, proof).await);
            }
            return Ok(made.err().map(|error| match error {
                identity::PasskeyError::Make => PasskeysProblem::Make,
                identity::PasskeyError::Unverified => PasskeysProblem::Unverified,
                identity::PasskeyError::Place(_)
                | identity::PasskeyError::Form
                | identity::PasskeyError::Stranger
                | identity::PasskeyError::Copied
                | identity::PasskeyError::Wrong(_)
                | identity::PasskeyError::State => PasskeysProblem::Refused,
            }));
        }
        _ => {}
    }
    Ok(None)
}

async fn page(call: &Call<'_>, owner: &Owner, problem: Option<PasskeysProblem>) -> Answer {
    let form = call.form(PATH, owner.errand(Vec::new()));
    let passkeys = &owner.means.passkeys;
    let question = Question::create(call, (&owner.account.id, &owner.account.name), passkeys);
    let days: Vec<(String, Option<String>)> =
        passkeys.iter().map(|passkey| (day(passkey.created_at), passkey.used_at.map(day))).collect();
    let lines: Vec<PasskeyLine<'_>> = passkeys
        .iter()
        .zip(&days)
        .map(|(passkey, (since, used))| PasskeyLine {
            id: &passkey.id,
            name: &passkey.name,
            since,
            used: used.as_deref(),
            synced: is_backed_up(&passkey.record),
            fixed: passkey.created_at == Timestamp::from_seconds(0),
        })
        .collect();
    let signal = party(call).map(|party| accepted(party.id(), &owner.account.id, passkeys).to_string());
    let page = Passkeys {
        ticket: form.ticket(),
        user: &owner.account.name,
        passkeys: &lines,
        add: question.as_ref().map(Question::asked),
        signal: signal.as_deref().ok(),
        problem,
    };
    call.page_before(&page, &form, owner.then(call).as_ref()).await
}

/// A day, as every language writes it for machines; from left to right in Arabic, too, where digits that follow
/// a letter would turn its parts round.
pub(super) fn day(at: Timestamp) -> String {
    "\u{200e}".chars().chain(at.to_string().chars().take(10)).collect()
}

/// A name as it was typed, without what cannot be shown; empty where nothing else is left.
pub(super) fn written(name: &str) -> String {
    if is_blank(name) {
        return String::new();
    }
    name.trim().chars().filter(|c| !c.is_control()).take(NAME).collect()
}

/// What a new passkey is called until it is named: after the browser that made it.
pub(super) fn usual_name(call: &Call<'_>) -> String {
    let agent = call.agent();
    let find = |names: &[(&str, &'static str)]| {
        names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
    };
    let browser =
        find(&[("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")]);
    let system = find(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS", "Mac"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser}, {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => format!("Passkey {}", call.visit.now.to_string().get(..10).unwrap_or_default()),
    }
}

/// `/.well-known/webauthn` (WebAuthn 3, 5.11): which other sites use our passkeys.
pub(crate) fn related_origins(call: &Call<'_>) -> Answer {
    let origins = &call.settings.factors.passkeys.related_origins;
    if origins.is_empty() {
        return empty(StatusCode::NOT_FOUND);
    }
    let mut answer = empty(StatusCode::OK);
    *answer.body_mut() = json!({"origins": origins}).to_string().into();
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}
