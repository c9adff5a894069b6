use std::{fmt, sync::Arc};

use guard::Code;
use http::{HeaderName, Method};
use model::nearest;
use serde_json::Value;
use thiserror::Error;

use super::Entry;
use crate::scenario::{Named, Step};

/// The words of a filter, as in the journal's query and in `verify`.
pub const WORDS: [&str; 10] =
    ["api", "operation", "persona", "method", "path", "status", "denial", "scenario", "header", "body"];

/// What entries are wanted: all conditions must hold; without any, all are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Match {
    conditions: Vec<Condition>,
}

/// One thing that must hold of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// `api`
    Api(String),
    /// `operation`: as it was written, and what that names.
    Operation {
        /// As written.
        written: String,
        /// The operation in each API that has one of this name.
        named: Arc<[Named]>,
    },
    /// `persona`
    Persona(String),
    /// `method`
    Method(Method),
    /// `path`
    Path(String),
    /// `status`: one, or all of a class (`4XX`).
    Status {
        /// The lowest.
        from: u16,
        /// The highest.
        to: u16,
    },
    /// `denial`
    Denial(Code),
    /// `scenario`, in the order of its parts that a step is written in.
    Scenario(String),
    /// `header`: of the request.
    Header {
        /// In lower case.
        name: HeaderName,
        /// The whole value.
        value: String,
    },
    /// `body`: of the request.
    Body {
        /// A JSON Pointer (RFC 6901).
        pointer: String,
        /// A text, or JSON.
        value: String,
    },
}

/// Why a condition is none.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MatchError {
    /// A word that is none.
    #[error("`{word}` is no word of the journal{}", meant(*nearest))]
    Word {
        /// As written.
        word: String,
        /// What was most likely meant.
        nearest: Option<&'static str>,
    },
    /// A value that its word does not take.
    #[error("`{word}` does not take `{value}`: {takes}")]
    Value {
        /// The word.
        word: &'static str,
        /// As written.
        value: String,
        /// What it takes, and what was most likely meant.
        takes: String,
    },
}

fn meant(nearest: Option<&'static str>) -> String {
    nearest.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

impl Match {
    /// Wants `word` to be `value` too. `resolve` says what an operation's name means, or what was most
    /// likely meant.
    pub fn add(
        &mut self,
        word: &str,
        value: &str,
        resolve: impl FnOnce(&str) -> Result<Arc<[Named]>, String>,
    ) -> Result<(), MatchError> {
        let text = || value.to_owned();
        let condition = match word {
            "api" => Condition::Api(text()),
            "operation" => {
                let named = resolve(value).map_err(|takes| wrong("operation", value, takes))?;
                Condition::Operation { written: text(), named }
            }
            "persona" => Condition::Persona(text()),
            "method" => Condition::Method(read_method(value)?),
            "path" => Condition::Path(text()),
            "status" => read_status(value)?,
            "denial" => Condition::Denial(read_denial(value)?),
            "scenario" => {
                let step: Step =
                    value.parse().map_err(|error| wrong("scenario", value, format!("{error}")))?;
                Condition::Scenario(step.to_string())
            }
            "header" => read_header(value)?,
            "body" => read_body(value)?,
            _ => return Err(MatchError::Word { word: word.to_owned(), nearest: nearest(word, WORDS) }),
        };
        self.conditions.push(condition);
        Ok(())
    }

    /// Whether all of it holds of `entry`.
    pub fn holds(&self, entry: &Entry) -> bool {
        self.conditions.iter().all(|condition| condition.holds(entry))
    }

    /// What does not hold of `entry`.
    pub fn failing<'a>(&'a self, entry: &'a Entry) -> impl Iterator<Item = &'a Condition> {
        self.conditions.iter().filter(|condition| !condition.holds(entry))
    }
}

impl Condition {
    /// Whether it holds of `entry`.
    pub fn holds(&self, entry: &Entry) -> bool {
        let exchange = &entry.exchange;
        match self {
            Self::Api(api) => *exchange.api == **api,
            Self::Operation { named, .. } => named.iter().any(|named| {
                named.api == exchange.api && Some(&named.operation) == exchange.operation.as_ref()
            }),
            Self::Persona(persona) => exchange.persona.as_deref() == Some(persona),
            Self::Method(method) => exchange.method == *method,
            Self::Path(path) => exchange.path.as_str() == path,
            Self::Status { from, to } => (*from..=*to).contains(&exchange.status),
            Self::Denial(code) => exchange.denial == Some(*code),
            Self::Scenario(step) => exchange.scenario.as_ref().is_some_and(|acted| acted.as_str() == step),
            Self::Header { name, value } => {
                exchange.request.head.fields().any(|(field, text)| field == name.as_str() && text == value)
            }
            Self::Body { pointer, value } => {
                exchange.request.body.to_json().pointer(pointer).is_some_and(|found| is_value(found, value))
            }
        }
    }

    /// What `entry` has instead.
    pub fn found(&self, entry: &Entry) -> String {
        let some = |text: Option<&str>| text.unwrap_or("none").to_owned();
        let exchange = &entry.exchange;
        match self {
            Self::Api(_) => exchange.api.to_string(),
            Self::Operation { .. } => some(exchange.operation.as_deref()),
            Self::Persona(_) => some(exchange.persona.as_deref()),
            Self::Method(_) => exchange.method.to_string(),
            Self::Path(_) => exchange.path.as_str().to_owned(),
            Self::Status { .. } => exchange.status.to_string(),
            Self::Denial(_) => some(exchange.denial.map(Code::as_str)),
            Self::Scenario(_) => some(exchange.scenario.as_ref().map(super::Head::as_str)),
            Self::Header { name, .. } => some(
                exchange
                    .request
                    .head
                    .fields()
                    .find(|(field, _)| *field == name.as_str())
                    .map(|(_, text)| text),
            ),
            Self::Body { pointer, .. } => {
                some(exchange.request.body.to_json().pointer(pointer).map(Value::to_string).as_deref())
            }
        }
    }
}

/// As it was asked for: `status=401`.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Api(api) => write!(f, "api={api}"),
            Self::Operation { written, .. } => write!(f, "operation={written}"),
            Self::Persona(persona) => write!(f, "persona={persona}"),
            Self::Method(method) => write!(f, "method={method}"),
            Self::Path(path) => write!(f, "path={path}"),
            Self::Status { from, to } if from == to => write!(f, "status={from}"),
            Self::Status { from, .. } => write!(f, "status={}XX", from / 100),
            Self::Denial(code) => write!(f, "denial={}", code.as_str()),
            Self::Scenario(step) => write!(f, "scenario={step}"),
            Self::Header { name, value } => write!(f, "header={name}:{value}"),
            Self::Body { pointer, value } => write!(f, "body={pointer}:{value}"),
        }
    }
}

