use std::sync::Arc;

use identity::{Account, Missing, Shown};
use model::ScopeSet;
use store::Session;

use super::{Consented, Requested, request::Prompt};
use crate::{
    believed,
    factor::{self, Asked, Lack},
    scope,
    server::Call,
    settings::{ConsentRule, Settings},
};

/// What comes next for a request.
pub(super) enum Next<'a> {
    /// Somebody must sign in; the one that is named again, who is signed in already.
    SignIn(Option<String>),
    /// Whoever is signed in must show something more than that.
    Factor(Arc<Account>, Asked),
    /// Whoever is signed in is suspended.
    Suspended,
    /// Whoever is signed in must choose another password first.
    AnotherPassword(&'a Session, Arc<Account>),
    /// Whoever is signed in must agree.
    Consent { session: &'a Session, account: Arc<Account>, new: ScopeSet, already: ScopeSet },
    /// The app is told no.
    Refuse(&'static str, &'static str),
    /// The app gets what it asked for.
    Give { session: &'a Session, account: Arc<Account>, scopes: ScopeSet },
}

pub(super) async fn next<'a>(
    call: &Call<'_>,
    requested: &Requested,
    session: Option<&'a Session>,
    signed_in: Option<&str>,
    consented: Consented,
) -> Result<Next<'a>, store::Fault> {
    let (session, account) = match who(call, requested, session, signed_in).await? {
        Ok(there) => there,
        Err(first) => return Ok(first),
    };
    let scopes = scope::of_account(&call.settings, &account, &requested.client, requested.scopes.as_ref());
    // Nobody hands out what administers Lobby without having seen to whom.
    let may_skip = !scopes.iter().any(|scope| scope::is_own(&call.settings, scope));
    if consented == Consented::Yes || (may_skip && requested.client.consent == ConsentRule::Skip) {
        return Ok(Next::Give { session, account, scopes });
    }
    let before = call.server.store.consent(&call.realm, &requested.client.id, &account.id).await?;
    let new = before.lacking(&scopes);
    if new.is_empty() && !requested.prompt.contains(&Prompt::Consent) {
        return Ok(Next::Give { session, account, scopes });
    }
    if is_silent(requested) {
        return Ok(Next::Refuse("consent_required", "consent is needed"));
    }
    let already = scopes.shared(&before);
    Ok(Next::Consent { session, account, new, already })
}

/// Who is signed in as the request wants it, or what comes before that.
async fn who<'a>(
    call: &Call<'_>,
    requested: &Requested,
    session: Option<&'a Session>,
    signed_in: Option<&str>,
) -> Result<Result<(&'a Session, Arc<Account>), Next<'a>>, store::Fault> {
    // Whoever may not be asked gets an error in the place of a page.
    let or = |page, error, text| if is_silent(requested) { Next::Refuse(error, text) } else { page };
    let essential = &requested.acr_essential;
    if !essential.is_empty() && !essential.iter().any(|acr| call.settings.acrs().contains(acr.as_str())) {
        return Ok(Err(UNMET));
    }
    let account = match session {
        Some(session) => call.people().of_id(&session.subject).await?,
        None => None,
    };
    let (Some(session), Some(account)) = (session, account) else {
        return Ok(Err(or(Next::SignIn(None), "login_required", "nobody is signed in")));
    };
    if account.disabled {
        return Ok(Err(or(Next::Suspended, "login_required", "nobody may sign in")));
    }
    // The session that was opened for this request is as fresh as can be.
    let is_fresh = signed_in == Some(&*session.sid);
    // Another account may be meant as well, where the app lets people choose.
    let again = || (!requested.prompt.contains(&Prompt::SelectAccount)).then(|| account.name.clone());
    if !is_fresh && must_sign_in(call, requested, session) {
        return Ok(Err(or(Next::SignIn(again()), "login_required", "a fresh sign-in is needed")));
    }
    let classes = known_classes(&call.settings, &requested.acr_values);
    let class = factor::class_for(call, session, &account, classes).await?;
    let more = match factor::lacking(call, session, &account, &class).await? {
        Lack::Nothing => None,
        Lack::Factor => Some(Next::Factor(account.clone(), Asked::beside(session, &class))),
        Lack::SignIn => Some(Next::SignIn(again())),
    };
    if let Some(more) = more {
        return Ok(Err(or(more, "login_required", "a stronger sign-in is needed")));
    }
    if account.must_change {
        let page = Next::AnotherPassword(session, account);
        return Ok(Err(or(page, "interaction_required", "another password must be chosen first")));
    }
    if !essential.is_empty() && !essential.contains(&granted_class(call, requested, session)) {
        let other = || or(Next::SignIn(again()), "login_required", "another sign-in is needed");
        return Ok(Err(if is_fresh { UNMET } else { other() }));
    }
    if let Some(refused) = other_account(call, requested, &account, is_fresh) {
        return Ok(Err(refused));
    }
    Ok(Ok((session, account)))
}

const UNMET: Next<'static> =
    Next::Refuse("unmet_authentication_requirements", "nobody can sign in as `claims` demands");

/// Whether the app means somebody else (`id_token_hint`, OpenID Connect Core 3.1.2.1).
fn other_account<'a>(
    call: &Call<'_>,
    requested: &Requested,
    account: &Account,
    is_fresh: bool,
) -> Option<Next<'a>> {
    let verified = believed::id_token_hint(call, requested.id_token_hint.as_ref()?);
    match verified.as_ref().and_then(|verified| verified.claims().sub.as_deref()) {
        None => Some(Next::Refuse("invalid_request", "`id_token_hint` is none of ours")),
        Some(meant) if meant == account.subject() => None,
        Some(_) if is_silent(requested) || is_fresh => {
            Some(Next::Refuse("login_required", "another account is signed in"))
        }
        Some(_) => Some(Next::SignIn(None)),
    }
}

fn is_silent(requested: &Requested) -> bool {
    requested.prompt.contains(&Prompt::None)
}

/// Whether the session is not enough: by `prompt`, or by its age in the sandbox's time.
fn must_sign_in(call: &Call<'_>, requested: &Requested, session: &Session) -> bool {
    let asked =
        requested.prompt.contains(&Prompt::Login) || requested.prompt.contains(&Prompt::SelectAccount);
    // `max_age=0` asks for a fresh one always (attacks.md, A09).
    let aged = requested
        .max_age
        .is_some_and(|max_age| max_age.is_zero() || call.visit.now.since(session.signed_in_at) > max_age);
    asked || aged
}

/// The classes of which a request asks for one (OpenID Connect Core 3.1.2.1), as far as they are known here.
pub(crate) fn known_classes(settings: &Settings, asked: &[String]) -> Vec<String> {
    let known = settings.acrs();
    asked.iter().filter(|acr| known.contains(acr.as_str())).cloned().collect()
}

/// The class that a token says: the one that was asked for, where the session holds it, whatever it was opened
/// with.
pub(super) fn granted_class(call: &Call<'_>, requested: &Requested, session: &Session) -> String {
    let shown = Shown::of(&session.methods);
    let holds = |class: &String| class != "pwd" && shown.missing(class) == Missing::Nothing;
    let granted = known_classes(&call.settings, &requested.acr_values).into_iter().find(holds);
    granted.unwrap_or_else(|| factor::session_class(session))
}
