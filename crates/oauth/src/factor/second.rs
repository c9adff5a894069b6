//! What is asked for after the first thing that somebody showed.

use std::sync::Arc;

use identity::{Account, Cookie, Method, Missing, Shown};
use jose::digest;
use store::Session;

use super::{
    Means, Question,
    class::{floor, is_bare_persona, is_to_be_set_up, pick},
    enrol, judge, mailed,
    question::{self, Outcome},
};
use crate::{
    answer::Answer,
    authorize,
    entry::{self, Proof, Since},
    pages::{
        App, Decision, FactorNeeded, FactorProblem, Mailbox, SecondFactor, SignInProblem, Unknown, field,
    },
    parameters::Parameters,
    seal::Errand,
    server::Call,
    sign_in,
};

/// What somebody is asked to show.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// What they showed so far.
    pub(super) shown: Shown,
    /// Since when.
    pub(super) since: Since,
    /// The class of sign-in that it is to make.
    pub(super) class: String,
    /// What the code that was mailed is bound to; empty: none was.
    pub(super) ceremony: String,
}

impl Asked {
    /// Of whoever is signed in: what their session lacks for a class.
    pub(crate) fn beside(session: &Session, class: &str) -> Self {
        Self {
            shown: Shown::of(&session.methods),
            since: session.into(),
            class: class.to_owned(),
            ceremony: String::new(),
        }
    }
}

/// Somebody showed their password, or what stands for it.
pub(crate) async fn after_password(call: &Call<'_>, errand: &Errand, account: &Arc<Account>) -> Answer {
    let mut shown = Shown::default();
    shown.add(Method::Password);
    after(call, errand, account, shown).await
}

/// Somebody showed a first thing: signs them in, or asks for what is missing.
pub(crate) async fn after(
    call: &Call<'_>,
    errand: &Errand,
    account: &Arc<Account>,
    mut shown: Shown,
) -> Answer {
    let means = match Means::of(call, account).await {
        Ok(means) => means,
        Err(fault) => return call.fault(&fault),
    };
    if is_bare_persona(call, account, &means) {
        return entry::enter(call, errand, account, None).await;
    }
    let class = pick(entry::classes(call, errand).await, &shown, &means);
    let policy = if enrol::is_on_the_way(errand) {
        [enrol::class(call, account, &means); 2]
    } else {
        // Whoever has an authenticator is asked for its code, whatever is asked for.
        [floor(call), if means.totp { "mfa" } else { "pwd" }]
    };
    if policy.iter().any(|class| shown.missing(class) == Missing::Factor)
        && is_remembered(call, account).await
    {
        shown.add(Method::RememberedBrowser);
    }
    let by_policy = policy.map(|class| shown.missing_by_policy(class));
    let asked = shown.missing(&class);
    // What somebody has they show first: nobody is let in without it to set up a passkey.
    let is_first = means.totp && means.passkeys.is_empty() && by_policy.contains(&Missing::Factor);
    let lacks = |missing| asked == missing || by_policy.contains(&missing);
    let wanted = if lacks(Missing::Passkey) && !is_first {
        if by_policy.contains(&Missing::Passkey) { floor(call).to_owned() } else { class }
    } else if lacks(Missing::Factor) {
        if asked == Missing::Factor { class } else { "mfa".to_owned() }
    } else {
        let proof = Proof { shown: &shown, class: Some(&class), since: Since::now(call) };
        return entry::enter(call, errand, account, Some(proof)).await;
    };
    if ["hwk", "swk"].contains(&&*shown.text()) {
        // With a code it would be two things that one has: there is a password to type first.
        let problem = Some(SignInProblem::PasskeyUnverified);
        return sign_in::show(call, errand, problem, Some(&account.name)).await;
    }
    if !means.is_empty() && shown.text().starts_with("pwd") {
        call.expect_factor(account).await;
    }
    let asked = Asked { shown, since: Since::now(call), class: wanted, ceremony: String::new() };
    let page = page(call, errand, account, &asked, None).await;
    if ["pwd", "pwd rba"].contains(&&*asked.shown.text())
        && is_to_be_set_up(&means, asked.shown.missing(&asked.class))
    {
        // The pages on which it is set up ask for no password again.
        return entry::let_in(call, account, page).await;
    }
    page
}

async fn is_remembered(call: &Call<'_>, account: &Account) -> bool {
    let Some(cookie) = call.cookie(Cookie::Remembered) else { return false };
    let hash = digest::sha256(format!("{cookie}\0{}", account.password_version));
    let found = call.server.store.is_browser_remembered(&call.realm, &account.id, hash, call.visit.now).await;
    found.unwrap_or(false)
}

/// The page for what is missing.
pub(crate) async fn show(call: &Call<'_>, then: &Errand, account: &Account, asked: &Asked) -> Answer {
    page(call, then, account, asked, None).await
}

