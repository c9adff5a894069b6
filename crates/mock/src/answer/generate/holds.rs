//! Whether a value satisfies a part of a schema: a plain reading of the keywords, for the choices that a
//! generator makes on its way. The whole value is judged by `jsonschema` in the end; `unevaluated*` is left
//! to it.

use std::collections::BTreeSet;

use serde_json::{Map, Number, Value};

use super::resolve::{Resolver, address};
use crate::answer::schema::Cabinet;

/// Judges values against parts of one schema.
pub(crate) struct Judge<'a, 'c> {
    pub(crate) resolver: &'c Resolver<'a>,
    pub(crate) cabinet: &'c Cabinet,
}

/// References that are being followed for one and the same value: following one twice proves nothing.
type Trail = Vec<usize>;

impl<'a> Judge<'a, '_> {
    /// Whether `value` satisfies `node`. `fuel` is what it may cost; without any left, it does.
    pub(crate) fn holds(&self, node: &'a Value, value: &Value, fuel: &mut u32) -> bool {
        self.judge(node, value, fuel, &mut Vec::new())
    }

    fn judge(&self, node: &'a Value, value: &Value, fuel: &mut u32, trail: &mut Trail) -> bool {
        let map = match node {
            Value::Bool(truth) => return *truth,
            Value::Object(map) => map,
            Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) => return true,
        };
        if *fuel == 0 {
            return true;
        }
        *fuel -= 1;
        is_of_type(map, value)
            && map.get("const").is_none_or(|wanted| same(wanted, value))
            && map.get("enum").and_then(Value::as_array).is_none_or(|all| all.iter().any(|w| same(w, value)))
            && self.references(node, map, value, fuel, trail)
            && self.combinators(map, value, fuel, trail)
            && match value {
                Value::Number(number) => number_holds(map, number),
                Value::String(text) => self.text_holds(map, text),
                Value::Array(items) => self.array_holds(map, items, fuel),
                Value::Object(members) => self.object_holds(map, members, value, fuel),
                Value::Null | Value::Bool(_) => true,
            }
    }

    fn references(
        &self,
        node: &'a Value,
        map: &'a Map<String, Value>,
        value: &Value,
        fuel: &mut u32,
        trail: &mut Trail,
    ) -> bool {
        ["$ref", "$dynamicRef"].iter().all(|word| {
            let Some(reference) = map.get(*word).and_then(Value::as_str) else { return true };
            let found = if *word == "$ref" {
                self.resolver.target(node, reference)
            } else {
                self.resolver.dynamic(node, reference, &[])
            };
            let Some((target, _)) = found else { return true };
            if trail.contains(&address(target)) {
                return true;
            }
            trail.push(address(target));
            let holds = self.judge(target, value, fuel, trail);
            trail.pop();
            holds
        })
    }

    fn combinators(
        &self,
        map: &'a Map<String, Value>,
        value: &Value,
        fuel: &mut u32,
        trail: &mut Trail,
    ) -> bool {
        let list = |word| map.get(word).and_then(Value::as_array).map(Vec::as_slice);
        if !list("allOf").unwrap_or_default().iter().all(|part| self.judge(part, value, fuel, trail)) {
            return false;
        }
        if let Some(any) = list("anyOf")
            && !any.is_empty()
            && !any.iter().any(|part| self.judge(part, value, fuel, trail))
        {
            return false;
        }
        if let Some(one) = list("oneOf")
            && !one.is_empty()
            && one.iter().filter(|part| self.judge(part, value, fuel, trail)).take(2).count() != 1
        {
            return false;
        }
        if map.get("not").is_some_and(|not| self.judge(not, value, fuel, trail)) {
            return false;
        }
        let Some(condition) = map.get("if") else { return true };
        let word = if self.judge(condition, value, fuel, trail) { "then" } else { "else" };
        map.get(word).is_none_or(|part| self.judge(part, value, fuel, trail))
    }

    /// Whether a text or number is within the bounds, patterns and formats of one schema object.
    pub(crate) fn scalar_holds(&self, map: &Map<String, Value>, value: &Value) -> bool {
        match value {
            Value::Number(number) => number_holds(map, number),
            Value::String(text) => self.text_holds(map, text),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => true,
        }
    }

    fn text_holds(&self, map: &Map<String, Value>, text: &str) -> bool {
        let length = text.chars().count() as u64;
        bound(map, "minLength").is_none_or(|least| length >= least)
            && bound(map, "maxLength").is_none_or(|most| length <= most)
            && map
                .get("pattern")
                .and_then(Value::as_str)
                .is_none_or(|pattern| self.cabinet.matches(pattern, text))
            && map
                .get("format")
                .and_then(Value::as_str)
                .is_none_or(|format| self.cabinet.is_format(format, text))
    }

    fn array_holds(&self, map: &'a Map<String, Value>, items: &[Value], fuel: &mut u32) -> bool {
        let length = items.len() as u64;
        if bound(map, "minItems").is_some_and(|least| length < least)
            || bound(map, "maxItems").is_some_and(|most| length > most)
            || (map.get("uniqueItems") == Some(&Value::Bool(true)) && !are_unique(items))
        {
            return false;
        }
        let prefix = map.get("prefixItems").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let rest = map.get("items");
        for (place, item) in items.iter().enumerate() {
            if !prefix.get(place).or(rest).is_none_or(|part| self.holds(part, item, fuel)) {
                return false;
            }
        }
        let Some(contains) = map.get("contains") else { return true };
        let found = items.iter().filter(|item| self.holds(contains, item, fuel)).count() as u64;
        found >= bound(map, "minContains").unwrap_or(1)
            && bound(map, "maxContains").is_none_or(|most| found <= most)
    }

    fn object_holds(
        &self,
        map: &'a Map<String, Value>,
        members: &Map<String, Value>,
        value: &Value,
        fuel: &mut u32,
    ) -> bool {
        let count = members.len() as u64;
        if bound(map, "minProperties").is_some_and(|least| count < least)
            || bound(map, "maxProperties").is_some_and(|most| count > most)
            || !names(map.get("required")).all(|name| members.contains_key(name))
        {
            return false;
        }
        for (name, member) in members {
            let (parts, _) = self.parts(map, name);
            if !parts.iter().all(|part| self.holds(part, member, fuel)) {
                return false;
            }
            let name_value = Value::from(name.as_str());
            if map.get("propertyNames").is_some_and(|part| !self.holds(part, &name_value, fuel)) {
                return false;
            }
            let needed = map.get("dependentRequired").and_then(|all| all.get(name));
            if !names(needed).all(|needed| members.contains_key(needed)) {
                return false;
            }
            let dependent = map.get("dependentSchemas").and_then(|all| all.get(name));
            if dependent.is_some_and(|part| !self.holds(part, value, fuel)) {
                return false;
            }
        }
        true
    }

    /// The schemas of one schema object that a member of this name must satisfy, and whether the name is
    /// one that it speaks of (in `properties` or `patternProperties`).
    pub(crate) fn parts(&self, map: &'a Map<String, Value>, name: &str) -> (Vec<&'a Value>, bool) {
        let mut parts = Vec::new();
        if let Some(part) = map.get("properties").and_then(|all| all.get(name)) {
            parts.push(part);
        }
        if let Some(patterns) = map.get("patternProperties").and_then(Value::as_object) {
            let fitting = patterns.iter().filter(|(pattern, _)| self.cabinet.matches(pattern, name));
            parts.extend(fitting.map(|(_, part)| part));
        }
        let known = !parts.is_empty();
        if !known && let Some(part) = map.get("additionalProperties") {
            parts.push(part);
        }
        (parts, known)
    }
}

