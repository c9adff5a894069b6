use bytes::Bytes;
use http::Response;

use crate::{
    body::Members,
    control::Call,
    refusal::{Refusal, done},
};

/// `POST /_lobby/reset`: data, sessions, scenarios, clock, limits and journal of this sandbox; keys and
/// personas stay.
pub(crate) async fn post(call: &Call<'_>) -> Result<Response<Bytes>, Refusal> {
    Members::read(call.request, &[])?;
    let sandbox = &call.visit.sandbox;
    call.control.rooms.sandboxes.reset(sandbox);
    call.control.reset(sandbox.name()).await;
    Ok(done())
}
