use bytes::Bytes;
use http::Response;
use model::SandboxName;
use serde_json::json;

use crate::{
    control::Call,
    refusal::{Refusal, done, ok},
};

/// `GET /_lobby/sandboxes`
pub(crate) fn get(call: &Call<'_>) -> Response<Bytes> {
    let rooms = &call.control.rooms;
    let list = rooms.sandboxes.list(call.visit.real).into_iter().map(|sandbox| {
        json!({
            "name": sandbox.name.as_str(),
            "issuer": rooms.desk.issuer(&sandbox.name),
            "now": sandbox.now.to_string(),
            "requests": sandbox.requests,
            "plays": sandbox.plays,
            "idle_ends": sandbox.idle_ends.map(|at| at.to_string()),
        })
    });
    ok(&list.collect())
}

/// `DELETE /_lobby/sandboxes/{name}`; `main` is reset.
pub(crate) async fn delete(call: &Call<'_>, name: &str) -> Result<Response<Bytes>, Refusal> {
    let name: SandboxName = name.parse().map_err(|error| Refusal::wrong(format!("{error}")))?;
    if !call.control.rooms.sandboxes.delete(&name) {
        return Err(Refusal::Absent { detail: format!("there is no sandbox `{name}`") });
    }
    if name.is_main() {
        call.control.reset(&name).await;
    } else {
        call.control.forget(&[name]).await;
    }
    Ok(done())
}
