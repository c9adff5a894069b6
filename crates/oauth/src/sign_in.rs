//! The sign-in page, and what its forms and the consent page's bring back.

use std::sync::Arc;

use http::Method;
use identity::{
    Account,
    password::{Checked, Stored},
};
use model::SignInOutcome;
use store::Session;

use crate::{
    account,
    answer::{Answer, see_other},
    authorize::{self, Consented, Requested},
    entry,
    factor::{self, Question},
    known_device::Whose,
    page,
    page::Opened,
    pages::{Decision, FailureKind, Persona, SignIn, SignInProblem, Unknown, Waited, Who, field},
    parameters::Parameters,
    redirect::with_parameters,
    seal::Errand,
    server::Call,
    settings::Settings,
    visit::Interference,
};

/// From how many tries left on the page tells it.
const WARNED: u32 = 2;

/// Shows the page to whoever comes without an app, or takes what a form of ours brings.
pub(crate) async fn serve(call: &Call<'_>, _query: Option<&str>, body: &[u8]) -> Answer {
    if call.method != Method::POST {
        return visit(call).await;
    }
    let form = match Parameters::of_body(call.headers, body) {
        Ok(form) => form,
        Err(error) => return call.failure(FailureKind::Request { detail: &error.to_string() }),
    };
    let errand = match call.opened(&form) {
        Opened::Errand(errand) => errand,
        Opened::Waited(errand) => return waited(call, errand, form.get(field::NAME)).await,
        Opened::Forged => return call.failure(FailureKind::Forged),
    };
    if !call.is_own_form(&form) {
        return show(call, &errand, Some(SignInProblem::Forged), None).await;
    }
    if let (Interference::Error(error), Errand::Authorize { parameters, .. }) =
        (&call.visit.interference, &errand)
    {
        return refused_by_scenario(call, error, parameters).await;
    }
    if let Some(answer) = factor::answer(call, &form, &errand).await {
        return answer;
    }
    match (form.get(field::DECISION), &errand) {
        (Some(decision), Errand::Authorize { parameters, signed_in, .. }) => {
            decided(call, decision, parameters, signed_in.as_deref()).await
        }
        (Some(_), _) => call.failure(FailureKind::Request { detail: "there is nothing to decide here" }),
        (None, _) => sign_in(call, &form, &errand).await,
    }
}

/// A play for one persona wants this error, and who it is became known on the page.
async fn refused_by_scenario(call: &Call<'_>, error: &str, parameters: &[(String, String)]) -> Answer {
    match authorize::requested(call, &Parameters::of_pairs(parameters.to_vec())).await {
        Ok(requested) => requested.reply.error(call, error, "a scenario wants this error"),
        Err(unfit) => authorize::refuse(call, &unfit),
    }
}

/// Somebody opened the page by itself: sign in, or go where everything of theirs is.
async fn visit(call: &Call<'_>) -> Answer {
    match call.session().await {
        Ok(Some(_)) => account::after_sign_in(call, "/"),
        Ok(None) => show(call, &Errand::Visit, None, None).await,
        Err(fault) => call.fault(&fault),
    }
}

/// The consent page was answered.
async fn decided(
    call: &Call<'_>,
    decision: &str,
    parameters: &[(String, String)],
    signed_in: Option<&str>,
) -> Answer {
    let requested = match authorize::requested(call, &Parameters::of_pairs(parameters.to_vec())).await {
        Ok(requested) => requested,
        Err(unfit) => return authorize::refuse(call, &unfit),
    };
    // Consent is the consent of whoever saw the page.
    let session = match call.session().await {
        Ok(session) => session.filter(|session| Some(&*session.sid) == signed_in),
        Err(fault) => return requested.reply.fault(call, &fault),
    };
    match Decision::parse(decision) {
        Some(Decision::Switch) => authorize::show_sign_in(call, &requested, None, None),
        Some(Decision::Deny) => requested.reply.error(call, "access_denied", "the person said no"),
        Some(Decision::Ask) | None => {
            authorize::go_on(call, &requested, session.as_deref(), signed_in, Consented::No).await
        }
        Some(Decision::Allow) => allowed(call, &requested, session.as_deref(), signed_in).await,
    }
}

