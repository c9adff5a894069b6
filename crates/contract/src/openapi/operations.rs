use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, OnceLock},
};

use crate::{
    MediaType, Operation, OperationId, Requirement, StatusKey,
    openapi::{
        extension,
        paths::Found,
        schemes::{Schemes, is_token},
        security,
        servers::Servers,
        template, typo,
    },
    problems::{Sink, quoted},
    router::Router,
    source::{document::Kind, narrow, view::View},
};

/// Operations as they are found.
pub(crate) struct Operations<'a> {
    pub(crate) all: Vec<Operation>,
    pub(crate) router: Router,
    root: Option<Arc<Requirement>>,
    /// No alternatives: shared by all public operations.
    public: Arc<Requirement>,
    names: HashSet<Arc<str>>,
    keys: HashMap<OperationId, View<'a>>,
    servers: Servers,
}

impl<'a> Operations<'a> {
    pub(crate) fn new(root: Option<Arc<Requirement>>, servers: Servers) -> Self {
        Self {
            all: Vec::new(),
            router: Router::new(),
            root,
            public: Arc::default(),
            names: HashSet::new(),
            keys: HashMap::new(),
            servers,
        }
    }

    pub(crate) fn add(&mut self, found: &Found<'a, '_>, schemes: &mut Schemes<'a>, sink: &mut Sink) {
        let view = found.operation;
        let whole = format!("{} {}", found.method, found.template.text);
        if !check(found, &whole, sink) {
            return;
        }
        typo::check(view, typo::OPERATION, sink);
        let requirement = self.requirement(view, schemes, sink);
        parameters(found, sink);
        responses(found.key, view, sink);
        let id = OperationId(narrow(self.all.len()));
        let name = self.name(view, whole, sink);
        if found.reachable {
            self.route(id, found, &requirement, sink);
        }
        self.keys.insert(id, found.item.key);
        let owners = std::iter::once(view).chain(found.item.views.iter().copied());
        let bases = self.servers.own(owners, sink);
        self.all.push(Operation {
            id,
            name,
            method: found.method.clone(),
            template: found.template.clone(),
            requirement,
            summary: view.get_text("summary").map(ToOwned::to_owned),
            tags: view
                .get("tags")
                .into_iter()
                .flat_map(View::items)
                .filter_map(|tag| Some(tag.scalar()?.to_owned()))
                .collect(),
            bases,
            detail: OnceLock::new(),
            at: view.at,
            items: found.item.views.iter().map(|item| item.at).collect(),
        });
    }

    fn requirement(
        &mut self,
        view: View<'a>,
        schemes: &mut Schemes<'a>,
        sink: &mut Sink,
    ) -> Arc<Requirement> {
        let own = security::read(view, schemes, sink);
        let rules = extension::rules(view, sink);
        let plain = rules == crate::Rules::default();
        match own {
            None if plain => self.root.as_ref().unwrap_or(&self.public).clone(),
            Some(alternatives) if plain && alternatives.is_empty() => Arc::clone(&self.public),
            None => {
                let alternatives =
                    self.root.as_ref().map(|root| root.alternatives.clone()).unwrap_or_default();
                rules_need_somebody(view, &alternatives, sink);
                Arc::new(Requirement { alternatives, rules })
            }
            Some(alternatives) => {
                if !plain {
                    rules_need_somebody(view, &alternatives, sink);
                }
                Arc::new(Requirement { alternatives, rules })
            }
        }
    }

    fn name(&mut self, view: View<'_>, whole: String, sink: &mut Sink) -> Arc<str> {
        let whole: Arc<str> = whole.into();
        if let Some((key, value)) = view.member("operationId") {
            match value.scalar() {
                Some(text) if !text.is_empty() && !text.contains(char::is_control) => {
                    let name: Arc<str> = text.into();
                    if self.names.insert(Arc::clone(&name)) {
                        return name;
                    }
                    let message = format!("the operationId {} is taken already", quoted(text));
                    sink.warn(
                        "operation.duplicate",
                        key,
                        message,
                        &format!("this one is known as `{}`", crate::problems::shown(&whole)),
                    );
                }
                Some(_) | None => {
                    let message = format!(
                        "the operationId is {} and is ignored",
                        if value.scalar().is_some() { "empty" } else { value.what() }
                    );
                    sink.warn("operation.id", key, message, "");
                }
            }
        }
        self.names.insert(Arc::clone(&whole));
        whole
    }

