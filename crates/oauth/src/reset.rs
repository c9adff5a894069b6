//! Choosing another password without the old one, by a link in a mail. Whether somebody has an account shows
//! nowhere but there (attacks.md, G03).

use std::sync::Arc;

use http::{Method, StatusCode};
use identity::{
    Account, RESET,
    names::{compared, email_key},
    password::About,
};

use crate::{
    accounts::{Mails, Unset},
    activity::Activity,
    answer::Answer,
    authorize::drop_session_cookie,
    letter::{Letter, nobody},
    pages::{FailureKind, Field, Form, FormKind, Input, NoticeKind, Text},
    parameters::Parameters,
    seal::Errand,
    server::Call,
};

/// Where the forms are posted: a POST to the page's own path resets a mock's sandbox (control.md).
const ACTION: &str = "/_lobby/account/reset";

pub(crate) async fn serve(call: &Call<'_>, query: Option<&str>, body: &[u8]) -> Answer {
    // A link that an administrator hands over is good, too, where nobody asks for one by mail.
    if call.method != Method::POST {
        let token = Parameters::of_query(query).ok().and_then(|query| query.owned("link"));
        return match token {
            Some(token) => show_link(call, &token, Vec::new()).await,
            None => closed(call).unwrap_or_else(|| show(call, "", Vec::new())),
        };
    }
    let form = match Parameters::of_body(call.headers, body) {
        Ok(form) => form,
        Err(error) => return call.failure(FailureKind::Request { detail: &error.to_string() }),
    };
    let token = form.get("link");
    if let (None, Some(answer)) = (token, closed(call)) {
        return answer;
    }
    if call.own_errand(&form).is_none() {
        return call.failure(FailureKind::Forged);
    }
    match token {
        Some(token) => choose(call, token, form.text("new")).await,
        None => ask(call, form.text("username").trim()).await,
    }
}

/// What is told where nobody chooses another password by mail.
fn closed(call: &Call<'_>) -> Option<Answer> {
    let rules = &call.settings.accounts;
    let kind = match rules.mails {
        Mails::Off => NoticeKind::NoMail,
        Mails::Outbox | Mails::Sent if rules.resets => return None,
        Mails::Outbox | Mails::Sent => NoticeKind::ResetClosed,
    };
    Some(call.notice(kind, StatusCode::FORBIDDEN))
}

fn show(call: &Call<'_>, typed: &str, problems: Vec<Text>) -> Answer {
    let form = call.form(ACTION, Errand::Visit);
    let sign_in = call.visit.path("/_lobby/sign-in");
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = Form {
        kind: FormKind::Reset,
        app: call.house(),
        ticket: form.ticket(),
        link: None,
        fields: vec![Field { name: "username", input: Input::Username, value: typed, fixed: false }],
        problems,
        instead: Some(("reset.instead", &sign_in)),
        status,
    };
    call.page(&page, Some(&form), None)
}

async fn ask(call: &Call<'_>, typed: &str) -> Answer {
    if typed.is_empty() {
        return show(call, typed, vec![Text::plain("account.name_missing")]);
    }
    if let Some(answer) = call.too_many() {
        return answer;
    }
    match write(call, typed).await {
        Ok(()) => call.notice(NoticeKind::LookIntoMail, StatusCode::OK),
        Err(fault) => call.fault(&fault),
    }
}

/// The same work for whoever is asked for, so that time tells nothing: a link is kept even where nobody gets it.
async fn write(call: &Call<'_>, typed: &str) -> Result<(), store::Fault> {
    let account = call.people().named(typed).await?;
    let address = account.as_ref().and_then(|account| account.claim("email"));
    let address = address.as_ref().and_then(serde_json::Value::as_str);
    let stranger = if email_key(typed).is_ok() { typed } else { "" };
    let recipient = address.unwrap_or(if account.is_none() { stranger } else { "" });
    // However an address is written, it is one.
    let is_written = !recipient.is_empty() && call.may_write_to(&compared(recipient));
    // What nobody gets takes the place of nothing that was mailed.
    let whose = account.as_ref().filter(|_| is_written);
    let subject = whose.map_or_else(|| nobody(typed), |account| account.id.clone());
    let token = call.keep_link(RESET, &subject, String::new()).await?;
    let link = call.link_url("/_lobby/reset", &token);
    if !is_written {
        return call.write_to_nobody(&Letter::Reset { link: &link }).await;
    }
    let letter = if account.is_some() { Letter::Reset { link: &link } } else { Letter::Unknown };
    call.write_to(recipient, &letter).await
}

/// Whose password a link changes, while it is good.
async fn whose(call: &Call<'_>, token: &str) -> Result<Option<Arc<Account>>, store::Fault> {
    match call.link(RESET, token).await? {
        Some(link) => call.people().of_id(&link.subject).await,
        None => Ok(None),
    }
}

async fn show_link(call: &Call<'_>, token: &str, problems: Vec<Text>) -> Answer {
    let account = match whose(call, token).await {
        Ok(Some(account)) => account,
        Ok(None) => return call.notice(NoticeKind::LinkOver, StatusCode::GONE),
        Err(fault) => return call.fault(&fault),
    };
    let form = call.form(ACTION, Errand::Visit);
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = Form {
        kind: FormKind::ResetChoose,
        app: call.house(),
        ticket: form.ticket(),
        link: Some(token),
        fields: vec![
            Field { name: "username", input: Input::Username, value: &account.name, fixed: true },
            Field { name: "new", input: Input::NewPassword, value: "", fixed: false },
        ],
        problems,
        instead: None,
        status,
    };
    call.page(&page, Some(&form), None)
}

async fn choose(call: &Call<'_>, token: &str, password: &str) -> Answer {
    let account = match whose(call, token).await {
        Ok(Some(account)) => account,
        Ok(None) => return call.notice(NoticeKind::LinkOver, StatusCode::GONE),
        Err(fault) => return call.fault(&fault),
    };
    let email = account.email.as_ref().map(|(email, _)| email.as_str());
    let about = About { name: &account.name, email, also: &[] };
    let accepted = match call.judged(password, &about).await {
        Ok(accepted) => accepted,
        Err(problems) => return show_link(call, token, problems).await,
    };
    // Before the link is spent: whoever hears that we are busy comes again with it.
    let Ok(hash) = call.server.passwords.hash(&accepted, call.server.random()).await else {
        return call.failure(FailureKind::Busy);
    };
    match call.spend_link(RESET, token).await {
        Ok(Some(_)) => {}
        Ok(None) => return call.notice(NoticeKind::LinkOver, StatusCode::GONE),
        Err(fault) => return call.fault(&fault),
    }
    match call.set_password(&account, &hash, None).await {
        Ok(()) => {}
        Err(Unset::Gone) => return call.notice(NoticeKind::LinkOver, StatusCode::GONE),
        Err(Unset::Fault(fault)) => return call.fault(&fault),
    }
    // Whoever has the mailbox is the owner: a pause that guesses brought about is over.
    call.server.attempts.succeed(&call.realm, &account.id);
    call.note(&account.id, Activity::PasswordReset).await;
    if let Some(email) = email {
        let link = call.another_password();
        let _ = call.write_to(email, &Letter::PasswordChanged { link: &link }).await;
    }
    let mut answer = call.notice(NoticeKind::PasswordChanged, StatusCode::OK);
    drop_session_cookie(call, &mut answer);
    answer
}
