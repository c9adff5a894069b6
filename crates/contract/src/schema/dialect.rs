use std::collections::HashSet;

use serde_json::{Map, Value, json};

use crate::source::dialect::Dialect;

/// Whether the value of a keyword is of the kind that JSON Schema wants. A validator refuses a whole schema
/// for one odd word, so odd words are left out.
pub(crate) fn fits(name: &str, value: &Value) -> bool {
    match name {
        "type" => is_type(value),
        "required" => value.as_array().is_some_and(|items| items.iter().all(Value::is_string)),
        "enum" => value.as_array().is_some_and(|items| !items.is_empty()),
        "pattern" | "format" | "title" | "description" | "contentMediaType" | "contentEncoding"
        | "$comment" => value.is_string(),
        "minimum" | "maximum" => value.is_number(),
        "exclusiveMinimum" | "exclusiveMaximum" => value.is_number() || value.is_boolean(),
        "multipleOf" => value.as_f64().is_some_and(|step| step > 0.0),
        "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties"
        | "minContains" | "maxContains" => {
            value.as_f64().is_some_and(|bound| bound >= 0.0 && bound.fract() == 0.0)
        }
        "uniqueItems" | "readOnly" | "writeOnly" | "deprecated" | "nullable" => value.is_boolean(),
        "dependentRequired" | "properties" | "patternProperties" | "dependentSchemas" => value.is_object(),
        "examples" => value.is_array(),
        _ => true,
    }
}

/// Takes out what stands twice where a set is meant: a validator refuses the whole schema for it.
pub(crate) fn tidy(name: &str, value: &mut Value) {
    if !matches!(name, "required" | "type" | "enum") {
        return;
    }
    if let Value::Array(items) = value {
        let mut seen: HashSet<String> = HashSet::new();
        items.retain(|item| seen.insert(item.to_string()));
    }
}

fn is_type(value: &Value) -> bool {
    let known = |word: &Value| {
        matches!(
            word.as_str(),
            Some("null" | "boolean" | "object" | "array" | "number" | "string" | "integer" | "file")
        )
    };
    match value {
        Value::Array(words) => !words.is_empty() && words.iter().all(known),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => known(value),
    }
}

/// Any dialect → 2020-12.
pub(crate) fn translate(schema: &mut Map<String, Value>, dialect: Dialect) {
    if let Some(reference) = schema.get("$ref").filter(|_| dialect.has_lone_references()).cloned() {
        schema.clear();
        schema.insert("$ref".to_owned(), reference);
        return;
    }
    exclusive_bounds(schema, dialect);
    // Of a list of items the rest; nothing where there is no list (draft 7 6.4.2).
    if let Some(rest) = schema.remove("additionalItems")
        && schema.contains_key("prefixItems")
    {
        schema.entry("items").or_insert(rest);
    }
    if dialect == Dialect::OpenApi30 {
        openapi30(schema);
    }
}

fn exclusive_bounds(schema: &mut Map<String, Value>, dialect: Dialect) {
    if !dialect.has_boolean_bounds() {
        for flag in ["exclusiveMinimum", "exclusiveMaximum"] {
            if schema.get(flag).is_some_and(Value::is_boolean) {
                schema.remove(flag);
            }
        }
        return;
    }
    for (flag, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        match schema.get(flag).and_then(Value::as_bool) {
            Some(true) => match schema.remove(bound) {
                Some(number) => schema.insert(flag.to_owned(), number),
                None => schema.remove(flag),
            },
            Some(false) => schema.remove(flag),
            None => None,
        };
    }
}

fn openapi30(schema: &mut Map<String, Value>) {
    if schema.get("type").and_then(Value::as_str) == Some("file") {
        schema.insert("type".to_owned(), json!("string"));
        schema.insert("format".to_owned(), json!("binary"));
    }
    if schema.remove("nullable") == Some(Value::Bool(true)) {
        allow_null(schema);
    }
}

fn allow_null(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(values)) = schema.get_mut("enum")
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
    let combined = ["allOf", "anyOf", "oneOf", "not"].iter().any(|word| schema.contains_key(*word));
    if combined {
        // `nullable` beside a combinator is meant for the whole, though 3.0 says otherwise.
        let mut words = std::mem::take(schema);
        let kept = ["title", "description", "example", "readOnly", "writeOnly", "deprecated", "default"];
        for name in kept {
            if let Some(value) = words.remove(name) {
                schema.insert(name.to_owned(), value);
            }
        }
        schema.insert("anyOf".to_owned(), json!([words, {"type": "null"}]));
        return;
    }
    if let Some(kind) = schema.get("type").filter(|kind| kind.is_string()).cloned() {
        schema.insert("type".to_owned(), json!([kind, "null"]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn translated(schema: Value) -> Value {
        let Value::Object(mut schema) = schema else { return schema };
        translate(&mut schema, Dialect::OpenApi30);
        Value::Object(schema)
    }

    #[test]
    fn words_of_3_0_become_those_of_2020_12() {
        assert_eq!(
            translated(json!({"type": "integer", "minimum": 1, "exclusiveMinimum": true})),
            json!({"type": "integer", "exclusiveMinimum": 1})
        );
        assert_eq!(
            translated(json!({"type": "integer", "maximum": 1, "exclusiveMaximum": false})),
            json!({"type": "integer", "maximum": 1})
        );
        assert_eq!(
            translated(json!({"type": "string", "nullable": true})),
            json!({"type": ["string", "null"]})
        );
        assert_eq!(translated(json!({"$ref": "#/a", "nullable": true})), json!({"$ref": "#/a"}));
        assert_eq!(
            translated(json!({"allOf": [{"$ref": "#/a"}], "nullable": true})),
            json!({"anyOf": [{"allOf": [{"$ref": "#/a"}]}, {"type": "null"}]})
        );
        assert_eq!(translated(json!({"type": "file"})), json!({"type": "string", "format": "binary"}));
    }

    #[test]
    fn odd_words_do_not_spoil_a_schema() {
        assert!(!fits("required", &json!(true)));
        assert!(!fits("type", &json!("any")));
        assert!(!fits("multipleOf", &json!(0)));
        assert!(!fits("minLength", &json!(-1)));
        assert!(fits("minLength", &json!(2.0)));
    }
}