async fn allowed(
    call: &Call<'_>,
    requested: &Requested,
    session: Option<&Session>,
    signed_in: Option<&str>,
) -> Answer {
    let account = match session {
        Some(session) => match call.people().of_id(&session.subject).await {
            Ok(account) => account,
            Err(fault) => return requested.reply.fault(call, &fault),
        },
        None => None,
    };
    let consented = match account {
        None => Consented::No,
        Some(account) => {
            let scopes = crate::scope::of_account(
                &call.settings,
                &account,
                &requested.client,
                requested.scopes.as_ref(),
            );
            let (store, id) = (&call.server.store, &requested.client.id);
            let recorded = store.record_consent(&call.realm, id, &account.id, &scopes, call.visit.now);
            if let Err(fault) = recorded.await {
                return requested.reply.fault(call, &fault);
            }
            Consented::Yes
        }
    };
    authorize::go_on(call, requested, session, signed_in, consented).await
}

/// A persona was picked, or name and password were typed.
async fn sign_in(call: &Call<'_>, form: &Parameters, errand: &Errand) -> Answer {
    let settings = &call.settings;
    if let Some(name) = form.get(field::PERSONA) {
        // Personas are a mock's: nobody has to prove to be one.
        let account = settings.directory.account(name).filter(|_| settings.personas);
        return match account {
            None => call.failure(FailureKind::Request { detail: "there is no such persona" }),
            Some(account) if account.disabled => {
                show(call, errand, Some(SignInProblem::Disabled), None).await
            }
            Some(account) => entry::enter(call, errand, account, None).await,
        };
    }
    let (name, password) = (form.text(field::NAME).trim(), form.text(field::PASSWORD));
    if name.is_empty() || password.is_empty() {
        return show(call, errand, Some(SignInProblem::Incomplete), Some(name)).await;
    }
    match proven(call, name, password).await {
        Ok(account) => factor::after_password(call, errand, &account).await,
        Err(problem) => show(call, errand, Some(problem), Some(name)).await,
    }
}

/// Whether name and password go together; counted, alike for names that nobody has (verdicts.md,
/// `account.locked`).
async fn proven(call: &Call<'_>, name: &str, password: &str) -> Result<Arc<Account>, SignInProblem> {
    let tell = |outcome, subject| call.tell_sign_in(outcome, subject);
    let (attempts, now) = (&call.server.attempts, call.visit.now);
    let account = call.who(name).await.map_err(|_| SignInProblem::Busy)?;
    let whose = Whose::of(account.as_deref(), name);
    let counted = &*call.counted(&whose);
    let locked = |left| {
        tell(SignInOutcome::Locked, None);
        SignInProblem::Locked { until: now.plus(left), now }
    };
    let paused = |left| {
        tell(SignInOutcome::Limited, None);
        SignInProblem::Paused { until: now.plus(left), now }
    };
    call.admits(&whose).map_err(paused)?;
    if let Some(left) = attempts.locked_for(&call.realm, counted, now) {
        return Err(locked(left));
    }
    let right = call.server.passwords.check(account.as_deref(), password).await.map_err(|_| {
        tell(SignInOutcome::Busy, None);
        SignInProblem::Busy
    })?;
    // Of many at once no more are answered than of as many one after the other.
    call.admits_still(&whose).map_err(paused)?;
    if let Some(left) = attempts.locked_for(&call.realm, counted, now) {
        return Err(locked(left));
    }
    let (Some(account), true) = (account.as_ref(), right.is_right()) else {
        if let Some(left) = call.wrong_password((&whose, counted), account.as_deref(), name).await {
            return Err(SignInProblem::Locked { until: now.plus(left), now });
        }
        let rules = &call.settings.lockout;
        let left = attempts.left(&call.realm, counted, rules, now, WARNED).unwrap_or(u32::MAX);
        return Err(SignInProblem::Wrong { left, pause: rules.lock });
    };
    attempts.succeed(&call.realm, counted);
    if account.disabled {
        tell(SignInOutcome::Disabled, Some(account));
        return Err(SignInProblem::Disabled);
    }
    tell(SignInOutcome::Done, Some(account));
    call.look_again(account, password, right).await;
    call.people().of_id(&account.id).await.ok().flatten().ok_or(SignInProblem::Busy)
}

impl Call<'_> {
    /// A user's password was right: a hash that is out of date is made anew, and one that is known from leaks has
    /// to be another one. Neither keeps anybody out who has just shown it.
    async fn look_again(&self, account: &Account, password: &str, checked: Checked) {
        let store = &self.server.store;
        if self.settings.directory.account(&account.id).is_some() {
            return;
        }
        if let (Checked::Outdated, Stored::Hashed(before)) = (checked, &account.password)
            && let Ok(after) = self.server.passwords.hash_again(password, self.server.random()).await
        {
            let _ = store.rehash_user(&self.realm, &account.id, before.as_str(), after.as_str()).await;
        }
        if !account.must_change && self.settings.accounts.passwords.is_leaked(password).await {
            let _ = store.change_user(&self.realm, &account.id, |user| user.must_change = true).await;
        }
    }
}

