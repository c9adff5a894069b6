use http::StatusCode;

use crate::{
    answer::{Answer, Refusal, empty},
    believed, client,
    opaque::Refresh,
    parameters::Parameters,
    server::Call,
};

/// Revokes a token for its client (RFC 7009). An unknown one is revoked already; another client's is not.
pub(crate) async fn serve(call: &Call<'_>, body: &[u8]) -> Result<Answer, Refusal> {
    let form = Parameters::of_body(call.headers, body)?;
    form.once_each()?;
    let proven = client::authenticate(call, &form)?;
    let token = form.get("token").ok_or_else(|| Refusal::request("`token` is missing"))?;
    let another = || Refusal::grant("the token is another client's");
    let (store, now) = (&call.server.store, call.visit.now);
    if let Some(refresh) = Refresh::read(token, &call.visit.sandbox, &call.key("refresh token")) {
        if let Some(family) = store.family(&call.realm, &refresh.family).await? {
            if family.grant.client != proven.client.id {
                return Err(another());
            }
            store.revoke_family(&call.realm, &refresh.family, now, call.revoked_until()).await?;
        }
    } else if let Some(verified) = believed::access_token(call, token) {
        let claims = verified.claims();
        if claims.client_id.as_deref() != Some(&*proven.client.id) {
            return Err(another());
        }
        if let (Some(jti), Some(exp)) = (&claims.jti, claims.exp) {
            store.revoke_token(&call.realm, jti, exp).await?;
        }
    }
    Ok(empty(StatusCode::OK))
}
