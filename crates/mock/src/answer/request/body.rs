//! The body of a request: its media type, its form, its schema.

use contract::{MediaType, RequestBody, Style};
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value};

use super::{
    Found, Mistake, Sent,
    coerce::Wanted,
    elements, json, judge, markup,
    multipart::{self, Part, parameter},
    style::Pairs,
};
use crate::answer::{
    render::Form,
    schema::{Cabinet, Side},
};

/// Checks the body.
pub(super) fn check(body: &RequestBody, sent: Sent<'_>, cabinet: &Cabinet, found: &mut Found) {
    if sent.body.is_empty() {
        if body.required {
            found.mistakes.push(mistake("a body is required".to_owned()));
        }
        return;
    }
    if body.content.is_empty() {
        return;
    }
    let content_type =
        sent.headers.get(CONTENT_TYPE).and_then(|field| field.to_str().ok()).unwrap_or_default();
    let several = sent.headers.get_all(CONTENT_TYPE).iter().count() > 1;
    let Some(media) = chosen(&body.content, content_type).filter(|_| !several && is_readable(content_type))
    else {
        found.body_type = Some(body.content.iter().map(|media| media.name.clone()).collect());
        return;
    };
    let form = Form::of(content_type);
    if form == Form::Lines {
        lines(media, sent, cabinet, found);
        return;
    }
    let ready = media.schema.as_ref().map(|schema| cabinet.ready(schema, Side::Request));
    let wanted = ready.as_deref().map_or_else(Wanted::anything, |ready| Wanted::of(&ready.schema));
    let value = match form {
        Form::Json if is_yaml(content_type) => return,
        Form::Json => json::read(sent.body),
        Form::Fields => std::str::from_utf8(sent.body)
            .map(|text| fields(text, media, wanted))
            .map_err(|_| "the form is not UTF-8".to_owned()),
        Form::Multipart => multipart::read(sent.body, content_type)
            .ok_or_else(|| "the body is no multipart body with this boundary".to_owned())
            .and_then(|parts| {
                found.mistakes.extend(mistyped(&parts, media));
                joined(&parts, wanted)
            }),
        Form::Text => std::str::from_utf8(sent.body)
            .map(|text| wanted.scalar(text))
            .map_err(|_| "the text is not UTF-8".to_owned()),
        Form::Xml => {
            // Other encodings than UTF-8 are taken as sent.
            let Ok(text) = std::str::from_utf8(sent.body) else { return };
            let root = markup::read(text).map_err(|fault| format!("the body is no well-formed XML: {fault}"));
            let schema = media.schema.as_deref();
            let misnamed = root.as_ref().ok().and_then(|root| elements::misnamed(root, schema));
            if let Some(message) = misnamed {
                found.mistakes.push(mistake(message));
                return;
            }
            root.map(|root| elements::value(&root, wanted))
        }
        // Checked by nobody: their schemas describe another notation.
        Form::Bytes | Form::Sequence | Form::Events | Form::Lines => return,
    };
    match value {
        Err(message) => {
            found.unreadable = true;
            found.mistakes.push(mistake(message));
        }
        Ok(value) => {
            if let Some(ready) = ready {
                judge(&ready, &value, "body", "", &mut found.mistakes);
            }
        }
    }
}

/// One JSON text a line, each an item.
fn lines(media: &MediaType, sent: Sent<'_>, cabinet: &Cabinet, found: &mut Found) {
    let ready = media.item_schema.as_ref().map(|schema| cabinet.ready(schema, Side::Request));
    let lines =
        sent.body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    for (place, line) in lines.enumerate() {
        match json::read(line) {
            Err(message) => {
                found.unreadable = true;
                found.mistakes.push(mistake(format!("item {place}: {message}")));
                return;
            }
            Ok(value) => {
                let Some(ready) = &ready else { continue };
                let before = found.mistakes.len();
                judge(ready, &value, "body", "", &mut found.mistakes);
                for told in found.mistakes.iter_mut().skip(before) {
                    told.pointer.insert_str(0, &format!("/{place}"));
                }
            }
        }
    }
}

fn mistake(message: String) -> Mistake {
    Mistake { pointer: String::new(), place: "body", name: String::new(), message }
}

/// The documented media type that fits best: the type itself, else a range.
fn chosen<'a>(content: &'a [MediaType], sent: &str) -> Option<&'a MediaType> {
    let exact = content.iter().find(|media| !media.name.contains('*') && media_matches(&media.name, sent));
    exact.or_else(|| content.iter().find(|media| media_matches(&media.name, sent)))
}

