//! The link of an invitation: it shows that the address is theirs, so all that is missing is a password. It is
//! the only way to an account where `accounts.sign_up` is `invitation`.

use std::sync::Arc;

use http::StatusCode;
use identity::{Account, INVITATION, Invitation, names::EmailKey, password::About};
use jose::base64url;
use model::Secret;
use store::Written;

use crate::{
    activity::Activity,
    answer::Answer,
    factor,
    pages::{FailureKind, Field, Form, FormKind, Input, NoticeKind, Text},
    parameters::Parameters,
    seal::Errand,
    server::Call,
};

/// Shows the page of an invitation that is good, or takes its form.
pub(crate) async fn serve(call: &Call<'_>, token: &str, record: &str, form: Option<&Parameters>) -> Answer {
    let Some((invitation, key)) = Invitation::read(record) else { return over(call) };
    let Some(form) = form else { return show(call, token, &invitation, Vec::new()) };
    if call.own_errand(form).is_none() {
        return call.failure(FailureKind::Forged);
    }
    match take(call, token, (&invitation, &key), form.text("new")).await {
        Ok(answer) => answer,
        Err(fault) => call.fault(&fault),
    }
}

fn over(call: &Call<'_>) -> Answer {
    call.notice(NoticeKind::LinkOver, StatusCode::GONE)
}

fn show(call: &Call<'_>, token: &str, invitation: &Invitation, problems: Vec<Text>) -> Answer {
    let form = call.form("/_lobby/sign-up", Errand::Visit);
    let page = Form {
        kind: FormKind::Invited,
        app: call.house(),
        ticket: form.ticket(),
        link: Some(token),
        fields: vec![
            Field { name: "username", input: Input::Username, value: &invitation.email, fixed: true },
            Field { name: "new", input: Input::NewPassword, value: "", fixed: false },
        ],
        instead: None,
        status: if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY },
        problems,
    };
    call.page(&page, Some(&form), None)
}

async fn take(
    call: &Call<'_>,
    token: &str,
    (invitation, key): (&Invitation, &EmailKey),
    password: &str,
) -> Result<Answer, store::Fault> {
    let about = About { email: Some(&invitation.email), ..About::default() };
    let accepted = match call.judged(password, &about).await {
        Ok(accepted) => accepted,
        Err(problems) => return Ok(show(call, token, invitation, problems)),
    };
    if let Some(answer) = call.too_many() {
        return Ok(answer);
    }
    let Ok(hash) = call.server.passwords.hash(&accepted, call.server.random::<16>()).await else {
        return Ok(call.failure(FailureKind::Busy));
    };
    let is_good = call.link(INVITATION, token).await?.is_some();
    if !is_good || call.people().named(key.as_str()).await?.is_some() {
        return Ok(over(call));
    }
    let id = base64url::encode(call.server.random::<16>());
    let user = invitation.user(key, id, Secret::new(hash.as_str().to_owned()), call.visit.now);
    match call.server.store.add_user(&call.realm, user.clone()).await? {
        Written::Done(()) => {}
        Written::NameTaken | Written::EmailTaken | Written::Unknown | Written::LastOwner => {
            return Ok(over(call));
        }
    }
    // Not before there is the account, which is made once: a store that fails in between would have taken it.
    let _ = call.spend_link(INVITATION, token).await;
    call.note(&user.id, Activity::SignUp).await;
    let errand = Errand::Account { path: "/".to_owned(), again: None };
    Ok(factor::after_password(call, &errand, &Arc::new(Account::of_user(&user))).await)
}
