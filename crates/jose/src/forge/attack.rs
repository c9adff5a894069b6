use model::Timestamp;
use serde_json::{Map, Value, json};

use super::table;
use crate::{Algorithm, SigningKey, VerifyingKey, base64url, json as reader, jws};

/// One way to attack whoever verifies tokens, and what must come of it. Nothing is sent from here.
pub struct Attack {
    /// The row of the list of attacks: `T03`.
    pub row: &'static str,
    /// What is done.
    pub name: &'static str,
    /// The codes of the denials that are right.
    pub expected: &'static [&'static str],
    pub(super) make: fn(&Draft<'_>) -> Option<String>,
}

/// What an attack starts from.
#[derive(Clone, Copy)]
pub struct Genuine<'a> {
    /// A token that is accepted.
    pub token: &'a str,
    /// The public key that verifies it.
    pub public: &'a VerifyingKey,
    /// The key that signed it, if the attack is a rehearsal by the issuer. A stranger has none.
    pub signing: Option<&'a SigningKey>,
    /// The clock that will judge.
    pub now: Timestamp,
}

impl Attack {
    /// All of them, in the order of their rows.
    pub fn all() -> &'static [Self] {
        table::ATTACKS
    }

    /// Makes the token; `None` where it takes a key that is not there, or does not apply to the algorithm.
    pub fn forge(&self, from: &Genuine<'_>) -> Option<String> {
        (self.make)(&Draft::read(from)?)
    }
}

/// A genuine token taken apart, to be put together wrongly.
pub(super) struct Draft<'a> {
    from: Genuine<'a>,
    pub(super) header: Map<String, Value>,
    pub(super) claims: Map<String, Value>,
    signature: Vec<u8>,
}

impl<'a> Draft<'a> {
    fn read(from: &Genuine<'a>) -> Option<Self> {
        let mut parts = from.token.split('.').map(base64url::decode_strict);
        let mut next = || parts.next()?.ok();
        let (header, claims, signature) = (next()?, next()?, next()?);
        Some(Self {
            from: *from,
            header: reader::object(&header)?,
            claims: reader::object(&claims)?,
            signature,
        })
    }

    /// The token as it was.
    pub(super) fn token(&self) -> &'a str {
        self.from.token
    }

    pub(super) fn public(&self) -> &'a VerifyingKey {
        self.from.public
    }

    pub(super) fn now(&self) -> i64 {
        self.from.now.as_seconds()
    }

    /// A claim that is a text.
    pub(super) fn text(&self, claim: &str) -> &str {
        self.claims.get(claim).and_then(Value::as_str).unwrap_or_default()
    }

    /// The header with one member set.
    pub(super) fn header_with(&self, name: &str, value: Value) -> Map<String, Value> {
        let mut header = self.header.clone();
        header.insert(name.to_owned(), value);
        header
    }

    /// The claims as they were under another header, with the old signature: what a stranger can do.
    pub(super) fn reheaded(&self, header: &Map<String, Value>) -> String {
        format!("{}.{}", jws::encode(header, &self.payload()), base64url::encode(&self.signature))
    }

    /// The claims under `header` with the signature that `sign` makes.
    pub(super) fn signed_by(&self, key: &SigningKey, header: &Map<String, Value>) -> Option<String> {
        jws::sign(key, header, &self.payload()).ok()
    }

    /// Another key that an attacker made, for the token's own algorithm.
    pub(super) fn attackers_key(&self) -> Option<SigningKey> {
        let name: Algorithm = self.header.get("alg")?.as_str()?.parse().ok()?;
        SigningKey::generate(name).ok()
    }

    /// One claim set, and properly signed.
    pub(super) fn with_claim(&self, name: &str, value: Value) -> Option<String> {
        let mut claims = self.claims.clone();
        claims.insert(name.to_owned(), value);
        jws::sign(self.from.signing?, &self.header, Value::Object(claims).to_string().as_bytes()).ok()
    }

    /// One claim left out, and properly signed.
    pub(super) fn without_claim(&self, name: &str) -> Option<String> {
        let mut claims = self.claims.clone();
        claims.shift_remove(name);
        jws::sign(self.from.signing?, &self.header, Value::Object(claims).to_string().as_bytes()).ok()
    }

    /// One claim as this JSON text, which may be no JSON at all, and properly signed.
    pub(super) fn with_raw_claim(&self, name: &str, text: &str) -> Option<String> {
        let mut claims = self.claims.clone();
        claims.shift_remove(name);
        let others = Value::Object(claims).to_string();
        let payload = format!("{},\"{name}\":{text}}}", others.strip_suffix('}')?);
        jws::sign(self.from.signing?, &self.header, payload.as_bytes()).ok()
    }

    /// Of another type, and properly signed.
    pub(super) fn of_type(&self, typ: Option<&str>) -> Option<String> {
        let mut header = self.header.clone();
        header.shift_remove("typ");
        if let Some(typ) = typ {
            header.insert("typ".to_owned(), json!(typ));
        }
        self.signed_by(self.from.signing?, &header)
    }

    /// With another signature.
    pub(super) fn with_signature(&self, signature: &[u8]) -> Option<String> {
        let (signed, _) = self.token().rsplit_once('.')?;
        Some(format!("{signed}.{}", base64url::encode(signature)))
    }

    pub(super) fn signature(&self) -> &[u8] {
        &self.signature
    }

    pub(super) fn parts(&self) -> Option<(&'a str, &'a str, &'a str)> {
        let (signed, signature) = self.token().rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        Some((header, payload, signature))
    }

    /// The public key's bytes taken for a secret, under HS256 and the key's own name. Made by hand, because
    /// a `SigningKey` refuses such a secret where it is short.
    pub(super) fn signed_with_public(&self, secret: &[u8]) -> String {
        let header = self.header_with("alg", json!(Algorithm::Hs256.as_str()));
        let signed = jws::encode(&header, &self.payload());
        let tag = crate::digest::hmac_sha256(secret, &signed);
        format!("{signed}.{}", base64url::encode(tag))
    }

    /// Issued by somebody else, whose key has the name of ours.
    pub(super) fn of_another_issuer(&self, iss: &str) -> Option<String> {
        let mut claims = self.claims.clone();
        claims.insert("iss".to_owned(), json!(iss));
        let payload = Value::Object(claims).to_string();
        jws::sign(&self.attackers_key()?, &self.header, payload.as_bytes()).ok()
    }

    /// A token inside a token, properly signed where the key is there.
    pub(super) fn nested(&self, header: &Map<String, Value>) -> Option<String> {
        match self.from.signing {
            Some(key) => jws::sign(key, header, self.token().as_bytes()).ok(),
            None => Some(format!(
                "{}.{}",
                jws::encode(header, self.token().as_bytes()),
                base64url::encode(&self.signature)
            )),
        }
    }

    fn payload(&self) -> Vec<u8> {
        Value::Object(self.claims.clone()).to_string().into_bytes()
    }
}
