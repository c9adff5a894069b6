//! What a sign-in opens: a session under a new name, its cookie, and the way on to what was under way.

use http::header;
use identity::{Account, Cookie, Shown, SignIn};
use jose::base64url;
use model::Timestamp;
use serde::{Deserialize, Serialize};
use store::Session;

use crate::{
    account,
    activity::Activity,
    answer::{Answer, see_other},
    authorize::{self, Consented},
    device_page, factor,
    parameters::Parameters,
    seal::Errand,
    server::Call,
};

/// When the oldest was shown of what somebody signs in with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Since {
    /// By the earlier of both clocks.
    auth_time: Timestamp,
    /// By the sandbox's.
    signed_in_at: Timestamp,
}

impl Since {
    /// All of it just now.
    pub(crate) fn now(call: &Call<'_>) -> Self {
        Self { auth_time: call.earlier(), signed_in_at: call.visit.now }
    }
}

impl From<&Session> for Since {
    fn from(session: &Session) -> Self {
        Self { auth_time: session.auth_time, signed_in_at: session.signed_in_at }
    }
}

/// What somebody showed, for which class of sign-in, and since when.
pub(crate) struct Proof<'a> {
    pub(crate) shown: &'a Shown,
    pub(crate) class: Option<&'a str>,
    pub(crate) since: Since,
}

/// The classes of sign-in of which one is asked for, the one that is liked best first; none: any will do.
pub(crate) async fn classes(call: &Call<'_>, errand: &Errand) -> Vec<String> {
    if let Errand::Authorize { parameters, .. } = errand
        && let Ok(requested) = authorize::requested(call, &Parameters::of_pairs(parameters.clone())).await
    {
        return authorize::known_classes(&call.settings, &requested.acr_values);
    }
    Vec::new()
}

/// Opens a session under a new name, and goes on with what was under way. Nothing shown: a persona's button
/// was pressed, which stands for whatever is asked.
pub(crate) async fn enter(
    call: &Call<'_>,
    errand: &Errand,
    account: &Account,
    proof: Option<Proof<'_>>,
) -> Answer {
    call.speaks(&account.name);
    let (acr, methods, since) = if let Some(Proof { shown, class, since }) = proof {
        (factor::class_of(call, shown, class), shown.text(), since)
    } else {
        let acr = classes(call, errand).await.into_iter().next().unwrap_or_else(|| "pwd".to_owned());
        let methods = if acr == "pwd" { "pwd" } else { "pwd mfa" };
        (Some(acr), methods.to_owned(), Since::now(call))
    };
    let (session, cookie) = match open(call, account, acr.as_deref(), &methods, since).await {
        Ok(opened) => opened,
        Err(fault) => return call.fault(&fault),
    };
    // One thing at a time: another password goes before a passkey.
    let offer = if account.must_change { None } else { factor::offer(call, errand, account, &session).await };
    let answer = match offer {
        Some(offer) => offer,
        None => resume(call, errand, &session).await,
    };
    if methods != "pwd" {
        call.factor_came(account).await;
    }
    signed_in(call, account, &cookie, answer).await
}

/// Somebody showed a password and has nothing yet of what else is asked for: opens a session in which they can set
/// it up, which is enough for nothing else; `page` tells them so.
pub(crate) async fn let_in(call: &Call<'_>, account: &Account, page: Answer) -> Answer {
    call.speaks(&account.name);
    match open(call, account, None, "pwd", Since::now(call)).await {
        Ok((_, cookie)) => signed_in(call, account, &cookie, page).await,
        Err(fault) => call.fault(&fault),
    }
}

/// Opens a session under a new name; with it its cookie.
async fn open(
    call: &Call<'_>,
    account: &Account,
    acr: Option<&str>,
    methods: &str,
    since: Since,
) -> Result<(Session, String), store::Fault> {
    let (cookie, sid) = (base64url::encode(call.server.random::<32>()), call.family());
    let sign_in = SignIn {
        account: &account.id,
        password_version: account.password_version,
        agent: call.agent(),
        address: call.visit.peer,
        acr,
        methods,
        auth_time: since.auth_time,
        signed_in_at: since.signed_in_at,
        now: call.visit.now,
    };
    let before = call.cookie(Cookie::Session);
    let session = call.server.sessions.open(&call.realm, sign_in, (&cookie, &sid), before).await?;
    Ok((session, cookie))
}

/// What follows each sign-in: its traces, and the cookies of its answer.
async fn signed_in(call: &Call<'_>, account: &Account, cookie: &str, mut answer: Answer) -> Answer {
    call.succeeded(&account.id);
    call.told_of_device(account).await;
    call.note(&account.id, Activity::SignIn).await;
    let session = call.set_cookie(Cookie::Session, cookie, Some(call.settings.sessions.absolute.as_secs()));
    for cookie in session.into_iter().chain(call.remember_device(&account.into())) {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
    answer
}

/// Goes on with what was under way, in the session that was opened for it.
pub(crate) async fn resume(call: &Call<'_>, errand: &Errand, session: &Session) -> Answer {
    match call.people().of_id(&session.subject).await {
        Ok(Some(account)) => {
            if let Some(answer) = account::first(call, errand, &account).await {
                return answer;
            }
        }
        Ok(None) => {}
        Err(fault) => return call.fault(&fault),
    }
    match errand {
        Errand::Authorize { parameters, .. } => {
            match authorize::requested(call, &Parameters::of_pairs(parameters.clone())).await {
                Ok(requested) => {
                    authorize::go_on(call, &requested, Some(session), Some(&session.sid), Consented::No).await
                }
                Err(unfit) => authorize::refuse(call, &unfit),
            }
        }
        Errand::Device { user_code, .. } => device_page::after_sign_in(call, user_code),
        Errand::Account { path, .. } => account::after_sign_in(call, path),
        // Whoever came without an app is where everything of theirs is.
        Errand::Visit => account::after_sign_in(call, "/"),
        Errand::Logout { .. }
        | Errand::Factor { .. }
        | Errand::Ceremony { .. }
        | Errand::Enrol { .. }
        | Errand::Offer { .. } => see_other(&call.visit.path("/_lobby/sign-in")),
    }
}

/// Somebody would rather not show what is missing: what they were let in for by [`let_in`] ends, and the app is told.
pub(crate) async fn leave_off(call: &Call<'_>, errand: &Errand) -> Answer {
    let session = match call.session().await {
        Ok(session) => session.filter(|session| session.acr.is_none()),
        Err(fault) => return call.fault(&fault),
    };
    let Some(session) = session else { return turn_back(call, errand).await };
    let (now, until) = (call.visit.now, call.revoked_until());
    if let Err(fault) = call.server.store.end_session(&call.realm, &session.sid, now, until).await {
        return call.fault(&fault);
    }
    let mut answer = turn_back(call, errand).await;
    authorize::drop_session_cookie(call, &mut answer);
    answer
}

/// Somebody would rather not: the app is told so, if there is one.
pub(crate) async fn turn_back(call: &Call<'_>, errand: &Errand) -> Answer {
    if let Errand::Authorize { parameters, .. } = errand {
        return match authorize::requested(call, &Parameters::of_pairs(parameters.clone())).await {
            Ok(requested) => requested.reply.error(call, "access_denied", "the person said no"),
            Err(unfit) => authorize::refuse(call, &unfit),
        };
    }
    // Whoever is signed in already may be somebody else.
    let is_signed_in = call.session().await.is_ok_and(|session| session.is_some());
    see_other(&call.visit.path(if is_signed_in { "/_lobby/oauth/logout" } else { "/_lobby/sign-in" }))
}
