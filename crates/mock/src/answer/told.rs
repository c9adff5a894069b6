//! What happened, told in a documented body: the members that say it get the true values wherever the
//! document's schema takes them, so that a client's own error handling shows what a developer should know.

mod fit;
mod member;
mod place;

use std::fmt::Write;

use contract::{Example, MediaType};
use model::Timestamp;
use serde_json::{Map, Value};

use self::{member::Facts, place::Place};
use super::schema::Ready;

/// What happened.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// The problem (RFC 9457) that would be the body if the document declared none.
    pub problem: &'a Value,
    /// The path of the request.
    pub path: &'a str,
    /// The sandbox's time.
    pub now: Timestamp,
}

/// How deep members are told.
const DEPTH: usize = 4;
/// How many members are told.
const MOST: usize = 400;

/// One member with what it might say, the best first.
struct Edit {
    /// A JSON Pointer (RFC 6901).
    at: String,
    choices: Vec<Value>,
}

/// Of the documented examples the one that comes nearest to what happened; else the first.
pub(crate) fn fitting<'m>(media: &'m MediaType, problem: &Value) -> Option<&'m Example> {
    let code = problem.get("code").and_then(Value::as_str);
    let status = problem.get("status").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok());
    let rank = |example: &Example| {
        let texts = named(&example.value, 0);
        let all = texts.into_iter().chain([example.name.as_str()]);
        all.filter_map(|text| fit::rank(text, code, status.unwrap_or_default())).min().unwrap_or(usize::MAX)
    };
    media.examples.iter().min_by_key(|example| rank(example))
}

/// The texts under which an error is known.
fn named(value: &Value, depth: usize) -> Vec<&str> {
    let mut texts = Vec::new();
    for (name, value) in value.as_object().into_iter().flatten() {
        match value {
            Value::String(text) if member::is_name(&member::plain(name)) => texts.push(text.as_str()),
            Value::Object(_) if depth < 2 => texts.extend(named(value, depth + 1)),
            _ => {}
        }
    }
    texts
}

/// Tells in `value`, which is a generated body for `ready`. `extends`: whether members that the document
/// does not name may be added where its schema lets them (RFC 9457 3.2).
pub(crate) fn tell(value: Value, ready: &Ready, told: &Told<'_>, extends: bool) -> Value {
    let facts = Facts::of(told);
    if value.as_object().is_some_and(Map::is_empty) && ready.accepts(told.problem) {
        return told.problem.clone();
    }
    let has_list = is_listed(&value);
    let value = listed(value, ready, &facts);
    let mut edits = Vec::new();
    gather(&value, &Place::root(&ready.schema), &facts, &mut String::new(), 0, &mut edits);
    let mut value = edited(value, ready, edits);
    let added: &[&str] =
        if extends { &["type", "title", "status", "detail", "code", "request_id", "hint"] } else { &[] };
    extend(&mut value, ready, told.problem, added);
    if !has_list {
        extend(&mut value, ready, told.problem, &["errors"]);
    }
    value
}

/// All edits at once where that holds, else each by itself.
fn edited(value: Value, ready: &Ready, edits: Vec<Edit>) -> Value {
    let mut whole = value.clone();
    for edit in &edits {
        if let (Some(place), Some(first)) = (whole.pointer_mut(&edit.at), edit.choices.first()) {
            *place = first.clone();
        }
    }
    // A schema that nothing satisfies is no reason to be silent: then nothing may become worse.
    let bound = faults(&value, ready);
    if faults(&whole, ready) <= bound {
        return whole;
    }
    let mut value = value;
    for edit in edits {
        for choice in edit.choices {
            let Some(place) = value.pointer_mut(&edit.at) else { break };
            let before = std::mem::replace(place, choice);
            if faults(&value, ready) <= bound {
                break;
            }
            if let Some(place) = value.pointer_mut(&edit.at) {
                *place = before;
            }
        }
    }
    value
}

