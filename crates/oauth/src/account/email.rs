//! Another e-mail address: it is theirs once its own mail was answered, and the one before is told.

use http::{Method, StatusCode};
use identity::names::email_key;
use store::Written;

use super::{Visitor, proven, show};
use crate::{
    accounts::Mails,
    activity::Activity,
    answer::Answer,
    letter::Letter,
    pages::{FailureKind, Field, Form, FormKind, Input, NoticeKind, Text},
    parameters::Parameters,
    seal::Errand,
    server::Call,
};

/// What the link is for.
const PURPOSE: &str = "email";

pub(super) async fn change(
    call: &Call<'_>,
    visitor: &Visitor,
    form: &Parameters,
) -> Result<Answer, store::Fault> {
    let (kind, email) = (FormKind::ChangeEmail, form.text("email").trim());
    if call.settings.accounts.mails == Mails::Off {
        return Ok(call.notice(NoticeKind::NoMail, StatusCode::FORBIDDEN));
    }
    let Ok(key) = email_key(email) else {
        return Ok(show(call, visitor, kind, email, vec![Text::plain("account.email_wrong")]));
    };
    if let Err(problem) = proven(call, visitor, form.text("current")).await {
        return Ok(show(call, visitor, kind, email, vec![problem]));
    }
    // Their own, which nobody has confirmed yet, is confirmed so.
    let is_taken =
        call.people().named(key.as_str()).await?.is_some_and(|other| other.id != visitor.account.id);
    // What is not mailed takes the place of nothing that was.
    if call.may_write_to(key.as_str()) {
        let token = call.keep_link(PURPOSE, &visitor.account.id, email.to_owned()).await?;
        let (confirm, reset) = (call.link_url("/_lobby/account/confirm", &token), call.another_password());
        let letter =
            if is_taken { Letter::Taken { link: &reset } } else { Letter::ConfirmEmail { link: &confirm } };
        call.write_to(email, &letter).await?;
    }
    Ok(call.notice(NoticeKind::LookIntoMail, StatusCode::OK))
}

/// The link of the mail to the new address.
pub(super) async fn confirm(call: &Call<'_>, query: Option<&str>, body: &[u8]) -> Answer {
    let over = || call.notice(NoticeKind::LinkOver, StatusCode::GONE);
    let is_post = call.method == Method::POST;
    let read = if is_post { Parameters::of_body(call.headers, body) } else { Parameters::of_query(query) };
    let Ok(parameters) = read else { return over() };
    let token = parameters.text("link");
    let link = match call.link(PURPOSE, token).await {
        Ok(Some(link)) => link,
        Ok(None) => return over(),
        Err(fault) => return call.fault(&fault),
    };
    if !is_post {
        let form = call.form("/_lobby/account/confirm", Errand::Visit);
        let page = Form {
            kind: FormKind::EmailConfirm,
            app: call.house(),
            ticket: form.ticket(),
            link: Some(token),
            fields: vec![Field { name: "email", input: Input::Email, value: &link.record, fixed: true }],
            problems: Vec::new(),
            instead: None,
            status: StatusCode::OK,
        };
        return call.page(&page, Some(&form), None);
    }
    if call.own_errand(&parameters).is_none() {
        return call.failure(FailureKind::Forged);
    }
    match take(call, token).await {
        Ok(Some(kind)) => call.notice(kind, StatusCode::OK),
        Ok(None) => over(),
        Err(fault) => call.fault(&fault),
    }
}

/// The address is theirs now; `None`: the link is over.
async fn take(call: &Call<'_>, token: &str) -> Result<Option<NoticeKind>, store::Fault> {
    let Some(link) = call.spend_link(PURPOSE, token).await? else { return Ok(None) };
    let (Some(account), Ok(key)) = (call.people().of_id(&link.subject).await?, email_key(&link.record))
    else {
        return Ok(None);
    };
    let before = account.email.as_ref().map(|(email, _)| email.clone());
    let is_another = before.as_deref().and_then(|email| email_key(email).ok()).as_ref() != Some(&key);
    let (email, key, now) = (link.record.clone(), key.as_str().to_owned(), call.visit.now);
    let written = call
        .change(&account, None, move |user| {
            user.email.clone_from(&email);
            user.email_key.clone_from(&key);
            user.email_verified_at = Some(now);
        })
        .await?;
    if !matches!(written, Written::Done(_)) {
        return Ok(None);
    }
    if !is_another {
        return Ok(Some(NoticeKind::EmailConfirmed));
    }
    call.note(&account.id, Activity::EmailChanged).await;
    let reset = call.another_password();
    call.write_to(&before.unwrap_or_default(), &Letter::EmailChanged { link: &reset }).await?;
    Ok(Some(NoticeKind::EmailChanged))
}
