use http::StatusCode;
use serde_json::json;

use crate::{
    answer::{Answer, Refusal, json_answer},
    place::PROTECTED_RESOURCE,
    server::Call,
    settings::Api,
};

/// The metadata of an API (RFC 9728). `resource` is what the URL was derived from (3.3), so the path behind
/// the well-known name is the API's base.
pub(crate) fn serve(call: &Call<'_>, path: &str) -> Result<Answer, Refusal> {
    let tail = path.strip_prefix(PROTECTED_RESOURCE).unwrap_or_default().trim_end_matches('/');
    // The sandbox's prefix may stand behind the well-known name, too.
    let prefix = call.visit.base();
    let base =
        tail.strip_prefix(prefix).filter(|rest| rest.is_empty() || rest.starts_with('/')).unwrap_or(tail);
    let apis = &call.settings.apis;
    let found = match apis.as_slice() {
        [only] if base.is_empty() || only.bases.iter().any(|known| known == base) => Some(only),
        several => several.iter().find(|api| api.bases.iter().any(|known| known == base)),
    };
    let api = found.ok_or_else(|| missing(call, apis))?;
    let body = json!({
        "resource": format!("{}{base}", call.visit.issuer),
        "authorization_servers": [call.visit.issuer],
        "jwks_uri": call.visit.url("/_lobby/oauth/jwks"),
        "scopes_supported": api.scopes.keys().collect::<Vec<_>>(),
        "bearer_methods_supported": ["header"],
        "resource_name": api.name,
        "dpop_signing_alg_values_supported": jose::dpop::ALGORITHMS.iter().map(jose::Algorithm::as_str).collect::<Vec<_>>(),
        "dpop_bound_access_tokens_required": call.settings.dpop.required,
        "tls_client_certificate_bound_access_tokens": call.settings.binds_to_certificates(call.visit),
    });
    Ok(json_answer(StatusCode::OK, &body))
}

fn missing(call: &Call<'_>, apis: &[Api]) -> Refusal {
    let url = |base: &String| format!("{}{PROTECTED_RESOURCE}{base}", call.visit.issuer);
    let urls: Vec<String> = apis.iter().flat_map(|api| api.bases.iter().map(url)).collect();
    let refusal = Refusal::new("not_found", format!("there is one for each API: {}", urls.join(", ")));
    Refusal { status: StatusCode::NOT_FOUND, ..refusal }
}
