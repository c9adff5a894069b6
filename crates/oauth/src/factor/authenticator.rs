//! `/_lobby/account/authenticator`: an app that shows codes.

use identity::{SEED_BYTES, Shown, qr, seed_text, take_totp, totp_uri};
use jose::base64url;
use store::Removed;

use super::{
    class::demand,
    enrol::{Owner, go_on, owner, sent, wish, with_request},
    passkeys::day,
};
use crate::{
    activity::Activity,
    answer::Answer,
    entry::{self, Proof},
    pages::{Authenticator, AuthenticatorSetUp, field},
    seal::Errand,
    server::Call,
    settings::RequiredFactor,
};

const PATH: &str = "/_lobby/account/authenticator";

pub(crate) async fn serve(call: &Call<'_>, query: Option<&str>, body: &[u8]) -> Answer {
    match answered(call, query, body).await {
        Ok(answer) | Err(answer) => answer,
    }
}

async fn answered(call: &Call<'_>, query: Option<&str>, body: &[u8]) -> Result<Answer, Answer> {
    let fault = |fault: store::Fault| call.fault(&fault);
    let mut there = owner(call, PATH, query).await?;
    let sent = sent(call, &mut there, body).await?;
    let (store, realm, user) = (&call.server.store, &call.realm, &*there.account.id);
    match (wish(sent.as_ref()), &sent) {
        ("remove", _) => {
            let demand = demand(call, &there.account);
            if store.remove_totp(realm, user, demand).await.map_err(fault)? == Removed::Done {
                store.forget_browsers(realm, user).await.map_err(fault)?;
                call.told_of_factor(user, Activity::AuthenticatorRemoved).await;
            }
            return Ok(go_on(call, PATH));
        }
        ("confirm", Some(sent)) => {
            let seed = sent.pending.first().and_then(|seed| base64url::decode_strict(seed).ok());
            let Some(seed) = seed.filter(|seed| seed.len() == SEED_BYTES) else {
                return Ok(go_on(call, PATH));
            };
            let typed = sent.form.text(field::CODE);
            let right =
                take_totp(store, realm, user, (&seed, typed), call.visit.real).await.map_err(fault)?;
            if !right {
                return Ok(set_up(call, &there, &seed, true).await);
            }
            store.keep_totp(realm, user, &seed, call.visit.now).await.map_err(fault)?;
            store.forget_browsers(realm, user).await.map_err(fault)?;
            call.told_of_factor(user, Activity::AuthenticatorAdded).await;
            let has_codes = there.means.codes > 0 || !call.settings.factors.codes;
            let then = match there.then(call) {
                Some(then) if has_codes => then,
                _ => {
                    let path = if has_codes { "/authenticator" } else { "/codes" };
                    Errand::Account { path: with_request(path, &there.request), again: None }
                }
            };
            // Its code was shown just now, and is not taken twice: nobody is asked for the next one at once.
            let mut shown = Shown::of(&there.session.methods);
            shown.add(identity::Method::OneTimeCode);
            let class = there.session.acr.as_deref();
            let proof = Proof { shown: &shown, class, since: (&*there.session).into() };
            return Ok(entry::enter(call, &then, &there.account, Some(proof)).await);
        }
        _ => {}
    }
    if there.means.totp || !call.settings.factors.totp {
        let since = store.totp_since(realm, user).await.map_err(fault)?.map(day);
        return Ok(page(call, &there, since.as_deref()).await);
    }
    Ok(set_up(call, &there, &call.server.random::<SEED_BYTES>(), false).await)
}

fn is_demanded(call: &Call<'_>, owner: &Owner) -> bool {
    match call.settings.factors.required {
        RequiredFactor::None | RequiredFactor::Passkey => false,
        RequiredFactor::Any => owner.means.passkeys.is_empty(),
    }
}

async fn page(call: &Call<'_>, owner: &Owner, since: Option<&str>) -> Answer {
    let form = call.form(PATH, owner.errand(Vec::new()));
    let page = Authenticator {
        ticket: form.ticket(),
        user: &owner.account.name,
        since,
        set_up: None,
        removable: since.is_some() && !is_demanded(call, owner),
        wrong: false,
    };
    call.page_before(&page, &form, owner.then(call).as_ref()).await
}

async fn set_up(call: &Call<'_>, owner: &Owner, seed: &[u8], wrong: bool) -> Answer {
    let form = call.form(PATH, owner.errand(vec![base64url::encode(seed)]));
    let host = call.visit.origin().split_once("://").map_or("Lobby", |(_, host)| host);
    let service = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let uri = totp_uri(service, &owner.account.name, seed);
    let drawn = qr(&uri);
    let text = seed_text(seed);
    let fours: Vec<&str> =
        (0..text.len()).step_by(4).filter_map(|at| text.get(at..(at + 4).min(text.len()))).collect();
    let set_up =
        AuthenticatorSetUp { uri: &uri, qr: drawn.as_ref().map(|qr| (qr.size, &*qr.path)), fours: &fours };
    let page = Authenticator {
        ticket: form.ticket(),
        user: &owner.account.name,
        since: None,
        set_up: Some(set_up),
        removable: false,
        wrong,
    };
    call.page_before(&page, &form, owner.then(call).as_ref()).await
}
