//! Schemas made ready: seen from one side (an answer, a request), with a validator that is compiled when
//! first needed and kept.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, OnceLock, PoisonError, RwLock},
};

use contract::Schema;
use jsonschema::{Draft, PatternOptions, ValidationError, Validator};
use serde_json::{Map, Value};

/// How often a pattern with look-around may step back before it counts as not matching.
const BACKTRACK_LIMIT: usize = 20_000;
/// How large a compiled pattern may get, in bytes.
const PATTERN_SIZE: usize = 2 << 20;
/// How deep schemas are walked; deeper ones are taken as they are.
const DEPTH: usize = 200;

/// Which way a value goes (OpenAPI 3.1.1 Appendix C, 3.0 4.7.24.1: `readOnly`, `writeOnly`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Side {
    /// In a request: read-only properties may not stand there.
    Request,
    /// In an answer: write-only properties may not stand there.
    Answer,
}

/// A schema as one side sees it.
#[derive(Debug)]
pub(crate) struct Ready {
    /// The schema; properties of the other side are `false` and no longer required.
    pub(crate) schema: Arc<Value>,
    /// Whether it has `$id`, anchors or dynamic references, so that references need an index.
    pub(crate) indexed: bool,
    validator: OnceLock<Option<Validator>>,
}

impl Ready {
    /// Makes `schema` ready for one side.
    pub(crate) fn new(schema: &Schema, side: Side) -> Self {
        let schema = if mentions(schema, other(side), 0) {
            let mut seen = Value::clone(schema);
            let root = Value::clone(schema);
            turn(&mut seen, &root, side, 0);
            Arc::new(seen)
        } else {
            Arc::clone(schema)
        };
        let indexed = ["$id", "$anchor", "$dynamicAnchor"].iter().any(|word| has_word(&schema, word, 0));
        Self { schema, indexed, validator: OnceLock::new() }
    }

    /// The validator; `None` when the schema is none that can be compiled: then nothing is checked.
    pub(crate) fn validator(&self) -> Option<&Validator> {
        self.validator.get_or_init(|| compile(&self.schema)).as_ref()
    }

    /// Whether `value` holds.
    pub(crate) fn accepts(&self, value: &Value) -> bool {
        self.validator().is_none_or(|validator| validator.is_valid(value))
    }
}

/// Ready schemas and small checks (patterns, formats), each made when first needed.
#[derive(Debug, Default)]
pub(crate) struct Cabinet {
    // By the address of the shared schema, which the entry keeps alive.
    ready: RwLock<HashMap<(usize, Side), Kept>>,
    checks: RwLock<BTreeMap<(Check, String), Checker>>,
}

type Kept = (Schema, Arc<Ready>);
/// `None`: cannot be compiled, is not checked.
type Checker = Option<Arc<Validator>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Check {
    Pattern,
    Format,
}

/// How many patterns and formats are kept compiled.
const MOST_CHECKS: usize = 2_000;

impl Cabinet {
    /// The schema as `side` sees it.
    pub(crate) fn ready(&self, schema: &Schema, side: Side) -> Arc<Ready> {
        let key = (Arc::as_ptr(schema).addr(), side);
        if let Some((_, ready)) = self.ready.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Arc::clone(ready);
        }
        let made = Arc::new(Ready::new(schema, side));
        let mut entries = self.ready.write().unwrap_or_else(PoisonError::into_inner);
        let (_, ready) = entries.entry(key).or_insert_with(|| (Arc::clone(schema), made));
        Arc::clone(ready)
    }

    /// Whether `text` matches a pattern; a pattern that cannot be compiled is not checked.
    pub(crate) fn matches(&self, pattern: &str, text: &str) -> bool {
        self.check(Check::Pattern, pattern, text)
    }

    /// Whether `text` has a format; unknown formats are not checked.
    pub(crate) fn is_format(&self, format: &str, text: &str) -> bool {
        self.check(Check::Format, format, text)
    }

    fn check(&self, check: Check, word: &str, text: &str) -> bool {
        let key = (check, word.to_owned());
        let known = self.checks.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        let validator = known.unwrap_or_else(|| {
            let keyword = match check {
                Check::Pattern => "pattern",
                Check::Format => "format",
            };
            let schema = Value::Object(Map::from_iter([(keyword.to_owned(), Value::from(word))]));
            let made = build(&schema).map(Arc::new);
            let mut known = self.checks.write().unwrap_or_else(PoisonError::into_inner);
            if known.len() < MOST_CHECKS {
                known.insert(key, made.clone());
            }
            made
        });
        validator.is_none_or(|validator| validator.is_valid(&Value::from(text)))
    }
}

