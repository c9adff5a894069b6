use std::{collections::BTreeSet, sync::Arc};

use model::{Scope, ScopeSet, Timestamp};
use serde_json::{Map, Number, Value};

use crate::Rejection;

/// What a token says. Believed only where it comes from a [`crate::jwt::Verified`]; names are those of the
/// registered claims (RFC 7519 4.1, RFC 9068 2.2).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Claims {
    /// Who issued it; `None` also for what is no string.
    pub iss: Option<Arc<str>>,
    /// Whom it is about.
    pub sub: Option<Arc<str>>,
    /// For whom it is; empty also where `aud` is neither a string nor an array of them.
    pub aud: Vec<Arc<str>>,
    /// From when on it is no longer accepted.
    pub exp: Option<Timestamp>,
    /// Before when it is not accepted.
    pub nbf: Option<Timestamp>,
    /// When it was made.
    pub iat: Option<Timestamp>,
    /// Its own name.
    pub jti: Option<Arc<str>>,
    /// To which client it was given: `client_id`, else `azp`.
    pub client_id: Option<Arc<str>>,
    /// What it allows: of `scope` and `scp`, texts or arrays.
    pub scopes: ScopeSet,
    /// `roles`: a text or an array.
    pub roles: BTreeSet<String>,
    /// How the subject signed in.
    pub acr: Option<Arc<str>>,
    /// When the subject signed in, by the issuer's real clock.
    pub auth_time: Option<Timestamp>,
    /// When the subject signed in, by the sandbox's clock: a mock's own claim.
    pub lobby_at: Option<Timestamp>,
    /// The session.
    pub sid: Option<Arc<str>>,
    /// What the presenter must prove (RFC 7800).
    pub cnf: Option<Confirmation>,
    /// Whether it has a claim that only an ID, refresh or logout token has.
    pub is_of_another_kind: bool,
    /// Everything, as it was written; empty in what is [kept](crate::jwt::Verified::kept).
    pub raw: Map<String, Value>,
}

/// The key or certificate that a token is bound to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Confirmation {
    /// Thumbprint of a DPoP key (RFC 9449 6.1).
    pub jkt: Option<Arc<str>>,
    /// Thumbprint of a client certificate (RFC 8705 3.1).
    pub x5t_s256: Option<Arc<str>>,
    /// Whether it is bound by another method, which nobody here can prove.
    pub unknown: bool,
}

impl Claims {
    /// Reads a claims set. Refused where a claim is of a JSON type that it cannot have; but a wrong `iss`
    /// reads as none and a wrong `aud` as empty, so that they are told as what they are.
    pub fn read(raw: Map<String, Value>) -> Result<Self, Rejection> {
        let text = |name: &str| match raw.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(Arc::from(text.as_str()))),
            Some(_) => {
                Err(Rejection::Malformed("`sub`, `jti`, `client_id`, `azp`, `sid` and `acr` are strings"))
            }
        };
        let date = |name: &str| match raw.get(name) {
            None => Ok(None),
            Some(Value::Number(number)) => Ok(Some(numeric_date(number))),
            Some(_) => {
                Err(Rejection::Malformed("`exp`, `nbf`, `iat`, `auth_time` and `lobby_at` are numbers"))
            }
        };
        Ok(Self {
            iss: raw.get("iss").and_then(Value::as_str).map(Arc::from),
            sub: text("sub")?,
            aud: audience(raw.get("aud")),
            exp: date("exp")?,
            nbf: date("nbf")?,
            iat: date("iat")?,
            jti: text("jti")?,
            client_id: text("client_id")?.or(text("azp")?),
            scopes: scopes(raw.get("scope")).joined(&scopes(raw.get("scp"))),
            roles: texts(raw.get("roles")).map(str::to_owned).collect(),
            acr: text("acr")?,
            auth_time: date("auth_time")?,
            lobby_at: date("lobby_at")?,
            sid: text("sid")?,
            cnf: raw.get("cnf").map(confirmation).transpose()?,
            is_of_another_kind: is_of_another_kind(&raw),
            raw,
        })
    }

    /// The bytes that it takes besides itself, near enough, without [`Self::raw`].
    pub(crate) fn weight(&self) -> usize {
        let texts = [&self.iss, &self.sub, &self.jti, &self.client_id, &self.acr, &self.sid];
        let bound = self.cnf.iter().flat_map(|cnf| [&cnf.jkt, &cnf.x5t_s256]);
        let texts = texts.into_iter().chain(bound).flatten().chain(&self.aud);
        let texts: usize = texts.map(|text| weight_of(text)).sum();
        let scopes: usize = self.scopes.iter().map(|scope| weight_of(scope.as_str())).sum();
        let roles: usize = self.roles.iter().map(|role| weight_of(role)).sum();
        texts + scopes + roles
    }
}

/// What a text takes that is allocated on its own: itself, its place, counts, and what the allocator adds.
pub(crate) fn weight_of(text: &str) -> usize {
    text.len() + 48
}

