//! Bodies for fuzzing: nothing may panic, hang or answer differently twice.

use std::collections::BTreeMap;

use crate::{Address, NormalPath, Options, Pointers, Routed, read};

/// Reads the bytes as JSON or YAML, after which everything of the contract is asked for.
pub fn document(bytes: &[u8]) {
    let name = if bytes.first().is_some_and(|byte| byte % 2 == 0) { "a.json" } else { "a.yaml" };
    let loader = BTreeMap::from([(name.to_owned(), bytes.to_vec())]);
    let reading = read(&Address::File(name.to_owned()), &loader, &Options::default());
    let _ = crate::report::text(&reading.problems, true);
    let Some(contract) = reading.contract else { return };
    for operation in contract.operations() {
        let _ = operation.detail(&contract);
    }
    let _ = contract.served_document(&Pointers::default());
}

const ROUTES: &str = "openapi: 3.1.0
info: {title: t, version: '1'}
paths:
  /a: {get: {responses: {default: {description: d}}}}
  /a/{b}: {get: {responses: {default: {description: d}}}}
  /a/{b}/c: {get: {responses: {default: {description: d}}}}
  /a/{b}-{c}.json: {get: {responses: {default: {description: d}}}}
  /{d}/c: {get: {responses: {default: {description: d}}}}
";

/// Normalises the bytes as a path and routes it: the one spelling of a path must be a fixed point.
///
/// # Panics
/// When it is not: that is what fuzzing looks for.
pub fn path(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(path) = NormalPath::parse(text) else { return };
    let again = NormalPath::parse(&path.to_string());
    assert_eq!(again.as_ref(), Ok(&path), "{text:?} is normalised twice");
    let Some(contract) = crate::read_text("a.yaml", ROUTES.as_bytes(), &Options::default()).contract else {
        return;
    };
    if let Routed::To { operation, captures } = contract.route(&http::Method::GET, &path) {
        assert!(captures.len() <= operation.template.segments.len() * 2);
    }
}
