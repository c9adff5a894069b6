//! Problem bodies (RFC 9457) of answers that are no denials.

use std::fmt::Write;

use bytes::Bytes;
use guard::Code;
use http::{
    HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};
use serde_json::{Map, Value, json};

use super::{
    Answer,
    request::{Found, Mistake},
};

/// The media type of a problem.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";
/// How long a hint gets, in bytes.
const HINT: usize = 400;
/// How long the list of mistakes in a header gets, in bytes.
const PROBLEMS: usize = 2048;

/// Where a problem's `type` leads: the closed list of codes, served by the mock itself.
pub const DOCS: &str = "/_lobby/denials";

/// A problem of Lobby's own, as [`guard::answer`] has them, but with a status of the document's choice.
fn of(code: Code, status: u16, detail: &str, hint: &str, request_id: &str) -> Map<String, Value> {
    let problem = json!({
        "type": format!("{DOCS}#{}", code.anchor()),
        "title": code.text(),
        "status": status,
        "detail": detail,
        "code": code.as_str(),
        "request_id": request_id,
        "hint": hint,
    });
    if let Value::Object(members) = problem { members } else { Map::new() }
}

/// The problem of a request that is not as the document says.
pub(crate) fn invalid(status: u16, code: Code, found: &Found, request_id: &str) -> Value {
    let errors: Vec<Value> = found
        .mistakes
        .iter()
        .map(|mistake| {
            json!({
                "pointer": mistake.pointer,
                "in": mistake.place,
                "name": mistake.name,
                "message": mistake.message,
            })
        })
        .collect();
    let help = format!("{}; --validate warn or --validate off takes it as it is.", code.hint());
    let mut members = of(code, status, &sentence(&detail(found)), &help, request_id);
    if !errors.is_empty() {
        members.insert("errors".to_owned(), Value::Array(errors));
    }
    Value::Object(members)
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).chain(".".chars()).collect()
}

/// The problem of a status that was asked for.
pub(crate) fn asked(status: u16, request_id: &str) -> Value {
    if status < 400 {
        return Value::Null;
    }
    json!({
        "type": "about:blank",
        "title": title(status),
        "status": status,
        "detail": "This answer was asked for by Prefer or a scenario.",
        "request_id": request_id,
    })
}

fn detail(found: &Found) -> String {
    match &found.body_type {
        Some(types) => format!("the body must be {}", types.join(" or ")),
        None if found.mistakes.len() == 1 => "1 thing is not as the document says".to_owned(),
        None => format!("{} things are not as the document says", found.mistakes.len()),
    }
}

/// One line for a header: the first mistake.
pub(crate) fn hint(found: &Found) -> String {
    let text = match (&found.body_type, found.mistakes.first()) {
        (Some(types), _) => format!("the body must be {}", types.join(" or ")),
        (None, Some(mistake)) => {
            let more = found.mistakes.len() - 1;
            let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
            // A body's pointer says all; a parameter's begins within its value.
            let place = match mistake.place {
                "body" if mistake.pointer.is_empty() => "body".to_owned(),
                "body" => format!("body {}", mistake.pointer),
                place => format!("{place} {}{}", mistake.name, mistake.pointer),
            };
            format!("{place}: {}{more}", mistake.message)
        }
        (None, None) => String::new(),
    };
    line(&text)
}

/// A text as a header can have it.
pub(crate) fn line(text: &str) -> String {
    text.chars().filter(|letter| (' '..='~').contains(letter)).take(HINT).collect()
}

/// The mistakes for `Lobby-Problems`: as many as there is room for.
pub(crate) fn listed(found: &Found) -> Option<HeaderValue> {
    let mut text = String::new();
    for mistake in &found.mistakes {
        let Mistake { pointer, place, name, message } = mistake;
        let one = if *place == "body" {
            json!({"pointer": pointer, "detail": message})
        } else {
            // A parameter's pointer begins within its value.
            json!({"pointer": pointer, "detail": message, "in": place, "name": name})
        };
        let one = ascii(&one.to_string());
        if text.len() + one.len() + 2 > PROBLEMS {
            break;
        }
        text.push(if text.is_empty() { '[' } else { ',' });
        text.push_str(&one);
    }
    if text.is_empty() {
        return None;
    }
    text.push(']');
    HeaderValue::try_from(text).ok()
}

/// The same JSON with escapes for what no header can have (RFC 8259 7).
fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for letter in json.chars() {
        if (' '..='~').contains(&letter) {
            text.push(letter);
            continue;
        }
        for unit in letter.encode_utf16(&mut [0; 2]) {
            let _ = write!(text, "\\u{unit:04x}");
        }
    }
    text
}

/// An answer that the document does not describe: an error says so, a success without any documented
/// response is empty.
pub(crate) fn bare(status: u16, undocumented: bool) -> Answer {
    let mut answer = Answer::empty(status);
    if status >= 400 || !undocumented && status >= 300 {
        let problem = json!({"type": "about:blank", "title": title(status), "status": status});
        answer.headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        answer.body = Bytes::from(problem.to_string());
    }
    if super::choose::is_bodiless(status) {
        answer.headers.remove(CONTENT_TYPE);
        answer.body = Bytes::new();
    }
    answer
}

/// Nothing that the client takes.
pub(crate) fn unacceptable<'a>(offers: impl Iterator<Item = &'a str>, request_id: &str) -> Answer {
    let offers: Vec<&str> = offers.collect();
    let mut answer = Answer::empty(406);
    let detail = sentence(&format!("the answer can be {}", offers.join(" or ")));
    let hint = sentence(Code::AnswerNone.hint());
    let problem = Value::Object(of(Code::AnswerNone, 406, &detail, &hint, request_id));
    answer.headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer.headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    answer.body = Bytes::from(problem.to_string());
    answer.code = Some(Code::AnswerNone.as_str());
    answer
}

fn title(status: u16) -> &'static str {
    // RFC 9110 15.5.21 has another name for it than the table of the `http` crate.
    if status == 422 {
        return "Unprocessable Content";
    }
    StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Unknown")
}
