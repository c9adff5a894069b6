//! Whether a request is as the document says: its parameters, its body, and the body's media type.

mod body;
mod coerce;
mod elements;
mod json;
mod markup;
mod multipart;
mod parameter;
mod style;

use contract::Detail;
use http::HeaderMap;
use jsonschema::{ValidationError, error::ValidationErrorKind};
use serde_json::Value;

pub use self::json::read as read_json;
use super::schema::{Cabinet, Ready};

/// How many mistakes are told of one request.
const MOST: usize = 50;
/// How long a message gets, in characters.
const MESSAGE: usize = 240;

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// A JSON Pointer (RFC 6901) into the parameter's value or the body.
    pub pointer: String,
    /// Where it stands: `path`, `query`, `header`, `cookie`, `body`.
    pub place: &'static str,
    /// The parameter's name, or the member's.
    pub name: String,
    /// What is wrong.
    pub message: String,
}

/// What was found in a request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// In the order of the document's parameters, then the body.
    pub(crate) mistakes: Vec<Mistake>,
    /// The body is in a media type that the operation does not take; the media types that it does.
    pub(crate) body_type: Option<Vec<String>>,
    /// The body is no text of its media type at all: a 400, unless the document declares 422.
    pub(crate) unreadable: bool,
}

/// The parts of a request that are checked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent<'a> {
    pub(crate) captures: &'a [(&'a str, String)],
    pub(crate) query: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
}

/// Checks a request.
pub(crate) fn check(detail: &Detail, sent: Sent<'_>, cabinet: &Cabinet) -> Found {
    let mut found = Found::default();
    for parameter in &detail.parameters {
        parameter::check(parameter, &detail.parameters, sent, cabinet, &mut found.mistakes);
    }
    if let Some(body) = &detail.body {
        body::check(body, sent, cabinet, &mut found);
    }
    found.mistakes.truncate(MOST);
    found
}

/// Judges a value, and tells each mistake.
fn judge(ready: &Ready, value: &Value, place: &'static str, name: &str, mistakes: &mut Vec<Mistake>) {
    let Some(validator) = ready.validator() else { return };
    if validator.is_valid(value) {
        return;
    }
    let room = MOST.saturating_sub(mistakes.len());
    mistakes.extend(validator.iter_errors(value).flat_map(|error| told(&error, place, name)).take(room));
}

/// What an error says: of a member that is missing or unknown with the member's own pointer, whatever object
/// the validator was looking at.
fn told(error: &ValidationError<'_>, place: &'static str, name: &str) -> Vec<Mistake> {
    let pointer = error.instance_path().as_str();
    let mistake = |pointer: String, message: String| {
        let member = pointer.rsplit('/').next().map(|last| last.replace("~1", "/").replace("~0", "~"));
        let name = if place == "body" { member.unwrap_or_default() } else { name.to_owned() };
        Mistake { pointer, place, name, message: shortened(&message) }
    };
    let below = |member: &str| format!("{pointer}/{}", member.replace('~', "~0").replace('/', "~1"));
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            let missing = property.as_str().unwrap_or_default();
            vec![mistake(below(missing), format!("`{missing}` is missing"))]
        }
        ValidationErrorKind::FalseSchema => {
            let own = mistake(pointer.to_owned(), String::new());
            let message = format!("`{}` may not stand here; it is read-only or not allowed", own.name);
            vec![Mistake { message: shortened(&message), ..own }]
        }
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            let each = unexpected.iter().take(MOST);
            each.map(|member| mistake(below(member), format!("`{member}` is unknown"))).collect()
        }
        _ => vec![mistake(pointer.to_owned(), error.to_string())],
    }
}

fn shortened(message: &str) -> String {
    if message.chars().count() <= MESSAGE {
        return message.to_owned();
    }
    message.chars().take(MESSAGE).chain("…".chars()).collect()
}
