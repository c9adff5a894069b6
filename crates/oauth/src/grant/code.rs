use jose::digest;
use store::Redemption;
use subtle::ConstantTimeEq;

use super::Exchange;
use crate::{
    answer::{Answer, Refusal},
    opaque::Kind,
    parameters::Parameters,
};

/// Redeems a code (RFC 6749 4.1.3, RFC 7636 4.6).
pub(crate) async fn serve(exchange: Exchange<'_>) -> Result<Answer, Refusal> {
    let Exchange { call, form, proven, bound } = exchange;
    let wrong = |cause| exchange.refused(cause, "the code is unknown, used, too old, or another client's");
    let unknown = || wrong("no such code was given here");
    let hash = exchange.hash_of(Kind::Code, exchange.need("code")?).ok_or_else(unknown)?;
    let code = call.server.store.code(&call.realm, hash).await?.ok_or_else(unknown)?;
    if code.grant.client != proven.client.id {
        return Err(wrong("the code was given to another client_id"));
    }
    check_redirect(form, &code)?;
    check_verifier(form, &code.challenge)?;
    if let Some(expected) = &code.grant.thumbprint
        && bound.thumbprint.as_ref() != Some(expected)
    {
        // RFC 9449 10: `dpop_jkt` bound the code to a key.
        return Err(Refusal::new("invalid_dpop_proof", "the code is bound to another key"));
    }
    let now = call.visit.now;
    let until = now.plus(call.settings.lifetimes.access.max(call.settings.lifetimes.refresh));
    // Spending comes after every check that a stranger would fail, and before anything is given.
    match call.server.store.spend_code(&call.realm, hash, now, until).await? {
        Redemption::Fresh => {}
        Redemption::Again => {
            return Err(wrong("the code was redeemed before: what it gave is revoked now"));
        }
        Redemption::Unknown => return Err(unknown()),
    }
    if now > code.expires_at {
        return Err(wrong("the code is too old: it can be redeemed for tokens.code, by the sandbox's clock"));
    }
    let mut grant = code.grant;
    grant.audience = exchange.audience(&grant.audience)?;
    exchange.begin(grant, code.family).await
}

fn check_redirect(form: &Parameters, code: &store::Code) -> Result<(), Refusal> {
    match form.get("redirect_uri") {
        Some(redirect) if redirect == code.redirect => Ok(()),
        // OAuth 2.1 4.1.3 no longer asks for it; RFC 6749 does where the request had it. With a challenge
        // the code is the client's own either way.
        None if !code.redirect_given || !code.challenge.is_empty() => Ok(()),
        Some(_) | None => Err(Refusal::grant("`redirect_uri` is not the one of the request")),
    }
}

fn check_verifier(form: &Parameters, challenge: &str) -> Result<(), Refusal> {
    let verifier = form.get("code_verifier");
    match (challenge.is_empty(), verifier) {
        (true, None) => Ok(()),
        // A downgrade: somebody took the challenge out of the request (RFC 9700 4.8.2).
        (true, Some(_)) => Err(Refusal::grant("there was no `code_challenge` in the request")),
        (false, None) => Err(Refusal::grant("`code_verifier` is missing")),
        (false, Some(verifier)) => {
            let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            let is_sound = (43..=128).contains(&verifier.len()) && verifier.bytes().all(legal);
            let hash = digest::sha256_base64url(verifier);
            let is_right: bool = hash.as_bytes().ct_eq(challenge.as_bytes()).into();
            if is_sound && is_right {
                Ok(())
            } else {
                Err(Refusal::grant("`code_verifier` does not fit `code_challenge`"))
            }
        }
    }
}
