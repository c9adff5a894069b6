use contract::{Contract, Options, Schema};
use serde_json::json;

fn contract(schemas: &str, version: &str) -> Contract {
    let text = format!(
        "openapi: {version}\ninfo: {{title: t, version: '1'}}\npaths:\n  /a:\n    get:\n      responses:\n        '200':\n          description: d\n          content: {{application/json: {{schema: {{$ref: '#/components/schemas/Root'}}}}}}\ncomponents:\n  schemas:\n{schemas}"
    );
    let reading = contract::read_text("api.yaml", text.as_bytes(), &Options::default());
    assert!(reading.problems.is_empty(), "{:?}", reading.problems);
    reading.contract.unwrap()
}

fn schema(contract: &Contract) -> Schema {
    let detail = contract.operations()[0].detail(contract);
    detail.responses[0].content[0].schema.clone().unwrap()
}

#[test]
fn only_what_is_reached_is_bundled_and_recursion_stays_a_reference() {
    let contract = contract(
        "    Root: {type: object, properties: {next: {$ref: '#/components/schemas/Root'}, a: {$ref: '#/components/schemas/A'}}}\n    A: {type: string}\n    Other: {type: string}\n",
        "3.1.0",
    );
    assert_eq!(
        *schema(&contract),
        json!({
            "$ref": "#/$defs/Root",
            "$defs": {
                "Root": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Root"}, "a": {"$ref": "#/$defs/A"}}},
                "A": {"type": "string"}
            }
        })
    );
}

#[test]
fn a_dynamic_reference_means_the_outermost_anchor_of_its_name() {
    let contract = contract(
        "    Root: {$id: 'https://h.test/strings', $defs: {item: {$dynamicAnchor: item, type: string}}, $ref: list}
    List: {$id: 'https://h.test/list', $defs: {item: {$dynamicAnchor: item}}, type: array, items: {$dynamicRef: '#item'}}
",
        "3.1.0",
    );
    let schema = schema(&contract);
    assert_eq!(schema["$defs"]["Root"], json!({"$ref": "#/$defs/list"}));
    assert_eq!(schema["$defs"]["list"], json!({"type": "array", "items": {"$ref": "#/$defs/item"}}));
    assert_eq!(schema["$defs"]["item"], json!({"type": "string"}));
}

#[test]
fn anchors_and_ids_are_followed() {
    let contract = contract(
        "    Root: {type: object, properties: {a: {$ref: '#named'}, b: {$ref: 'https://h.test/b.json#/$defs/x'}}}
    A: {$anchor: named, type: integer}
    B: {$id: 'https://h.test/b.json', $defs: {x: {type: boolean}}}
",
        "3.1.0",
    );
    let schema = schema(&contract);
    assert_eq!(schema["$defs"]["named"], json!({"type": "integer"}));
    assert_eq!(schema["$defs"]["x"], json!({"type": "boolean"}));
}

#[test]
fn the_dialect_of_3_0_is_translated_where_it_is_used() {
    let contract = contract(
        "    Root: {type: object, properties: {n: {type: integer, minimum: 0, exclusiveMinimum: true, nullable: true}}}\n",
        "3.0.3",
    );
    assert_eq!(
        schema(&contract)["$defs"]["Root"]["properties"]["n"],
        json!({"type": ["integer", "null"], "exclusiveMinimum": 0})
    );
}

#[test]
fn a_discriminator_points_into_the_bundle() {
    let contract = contract(
        "    Root: {oneOf: [{$ref: '#/components/schemas/Cat'}], discriminator: {propertyName: kind, mapping: {cat: Cat, dog: '#/components/schemas/Dog'}}}\n    Cat: {type: object}\n    Dog: {type: object}\n",
        "3.1.0",
    );
    let schema = schema(&contract);
    assert_eq!(
        schema["$defs"]["Root"]["discriminator"]["mapping"],
        json!({"cat": "#/$defs/Cat", "dog": "#/$defs/Dog"})
    );
    assert!(schema["$defs"]["Dog"].is_object());
}
