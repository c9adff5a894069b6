use bytes::Bytes;
use http::Response;

use super::token::refused;
use crate::{
    body::Members,
    catalogue::Catalogue,
    control::Call,
    desk::Handle,
    refusal::{Refusal, ok},
};

/// `POST /_lobby/authenticator/totp`
pub(crate) async fn totp(call: &Call<'_>) -> Result<Response<Bytes>, Refusal> {
    let members = Members::read(call.request, &["as"])?;
    answer(call, members, |_| Ok(Handle::Code)).await
}

/// `POST /_lobby/authenticator/passkey/create`
pub(crate) async fn create(call: &Call<'_>) -> Result<Response<Bytes>, Refusal> {
    let members = Members::read(call.request, &["as", "options", "origin"])?;
    let read =
        |members: &mut Members| Ok(Handle::Create { options: options(members)?, origin: origin(members)? });
    answer(call, members, read).await
}

/// `POST /_lobby/authenticator/passkey/get`
pub(crate) async fn get(call: &Call<'_>) -> Result<Response<Bytes>, Refusal> {
    let members = Members::read(call.request, &["as", "options", "origin"])?;
    let read =
        |members: &mut Members| Ok(Handle::Get { options: options(members)?, origin: origin(members)? });
    answer(call, members, read).await
}

async fn answer(
    call: &Call<'_>,
    mut members: Members,
    read: impl Fn(&mut Members) -> Result<Handle, Refusal>,
) -> Result<Response<Bytes>, Refusal> {
    let persona = members.required("as", "\"alice\"")?;
    let handle = read(&mut members)?;
    let desk = &*call.control.rooms.desk;
    Catalogue::of(desk).persona(&persona).map_err(Refusal::wrong)?;
    desk.authenticate(persona, handle, call.visit).await.map(|answer| ok(&answer)).map_err(refused)
}

fn options(members: &mut Members) -> Result<serde_json::Value, Refusal> {
    match members.take("options") {
        Some(options @ serde_json::Value::Object(_)) => Ok(options),
        Some(_) | None => Err(Refusal::wrong(
            "`options` takes what the service asks, as WebAuthn's JSON: {\"challenge\":…}",
        )),
    }
}

fn origin(members: &mut Members) -> Result<String, Refusal> {
    members.required("origin", "\"http://localhost:4010\"")
}
