use http::{Method, StatusCode, header};
use jose::{digest, dpop};
use serde_json::{Value, json};
use store::FAMILY_LENGTH;

use crate::{
    answer::{Answer, Refusal, json_answer},
    believed, claims,
    dpop::field,
    parameters::Parameters,
    server::Call,
};

/// Tells who signed in (OpenID Connect Core 5.3) to whoever holds an access token with `openid`.
pub(crate) async fn serve(call: &Call<'_>, body: &[u8]) -> Result<Answer, Refusal> {
    if let Some(token) = &call.visit.token {
        return tell(call, token.claims(), false).await;
    }
    let (token, is_dpop) = presented(call, body)?;
    let verified = believed::access_token(call, &token).ok_or_else(|| denied("invalid_token", is_dpop))?;
    check_binding(call, &token, is_dpop, verified.claims())?;
    tell(call, verified.claims(), is_dpop).await
}

async fn tell(call: &Call<'_>, access: &jose::Claims, is_dpop: bool) -> Result<Answer, Refusal> {
    if !access.scopes.contains("openid") {
        let challenge = "Bearer error=\"insufficient_scope\", scope=\"openid\"".to_owned();
        let refusal = Refusal::new("insufficient_scope", "the token lacks the scope `openid`");
        return Err(Refusal { status: StatusCode::FORBIDDEN, challenge: Some(challenge), ..refusal });
    }
    let account = match access.sub.as_deref() {
        Some(subject) => call.people().of_subject(subject).await?,
        None => None,
    };
    let account = account.filter(|account| !account.disabled);
    let account = account.ok_or_else(|| denied("invalid_token", is_dpop))?;
    call.speaks(&account.name);
    let jti = access.jti.as_deref().unwrap_or_default();
    call.memory().note_use(jti);
    let by_name = match jti.get(..FAMILY_LENGTH) {
        Some(family) => call.server.store.family(&call.realm, family).await?,
        None => None,
    };
    let by_name = by_name.map(|family| family.grant.userinfo_claims).unwrap_or_default();
    let mut told = claims::of_account(&account, &access.scopes, &by_name);
    told.insert("sub".to_owned(), json!(account.subject()));
    Ok(json_answer(StatusCode::OK, &Value::Object(told)))
}

/// The token, and whether it came as `DPoP`: in the head, or in the form of a POST (RFC 6750 2.2); two ways
/// at once are refused, and a query is never looked at.
fn presented(call: &Call<'_>, body: &[u8]) -> Result<(String, bool), Refusal> {
    let mut fields = call.headers.get_all(header::AUTHORIZATION).iter();
    let in_body = if call.method == Method::POST && !body.is_empty() {
        Parameters::of_body(call.headers, body)?.owned("access_token")
    } else {
        None
    };
    let (first, second) = (fields.next(), fields.next());
    if second.is_some() || (first.is_some() && in_body.is_some()) {
        let challenge = Some("Bearer error=\"invalid_request\"".to_owned());
        return Err(Refusal { challenge, ..Refusal::request("the token is there more than once") });
    }
    let Some(field) = first else {
        return in_body.map(|token| (token, false)).ok_or_else(missing);
    };
    let text = field.to_str().map_err(|_| missing())?;
    let (scheme, token) = text.split_once(' ').ok_or_else(missing)?;
    let token = token.trim_matches(' ').to_owned();
    if scheme.eq_ignore_ascii_case("bearer") {
        Ok((token, false))
    } else if scheme.eq_ignore_ascii_case("dpop") {
        Ok((token, true))
    } else {
        Err(missing())
    }
}

fn missing() -> Refusal {
    let refusal = Refusal::new("invalid_token", "an access token is needed");
    Refusal { status: StatusCode::UNAUTHORIZED, challenge: Some("Bearer".to_owned()), ..refusal }
}

fn denied(error: &str, is_dpop: bool) -> Refusal {
    let scheme = if is_dpop { "DPoP" } else { "Bearer" };
    let refusal = Refusal::new(error, "the access token is not accepted");
    Refusal {
        status: StatusCode::UNAUTHORIZED,
        challenge: Some(format!("{scheme} error=\"{error}\"")),
        ..refusal
    }
}

/// A bound token needs its proof, and a proof needs a bound token (RFC 9449 7.1, RFC 8705 3).
fn check_binding(call: &Call<'_>, token: &str, is_dpop: bool, access: &jose::Claims) -> Result<(), Refusal> {
    let cnf = access.cnf.clone().unwrap_or_default();
    if let Some(certificate) = &cnf.x5t_s256 {
        let shown = call.visit.certificate.map(jose::base64url::encode);
        if shown.as_deref() != Some(&**certificate) {
            return Err(denied("invalid_token", is_dpop));
        }
    }
    if cnf.jkt.is_some() != is_dpop {
        return Err(denied("invalid_token", is_dpop));
    }
    let Some(jkt) = cnf.jkt else { return Ok(()) };
    let proof = field(call.headers)?.ok_or_else(|| denied("invalid_dpop_proof", true))?;
    let uri = call.visit.url("/_lobby/oauth/userinfo");
    let expected = dpop::Expected {
        method: call.method.as_str(),
        uri: call.visit.called.as_deref().unwrap_or(&uri),
        access_token: Some(token),
        now: call.visit.real,
        window: std::time::Duration::from_secs(60),
        leeway: std::time::Duration::from_secs(15),
    };
    let proof = dpop::verify(proof, &expected).map_err(|_| denied("invalid_dpop_proof", true))?;
    let nonce_fits = !call.settings.dpop.nonce
        || proof
            .nonce
            .as_deref()
            .is_some_and(|nonce| call.server.accepts_dpop_nonce(&call.realm, call.visit.now, nonce));
    if !nonce_fits {
        let nonce = Some(call.server.dpop_nonce(&call.realm, call.visit.now));
        return Err(Refusal { nonce, ..denied("use_dpop_nonce", true) });
    }
    let seen = digest::sha256(format!("dpop\0{}\0{}", proof.jkt, proof.jti));
    let until = call.visit.real.plus(std::time::Duration::from_secs(90));
    if proof.jkt != *jkt || !call.memory().is_first(seen, until, call.visit.real) {
        return Err(denied("invalid_dpop_proof", true));
    }
    Ok(())
}
