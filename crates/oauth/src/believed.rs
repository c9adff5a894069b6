use std::{sync::Arc, time::Duration};

use jose::{AlgorithmSet, jwt};

use crate::server::Call;

/// An access token of ours that is good now, for whichever API.
pub(crate) fn access_token(call: &Call<'_>, text: &str) -> Option<jwt::Verified> {
    let verified = verify(call, text, jwt::Types::AccessToken, jwt::Expiry::Required)?;
    let claims = verified.claims();
    let revoked = call.server.store.is_revoked(&call.realm, claims.jti.as_deref(), claims.sid.as_deref());
    (!revoked).then_some(verified)
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
