//! Where a person types the code that a device shows, and lets it in or not (RFC 8628 3.3).

use http::Method;
use model::ScopeSet;
use store::{Device, DeviceState, Session};

use crate::{
    account,
    answer::Answer,
    device::{normal, shown},
    factor::{self, Asked, Lack},
    page::{self, Opened},
    pages::{CodeProblem, Decision, DeviceCode, DeviceConfirm, DeviceDone, FailureKind, Permission, field},
    parameters::Parameters,
    scope,
    seal::Errand,
    server::Call,
    settings::Client,
    sign_in,
};

pub(crate) async fn serve(call: &Call<'_>, query: Option<&str>, body: &[u8]) -> Answer {
    let is_form = call.method == Method::POST;
    let read = if is_form { Parameters::of_body(call.headers, body) } else { Parameters::of_query(query) };
    let parameters = match read {
        Ok(parameters) => parameters,
        Err(error) => return call.failure(FailureKind::Request { detail: &error.to_string() }),
    };
    let user_code = normal(parameters.text(field::USER_CODE));
    let session = match call.session().await {
        Ok(Some(session)) => session,
        Ok(None) => return sign_in::show(call, &Errand::Device { user_code, sid: None }, None, None).await,
        Err(fault) => return call.fault(&fault),
    };
    if let Some(answer) = lacking(call, &user_code, &session).await {
        return answer;
    }
    if !is_form {
        // Filled in, never confirmed: a link that a stranger sent must not connect anything.
        return ask(call, &user_code, None);
    }
    if !call.is_own_form(&parameters) {
        return ask(call, &user_code, Some(CodeProblem::Forged));
    }
    let Opened::Errand(Errand::Device { user_code: seen, sid }) = call.opened(&parameters) else {
        return ask(call, &user_code, Some(CodeProblem::Forged));
    };
    let Some(decision) = parameters.get(field::DECISION) else {
        return confirm(call, &user_code, &session).await;
    };
    if seen != user_code || sid.as_ref() != Some(&session.sid) {
        return ask(call, &user_code, Some(CodeProblem::Forged));
    }
    match Decision::parse(decision) {
        Some(Decision::Allow) => decide(call, &user_code, &session, true).await,
        Some(Decision::Deny) => decide(call, &user_code, &session, false).await,
        Some(Decision::Switch) => {
            sign_in::show(call, &Errand::Device { user_code, sid: None }, None, None).await
        }
        Some(Decision::Ask) | None => confirm(call, &user_code, &session).await,
    }
}

/// A sign-in in which somebody sets up what is demanded of everybody, or has another password to choose, connects
/// nothing yet.
async fn lacking(call: &Call<'_>, user_code: &str, session: &Session) -> Option<Answer> {
    let account = match call.people().of_id(&session.subject).await {
        Ok(account) => account?,
        Err(fault) => return Some(call.fault(&fault)),
    };
    let then = Errand::Device { user_code: user_code.to_owned(), sid: None };
    match factor::lacking(call, session, &account, "pwd").await {
        Ok(Lack::Nothing | Lack::SignIn) => account::first(call, &then, &account).await,
        Ok(Lack::Factor) => Some(factor::show(call, &then, &account, &Asked::beside(session, "pwd")).await),
        Err(fault) => Some(call.fault(&fault)),
    }
}

/// Somebody signed in to look after a device.
pub(crate) fn after_sign_in(call: &Call<'_>, user_code: &str) -> Answer {
    ask(call, user_code, None)
}

fn ask(call: &Call<'_>, user_code: &str, problem: Option<CodeProblem>) -> Answer {
    let form = call.form("/_lobby/device", Errand::Device { user_code: String::new(), sid: None });
    let code = shown(user_code);
    let page =
        DeviceCode { ticket: form.ticket(), code: Some(&*code).filter(|code| !code.is_empty()), problem };
    call.page(&page, Some(&form), None)
}

