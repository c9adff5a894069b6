//! Making an account: an address and a password, a link to show that the address is theirs, and then they are
//! signed in and go on with whatever they came for. Whether an address has an account already shows nowhere
//! but in its own mail (attacks.md, G03).

use http::{Method, StatusCode};
use identity::{
    Account, Cookie, EVERY_SCOPE, INVITATION,
    names::{EmailKey, email_key, name_key},
    password::About,
};
use jose::{base64url, digest};
use model::Secret;
use serde::{Deserialize, Serialize};
use store::{User, Written};

use crate::{
    accounts::{Mails, Names, SignUp},
    activity::Activity,
    answer::Answer,
    authorize, factor, invitation,
    letter::{Letter, nobody},
    page::{self, Opened},
    pages::{FailureKind, Field, Form, FormKind, Input, NoticeKind, Text},
    parameters::Parameters,
    seal::Errand,
    server::Call,
};

const PURPOSE: &str = "sign-up";

/// What it takes to make the account once its address is shown to be theirs.
#[derive(Serialize, Deserialize)]
struct Pending {
    email: String,
    /// The name that they chose, where people sign in with one.
    #[serde(default)]
    name: String,
    password: String,
    /// The SHA-256 of the form's cookie: in another browser the password is asked for, so that nobody makes an
    /// account with a password that a stranger chose.
    browser: String,
    errand: Errand,
}

pub(crate) async fn serve(call: &Call<'_>, query: Option<&str>, body: &[u8]) -> Answer {
    let is_post = call.method == Method::POST;
    let read = if is_post { Parameters::of_body(call.headers, body) } else { Parameters::of_query(query) };
    let parameters = match read {
        Ok(parameters) => parameters,
        Err(error) if is_post => return call.failure(FailureKind::Request { detail: &error.to_string() }),
        Err(_) => return call.notice(NoticeKind::LinkOver, StatusCode::BAD_REQUEST),
    };
    let (rules, token) = (&call.settings.accounts, parameters.get("link"));
    if let (Some(token), SignUp::Open | SignUp::Invitation) = (token, rules.sign_up) {
        match call.link(INVITATION, token).await {
            Ok(None) => {}
            Ok(Some(link)) => {
                let form = is_post.then_some(&parameters);
                return invitation::serve(call, token, &link.record, form).await;
            }
            Err(fault) => return call.fault(&fault),
        }
    }
    match (rules.sign_up, rules.mails) {
        (SignUp::Invitation, _) if token.is_some() => call.notice(NoticeKind::LinkOver, StatusCode::GONE),
        (SignUp::Closed | SignUp::Invitation, _) => {
            call.notice(NoticeKind::SignUpClosed, StatusCode::FORBIDDEN)
        }
        (SignUp::Open, Mails::Off) => call.notice(NoticeKind::NoMail, StatusCode::FORBIDDEN),
        (SignUp::Open, Mails::Outbox | Mails::Sent) if is_post => sent(call, &parameters).await,
        (SignUp::Open, Mails::Outbox | Mails::Sent) => match token {
            Some(token) => show_link(call, token, Vec::new()).await,
            None => show(call, errand_of(call, &parameters), ("", ""), Vec::new()),
        },
    }
}

async fn sent(call: &Call<'_>, form: &Parameters) -> Answer {
    let Some(errand) = call.own_errand(form) else { return call.failure(FailureKind::Forged) };
    match form.get("link") {
        Some(token) => confirm(call, token, form.text("current")).await,
        None => begin(call, errand, (form.text("name"), form.text("email")), form.text("new")).await,
    }
}

/// What was under way on the sign-in page that led here.
fn errand_of(call: &Call<'_>, query: &Parameters) -> Errand {
    match call.opened(query) {
        Opened::Errand(errand @ (Errand::Authorize { .. } | Errand::Device { .. })) => errand,
        Opened::Errand(
            Errand::Logout { .. }
            | Errand::Account { .. }
            | Errand::Visit
            | Errand::Factor { .. }
            | Errand::Ceremony { .. }
            | Errand::Enrol { .. }
            | Errand::Offer { .. },
        )
        | Opened::Waited(_)
        | Opened::Forged => Errand::Visit,
    }
}

