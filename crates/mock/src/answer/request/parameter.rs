//! One parameter: found, read by its style, judged by its schema.

use contract::{Location, Parameter, Style};
use http::header::COOKIE;
use serde_json::Value;

use super::{
    Mistake, Sent,
    coerce::{Kinds, Wanted},
    json, judge,
    style::{Pairs, decoded, single},
};
use crate::answer::{
    render::Form,
    schema::{Cabinet, Side},
};

/// Checks one parameter of a request.
pub(super) fn check(
    parameter: &Parameter,
    all: &[Parameter],
    sent: Sent<'_>,
    cabinet: &Cabinet,
    mistakes: &mut Vec<Mistake>,
) {
    let place = place(parameter.location);
    let name = parameter.name.as_str();
    // OpenAPI 3.1.1 4.8.12.2: these header parameters are ignored.
    let ignored = ["accept", "content-type", "authorization"];
    if parameter.location == Location::Header && ignored.iter().any(|known| name.eq_ignore_ascii_case(known))
    {
        return;
    }
    let mistake = |message: String| Mistake { pointer: String::new(), place, name: name.to_owned(), message };
    if is_absent(parameter, sent) {
        mistakes.extend(parameter.required.then(|| mistake(format!("`{name}` is missing"))));
        return;
    }
    let schema = parameter.schema.as_ref().or_else(|| parameter.content.as_ref()?.schema.as_ref());
    let ready = schema.map(|schema| cabinet.ready(schema, Side::Request));
    let wanted = ready.as_deref().map_or_else(Wanted::anything, |ready| Wanted::of(&ready.schema));
    let read = match &parameter.content {
        Some(content) => raw(parameter, sent).map(|text| {
            if Form::of(&content.name) == Form::Json {
                json::read(text.as_bytes())
            } else if Form::of(&content.name) == Form::Fields {
                Ok(form(&text, wanted))
            } else {
                Ok(wanted.scalar(&text))
            }
        }),
        None => match misplaced(parameter, sent, wanted) {
            Some(message) => Some(Err(message)),
            None => styled(parameter, all, sent, wanted).map(Ok),
        },
    };
    match read {
        None if parameter.required => mistakes.push(mistake(format!("`{name}` is missing"))),
        None => {}
        Some(Err(message)) => mistakes.push(mistake(message)),
        Some(Ok(value)) => {
            let Some(ready) = &ready else { return };
            if parameter.allow_empty && value == "" {
                return;
            }
            // `12` may have been meant as a text where both are allowed.
            let text = || raw(parameter, sent).map(Value::String);
            let both = wanted.kinds().string && !value.is_string();
            if both && !ready.accepts(&value) && text().is_some_and(|text| ready.accepts(&text)) {
                return;
            }
            judge(ready, &value, place, name, mistakes);
        }
    }
}

/// Whether it can be seen at once that nothing of the parameter is there: most requests send few of them.
fn is_absent(parameter: &Parameter, sent: Sent<'_>) -> bool {
    match parameter.location {
        Location::Path => false,
        Location::Query | Location::QueryString => sent.query.is_empty(),
        Location::Header => !sent.headers.contains_key(parameter.name.as_str()),
        Location::Cookie => !sent.headers.contains_key(COOKIE),
    }
}

fn place(location: Location) -> &'static str {
    match location {
        Location::Path => "path",
        Location::Query | Location::QueryString => "query",
        Location::Header => "header",
        Location::Cookie => "cookie",
    }
}

/// The parameter's text, decoded, without regard to its style.
fn raw(parameter: &Parameter, sent: Sent<'_>) -> Option<String> {
    let name = parameter.name.as_str();
    match parameter.location {
        Location::Path => {
            sent.captures.iter().find(|(known, _)| *known == name).map(|(_, text)| text.clone())
        }
        Location::Query => {
            Pairs::read(sent.query).of(name).first().map(|text| decoded(text, !parameter.allow_reserved))
        }
        Location::QueryString => (!sent.query.is_empty()).then(|| sent.query.to_owned()),
        Location::Header => header(sent, name),
        Location::Cookie => cookies(sent, name).into_iter().next(),
    }
}

