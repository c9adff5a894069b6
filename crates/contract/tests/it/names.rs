//! `$self`, which names a document, and the dialects that schemas are written in.

use std::{collections::BTreeMap, path::PathBuf};

use contract::{Address, LoadError, Loaded, Loader, Options, Reading, Schema};
use serde_json::{Value, json};

/// Files by name, and answers of other hosts by URL.
struct Shelf(BTreeMap<&'static str, &'static str>);

impl Loader for Shelf {
    fn load(&self, address: &Address) -> Result<Loaded, LoadError> {
        let text = self.0.get(address.as_str()).ok_or(LoadError::Missing)?;
        Ok(Loaded { shown: PathBuf::from(address.as_str()), bytes: text.as_bytes().to_vec(), moved: None })
    }
}

fn read(files: &[(&'static str, &'static str)], remote: bool) -> Reading {
    let entry = Address::File(files[0].0.to_owned());
    let options = Options { remote, ..Options::default() };
    contract::read(&entry, &Shelf(files.iter().copied().collect()), &options)
}

fn schema(reading: &Reading) -> Schema {
    let contract = reading.contract.as_ref().unwrap();
    contract.operations()[0].detail(contract).responses[0].content[0].schema.clone().unwrap()
}

/// The part that the document refers to.
fn pet(reading: &Reading) -> Value {
    schema(reading)["$defs"]["pet.yaml"].clone()
}

fn codes(reading: &Reading) -> Vec<&str> {
    reading.problems.iter().map(|problem| problem.code).collect()
}

const NAMED: &str = "openapi: 3.2.0
$self: https://example.com/api/openapi.yaml
info: {title: t, version: '1'}
paths: {/a: {get: {responses: {'200': {description: d, content: {application/json: {schema: {$ref: parts/pet.yaml}}}}}}}}
components: {schemas: {Name: {type: string}}}
";
const PET: &str = "type: object
properties: {name: {$ref: '../openapi.yaml#/components/schemas/Name'}}
";

#[test]
fn a_reference_to_a_documents_own_name_leads_back_to_it() {
    let absolute =
        "properties: {name: {$ref: 'https://example.com/api/openapi.yaml#/components/schemas/Name'}}\n";
    let reading = read(&[("local.yaml", NAMED), ("parts/pet.yaml", absolute)], false);
    assert_eq!(codes(&reading), [""; 0]);
    assert_eq!(pet(&reading)["properties"]["name"], json!({"$ref": "#/$defs/Name"}));
}

#[test]
fn a_copy_beside_the_document_comes_before_its_url() {
    let remote = ("https://example.com/api/parts/pet.yaml", "type: integer\n");
    let reading = read(&[("openapi.yaml", NAMED), ("parts/pet.yaml", PET), remote], true);
    assert_eq!(codes(&reading), [""; 0]);
    assert_eq!(pet(&reading)["type"], "object");
    assert_eq!(reading.files, ["openapi.yaml", "parts/pet.yaml"].map(PathBuf::from));
}

#[test]
fn what_lies_beside_the_name_alone_is_fetched_where_that_is_allowed() {
    let files = [("local.yaml", NAMED), ("https://example.com/api/parts/pet.yaml", PET)];
    let reading = read(&files, true);
    // The fetched file's own reference leads to the document by its name: it is not fetched again.
    assert_eq!(codes(&reading), [""; 0]);
    assert_eq!(pet(&reading)["properties"]["name"], json!({"$ref": "#/$defs/Name"}));
    let reading = read(&files, false);
    assert_eq!(codes(&reading), ["reference.broken"]);
    let help = reading.problems[0].help.clone().unwrap();
    assert!(help.contains("--allow-remote-refs"), "{help}");
}

