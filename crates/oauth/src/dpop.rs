use std::time::Duration;

use http::HeaderMap;
use jose::{base64url, digest, dpop};
use model::{RealmId, Timestamp};

use crate::{
    answer::Refusal,
    opaque::realm_key,
    server::{Call, Server},
    settings::Client,
};

/// How old a proof may be, and how far its maker's clock may be off.
const WINDOW: Duration = Duration::from_secs(60);
const LEEWAY: Duration = Duration::from_secs(15);
/// How many seconds a nonce is current; the one before it is taken as well. Short, so that a clock that was
/// advanced by a minute has left it behind.
const NONCE: i64 = 30;

impl Server {
    /// The nonce that proofs must carry now (RFC 9449 8): derived, so nothing is kept. `now` is the sandbox's.
    pub fn dpop_nonce(&self, realm: &RealmId, now: Timestamp) -> String {
        self.nonce(realm, now.as_seconds().div_euclid(NONCE))
    }

    /// Whether a proof's nonce is the current one or the one before.
    pub fn accepts_dpop_nonce(&self, realm: &RealmId, now: Timestamp, nonce: &str) -> bool {
        let period = now.as_seconds().div_euclid(NONCE);
        [period, period.saturating_sub(1)].iter().any(|period| self.nonce(realm, *period) == nonce)
    }

    /// Whether proofs must carry a nonce at all.
    pub fn demands_dpop_nonce(&self) -> bool {
        self.settings().dpop.nonce
    }

    fn nonce(&self, realm: &RealmId, period: i64) -> String {
        let key = realm_key(&self.master, realm, "dpop nonce");
        let tag = digest::hmac_sha256(&key, period.to_be_bytes());
        base64url::encode(tag.get(..16).unwrap_or_default())
    }
}

/// The thumbprint of the key that a token is to be bound to: `None` where no proof came and none is needed.
pub(crate) fn needed_key(call: &Call<'_>, path: &str, client: &Client) -> Result<Option<String>, Refusal> {
    let shown = shown_key(call, path)?;
    if shown.is_none() && (client.dpop || call.settings.dpop.required) {
        return Err(invalid("a DPoP proof is required"));
    }
    Ok(shown)
}

/// The thumbprint of the key whose proof came, if one did.
pub(crate) fn shown_key(call: &Call<'_>, path: &str) -> Result<Option<String>, Refusal> {
    let Some(proof) = field(call.headers)? else { return Ok(None) };
    let own = call.visit.url(path);
    let urls = std::iter::once(own.as_str()).chain(call.visit.called.as_deref());
    let mut outcome = Err(dpop::ProofError::Uri);
    for uri in urls {
        let expected = dpop::Expected {
            method: call.method.as_str(),
            uri,
            access_token: None,
            now: call.visit.real,
            window: WINDOW,
            leeway: LEEWAY,
        };
        outcome = dpop::verify(proof, &expected);
        if outcome != Err(dpop::ProofError::Uri) {
            break;
        }
    }
    let proof = outcome.map_err(|error| invalid(&error.to_string()))?;
    check_nonce(call, proof.nonce.as_deref())?;
    let seen = digest::sha256(format!("dpop\0{}\0{}", proof.jkt, proof.jti));
    let until = call.visit.real.plus(WINDOW).plus(LEEWAY).plus(LEEWAY);
    if !call.memory().is_first(seen, until, call.visit.real) {
        return Err(invalid("the proof was used before"));
    }
    Ok(Some(proof.jkt))
}

fn check_nonce(call: &Call<'_>, nonce: Option<&str>) -> Result<(), Refusal> {
    if !call.settings.dpop.nonce {
        return Ok(());
    }
    let (server, now) = (call.server, call.visit.now);
    if nonce.is_some_and(|nonce| server.accepts_dpop_nonce(&call.realm, now, nonce)) {
        return Ok(());
    }
    Err(Refusal {
        nonce: Some(server.dpop_nonce(&call.realm, now)),
        ..Refusal::new("use_dpop_nonce", "the proof must carry the nonce of `DPoP-Nonce`")
    })
}

/// The one `DPoP` field (RFC 9449 4.3, check 1).
pub(crate) fn field(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let mut fields = headers.get_all("dpop").iter();
    let Some(field) = fields.next() else { return Ok(None) };
    if fields.next().is_some() {
        return Err(invalid("there are two `DPoP` fields"));
    }
    field.to_str().map(Some).map_err(|_| invalid("the proof is no JWT"))
}

fn invalid(description: &str) -> Refusal {
    Refusal::new("invalid_dpop_proof", description)
}