fn show(call: &Call<'_>, errand: Errand, (name, email): (&str, &str), problems: Vec<Text>) -> Answer {
    let mut fields = vec![
        Field { name: "email", input: Input::Email, value: email, fixed: false },
        Field { name: "new", input: Input::NewPassword, value: "", fixed: false },
    ];
    if has_names(call) {
        fields.insert(0, Field { name: "name", input: Input::Name, value: name, fixed: false });
    }
    let form = call.form("/_lobby/sign-up", errand);
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let sign_in = call.visit.path("/_lobby/sign-in");
    let page = Form {
        kind: FormKind::SignUp,
        app: call.house(),
        ticket: form.ticket(),
        link: None,
        fields,
        problems,
        instead: Some(("sign_up.instead", &sign_in)),
        status,
    };
    call.page(&page, Some(&form), None)
}

/// Whether people choose a name, beside the address by which it is made sure that they are there.
fn has_names(call: &Call<'_>) -> bool {
    call.settings.accounts.names == Names::Name
}

/// What is wrong with a name that somebody chose. Unlike an address, one that is taken is said to be: nobody
/// could choose one otherwise.
async fn wrong_name(call: &Call<'_>, name: &str) -> Result<Option<Text>, store::Fault> {
    if name_key(name).is_err() {
        return Ok(Some(Text::plain("setup.name_wrong")));
    }
    Ok(call.people().named(name).await?.map(|_| Text::plain("sign_up.name_taken")))
}

async fn begin(call: &Call<'_>, errand: Errand, (name, email): (&str, &str), password: &str) -> Answer {
    let (name, email) = (if has_names(call) { name.trim() } else { "" }, email.trim());
    // Before anything is said of a name.
    if let Some(answer) = call.too_many() {
        return answer;
    }
    if has_names(call) {
        match wrong_name(call, name).await {
            Ok(None) => {}
            Ok(Some(problem)) => return show(call, errand, (name, email), vec![problem]),
            Err(fault) => return call.fault(&fault),
        }
    }
    let Ok(key) = email_key(email) else {
        return show(call, errand, (name, email), vec![Text::plain("account.email_wrong")]);
    };
    let about = About { name, email: Some(email), also: &[] };
    let accepted = match call.judged(password, &about).await {
        Ok(accepted) => accepted,
        Err(problems) => return show(call, errand, (name, email), problems),
    };
    let Ok(hash) = call.server.passwords.hash(&accepted, call.server.random::<16>()).await else {
        return call.failure(FailureKind::Busy);
    };
    let browser = call.cookie(Cookie::Form).unwrap_or_default();
    let pending = Pending {
        email: email.to_owned(),
        name: name.to_owned(),
        password: hash.as_str().to_owned(),
        browser: base64url::encode(digest::sha256(browser)),
        errand,
    };
    match invite(call, &key, &pending).await {
        Ok(()) => call.notice(NoticeKind::LookIntoMail, StatusCode::OK),
        Err(fault) => call.fault(&fault),
    }
}

/// Writes the mail. The same is done whether the address has an account or not, up to the text.
async fn invite(call: &Call<'_>, key: &EmailKey, pending: &Pending) -> Result<(), store::Fault> {
    let is_taken = call.people().named(key.as_str()).await?.is_some();
    let record = serde_json::to_string(pending)?;
    // What nobody gets takes the place of nothing that was mailed.
    let is_written = call.may_write_to(key.as_str());
    let subject = if is_written { key.as_str().to_owned() } else { nobody(key.as_str()) };
    let token = call.keep_link(PURPOSE, &subject, record).await?;
    if !is_written {
        return Ok(());
    }
    let (confirm, reset) = (call.link_url("/_lobby/sign-up", &token), call.another_password());
    let letter = if is_taken { Letter::Taken { link: &reset } } else { Letter::Confirm { link: &confirm } };
    call.write_to(&pending.email, &letter).await
}

