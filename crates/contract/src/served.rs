use std::collections::{HashMap, VecDeque};

use model::format_duration;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use crate::{
    Contract, Operation, Rules,
    openapi::{Version, servers},
    source::{
        document::Kind,
        view::{At, View},
    },
};

/// Where the URLs of a served document point.
#[derive(Debug, Clone, Default)]
pub struct Pointers {
    /// For `servers`: `http://127.0.0.1:4000/bookshop`. One for each base, in the order of
    /// [`Contract::bases`].
    pub servers: Vec<String>,
    /// What stands before the paths of servers of paths, operations and links: `http://127.0.0.1:4000`. `None`
    /// where everything is served below `servers`: then they have none of their own.
    pub own: Option<String>,
    /// For `authorizationUrl`.
    pub authorize: String,
    /// For `tokenUrl` and `refreshUrl`.
    pub token: String,
    /// For `deviceAuthorizationUrl`.
    pub device: String,
    /// For `openIdConnectUrl` and `oauth2MetadataUrl`.
    pub discovery: String,
}

impl Contract {
    /// The document as JSON, in one piece, with its URLs pointed at `pointers`. `x-lobby` of each operation is
    /// what holds, with whatever [`Contract::apply_rules`] laid over it.
    pub fn served_document(&self, pointers: &Pointers) -> Value {
        let Some(root) = self.library.root() else { return Value::Null };
        let mut bundler = Whole { pointers, names: HashMap::new(), waiting: VecDeque::new(), values: 0 };
        let mut document = bundler.copy(root, Within::Document);
        while let Some((at, name)) = bundler.waiting.pop_front() {
            let Some(view) = self.library.view(at) else { continue };
            let copy = if bundler.values > VALUES { json!({}) } else { bundler.copy(view, Within::Document) };
            if let Some(parts) = section(&mut document, &["components", "x-files"]) {
                parts.insert(name, copy);
            }
        }
        let Value::Object(members) = &mut document else { return document };
        if self.dialect == Version::V2 {
            members.remove("swagger");
            members.shift_insert(0, "openapi".to_owned(), json!("3.0.3"));
        }
        // It is another document than the one that has this name.
        members.remove("$self");
        let servers: Vec<Value> = pointers.servers.iter().map(|url| json!({ "url": url })).collect();
        members.insert("servers".to_owned(), Value::Array(servers));
        point(&mut document, pointers);
        for operation in &self.operations {
            lay(&mut document, operation);
        }
        document
    }
}

/// Values of a served document; beyond it, parts of other files are left out.
const VALUES: usize = 4_000_000;

fn section<'a>(document: &'a mut Value, path: &[&str]) -> Option<&'a mut Map<String, Value>> {
    let mut at = document;
    for name in path {
        at = at.as_object_mut()?.entry(*name).or_insert_with(|| json!({}));
    }
    at.as_object_mut()
}

struct Whole<'p> {
    pointers: &'p Pointers,
    names: HashMap<At, String>,
    waiting: VecDeque<(At, String)>,
    values: usize,
}

/// What a value is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    /// What is served: its servers are here.
    Document,
    /// What others serve (webhooks, callbacks), or what only looks like it (examples, extensions).
    Elsewhere,
    /// Data, in which not even `$ref` means anything.
    Data,
}

impl Within {
    fn enter(self, name: &str) -> Self {
        match (self, name) {
            (Self::Data, _) | (_, "example" | "default" | "enum" | "const") => Self::Data,
            (Self::Document, "callbacks" | "webhooks" | "examples") => Self::Elsewhere,
            (Self::Document, name) if name.starts_with("x-") => Self::Elsewhere,
            (within, _) => within,
        }
    }
}