/// The sign-in page for whatever is under way.
pub(crate) async fn show(
    call: &Call<'_>,
    errand: &Errand,
    problem: Option<SignInProblem>,
    typed: Option<&str>,
) -> Answer {
    show_with(call, errand, problem, typed, None).await
}

/// The same, with a passkey whose authenticator is to be told that it is not registered here.
pub(crate) async fn show_with(
    call: &Call<'_>,
    errand: &Errand,
    problem: Option<SignInProblem>,
    typed: Option<&str>,
    unknown: Option<Unknown>,
) -> Answer {
    if let Errand::Authorize { parameters, again, .. } = errand {
        return match authorize::requested(call, &Parameters::of_pairs(parameters.clone())).await {
            Ok(mut requested) => {
                if let Some(typed) = typed.filter(|typed| !typed.is_empty()) {
                    requested.login_hint = Some(typed.to_owned());
                }
                // Whoever was asked to show it again is asked still.
                let again = again.as_deref();
                authorize::show_sign_in_with(call, &requested, problem, again, unknown.as_ref())
            }
            Err(unfit) => authorize::refuse(call, &unfit),
        };
    }
    let form = call.form("/_lobby/sign-in", errand.clone());
    let about = personas(&call.settings);
    let question = Question::get(call, "", &[]);
    let typed = typed.filter(|typed| !typed.is_empty());
    let ways = call.ways(&form);
    let page = SignIn {
        sign_up: ways.sign_up.as_deref(),
        reset: ways.reset.as_deref(),
        label: call.settings.accounts.names.label(),
        app: call.house(),
        ticket: form.ticket(),
        who: match (errand, typed) {
            (Errand::Account { again: Some(name), .. }, _) => Who::Only(name),
            (_, Some(name)) => Who::Suggested(name),
            (_, None) => Who::Anyone,
        },
        personas: &buttons(&about),
        problem,
        passkey: question.as_ref().map(Question::asked),
        unknown: unknown.as_ref(),
    };
    call.page(&page, Some(&form), None)
}

async fn waited(call: &Call<'_>, errand: Errand, typed: Option<&str>) -> Answer {
    let parameters = match errand {
        Errand::Authorize { parameters, .. } => parameters,
        Errand::Visit | Errand::Account { .. } | Errand::Device { .. } => {
            return show(call, &errand, Some(SignInProblem::Waited), typed).await;
        }
        Errand::Logout { .. }
        | Errand::Factor { .. }
        | Errand::Ceremony { .. }
        | Errand::Enrol { .. }
        | Errand::Offer { .. } => return see_other(&call.visit.path("/_lobby/sign-in")),
    };
    match authorize::requested(call, &Parameters::of_pairs(parameters.clone())).await {
        Err(unfit) => authorize::refuse(call, &unfit),
        Ok(requested) => {
            let pairs: Vec<(&str, &str)> =
                parameters.iter().map(|(name, value)| (&**name, &**value)).collect();
            let again = with_parameters(&call.visit.path("/_lobby/oauth/authorize"), &pairs, false);
            let page = Waited { app: page::app(&requested.client, None), again: &again };
            call.page(&page, None, requested.locales.as_deref())
        }
    }
}

/// A mock's personas, with a few words on each.
pub(crate) fn personas(settings: &Settings) -> Vec<(&Account, String)> {
    let accounts = settings.directory.accounts().iter().filter(|_| settings.personas);
    accounts.map(|account| (&**account, about(account))).collect()
}

fn about(account: &Account) -> String {
    let roles = account.roles.iter().cloned().collect::<Vec<_>>().join(", ");
    let scopes = match account.scopes.len() {
        0 => "no scopes".to_owned(),
        1..=3 => account.scopes.to_string(),
        many => format!("{many} scopes"),
    };
    let parts = [roles, scopes, account.plan.clone().unwrap_or_default()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

pub(crate) fn buttons<'a>(personas: &'a [(&'a Account, String)]) -> Vec<Persona<'a>> {
    let button = |(account, about): &'a (&'a Account, String)| Persona {
        name: &account.name,
        about: Some(about),
        disabled: account.disabled,
    };
    personas.iter().map(button).collect()
}
