use std::{borrow::Cow, collections::BTreeSet, fmt::Write};

use http::{HeaderMap, HeaderName, HeaderValue, header};
use regex::bytes::{Regex, RegexBuilder};
use serde_json::Value;

/// What stands in a secret's place.
pub(super) const MASK: &str = "***";

/// Names that end so, with `-` and `_` left out, hold secrets wherever they stand.
const ENDINGS: [&str; 12] = [
    "token",
    "tokens",
    "password",
    "passwd",
    "passphrase",
    "secret",
    "secrets",
    "apikey",
    "privatekey",
    "assertion",
    "csrf",
    "otp",
];
/// And these, whole.
const NAMES: [&str; 6] =
    ["codeverifier", "devicecode", "usercode", "requesturi", "idtokenhint", "recoverycode"];
/// And this one only in what the authorization server and its clients say: elsewhere it is a country's.
const OAUTH_NAME: &str = "code";

/// Knows what is secret. Everything that the journal keeps went through it.
#[derive(Debug)]
pub struct Masking {
    headers: BTreeSet<String>,
    parameters: BTreeSet<String>,
    suspicious: Regex,
}

impl Masking {
    /// With the names of the documents' own keys: header fields and query parameters of `apiKey` schemes.
    /// (All cookies are masked anyway.)
    ///
    /// # Panics
    /// Never: the pattern is a constant, and a test compiles it.
    pub fn new(
        headers: impl IntoIterator<Item = String>,
        parameters: impl IntoIterator<Item = String>,
    ) -> Self {
        let lower = |name: String| name.to_ascii_lowercase();
        Self {
            headers: headers.into_iter().map(lower).collect(),
            parameters: parameters.into_iter().collect(),
            suspicious: suspicious(),
        }
    }

    /// A head as the journal keeps it: one line per field, `name: value`.
    pub(super) fn head(&self, headers: &HeaderMap, skip: Option<&HeaderName>) -> String {
        let mut text = String::with_capacity(headers.len() * 32);
        for (name, value) in headers {
            if Some(name) != skip {
                let value = self.header(name, value);
                let _ = writeln!(text, "{name}: {value}");
            }
        }
        text
    }

    fn header<'a>(&self, name: &HeaderName, value: &'a HeaderValue) -> Cow<'a, str> {
        // Almost all are ASCII, which this sees much faster than what replaces the rest.
        let text = std::str::from_utf8(value.as_bytes())
            .map_or_else(|_| String::from_utf8_lossy(value.as_bytes()), Cow::Borrowed);
        if *name == header::AUTHORIZATION || *name == header::PROXY_AUTHORIZATION {
            return authorization(&text).into();
        }
        if *name == header::COOKIE {
            return cookies(&text).into();
        }
        if *name == header::SET_COOKIE {
            return set_cookie(&text).into();
        }
        if *name == header::LOCATION || *name == header::REFERER {
            return self.address(&text).into();
        }
        let proof = name.as_str() == "dpop" || name.as_str() == "x-forwarded-client-cert";
        if proof || self.headers.contains(name.as_str()) || is_secret(name.as_str(), false) {
            return MASK.into();
        }
        text
    }

    /// The query or the fragment of an address too: an authorization's answer stands there.
    fn address(&self, text: &str) -> String {
        let (rest, fragment) = text.split_once('#').map_or((text, None), |(rest, after)| (rest, Some(after)));
        let (path, query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
        let mut masked = path.to_owned();
        for (sign, part) in [('?', query), ('#', fragment)] {
            if let Some(part) = part {
                masked.push(sign);
                masked.push_str(&self.pairs(part, true));
            }
        }
        masked
    }

    /// `a=b&c=d`, a query or a form.
    pub(super) fn pairs(&self, text: &str, oauth: bool) -> String {
        let masked = text.split('&').map(|pair| self.pair(pair, oauth));
        masked.collect::<Vec<_>>().join("&")
    }

    fn pair<'a>(&self, pair: &'a str, oauth: bool) -> Cow<'a, str> {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        // What is no pair (JSON sent as a form) is not understood, and so not kept where it may hold secrets.
        let odd = |byte: u8| !byte.is_ascii_alphanumeric() && !b"._~%+-[]:!*()$".contains(&byte);
        if name.bytes().any(odd) && self.suspects(pair.as_bytes()) {
            return MASK.into();
        }
        if !value.is_empty() && (self.names_secret(&decoded(name), oauth) || is_token(&decoded(value))) {
            return format!("{name}={MASK}").into();
        }
        pair.into()
    }

    /// Whether a body could hold a secret; if not, it is kept as it is, at the price of one look.
    pub(super) fn suspects(&self, body: &[u8]) -> bool {
        self.suspicious.is_match(body)
            || self.parameters.iter().any(|name| {
                !name.is_empty() && body.windows(name.len()).any(|window| window == name.as_bytes())
            })
    }

    /// Masks every secret in a JSON value.
    pub(super) fn json(&self, value: &mut Value, oauth: bool) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    if self.names_secret(name, oauth) { blank(member) } else { self.json(member, oauth) }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.json(item, oauth)),
            Value::String(text) if is_token(text) => MASK.clone_into(text),
            Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {}
        }
    }

    fn names_secret(&self, name: &str, oauth: bool) -> bool {
        self.parameters.contains(name) || is_secret(name, oauth)
    }
}

fn suspicious() -> Regex {
    let pattern =
        "token|passw|passphrase|secret|api.?key|private.?key|assertion|csrf|otp|code|request.?uri|eyJ";
    let built = RegexBuilder::new(pattern).case_insensitive(true).unicode(false).build();
    #[expect(clippy::expect_used, reason = "a constant pattern, compiled by a test")]
    built.expect("a sound pattern")
}