/// How many things its schema has against a value.
fn faults(value: &Value, ready: &Ready) -> usize {
    if ready.accepts(value) {
        return 0;
    }
    ready.validator().map_or(0, |validator| validator.iter_errors(value).take(MOST).count())
}

fn extend(value: &mut Value, ready: &Ready, problem: &Value, names: &[&str]) {
    for name in names {
        let (Some(told), Some(members)) = (problem.get(name), value.as_object_mut()) else { continue };
        if members.contains_key(*name) {
            continue;
        }
        members.insert((*name).to_owned(), told.clone());
        if !ready.accepts(value)
            && let Some(members) = value.as_object_mut()
        {
            members.remove(*name);
        }
    }
}

/// Whether a body already has a place for a list of mistakes.
fn is_listed(value: &Value) -> bool {
    let is_list = |(name, value): (&String, &Value)| member::speaks(name) && value.is_array();
    value.is_array() || value.as_object().is_some_and(|members| members.iter().any(is_list))
}

/// Lists of errors get one item for each mistake, or one for the whole.
fn listed(value: Value, ready: &Ready, facts: &Facts<'_>) -> Value {
    let mut changed = value.clone();
    lengthen(&mut changed, facts, true, 0);
    if ready.accepts(&changed) { changed } else { value }
}

