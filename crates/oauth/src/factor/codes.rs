//! `/_lobby/account/codes`: ten codes for whoever lost everything else.

use identity::{Missing, RECOVERY_BYTES, RECOVERY_CODES, Shown, recovery_code, recovery_hash};

use super::{
    class::is_bare_persona,
    enrol::{Owner, go_on, owner, sent, wish, with_request},
    second::Asked,
};
use crate::{
    activity::Activity,
    answer::Answer,
    entry,
    pages::{RecoveryCodes, field},
    seal::Errand,
    server::Call,
};

const PATH: &str = "/_lobby/account/codes";

pub(crate) async fn serve(call: &Call<'_>, query: Option<&str>, body: &[u8]) -> Answer {
    match answered(call, query, body).await {
        Ok(answer) | Err(answer) => answer,
    }
}

async fn answered(call: &Call<'_>, query: Option<&str>, body: &[u8]) -> Result<Answer, Answer> {
    let mut there = owner(call, PATH, query).await?;
    let lacks = Shown::of(&there.session.methods).missing("mfa") != Missing::Nothing;
    if lacks && !is_bare_persona(call, &there.account, &there.means) {
        // Codes that a password alone made would open an account whose owner sets up a factor later.
        let then = Errand::Account { path: with_request("/codes", &there.request), again: None };
        let asked = Asked::beside(&there.session, "mfa");
        return Err(super::show(call, &then, &there.account, &asked).await);
    }
    let sent = sent(call, &mut there, body).await?;
    if !call.settings.factors.codes {
        return Ok(page(call, &there, &[], false).await);
    }
    match (wish(sent.as_ref()), &sent) {
        ("new", Some(_)) => {
            let new = |_| recovery_code(call.server.random::<RECOVERY_BYTES>());
            Ok(page(call, &there, &(0..RECOVERY_CODES).map(new).collect::<Vec<_>>(), false).await)
        }
        ("keep", Some(sent)) if sent.pending.len() == RECOVERY_CODES => {
            // None of the old ones ends before one of the new ones is seen to be written down.
            let hash = |code: &String| recovery_hash(&there.account.id, code);
            let hashes: Vec<_> = sent.pending.iter().map(hash).collect();
            if !hashes.contains(&recovery_hash(&there.account.id, sent.form.text(field::RECOVERY))) {
                return Ok(page(call, &there, &sent.pending, true).await);
            }
            let (store, realm) = (&call.server.store, &call.realm);
            let kept = store.replace_recovery_codes(realm, &there.account.id, hashes).await;
            kept.map_err(|fault| call.fault(&fault))?;
            call.told_of_factor(&there.account.id, Activity::RecoveryCodesMade).await;
            match there.then(call) {
                Some(then) => Ok(entry::resume(call, &then, &there.session).await),
                None => Ok(go_on(call, PATH)),
            }
        }
        ("later", Some(_)) => match there.then(call) {
            Some(then) => Ok(entry::resume(call, &then, &there.session).await),
            None => Ok(go_on(call, "/_lobby/account/")),
        },
        _ => Ok(page(call, &there, &[], false).await),
    }
}

async fn page(call: &Call<'_>, owner: &Owner, new: &[String], wrong: bool) -> Answer {
    let form = call.form(PATH, owner.errand(new.to_vec()));
    let page = RecoveryCodes {
        ticket: form.ticket(),
        user: &owner.account.name,
        left: owner.means.codes,
        new,
        offered: call.settings.factors.codes,
        wrong,
        later: owner.then(call).is_some(),
    };
    call.page_before(&page, &form, owner.then(call).as_ref()).await
}
