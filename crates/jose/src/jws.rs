//! The compact serialisation of JWS (RFC 7515 7.1), and nothing else of it.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::{
    Algorithm, KeySet, Rejection, SigningError, SigningKey, VerifyingKey, base64url, claims::weight_of, json,
    key::NoKey,
};

/// The longest token that is looked at, in bytes.
pub const LONGEST: usize = 16 * 1024;

/// A JWS taken apart: the form is right, nothing in it is believed.
pub struct Compact<'a> {
    header: Header,
    payload: Vec<u8>,
    signed: &'a str,
    signature: Vec<u8>,
}

/// The header of a JWS. What it says of keys and algorithms is a claim of whoever sent it.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    algorithm: Option<Algorithm>,
    kid: Option<String>,
    typ: Option<String>,
    members: Map<String, Value>,
}

impl<'a> Compact<'a> {
    /// Takes `text` apart. A header that changes the meaning of what follows (`crit`, `b64`, `zip`, `enc`,
    /// a nested token) is told as [`Rejection::Algorithm`] at once: the rest has no form to be judged.
    pub fn parse(text: &'a str) -> Result<Self, Rejection> {
        if text.len() > LONGEST {
            return Err(Rejection::Malformed("it is longer than 16 KiB"));
        }
        if text.starts_with('{') {
            return Err(Rejection::Malformed("it is the JSON serialisation, not the compact one"));
        }
        let mut parts = text.split('.');
        let (Some(header), Some(payload), Some(signature)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(Rejection::Malformed("a JWT has three parts with dots between"));
        };
        match parts.count() {
            0 => {}
            // RFC 7516 9: five parts are a JWE. It is not decrypted, so `p2c` and `zip` in it cost nothing.
            2 => return Err(Rejection::Algorithm("encrypted tokens are not accepted")),
            _ => return Err(Rejection::Malformed("a JWT has three parts with dots between")),
        }
        let header = Header::parse(header)?;
        header.refuse_other_forms()?;
        let payload = base64url::decode_strict(payload)
            .map_err(|_| Rejection::Malformed("its payload is not base64url"))?;
        let signed = text.get(..text.len() - signature.len() - 1).unwrap_or_default();
        let signature = base64url::decode_strict(signature)
            .map_err(|_| Rejection::Malformed("its signature is not base64url"))?;
        Ok(Self { header, payload, signed, signature })
    }

    /// The header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The payload, not believed.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The algorithm, if it is one of ours.
    pub fn algorithm(&self) -> Result<Algorithm, Rejection> {
        self.header.algorithm.ok_or(Rejection::Algorithm("`alg` is none or unknown"))
    }

    /// Whether the signature is `key`'s; [`Rejection::Algorithm`] where the key is not for the token's
    /// algorithm (RFC 8725 3.1).
    pub fn verify(&self, key: &VerifyingKey) -> Result<(), Rejection> {
        let algorithm = self.algorithm()?;
        if !key.algorithms().contains(algorithm) {
            return Err(Rejection::Algorithm("the key is for another algorithm"));
        }
        if key.verifies(algorithm, self.signed.as_bytes(), &self.signature) {
            Ok(())
        } else {
            Err(Rejection::Signature)
        }
    }

    /// The one of `keys` that the header names, or the only one that fits. A key that the token brings or
    /// points at is never used, and refuses it.
    pub fn key_among<'k>(&self, keys: &'k KeySet) -> Result<&'k Arc<VerifyingKey>, Rejection> {
        let algorithm = self.algorithm()?;
        if self.header.brings_key() {
            return Err(Rejection::Key("it brings or points at its own key"));
        }
        keys.select(self.header.kid(), algorithm).map_err(|why| match why {
            NoKey::Unknown => Rejection::Key("the issuer has no such key"),
            NoKey::Several => Rejection::Key("several of the issuer's keys fit"),
            NoKey::Algorithm => Rejection::Algorithm("the key is for another algorithm"),
        })
    }

    pub(crate) fn into_header(self) -> Header {
        self.header
    }
}

