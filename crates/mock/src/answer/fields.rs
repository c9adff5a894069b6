//! Header fields of an answer: those that the document describes, and its links.

use contract::{HeaderField, Response};
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{CONTENT_LENGTH, CONTENT_TYPE, LINK, TRANSFER_ENCODING, VARY},
};
use serde_json::Value;

use super::{
    generate::{self, Purpose, escaped},
    render::plain,
    schema::{Cabinet, Side},
};

/// How many fields a document may add to one answer.
const MOST: usize = 100;
/// How long one value may get, in bytes.
const LONGEST: usize = 8 * 1024;

/// Adds the documented fields with values. What describes the message itself is not the document's to say.
pub(crate) fn documented(
    headers: &mut HeaderMap,
    response: &Response,
    cabinet: &Cabinet,
    purpose: &Purpose<'_>,
) {
    for (place, field) in response.headers.iter().take(MOST).enumerate() {
        let Ok(name) = HeaderName::try_from(field.name.as_str()) else { continue };
        let own =
            [CONTENT_TYPE, CONTENT_LENGTH, TRANSFER_ENCODING, VARY, HeaderName::from_static("connection")];
        if own.contains(&name) || name.as_str().starts_with("access-control-") {
            continue;
        }
        let seed = purpose.seed.wrapping_add(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(place as u64 + 1));
        let purpose = Purpose { seed, name: &field.name, ..*purpose };
        let text = value(field, cabinet, &purpose);
        if let Some(value) =
            text.filter(|text| text.len() <= LONGEST).and_then(|text| HeaderValue::try_from(text).ok())
        {
            headers.append(name, value);
        }
    }
}

fn value(field: &HeaderField, cabinet: &Cabinet, purpose: &Purpose<'_>) -> Option<String> {
    if let Some(example) = &field.example {
        return Some(simple(example, field.explode));
    }
    let Some(schema) = &field.schema else { return by_name(&field.name, purpose) };
    let ready = cabinet.ready(schema, Side::Answer);
    // A text without any constraint is better served by what its header usually holds.
    let usual = by_name(&field.name, purpose).filter(|text| ready.accepts(&Value::from(text.as_str())));
    let has_own =
        ["example", "examples", "default", "enum", "const"].iter().any(|word| schema.get(word).is_some());
    if !has_own && let Some(usual) = usual {
        return Some(usual);
    }
    Some(simple(&generate::value(&ready, cabinet, purpose), field.explode))
}

/// What well-known headers hold.
fn by_name(name: &str, purpose: &Purpose<'_>) -> Option<String> {
    let number = purpose.seed;
    Some(match name.to_ascii_lowercase().as_str() {
        "location" | "content-location" => format!("https://www.example.com/{}", number % 10_000),
        "etag" => format!("\"{number:016x}\""),
        "last-modified" | "expires" | "date" => http_date(purpose)?,
        "cache-control" => "no-store".to_owned(),
        "link" => "<https://www.example.com/?page=2>; rel=\"next\"".to_owned(),
        "x-request-id" | "x-correlation-id" | "request-id" => format!("{number:016x}"),
        "content-disposition" => "attachment; filename=\"file.bin\"".to_owned(),
        "content-language" => "en".to_owned(),
        _ => return None,
    })
}

/// The clock's day as an IMF-fixdate (RFC 9110 5.6.7).
fn http_date(purpose: &Purpose<'_>) -> Option<String> {
    let day = purpose.now.as_seconds().div_euclid(86_400) * 86_400;
    let at = jiff::Timestamp::from_second(day).ok()?;
    Some(at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
}

/// `simple` style (RFC 6570 3.2.2).
fn simple(value: &Value, explode: bool) -> String {
    match value {
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(","),
        Value::Object(members) => {
            let between = if explode { "=" } else { "," };
            let pairs = members.iter().map(|(name, value)| format!("{name}{between}{}", plain(value)));
            pairs.collect::<Vec<_>>().join(",")
        }
        other => plain(other),
    }
}

/// Adds a `Link` field (RFC 8288) for each of the response's links whose target's parameters are known from
/// the request's path or the answer's body. `operation` finds the whole path of an operation; `base` stands before
/// a path that a link names itself.
pub(crate) fn links(
    headers: &mut HeaderMap,
    response: &Response,
    operation: &dyn Fn(&str) -> Option<String>,
    base: &str,
    captures: &[(&str, String)],
    body: Option<&Value>,
) {
    for (name, target) in response.links.iter().take(MOST) {
        let path = operation(target).or_else(|| target.starts_with('/').then(|| format!("{base}{target}")));
        let Some(path) = path.and_then(|path| filled(&path, captures, body)) else { continue };
        let relation: String =
            name.chars().filter(|letter| letter.is_ascii_graphic() && *letter != '"').collect();
        if let Ok(value) = HeaderValue::try_from(format!("<{path}>; rel=\"{relation}\"")) {
            headers.append(LINK, value);
        }
    }
}

/// A template with its parameters filled in; `None` when one is unknown.
fn filled(template: &str, captures: &[(&str, String)], body: Option<&Value>) -> Option<String> {
    let mut path = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        path.push_str(before);
        let member =
            |name: &str| body.and_then(|body| body.get(name)).filter(|value| !value.is_object()).map(plain);
        let sent = captures.iter().find(|(known, _)| *known == name).map(|(_, text)| text.clone());
        let is_id = name.to_ascii_lowercase().ends_with("id");
        let text = sent.or_else(|| member(name)).or_else(|| member("id").filter(|_| is_id))?;
        path.push_str(&escaped(&text));
        rest = after;
    }
    path.push_str(rest);
    Some(path)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn links_are_filled_from_the_path_and_the_body() {
        let response = Response {
            status: contract::StatusKey::Exact(201),
            description: String::new(),
            headers: Vec::new(),
            content: Vec::new(),
            links: vec![
                ("self".into(), "getBook".into()),
                ("shop".into(), "/shops/{shop}".into()),
                ("x".into(), "/{y}".into()),
            ],
        };
        let mut headers = HeaderMap::new();
        let template = |name: &str| (name == "getBook").then(|| "/v1/books/{bookId}".to_owned());
        // What is reserved is escaped, and nothing else (RFC 3986 2.3).
        let body = json!({"id": "b-1_0.1~/b"});
        links(&mut headers, &response, &template, "/v1", &[("shop", "7".into())], Some(&body));
        let all: Vec<&str> = headers.get_all(LINK).iter().map(|value| value.to_str().unwrap()).collect();
        assert_eq!(all, ["</v1/books/b-1_0.1~%2Fb>; rel=\"self\"", "</v1/shops/7>; rel=\"shop\""]);
    }

    #[test]
    fn arrays_and_objects_are_written_in_simple_style() {
        assert_eq!(simple(&json!(["a", 1]), false), "a,1");
        assert_eq!(simple(&json!({"a": 1, "b": 2}), false), "a,1,b,2");
        assert_eq!(simple(&json!({"a": 1, "b": 2}), true), "a=1,b=2");
    }
}
