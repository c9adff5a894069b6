use std::time::Duration;

use bytes::Bytes;
use http::{Request, header};
use model::{nearest, parse_duration};
use serde_json::{Map, Value};

use crate::refusal::Refusal;

/// The members of a call's body. Those that the call does not know are refused with the nearest name; what
/// is `null` counts as not written.
#[derive(Debug)]
pub(crate) struct Members(Map<String, Value>);

impl Members {
    /// Reads the body of a call that knows the members `known`. An empty body has none.
    pub(crate) fn read(request: &Request<Bytes>, known: &[&'static str]) -> Result<Self, Refusal> {
        let body = request.body();
        if !is_json(request) {
            return Err(Refusal::ContentType);
        }
        if body.is_empty() {
            return Ok(Self(Map::new()));
        }
        // A member that is there twice says two things: which of them is meant, nobody can know.
        match mock::answer::read_json(body) {
            Ok(Value::Object(members)) => Self::known(members, known),
            Ok(_) => Err(Refusal::wrong("the body is no JSON object")),
            Err(error) => Err(Refusal::wrong(format!("the body is no JSON: {error}"))),
        }
    }

    /// The members of an object within a body.
    pub(crate) fn within(name: &str, value: Value, known: &[&'static str]) -> Result<Self, Refusal> {
        match value {
            Value::Object(members) => Self::known(members, known),
            other => Err(Refusal::wrong(format!("`{name}` takes an object, not {}", kind(&other)))),
        }
    }

    fn known(mut members: Map<String, Value>, known: &[&'static str]) -> Result<Self, Refusal> {
        if let Some(name) = members.keys().find(|name| !known.contains(&name.as_str())) {
            let name: String = name.chars().take(60).collect();
            let detail = match nearest(&name, known.iter().copied()) {
                Some(near) => format!("there is no member `{name}`; did you mean `{near}`?"),
                None if known.is_empty() => format!("there is no member `{name}`; this call has none"),
                None => format!("there is no member `{name}`; there are: {}", known.join(", ")),
            };
            return Err(Refusal::Wrong { detail });
        }
        members.retain(|_, value| !value.is_null());
        Ok(Self(members))
    }

    /// Whether one is written.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// All but those that nobody else may read, as the audit trail keeps them.
    pub(crate) fn told(&self, secret: &[&str]) -> Map<String, Value> {
        let told = self.0.iter().filter(|(name, _)| !secret.contains(&name.as_str()));
        let mut told: Map<_, _> = told.map(|(name, value)| (name.clone(), value.clone())).collect();
        for name in secret.iter().filter(|name| self.has(name)) {
            told.insert((*name).to_owned(), "…".into());
        }
        told
    }

    /// How many are written.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// All of them, in their order.
    pub(crate) fn into_iter(self) -> impl Iterator<Item = (String, Value)> {
        self.0.into_iter()
    }

    /// One of them, whatever it is.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    /// A text.
    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, Refusal> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(Refusal::wrong(format!("`{name}` takes a text, not {}", kind(&other)))),
        }
    }

    /// A text that must be there.
    pub(crate) fn required(&mut self, name: &str, example: &str) -> Result<String, Refusal> {
        let missing = || Refusal::wrong(format!("`{name}` is missing: write for example {example}"));
        self.text(name)?.ok_or_else(missing)
    }

    /// A text, or a list of texts.
    pub(crate) fn texts(&mut self, name: &str) -> Result<Vec<String>, Refusal> {
        let wrong = |value: &Value| Refusal::wrong(format!("`{name}` takes texts, not {}", kind(value)));
        match self.take(name) {
            None => Ok(Vec::new()),
            Some(Value::String(text)) => Ok(vec![text]),
            Some(Value::Array(items)) => {
                let text = |item| match item {
                    Value::String(text) => Ok(text),
                    other => Err(wrong(&other)),
                };
                items.into_iter().map(text).collect()
            }
            Some(other) => Err(wrong(&other)),
        }
    }

    /// `true` or `false`.
    pub(crate) fn flag(&mut self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(other) => Err(Refusal::wrong(format!("`{name}` takes true or false, not {}", kind(&other)))),
        }
    }

