use bytes::Bytes;
use http::Response;
use serde_json::json;

use crate::{control::Call, refusal::ok};

/// `GET /_lobby/health`: that it is served at all says that it is ready.
pub(crate) fn get(call: &Call<'_>) -> Response<Bytes> {
    ok(&json!({
        "status": "ready",
        "version": call.control.settings.version,
        "generation": call.control.rooms.desk.generation(),
    }))
}
