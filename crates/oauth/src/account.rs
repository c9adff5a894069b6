//! A person's own page: where they are signed in, which apps they allowed what, what happened, and what they
//! may change.

mod email;
mod overview;
mod password;

use std::sync::Arc;

use http::{Method, StatusCode};
use identity::{Account, password::Stored};
use store::{Session, Written};

pub(crate) use password::first;

use crate::{
    answer::{Answer, see_other},
    authorize::drop_session_cookie,
    factor::{self, Asked, Lack},
    known_device::Whose,
    letter::Letter,
    pages::{FailureKind, Field, Form, FormKind, Input, NoticeKind, Text},
    parameters::Parameters,
    redirect::with_parameters,
    reset,
    seal::Errand,
    server::Call,
    sign_in, strength,
};

/// The page and its forms, by what follows `/_lobby/account`.
pub(crate) async fn serve(call: &Call<'_>, path: &str, query: Option<&str>, body: &[u8]) -> Answer {
    let rest = path.strip_prefix("/_lobby/account").unwrap_or_default();
    // The link of a mail is followed in whichever browser the mail is read.
    if rest == "/confirm" {
        return email::confirm(call, query, body).await;
    }
    if rest == "/reset" {
        return reset::serve(call, query, body).await;
    }
    if rest == "/strength" {
        return strength::serve(call, body);
    }
    let (session, account) = match call.signed_in().await {
        Ok(Some(signed_in)) => signed_in,
        Ok(None) => {
            let errand = Errand::Account { path: rest.to_owned(), again: None };
            return sign_in::show(call, &errand, None, None).await;
        }
        Err(fault) => return call.fault(&fault),
    };
    // A sign-in that was enough once may be too little by now, or was let in to set up what is missing.
    match factor::lacking(call, &session, &account, "pwd").await {
        Ok(Lack::Factor) => {
            let then = Errand::Account { path: rest.to_owned(), again: None };
            return factor::show(call, &then, &account, &Asked::beside(&session, "pwd")).await;
        }
        Ok(Lack::Nothing | Lack::SignIn) => {}
        Err(fault) => return call.fault(&fault),
    }
    if rest == "/app-passwords" {
        // What stands for a password is made by whoever has no other to choose first.
        let errand = Errand::Account { path: rest.to_owned(), again: None };
        return match first(call, &errand, &account).await {
            Some(answer) => answer,
            None => factor::serve_app_passwords(call, query, body).await,
        };
    }
    let sent = if call.method == Method::POST {
        match Parameters::of_body(call.headers, body).map(|form| (call.own_errand(&form), form)) {
            Ok((Some(errand), form)) => Some((errand, form)),
            Ok((None, _)) => return call.failure(FailureKind::Forged),
            Err(error) => return call.failure(FailureKind::Request { detail: &error.to_string() }),
        }
    } else {
        None
    };
    let visitor = Visitor { session, account };
    let outcome = match (rest, sent) {
        ("" | "/", None) => overview::overview(call, &visitor).await,
        ("" | "/", Some((_, form))) => overview::act(call, &visitor, &form).await,
        ("/data", _) => overview::data(call, &visitor).await,
        ("/password", None) => Ok(show(call, &visitor, FormKind::ChangePassword, "", Vec::new())),
        ("/password", Some((errand, form))) => password::change(call, &visitor, errand, &form).await,
        ("/email", None) => {
            // One that nobody has confirmed yet is confirmed by asking for it.
            let unconfirmed = visitor.account.email.as_ref().filter(|(_, confirmed)| !confirmed);
            let email = unconfirmed.map_or("", |(email, _)| email);
            Ok(show(call, &visitor, FormKind::ChangeEmail, email, Vec::new()))
        }
        ("/email", Some((_, form))) => email::change(call, &visitor, &form).await,
        ("/delete", None) => Ok(show(call, &visitor, FormKind::Delete, "", Vec::new())),
        ("/delete", Some((_, form))) => delete(call, &visitor, &form).await,
        _ => return call.failure(FailureKind::Missing),
    };
    outcome.unwrap_or_else(|fault| call.fault(&fault))
}

/// Who is signed in.
struct Visitor {
    session: Arc<Session>,
    account: Arc<Account>,
}

impl Visitor {
    fn email(&self) -> Option<&str> {
        self.account.email.as_ref().map(|(email, _)| email.as_str())
    }
}

