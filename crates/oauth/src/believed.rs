use std::{sync::Arc, time::Duration};

use jose::{AlgorithmSet, jwt};

use crate::server::Call;

/// An access token of ours that is good now, for whichever API: whom it names and whom it was given to are still
/// there.
pub(crate) fn access_token(call: &Call<'_>, text: &str) -> Option<jwt::Verified> {
    let verified = verify(call, text, jwt::Types::AccessToken, jwt::Expiry::Required)?;
    let claims = verified.claims();
    let is_revoked = |jti: Option<&str>, sid| call.server.store.is_revoked(&call.realm, jti, sid);
    let subject = claims.sub.as_deref();
    let revoked = is_revoked(claims.jti.as_deref(), claims.sid.as_deref()) || is_revoked(None, subject);
    // A mock's personas speak through clients that nobody registered.
    let is_persona = subject.is_some_and(|subject| call.settings.directory.of_subject(subject).is_some());
    let client = claims.client_id.as_deref().filter(|_| !is_persona);
    let is_gone = client.is_some_and(|client| call.settings.client(client).is_none());
    (!revoked && !is_gone).then_some(verified)
}

/// An ID token of ours, however old: a hint at who is meant (OpenID Connect Core 3.1.2.1).
pub(crate) fn id_token_hint(call: &Call<'_>, text: &str) -> Option<jwt::Verified> {
    verify(call, text, jwt::Types::OneOf(vec!["JWT".to_owned()]), jwt::Expiry::Ignored)
}

fn verify(call: &Call<'_>, text: &str, types: jwt::Types, expiry: jwt::Expiry) -> Option<jwt::Verified> {
    let ring = call.server.keys.ring(&call.realm, call.visit.now).ok()?;
    let trust = jwt::Trust {
        issuer: Arc::from(call.visit.issuer.as_str()),
        keys: ring.set().clone(),
        algorithms: AlgorithmSet::from(call.server.keys.algorithm()),
        audience: jwt::Audience::Unchecked,
        types,
        expiry,
        leeway: Duration::ZERO,
    };
    // Of a token whose age does not matter the beginning does not either: the clock may have been set back.
    let now = match trust.expiry {
        jwt::Expiry::Ignored => call.visit.real.max(call.visit.now),
        jwt::Expiry::Required | jwt::Expiry::IfPresent => call.visit.now,
    };
    jwt::verify(jwt::Presented::parse(text).ok()?, &[trust], now).ok()
}