/// The strings of a list.
pub(crate) fn names(list: Option<&Value>) -> impl Iterator<Item = &str> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// A keyword that is a count; `2.0` is one too.
pub(crate) fn bound(map: &Map<String, Value>, word: &str) -> Option<u64> {
    let value = map.get(word)?;
    value.as_u64().or_else(|| {
        let number = value.as_f64().filter(|number| *number >= 0.0 && number.fract() == 0.0)?;
        format!("{number:.0}").parse().ok()
    })
}

/// Equality of JSON Schema: `1` is `1.0`.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

/// Whether no two items are the same.
pub(crate) fn are_unique(items: &[Value]) -> bool {
    let simple: Option<BTreeSet<&str>> = items.iter().map(Value::as_str).collect();
    if let Some(texts) = simple {
        return texts.len() == items.len();
    }
    items.iter().enumerate().all(|(place, item)| !items.iter().skip(place + 1).any(|other| same(item, other)))
}

/// Whether a value is of the schema's `type`.
fn is_of_type(map: &Map<String, Value>, value: &Value) -> bool {
    let is = |kind: &str| match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => {
            value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0)
        }
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    };
    match map.get("type") {
        Some(Value::String(kind)) => is(kind),
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).any(is),
        _ => true,
    }
}

fn number_holds(map: &Map<String, Value>, number: &Number) -> bool {
    let value = number.as_f64().unwrap_or(0.0);
    let limit = |word| map.get(word).and_then(Value::as_f64);
    limit("minimum").is_none_or(|limit| value >= limit)
        && limit("maximum").is_none_or(|limit| value <= limit)
        && limit("exclusiveMinimum").is_none_or(|limit| value > limit)
        && limit("exclusiveMaximum").is_none_or(|limit| value < limit)
        && limit("multipleOf").is_none_or(|step| step <= 0.0 || is_multiple(value, step))
}