    fn route(
        &mut self,
        id: OperationId,
        found: &Found<'a, '_>,
        requirement: &Arc<Requirement>,
        sink: &mut Sink,
    ) {
        let twin = self.router.twin(found.template);
        let twin =
            twin.and_then(|id| self.all.get(id.0 as usize)).filter(|twin| twin.template != *found.template);
        let taken = self.router.insert(found.template, &found.method, id);
        let key = found.item.key;
        if let Err(first) = taken {
            let Some(first) = self.all.get(first.0 as usize) else { return };
            let message = format!(
                "{} is the same path as {}",
                quoted(&found.template.text),
                quoted(&first.template.text)
            );
            if *first.requirement == **requirement {
                sink.warn("path.identical", key, message, "the first of the two is served");
            } else {
                sink.error(
                    "path.identical",
                    key,
                    message,
                    "their requirements differ: who gets in would be a guess",
                );
            }
        } else if let Some(twin) = twin {
            let message = format!(
                "{} is the same path as {}",
                quoted(&found.template.text),
                quoted(&twin.template.text)
            );
            sink.warn("path.identical", key, message, "they are served as one path with the methods of both");
        }
    }

    /// What can be told only when every operation is known.
    pub(crate) fn judge(&self, schemes: &Schemes<'_>, root: View<'_>, sink: &mut Sink) {
        if !schemes.all.is_empty() && !schemes.said && !self.all.is_empty() {
            let place = root.get("components").and_then(|components| components.member("securitySchemes"));
            let message = "schemes are declared and nothing requires them: every operation is public";
            sink.warn(
                "security.none",
                place.map_or(root, |(key, _)| key),
                message,
                "write `security:` at the root or at operations",
            );
        }
        let mut shown = 0;
        for pair in self.router.ambiguities() {
            let (Some(first), Some(second)) =
                (self.all.get(pair.first.0 as usize), self.all.get(pair.second.0 as usize))
            else {
                continue;
            };
            let differ = first.requirement != second.requirement;
            if shown >= 1 && !(differ && shown < 10) {
                continue;
            }
            shown += 1;
            let later = if pair.first > pair.second { pair.first } else { pair.second };
            let Some(key) = self.keys.get(&later) else { continue };
            let message = format!(
                "one request can match both {} and {}",
                quoted(&first.template.text),
                quoted(&second.template.text)
            );
            let help = format!("the leftmost literal wins: {} is served", quoted(&first.template.text));
            if differ {
                sink.strict("path.ambiguous", *key, message, &help);
            } else {
                sink.warn("path.ambiguous", *key, message, &help);
            }
        }
    }
}

/// Rules about a principal on an operation that asks for none can never be judged: deny rather than ignore.
fn rules_need_somebody(view: View<'_>, alternatives: &[crate::Alternative], sink: &mut Sink) {
    if alternatives.is_empty() {
        let place = view.member("x-lobby").map_or(view, |(key, _)| key);
        let message = "`x-lobby` asks something of a principal, and the operation is public";
        sink.error("x-lobby.public", place, message, "write `security:` with a scheme that says who asks");
    }
}

/// Whether an operation is of a form that can be served.
fn check(found: &Found<'_, '_>, whole: &str, sink: &mut Sink) -> bool {
    let view = found.operation;
    if !view.is_map() {
        let message = format!("{} is {} and is left out", quoted(whole), view.what());
        sink.strict("operation.form", found.key, message, "an operation is a mapping with `responses`");
        return false;
    }
    let mut good = true;
    for (name, list) in [("parameters", true), ("requestBody", false), ("responses", false)] {
        let Some((key, value)) = view.member(name) else { continue };
        let right = if list { value.kind() == Kind::List } else { value.is_map() };
        if right || (value.is_null() && name != "requestBody") {
            continue;
        }
        good = false;
        let message = format!("{} is left out: its `{name}` is {}", quoted(whole), value.what());
        let help = if list { "it must be a list" } else { "it must be a mapping" };
        sink.strict("operation.form", key, message, help);
    }
    for (name, kind) in [("tags", Kind::List), ("deprecated", Kind::True)] {
        let Some((key, value)) = view.member(name) else { continue };
        if value.kind() != kind && !(name == "deprecated" && value.boolean().is_some()) {
            sink.warn("operation.form", key, format!("`{name}` is {} and is ignored", value.what()), "");
        }
    }
    good
}