/// A device that waits for this code; wrong codes are counted by address (attacks.md, A10).
async fn waiting(call: &Call<'_>, user_code: &str) -> Result<Device, Answer> {
    let (guesses, peer) = (&call.server.guesses, guard::household(call.visit.peer).to_string());
    let too_many = |wait| ask(call, user_code, Some(CodeProblem::TooMany { wait }));
    if let Some(wait) = guesses.locked_for(&call.realm, &peer, call.visit.now) {
        return Err(too_many(wait));
    }
    let found = call.server.store.device(&call.realm, user_code).await.map_err(|fault| call.fault(&fault))?;
    let waits = |device: &Device| device.state == DeviceState::Pending && call.visit.now <= device.expires_at;
    found.filter(waits).ok_or_else(|| {
        match guesses.fail(&call.realm, &peer, &call.settings.lockout, call.visit.now) {
            Some(wait) => too_many(wait),
            None => ask(call, user_code, Some(CodeProblem::Unknown)),
        }
    })
}

fn client(call: &Call<'_>, id: &str) -> Client {
    call.settings.client(id).unwrap_or_else(|| Client { id: id.to_owned(), ..Client::default() })
}

async fn confirm(call: &Call<'_>, user_code: &str, session: &Session) -> Answer {
    let device = match waiting(call, user_code).await {
        Ok(device) => device,
        Err(answer) => return answer,
    };
    let client = client(call, &device.grant.client);
    let account = match call.people().of_id(&session.subject).await {
        Ok(account) => account,
        Err(fault) => return call.fault(&fault),
    };
    let scopes = account
        .as_ref()
        .map(|account| scope::of_account(&call.settings, account, &client, Some(&device.grant.scopes)));
    let scopes: ScopeSet = scopes.unwrap_or_default();
    let names: Vec<String> = scopes.iter().map(ToString::to_string).collect();
    let text = |scope| call.settings.scope_text(scope);
    let permission = |scope| Permission { scope, text: text(scope), optional: false, ticked: false };
    let permissions: Vec<Permission<'_>> = names.iter().map(|name| permission(name.as_str())).collect();
    let errand = Errand::Device { user_code: user_code.to_owned(), sid: Some(session.sid.clone()) };
    let form = call.form("/_lobby/device", errand);
    let page = DeviceConfirm {
        app: page::app(&client, None),
        ticket: form.ticket(),
        code: &shown(user_code),
        user: account.as_ref().map_or(&*session.subject, |account| &account.name),
        asked: call.visit.now.since(device.grant.signed_in_at),
        from: Some(&*device.asked_from).filter(|from| !from.is_empty()),
        scopes: &permissions,
    };
    call.page(&page, Some(&form), None)
}

async fn decide(call: &Call<'_>, user_code: &str, session: &Session, connected: bool) -> Answer {
    let device = match waiting(call, user_code).await {
        Ok(device) => device,
        Err(answer) => return answer,
    };
    let (client, store) = (client(call, &device.grant.client), &call.server.store);
    let account = match call.people().of_id(&session.subject).await {
        Ok(account) => account.filter(|account| !account.disabled && !account.must_change),
        Err(fault) => return call.fault(&fault),
    };
    let grant = account.filter(|_| connected).map(|account| {
        let mut grant = device.grant.clone();
        grant.account.clone_from(&account.id);
        grant.scopes = scope::of_account(&call.settings, &account, &client, Some(&device.grant.scopes));
        grant.auth_time = session.auth_time;
        grant.signed_in_at = session.signed_in_at;
        grant.acr = factor::session_class(session);
        grant.methods = session.methods.split(' ').map(str::to_owned).collect();
        grant
    });
    let decided = match &grant {
        // Among the apps of whoever let it in, who may take that back.
        Some(grant) => {
            let (app, subject) = (&grant.client, &grant.account);
            store.record_consent(&call.realm, app, subject, &grant.scopes, call.visit.now).await
        }
        None => Ok(()),
    };
    let decided = match decided {
        Ok(()) => store.decide_device(&call.realm, user_code, grant.as_ref(), call.visit.now).await,
        Err(fault) => Err(fault),
    };
    match decided {
        Ok(true) => {
            let page = DeviceDone { app: page::app(&client, None), connected: grant.is_some() };
            call.page(&page, None, None)
        }
        Ok(false) => ask(call, user_code, Some(CodeProblem::Unknown)),
        Err(fault) => call.fault(&fault),
    }
}
