use std::collections::BTreeMap;

use contract::{Contract, NormalPath, Options, Rules, Segment, UnknownOperation, fuzz};
use proptest::prelude::*;

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        fuzz::document(&bytes);
    }

    #[test]
    fn no_mangled_document_makes_the_reader_panic(at in 0_usize..9000, byte in any::<u8>(), cut in any::<bool>()) {
        let mut bytes = include_bytes!("../../../../examples/bookshop.openapi.yaml").to_vec();
        let at = at % bytes.len();
        bytes[at] = byte;
        if cut {
            bytes.truncate(at);
        }
        fuzz::document(&bytes);
    }

    #[test]
    fn a_normal_path_is_a_fixed_point(text in "/(([a-c.]|%2[eEfF]|%25|%5[cC]|%[0-9a-f]{2}|/|-|ü){0,12})") {
        fuzz::path(text.as_bytes());
    }

    #[test]
    fn no_bytes_make_the_path_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        fuzz::path(&bytes);
    }
}

fn contract(paths: &str) -> Contract {
    let text = format!("openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths: {{{paths}}}\n");
    contract::read_text("api.yaml", text.as_bytes(), &Options::default()).contract.unwrap()
}

fn routed(contract: &Contract, path: &str) -> String {
    match contract.route(&http::Method::GET, &NormalPath::parse(path).unwrap()) {
        contract::Routed::To { operation, .. } => operation.template.text.clone(),
        contract::Routed::WrongMethod { .. } => "405".to_owned(),
        contract::Routed::Unknown => "404".to_owned(),
        contract::Routed::Invalid(error) => error.to_string(),
    }
}

#[test]
fn the_most_specific_template_wins() {
    let contract = contract(
        "'/a/{b}': {get: {}}, /a/b: {get: {}}, '/a/{b}.json': {get: {}}, '/a/x{b}.json': {get: {}}, '/{c}/b': {get: {}}, /p: {post: {}}",
    );
    for (path, template) in [
        ("/a/b", "/a/b"),
        ("/a/%62", "/a/b"),
        ("/a/c", "/a/{b}"),
        ("/a/c.json", "/a/{b}.json"),
        ("/a/xc.json", "/a/x{b}.json"),
        ("/z/b", "/{c}/b"),
        ("/a/", "404"),
        ("/a/b/", "404"),
        ("/a//b", "404"),
        ("/p", "405"),
    ] {
        assert_eq!(routed(&contract, path), template, "{path}");
    }
}

#[test]
fn an_escaped_slash_is_data_unless_it_could_mean_another_operation() {
    let contract = contract("'/a/{b}': {get: {}}, '/a/{b}/c': {get: {}}");
    assert_eq!(routed(&contract, "/a/x%2Fy"), "/a/{b}");
    assert_eq!(routed(&contract, "/a/x%2Fc"), "an escaped slash would change which operation is meant");
    assert_eq!(routed(&contract, "/a%2Fx"), "an escaped slash would change which operation is meant");
    assert_eq!(NormalPath::parse("/a/x%2F..").map(|_| ()), Err(contract::PathError::Slash));
}

#[test]
fn rules_of_lobby_yaml_replace_those_of_the_document_key_by_key() {
    let text = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths: {/a: {get: {operationId: readAll, security: [{k: []}], x-lobby: {roles: [a], acr: high}}}}\ncomponents: {securitySchemes: {k: {type: http, scheme: bearer}}}\n";
    let mut contract =
        contract::read_text("api.yaml", text.as_bytes(), &Options::default()).contract.unwrap();
    let rules = Rules { roles: ["b".to_owned()].into(), ..Rules::default() };
    let faults = contract
        .apply_rules(&BTreeMap::from([("readAll".to_owned(), rules.clone()), ("readAl".to_owned(), rules)]));
    let meant =
        UnknownOperation { name: "readAl".to_owned(), nearest: Some("readAll".to_owned()), public: false };
    assert_eq!(faults, [meant]);
    let rules = &contract.operations()[0].requirement.rules;
    assert!(rules.roles.contains("b") && !rules.roles.contains("a") && rules.acr.as_deref() == Some("high"));
}

#[test]
fn templates_keep_their_segments() {
    let contract = contract("'/a/{b}': {get: {}}");
    let segments = &contract.operations()[0].template.segments;
    assert_eq!(*segments, [Segment::Literal("a".to_owned()), Segment::Parameter("b".to_owned())]);
}

#[test]
fn what_x_lobby_says_is_understood_or_an_error() {
    let problems = |extension: &str, security: &str| {
        let text = format!(
            "openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths: {{/a: {{get: {{responses: {{default: {{description: d}}}}, security: {security}, x-lobby: {extension}}}}}}}\ncomponents: {{securitySchemes: {{k: {{type: http, scheme: bearer}}}}}}\n"
        );
        let reading = contract::read_text("api.yaml", text.as_bytes(), &Options::default());
        reading.problems.iter().map(|problem| problem.code).collect::<Vec<_>>()
    };
    assert!(
        problems(
            "{roles: admin, plans: [gold], max_age: 5m, acr: high, policy: principal.sub == path.id}",
            "[{k: []}]"
        )
        .is_empty()
    );
    for (extension, code) in [
        ("{role: [admin]}", "x-lobby.key"),
        ("{roles: []}", "x-lobby.form"),
        ("{max_age: soon}", "x-lobby.max_age"),
        ("{policy: a == b == c}", "x-lobby.policy"),
        ("true", "x-lobby.form"),
    ] {
        assert_eq!(problems(extension, "[{k: []}]"), [code], "{extension}");
    }
    assert_eq!(problems("{roles: [admin]}", "[]"), ["x-lobby.public"]);
}

/// With each key held against all before it this would not end within the hour.
#[test]
fn a_key_that_stands_four_hundred_thousand_times_is_told_of_at_once() {
    for text in [format!("{{{}\"a\":1}}", "\"a\":1,".repeat(400_000)), "a: 1\n".repeat(400_000)] {
        let reading = contract::read_text("api.yaml", text.as_bytes(), &Options::default());
        assert!(reading.contract.is_none());
        assert!(reading.problems.iter().any(|problem| problem.code == "document.duplicate"));
    }
}
