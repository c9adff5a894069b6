//! Of which class a sign-in is (`acr`), and what is missing for another: for what everybody is asked, and for what a
//! request wants beyond.

use identity::{Account, Missing, Shown};
use store::{Demand, Fault, Session};

use super::Means;
use crate::{server::Call, settings::RequiredFactor};

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
pub(super) fn floor(call: &Call<'_>) -> &'static str {
    match call.settings.factors.required {
        RequiredFactor::None => "pwd",
        RequiredFactor::Any => "mfa",
        RequiredFactor::Passkey => "phr",
    }
}

/// What somebody must have left of that in the store, where what a persona has from the start is not.
pub(super) fn demand(call: &Call<'_>, account: &Account) -> Demand {
    let has = &account.built_in;
    match call.settings.factors.required {
        RequiredFactor::Any if !has.totp && !has.passkey => Demand::Factor,
        RequiredFactor::Passkey if !has.passkey => Demand::Passkey,
        RequiredFactor::None | RequiredFactor::Any | RequiredFactor::Passkey => Demand::Nothing,
    }
}

/// The class of a sign-in in which this was shown; none where it is too little for everybody: such a session opens
/// the pages on which more is set up, and no API.
pub(crate) fn class_of(call: &Call<'_>, shown: &Shown, asked: Option<&str>) -> Option<String> {
    match shown.missing_by_policy(floor(call)) {
        Missing::Nothing => Some(shown.class(asked)),
        Missing::Factor | Missing::Passkey => None,
    }
}

/// The class of a session, which is enough for everybody by now.
pub(crate) fn session_class(session: &Session) -> String {
    session.acr.clone().unwrap_or_else(|| Shown::of(&session.methods).class(None))
}

/// Whether somebody is a persona that has nothing but a password: whoever is picked in a mock passes for all.
pub(super) fn is_bare_persona(call: &Call<'_>, account: &Account, means: &Means) -> bool {
    means.is_bare() && call.settings.directory.account(&account.id).is_some()
}

/// Whether a password alone signs somebody in, where there is no page that could ask for more.
pub(crate) async fn is_password_enough(call: &Call<'_>, account: &Account) -> Result<bool, Fault> {
    let means = Means::of(call, account).await?;
    Ok(is_bare_persona(call, account, &means) || (floor(call) == "pwd" && !means.totp))
}

/// What a session lacks for the class that is asked for.
pub(crate) async fn lacking(
    call: &Call<'_>,
    session: &Session,
    account: &Account,
    class: &str,
) -> Result<Lack, Fault> {
    let (shown, asked) = (Shown::of(&session.methods), holds(session, class));
    if asked && shown.missing_by_policy(floor(call)) == Missing::Nothing {
        return Ok(Lack::Nothing);
    }
    Ok(match (is_bare_persona(call, account, &Means::of(call, account).await?), asked) {
        (true, true) => Lack::Nothing,
        (true, false) => Lack::SignIn,
        (false, _) => Lack::Factor,
    })
}

/// The class that a sign-in is to have: the first of those asked for that somebody has shown or can show.
pub(super) fn pick(classes: Vec<String>, shown: &Shown, means: &Means) -> String {
    let can = |class: &String| {
        let missing = shown.missing(class);
        missing == Missing::Nothing || !is_to_be_set_up(means, missing)
    };
    let reached = classes.iter().find(|class| can(class)).cloned();
    reached.or_else(|| classes.into_iter().next()).unwrap_or_else(|| "pwd".to_owned())
}

/// The class that a request wants of whoever is signed in: one that the session has, before all.
pub(crate) async fn class_for(
    call: &Call<'_>,
    session: &Session,
    account: &Account,
    classes: Vec<String>,
) -> Result<String, Fault> {
    let shown = Shown::of(&session.methods);
    let has = |class: &&String| holds(session, class);
    match classes.iter().find(has) {
        Some(class) => Ok(class.clone()),
        None => Ok(pick(classes, &shown, &Means::of(call, account).await?)),
    }
}

/// Whether a session is of a class, by what it was opened for or by what was shown.
fn holds(session: &Session, class: &str) -> bool {
    session.acr.as_deref() == Some(class) || Shown::of(&session.methods).missing(class) == Missing::Nothing
}

/// Whether there is nothing that would do for what is missing.
pub(super) fn is_to_be_set_up(means: &Means, missing: Missing) -> bool {
    means.is_empty() || (missing == Missing::Passkey && means.passkeys.is_empty())
}