fn parameters(found: &Found<'_, '_>, sink: &mut Sink) {
    let mut declared: HashSet<(&str, &str)> = HashSet::new();
    let own = std::iter::once(found.operation).chain(found.item.views.iter().copied());
    for owner in own {
        let mut here = HashSet::new();
        for item in owner.get("parameters").into_iter().flat_map(View::items) {
            // A reference that leads nowhere is told where all references are.
            let Ok(parameter) = item.follow() else { continue };
            let (Some(name), Some(place)) = (parameter.get_text("name"), parameter.get_text("in")) else {
                let message = "this is no parameter: it has no `name` or no `in`";
                sink.error(
                    "parameter.form",
                    item,
                    message,
                    "write for example `{name: id, in: query, schema: {type: string}}`",
                );
                continue;
            };
            if !here.insert((name, place)) {
                let message = format!("the {place} parameter {} stands twice", quoted(name));
                sink.warn("parameter.duplicate", item, message, "the first is used");
            }
            declared.insert((name, place));
            one_parameter(item, parameter, name, place, sink);
        }
    }
    let names: Vec<&str> = template::names(found.template).collect();
    for name in &names {
        if !declared.contains(&(*name, "path")) {
            let message = format!("the parameter {} of the path is not declared", quoted(name));
            sink.warn("parameter.undeclared", found.item.key, message, "it is taken as a text");
        }
    }
    for (name, place) in &declared {
        if *place == "path" && !names.contains(name) {
            let message =
                format!("the path {} has no parameter {}", quoted(&found.template.text), quoted(name));
            let help =
                model::nearest(name, names.iter().copied()).map(|near| format!("did you mean `{near}`?"));
            sink.warn("parameter.foreign", found.item.key, message, &help.unwrap_or_default());
        }
    }
}

/// Header fields that OpenAPI takes from elsewhere (3.1.1 4.8.12.1).
pub(crate) fn is_reserved(name: &str) -> bool {
    ["accept", "content-type", "authorization"].iter().any(|reserved| name.eq_ignore_ascii_case(reserved))
}

fn one_parameter(item: View<'_>, parameter: View<'_>, name: &str, place: &str, sink: &mut Sink) {
    match place {
        "header" if is_reserved(name) => {
            let message = format!("a header parameter {} is ignored, as OpenAPI says", quoted(name));
            let help = "`security` says who may pass; the media types say what is sent and taken";
            sink.warn("parameter.reserved", item, message, help);
        }
        "header" if !is_token(name) => {
            let required = parameter.get("required").and_then(|required| required.boolean()) == Some(true);
            let message = format!("no client can send a header called {}", quoted(name));
            if required {
                sink.error(
                    "parameter.header",
                    item,
                    message,
                    "it is required, so nobody could ask; write letters, digits and hyphens",
                );
            } else {
                sink.warn("parameter.header", item, message, "write letters, digits and hyphens");
            }
        }
        "path" | "query" | "querystring" | "header" | "cookie" => {}
        other => {
            let near = model::nearest(other, ["path", "query", "header", "cookie"]);
            let help = near.map_or_else(
                || "`in` is path, query, header or cookie".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            sink.warn(
                "parameter.place",
                item,
                format!("a parameter cannot stand in {} and is ignored", quoted(other)),
                &help,
            );
        }
    }
}

fn responses(key: View<'_>, operation: View<'_>, sink: &mut Sink) {
    let Some((responses_key, responses)) = operation.member("responses") else {
        sink.warn("response.none", key, "no response is documented", "it is answered with an empty 200");
        return;
    };
    let mut any = false;
    let mut success = false;
    for (status, response) in responses.members() {
        let name = status.name();
        match StatusKey::parse(name) {
            Some(known) => {
                any = true;
                success |= known.is_success();
                content(response, sink);
            }
            None if name.starts_with("x-") => {}
            None => {
                let message = format!("{} is no status and is ignored", quoted(name));
                sink.warn(
                    "response.status",
                    status,
                    message,
                    "a status is 100 to 599, a class as `4XX`, or `default`",
                );
            }
        }
    }
    if !any {
        sink.warn(
            "response.none",
            responses_key,
            "no response is documented",
            "it is answered with an empty 200",
        );
    } else if !success {
        sink.warn(
            "response.errors",
            responses_key,
            "no response of success is documented",
            "a good request is answered with the lowest status that is",
        );
    }
}

fn content(response: View<'_>, sink: &mut Sink) {
    for (name, _) in response.get("content").into_iter().flat_map(View::members) {
        if !MediaType::is_name(name.name()) {
            let message = format!("{} is no media type and is ignored", quoted(name.name()));
            sink.warn("response.media-type", name, message, "write for example `application/json`");
        }
    }
    for (name, header) in response.get("headers").into_iter().flat_map(View::members) {
        if !is_token(name.name()) {
            sink.warn(
                "response.header",
                name,
                format!("{} is no name of a header and is left out", quoted(name.name())),
                "",
            );
        }
        let torn = |example: &View<'_>| example.text().is_some_and(|text| text.contains(char::is_control));
        if let Some(example) = header.get("example").filter(torn) {
            sink.warn(
                "response.header",
                example,
                "the example would break the header; it is left out",
                "a header has no line breaks",
            );
        }
    }
}
