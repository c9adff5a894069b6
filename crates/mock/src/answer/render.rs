//! A value as the bytes of a media type.

use std::fmt::Write;

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::xml;

/// What of a media type decides how a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// JSON, and what includes it.
    Json,
    /// One JSON text a line.
    Lines,
    /// `application/json-seq` (RFC 7464).
    Sequence,
    /// `text/event-stream`.
    Events,
    /// XML.
    Xml,
    /// `application/x-www-form-urlencoded`.
    Fields,
    /// `multipart/*`.
    Multipart,
    /// A text as it is.
    Text,
    /// Bytes as they are.
    Bytes,
}

impl Form {
    /// The form of a media type, judged by its name.
    pub(crate) fn of(media_type: &str) -> Self {
        let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let (kind, subtype) = essence.split_once('/').unwrap_or((&essence, ""));
        match (kind, subtype) {
            (_, "x-ndjson" | "ndjson" | "jsonl" | "x-jsonlines" | "x-json-stream" | "json-lines") => {
                Self::Lines
            }
            (_, "json-seq") => Self::Sequence,
            ("text", "event-stream") => Self::Events,
            (_, "x-www-form-urlencoded") => Self::Fields,
            ("multipart", _) => Self::Multipart,
            (_, "json" | "yaml" | "x-yaml") => Self::Json,
            (_, "xml") => Self::Xml,
            _ if subtype.ends_with("+json") || subtype.ends_with("+yaml") => Self::Json,
            _ if subtype.ends_with("+xml") && kind != "image" => Self::Xml,
            ("text", _) => Self::Text,
            ("image" | "audio" | "video" | "font", _) | (_, "octet-stream" | "pdf" | "zip" | "gzip") => {
                Self::Bytes
            }
            ("*" | "application", "*") => Self::Json,
            _ => Self::Text,
        }
    }
}

/// The boundary between the parts of a multipart body.
const BOUNDARY: &str = "lobby-part";

/// The `Content-Type` of a body in this media type.
pub(crate) fn content_type(media_type: &str) -> String {
    let media_type = &in_utf8(media_type);
    match Form::of(media_type) {
        Form::Multipart if !media_type.contains("boundary") => format!("{media_type}; boundary={BOUNDARY}"),
        Form::Text if media_type.starts_with("text/") && !media_type.contains("charset") => {
            format!("{media_type}; charset=utf-8")
        }
        _ => media_type.to_owned(),
    }
}

/// What is written is UTF-8, whatever the document says: a media type that says otherwise would be untrue.
fn in_utf8(media_type: &str) -> String {
    let part = |part: &str| match part.split_once('=') {
        Some((name, value))
            if name.trim().eq_ignore_ascii_case("charset")
                && !value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8") =>
        {
            " charset=utf-8".to_owned()
        }
        Some(_) | None => part.to_owned(),
    };
    media_type.split(';').map(part).collect::<Vec<_>>().join(";")
}

/// Writes `value`. `schema` gives XML its names.
pub(crate) fn body(value: &Value, media_type: &str, schema: Option<&Value>) -> Bytes {
    let text = match Form::of(media_type) {
        Form::Json => json(value),
        Form::Lines => each(value, |item| format!("{}\n", json(item))),
        Form::Sequence => each(value, |item| format!("\u{1e}{}\n", json(item))),
        Form::Events => each(value, event),
        Form::Xml => match value {
            Value::String(text) if text.trim_start().starts_with('<') => text.clone(),
            _ => xml::document(value, schema),
        },
        Form::Fields => form(value),
        Form::Multipart => multipart(value),
        Form::Bytes if media_type.starts_with("image/png") && !value.is_object() => {
            return Bytes::from_static(DOT);
        }
        Form::Text | Form::Bytes => plain(value),
    };
    Bytes::from(text)
}

/// The smallest picture: one transparent point, as PNG.
const DOT: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\xdac\xfc\xcf\xc0P\x0f\0\x04\x85\x01\x80\x84\xa9\x8c!\0\0\0\0IEND\xaeB`\x82";

fn json(value: &Value) -> String {
    value.to_string()
}

fn each(value: &Value, write: impl Fn(&Value) -> String) -> String {
    match value {
        Value::Array(items) => items.iter().map(write).collect(),
        other => write(other),
    }
}

/// One event: an object with `data` is one already.
fn event(item: &Value) -> String {
    let mut text = String::new();
    let data = if let Some(data) = item.get("data") {
        for name in ["event", "id", "retry"] {
            if let Some(value) = item.get(name) {
                let _ = writeln!(text, "{name}: {}", plain(value));
            }
        }
        data
    } else {
        item
    };
    for line in plain(data).lines() {
        let _ = writeln!(text, "data: {line}");
    }
    text.push('\n');
    text
}

/// A value as a text: a string as it is, anything else as JSON.
pub(crate) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| json(value), str::to_owned)
}

/// What `application/x-www-form-urlencoded` leaves as it is.
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'*').remove(b'-').remove(b'.').remove(b'_');

fn form(value: &Value) -> String {
    let Value::Object(members) = value else { return plain(value) };
    let mut pairs = Vec::new();
    for (name, value) in members {
        match value {
            Value::Array(items) => pairs.extend(items.iter().map(|item| pair(name, item))),
            other => pairs.push(pair(name, other)),
        }
    }
    pairs.join("&")
}

fn pair(name: &str, value: &Value) -> String {
    format!("{}={}", utf8_percent_encode(name, FORM), utf8_percent_encode(&plain(value), FORM))
}

fn multipart(value: &Value) -> String {
    let Value::Object(members) = value else { return plain(value) };
    let mut text = String::new();
    for (name, value) in members {
        let name: String = name.chars().filter(|letter| !matches!(letter, '"' | '\r' | '\n')).collect();
        let _ = write!(text, "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n");
        if value.is_object() || value.is_array() {
            text.push_str("Content-Type: application/json\r\n");
        }
        let _ = write!(text, "\r\n{}\r\n", plain(value));
    }
    let _ = write!(text, "--{BOUNDARY}--\r\n");
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_body_is_written_as_its_media_type_says() {
        let book = json!({"title": "a & b", "tags": ["x", "y"]});
        for (media_type, text) in [
            ("application/json", r#"{"title":"a & b","tags":["x","y"]}"#),
            ("application/problem+json; charset=utf-8", r#"{"title":"a & b","tags":["x","y"]}"#),
            ("application/x-www-form-urlencoded", "title=a%20%26%20b&tags=x&tags=y"),
            ("application/x-ndjson", "{\"title\":\"a & b\",\"tags\":[\"x\",\"y\"]}\n"),
            ("text/event-stream", "data: {\"title\":\"a & b\",\"tags\":[\"x\",\"y\"]}\n\n"),
        ] {
            assert_eq!(body(&book, media_type, None), text, "{media_type}");
        }
        assert_eq!(body(&json!("hi"), "text/plain", None), "hi");
        assert_eq!(body(&json!(["a", "b"]), "application/jsonl", None), "\"a\"\n\"b\"\n");
        assert_eq!(content_type("text/html"), "text/html; charset=utf-8");
        assert_eq!(content_type("text/csv; charset=iso-8859-1"), "text/csv; charset=utf-8");
        assert_eq!(
            content_type("text/csv;charset=\"UTF-8\"; header=present"),
            "text/csv;charset=\"UTF-8\"; header=present"
        );
    }
}