fn wrong(word: &'static str, value: &str, takes: impl Into<String>) -> MatchError {
    MatchError::Value { word, value: value.chars().take(100).collect(), takes: takes.into() }
}

fn read_method(value: &str) -> Result<Method, MatchError> {
    value.to_ascii_uppercase().parse().map_err(|_| wrong("method", value, "a method, as `GET`"))
}

fn read_status(value: &str) -> Result<Condition, MatchError> {
    let takes = || wrong("status", value, "a status, as `401`, or a class, as `4XX`");
    if let Some(class) = value.strip_suffix("XX").or_else(|| value.strip_suffix("xx")) {
        let class: u16 = class.parse().map_err(|_| takes())?;
        return match class {
            1..=5 => Ok(Condition::Status { from: class * 100, to: class * 100 + 99 }),
            _ => Err(takes()),
        };
    }
    let status = value.parse().ok().filter(|status| (100..600).contains(status)).ok_or_else(takes)?;
    Ok(Condition::Status { from: status, to: status })
}

fn read_denial(value: &str) -> Result<Code, MatchError> {
    Code::parse(value).ok_or_else(|| {
        let near = nearest(value, Code::ALL.iter().map(|code| code.as_str()));
        let hint = near.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
        wrong("denial", value, format!("a code, as `token.expired`{hint}"))
    })
}

fn read_header(value: &str) -> Result<Condition, MatchError> {
    let takes = || wrong("header", value, "a name and a value, as `X-Trace:7`");
    let (name, text) = value.split_once(':').ok_or_else(takes)?;
    let name = HeaderName::try_from(name.trim()).map_err(|_| takes())?;
    Ok(Condition::Header { name, value: text.trim().to_owned() })
}

fn read_body(value: &str) -> Result<Condition, MatchError> {
    let takes = || wrong("body", value, "a JSON Pointer and a value, as `/author/name:Herbert`");
    let (pointer, text) = value.split_once(':').ok_or_else(takes)?;
    if !pointer.is_empty() && !pointer.starts_with('/') {
        return Err(takes());
    }
    Ok(Condition::Body { pointer: pointer.to_owned(), value: text.to_owned() })
}

/// A text is compared as it is, everything else as JSON.
fn is_value(found: &Value, wanted: &str) -> bool {
    found.as_str() == Some(wanted)
        || serde_json::from_str::<Value>(wanted).is_ok_and(|wanted| wanted == *found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(word: &str, value: &str) -> Result<Match, MatchError> {
        let mut wanted = Match::default();
        wanted.add(word, value, |name| Err(format!("an operation; did you mean `{name}s`?")))?;
        Ok(wanted)
    }

    #[test]
    fn an_unknown_word_or_value_is_told_with_the_nearest() {
        let error = |word, value| read(word, value).unwrap_err().to_string();
        assert_eq!(error("statsu", "1"), "`statsu` is no word of the journal; did you mean `status`?");
        assert_eq!(
            error("denial", "token.expird"),
            "`denial` does not take `token.expird`: a code, as `token.expired`; did you mean `token.expired`?"
        );
        assert!(error("operation", "listBook").ends_with("did you mean `listBooks`?"));
        assert!(error("scenario", "okk").ends_with("did you mean `ok`?"));
        for (word, value) in [
            ("status", "40"),
            ("status", "600"),
            ("status", "9XX"),
            ("method", "G T"),
            ("header", "X-Trace"),
            ("header", "a b:c"),
            ("body", "title:x"),
            ("body", "/title"),
        ] {
            assert!(error(word, value).contains("does not take"), "{word}={value}");
        }
    }

    #[test]
    fn conditions_are_written_as_they_were_asked_for() {
        for (word, value) in [
            ("status", "401"),
            ("status", "4XX"),
            ("denial", "token.expired"),
            ("scenario", "status:503+delay:2s"),
            ("header", "x-trace:7"),
            ("body", "/a/b:1"),
        ] {
            assert_eq!(read(word, value).unwrap().conditions[0].to_string(), format!("{word}={value}"));
        }
    }

    #[test]
    fn a_value_is_a_text_or_json() {
        let value = serde_json::json!(["7", 7, true, null, {"a": 1}]);
        for (index, wanted, holds) in [
            (0, "7", true),
            (1, "7", true),
            (1, "7.5", false),
            (2, "true", true),
            (3, "null", true),
            (4, r#"{ "a": 1 }"#, true),
            (4, "a", false),
        ] {
            assert_eq!(is_value(&value[index], wanted), holds, "{index} {wanted}");
        }
    }
}
