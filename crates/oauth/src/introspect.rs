use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::{
    answer::{Answer, Refusal, json_answer},
    believed, client,
    opaque::Refresh,
    parameters::Parameters,
    server::Call,
};

/// Tells whether a token is good (RFC 7662). Not to strangers: a client must prove who it is.
pub(crate) async fn serve(call: &Call<'_>, body: &[u8]) -> Result<Answer, Refusal> {
    let form = Parameters::of_body(call.headers, body)?;
    form.once_each()?;
    let proven = client::authenticate(call, &form)?;
    if !proven.is_confidential {
        return Err(Refusal::client("introspection is for clients that prove who they are"));
    }
    let token = form.get("token").ok_or_else(|| Refusal::request("`token` is missing"))?;
    let told = match access(call, token).await? {
        Some(told) => Some(told),
        None => refresh(call, token, &proven.client.id).await?,
    };
    let inactive = || Map::from_iter([("active".to_owned(), json!(false))]);
    Ok(json_answer(StatusCode::OK, &Value::Object(told.unwrap_or_else(inactive))))
}

async fn access(call: &Call<'_>, token: &str) -> Result<Option<Map<String, Value>>, Refusal> {
    let Some(verified) = believed::access_token(call, token) else { return Ok(None) };
    let claims = verified.claims();
    let account = match claims.sub.as_deref() {
        Some(subject) => call.people().of_subject(subject).await?,
        None => None,
    };
    if account.as_ref().is_some_and(|account| account.disabled) {
        return Ok(None);
    }
    let mut told = claims.raw.clone();
    told.insert("active".to_owned(), json!(true));
    let is_bound = claims.cnf.as_ref().is_some_and(|cnf| cnf.jkt.is_some());
    told.insert("token_type".to_owned(), json!(if is_bound { "DPoP" } else { "Bearer" }));
    if let Some(account) = account {
        told.insert("username".to_owned(), json!(account.name));
    }
    Ok(Some(told))
}

/// A refresh token is told about to its own client alone.
async fn refresh(call: &Call<'_>, token: &str, client: &str) -> Result<Option<Map<String, Value>>, Refusal> {
    let key = call.key("refresh token");
    let Some(token) = Refresh::read(token, &call.visit.sandbox, &key) else { return Ok(None) };
    let Some(family) = call.server.store.family(&call.realm, &token.family).await? else { return Ok(None) };
    let is_current =
        !family.revoked && family.sequence == token.sequence && call.visit.now <= family.expires_at;
    let account = call.people().of_id(&family.grant.account).await?.filter(|account| !account.disabled);
    let (true, true, Some(account)) = (is_current, family.grant.client == client, account) else {
        return Ok(None);
    };
    let told = json!({
        "active": true,
        "client_id": client,
        "sub": account.subject(),
        "username": account.name,
        "scope": family.grant.scopes,
        "iss": call.visit.issuer,
        "exp": family.expires_at.as_seconds(),
    });
    Ok(told.as_object().cloned())
}
