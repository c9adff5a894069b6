use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    sync::{Arc, PoisonError},
};

use serde_json::{Map, Value, json};

use crate::{
    Contract, Schema,
    schema::dialect,
    source::{
        dialect::Dialect,
        document::Kind,
        library::Library,
        view::{At, View},
    },
};

/// Schemas that several operations use, by where they stand.
pub(crate) type Bundles = HashMap<At, Schema>;

/// Bundles that are kept; each may hold a whole document's schemas.
const KEPT: usize = 4096;
/// Values of one bundle. Beyond it a schema takes anything.
const VALUES: usize = 400_000;

/// The schema at `view` with everything that it reaches.
pub(crate) fn bundle(view: View<'_>, contract: &Contract) -> Schema {
    let at = match view.reference() {
        Some(_) if is_bare(view, contract) => view.follow().map_or(view.at, |target| target.at),
        Some(_) | None => view.at,
    };
    if let Some(known) = contract.bundles.lock().unwrap_or_else(PoisonError::into_inner).get(&at) {
        return Arc::clone(known);
    }
    let mut bundler = Bundler {
        library: &contract.library,
        old: contract.dialect.is_old(),
        names: HashMap::new(),
        taken: HashSet::new(),
        waiting: VecDeque::new(),
        scopes: vec![BTreeMap::new()],
        values: 0,
    };
    let schema = Arc::new(bundler.whole(view));
    let mut kept = contract.bundles.lock().unwrap_or_else(PoisonError::into_inner);
    if kept.len() < KEPT {
        kept.insert(at, Arc::clone(&schema));
    }
    drop(kept);
    schema
}

/// Whether nothing but the reference counts.
fn is_bare(view: View<'_>, contract: &Contract) -> bool {
    let old = contract.dialect.is_old();
    dialect_at(&contract.library, view.at, old).has_lone_references() || view.members().count() == 1
}

/// What a schema is written in. A whole OpenAPI 3.0 has its own dialect, whatever its files say.
fn dialect_at(library: &Library, at: At, old: bool) -> Dialect {
    if old { Dialect::OpenApi30 } else { library.dialect(at).unwrap_or(Dialect::Current) }
}

/// What `$dynamicRef`s mean at one place: the outermost `$dynamicAnchor` of each name on the way there
/// (JSON Schema 2020-12 8.2.3.2). An index into [`Bundler::scopes`].
type Scope = usize;

struct Bundler<'a> {
    library: &'a Library,
    old: bool,
    /// The name below `$defs` of each schema as it is seen from each dynamic scope.
    names: HashMap<(At, Scope), String>,
    taken: HashSet<String>,
    waiting: VecDeque<(At, Scope)>,
    scopes: Vec<BTreeMap<String, At>>,
    values: usize,
}

impl<'a> Bundler<'a> {
    fn whole(&mut self, view: View<'a>) -> Value {
        let mut root = self.schema(view, 0);
        let mut definitions = Map::new();
        while let Some((at, scope)) = self.waiting.pop_front() {
            let Some(view) = self.library.view(at) else { continue };
            let schema = if self.values > VALUES { Value::Bool(true) } else { self.schema(view, scope) };
            if let Some(name) = self.names.get(&(at, scope)) {
                definitions.insert(name.clone(), schema);
            }
        }
        if let (Value::Object(root), false) = (&mut root, definitions.is_empty()) {
            root.insert("$defs".to_owned(), Value::Object(definitions));
        }
        root
    }

    fn schema(&mut self, view: View<'a>, scope: Scope) -> Value {
        self.values += 1;
        if let Some(boolean) = view.boolean() {
            return Value::Bool(boolean);
        }
        if !view.is_map() {
            return Value::Bool(true);
        }
        let dialect = dialect_at(self.library, view.at, self.old);
        let scope = self.enter(scope, view.at);
        let mut schema = Map::new();
        for (key, value) in view.members() {
            self.word(&mut schema, view, key.name(), value, scope);
        }
        dialect::translate(&mut schema, dialect);
        Value::Object(schema)
    }

    /// Adds a resource's dynamic anchors to those that are in scope already; the outer ones stay.
    fn enter(&mut self, scope: Scope, at: At) -> Scope {
        if self.library.dynamic.is_empty() {
            return scope;
        }
        let Some(anchors) = self.library.dynamic.get(&self.library.resource(at)) else { return scope };
        let Some(before) = self.scopes.get(scope) else { return scope };
        let mut after = before.clone();
        for (name, at) in anchors {
            after.entry(name.clone()).or_insert(*at);
        }
        if let Some(known) = self.scopes.iter().position(|other| *other == after) {
            return known;
        }
        self.scopes.push(after);
        self.scopes.len() - 1
    }

