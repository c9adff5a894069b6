use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};

use crate::{
    Letter,
    control::Call,
    refusal::{Refusal, ok},
};

/// `GET /_lobby/outbox`: the mails that a mock wrote and did not send, the newest first; with `?to=` those to one
/// address. A test finds the links to follow in them.
pub(crate) async fn get(call: &Call<'_>) -> Result<Response<Bytes>, Refusal> {
    let query = call.request.uri().query().unwrap_or_default();
    let mut to = None;
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        if name != "to" {
            return Err(Refusal::wrong(format!("`{name}` is no parameter of this call; there is `to`")));
        }
        to = Some(value.into_owned());
    }
    // Who reads the mails of main can choose another password for anybody.
    if call.by_account && call.visit.sandbox.name().is_main() {
        return Err(Refusal::Letters);
    }
    let desk = &call.control.rooms.desk;
    let letters = desk.outbox(call.visit.sandbox.name(), to).await.ok_or(Refusal::Fault)?;
    Ok(ok(&letters.iter().map(shown).collect()))
}

/// A mail, with the links that are in it.
pub(crate) fn shown(letter: &Letter) -> Value {
    json!({
        "to": letter.to,
        "subject": letter.subject,
        "text": letter.text,
        "html": letter.html,
        "links": letter.text.lines().filter(|line| line.starts_with("http")).collect::<Vec<_>>(),
        "at": letter.at.to_string(),
    })
}
