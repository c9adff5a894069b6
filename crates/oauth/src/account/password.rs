//! Another password: because somebody wants one, or because the present one is no longer good enough.

use http::StatusCode;
use identity::{Account, Shown, password::About};

use super::{Visitor, proven, show};
use crate::{
    accounts::Unset,
    activity::Activity,
    answer::Answer,
    entry::{self, Proof},
    letter::Letter,
    pages::{FailureKind, Field, Form, FormKind, Input, Text},
    parameters::Parameters,
    seal::Errand,
    server::Call,
    sign_in,
};

/// What stands between somebody and what is under way, where the password has to be another one first.
pub(crate) async fn first(call: &Call<'_>, errand: &Errand, account: &Account) -> Option<Answer> {
    if account.must_change { Some(demand(call, errand, account, Vec::new()).await) } else { None }
}

/// The page that has nothing but a field for another password. Whoever sees it has just signed in.
async fn demand(call: &Call<'_>, errand: &Errand, account: &Account, problems: Vec<Text>) -> Answer {
    let form = call.form("/_lobby/account/password", errand.clone());
    let name = account.email.as_ref().map_or(&*account.name, |(email, _)| email);
    let page = Form {
        kind: FormKind::MustChange,
        app: call.house(),
        ticket: form.ticket(),
        link: None,
        fields: vec![
            Field { name: "username", input: Input::Username, value: name, fixed: true },
            Field { name: "new", input: Input::NewPassword, value: "", fixed: false },
        ],
        instead: None,
        status: if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY },
        problems,
    };
    call.page_before(&page, &form, Some(errand)).await
}

pub(super) async fn change(
    call: &Call<'_>,
    visitor: &Visitor,
    errand: Errand,
    form: &Parameters,
) -> Result<Answer, store::Fault> {
    let (account, new) = (&visitor.account, form.text("new"));
    let refuse = async |problems| {
        if account.must_change {
            demand(call, &errand, account, problems).await
        } else {
            show(call, visitor, FormKind::ChangePassword, "", problems)
        }
    };
    if account.must_change {
        if !call.is_fresh(&visitor.session) {
            return Ok(sign_in::show(call, &errand, None, Some(&account.name)).await);
        }
    } else if let Err(problem) = proven(call, visitor, form.text("current")).await {
        return Ok(refuse(vec![problem]).await);
    }
    let about = About { name: &account.name, email: visitor.email(), also: &[] };
    let accepted = match call.judged(new, &about).await {
        Ok(accepted) => accepted,
        Err(problems) => return Ok(refuse(problems).await),
    };
    match call.server.passwords.check(Some(account), new).await {
        Err(_) => return Ok(refuse(vec![Text::plain("sign_in.busy")]).await),
        Ok(same) if same.is_right() => return Ok(refuse(vec![Text::plain("password.same")]).await),
        Ok(_) => {}
    }
    let Ok(hash) = call.server.passwords.hash(&accepted, call.server.random()).await else {
        return Ok(refuse(vec![Text::plain("sign_in.busy")]).await);
    };
    match call.set_password(account, &hash, None).await {
        Ok(()) => {}
        Err(Unset::Gone) => return Ok(call.failure(FailureKind::Missing)),
        Err(Unset::Fault(fault)) => return Err(fault),
    }
    call.note(&account.id, Activity::PasswordChanged).await;
    let link = call.another_password();
    call.write_to(visitor.email().unwrap_or_default(), &Letter::PasswordChanged { link: &link }).await?;
    let Some(account) = call.people().of_id(&account.id).await? else {
        return Ok(call.failure(FailureKind::Missing));
    };
    // The password's version is another one: this browser gets a session of its own anew.
    let errand = match errand {
        Errand::Visit => Errand::Account { path: "/".to_owned(), again: None },
        under_way => under_way,
    };
    let shown = Shown::of(&visitor.session.methods);
    // It is none the newer for it: whatever else was shown was shown before.
    let (class, since) = (visitor.session.acr.as_deref(), (&*visitor.session).into());
    Ok(entry::enter(call, &errand, &account, Some(Proof { shown: &shown, class, since })).await)
}
