use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, header};
use serde_json::{Map, Value};

use super::mask::Masking;

/// How much of a body is kept.
pub(super) const LONGEST: usize = 64 * 1024;

/// A body as the journal keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Kept {
    /// There was none.
    #[default]
    Nothing,
    /// JSON.
    Json(Arc<[u8]>),
    /// `application/x-www-form-urlencoded`: shown, and asked for, as an object of texts.
    Form(Arc<[u8]>),
    /// Another text, or the beginning of a long one.
    Text(Arc<[u8]>),
    /// Bytes that are no text: shown as base64.
    Binary(Arc<[u8]>),
    /// Not kept, as it may hold secrets in a form that is not understood.
    Withheld,
}

/// What is going to be kept, masked and not yet shared.
pub(super) enum Draft {
    Nothing,
    Json(Vec<u8>),
    Form(Vec<u8>),
    Text(Vec<u8>),
    Binary(Vec<u8>),
    Withheld,
}

/// What a content type says of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    Pairs,
    Html,
    Parts,
    Other,
}

impl Form {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let value =
            headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match media.as_str() {
            "application/json" => Self::Json,
            "application/x-www-form-urlencoded" => Self::Pairs,
            "text/html" => Self::Html,
            media if media.ends_with("+json") => Self::Json,
            media if media.starts_with("multipart/") => Self::Parts,
            _ => Self::Other,
        }
    }
}

impl Masking {
    /// A body without its secrets.
    pub(super) fn draft(&self, form: Form, body: &[u8], oauth: bool) -> Draft {
        if body.is_empty() {
            return Draft::Nothing;
        }
        // The authorization server's pages hold the proofs of their own forms.
        if oauth && form == Form::Html {
            return Draft::Withheld;
        }
        if body.len() > LONGEST {
            return if self.suspects(body) { Draft::Withheld } else { beginning(body) };
        }
        match form {
            Form::Json if self.suspects(body) => self.masked_json(body, oauth),
            Form::Json => Draft::Json(body.to_vec()),
            Form::Pairs => match std::str::from_utf8(body) {
                Ok(text) => Draft::Form(self.pairs(text, oauth).into_bytes()),
                Err(_) => Draft::Withheld,
            },
            Form::Html | Form::Parts | Form::Other if self.suspects(body) => Draft::Withheld,
            Form::Html | Form::Parts | Form::Other => beginning(body),
        }
    }

    fn masked_json(&self, body: &[u8], oauth: bool) -> Draft {
        let Ok(mut value) = serde_json::from_slice::<Value>(body) else {
            return Draft::Withheld;
        };
        let before = value.clone();
        self.json(&mut value, oauth);
        // What had no secret stays as it was written, numbers and spaces included.
        let bytes = if value == before { body.to_vec() } else { value.to_string().into_bytes() };
        Draft::Json(bytes)
    }
}

fn beginning(body: &[u8]) -> Draft {
    let whole = body.len() <= LONGEST;
    let part = body.get(..LONGEST).unwrap_or(body);
    match std::str::from_utf8(part) {
        Ok(_) => Draft::Text(part.to_vec()),
        // Cut within a character.
        Err(error) if !whole && error.error_len().is_none() => {
            Draft::Text(part.get(..error.valid_up_to()).unwrap_or_default().to_vec())
        }
        Err(_) => Draft::Binary(part.to_vec()),
    }
}

impl Kept {
    pub(super) fn bytes(&self) -> Option<&Arc<[u8]>> {
        match self {
            Self::Json(bytes) | Self::Form(bytes) | Self::Text(bytes) | Self::Binary(bytes) => Some(bytes),
            Self::Nothing | Self::Withheld => None,
        }
    }

    /// As it is shown: JSON as it was, a form as an object, a text as one, other bytes in base64.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Nothing => Value::Null,
            Self::Withheld => Value::from("(not kept: it may hold secrets)"),
            Self::Json(bytes) => {
                serde_json::from_slice(bytes).unwrap_or_else(|_| String::from_utf8_lossy(bytes).into())
            }
            Self::Form(bytes) => Value::Object(fields(bytes)),
            Self::Text(bytes) => String::from_utf8_lossy(bytes).into(),
            Self::Binary(bytes) => STANDARD.encode(bytes).into(),
        }
    }
}

/// A field that is there twice becomes a list.
fn fields(bytes: &[u8]) -> Map<String, Value> {
    let mut fields = Map::new();
    let text = String::from_utf8_lossy(bytes);
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = Value::from(decoded(value));
        match fields.get_mut(&decoded(name)) {
            None => {
                fields.insert(decoded(name), value);
            }
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    fields
}

fn decoded(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(form: Form, body: &[u8], oauth: bool) -> Value {
        let shared = match Masking::new([], []).draft(form, body, oauth) {
            Draft::Nothing => Kept::Nothing,
            Draft::Withheld => Kept::Withheld,
            Draft::Json(bytes) => Kept::Json(bytes.into()),
            Draft::Form(bytes) => Kept::Form(bytes.into()),
            Draft::Text(bytes) => Kept::Text(bytes.into()),
            Draft::Binary(bytes) => Kept::Binary(bytes.into()),
        };
        shared.to_json()
    }

    #[test]
    fn bodies_are_shown_as_what_they_are() {
        assert_eq!(kept(Form::Json, b"", false), Value::Null);
        assert_eq!(kept(Form::Json, br#"{"a": 1}"#, false), serde_json::json!({"a": 1}));
        assert_eq!(kept(Form::Json, b"{broken", false), "{broken");
        assert_eq!(
            kept(Form::Pairs, b"a=1&b=x+y%21&a=2", false),
            serde_json::json!({"a": ["1", "2"], "b": "x y!"})
        );
        assert_eq!(kept(Form::Other, "grüße".as_bytes(), false), "grüße");
        assert_eq!(kept(Form::Other, &[0xff, 0xfe], false), "//4=");
    }

    #[test]
    fn what_is_not_understood_and_may_hold_a_secret_is_not_kept() {
        let withheld = "(not kept: it may hold secrets)";
        assert_eq!(kept(Form::Json, br#"{"password": "x""#, false), withheld);
        assert_eq!(kept(Form::Parts, b"--x\r\nname=\"password\"\r\n\r\nhunter2", false), withheld);
        assert_eq!(kept(Form::Html, b"<p>harmless</p>", true), withheld);
        assert_eq!(kept(Form::Pairs, b"password=\xff", false), withheld);
        let mut long = br#"{"password":"hunter2","x":""#.to_vec();
        long.resize(LONGEST + 10, b'x');
        assert_eq!(kept(Form::Json, &long, false), withheld);
    }

    #[test]
    fn of_a_long_body_the_beginning_is_kept() {
        let body = "ü".repeat(LONGEST);
        let shown = kept(Form::Other, &body.as_bytes()[1..][..LONGEST + 100], false);
        assert!(shown.is_string());
        let shown = kept(Form::Other, format!("x{body}").as_bytes(), false);
        assert_eq!(shown.as_str().unwrap().len(), LONGEST - 1);
    }
}