fn lengthen(value: &mut Value, facts: &Facts<'_>, speaks: bool, depth: usize) {
    if depth > DEPTH {
        return;
    }
    match value {
        Value::Object(members) => {
            for (_, value) in members.iter_mut().filter(|(name, _)| member::speaks(name)) {
                lengthen(value, facts, true, depth + 1);
            }
        }
        Value::Array(items) if speaks && items.iter().any(Value::is_object) => {
            items.truncate(1);
            let Some(item) = items.first().cloned() else { return };
            items.resize(facts.mistakes().len().max(1), item);
        }
        Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn gather(
    value: &Value,
    place: &Place<'_>,
    facts: &Facts<'_>,
    at: &mut String,
    depth: usize,
    edits: &mut Vec<Edit>,
) {
    let length = at.len();
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                at.push('/');
                at.push_str(&name.replace('~', "~0").replace('/', "~1"));
                of_member(name, member, members, &place.member(name), facts, at, depth, edits);
                at.truncate(length);
            }
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                let _ = write!(at, "/{number}");
                gather(item, &place.item(number), &facts.of_mistake(number), at, depth, edits);
                at.truncate(length);
            }
        }
        Value::String(_) if depth == 0 => edits.push(Edit { at: at.clone(), choices: facts.detail() }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[expect(clippy::too_many_arguments, reason = "one step of a walk that carries all of these")]
fn of_member(
    name: &str,
    value: &Value,
    beside: &Map<String, Value>,
    place: &Place<'_>,
    facts: &Facts<'_>,
    at: &mut String,
    depth: usize,
    edits: &mut Vec<Edit>,
) {
    if edits.len() >= MOST || depth >= DEPTH {
        return;
    }
    match value {
        Value::Object(_) if member::speaks(name) => gather(value, place, facts, at, depth + 1, edits),
        Value::Array(items) if member::speaks(name) => {
            if items.iter().all(Value::is_string) {
                edits.push(Edit { at: at.clone(), choices: facts.messages() });
            } else {
                gather(value, place, facts, at, depth + 1, edits);
            }
        }
        Value::Object(_) | Value::Array(_) => {}
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            let choices = facts.choices(name, value, beside, place);
            if !choices.is_empty() {
                edits.push(Edit { at: at.clone(), choices });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::{super::schema::Side, *};

    fn problem() -> Value {
        json!({
            "type": "/_lobby/denials#token-expired", "title": "The token has expired", "status": 401,
            "detail": "It expired at noon.", "code": "token.expired", "request_id": "r-1", "hint": "Ask anew.",
        })
    }

    fn told(schema: Value, generated: Value, problem: &Value) -> Value {
        let ready = Ready::new(&Arc::new(schema), Side::Answer);
        assert!(ready.accepts(&generated), "{generated}");
        let now = Timestamp::from_seconds(1_795_000_000);
        let told = tell(generated, &ready, &Told { problem, path: "/books", now }, false);
        assert!(ready.accepts(&told), "{told}");
        told
    }

    #[test]
    fn members_say_what_happened_in_any_spelling_and_one_level_deep() {
        let text = json!({"type": "string"});
        let schema = json!({"type": "object", "properties": {
            "statusCode": {"type": "integer"}, "error": {"type": "object", "properties": {
                "Message": text, "code": text, "requestId": text, "shelf": text}},
            "timestamp": {"type": "string", "format": "date-time"}, "success": {"type": "boolean"}}});
        let generated = json!({"statusCode": 3, "error": {"Message": "Salt", "code": "PV2", "requestId": "x",
            "shelf": "A"}, "timestamp": "2020-01-01T00:00:00Z", "success": true});
        let told = told(schema, generated, &problem());
        assert_eq!(
            told,
            json!({"statusCode": 401, "error": {"Message": "It expired at noon.", "code": "token.expired",
                "requestId": "r-1", "shelf": "A"}, "timestamp": "2026-11-18T11:06:40Z", "success": false})
        );
    }

    #[test]
    fn an_enumerated_code_is_the_one_that_fits_and_a_refused_value_leaves_what_was_generated() {
        let schema = json!({"allOf": [{"$ref": "#/$defs/Info"}, {"type": "object", "properties": {
            "code": {"enum": ["AUTHENTICATION_REQUIRED", "UNAUTHENTICATED"]}, "status": {"enum": [401]}}}],
            "$defs": {"Info": {"type": "object", "properties": {"message": {"type": "string", "maxLength": 5},
                "code": {"type": "string"}}}}});
        let generated = json!({"status": 401, "code": "AUTHENTICATION_REQUIRED", "message": "Salt"});
        let told = told(schema, generated, &problem());
        assert_eq!(told, json!({"status": 401, "code": "UNAUTHENTICATED", "message": "Salt"}));
    }

    #[test]
    fn a_pattern_of_capitals_gets_the_code_in_capitals() {
        let schema = json!({"properties": {"code": {"type": "string", "pattern": "^[A-Z_]+$"}}});
        assert_eq!(told(schema, json!({"code": "A"}), &problem()), json!({"code": "TOKEN_EXPIRED"}));
    }

    #[test]
    fn oauth_errors_are_told_in_their_own_words() {
        let text = json!({"type": "string"});
        let schema = json!({"properties": {"error": text, "error_description": text}});
        let told = told(schema, json!({"error": "a", "error_description": "b"}), &problem());
        assert_eq!(told, json!({"error": "invalid_token", "error_description": "It expired at noon."}));
    }

    #[test]
    fn each_mistake_has_its_item_in_a_list_of_errors() {
        let schema = json!({"type": "object", "required": ["errors"], "properties": {"errors": {"type": "array",
            "items": {"type": "object", "properties": {"field": {"type": "string"}, "message": {"type": "string"}}}}}});
        let item = json!({"field": "x", "message": "y"});
        let problem = json!({"title": "Unprocessable Content", "status": 422, "detail": "2 things", "errors": [
            {"pointer": "/isbn", "in": "body", "name": "isbn", "message": "too short"},
            {"pointer": "", "in": "query", "name": "limit", "message": "no number"}]});
        let told = told(schema, json!({"errors": [item, item, item]}), &problem);
        assert_eq!(
            told,
            json!({"errors": [{"field": "isbn", "message": "too short"}, {"field": "limit", "message": "no number"}]})
        );
    }

    #[test]
    fn an_open_schema_gets_the_problem_itself() {
        assert_eq!(told(json!({"type": "object"}), json!({}), &problem()), problem());
    }
}