    fn word(
        &mut self,
        schema: &mut Map<String, Value>,
        owner: View<'a>,
        name: &str,
        value: View<'a>,
        scope: Scope,
    ) {
        if is_left_out(name, value) {
            return;
        }
        let mut converted = match name {
            "$ref" | "$dynamicRef" | "$recursiveRef" => {
                let target =
                    value.text().and_then(|text| self.target(owner, text, name == "$dynamicRef", scope));
                if let Some(target) = target {
                    refer(schema, target);
                }
                return;
            }
            "dependencies" => {
                self.dependencies(schema, value, scope);
                return;
            }
            "items" if value.is_map() || value.boolean().is_some() => self.schema(value, scope),
            "items" => {
                let items = value.items().map(|item| self.schema(item, scope)).collect();
                schema.insert("prefixItems".to_owned(), Value::Array(items));
                return;
            }
            "additionalProperties"
            | "not"
            | "if"
            | "then"
            | "else"
            | "contains"
            | "propertyNames"
            | "unevaluatedItems"
            | "unevaluatedProperties"
            | "contentSchema"
            | "additionalItems" => {
                if !value.is_map() && value.boolean().is_none() {
                    return;
                }
                self.schema(value, scope)
            }
            "allOf" | "anyOf" | "oneOf" | "prefixItems" => {
                let items: Vec<Value> = value.items().map(|item| self.schema(item, scope)).collect();
                if items.is_empty() {
                    return;
                }
                Value::Array(items)
            }
            "properties" | "patternProperties" | "dependentSchemas" => {
                let members =
                    value.members().map(|(key, value)| (key.name().to_owned(), self.schema(value, scope)));
                Value::Object(members.collect())
            }
            "discriminator" => self.discriminator(owner, value, scope),
            _ => self.data(name, value),
        };
        dialect::tidy(name, &mut converted);
        if dialect::fits(name, &converted) {
            schema.insert(name.to_owned(), converted);
        }
    }

    /// `dependencies` of older drafts, which is two words now.
    fn dependencies(&mut self, schema: &mut Map<String, Value>, value: View<'a>, scope: Scope) {
        for (key, dependency) in value.members() {
            let is_list = dependency.kind() == Kind::List;
            let word = if is_list { "dependentRequired" } else { "dependentSchemas" };
            let converted = if is_list { dependency.to_value() } else { self.schema(dependency, scope) };
            let all = schema.entry(word).or_insert_with(|| json!({}));
            if let Value::Object(all) = all {
                all.insert(key.name().to_owned(), converted);
            }
        }
    }

    fn data(&mut self, name: &str, value: View<'a>) -> Value {
        let unusable = name == "pattern"
            && value.text().is_some_and(|text| self.library.unusable_patterns.contains(text));
        if unusable {
            return Value::Null;
        }
        let data = value.to_value();
        self.values += count(&data);
        data
    }

    /// Where a reference leads, as a reference within the bundle.
    fn target(&mut self, owner: View<'a>, text: &str, dynamic: bool, scope: Scope) -> Option<String> {
        let found = self.library.resolve(owner.at, text).ok()?;
        // A chain of nothing but references that leads in a circle never becomes a schema.
        found.follow().ok()?;
        // The whole document is no schema (`$ref: ""`).
        if found.at.node == 0 && (found.get("openapi").is_some() || found.get("swagger").is_some()) {
            return None;
        }
        let mut at = found.at;
        if dynamic {
            let (_, name) = text.split_once('#')?;
            let anchors = self.library.dynamic.get(&self.library.resource(at));
            let is_dynamic = anchors
                .is_some_and(|anchors| anchors.iter().any(|(other, place)| other == name && *place == at));
            if is_dynamic {
                at = self.scopes.get(scope).and_then(|scope| scope.get(name)).copied().unwrap_or(at);
            }
        }
        Some(self.name(at, text, scope))
    }

    fn name(&mut self, at: At, text: &str, scope: Scope) -> String {
        if let Some(known) = self.names.get(&(at, scope)) {
            return format!("#/$defs/{known}");
        }
        let last = text.trim_end_matches(['/', '#']).rsplit(['/', '#']).next().unwrap_or_default();
        let legal = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' };
        let stem: String = last.chars().map(legal).take(80).collect();
        let stem = if stem.is_empty() { "schema".to_owned() } else { stem };
        let mut name = stem.clone();
        let mut number = 2;
        while !self.taken.insert(name.clone()) {
            name = format!("{stem}_{number}");
            number += 1;
        }
        self.names.insert((at, scope), name.clone());
        self.waiting.push_back((at, scope));
        format!("#/$defs/{name}")
    }

    fn discriminator(&mut self, owner: View<'a>, value: View<'a>, scope: Scope) -> Value {
        let mut converted = value.to_value();
        for (key, target) in value.get("mapping").into_iter().flat_map(View::members) {
            let Some(text) = target.text() else { continue };
            let named = format!("#/components/schemas/{}", text.replace('~', "~0").replace('/', "~1"));
            let is_name = self.library.resolve(owner.at, &named).is_ok();
            let reference = if is_name { named.as_str() } else { text };
            let found = self.target(owner, reference, false, scope);
            if let (Some(found), Some(mapping)) =
                (found, converted.get_mut("mapping").and_then(Value::as_object_mut))
            {
                mapping.insert(key.name().to_owned(), Value::String(found));
            }
        }
        converted
    }
}

/// Names that nothing in a bundle refers to, and data of other tools, which may hold references that mean
/// nothing here.
fn is_left_out(name: &str, value: View<'_>) -> bool {
    let names = [
        "$id",
        "$anchor",
        "$dynamicAnchor",
        "$schema",
        "$vocabulary",
        "$defs",
        "definitions",
        "$recursiveAnchor",
    ];
    names.contains(&name) || (name.starts_with("x-") && value.scalar().is_none())
}

/// Adds a reference; a second one beside the first goes into `allOf`.
fn refer(schema: &mut Map<String, Value>, target: String) {
    if schema.contains_key("$ref") {
        let all = schema.entry("allOf").or_insert_with(|| json!([]));
        if let Value::Array(all) = all {
            all.push(json!({ "$ref": target }));
        }
        return;
    }
    schema.insert("$ref".to_owned(), Value::String(target));
}

fn count(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 1,
        Value::Array(items) => 1 + items.iter().map(count).sum::<usize>(),
        Value::Object(members) => 1 + members.values().map(count).sum::<usize>(),
    }
}
