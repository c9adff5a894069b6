use http::StatusCode;
use serde_json::Value;

use super::Exchange;
use crate::{
    answer::{Answer, Refusal, json_answer},
    scope,
    token::Access,
};

/// A client's own token (RFC 6749 4.4): nobody signed in, so there is no refresh token and no ID token.
pub(crate) fn serve(exchange: Exchange<'_>) -> Result<Answer, Refusal> {
    let Exchange { call, form, proven, bound } = exchange;
    if !proven.is_confidential {
        return Err(Refusal::new("unauthorized_client", "a public client has nothing of its own"));
    }
    let settings = &call.settings;
    let asked = scope::asked(settings, &proven.client, form.get("scope"))?;
    let scopes = scope::of_client(settings, &proven.client, asked.as_ref());
    let audience = scope::audience(settings, call.visit, &form.resources(), asked.as_ref())?;
    let lifetime = settings.lifetimes.access;
    let access = Access {
        jti: call.jti(&call.family()),
        client: &proven.client.id,
        account: None,
        scopes: &scopes,
        audience: &audience,
        lifetime,
        sign_in: None,
        thumbprint: bound.thumbprint.as_deref(),
        certificate: bound.certificate.as_deref(),
    };
    let token = access.sign(call).map_err(|_| Refusal::fault())?;
    Ok(json_answer(StatusCode::OK, &Value::Object(super::body(&token, bound, lifetime, &scopes))))
}
