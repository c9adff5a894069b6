//! Every generated value validates: random schemas, each built around a value that satisfies it, so that
//! none contradicts itself.

use model::Timestamp;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value, json};
use std::sync::Arc;

use super::{Purpose, Values, value};
use crate::answer::schema::{Cabinet, Ready, Side};

fn purpose(seed: u64, values: Values) -> Purpose<'static> {
    let now = Timestamp::from_seconds(1_800_000_000);
    Purpose { values, examples: true, seed, now, status: Some(200), given: &[], name: "" }
}

fn made(schema: &Value, seed: u64, values: Values) -> Value {
    let schema = Arc::new(schema.clone());
    value(&Ready::new(&schema, Side::Answer), &Cabinet::default(), &purpose(seed, values))
}

fn check(schema: &Value) {
    let validator = jsonschema::draft202012::options().should_validate_formats(true).build(schema).unwrap();
    for seed in 0..6 {
        for values in [Values::Realistic, Values::Plain] {
            let value = made(schema, seed, values);
            assert!(validator.is_valid(&value), "{schema}\n→ {value}");
            assert_eq!(value, made(schema, seed, values), "the same seed gives the same value");
        }
    }
}

/// Builds values, and schemas around them.
struct Builder {
    rng: ChaCha8Rng,
}

impl Builder {
    fn chance(&mut self, of: u32) -> bool {
        self.rng.random_range(0..of) == 0
    }

    fn witness(&mut self, depth: u32) -> Value {
        match self.rng.random_range(0..if depth > 2 { 5 } else { 9 }) {
            0 => Value::Null,
            1 => Value::Bool(self.chance(2)),
            2 => Value::from(self.rng.random_range(-50..5_000)),
            3 => json!(f64::from(self.rng.random_range(-400_i32..40_000)) / 4.0),
            4 => self.text(),
            5 | 6 => {
                let length = self.rng.random_range(0..4);
                Value::Array((0..length).map(|_| self.witness(depth + 1)).collect())
            }
            _ => {
                let names = ["id", "name", "email", "createdAt", "tags", "x-1", "price", "kind"];
                let count = self.rng.random_range(0..5);
                let pick = |this: &mut Self| names[this.rng.random_range(0..names.len())].to_owned();
                Value::Object((0..count).map(|_| (pick(self), self.witness(depth + 1))).collect())
            }
        }
    }

    fn text(&mut self) -> Value {
        let texts = ["", "a", "abc", "2026-11-24", "a.b@example.com", "AB-123", "ä ö", "hello world"];
        Value::from(texts[self.rng.random_range(0..texts.len())])
    }

    /// A schema that `value` satisfies.
    fn around(&mut self, value: &Value, depth: u32) -> Value {
        if self.chance(25) {
            return json!(true);
        }
        let mut schema = Map::new();
        if !self.chance(5) {
            let kind = kind(value);
            schema.insert(
                "type".into(),
                if kind != "null" && self.chance(6) { json!([kind, "null"]) } else { json!(kind) },
            );
        }
        match value {
            Value::Number(_) => self.number(value, &mut schema),
            Value::String(text) => self.string(text, &mut schema),
            Value::Array(items) => self.array(items, &mut schema, depth),
            Value::Object(members) => self.object(members, &mut schema, depth),
            Value::Null | Value::Bool(_) => {}
        }
        if self.chance(12) {
            schema.insert("enum".into(), json!([self.witness(3), value]));
        } else if self.chance(15) {
            schema.insert("const".into(), value.clone());
        }
        if depth < 3 {
            self.combine(value, &mut schema, depth);
        }
        Value::Object(schema)
    }

    fn combine(&mut self, value: &Value, schema: &mut Map<String, Value>, depth: u32) {
        let other = self.other(value);
        if self.chance(6) {
            let branches = json!([self.around(&other, depth + 1), self.around(value, depth + 1)]);
            schema.insert("anyOf".into(), branches);
        }
        if self.chance(8) {
            // Of another type, so that never both hold.
            let mut own = self.around(value, depth + 1);
            if let Value::Object(own) = &mut own {
                own.insert("type".into(), json!(kind(value)));
            } else {
                own = json!({"type": kind(value)});
            }
            let other = json!({"type": kind(&other)});
            schema.insert(
                "oneOf".into(),
                if self.chance(2) { json!([own, other]) } else { json!([other, own]) },
            );
        }
        if self.chance(8) {
            schema.insert("allOf".into(), json!([self.around(value, depth + 2)]));
        }
        if self.chance(10) {
            schema.insert("not".into(), json!({"type": kind(&other)}));
        }
        if self.chance(10) {
            let then = self.around(value, depth + 2);
            let rest = self.around(&other, depth + 2);
            schema.insert("if".into(), json!({"type": kind(value)}));
            schema.insert("then".into(), then);
            schema.insert("else".into(), rest);
        }
    }