/// Compiles: linear patterns first, backtracking ones with a low limit for look-around; a pattern or
/// reference that is none is taken out before the whole is given up.
fn compile(schema: &Value) -> Option<Validator> {
    build(schema).or_else(|| {
        let mut mended = schema.clone();
        mend(&mut mended, schema, 0);
        for _ in 0..MOST_MENDED {
            let fault = match built(&mended) {
                Ok(validator) => return Some(validator),
                Err(fault) => fault.instance_path().as_str().to_owned(),
            };
            // What is no schema there is left out.
            let (parent, word) = fault.rsplit_once('/')?;
            let word = word.replace("~1", "/").replace("~0", "~");
            match mended.pointer_mut(parent)? {
                Value::Object(map) => map.remove(&word),
                Value::Array(list) => list.get_mut(word.parse::<usize>().ok()?).map(Value::take),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
            }?;
        }
        None
    })
}

/// How many faults of one schema are left out.
const MOST_MENDED: usize = 40;

fn build(schema: &Value) -> Option<Validator> {
    built(schema).ok()
}

fn built(schema: &Value) -> Result<Validator, ValidationError<'static>> {
    let options = || {
        jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .should_ignore_unknown_formats(true)
            .offline()
    };
    let linear = PatternOptions::regex().size_limit(PATTERN_SIZE);
    let backtracking =
        PatternOptions::fancy_regex().backtrack_limit(BACKTRACK_LIMIT).size_limit(PATTERN_SIZE);
    let first = options().with_pattern_options(linear).build(schema);
    first.or_else(|_| options().with_pattern_options(backtracking).build(schema))
}

