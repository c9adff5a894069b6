use std::time::Duration;

use identity::Account;
use store::Session;

use super::{Means, Question, enrol::is_about_factors, question};
use crate::{
    answer::Answer,
    entry,
    pages::{PasskeyOffer, field},
    parameters::Parameters,
    seal::Errand,
    server::Call,
    sign_in,
};

/// How seldom somebody is asked.
const EVERY: Duration = Duration::from_secs(30 * 86_400);

/// The page that offers a passkey after a sign-in with a password: to a user who has none, and seldom.
pub(crate) async fn offer(
    call: &Call<'_>,
    then: &Errand,
    account: &Account,
    session: &Session,
) -> Option<Answer> {
    let is_password = session.methods.split(' ').any(|method| method == "pwd");
    // Whoever is on the way there needs no offer.
    let is_persona = call.settings.directory.account(&account.id).is_some();
    if !is_password || is_persona || is_about_factors(then) {
        return None;
    }
    let means = Means::of(call, account).await.ok()?;
    let question = Question::create(call, (&account.id, &account.name), &means.passkeys)?;
    if !means.passkeys.is_empty()
        || !call.server.store.offer_passkey(&call.realm, &account.id, call.visit.now, EVERY).await.ok()?
    {
        return None;
    }
    let errand = Errand::Offer { sid: session.sid.clone(), then: Box::new(then.clone()) };
    let form = call.form("/_lobby/sign-in", errand);
    let page = PasskeyOffer { ticket: form.ticket(), user: &account.name, passkey: question.asked() };
    Some(call.page_before(&page, &form, Some(then)).await)
}

/// It was taken, or put off: either way what was under way goes on.
pub(super) async fn answer(call: &Call<'_>, form: &Parameters, sid: &str, then: &Errand) -> Answer {
    let session = match call.session().await {
        Ok(session) => session.filter(|session| session.sid == sid),
        Err(fault) => return call.fault(&fault),
    };
    let Some(session) = session else { return sign_in::show(call, then, None, None).await };
    if !form.text(field::CREDENTIAL).is_empty() {
        let name = super::passkeys::usual_name(call);
        // One that is not taken is no reason to stop: the account's page has another try.
        if let Err(fault) = question::made(call, form, &session.subject, &name).await {
            return call.fault(&fault);
        }
    }
    entry::resume(call, then, &session).await
}
