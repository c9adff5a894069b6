use bytes::Bytes;
use http::Response;
use mock::sandbox::{ClockReading, Turning};
use model::Timestamp;
use serde_json::json;

use crate::{
    body::Members,
    control::Call,
    refusal::{Refusal, ok},
};

const ONE: &str = "the body is exactly one of {\"advance\":\"15m\"}, {\"set\":\"2027-01-01T00:00:00Z\"}, \
    {\"frozen\":true} or {\"reset\":true}";

const SET: &str = "`set` takes an instant, as `2027-01-01T00:00:00Z`, and none after 9999-12-30T22:00:00Z";

/// `GET /_lobby/clock`
pub(crate) fn get(call: &Call<'_>) -> Response<Bytes> {
    shown(call.visit.sandbox.clock().reading(call.visit.real))
}

/// `POST /_lobby/clock`. When main's clock moves, others' idle time may be over: they end at once.
pub(crate) async fn post(call: &Call<'_>) -> Result<Response<Bytes>, Refusal> {
    let turning = read(Members::read(call.request, &["advance", "set", "frozen", "reset"])?)?;
    let sandbox = &call.visit.sandbox;
    let reading = sandbox.clock().turn(turning, call.visit.real);
    let reading = reading.map_err(|error| Refusal::wrong(error.to_string()))?;
    if sandbox.name().is_main() {
        call.control.sweep(call.visit.real).await;
    }
    Ok(shown(reading))
}

fn read(mut members: Members) -> Result<Turning, Refusal> {
    if members.len() != 1 {
        return Err(Refusal::wrong(ONE));
    }
    if let Some(span) = members.duration("advance")? {
        return Ok(Turning::Advance(span));
    }
    if let Some(text) = members.text("set")? {
        let to = Timestamp::parse_rfc3339(&text).map(Turning::Set);
        return to.ok_or_else(|| Refusal::wrong(SET));
    }
    if let Some(frozen) = members.flag("frozen")? {
        return Ok(if frozen { Turning::Freeze } else { Turning::Thaw });
    }
    match members.flag("reset")? {
        Some(true) => Ok(Turning::Reset),
        Some(false) | None => Err(Refusal::wrong(ONE)),
    }
}

fn shown(reading: ClockReading) -> Response<Bytes> {
    ok(&json!({
        "now": reading.now.to_string(),
        "offset_seconds": reading.offset_seconds,
        "frozen": reading.frozen,
    }))
}