    /// A value of another type.
    fn other(&mut self, value: &Value) -> Value {
        loop {
            let other = self.witness(3);
            let number = other.is_number() && value.is_number();
            if kind(&other) != kind(value) && !number {
                return other;
            }
        }
    }

    fn number(&mut self, value: &Value, schema: &mut Map<String, Value>) {
        let number = value.as_f64().unwrap();
        if self.chance(3) {
            schema.insert("minimum".into(), json!(number - f64::from(self.rng.random_range(0_i32..20))));
        }
        if self.chance(3) {
            schema.insert(
                "exclusiveMaximum".into(),
                json!(number + f64::from(self.rng.random_range(1_i32..20))),
            );
        }
        if self.chance(4) && number != 0.0 {
            schema.insert("multipleOf".into(), if number.fract() == 0.0 { json!(1) } else { json!(0.25) });
        }
    }

    fn string(&mut self, text: &str, schema: &mut Map<String, Value>) {
        let length = text.chars().count();
        if self.chance(3) {
            schema.insert("minLength".into(), json!(length.saturating_sub(self.rng.random_range(0..3))));
        }
        if self.chance(3) {
            schema.insert("maxLength".into(), json!(length + self.rng.random_range(0..3)));
        }
        let pattern = match text {
            "AB-123" => "^[A-Z]{2}-\\d{3}$",
            "abc" | "a" => "^[a-z]+$",
            "hello world" => "^\\w+ \\w+$",
            _ => "",
        };
        if self.chance(3) && !pattern.is_empty() {
            schema.insert("pattern".into(), json!(pattern));
        }
        let format = match text {
            "2026-11-24" => "date",
            "a.b@example.com" => "email",
            _ => "",
        };
        if self.chance(2)
            && !format.is_empty()
            && !schema.contains_key("minLength")
            && !schema.contains_key("maxLength")
        {
            schema.insert("format".into(), json!(format));
        }
    }

    fn array(&mut self, items: &[Value], schema: &mut Map<String, Value>, depth: u32) {
        if self.chance(3) {
            schema.insert("minItems".into(), json!(items.len().saturating_sub(self.rng.random_range(0..2))));
        }
        if self.chance(3) {
            schema.insert("maxItems".into(), json!(items.len() + self.rng.random_range(0..2)));
        }
        if self.chance(5) && super::holds::are_unique(items) {
            schema.insert("uniqueItems".into(), json!(true));
        }
        if !items.is_empty() && self.chance(3) {
            let prefix: Vec<Value> = items.iter().map(|item| self.around(item, depth + 2)).collect();
            schema.insert("prefixItems".into(), Value::Array(prefix));
            if self.chance(2) {
                let word = if self.chance(2) { "items" } else { "unevaluatedItems" };
                schema.insert(word.into(), json!(false));
            }
        } else if self.chance(2) && items.iter().all(|item| Some(item) == items.first()) {
            let first = items.first().cloned().unwrap_or(json!(1));
            schema.insert("items".into(), self.around(&first, depth + 1));
        } else if self.chance(3) && !items.is_empty() {
            let item = &items[self.rng.random_range(0..items.len())];
            schema.insert("contains".into(), self.around(item, depth + 3));
        }
    }