/// Whether a documented media type or range takes a media type; parameters say nothing here.
fn media_matches(documented: &str, sent: &str) -> bool {
    let essence = |text: &str| text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let (documented, sent) = (essence(documented), essence(sent));
    if sent.is_empty() {
        return false;
    }
    match documented.split_once('/') {
        Some(("*", "*")) => true,
        Some((kind, "*")) => sent.split('/').next() == Some(kind),
        _ => documented == sent,
    }
}

/// Whether the charset is one that we read; JSON is UTF-8 alone (RFC 8259 8.1).
fn is_readable(content_type: &str) -> bool {
    let charset =
        parameter(content_type, "charset").unwrap_or_else(|| "utf-8".to_owned()).to_ascii_lowercase();
    let binary = matches!(Form::of(content_type), Form::Bytes | Form::Xml);
    binary || matches!(charset.as_str(), "utf-8" | "utf8" | "us-ascii")
}

fn is_yaml(content_type: &str) -> bool {
    content_type.split(';').next().unwrap_or_default().trim_end().ends_with("yaml")
}

/// The members of a form, each by its encoding (OpenAPI 3.1.1 4.8.15).
fn fields(text: &str, media: &MediaType, wanted: Wanted<'_>) -> Value {
    let pairs = Pairs::read(text);
    let mut members = Map::new();
    let known = wanted.members();
    let names: Vec<String> = known
        .iter()
        .map(|name| (*name).to_owned())
        .chain(pairs.names().map(|name| name.split('[').next().unwrap_or_default().to_owned()))
        .collect();
    for name in names {
        if members.contains_key(&name) {
            continue;
        }
        let part = wanted.member(&name);
        let encoding = media.encoding.iter().find(|(known, ..)| *known == name);
        let (style, explode) =
            encoding.map_or((Style::Form, true), |(_, _, style, explode)| (*style, *explode));
        let json = encoding.is_some_and(|(_, media_type, ..)| {
            media_type.as_deref().is_some_and(|media_type| Form::of(media_type) == Form::Json)
        });
        let value = if json || (part.kinds().object && style == Style::Form && !pairs.of(&name).is_empty()) {
            // RFC 6570 has no form for nested objects: by default they are JSON.
            let raw = pairs.of(&name).first().map(|text| super::style::decoded(text, true));
            raw.map(|raw| json::read(raw.as_bytes()).unwrap_or(Value::String(raw)))
        } else {
            let style = if part.kinds().object { Style::DeepObject } else { style };
            pairs.value(&name, style, explode, false, part, &[])
        };
        if let Some(value) = value {
            members.insert(name, value);
        }
    }
    Value::Object(members)
}

/// Parts in another media type than their encoding names (OpenAPI 3.1.1 4.8.15): one, a range, or several with
/// commas between. A part that names none is as its schema takes it.
fn mistyped(parts: &[Part<'_>], media: &MediaType) -> Vec<Mistake> {
    let wrong = parts.iter().filter_map(|part| {
        let sent = part.content_type.as_deref()?;
        let (_, wanted, ..) = media.encoding.iter().find(|(name, ..)| *name == part.name)?;
        let wanted = wanted.as_deref()?;
        let fits = wanted.split(',').any(|one| media_matches(one, sent));
        (!fits).then(|| Mistake {
            pointer: format!("/{}", part.name.replace('~', "~0").replace('/', "~1")),
            place: "body",
            name: part.name.clone(),
            message: super::shortened(&format!("part `{}` is {sent}, and must be {wanted}", part.name)),
        })
    });
    wrong.collect()
}

/// The members of a multipart body; a part that is there several times is an array.
fn joined(parts: &[Part<'_>], wanted: Wanted<'_>) -> Result<Value, String> {
    let mut members: Map<String, Value> = Map::new();
    for part in parts {
        let member = wanted.member(&part.name);
        let kinds = member.kinds();
        let member = if kinds.array { member.item(0) } else { member };
        let text = String::from_utf8_lossy(part.body);
        let json = part.content_type.as_deref().is_some_and(|media_type| Form::of(media_type) == Form::Json);
        let value = if json {
            json::read(part.body).map_err(|message| format!("part `{}`: {message}", part.name))?
        } else if part.is_file {
            Value::from(text)
        } else if member.kinds().object {
            json::read(part.body).unwrap_or_else(|_| Value::from(text))
        } else {
            member.scalar(&text)
        };
        match members.get_mut(&part.name) {
            Some(Value::Array(items)) if kinds.array => items.push(value),
            Some(_) => return Err(format!("part `{}` stands twice", part.name)),
            None => {
                let value = if kinds.array && !value.is_array() { Value::Array(vec![value]) } else { value };
                members.insert(part.name.clone(), value);
            }
        }
    }
    Ok(Value::Object(members))
}