/// What tells an ID, refresh or logout token of an issuer that sets no `typ`: claims of OpenID Connect Core 2
/// and Back-Channel Logout 2.4, and the marks that Keycloak (`typ`) and Cognito (`token_use`) set.
fn is_of_another_kind(raw: &Map<String, Value>) -> bool {
    let of_another = ["nonce", "at_hash", "c_hash", "s_hash", "events"];
    let says = |name: &str, what: &[&str]| {
        let said = raw.get(name).and_then(Value::as_str);
        said.is_some_and(|said| what.iter().any(|word| said.eq_ignore_ascii_case(word)))
    };
    of_another.iter().any(|name| raw.contains_key(*name))
        || says("typ", &["ID", "Refresh", "Offline", "Logout"])
        || says("token_use", &["id", "refresh"])
}

/// Whole or fractional seconds since the epoch (RFC 7519 2). What no clock can show saturates.
pub(crate) fn numeric_date(number: &Number) -> Timestamp {
    if let Some(seconds) = number.as_i64() {
        return Timestamp::from_seconds(seconds);
    }
    #[expect(clippy::cast_possible_truncation, reason = "a float beyond the range of i64 becomes its end")]
    let micros = number.as_f64().map(|seconds| (seconds * 1e6) as i64);
    micros.map_or(Timestamp::MAX, Timestamp::from_micros)
}

/// A text, or an array of nothing but texts (RFC 7519 4.1.3).
fn audience(value: Option<&Value>) -> Vec<Arc<str>> {
    match value {
        Some(Value::String(one)) => vec![Arc::from(one.as_str())],
        Some(Value::Array(several)) => {
            let named: Option<Vec<_>> = several.iter().map(|name| name.as_str().map(Arc::from)).collect();
            named.unwrap_or_default()
        }
        None | Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) => Vec::new(),
    }
}

/// One text of scopes with spaces between (RFC 8693 4.2), or an array of single ones. An item of an array
/// with a space in it is no scope, and gives none.
fn scopes(value: Option<&Value>) -> ScopeSet {
    match value {
        Some(Value::String(text)) => text.split(' ').filter_map(|word| word.parse::<Scope>().ok()).collect(),
        value => texts(value).filter_map(|item| item.parse::<Scope>().ok()).collect(),
    }
}

fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    let several = value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    value.and_then(Value::as_str).into_iter().chain(several.iter().filter_map(Value::as_str))
}

fn confirmation(value: &Value) -> Result<Confirmation, Rejection> {
    let malformed = Rejection::Malformed("`cnf` is an object of thumbprints");
    let members = value.as_object().ok_or(malformed)?;
    let mut read = Confirmation::default();
    for (name, value) in members {
        let thumbprint = || value.as_str().map(Arc::from).ok_or(malformed);
        match name.as_str() {
            "jkt" => read.jkt = Some(thumbprint()?),
            "x5t#S256" => read.x5t_s256 = Some(thumbprint()?),
            _ => read.unknown = true,
        }
    }
    // Bound, but to nothing that could be shown: nobody may use it.
    read.unknown |= members.is_empty();
    Ok(read)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: impl std::borrow::Borrow<Value>) -> Result<Claims, Rejection> {
        Claims::read(value.borrow().as_object().unwrap().clone())
    }

    #[test]
    fn scopes_are_read_alike_from_scope_and_scp_as_text_and_as_array() {
        for claims in [
            json!({"scope": "a b"}),
            json!({"scp": "a b"}),
            json!({"scope": ["b", "a"]}),
            json!({"scp": ["a", "b"]}),
            json!({"scope": "a", "scp": ["b"]}),
            json!({"scope": " a  b "}),
        ] {
            assert_eq!(read(&claims).unwrap().scopes.to_string(), "a b", "{claims}");
        }
    }

    #[test]
    fn what_is_no_scope_gives_none() {
        for claims in [
            json!({"scope": ["a b"]}),
            json!({"scope": [["a"]]}),
            json!({"scope": {"a": true}}),
            json!({"scope": 1}),
            json!({"scope": "a\tb"}),
            json!({"scope": "\"a\""}),
            json!({}),
        ] {
            assert!(read(&claims).unwrap().scopes.is_empty(), "{claims}");
        }
    }

    #[test]
    fn dates_may_have_fractions_and_never_overflow() {
        let at = |value: Value| read(json!({ "exp": value })).unwrap().exp.unwrap();
        assert_eq!(at(json!(1.5)), Timestamp::from_micros(1_500_000));
        assert_eq!(at(json!(-1)), Timestamp::from_seconds(-1));
        assert_eq!(at(json!(1e300)), Timestamp::MAX);
        assert_eq!(at(json!(-1e300)), Timestamp::MIN);
        assert_eq!(at(json!(u64::MAX)), Timestamp::MAX);
        for wrong in [json!("1"), json!(null), json!([1]), json!(true)] {
            assert!(matches!(read(json!({"exp": wrong})), Err(Rejection::Malformed(_))));
        }
    }

    #[test]
    fn an_unknown_binding_is_kept_in_mind() {
        let cnf = |value: Value| read(json!({ "cnf": value })).map(|claims| claims.cnf.unwrap());
        assert_eq!(cnf(json!({"jkt": "x"})).unwrap().jkt.as_deref(), Some("x"));
        assert!(!cnf(json!({"x5t#S256": "x"})).unwrap().unknown);
        assert!(cnf(json!({"jwk": {}})).unwrap().unknown);
        assert!(cnf(json!({})).unwrap().unknown);
        assert!(cnf(json!({"jkt": 1})).is_err());
        assert!(cnf(json!("x")).is_err());
    }
}