impl Header {
    fn parse(part: &str) -> Result<Self, Rejection> {
        let bytes = base64url::decode_strict(part)
            .map_err(|_| Rejection::Malformed("its header is not base64url"))?;
        let members = json::object(&bytes)
            .ok_or(Rejection::Malformed("its header is no JSON object with each member once"))?;
        let text = |name: &str| match members.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(Rejection::Malformed("`alg`, `kid`, `typ` and `cty` in its header are strings")),
        };
        let algorithm = text("alg")?.ok_or(Rejection::Malformed("its header has no `alg`"))?.parse().ok();
        let (kid, typ, _) = (text("kid")?, text("typ")?, text("cty")?);
        Ok(Self { algorithm, kid, typ, members })
    }

    /// The algorithm, if it is one of ours.
    pub fn algorithm(&self) -> Option<Algorithm> {
        self.algorithm
    }

    /// Which key it says to be signed with.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The type that it says to be of.
    pub fn typ(&self) -> Option<&str> {
        self.typ.as_deref()
    }

    /// Whether the type is `name`; `application/` may stand before it, and case does not count
    /// (RFC 7515 4.1.9). Allocates nothing.
    pub fn is_type(&self, name: &str) -> bool {
        self.typ.as_deref().is_some_and(|typ| is_media_type(typ, name))
    }

    /// All of it; empty in what is [kept](crate::jwt::Verified::kept).
    pub fn members(&self) -> &Map<String, Value> {
        &self.members
    }

    /// Whether it brings or points at its own key, which is never used (RFC 8725 3.10, RFC 7515 4.1.2 ff).
    pub fn brings_key(&self) -> bool {
        ["jwk", "jku", "x5u", "x5c"].iter().any(|name| self.members.contains_key(*name))
    }

    /// Only what is asked for by its name.
    pub(crate) fn kept(self) -> Self {
        Self { members: Map::new(), ..self }
    }

    pub(crate) fn weight(&self) -> usize {
        [&self.kid, &self.typ].into_iter().flatten().map(|text| weight_of(text)).sum()
    }

    fn refuse_other_forms(&self) -> Result<(), Rejection> {
        if self.members.contains_key("crit") {
            // RFC 7515 4.1.11: none is understood, so each is refused.
            return Err(Rejection::Algorithm("`crit` names an extension that is not understood"));
        }
        if self.members.get("b64").is_some_and(|value| *value != Value::Bool(true)) {
            return Err(Rejection::Algorithm("an unencoded payload (RFC 7797) is not accepted"));
        }
        if self.members.contains_key("zip") || self.members.contains_key("enc") {
            return Err(Rejection::Algorithm("compressed or encrypted content is not accepted"));
        }
        let content = self.members.get("cty").and_then(Value::as_str);
        if content.is_some_and(|content| is_media_type(content, "JWT")) {
            return Err(Rejection::Algorithm("nested tokens are not accepted"));
        }
        Ok(())
    }
}

/// Whether a media type in a header, where `application/` may be left out, is `application/<name>`.
fn is_media_type(written: &str, name: &str) -> bool {
    let bare = match written.split_at_checked("application/".len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case("application/") => rest,
        _ => written,
    };
    bare.eq_ignore_ascii_case(name)
}

/// Signs `payload` under `header`, as written: what the header says must be true already.
pub fn sign(key: &SigningKey, header: &Map<String, Value>, payload: &[u8]) -> Result<String, SigningError> {
    let mut text = encode(header, payload);
    let signature = key.sign(text.as_bytes())?;
    text.push('.');
    text.push_str(&base64url::encode(signature));
    Ok(text)
}

/// The two parts that are signed.
pub(crate) fn encode(header: &Map<String, Value>, payload: &[u8]) -> String {
    let header = serde_json::to_string(header).unwrap_or_default();
    format!("{}.{}", base64url::encode(header), base64url::encode(payload))
}