/// The same, in the midst of it.
pub(super) async fn page(
    call: &Call<'_>,
    then: &Errand,
    account: &Account,
    asked: &Asked,
    problem: Option<FactorProblem>,
) -> Answer {
    let means = match Means::of(call, account).await {
        Ok(means) => means,
        Err(fault) => return call.fault(&fault),
    };
    // What is demanded of everybody is demanded here, too.
    let is_enough = asked.shown.missing(&asked.class) == Missing::Nothing;
    let class = if is_enough { floor(call) } else { &asked.class };
    let only_passkey = asked.shown.missing(class) == Missing::Passkey;
    let errand = Errand::Factor {
        then: Box::new(then.clone()),
        account: account.id.clone(),
        password_version: account.password_version,
        shown: asked.shown.text(),
        since: asked.since,
        class: class.to_owned(),
        ceremony: asked.ceremony.clone(),
    };
    let form = call.form("/_lobby/sign-in", errand);
    let place = app(call, then).await;
    let app = App { name: &place.0, redirect: place.1.as_deref(), home: None };
    if is_to_be_set_up(&means, asked.shown.missing(class)) {
        return call.page(
            &FactorNeeded { app, ticket: form.ticket(), passkey: only_passkey },
            Some(&form),
            None,
        );
    }
    let question = Some(&means.passkeys).filter(|passkeys| !passkeys.is_empty());
    let question = question.and_then(|passkeys| Question::get(call, &account.id, passkeys));
    let address = means.mailbox.as_deref().map(mailed::hinted);
    let page = SecondFactor {
        app,
        ticket: form.ticket(),
        user: &account.name,
        totp: means.totp && !only_passkey,
        codes: means.codes > 0 && !only_passkey,
        mailbox: address.as_deref().map(|address| Mailbox { address, sent: !asked.ceremony.is_empty() }),
        remember: (!only_passkey).then_some(call.settings.factors.remember),
        passkey: question.as_ref().map(Question::asked),
        problem,
    };
    call.page(&page, Some(&form), None)
}

/// What the app is called that waits, and where it is.
pub(crate) async fn app(call: &Call<'_>, errand: &Errand) -> (String, Option<String>) {
    if let Errand::Authorize { parameters, .. } = errand
        && let Ok(requested) = authorize::requested(call, &Parameters::of_pairs(parameters.clone())).await
    {
        let name = requested.client.name.clone().unwrap_or_else(|| requested.client.id.clone());
        return (name, Some(requested.reply.redirect.clone()));
    }
    (call.house().name.to_owned(), None)
}

/// Takes what a sign-in form brings beside a password: a passkey, or the answer to a page of ours. `None`: it
/// is none of these.
pub(crate) async fn answer(call: &Call<'_>, form: &Parameters, errand: &Errand) -> Option<Answer> {
    match errand {
        Errand::Factor { then, account, password_version, shown, since, class, ceremony } => {
            let decision = form.get(field::DECISION).and_then(Decision::parse);
            if decision == Some(Decision::Switch) {
                return Some(sign_in::show(call, then, None, None).await);
            }
            if decision == Some(Decision::Deny) {
                return Some(entry::leave_off(call, then).await);
            }
            let found = match call.people().of_id(account).await {
                Ok(found) => found,
                Err(fault) => return Some(call.fault(&fault)),
            };
            let found = found.filter(|found| !found.disabled && found.password_version == *password_version);
            let Some(found) = found else { return Some(sign_in::show(call, then, None, None).await) };
            let asked = Asked {
                shown: Shown::of(shown),
                since: *since,
                class: class.clone(),
                ceremony: ceremony.clone(),
            };
            Some(if form.text(field::DO) == "mail" {
                mailed::send(call, then, &found, asked).await
            } else {
                judge::take(call, form, then, &found, asked).await
            })
        }
        Errand::Offer { sid, then } => Some(super::offer::answer(call, form, sid, then).await),
        Errand::Authorize { .. } | Errand::Device { .. } | Errand::Visit | Errand::Account { .. }
            if form.get(field::CREDENTIAL).is_some_and(|credential| !credential.is_empty()) =>
        {
            Some(by_passkey(call, form, errand).await)
        }
        Errand::Authorize { .. }
        | Errand::Device { .. }
        | Errand::Visit
        | Errand::Account { .. }
        | Errand::Logout { .. }
        | Errand::Ceremony { .. }
        | Errand::Enrol { .. } => None,
    }
}

/// Somebody signs in with a passkey, without a name or a password.
async fn by_passkey(call: &Call<'_>, form: &Parameters, errand: &Errand) -> Answer {
    let (id, method) = match question::shown(call, form).await {
        Ok(Outcome::Good(shown)) => shown,
        Ok(Outcome::Unknown { rp_id, id }) => {
            let problem = SignInProblem::PasskeyUnknown;
            return sign_in::show_with(call, errand, Some(problem), None, Some(Unknown { rp_id, id })).await;
        }
        Ok(Outcome::Refused) => return sign_in::show(call, errand, Some(SignInProblem::Passkey), None).await,
        Err(_) => return sign_in::show(call, errand, Some(SignInProblem::Busy), None).await,
    };
    match call.people().of_id(&id).await {
        Ok(Some(account)) if account.disabled => {
            sign_in::show(call, errand, Some(SignInProblem::Disabled), None).await
        }
        Ok(Some(account)) => {
            let mut shown = Shown::default();
            shown.add(method);
            after(call, errand, &account, shown).await
        }
        Ok(None) => sign_in::show(call, errand, Some(SignInProblem::Passkey), None).await,
        Err(fault) => call.fault(&fault),
    }
}
