use bytes::Bytes;
use guard::{Challenge, Code};
use http::Response;
use serde_json::{Value, json};

use crate::refusal::ok;

/// `GET /_lobby/denials`: the closed list, from its one definition.
pub(crate) fn get() -> Response<Bytes> {
    let denial = |code: Code| {
        let challenge = match code.challenge() {
            Challenge::None => Value::Null,
            challenge => challenge.to_string().into(),
        };
        json!({ "code": code.as_str(), "status": code.status(), "challenge": challenge, "text": code.text() })
    };
    ok(&json!({ "denials": Code::denials().map(denial).collect::<Vec<_>>() }))
}