    fn object(&mut self, members: &Map<String, Value>, schema: &mut Map<String, Value>, depth: u32) {
        let mut properties = Map::new();
        for (name, member) in members {
            if !self.chance(5) {
                properties.insert(name.clone(), self.around(member, depth + 1));
            }
        }
        let all = properties.len() == members.len();
        let required: Vec<&String> = members.keys().filter(|_| self.rng.random_range(0..2) == 0).collect();
        if !required.is_empty() {
            schema.insert("required".into(), json!(required));
        }
        if all && self.chance(3) {
            let word = if self.chance(2) { "additionalProperties" } else { "unevaluatedProperties" };
            schema.insert(word.into(), json!(false));
        } else if !all && self.chance(5) {
            schema.insert("patternProperties".into(), json!({"^x-": true}));
        }
        if self.chance(6) {
            schema.insert("minProperties".into(), json!(members.len()));
        }
        if self.chance(6) {
            schema.insert("maxProperties".into(), json!(members.len()));
        }
        if self.chance(8) {
            schema.insert("propertyNames".into(), json!({"maxLength": 9}));
        }
        let keys: Vec<&String> = members.keys().collect();
        if self.chance(5) && keys.len() > 1 {
            schema.insert("dependentRequired".into(), json!({keys[0].as_str(): [keys[1]]}));
        }
        if self.chance(8) && !keys.is_empty() {
            schema.insert(
                "dependentSchemas".into(),
                json!({keys[0].as_str(): {"required": [keys[keys.len() - 1]]}}),
            );
        }
        if !properties.is_empty() {
            schema.insert("properties".into(), Value::Object(properties));
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_value_validates_against_any_schema_that_has_one(seed in any::<u64>()) {
        let mut builder = Builder { rng: ChaCha8Rng::seed_from_u64(seed) };
        let witness = builder.witness(0);
        let schema = builder.around(&witness, 0);
        let validator = jsonschema::draft202012::options().should_validate_formats(true).build(&schema).unwrap();
        prop_assert!(validator.is_valid(&witness), "the test's own schema is wrong: {schema} {witness}");
        let value = made(&schema, seed, if seed % 4 == 0 { Values::Plain } else { Values::Realistic });
        prop_assert!(validator.is_valid(&value), "{schema}\n→ {value}");
    }
}

#[test]
fn every_keyword_is_met() {
    for schema in [
        json!({"type": "object", "patternProperties": {"^S_": {"type": "string"}}, "additionalProperties": false, "minProperties": 2}),
        json!({"type": "array", "minItems": 3, "contains": {"type": "string"}, "allOf": [{
            "prefixItems": [{"type": "array"}, {"type": "string", "maxLength": 0}, {"enum": ["hello world", null]}],
            "items": false, "allOf": [{"contains": {"const": null}}]}]}),
        json!({"type": "array", "uniqueItems": true, "minItems": 3, "items": {"type": "array", "minItems": 1, "maxItems": 1}}),
        json!({"type": "array", "uniqueItems": true, "prefixItems": [
            {"type": "array", "minItems": 1, "if": {"type": "array"}, "then": {"maxItems": 3}},
            {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]},
            {"type": "array", "minItems": 1}], "minItems": 3, "unevaluatedItems": false}),
        json!({"type": "array", "uniqueItems": true, "minItems": 2, "items": {"type": "object", "required": ["tags"],
            "properties": {"tags": {"type": "array", "minItems": 1, "maxItems": 1, "items": {"type": "integer"}}}}}),
        json!({"type": "string", "minLength": 40, "maxLength": 40}),
        json!({"type": "string", "maxLength": 1}),
        json!({"type": "string", "pattern": "^(?=.*\\d)[a-z0-9]{8}$"}),
        json!({"type": "string", "pattern": "^[a-z]+$", "minLength": 50, "maxLength": 60}),
        json!({"type": "string", "format": "email", "maxLength": 8}),
        json!({"type": "string", "format": "date-time", "maxLength": 20}),
        json!({"type": "string", "format": "uri", "minLength": 80}),
        json!({"allOf": [{"type": "string", "pattern": "^A"}, {"pattern": "^[A-Z]{3}$"}]}),
        json!({"type": "object", "properties": {"status": {"enum": ["a", "b"]}}, "required": ["status"],
            "if": {"properties": {"status": {"const": "a"}}}, "then": {"required": ["why"]}}),
        json!({"oneOf": [
            {"type": "object", "properties": {"kind": {"const": "a"}, "n": {"type": "integer"}}, "required": ["kind"]},
            {"type": "object", "properties": {"kind": {"const": "b"}}, "required": ["kind"]}]}),
        json!({"type": "object", "oneOf": [{"required": ["a"]}, {"required": ["b"]}],
            "properties": {"a": {"type": "string"}, "b": {"type": "string"}}}),
        json!({"type": "object", "not": {"required": ["a", "b"]},
            "properties": {"a": {"type": "string"}, "b": {"type": "string"}}}),
        json!({"type": "array", "uniqueItems": true, "minItems": 3, "items": {"enum": [1, 2, 3]}}),
        json!({"type": "array", "uniqueItems": true, "minItems": 2, "items": {"type": "boolean"}}),
        json!({"type": "array", "contains": {"const": 7}, "minContains": 2, "maxContains": 2, "minItems": 4,
            "items": {"type": "integer"}}),
        json!({"type": "array", "minItems": 100, "items": {"type": "object",
            "oneOf": [{"required": ["a"]}, {"required": ["b"]}], "properties": {"a": true, "b": true}}}),
        json!({"type": "object", "minProperties": 4, "additionalProperties": {"type": "integer"},
            "propertyNames": {"pattern": "^[A-Z]{2}$"}}),
        json!({"type": "object", "minProperties": 2, "patternProperties": {"^x-[a-z]{3}$": {"type": "string"}},
            "additionalProperties": false}),
        json!({"allOf": [{"properties": {"a": {"type": "string"}}, "required": ["a"]}],
            "properties": {"b": {"type": "string"}}, "unevaluatedProperties": false, "type": "object"}),
        json!({"not": {"type": "integer"}, "type": "number", "minimum": 0, "maximum": 1}),
        json!({"not": {"enum": ["amber", "birch"]}, "type": "string"}),
        json!({"$ref": "#/$defs/tree", "$defs": {"tree": {"type": "object", "required": ["children"],
            "properties": {"children": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}}}}),
        json!({"$ref": "#/$defs/expr", "$defs": {"expr": {"oneOf": [
            {"type": "object", "required": ["left", "right"], "additionalProperties": false, "properties": {
                "left": {"$ref": "#/$defs/expr"}, "right": {"$ref": "#/$defs/expr"}}},
            {"type": "integer"}]}}}),
        json!({"$dynamicAnchor": "node", "type": "object", "required": ["kids"], "properties": {
            "kids": {"type": "array", "items": {"$dynamicRef": "#node"}}}, "unevaluatedProperties": false}),
        json!({"type": "object", "maxProperties": 2, "required": ["c"], "properties": {
            "a": {"type": "string"}, "b": {"type": "string"}, "c": {"type": "string"}}}),
        json!({"type": "object", "required": ["id"], "additionalProperties": false, "properties": {
            "id": {"type": "string", "format": "uuid"}, "seen": {"type": ["string", "null"], "format": "date-time"},
            "ip": {"type": "string", "format": "ipv4"}, "span": {"type": "string", "format": "duration"},
            "ref": {"type": "string", "format": "uri-reference"}, "at": {"type": "string", "format": "time"},
            "p": {"type": "string", "format": "json-pointer"}, "h": {"type": "string", "format": "hostname"},
            "v6": {"type": "string", "format": "ipv6"}, "r": {"type": "string", "format": "regex"},
            "t": {"type": "string", "format": "uri-template"}, "i": {"type": "string", "format": "idn-email"}}}),
    ] {
        check(&schema);
    }
}

#[test]
fn contradictions_and_endless_schemas_end_with_something() {
    for schema in [
        json!(false),
        json!({"type": "string", "enum": [1]}),
        json!({"allOf": [{"type": "string"}, {"type": "integer"}]}),
        json!({"type": "string", "minLength": 10, "maxLength": 2}),
        json!({"type": "string", "minLength": 4_000_000_000_u64}),
        json!({"type": "array", "minItems": 4_000_000_000_u64, "items": {"type": "integer"}}),
        json!({"type": "object", "minProperties": 4_000_000_000_u64}),
        json!({"$ref": "#"}),
        json!({"$ref": "#/$defs/a", "$defs": {"a": {"type": "object", "required": ["a"],
            "properties": {"a": {"$ref": "#/$defs/a"}}}}}),
        json!({"$ref": "#/$defs/a", "$defs": {"a": {"type": "array", "minItems": 3, "items": {"$ref": "#/$defs/a"}}}}),
        json!({"type": "array", "uniqueItems": true, "minItems": 3, "items": {"type": "boolean"}}),
        json!({"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 2}),
        json!({"type": "string", "pattern": "^(a{1000}){1000}$"}),
        json!({"not": {}}),
    ] {
        let started = made(&schema, 1, Values::Realistic);
        assert!(started.to_string().len() < 2_000_000, "{schema}");
    }
}

#[test]
fn a_discriminator_names_the_branch_that_was_taken() {
    let schema = json!({
        "type": "array", "minItems": 8,
        "items": {"oneOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}],
            "discriminator": {"propertyName": "petType", "mapping": {"kitty": "#/$defs/Cat"}}},
        "$defs": {
            "Pet": {"type": "object", "required": ["petType"], "properties": {"petType": {"type": "string"}}},
            "Cat": {"allOf": [{"$ref": "#/$defs/Pet"}, {"required": ["claws"], "properties": {"claws": {"type": "integer"}},
                "not": {"required": ["barks"]}}]},
            "Dog": {"allOf": [{"$ref": "#/$defs/Pet"}, {"required": ["barks"], "properties": {"barks": {"type": "boolean"}}}]},
        },
    });
    for item in made(&schema, 4, Values::Realistic).as_array().unwrap() {
        let wanted = if item.get("claws").is_some() && item.get("barks").is_none() { "kitty" } else { "Dog" };
        assert_eq!(item["petType"], wanted, "{item}");
    }
}

#[test]
fn values_are_realistic_or_plain_as_asked() {
    let schema = json!({"type": "object", "properties": {
        "id": {"type": "integer"}, "email": {"type": "string", "format": "email"}, "name": {"type": "string"},
        "active": {"type": "boolean"}, "createdAt": {"type": "string", "format": "date-time"},
        "password": {"type": "string", "writeOnly": true}, "price": {"type": "number"}}, "required": ["password"]});
    let real = made(&schema, 9, Values::Realistic);
    assert!(real["email"].as_str().unwrap().ends_with("@example.com"), "{real}");
    assert!(real["createdAt"].as_str().unwrap().starts_with("202"), "{real}");
    assert!(real.get("password").is_none(), "{real}");
    let plain = made(&schema, 9, Values::Plain);
    assert_eq!(plain["id"], 0);
    assert_eq!(plain["name"], "string");
    assert_eq!(plain["active"], true);
}

#[test]
fn a_member_repeats_the_path_parameter_that_it_names() {
    let schema = Arc::new(
        json!({"type": "object", "properties": {"id": {"type": "integer"}, "shop": {"type": "string"}}}),
    );
    let given = [("shop", "north".to_owned()), ("bookId", "42".to_owned())];
    let purpose = Purpose { given: &given, ..purpose(1, Values::Realistic) };
    let value = value(&Ready::new(&schema, Side::Answer), &Cabinet::default(), &purpose);
    assert_eq!(value, json!({"id": 42, "shop": "north"}));
}

#[test]
fn items_that_must_differ_do_also_where_values_are_plain() {
    for schema in [
        json!({"type": "array", "minItems": 50, "uniqueItems": true, "items": {"type": "object", "required": ["id"],
            "properties": {"id": {"type": "integer"}}}}),
        json!({"type": "array", "minItems": 30, "uniqueItems": true, "items": {"type": "integer", "minimum": 0, "maximum": 29}}),
        json!({"type": "array", "minItems": 20, "uniqueItems": true, "items": {"type": "string"}}),
    ] {
        let plain = made(&schema, 1, Values::Plain);
        assert!(Ready::new(&Arc::new(schema.clone()), Side::Answer).accepts(&plain), "{schema}: {plain}");
    }
}

#[test]
fn items_made_from_one_example_have_identifiers_of_their_own() {
    let schema = json!({"type": "array", "minItems": 3, "maxItems": 3, "items": {"type": "object",
        "required": ["id", "title", "authorId"],
        "properties": {"id": {"type": "string", "pattern": "^b-[0-9]{4}$"}, "title": {"type": "string"},
            "authorId": {"type": "integer"}, "slug": {"const": "one"}},
        "example": {"id": "b-1009", "title": "Dune", "authorId": 7, "slug": "one"}}});
    let list = made(&schema, 3, Values::Realistic);
    let ids: Vec<&Value> = list.as_array().unwrap().iter().map(|item| &item["id"]).collect();
    assert_eq!(ids, ["b-1009", "b-1010", "b-1011"], "{list}");
    assert!(
        list.as_array().unwrap().iter().all(|item| item["slug"] == "one" && item["authorId"] == 7),
        "{list}"
    );
    assert_eq!(list, made(&schema, 3, Values::Realistic));
}

#[test]
fn codes_subjects_and_months_look_like_what_they_are() {
    let schema = json!({"type": "object", "required": ["country", "sub", "month"], "properties": {
        "country": {"type": "string", "minLength": 2, "maxLength": 2}, "sub": {"type": "string"},
        "month": {"type": "string", "pattern": "^20[0-9]{2}-(0[1-9]|1[0-2])$"}}});
    for seed in 0..20 {
        let value = made(&schema, seed, Values::Realistic);
        let country = value["country"].as_str().unwrap();
        assert!(country.bytes().all(|byte| byte.is_ascii_uppercase()), "{value}");
        assert!(value["sub"].as_str().unwrap().starts_with("user_"), "{value}");
        let now: String = Timestamp::to_string(&purpose(1, Values::Realistic).now).chars().take(3).collect();
        assert!(value["month"].as_str().unwrap().starts_with(&now), "{value}");
    }
}
