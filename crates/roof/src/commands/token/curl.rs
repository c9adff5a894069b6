//! One way into an operation, as a command to copy.

use std::fmt::Write;

use contract::{Contract, Detail, Location, Operand, Operation, Parameter};
use serde_json::{Map, Value, json};

use crate::server::Server;

/// What one alternative of a requirement wants to see, as `/_lobby/credentials` says it.
#[derive(Debug, Clone, Default)]
pub(super) struct Way {
    schemes: Vec<String>,
    headers: Vec<(String, String)>,
    query: Vec<(String, String)>,
    cookies: Vec<(String, String)>,
}

const BEARER: &str = "Bearer ";

impl Way {
    pub(super) fn read(alternative: &Value) -> Self {
        let pairs = |name: &str| {
            let members = alternative.get(name).and_then(Value::as_object).into_iter().flatten();
            members.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
        };
        let schemes = alternative.get("schemes").and_then(Value::as_array).into_iter().flatten();
        Self {
            schemes: schemes.filter_map(Value::as_str).map(str::to_owned).collect(),
            headers: pairs("headers"),
            query: pairs("query"),
            cookies: pairs("cookies"),
        }
    }

    pub(super) fn to_json(&self) -> Value {
        let object = |pairs: &[(String, String)]| -> Map<String, Value> {
            pairs.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect()
        };
        json!({
            "schemes": self.schemes,
            "headers": object(&self.headers),
            "query": object(&self.query),
            "cookies": object(&self.cookies),
        })
    }

    /// The schemes' names: `oauth and badge`.
    pub(super) fn name(&self) -> String {
        if self.schemes.is_empty() { "no credential".to_owned() } else { self.schemes.join(" and ") }
    }

    pub(super) fn token(&self) -> Option<&str> {
        self.headers.iter().find_map(|(_, value)| value.strip_prefix(BEARER))
    }

    pub(super) fn set_token(&mut self, token: &str) {
        for (_, value) in &mut self.headers {
            if value.starts_with(BEARER) {
                *value = format!("{BEARER}{token}");
            }
        }
    }

    /// The header fields, one a line; `None` where there are none or they would not be enough.
    pub(super) fn header_lines(&self) -> Option<String> {
        let alone = self.query.is_empty() && self.cookies.is_empty() && !self.headers.is_empty();
        alone.then(|| {
            self.headers.iter().fold(String::new(), |lines, (name, value)| lines + name + ": " + value + "\n")
        })
    }
}

/// An operation, and where it is.
pub(super) struct Place {
    contract: Contract,
    name: String,
    persona: String,
}

impl Place {
    /// Looks for an operation in the served documents.
    pub(super) fn find(documents: &[(Option<String>, Value)], name: &str, persona: &str) -> Option<Self> {
        let options = contract::Options::default();
        let read = documents.iter().filter_map(|(api, document)| {
            let reading = contract::read_text("openapi.json", document.to_string().as_bytes(), &options);
            Some((api.as_deref().unwrap_or_default(), reading.contract?))
        });
        let mut read: Vec<(&str, Contract)> = read.collect();
        let named = |(api, contract)| contract::Named { api, bases: Contract::bases(contract), contract };
        let apis: Vec<_> = read.iter().map(|(api, contract)| named((*api, contract))).collect();
        let (index, operation) = contract::named(&apis, name).into_iter().next()?;
        let name = operation.name.to_string();
        let (_, contract) = read.swap_remove(index);
        Some(Self { contract, name, persona: persona.to_owned() })
    }

    /// The path of the request, with its parameters filled in where the document gives a value.
    fn path(&self, operation: &Operation, detail: &Detail) -> String {
        let base =
            self.contract.bases_of(operation).iter().min_by_key(|base| base.len()).map_or("", String::as_str);
        let mut path = format!("{base}{}", operation.template.text);
        for parameter in detail.parameters.iter().filter(|parameter| parameter.location == Location::Path) {
            if let Some(value) = self.value(operation, parameter) {
                path = path.replace(&format!("{{{}}}", parameter.name), &escaped(&value));
            }
        }
        path
    }

    /// Whom a policy about the path names is the persona; else what the document says.
    fn value(&self, operation: &Operation, parameter: &Parameter) -> Option<String> {
        let policy = operation.requirement.rules.policy.as_ref();
        let names = |side: &Operand| match side {
            Operand::Path(name) => parameter.location == Location::Path && *name == parameter.name,
            Operand::Query(name) => parameter.location == Location::Query && *name == parameter.name,
            Operand::Subject | Operand::Client | Operand::Plan | Operand::Text(_) => false,
        };
        let own = policy.is_some_and(|policy| {
            (policy.left == Operand::Subject && names(&policy.right))
                || (policy.right == Operand::Subject && names(&policy.left))
        });
        if own { Some(self.persona.clone()) } else { documented(parameter) }
    }
}

/// A value of a parameter that the document itself gives.
fn documented(parameter: &Parameter) -> Option<String> {
    let schema = parameter.schema.as_deref();
    let of_schema = || {
        let schema = resolved(schema?)?;
        let list = |name: &str| schema.get(name).and_then(Value::as_array)?.first();
        schema
            .get("const")
            .or_else(|| schema.get("example"))
            .or_else(|| list("examples"))
            .or_else(|| schema.get("default"))
            .or_else(|| list("enum"))
    };
    plain(parameter.example.as_ref().or_else(of_schema)?)
}