    /// A duration: `15m`.
    pub(crate) fn duration(&mut self, name: &str) -> Result<Option<Duration>, Refusal> {
        let text = self.text(name)?;
        let read = |text: String| {
            parse_duration(&text).map_err(|error| Refusal::wrong(format!("`{name}`: {error}")))
        };
        text.map(read).transpose()
    }

    /// A number from 0.
    pub(crate) fn number(&mut self, name: &str) -> Result<Option<usize>, Refusal> {
        self.take(name).map(|value| as_number(name, &value)).transpose()
    }
}

/// A number from 0.
pub(crate) fn as_number(name: &str, value: &Value) -> Result<usize, Refusal> {
    let number = value.as_u64().and_then(|number| usize::try_from(number).ok());
    number.ok_or_else(|| Refusal::wrong(format!("`{name}` takes a whole number from 0")))
}

/// No form of another site can send JSON, and nothing that a browser sends without asking is taken: only a
/// body that is declared as JSON, or none at all.
fn is_json(request: &Request<Bytes>) -> bool {
    let mut types = request.headers().get_all(header::CONTENT_TYPE).iter();
    match (types.next(), types.next()) {
        (None, _) => request.body().is_empty(),
        (Some(media), None) => media.to_str().is_ok_and(|media| {
            let essence = media.split(';').next().unwrap_or_default();
            essence.trim().eq_ignore_ascii_case("application/json")
        }),
        (Some(_), Some(_)) => false,
    }
}

/// What a value is, for a sentence.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(content_type: Option<&str>, body: &str) -> Request<Bytes> {
        let mut request = Request::new(Bytes::copy_from_slice(body.as_bytes()));
        if let Some(media) = content_type {
            request.headers_mut().insert(header::CONTENT_TYPE, media.parse().unwrap());
        }
        request
    }

    fn detail(body: &str) -> String {
        match Members::read(&request(Some("application/json"), body), &["advance", "set"]) {
            Err(Refusal::Wrong { detail }) => detail,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_unknown_member_is_told_with_the_nearest_name() {
        assert_eq!(detail(r#"{"advanc":"1m"}"#), "there is no member `advanc`; did you mean `advance`?");
        assert_eq!(detail(r#"{"zebra":1}"#), "there is no member `zebra`; there are: advance, set");
    }

    #[test]
    fn what_is_no_object_is_refused() {
        assert_eq!(detail("[]"), "the body is no JSON object");
        let twice = detail(r#"{"advance":"1m","advance":"2m"}"#);
        assert!(twice.starts_with("the body is no JSON: ") && twice.contains("advance"), "{twice}");
        assert!(detail("{").starts_with("the body is no JSON: "));
        assert!(detail(&"[".repeat(10_000)).starts_with("the body is no JSON: "));
    }

    #[test]
    fn only_json_is_taken_so_that_no_form_can_call() {
        for media in ["application/json", "Application/JSON; charset=utf-8"] {
            assert!(Members::read(&request(Some(media), "{}"), &[]).is_ok(), "{media}");
        }
        for media in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/jsonp",
            "",
        ] {
            let refused = Members::read(&request(Some(media), "{}"), &[]).unwrap_err();
            assert_eq!(refused, Refusal::ContentType, "{media}");
            assert!(Members::read(&request(Some(media), ""), &[]).is_err(), "{media}");
        }
        assert_eq!(Members::read(&request(None, "{}"), &[]).unwrap_err(), Refusal::ContentType);
        assert!(Members::read(&request(None, ""), &[]).is_ok());
    }

    #[test]
    fn values_of_another_kind_are_refused() {
        let members = |body: &str| Members::read(&request(Some("application/json"), body), &["a"]).unwrap();
        assert!(members(r#"{"a":1}"#).text("a").is_err());
        assert!(members(r#"{"a":"1"}"#).flag("a").is_err());
        assert!(members(r#"{"a":-1}"#).number("a").is_err());
        assert!(members(r#"{"a":["x",1]}"#).texts("a").is_err());
        assert!(members(r#"{"a":"soon"}"#).duration("a").is_err());
        assert_eq!(members(r#"{"a":null}"#).text("a"), Ok(None));
    }
}
