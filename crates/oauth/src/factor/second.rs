//! What is asked for after the first thing that somebody showed.

use std::sync::Arc;

use http::header;
use identity::{Account, Cookie, Method, Missing, Shown, recovery_hash, take_totp};
use jose::{base64url, digest};
use store::{Fault, Session};

use super::{
    Means, Question,
    means::totp_seed,
    question::{self, Outcome},
};
use crate::{
    answer::Answer,
    authorize,
    pages::{App, Decision, FactorNeeded, FactorProblem, SecondFactor, SignInProblem, Unknown, field},
    parameters::Parameters,
    seal::Errand,
    server::Call,
    settings::RequiredFactor,
    sign_in,
};

/// What a session lacks for a request.
pub(crate) enum Lack {
    /// Nothing.
    Nothing,
    /// A factor that its account can show.
    Factor,
    /// The persona's button once more: it stands for whatever is asked.
    SignIn,
}

/// What is asked of everybody.
fn floor(call: &Call<'_>) -> &'static str {
    match call.settings.factors.required {
        RequiredFactor::None => "pwd",
        RequiredFactor::Any => "mfa",
        RequiredFactor::Passkey => "phr",
    }
}

/// Whether somebody is a persona that has nothing but a password: whoever is picked in a mock passes for all.
fn is_bare_persona(call: &Call<'_>, account: &Account, means: &Means) -> bool {
    means.is_empty() && call.settings.directory.account(&account.id).is_some()
}

/// What a session lacks for the class that is asked for.
pub(crate) async fn lacking(
    call: &Call<'_>,
    session: &Session,
    account: &Account,
    class: &str,
) -> Result<Lack, Fault> {
    let shown = Shown::of(&session.methods);
    let asked = session.acr == class || shown.missing(class) == Missing::Nothing;
    if asked && shown.missing(floor(call)) == Missing::Nothing {
        return Ok(Lack::Nothing);
    }
    Ok(match (is_bare_persona(call, account, &Means::of(call, account).await?), asked) {
        (true, true) => Lack::Nothing,
        (true, false) => Lack::SignIn,
        (false, _) => Lack::Factor,
    })
}

/// Somebody showed their password, or what stands for it.
pub(crate) async fn after_password(call: &Call<'_>, errand: &Errand, account: &Arc<Account>) -> Answer {
    let mut shown = Shown::default();
    shown.add(Method::Password);
    after(call, errand, account, (shown, sign_in::class(call, errand).await)).await
}

/// Somebody showed a first thing: signs them in, or asks for what is missing.
pub(crate) async fn after(
    call: &Call<'_>,
    errand: &Errand,
    account: &Arc<Account>,
    (mut shown, class): (Shown, String),
) -> Answer {
    let means = match Means::of(call, account).await {
        Ok(means) => means,
        Err(fault) => return call.fault(&fault),
    };
    if is_bare_persona(call, account, &means) {
        return sign_in::enter(call, errand, account, None).await;
    }
    // Whoever has an authenticator is asked for its code, whatever is asked for.
    let own = if means.totp { "mfa" } else { "pwd" };
    let policy = [floor(call), own];
    if policy.iter().any(|class| shown.missing(class) == Missing::Factor)
        && is_remembered(call, account).await
    {
        shown.add(Method::RememberedBrowser);
    }
    let missing = policy.iter().map(|class| shown.missing(class)).chain([shown.missing(&class)]);
    let missing: Vec<Missing> = missing.collect();
    let wanted = if missing.contains(&Missing::Passkey) {
        if shown.missing(floor(call)) == Missing::Passkey { floor(call).to_owned() } else { class }
    } else if missing.contains(&Missing::Factor) {
        if class == "pwd" { "mfa".to_owned() } else { class }
    } else {
        return sign_in::enter(call, errand, account, Some((&shown, &class))).await;
    };
    show(call, errand, account, (&shown, &wanted), None).await
}

async fn is_remembered(call: &Call<'_>, account: &Account) -> bool {
    let Some(cookie) = call.cookie(Cookie::Remembered) else { return false };
    let hash = digest::sha256(format!("{cookie}\0{}", account.password_version));
    let found = call.server.store.is_browser_remembered(&call.realm, &account.id, hash, call.visit.now).await;
    found.unwrap_or(false)
}

/// The page for what is missing.
pub(crate) async fn show(
    call: &Call<'_>,
    then: &Errand,
    account: &Account,
    (shown, class): (&Shown, &str),
    problem: Option<FactorProblem>,
) -> Answer {
    let means = match Means::of(call, account).await {
        Ok(means) => means,
        Err(fault) => return call.fault(&fault),
    };
    // What is demanded of everybody is demanded here, too.
    let class = if shown.missing(class) == Missing::Nothing { floor(call) } else { class };
    let only_passkey = shown.missing(class) == Missing::Passkey;
    let errand = Errand::Factor {
        then: Box::new(then.clone()),
        account: account.id.clone(),
        password_version: account.password_version,
        shown: shown.text(),
        class: class.to_owned(),
    };
    let form = call.form("/_lobby/sign-in", errand);
    let place = app(call, then).await;
    let app = App { name: &place.0, redirect: place.1.as_deref(), home: None };
    if means.is_empty() || (only_passkey && means.passkeys.is_empty()) {
        return call.page(
            &FactorNeeded { app, ticket: form.ticket(), passkey: only_passkey },
            Some(&form),
            None,
        );
    }
    let question = Some(&means.passkeys).filter(|passkeys| !passkeys.is_empty());
    let question = question.and_then(|passkeys| Question::get(call, &account.id, passkeys));
    let page = SecondFactor {
        app,
        ticket: form.ticket(),
        user: &account.name,
        totp: means.totp && !only_passkey,
        codes: means.codes > 0 && !only_passkey,
        remember: (!only_passkey).then_some(call.settings.factors.remember),
        passkey: question.as_ref().map(Question::asked),
        problem,
    };
    call.page(&page, Some(&form), None)
}

/// What the app is called that waits, and where it is.
async fn app(call: &Call<'_>, errand: &Errand) -> (String, Option<String>) {
    if let Errand::Authorize { parameters, .. } = errand
        && let Ok(requested) = authorize::requested(call, &Parameters::of_pairs(parameters.clone())).await
    {
        let name = requested.client.name.clone().unwrap_or_else(|| requested.client.id.clone());
        return (name, Some(requested.reply.redirect.clone()));
    }
    ("Lobby".to_owned(), None)
}

/// Takes what a sign-in form brings beside a password: a passkey, or the answer to a page of ours. `None`: it
/// is none of these.
pub(crate) async fn answer(call: &Call<'_>, form: &Parameters, errand: &Errand) -> Option<Answer> {
    match errand {
        Errand::Factor { then, account, password_version, shown, class } => {
            let decision = form.get(field::DECISION).and_then(Decision::parse);
            if decision == Some(Decision::Switch) {
                return Some(sign_in::show(call, then, None, None).await);
            }
            if decision == Some(Decision::Deny) {
                return Some(sign_in::turn_back(call, then).await);
            }
            let found = match call.people().of_id(account).await {
                Ok(found) => found,
                Err(fault) => return Some(call.fault(&fault)),
            };
            let found = found.filter(|found| !found.disabled && found.password_version == *password_version);
            let Some(found) = found else { return Some(sign_in::show(call, then, None, None).await) };
            let asked = (Shown::of(shown), class.as_str());
            Some(take(call, form, then, &found, asked).await)
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
            let class = sign_in::class(call, errand).await;
            after(call, errand, &account, (shown, class)).await
        }
        Ok(None) => sign_in::show(call, errand, Some(SignInProblem::Passkey), None).await,
        Err(fault) => call.fault(&fault),
    }
}

/// A second thing was shown.
async fn take(
    call: &Call<'_>,
    form: &Parameters,
    then: &Errand,
    account: &Arc<Account>,
    (mut shown, class): (Shown, &str),
) -> Answer {
    let judged = judge(call, form, account).await;
    let method = match judged {
        Ok(Ok(method)) => method,
        Ok(Err(problem)) => return show(call, then, account, (&shown, class), Some(problem)).await,
        Err(fault) => return call.fault(&fault),
    };
    shown.add(method);
    if shown.missing(class) != Missing::Nothing {
        return show(call, then, account, (&shown, class), Some(FactorProblem::Missing)).await;
    }
    let mut answer = sign_in::enter(call, then, account, Some((&shown, class))).await;
    if form.get(field::REMEMBER).is_some() && !matches!(method, Method::Passkey { .. }) {
        let cookie = base64url::encode(call.server.random::<32>());
        let hash = digest::sha256(format!("{cookie}\0{}", account.password_version));
        let span = call.settings.factors.remember;
        let until = call.visit.now.plus(span);
        let kept = call.server.store.remember_browser(&call.realm, &account.id, hash, until).await;
        if let (Ok(()), Some(cookie)) =
            (kept, call.set_cookie(Cookie::Remembered, &cookie, Some(span.as_secs())))
        {
            answer.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    answer
}

/// What was shown, if it is right. Tries are counted before they are looked at, so that no number at once is
/// more than that (attacks.md, G06).
async fn judge(
    call: &Call<'_>,
    form: &Parameters,
    account: &Account,
) -> Result<Result<Method, FactorProblem>, Fault> {
    if form.get(field::CREDENTIAL).is_some_and(|credential| !credential.is_empty()) {
        return Ok(match question::shown(call, form).await? {
            Outcome::Good((id, method)) if id == account.id => Ok(method),
            Outcome::Good(_) | Outcome::Refused | Outcome::Unknown { .. } => Err(FactorProblem::Passkey),
        });
    }
    let (code, recovery) = (form.text(field::CODE), form.text(field::RECOVERY));
    if code.is_empty() && recovery.is_empty() {
        return Ok(Err(FactorProblem::Wrong));
    }
    let (attempts, now) = (&call.server.attempts, call.visit.now);
    let counted = format!("factor {}", account.id);
    let locked = |left| FactorProblem::Locked { until: now.plus(left), now };
    if let Err(left) = call.admits_still(&account.id) {
        return Ok(Err(locked(left)));
    }
    if let Some(left) = attempts.locked_for(&call.realm, &counted, now) {
        return Ok(Err(locked(left)));
    }
    // The one that fills the measure is looked at yet.
    let rules = &call.settings.lockout;
    let rules = guard::lockout::Settings { failures: rules.failures.saturating_add(1), ..*rules };
    if let Some(left) = attempts.fail(&call.realm, &counted, &rules, now) {
        return Ok(Err(locked(left)));
    }
    let (store, realm) = (&call.server.store, &call.realm);
    let method = if code.is_empty() {
        let hash = recovery_hash(&account.id, recovery);
        let right =
            call.settings.factors.codes && store.spend_recovery_code(realm, &account.id, hash, now).await?;
        right.then_some(Method::RecoveryCode)
    } else {
        match totp_seed(call, account).await? {
            None => None,
            Some(seed) => {
                let right =
                    take_totp(store, realm, &account.id, (seed.expose(), code), call.visit.real).await?;
                right.then_some(Method::OneTimeCode)
            }
        }
    };
    let Some(method) = method else {
        call.failed(&account.id);
        return Ok(Err(FactorProblem::Wrong));
    };
    attempts.succeed(&call.realm, &counted);
    Ok(Ok(method))
}