fn is_secret(name: &str, oauth: bool) -> bool {
    let plain: String =
        name.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).map(|c| c.to_ascii_lowercase()).collect();
    let ending = ENDINGS.iter().any(|ending| plain.ends_with(ending));
    ending || NAMES.contains(&plain.as_str()) || (oauth && plain == OAUTH_NAME)
}

/// Whether a text is a compact JWS or JWE, under whatever name it stands.
fn is_token(text: &str) -> bool {
    text.starts_with("eyJ") && text.matches('.').count() >= 2
}

/// A text or number goes; structure, truth values and `null` tell nothing.
fn blank(value: &mut Value) {
    match value {
        Value::String(_) | Value::Number(_) => *value = Value::from(MASK),
        Value::Array(items) => items.iter_mut().for_each(blank),
        Value::Object(members) => members.values_mut().for_each(blank),
        Value::Bool(_) | Value::Null => {}
    }
}

fn decoded(text: &str) -> Cow<'_, str> {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy()
}

fn authorization(text: &str) -> String {
    match text.split_once(' ') {
        Some((scheme, _)) if scheme.len() <= 20 => format!("{scheme} {MASK}"),
        Some(_) | None => MASK.to_owned(),
    }
}

fn cookies(text: &str) -> String {
    let masked = text.split(';').map(|pair| match pair.split_once('=') {
        Some((name, _)) => format!("{}={MASK}", name.trim()),
        None => MASK.to_owned(),
    });
    masked.collect::<Vec<_>>().join("; ")
}

fn set_cookie(text: &str) -> String {
    let (pair, attributes) = text.split_at(text.find(';').unwrap_or(text.len()));
    format!("{}{attributes}", cookies(pair))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masking() -> Masking {
        Masking::new(["X-Badge".to_owned()], ["badge".to_owned()])
    }

    fn head(name: &str, value: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::try_from(name).unwrap(), HeaderValue::from_str(value).unwrap());
        masking().head(&headers, None).trim_end().to_owned()
    }

    #[test]
    fn credentials_in_a_head_are_masked_and_their_scheme_is_not() {
        for (name, value, masked) in [
            ("authorization", "Bearer eyJhbGciOi", "Bearer ***"),
            ("authorization", "Basic YWxpY2U6", "Basic ***"),
            ("authorization", "naked", "***"),
            ("proxy-authorization", "Basic YQ==", "Basic ***"),
            ("cookie", "a=1; b=2", "a=***; b=***"),
            (
                "set-cookie",
                "lobby-session-1=abc; HttpOnly; SameSite=Lax",
                "lobby-session-1=***; HttpOnly; SameSite=Lax",
            ),
            ("x-badge", "alice-badge-key", "***"),
            ("x-api-key", "k", "***"),
            ("x-csrf-token", "k", "***"),
            ("dpop", "eyJ", "***"),
            (
                "location",
                "https://app/cb?code=c0de&state=s#access_token=t&x=1",
                "https://app/cb?code=***&state=s#access_token=***&x=1",
            ),
            ("accept", "application/json", "application/json"),
            ("x-token-count", "3", "3"),
        ] {
            assert_eq!(head(name, value), format!("{name}: {masked}"));
        }
    }

    #[test]
    fn secrets_in_a_query_or_form_are_masked_by_name_or_by_form() {
        let masking = masking();
        let form = "grant_type=refresh_token&refresh_token=abc&client%5Fsecret=x&code=1&empty_token=";
        let masked = "grant_type=refresh_token&refresh_token=***&client%5Fsecret=***&code=***&empty_token=";
        assert_eq!(masking.pairs(form, true), masked);
        assert_eq!(masking.pairs("code=NL&badge=k&q=eyJh.b.c", false), "code=NL&badge=***&q=***");
        assert_eq!(masking.pairs(r#"{"password":"x"}"#, false), MASK);
        assert_eq!(masking.pairs(r#"a=1&{"password":"x=y"}"#, false), "a=1&***");
    }

    #[test]
    fn secrets_in_json_are_masked_at_any_depth() {
        let text = r#"{"user":{"password":"p","newPassword":1,"hasPassword":true},"tokens":["a",{"x":"b"}],
            "token_type":"Bearer","code":"token.expired","note":"eyJh.eyJi.c","badge":"k"}"#;
        assert!(masking().suspects(text.as_bytes()));
        let mut value: Value = serde_json::from_str(text).unwrap();
        masking().json(&mut value, false);
        let masked = r#"{"user":{"password":"***","newPassword":"***","hasPassword":true},"tokens":["***",{"x":"***"}],"token_type":"Bearer","code":"token.expired","note":"***","badge":"***"}"#;
        assert_eq!(value.to_string(), masked);
        let mut code = serde_json::json!({"code": "c0de"});
        masking().json(&mut code, true);
        assert_eq!(code["code"], MASK);
    }

    #[test]
    fn every_name_that_is_masked_makes_a_body_suspicious() {
        let masking = masking();
        for name in ENDINGS.iter().chain(&NAMES).chain([&OAUTH_NAME, &"badge", &"request_uri"]) {
            let suspicious = masking.suspects(format!("{{\"{name}\":1}}").as_bytes());
            assert!(suspicious, "{name}");
        }
        for name in ["api-key", "API_KEY", "privateKey", "request_uri", "id_token_hint", "user_code"] {
            assert!(is_secret(name, false) && masking.suspects(name.as_bytes()), "{name}");
        }
        assert!(!masking.suspects(br#"{"title":"Dune","pages":412}"#));
    }
}
