use http::{HeaderValue, StatusCode, header};
use jose::dpop;
use serde_json::{Value, json};

use crate::{
    answer::{Answer, Refusal, json_answer},
    claims,
    server::Call,
    settings::{GrantKind, Settings},
};

/// The metadata (RFC 8414 2, OpenID Connect Discovery 3): one document for both names, the configured issuer
/// whatever `Host` says. For an issuer with a path, its well-known names may stand before or behind it.
pub(crate) fn serve(call: &Call<'_>, path: &str) -> Result<Answer, Refusal> {
    let tail = ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"]
        .into_iter()
        .find_map(|name| path.strip_prefix(name))
        .unwrap_or_default();
    if !tail.is_empty() && tail != call.visit.base() {
        let refusal = Refusal::new("not_found", "there is no issuer with this path");
        return Err(Refusal { status: StatusCode::NOT_FOUND, ..refusal });
    }
    let mut document = endpoints(call);
    if let (Value::Object(all), Value::Object(features)) = (&mut document, features(call)) {
        all.extend(features);
    }
    Ok(json_answer(StatusCode::OK, &document))
}

fn endpoints(call: &Call<'_>) -> Value {
    let url = |name: &str| call.visit.url(&format!("/_lobby/oauth/{name}"));
    json!({
        "issuer": call.visit.issuer,
        "authorization_endpoint": url("authorize"),
        "token_endpoint": url("token"),
        "pushed_authorization_request_endpoint": url("par"),
        "device_authorization_endpoint": url("device"),
        "introspection_endpoint": url("introspect"),
        "revocation_endpoint": url("revoke"),
        "userinfo_endpoint": url("userinfo"),
        "jwks_uri": url("jwks"),
        "end_session_endpoint": url("logout"),
    })
}

fn features(call: &Call<'_>) -> Value {
    let settings = &call.settings;
    let methods = ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"];
    let algorithm = call.server.keys.algorithm().as_str();
    let proofs: Vec<&str> = dpop::ALGORITHMS.iter().map(jose::Algorithm::as_str).collect();
    let grants: Vec<&str> = settings.grants.iter().map(|kind| kind.as_str()).collect();
    let response_types: &[&str] = if settings.grants.contains(&GrantKind::Implicit) {
        &["code", "token", "id_token", "id_token token"]
    } else {
        &["code"]
    };
    json!({
        "scopes_supported": scopes(settings),
        "response_types_supported": response_types,
        "response_modes_supported": ["query", "fragment", "form_post"],
        "grant_types_supported": grants,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [algorithm],
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": proofs,
        "introspection_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": methods,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "require_pushed_authorization_requests": false,
        "claims_parameter_supported": true,
        "claims_supported": claims::supported(),
        "acr_values_supported": settings.acrs(),
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "display_values_supported": ["page"],
        "ui_locales_supported": settings.brand.tags().collect::<Vec<_>>(),
        "dpop_signing_alg_values_supported": proofs,
        "tls_client_certificate_bound_access_tokens": settings.binds_to_certificates(call.visit),
    })
}

fn scopes(settings: &Settings) -> Vec<&str> {
    let mut all = model::Scope::OPENID.to_vec();
    let own = settings.own.iter().flat_map(|own| own.0.keys().copied());
    for name in settings.apis.iter().flat_map(|api| api.scopes.keys().map(String::as_str)).chain(own) {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

/// The public keys (RFC 7517 5). They may be kept for a moment, no longer: a scenario may rotate them.
pub(crate) fn jwks(call: &Call<'_>) -> Result<Answer, Refusal> {
    let ring = call.server.keys.ring(&call.realm, call.visit.now).map_err(|_| Refusal::fault())?;
    let mut answer = json_answer(StatusCode::OK, &ring.jwks());
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/jwk-set+json"));
    Ok(answer)
}