/// The schema that a `$ref` at the top leads to: they all point below `$defs`.
fn resolved(schema: &Value) -> Option<&Value> {
    match schema.get("$ref").and_then(Value::as_str) {
        Some(reference) => schema.pointer(reference.strip_prefix('#')?),
        None => Some(schema),
    }
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The command, after a comment that names the schemes.
pub(super) fn command(server: &Server, place: &Place, way: &Way, persona: &str) -> String {
    let Some(operation) = place.contract.find(&place.name) else { return String::new() };
    let detail = operation.detail(&place.contract);
    let mut words = Vec::new();
    if operation.method != http::Method::GET {
        words.push(match operation.method {
            http::Method::HEAD => "--head".to_owned(),
            ref method => format!("-X {}", quoted(method.as_str())),
        });
    }
    let query: Vec<String> = query(place, operation, &detail, way);
    let mark = if query.is_empty() { "" } else { "?" };
    let url = format!("{}{}{mark}{}", server.url(), place.path(operation, &detail), query.join("&"));
    words.push(quoted(&url));
    let own = server.sandbox_header().map(|(name, value)| (name.to_owned(), value.to_owned()));
    for (name, value) in own.iter().chain(&way.headers) {
        words.push(format!("-H {}", quoted(&format!("{name}: {value}"))));
    }
    if !way.cookies.is_empty() {
        let cookies: Vec<String> =
            way.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        words.push(format!("-b {}", quoted(&cookies.join("; "))));
    }
    let mut notes = format!("# {}\n", way.name());
    if let Some(authority) = server.authority() {
        words.push(format!("--cacert {}", quoted(&authority.to_string_lossy())));
    }
    if wants_certificate(place, way) {
        words.push(format!("--cert {}", quoted(&format!("{persona}.pem"))));
        let file = quoted(&format!("{persona}.pem"));
        let _ = writeln!(notes, "# its certificate: lobby ca --client {} > {file}", quoted(persona));
        if url.starts_with("http:") {
            notes.push_str("# certificates are shown over TLS alone: lobby mock --tls\n");
        }
    }
    body(&detail, &mut words, &mut notes);
    if url.contains('{') {
        notes.push_str("# put a value where the braces are: the document gives none\n");
    }
    format!("{notes}curl {}\n", words.join(" \\\n  "))
}

fn query(place: &Place, operation: &Operation, detail: &Detail, way: &Way) -> Vec<String> {
    let pair = |name: &str, value: &str| format!("{}={}", escaped(name), escaped(value));
    let needed = detail.parameters.iter().filter(|parameter| {
        let shown = way.query.iter().any(|(name, _)| *name == parameter.name);
        parameter.location == Location::Query && parameter.required && !shown
    });
    let needed = needed.map(|parameter| match place.value(operation, parameter) {
        Some(value) => pair(&parameter.name, &value),
        None => format!("{}={{{}}}", escaped(&parameter.name), parameter.name),
    });
    needed.chain(way.query.iter().map(|(name, value)| pair(name, value))).collect()
}

fn wants_certificate(place: &Place, way: &Way) -> bool {
    place.contract.schemes().iter().any(|scheme| {
        matches!(scheme.kind, contract::SchemeKind::MutualTls) && way.schemes.contains(&scheme.name)
    })
}

fn body(detail: &Detail, words: &mut Vec<String>, notes: &mut String) {
    let Some(body) = detail.body.as_ref().filter(|body| body.required) else { return };
    let example = |media: &contract::MediaType| {
        let schema = media.schema.as_deref().and_then(resolved);
        let of_schema = || {
            let schema = schema?;
            let first = || schema.get("examples").and_then(Value::as_array)?.first();
            schema.get("example").or_else(first).cloned()
        };
        media.examples.first().map(|example| example.value.clone()).or_else(of_schema)
    };
    let found = body.content.iter().find_map(|media| Some((media, example(media)?)));
    let Some((media, value)) = found.or_else(|| Some((body.content.first()?, Value::Null))) else { return };
    words.push(format!("-H {}", quoted(&format!("Content-Type: {}", media.name))));
    let text = match value {
        Value::Null => {
            notes.push_str("# put a body into body.txt: the document has no example of one\n");
            words.push("--data-binary @body.txt".to_owned());
            return;
        }
        Value::String(text) if !media.name.contains("json") => text,
        value => value.to_string(),
    };
    words.push(format!("--data-binary {}", quoted(&text)));
}

/// As a part of a URL.
fn escaped(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// As one word of a POSIX shell.
fn quoted(text: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(harmless) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_read_is_quoted() {
        assert_eq!(quoted("http://127.0.0.1:4010/books"), "http://127.0.0.1:4010/books");
        assert_eq!(quoted("http://127.0.0.1:4010/books?a=b&c"), "'http://127.0.0.1:4010/books?a=b&c'");
        assert_eq!(quoted("it's $HOME"), "'it'\\''s $HOME'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn a_part_of_a_url_keeps_its_form() {
        assert_eq!(escaped("a b/c?&=+é"), "a%20b%2Fc%3F%26%3D%2B%C3%A9");
    }

    #[test]
    fn header_lines_are_only_told_where_they_are_enough() {
        let way = Way::read(&json!({
            "schemes": ["badge"], "headers": {"X-API-Key": "k"}, "query": {}, "cookies": {}
        }));
        assert_eq!(way.header_lines().as_deref(), Some("X-API-Key: k\n"));
        let way = Way::read(
            &json!({"schemes": ["a", "b"], "headers": {"X": "k"}, "query": {"key": "v"}, "cookies": {}}),
        );
        assert_eq!(way.header_lines(), None);
        assert_eq!(way.name(), "a and b");
    }
}