/// Whether a number is a multiple of another, with the patience that decimals in binary need.
fn is_multiple(value: f64, step: f64) -> bool {
    let ratio = value / step;
    (ratio - ratio.round()).abs() <= f64::EPSILON * ratio.abs().max(1.0) * 4.0
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_keyword_is_judged_as_jsonschema_does() {
        let cases = [
            (json!({"type": "integer"}), json!(1.0)),
            (json!({"type": "integer"}), json!(1.5)),
            (json!({"type": ["null", "string"]}), json!(null)),
            (json!({"const": 1}), json!(1.0)),
            (json!({"enum": ["a", "b"]}), json!("c")),
            (json!({"multipleOf": 0.01}), json!(19.99)),
            (json!({"multipleOf": 3, "exclusiveMaximum": 9}), json!(9)),
            (json!({"oneOf": [{"type": "string"}, {"minLength": 2}]}), json!("abc")),
            (json!({"oneOf": [{"type": "string"}, {"minLength": 4}]}), json!("abc")),
            (json!({"not": {"required": ["a"]}}), json!({"a": 1})),
            (json!({"if": {"minimum": 5}, "then": {"multipleOf": 2}, "else": {"const": 1}}), json!(6)),
            (json!({"if": {"minimum": 5}, "then": {"multipleOf": 2}, "else": {"const": 1}}), json!(2)),
            (json!({"contains": {"const": 1}, "maxContains": 1}), json!([1, 1])),
            (json!({"contains": {"const": 1}, "minContains": 0}), json!([])),
            (json!({"uniqueItems": true}), json!([1, 1.0])),
            (json!({"prefixItems": [{"type": "string"}], "items": false}), json!(["a", 1])),
            (
                json!({"patternProperties": {"^x": {"type": "string"}}, "additionalProperties": false}),
                json!({"x": 1}),
            ),
            (json!({"patternProperties": {"^x": true}, "additionalProperties": false}), json!({"y": 1})),
            (json!({"propertyNames": {"maxLength": 1}}), json!({"ab": 1})),
            (json!({"dependentRequired": {"a": ["b"]}}), json!({"a": 1})),
            (json!({"dependentSchemas": {"a": {"required": ["b"]}}}), json!({"a": 1, "b": 1})),
            (json!({"$ref": "#/$defs/a", "$defs": {"a": {"type": "string"}}}), json!(1)),
            (json!({"minLength": 2, "maxLength": 2}), json!("äö")),
            (json!({"format": "date"}), json!("2024-02-30")),
        ];
        let cabinet = Cabinet::default();
        for (schema, value) in cases {
            let resolver = Resolver::new(&schema, false);
            let judge = Judge { resolver: &resolver, cabinet: &cabinet };
            let expected = jsonschema::draft202012::options()
                .should_validate_formats(true)
                .build(&schema)
                .unwrap()
                .is_valid(&value);
            assert_eq!(judge.holds(&schema, &value, &mut 1000), expected, "{schema} {value}");
        }
    }

    #[test]
    fn a_reference_to_itself_ends() {
        let schema = json!({"$ref": "#"});
        let resolver = Resolver::new(&schema, false);
        let cabinet = Cabinet::default();
        assert!(Judge { resolver: &resolver, cabinet: &cabinet }.holds(&schema, &json!(1), &mut 1000));
    }
}
