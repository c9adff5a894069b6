//! `/_lobby/account/strength`: how good a password would be, while it is typed on a page of ours. Nothing of it
//! is kept, and no service is asked.

use std::time::Duration;

use http::{Method, StatusCode};
use identity::password::{About, Foreseen};
use serde_json::{Value, json};

use crate::{
    answer::{Answer, empty, json_answer},
    pages::{FailureKind, Language, Text},
    parameters::Parameters,
    server::Call,
};

/// So many questions of one address …
const MOST: u32 = 120;
/// … in this time; and so long it waits then.
const WINDOW: Duration = Duration::from_secs(60);

pub(crate) fn serve(call: &Call<'_>, body: &[u8]) -> Answer {
    if call.method != Method::POST {
        return call.failure(FailureKind::Missing);
    }
    let Ok(form) = Parameters::of_body(call.headers, body) else { return empty(StatusCode::BAD_REQUEST) };
    if call.own_errand(&form).is_none() {
        return empty(StatusCode::FORBIDDEN);
    }
    let bound =
        guard::lockout::Settings { failures: MOST, window: WINDOW, lock: WINDOW, ..Default::default() };
    let asker = guard::household(call.visit.peer).to_string();
    if call.server.asked.fail(&call.realm, &asker, &bound, call.visit.real).is_some() {
        return empty(StatusCode::TOO_MANY_REQUESTS);
    }
    let email = [form.text("email"), form.text("username")].into_iter().find(|text| text.contains('@'));
    let about = About { name: form.text("username"), email, also: &[] };
    let foreseen = call.settings.accounts.passwords.foresee(form.text("new"), &about);
    json_answer(StatusCode::OK, &told(&foreseen, call.language(None)))
}

/// What the page's script shows: `{"score", "good", "told"}`.
pub(crate) fn told(foreseen: &Foreseen, language: Language<'_>) -> Value {
    let texts: Vec<String> = match &foreseen.refusals {
        Some(refusals) => refusals.iter().map(|refusal| Text::of_refusal(refusal).told(language)).collect(),
        None => vec![Text::plain("password.good").told(language)],
    };
    json!({ "score": foreseen.score, "good": foreseen.refusals.is_none(), "told": texts })
}