#[test]
fn a_name_means_something_from_3_2_on_and_has_no_fragment() {
    let older = NAMED.replace("3.2.0", "3.1.1");
    let files = BTreeMap::from([
        ("local.yaml".to_owned(), older.into_bytes()),
        (
            "parts/pet.yaml".to_owned(),
            b"$ref: 'https://example.com/api/openapi.yaml#/components/schemas/Name'".to_vec(),
        ),
    ]);
    let reading = contract::read(&Address::File("local.yaml".to_owned()), &files, &Options::default());
    assert!(codes(&reading).contains(&"reference.broken"));
    let torn = NAMED.replace("openapi.yaml\n", "openapi.yaml#x\n");
    let files = BTreeMap::from([
        ("local.yaml".to_owned(), torn.into_bytes()),
        ("parts/pet.yaml".to_owned(), b"{}".to_vec()),
    ]);
    let reading = contract::read(&Address::File("local.yaml".to_owned()), &files, &Options::default());
    assert_eq!(codes(&reading), ["document.self"]);
    // The served document is another one, and says so.
    let served = reading.contract.unwrap().served_document(&contract::Pointers::default());
    assert!(served.get("$self").is_none());
}

/// A document whose one schema is `schema`, in a dialect.
fn written(dialect: &str, schema: &str) -> Reading {
    let text = format!(
        "openapi: 3.1.0\n{dialect}\ninfo: {{title: t, version: '1'}}\npaths: {{/a: {{get: {{responses: {{'200': {{description: d, \
         content: {{application/json: {{schema: {schema}}}}}}}}}}}}}}}\n"
    );
    contract::read_text("a.yaml", text.as_bytes(), &Options::default())
}

fn bundled(dialect: &str, text: &str) -> Value {
    let reading = written(dialect, text);
    assert_eq!(codes(&reading), [""; 0], "{dialect} {text}");
    (*schema(&reading)).clone()
}

#[test]
fn older_drafts_are_read_by_their_own_words() {
    let draft = |number: &str| format!("jsonSchemaDialect: 'http://json-schema.org/draft-{number}/schema#'");
    let bound = "{type: integer, minimum: 1, exclusiveMinimum: true}";
    assert_eq!(bundled(&draft("04"), bound), json!({"type": "integer", "exclusiveMinimum": 1}));
    // In 2020-12 the word has a number, so here it says nothing.
    assert_eq!(bundled("", bound), json!({"type": "integer", "minimum": 1}));
    assert_eq!(bundled(&draft("07"), bound), json!({"type": "integer", "minimum": 1}));
    let tuple = "{type: array, items: [{type: string}], additionalItems: false}";
    let told = json!({"type": "array", "prefixItems": [{"type": "string"}], "items": false});
    assert_eq!(bundled(&draft("07"), tuple), told);
    let depends = "{dependencies: {a: [b], c: {required: [d]}}}";
    let told = json!({"dependentRequired": {"a": ["b"]}, "dependentSchemas": {"c": {"required": ["d"]}}});
    assert_eq!(bundled(&draft("04"), depends), told);
    // Beside a reference nothing counts, until 2019-09.
    let beside = "{properties: {a: {type: string}, b: {$ref: '#/paths/~1a/get/responses/200/content/application~1json/schema/properties/a', maxLength: 3}}}";
    assert_eq!(bundled(&draft("06"), beside)["properties"]["b"], json!({"$ref": "#/$defs/a"}));
    assert_eq!(bundled("", beside)["properties"]["b"], json!({"$ref": "#/$defs/a", "maxLength": 3}));
}

#[test]
fn a_schema_may_name_another_dialect_than_its_document() {
    let mixed = "{properties: {old: {$schema: 'http://json-schema.org/draft-04/schema#', minimum: 1, exclusiveMinimum: true}, \
                 new: {exclusiveMinimum: 1}}}";
    let schema = bundled("", mixed);
    assert_eq!(schema["properties"], json!({"old": {"exclusiveMinimum": 1}, "new": {"exclusiveMinimum": 1}}));
}

#[test]
fn a_dialect_that_nobody_knows_is_told_and_read_as_2020_12() {
    let reading = written("jsonSchemaDialect: https://example.com/ours", "{exclusiveMinimum: 1}");
    assert_eq!(codes(&reading), ["schema.dialect"]);
    assert_eq!(reading.problems[0].place.as_ref().unwrap().line, 2);
    assert_eq!(*schema(&reading), json!({"exclusiveMinimum": 1}));
    let known = "jsonSchemaDialect: https://spec.openapis.org/oas/3.1/dialect/base";
    assert_eq!(codes(&written(known, "{}")), [""; 0]);
    // An editor's hint at the root is about the document.
    let hint = "$schema: https://spec.openapis.org/oas/3.1/schema/2022-10-07";
    assert!(!codes(&written(hint, "{}")).contains(&"schema.dialect"));
}
