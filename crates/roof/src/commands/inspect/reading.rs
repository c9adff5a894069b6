//! What a token says by itself. Nothing of it is believed.

use jose::{
    Rejection,
    jwt::{self, Bearer, Peek, Presented},
};
use model::Timestamp;
use serde_json::{Map, Value};

/// A token, taken apart.
pub(super) struct Reading {
    pub(super) form: Bearer,
    pub(super) peek: Peek,
    /// The first thing that is wrong with its form or its algorithm.
    pub(super) rejection: Option<Rejection>,
    jwe: bool,
}

impl Reading {
    pub(super) fn of(token: &str) -> Self {
        let form = jwt::classify(token);
        let rejection = match form {
            Bearer::Jwt | Bearer::Malformed => Presented::parse(token).err(),
            Bearer::Opaque => None,
        };
        let peek = jwt::peek(token);
        let encrypted = peek.header.as_ref().is_some_and(|header| header.get("enc").is_some());
        let jwe = peek.parts == 5 && encrypted;
        Self { form, peek, rejection, jwe }
    }

    /// What it is, in words.
    pub(super) fn kind(&self) -> String {
        match self.form {
            Bearer::Opaque => {
                "an opaque text: an API key, a refresh token, or the token of somebody else".to_owned()
            }
            Bearer::Malformed => {
                "no token: it is empty, over 16 KiB, or has characters that no token has".to_owned()
            }
            Bearer::Jwt if self.jwe => "an encrypted token (JWE), which nobody here takes".to_owned(),
            Bearer::Jwt if self.peek.header.is_none() && self.peek.claims.is_none() => {
                "something that begins or is cut like a JWT, and is none".to_owned()
            }
            Bearer::Jwt => self.jwt_kind(),
        }
    }

    fn jwt_kind(&self) -> String {
        let typ = self.header("typ").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
        let typ = typ.strip_prefix("application/").unwrap_or(&typ);
        let of_openid = ["nonce", "at_hash", "c_hash"].iter().any(|name| self.claim(name).is_some());
        let what = match typ {
            "at+jwt" => "an access token (RFC 9068)",
            "dpop+jwt" => "a DPoP proof (RFC 9449), which is sent in the field DPoP beside a token",
            "logout+jwt" => "a logout token, which is no access token",
            _ if self.claim("events").is_some() => "a logout token, which is no access token",
            _ if of_openid => {
                "an ID token (OpenID Connect), which tells a client who signed in and is no access token"
            }
            "" | "jwt" if self.claim("scope").is_some() || self.claim("scp").is_some() => {
                "a JWT without the mark of an access token (`typ`), as issuers from before RFC 9068 make them"
            }
            "" | "jwt" => "a JWT that does not say what it is for",
            _ => return format!("a JWT of the type {typ}, which is no access token{}", self.signed()),
        };
        format!("{what}{}", self.signed())
    }

    fn signed(&self) -> String {
        let alg = self.header("alg").and_then(Value::as_str);
        let kid = self.header("kid").and_then(Value::as_str).map(|kid| format!(" by the key {kid}"));
        match alg {
            None => ", without an algorithm".to_owned(),
            Some(alg) if alg.eq_ignore_ascii_case("none") => ", not signed at all".to_owned(),
            Some(alg) => format!(", signed with {alg}{}", kid.unwrap_or_default()),
        }
    }

    fn header(&self, name: &str) -> Option<&Value> {
        self.peek.header.as_ref()?.get(name)
    }

    pub(super) fn claim(&self, name: &str) -> Option<&Value> {
        self.peek.claims.as_ref()?.get(name)
    }

    pub(super) fn issuer(&self) -> Option<&str> {
        self.claim("iss")?.as_str()
    }

    pub(super) fn subject(&self) -> Option<&str> {
        self.claim("sub").or_else(|| self.claim("client_id"))?.as_str()
    }

    /// A claim that is an instant.
    pub(super) fn instant(&self, name: &str) -> Option<Timestamp> {
        let raw = Map::from_iter([("exp".to_owned(), self.claim(name)?.clone())]);
        jose::Claims::read(raw).ok()?.exp
    }

    /// Texts of a claim that is one, or a list of them, or a text with spaces.
    pub(super) fn texts(&self, name: &str) -> Vec<&str> {
        match self.claim(name) {
            Some(Value::String(text)) if name == "aud" => vec![text],
            Some(Value::String(text)) => text.split(' ').filter(|word| !word.is_empty()).collect(),
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            None | Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use jose::base64url;
    use serde_json::json;

    use super::*;

    fn jwt(header: &Value, claims: &Value) -> String {
        let part = |value: &Value| base64url::encode(value.to_string().as_bytes());
        format!("{}.{}.c2ln", part(header), part(claims))
    }

    #[test]
    fn each_kind_of_token_is_called_by_its_name() {
        let es256 = |typ: &str| json!({"alg": "ES256", "typ": typ, "kid": "k1"});
        for (token, word) in [
            (
                jwt(&es256("at+jwt"), &json!({"scope": "a"})),
                "an access token (RFC 9068), signed with ES256 by the key k1",
            ),
            (jwt(&es256("application/at+jwt"), &json!({})), "an access token"),
            (jwt(&es256("JWT"), &json!({"nonce": "n"})), "an ID token"),
            (jwt(&es256("dpop+jwt"), &json!({})), "a DPoP proof"),
            (jwt(&es256("JWT"), &json!({"scope": "a"})), "before RFC 9068"),
            (jwt(&json!({"alg": "none"}), &json!({})), "not signed at all"),
            (jwt(&json!({"alg": "RSA-OAEP", "enc": "A128GCM"}), &json!({})) + ".x.y", "an encrypted token"),
            ("alice-badge-key".to_owned(), "an opaque text"),
            ("eyJub3BlIg".to_owned(), "is none"),
            ("a b".to_owned(), "no token"),
        ] {
            let kind = Reading::of(&token).kind();
            assert!(kind.contains(word), "{token}: {kind}");
        }
    }

    #[test]
    fn an_unsigned_token_is_told_as_one_whose_algorithm_is_refused() {
        let reading = Reading::of(&jwt(&json!({"alg": "none", "typ": "at+jwt"}), &json!({"exp": 5})));
        assert_eq!(reading.rejection.map(Rejection::code), Some("token.algorithm"));
        assert_eq!(reading.instant("exp"), Some(Timestamp::from_seconds(5)));
    }
}
