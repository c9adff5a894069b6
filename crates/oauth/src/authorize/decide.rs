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
    let is_silent = requested.prompt.contains(&Prompt::None);
    let essential = &requested.acr_essential;
    let unmet = Next::Refuse("unmet_authentication_requirements", "nobody can sign in as `claims` demands");
    if !essential.is_empty() && !essential.iter().any(|acr| call.settings.acrs().contains(acr.as_str())) {
        return Ok(unmet);
    }
    let account = match session {
        Some(session) => call.people().of_id(&session.subject).await?,
        None => None,
    };
    let (Some(session), Some(account)) = (session, account) else {
        return Ok(if is_silent {
            Next::Refuse("login_required", "nobody is signed in")
        } else {
            Next::SignIn(None)
        });
    };
    // The session that was opened for this request is as fresh as can be.
    let is_fresh = signed_in == Some(&*session.sid);
    if account.disabled {
        return Ok(if is_silent {
            Next::Refuse("login_required", "nobody may sign in")
        } else {
            Next::Suspended
        });
    }
    // Another account may be meant as well, where the app lets people choose.
    let again = || (!requested.prompt.contains(&Prompt::SelectAccount)).then(|| account.name.clone());
    if !is_fresh && must_sign_in(call, requested, session) {
        let refused = Next::Refuse("login_required", "a fresh sign-in is needed");
        return Ok(if is_silent { refused } else { Next::SignIn(again()) });
    }
    let classes = known_classes(&call.settings, &requested.acr_values);
    let class = factor::class_for(call, session, &account, classes).await?;
    let lack = factor::lacking(call, session, &account, &class).await?;
    match lack {
        Lack::Nothing => {}
        Lack::Factor | Lack::SignIn if is_silent => {
            return Ok(Next::Refuse("login_required", "a stronger sign-in is needed"));
        }
        Lack::Factor => return Ok(Next::Factor(account, Asked::beside(session, &class))),
        Lack::SignIn => return Ok(Next::SignIn(again())),
    }
    if account.must_change {
        return Ok(if is_silent {
            Next::Refuse("interaction_required", "another password must be chosen first")
        } else {
            Next::AnotherPassword(session, account)
        });
    }
    if !essential.is_empty() && !essential.contains(&granted_class(call, requested, session)) {
        return Ok(match (is_fresh, is_silent) {
            (true, _) => unmet,
            (false, true) => Next::Refuse("login_required", "another sign-in is needed"),
            (false, false) => Next::SignIn(again()),
        });
    }
    if let Some(hint) = &requested.id_token_hint {
        let verified = believed::id_token_hint(call, hint);
        let meant = verified.as_ref().and_then(|verified| verified.claims().sub.as_deref());
        match meant {
            None => return Ok(Next::Refuse("invalid_request", "`id_token_hint` is none of ours")),
            Some(meant) if meant == account.subject() => {}
            // OpenID Connect Core 3.1.2.1: somebody else is signed in than the app means.
            Some(_) if is_silent || is_fresh => {
                return Ok(Next::Refuse("login_required", "another account is signed in"));
            }
            Some(_) => return Ok(Next::SignIn(None)),
        }
    }
    let scopes = scope::of_account(&call.settings, &account, &requested.client, requested.scopes.as_ref());
    // Nobody hands out what administers Lobby without having seen to whom.
    let may_skip = !scopes.iter().any(|scope| scope::is_own(&call.settings, scope));
    if consented == Consented::Yes || (may_skip && requested.client.consent == ConsentRule::Skip) {
        return Ok(Next::Give { session, account, scopes });
    }
    let store = &call.server.store;
    let before = store.consent(&call.realm, &requested.client.id, &account.id).await?;
    let new = before.lacking(&scopes);
    if new.is_empty() && !requested.prompt.contains(&Prompt::Consent) {
        return Ok(Next::Give { session, account, scopes });
    }
    if is_silent {
        return Ok(Next::Refuse("consent_required", "consent is needed"));
    }
    let already = scopes.shared(&before);
    Ok(Next::Consent { session, account, new, already })
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