/// What of a parameter's form cannot be read as its style says: a prefix that is not there, or a value that
/// stands several times where one is taken.
fn misplaced(parameter: &Parameter, sent: Sent<'_>, wanted: Wanted<'_>) -> Option<String> {
    let name = parameter.name.as_str();
    let kinds = wanted.kinds();
    match parameter.location {
        Location::Path => {
            let text = raw(parameter, sent)?;
            match parameter.style {
                Style::Label if !text.starts_with('.') => {
                    Some(format!("`{name}` is written with a dot before it, as `.{name}`"))
                }
                Style::Matrix if !is_matrix(&text, name, kinds.object && parameter.explode) => {
                    Some(format!("`{name}` is written with its name before it, as `;{name}=…`"))
                }
                Style::Label
                | Style::Matrix
                | Style::Simple
                | Style::Form
                | Style::SpaceDelimited
                | Style::PipeDelimited
                | Style::DeepObject
                | Style::Cookie => None,
            }
        }
        Location::Query if parameter.style != Style::DeepObject => {
            let times = Pairs::read(sent.query).of(name).len();
            let several = parameter.explode && (kinds.array || kinds.object) || kinds == Kinds::default();
            if times < 2 || several {
                None
            } else if kinds.array {
                Some(format!("`{name}` stands {times} times; its items are written into one value"))
            } else {
                Some(format!("`{name}` stands {times} times, and one value is taken"))
            }
        }
        Location::Query | Location::QueryString | Location::Header | Location::Cookie => None,
    }
}

/// `;color=blue`, `;color`; of an exploded object `;R=100;G=200`.
fn is_matrix(text: &str, name: &str, members: bool) -> bool {
    let Some(pieces) = text.strip_prefix(';') else { return false };
    let is_own =
        |piece: &str| piece.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('='));
    members || pieces.split(';').all(is_own)
}

fn styled(parameter: &Parameter, all: &[Parameter], sent: Sent<'_>, wanted: Wanted<'_>) -> Option<Value> {
    let name = parameter.name.as_str();
    let as_is = |piece: &str| piece.to_owned();
    let one = |text: &str| single(text, name, parameter.style, parameter.explode, wanted, &as_is);
    match parameter.location {
        Location::Path | Location::QueryString => raw(parameter, sent).map(|text| one(&text)),
        Location::Header => {
            let spaced = header(sent, name)?;
            let kinds = wanted.kinds();
            // A list in a header has optional white space around its commas (RFC 9110 5.6.1).
            let text = if kinds.array || kinds.object {
                spaced.split(',').map(str::trim).collect::<Vec<_>>().join(",")
            } else {
                spaced
            };
            Some(one(&text))
        }
        Location::Cookie => {
            let texts = cookies(sent, name);
            let kinds = wanted.kinds();
            if kinds.array && texts.len() > 1 {
                let items = texts.iter().enumerate().map(|(at, text)| wanted.item(at).scalar(text));
                return Some(Value::Array(items.collect()));
            }
            texts.first().map(|text| one(text))
        }
        Location::Query => {
            let claimed: Vec<&str> = all
                .iter()
                .filter(|other| other.location == Location::Query && other.name != name)
                .map(|other| other.name.as_str())
                .collect();
            let pairs = Pairs::read(sent.query);
            pairs.value(name, parameter.style, parameter.explode, parameter.allow_reserved, wanted, &claimed)
        }
    }
}

fn header(sent: Sent<'_>, name: &str) -> Option<String> {
    let fields: Vec<&str> =
        sent.headers.get_all(name).iter().filter_map(|field| field.to_str().ok()).collect();
    (!fields.is_empty()).then(|| fields.join(","))
}

fn cookies(sent: Sent<'_>, name: &str) -> Vec<String> {
    let fields = sent.headers.get_all(COOKIE).iter().filter_map(|field| field.to_str().ok());
    let pairs = fields.flat_map(|field| field.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs
        .filter(|(known, _)| *known == name)
        .map(|(_, value)| decoded(value.trim_matches('"'), false))
        .collect()
}

/// A whole form, each pair by itself.
pub(super) fn form(text: &str, wanted: Wanted<'_>) -> Value {
    let pairs = Pairs::read(text);
    let mut members = serde_json::Map::new();
    for name in pairs.names() {
        let part = wanted.member(name);
        if !members.contains_key(name)
            && let Some(value) = pairs.value(name, Style::Form, true, false, part, &[])
        {
            members.insert(name.to_owned(), value);
        }
    }
    Value::Object(members)
}
