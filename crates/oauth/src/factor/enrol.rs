//! What the pages of an account's factors share: who is there, and whether that is sure enough.

use std::sync::Arc;

use http::Method;
use identity::{Account, Missing, Shown};
use store::Session;

use super::{
    Means,
    class::{floor, is_bare_persona},
    second::Asked,
};
use crate::{
    answer::{Answer, see_other},
    page::Opened,
    pages::{FailureKind, field},
    parameters::Parameters,
    redirect::with_parameters,
    seal::{Errand, Sealed},
    server::Call,
    sign_in,
};

/// Who is there, and what they have.
pub(super) struct Owner {
    pub(super) session: Arc<Session>,
    pub(super) account: Arc<Account>,
    pub(super) means: Means,
    /// What led here, sealed: somebody was asked for what they had not; empty: nothing.
    pub(super) request: String,
}

impl Owner {
    /// What a form of theirs carries.
    pub(super) fn errand(&self, pending: Vec<String>) -> Errand {
        Errand::Enrol { sid: self.session.sid.clone(), pending, request: self.request.clone() }
    }

    /// What goes on once they have what they were asked for.
    pub(super) fn then(&self, call: &Call<'_>) -> Option<Errand> {
        match Sealed::open(&self.request, &call.key("sealed request"))?.errand {
            Errand::Factor { then, .. } => Some(*then),
            _ => None,
        }
    }
}

/// What a page's form brings.
pub(super) struct Sent {
    pub(super) form: Parameters,
    pub(super) pending: Vec<String>,
}

/// Who changes what they sign in with: signed in a short while ago, with all that they have. Others are asked
/// first.
pub(super) async fn owner(call: &Call<'_>, path: &str, query: Option<&str>) -> Result<Owner, Answer> {
    let query = Parameters::of_query(query).ok();
    let request = query.as_ref().map(|query| query.text(field::REQUEST)).unwrap_or_default();
    let rest = path.strip_prefix("/_lobby/account").unwrap_or_default();
    let rest = with_request(rest, request);
    let again = |again: Option<String>| Errand::Account { path: rest.clone(), again };
    let Some(session) = call.session().await.map_err(|fault| call.fault(&fault))? else {
        return Err(sign_in::show(call, &again(None), None, None).await);
    };
    let account = call.people().of_id(&session.subject).await.map_err(|fault| call.fault(&fault))?;
    let Some(account) = account.filter(|account| !account.disabled) else {
        return Err(sign_in::show(call, &again(None), None, None).await);
    };
    if !call.is_fresh(&session) {
        return Err(sign_in::show(call, &again(Some(account.name.clone())), None, None).await);
    }
    let means = Means::of(call, &account).await.map_err(|fault| call.fault(&fault))?;
    let class = class(call, &account, &means);
    if Shown::of(&session.methods).missing(class) != Missing::Nothing {
        return Err(super::show(call, &again(None), &account, &Asked::beside(&session, class)).await);
    }
    Ok(Owner { session, account, means, request: request.to_owned() })
}

/// A page of the account, with what led there.
pub(super) fn with_request(path: &str, request: &str) -> String {
    let pairs = Some((field::REQUEST, request)).filter(|_| !request.is_empty());
    with_parameters(path, pairs.as_slice(), false)
}

/// Whether somebody is on the way to where they set up what they will sign in with.
pub(super) fn is_on_the_way(errand: &Errand) -> bool {
    matches!(errand, Errand::Account { path, .. }
        if path.split('?').next().is_some_and(|path| ["/passkeys", "/authenticator"].contains(&path)))
}

/// Whether somebody is on the way to what they sign in with.
pub(super) fn is_about_factors(errand: &Errand) -> bool {
    is_on_the_way(errand) || matches!(errand, Errand::Account { path, .. } if path.starts_with("/codes"))
}

/// What is asked of whoever changes it: all that they have, of what is asked of everybody. Whoever has nothing
/// yet is let in by the password, or nobody could ever begin.
pub(super) fn class(call: &Call<'_>, account: &Account, means: &Means) -> &'static str {
    if means.is_empty() || is_bare_persona(call, account, means) {
        return "pwd";
    }
    match floor(call) {
        "phr" if !means.passkeys.is_empty() => "phr",
        "pwd" if !means.totp => "pwd",
        _ => "mfa",
    }
}

/// The form that was sent; `None` where the page is only looked at.
pub(super) async fn sent(call: &Call<'_>, owner: &mut Owner, body: &[u8]) -> Result<Option<Sent>, Answer> {
    if call.method != Method::POST {
        return Ok(None);
    }
    let form = Parameters::of_body(call.headers, body)
        .map_err(|error| call.failure(FailureKind::Request { detail: &error.to_string() }))?;
    let own = call.is_own_form(&form);
    match call.opened(&form) {
        Opened::Errand(Errand::Enrol { sid, pending, request }) if own && sid == owner.session.sid => {
            owner.request = request;
            Ok(Some(Sent { form, pending }))
        }
        Opened::Waited(_) => Ok(None),
        Opened::Errand(_) | Opened::Forged => Err(call.failure(FailureKind::Forged)),
    }
}

/// What the pressed button asks for.
pub(super) fn wish(sent: Option<&Sent>) -> &str {
    sent.map_or("", |sent| sent.form.text(field::DO))
}

/// Back to the page of the account that somebody had to sign in for.
pub(super) fn go_on(call: &Call<'_>, path: &str) -> Answer {
    see_other(&call.visit.path(path))
}
