//! Judging what was shown beside the first thing.

use std::sync::Arc;

use http::header;
use identity::{Account, Cookie, Method, Missing, recovery_hash, take_totp};
use jose::{base64url, digest};
use store::Fault;

use super::{
    mailed,
    means::totp_seed,
    question::{self, Outcome},
    second::{Asked, page},
};
use crate::{
    activity::Activity,
    answer::Answer,
    entry::{self, Proof},
    pages::{FactorProblem, field},
    parameters::Parameters,
    seal::Errand,
    server::Call,
};

/// A second thing was shown.
pub(super) async fn take(
    call: &Call<'_>,
    form: &Parameters,
    then: &Errand,
    account: &Arc<Account>,
    mut asked: Asked,
) -> Answer {
    let method = match judge(call, form, account, &asked.ceremony).await {
        Ok(Ok(method)) => method,
        Ok(Err(problem)) => return page(call, then, account, &asked, Some(problem)).await,
        Err(fault) => return call.fault(&fault),
    };
    asked.shown.add(method);
    if asked.shown.missing(&asked.class) != Missing::Nothing {
        return page(call, then, account, &asked, Some(FactorProblem::Missing)).await;
    }
    let proof = Proof { shown: &asked.shown, class: Some(&asked.class), since: asked.since };
    let mut answer = entry::enter(call, then, account, Some(proof)).await;
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
    ceremony: &str,
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
    // Digits of a mail that anybody with the password can have sent are no secret of this browser's.
    let counted = counted(call, account, !ceremony.is_empty());
    if let Some(problem) = count(call, account, &counted) {
        return Ok(Err(problem));
    }
    let (store, realm) = (&call.server.store, &call.realm);
    let method = if code.is_empty() {
        let hash = recovery_hash(&account.id, recovery);
        let right = call.settings.factors.codes
            && store.spend_recovery_code(realm, &account.id, hash, call.visit.now).await?;
        right.then_some(Method::RecoveryCode)
    } else {
        match totp_seed(call, account).await? {
            None => mailed::is_right(call, account, ceremony, code).await?.then_some(Method::MailedCode),
            Some(seed) => {
                let right =
                    take_totp(store, realm, &account.id, (seed.expose(), code), call.visit.real).await?;
                right.then_some(Method::OneTimeCode)
            }
        }
    };
    let Some(method) = method else {
        call.failed(&account.into());
        let is_mailed = !code.is_empty() && !ceremony.is_empty();
        return Ok(Err(if is_mailed { FactorProblem::MailedWrong } else { FactorProblem::Wrong }));
    };
    call.server.attempts.succeed(&call.realm, &counted);
    if method == Method::RecoveryCode {
        call.told_of_factor(&account.id, Activity::RecoveryCodeUsed).await;
    }
    Ok(Ok(method))
}

/// Counts a try, unless there were too many.
fn count(call: &Call<'_>, account: &Account, name: &str) -> Option<FactorProblem> {
    let (attempts, now) = (&call.server.attempts, call.visit.now);
    let locked = |left| FactorProblem::Locked { until: now.plus(left), now };
    if let Err(left) = call.admits_still(&account.into()) {
        return Some(locked(left));
    }
    if let Some(left) = attempts.locked_for(&call.realm, name, now) {
        return Some(locked(left));
    }
    // The one that fills the measure is looked at yet.
    let rules = &call.settings.lockout;
    let rules = guard::lockout::Settings { failures: rules.failures.saturating_add(1), ..*rules };
    attempts.fail(&call.realm, name, &rules, now).map(locked)
}

/// Under which name the tries are counted: a browser that is known for the account has counters of its own, so that
/// nobody who knows the password alone keeps its owner out.
fn counted(call: &Call<'_>, account: &Account, is_mailed: bool) -> String {
    let whose = account.into();
    format!("factor {}", if is_mailed { account.id.as_str().into() } else { call.counted(&whose) })
}