/// Takes out what keeps a schema from being compiled: patterns that are none, references to nowhere, words
/// of the wrong type.
fn mend(node: &mut Value, root: &Value, depth: usize) {
    if depth > DEPTH {
        *node = Value::Bool(true);
        return;
    }
    match node {
        Value::Object(map) => {
            let broken = |map: &Map<String, Value>, word: &str| match (word, map.get(word)) {
                ("pattern", Some(Value::String(pattern))) => {
                    build(&serde_json::json!({ "pattern": pattern })).is_none()
                }
                ("$ref", Some(Value::String(to))) => {
                    to.strip_prefix('#').is_some_and(|at| at.starts_with('/') && root.pointer(at).is_none())
                        || !to.starts_with('#')
                }
                (_, Some(Value::Object(_)) | None) => false,
                (_, Some(_)) => true,
            };
            for word in ["pattern", "$ref"] {
                if broken(map, word) {
                    map.remove(word);
                }
            }
            if let Some(Value::Object(patterns)) = map.get_mut("patternProperties") {
                patterns.retain(|pattern, _| build(&serde_json::json!({ "pattern": pattern })).is_some());
            }
            map.retain(|word, value| is_word(word, value));
            for value in map.values_mut() {
                mend(value, root, depth + 1);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mend(item, root, depth + 1)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Whether a keyword's value has the type that the keyword wants.
fn is_word(word: &str, value: &Value) -> bool {
    match word {
        "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties"
        | "minContains" | "maxContains" => {
            value.as_u64().is_some() || value.as_f64().is_some_and(|n| n >= 0.0 && n.fract() == 0.0)
        }
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => value.is_number(),
        "multipleOf" => value.as_f64().is_some_and(|n| n > 0.0),
        "allOf" | "anyOf" | "oneOf" | "prefixItems" => value.as_array().is_some_and(|list| !list.is_empty()),
        _ => true,
    }
}

fn other(side: Side) -> &'static str {
    match side {
        Side::Request => "readOnly",
        Side::Answer => "writeOnly",
    }
}

fn mentions(node: &Value, word: &str, depth: usize) -> bool {
    depth < DEPTH
        && match node {
            Value::Object(map) => {
                map.get(word) == Some(&Value::Bool(true))
                    || map.values().any(|value| mentions(value, word, depth + 1))
            }
            Value::Array(items) => items.iter().any(|item| mentions(item, word, depth + 1)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        }
}

fn has_word(node: &Value, word: &str, depth: usize) -> bool {
    depth < DEPTH
        && match node {
            Value::Object(map) => {
                map.get(word).is_some_and(Value::is_string)
                    || map.values().any(|value| has_word(value, word, depth + 1))
            }
            Value::Array(items) => items.iter().any(|item| has_word(item, word, depth + 1)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        }
}

/// Forbids the properties that belong to the other side, and demands them no longer.
fn turn(node: &mut Value, root: &Value, side: Side, depth: usize) {
    if depth > DEPTH {
        return;
    }
    match node {
        Value::Object(map) => {
            let mut gone = Vec::new();
            if let Some(Value::Object(properties)) = map.get_mut("properties") {
                for (name, property) in properties.iter_mut() {
                    if is_marked(property, root, other(side), 0) {
                        *property = Value::Bool(false);
                        gone.push(name.clone());
                    }
                }
            }
            if let Some(Value::Array(required)) = map.get_mut("required") {
                required.retain(|name| !name.as_str().is_some_and(|name| gone.iter().any(|g| g == name)));
            }
            for (word, value) in map.iter_mut() {
                if !matches!(word.as_str(), "example" | "examples" | "default" | "const" | "enum") {
                    turn(value, root, side, depth + 1);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| turn(item, root, side, depth + 1)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Whether a property is marked with `readOnly` or `writeOnly`, itself, by what it refers to, or by a part
/// of its `allOf`.
fn is_marked(node: &Value, root: &Value, word: &str, depth: usize) -> bool {
    let Some(map) = node.as_object() else { return false };
    if depth > 8 {
        return false;
    }
    if let Some(marked) = map.get(word).and_then(Value::as_bool) {
        return marked;
    }
    let target = map.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix('#'));
    if target.and_then(|at| root.pointer(at)).is_some_and(|to| is_marked(to, root, word, depth + 1)) {
        return true;
    }
    let parts = map.get("allOf").and_then(Value::as_array);
    parts.is_some_and(|parts| parts.iter().any(|part| is_marked(part, root, word, depth + 1)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_required_read_only_property_is_not_demanded_of_a_request_and_refused_in_it() {
        let schema = Arc::new(json!({
            "type": "object", "required": ["id", "name"],
            "properties": {"id": {"$ref": "#/$defs/id"}, "name": {"type": "string"}},
            "$defs": {"id": {"type": "integer", "readOnly": true}},
        }));
        let request = Ready::new(&schema, Side::Request);
        assert!(request.accepts(&json!({"name": "a"})));
        assert!(!request.accepts(&json!({"name": "a", "id": 1})));
        let answer = Ready::new(&schema, Side::Answer);
        assert!(!answer.accepts(&json!({"name": "a"})));
        assert!(answer.accepts(&json!({"name": "a", "id": 1})));
    }

    #[test]
    fn a_schema_with_a_broken_pattern_still_checks_the_rest() {
        let schema = Arc::new(json!({"type": "string", "pattern": "(", "minLength": 2,
            "anyOf": [{"type": ["null", "null"]}, {"title": 7, "required": "name", "enum": []}]}));
        let ready = Ready::new(&schema, Side::Answer);
        assert!(ready.accepts(&json!("ab")));
        assert!(!ready.accepts(&json!("a")));
    }

    #[test]
    fn look_around_is_understood() {
        let cabinet = Cabinet::default();
        assert!(cabinet.matches("^(?!x)[a-z]+$", "abc"));
        assert!(!cabinet.matches("^(?!x)[a-z]+$", "xbc"));
        assert!(cabinet.is_format("no-such-format", "abc"));
        assert!(!cabinet.is_format("date", "yesterday"));
    }
}
