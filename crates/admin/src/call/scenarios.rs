use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use mock::scenario::{Listed, Play, Step, read_steps};
use serde_json::{Value, json};

use crate::{
    body::Members,
    catalogue::Catalogue,
    control::Call,
    refusal::{Refusal, done, ok, respond},
};

const MEMBERS: [&str; 4] = ["play", "persona", "operation", "repeat"];

/// `POST /_lobby/scenarios`
pub(crate) fn post(call: &Call<'_>) -> Result<Response<Bytes>, Refusal> {
    let play = read(call, Members::read(call.request, &MEMBERS)?)?;
    let added = call.visit.sandbox.plays().add(play);
    let id = added.map_err(|error| Refusal::wrong(error.to_string()))?.to_string();
    let mut answer = respond(StatusCode::CREATED, "application/json", &json!({ "id": id }));
    if let Ok(location) = HeaderValue::from_str(&format!("/_lobby/scenarios/{id}")) {
        answer.headers_mut().insert(header::LOCATION, location);
    }
    Ok(answer)
}

fn read(call: &Call<'_>, mut members: Members) -> Result<Play, Refusal> {
    let is_written = members.has("play");
    let texts = members.texts("play")?;
    let steps =
        read_steps(texts.iter().map(String::as_str)).map_err(|error| Refusal::wrong(error.to_string()))?;
    if steps.is_empty() && is_written {
        return Err(Refusal::wrong("`play` is empty: write for example [\"ok\",\"token.expired\"]"));
    }
    if steps.is_empty() {
        return Err(Refusal::wrong("`play` is missing: write for example [\"ok\",\"token.expired\"]"));
    }
    let catalogue = Catalogue::of(&*call.control.rooms.desk);
    let persona = members.text("persona")?;
    if let Some(name) = &persona {
        catalogue.persona(name).map_err(Refusal::wrong)?;
    }
    let operation = members.text("operation")?;
    let target = catalogue.target(operation.as_deref()).map_err(Refusal::wrong)?;
    let repeat = members.flag("repeat")?.unwrap_or(false);
    let play = Play::new(steps, persona.map(Into::into), target, repeat);
    play.map_err(|error| Refusal::wrong(error.to_string()))
}

/// `GET /_lobby/scenarios`: also those that are over.
pub(crate) fn get(call: &Call<'_>) -> Response<Bytes> {
    ok(&call.visit.sandbox.plays().list().iter().map(shown).collect())
}

fn shown(listed: &Listed) -> Value {
    let play = &listed.play;
    json!({
        "id": listed.id.to_string(),
        "play": play.steps().iter().map(Step::to_string).collect::<Vec<_>>(),
        "persona": play.persona(),
        "operation": play.target().written(),
        "repeat": play.repeats(),
        "remaining": listed.remaining,
    })
}

/// `DELETE /_lobby/scenarios`
pub(crate) fn delete_all(call: &Call<'_>) -> Response<Bytes> {
    call.visit.sandbox.plays().clear();
    done()
}

/// `DELETE /_lobby/scenarios/{id}`
pub(crate) fn delete(call: &Call<'_>, id: &str) -> Result<Response<Bytes>, Refusal> {
    let removed = id.parse().is_ok_and(|id| call.visit.sandbox.plays().remove(id));
    if removed {
        return Ok(done());
    }
    let id: String = id.chars().take(60).collect();
    Err(Refusal::Absent { detail: format!("sandbox `{}` has no scenario `{id}`", call.visit.sandbox.name()) })
}