fn show(call: &Call<'_>, visitor: &Visitor, kind: FormKind, email: &str, problems: Vec<Text>) -> Answer {
    let path = match kind {
        FormKind::ChangeEmail => "/_lobby/account/email",
        FormKind::Delete => "/_lobby/account/delete",
        _ => "/_lobby/account/password",
    };
    let form = call.form(path, Errand::Visit);
    let name = visitor.email().unwrap_or(&visitor.account.name);
    let mut fields = vec![Field { name: "username", input: Input::Username, value: name, fixed: true }];
    if kind == FormKind::ChangeEmail {
        fields.push(Field { name: "email", input: Input::Email, value: email, fixed: false });
    }
    if visitor.account.password != Stored::None {
        fields.push(Field { name: "current", input: Input::CurrentPassword, value: "", fixed: false });
    }
    if kind == FormKind::ChangePassword {
        fields.push(Field { name: "new", input: Input::NewPassword, value: "", fixed: false });
    }
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let back = call.visit.path("/_lobby/account/");
    let page = Form {
        kind,
        app: call.house(),
        ticket: form.ticket(),
        link: None,
        fields,
        problems,
        instead: Some(("account.back", &back)),
        status,
    };
    call.page(&page, Some(&form), None)
}

/// Whether whoever sits there knows the password: what an open browser alone must not change. Counted as any try.
async fn proven(call: &Call<'_>, visitor: &Visitor, typed: &str) -> Result<(), Text> {
    let (account, now) = (&visitor.account, call.visit.now);
    if account.password == Stored::None {
        // Without one, only who has just signed in.
        return if call.is_fresh(&visitor.session) {
            Ok(())
        } else {
            Err(Text::plain("account.sign_in_again"))
        };
    }
    let whose = Whose::from(&**account);
    let (attempts, counted) = (&call.server.attempts, call.counted(&whose));
    let is_locked = || attempts.locked_for(&call.realm, &counted, now).is_some();
    if is_locked() {
        return Err(Text::plain("account.locked"));
    }
    let checked = call.server.passwords.check(Some(account), typed).await;
    // Of many at once no more are answered than of as many one after the other.
    if is_locked() {
        return Err(Text::plain("account.locked"));
    }
    match checked {
        Err(_) => Err(Text::plain("sign_in.busy")),
        Ok(checked) if checked.is_right() => {
            attempts.succeed(&call.realm, &counted);
            Ok(())
        }
        Ok(_) => {
            call.wrong_password((&whose, &counted), Some(account), &account.name).await;
            Err(Text::plain("account.password_wrong"))
        }
    }
}

async fn delete(call: &Call<'_>, visitor: &Visitor, form: &Parameters) -> Result<Answer, store::Fault> {
    if let Err(problem) = proven(call, visitor, form.text("current")).await {
        return Ok(show(call, visitor, FormKind::Delete, "", vec![problem]));
    }
    let (store, id) = (&call.server.store, &visitor.account.id);
    if call.settings.directory.account(id).is_some() {
        // A persona is written in the configuration, and cannot be deleted from here.
        return Ok(show(call, visitor, FormKind::Delete, "", vec![Text::plain("account.persona")]));
    }
    let removed = store.remove_user(&call.realm, id, call.visit.now, call.revoked_until()).await?;
    if let Written::LastOwner = removed {
        return Ok(show(call, visitor, FormKind::Delete, "", vec![Text::plain("account.last_owner")]));
    }
    if let Some(email) = visitor.email() {
        // Whoever sat there may have been somebody else.
        let _ = call.write_to(email, &Letter::Deleted).await;
    }
    let mut answer = call.notice(NoticeKind::Deleted, StatusCode::OK);
    drop_session_cookie(call, &mut answer);
    Ok(answer)
}

/// Where an account's own page goes on after a sign-in.
pub(crate) fn after_sign_in(call: &Call<'_>, path: &str) -> Answer {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let to = call.visit.path(&format!("/_lobby/account{path}"));
    let query: Vec<(_, _)> = url::form_urlencoded::parse(query.as_bytes()).collect();
    let query: Vec<(&str, &str)> = query.iter().map(|(name, value)| (&**name, &**value)).collect();
    see_other(&with_parameters(&to, &query, false))
}