impl Whole<'_> {
    /// Copies a tree. What it refers to in other files comes under `components.x-files`.
    fn copy(&mut self, view: View<'_>, within: Within) -> Value {
        self.values += 1;
        match view.kind() {
            Kind::List => Value::Array(view.items().map(|item| self.copy(item, within)).collect()),
            Kind::Map => {
                let mut members = Map::new();
                for (key, value) in view.members() {
                    let name = key.name();
                    let copied = match name {
                        "$ref" if within != Within::Data && value.text().is_some() => {
                            Value::String(self.reference(view, value.text().unwrap_or_default()))
                        }
                        "servers" if within == Within::Document && value.kind() == Kind::List => {
                            let Some(servers) = self.servers(value) else { continue };
                            servers
                        }
                        // Of a link.
                        "server" if within == Within::Document && value.get_text("url").is_some() => {
                            match self.server(value) {
                                Some(server) => server,
                                None => continue,
                            }
                        }
                        _ => self.copy(value, within.enter(name)),
                    };
                    members.insert(name.to_owned(), copied);
                }
                Value::Object(members)
            }
            Kind::Null | Kind::True | Kind::False | Kind::Number | Kind::Text | Kind::Alias => {
                view.to_value()
            }
        }
    }

    /// Servers of a path or an operation, each once; `None` where they have none that could be called.
    fn servers(&self, list: View<'_>) -> Option<Value> {
        let mut servers: Vec<Value> = Vec::new();
        for server in list.items().filter_map(|server| self.server(server)) {
            if !servers.contains(&server) {
                servers.push(server);
            }
        }
        (!servers.is_empty()).then_some(Value::Array(servers))
    }

    fn server(&self, server: View<'_>) -> Option<Value> {
        let origin = self.pointers.own.as_ref()?;
        let path = servers::path(server)?;
        Some(json!({ "url": format!("{origin}{path}") }))
    }

    fn reference(&mut self, owner: View<'_>, text: &str) -> String {
        let here = owner.at.document == 0;
        if here && text.starts_with('#') {
            return text.to_owned();
        }
        let Ok(target) = owner.library.resolve(owner.at, text) else { return text.to_owned() };
        if target.at.document == 0 {
            let fragment = text.split_once('#').map_or("", |(_, fragment)| fragment);
            return format!("#{fragment}");
        }
        if let Some(known) = self.names.get(&target.at) {
            return format!("#/components/x-files/{known}");
        }
        let last = text.rsplit(['/', '#']).next().unwrap_or_default();
        let last = percent_decode_str(last).decode_utf8_lossy();
        let legal = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' };
        let name =
            format!("{}-{}", self.names.len() + 1, last.chars().map(legal).take(60).collect::<String>());
        self.names.insert(target.at, name.clone());
        self.waiting.push_back((target.at, name.clone()));
        format!("#/components/x-files/{name}")
    }
}

/// Points every URL of every scheme.
fn point(document: &mut Value, pointers: &Pointers) {
    let schemes = document.pointer_mut("/components/securitySchemes").and_then(Value::as_object_mut);
    for scheme in schemes.into_iter().flat_map(Map::values_mut) {
        set(scheme, "openIdConnectUrl", &pointers.discovery);
        set(scheme, "oauth2MetadataUrl", &pointers.discovery);
        let flows = scheme.get_mut("flows").and_then(Value::as_object_mut);
        for flow in flows.into_iter().flat_map(Map::values_mut) {
            set(flow, "authorizationUrl", &pointers.authorize);
            set(flow, "tokenUrl", &pointers.token);
            set(flow, "refreshUrl", &pointers.token);
            set(flow, "deviceAuthorizationUrl", &pointers.device);
        }
    }
}

/// Writes the rules that hold for an operation where a reader of the document looks for them.
fn lay(document: &mut Value, operation: &Operation) {
    let rules = &operation.requirement.rules;
    if *rules == Rules::default() {
        return;
    }
    let method = operation.method.as_str().to_ascii_lowercase();
    let item = document.get_mut("paths").and_then(|paths| paths.get_mut(&operation.template.text));
    let owner = item.and_then(|item| item.get_mut(method)).and_then(Value::as_object_mut);
    let Some(owner) = owner else { return };
    let mut written = Map::new();
    let mut put = |name: &str, value: Value| written.insert(name.to_owned(), value);
    if !rules.roles.is_empty() {
        put("roles", rules.roles.iter().map(String::as_str).collect());
    }
    if !rules.plans.is_empty() {
        put("plans", rules.plans.iter().map(String::as_str).collect());
    }
    if let Some(age) = rules.max_age {
        put("max_age", format_duration(age).into());
    }
    if let Some(acr) = &rules.acr {
        put("acr", acr.as_str().into());
    }
    if let Some(policy) = &rules.policy {
        put("policy", policy.to_string().into());
    }
    owner.insert("x-lobby".to_owned(), Value::Object(written));
}

fn set(owner: &mut Value, name: &str, url: &str) {
    if let Some(value) = owner.get_mut(name) {
        *value = Value::String(url.to_owned());
    }
}
