use crate::{
    answer::{Answer, Refusal},
    client, dpop,
    grant::{self, Bound, Exchange},
    parameters::Parameters,
    server::Call,
    settings::GrantKind,
};

/// The token endpoint (RFC 6749 3.2).
pub(crate) async fn serve(call: &Call<'_>, body: &[u8]) -> Result<Answer, Refusal> {
    let form = Parameters::of_body(call.headers, body)?;
    form.once_each()?;
    let proven = client::authenticate(call, &form)?;
    let written = form.get("grant_type").ok_or_else(|| Refusal::request("`grant_type` is missing"))?;
    let unsupported = || Refusal::new("unsupported_grant_type", "this grant is not offered here");
    let kind = GrantKind::ALL.into_iter().find(|kind| kind.as_str() == written).ok_or_else(unsupported)?;
    if kind == GrantKind::Implicit || !call.settings.grants.contains(&kind) {
        return Err(unsupported());
    }
    if !call.settings.allows(&proven.client, kind) {
        return Err(Refusal::new("unauthorized_client", "this client may not use this grant"));
    }
    let thumbprint = dpop::needed_key(call, "/_lobby/oauth/token", &proven.client)?;
    let bound = Bound::of(call, thumbprint);
    let exchange = Exchange { call, form: &form, proven: &proven, bound: &bound };
    match kind {
        GrantKind::AuthorizationCode => grant::code::serve(exchange).await,
        GrantKind::RefreshToken => grant::refresh::serve(exchange).await,
        GrantKind::ClientCredentials => grant::credentials::serve(exchange),
        GrantKind::DeviceCode => grant::device::serve(exchange).await,
        GrantKind::Password => grant::password::serve(exchange).await,
        GrantKind::Implicit => Err(unsupported()),
    }
}