/// The link of the mail was followed: looking spends nothing.
async fn show_link(call: &Call<'_>, token: &str, problems: Vec<Text>) -> Answer {
    let link = match call.link(PURPOSE, token).await {
        Ok(link) => link,
        Err(fault) => return call.fault(&fault),
    };
    let pending = link.and_then(|link| serde_json::from_str::<Pending>(&link.record).ok());
    let Some(pending) = pending else { return call.notice(NoticeKind::LinkOver, StatusCode::GONE) };
    let form = call.form("/_lobby/sign-up", Errand::Visit);
    // Where the app agrees to be given things without asking, the answer goes straight to it.
    let requested = match &pending.errand {
        Errand::Authorize { parameters, .. } => {
            authorize::requested(call, &Parameters::of_pairs(parameters.clone())).await.ok()
        }
        Errand::Device { .. }
        | Errand::Logout { .. }
        | Errand::Account { .. }
        | Errand::Visit
        | Errand::Factor { .. }
        | Errand::Ceremony { .. }
        | Errand::Enrol { .. }
        | Errand::Offer { .. } => None,
    };
    let app = requested.as_ref().map_or_else(
        || call.house(),
        |requested| page::app(&requested.client, Some(&requested.reply.redirect)),
    );
    let who = if pending.name.is_empty() { &pending.email } else { &pending.name };
    let mut fields = vec![Field { name: "username", input: Input::Username, value: who, fixed: true }];
    if !is_same_browser(call, &pending) {
        fields.push(Field { name: "current", input: Input::CurrentPassword, value: "", fixed: false });
    }
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = Form {
        kind: FormKind::SignUpConfirm,
        app,
        ticket: form.ticket(),
        link: Some(token),
        fields,
        problems,
        instead: None,
        status,
    };
    call.page(&page, Some(&form), None)
}

fn is_same_browser(call: &Call<'_>, pending: &Pending) -> bool {
    let browser = call.cookie(Cookie::Form);
    browser.is_some_and(|browser| base64url::encode(digest::sha256(browser)) == pending.browser)
}

async fn confirm(call: &Call<'_>, token: &str, password: &str) -> Answer {
    let link = match call.link(PURPOSE, token).await {
        Ok(link) => link,
        Err(fault) => return call.fault(&fault),
    };
    let pending = link.and_then(|link| serde_json::from_str::<Pending>(&link.record).ok());
    let Some(pending) = pending else { return call.notice(NoticeKind::LinkOver, StatusCode::GONE) };
    let Ok(key) = email_key(&pending.email) else {
        return call.notice(NoticeKind::LinkOver, StatusCode::GONE);
    };
    let user = user(call, &pending, &key);
    if !is_same_browser(call, &pending) {
        let account = Account::of_user(&user);
        match call.server.passwords.check(Some(&account), password).await {
            Err(_) => return call.failure(FailureKind::Busy),
            Ok(checked) if checked.is_right() => {}
            Ok(_) => {
                // A link is no place to guess at: every try is counted, and the last one spends it.
                let rules = &call.settings.lockout;
                let counted = format!("link {}", key.as_str());
                if call.server.guesses.fail(&call.realm, &counted, rules, call.visit.now).is_some() {
                    let _ = call.spend_link(PURPOSE, token).await;
                }
                return show_link(call, token, vec![Text::plain("account.password_wrong")]).await;
            }
        }
    }
    // Others may have guessed meanwhile, as often as ends it.
    match call.link(PURPOSE, token).await {
        Ok(Some(_)) => {}
        Ok(None) => return call.notice(NoticeKind::LinkOver, StatusCode::GONE),
        Err(fault) => return call.fault(&fault),
    }
    match call.people().named(key.as_str()).await {
        Ok(None) => {}
        Ok(Some(_)) => return call.notice(NoticeKind::LinkOver, StatusCode::GONE),
        Err(fault) => return call.fault(&fault),
    }
    match call.server.store.add_user(&call.realm, user.clone()).await {
        Ok(Written::Done(())) => {}
        Ok(Written::NameTaken | Written::EmailTaken | Written::Unknown | Written::LastOwner) => {
            return call.notice(NoticeKind::LinkOver, StatusCode::GONE);
        }
        Err(fault) => return call.fault(&fault),
    }
    // Not before there is the account, which is made once whoever else has the link: a store that fails in between
    // would have taken it for nothing.
    let _ = call.spend_link(PURPOSE, token).await;
    call.note(&user.id, Activity::SignUp).await;
    factor::after_password(call, &pending.errand, &std::sync::Arc::new(Account::of_user(&user))).await
}

fn user(call: &Call<'_>, pending: &Pending, key: &EmailKey) -> User {
    User {
        name_key: name_key(&pending.name).map(|key| key.as_str().to_owned()).unwrap_or_default(),
        name: pending.name.clone(),
        email: pending.email.clone(),
        email_key: key.as_str().to_owned(),
        email_verified_at: Some(call.visit.now),
        password: Secret::new(pending.password.clone()),
        password_version: 1,
        // What an app gets of it is theirs to allow; roles are somebody else's to give.
        scopes: EVERY_SCOPE.parse().unwrap_or_default(),
        ..User::new(base64url::encode(call.server.random::<16>()), call.visit.now)
    }
}
