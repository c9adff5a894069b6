use std::collections::{BTreeMap, HashMap, HashSet};

use model::{Scope, Severity, nearest};

use crate::{
    Flow, FlowKind, KeyPlace, Scheme, SchemeId, SchemeKind,
    openapi::{Version, typo},
    problems::{Sink, quoted},
    source::view::View,
};

/// Security schemes as they are found, first in `components`, then in requirements.
pub(crate) struct Schemes<'a> {
    pub(crate) all: Vec<Scheme>,
    pub(crate) version: Version,
    by_name: HashMap<String, SchemeId>,
    /// Where a scheme that nobody can meet stands, and whether its type does not exist at all.
    unmeetable: Vec<(SchemeId, View<'a>, bool)>,
    pub(crate) required: HashSet<SchemeId>,
    /// Whether `security` is written anywhere.
    pub(crate) said: bool,
    asked: BTreeMap<String, String>,
}

/// Whether `name` is a token (RFC 9110 5.6.2): what a header or a cookie may be called.
pub(crate) fn is_token(name: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(legal)
}

impl<'a> Schemes<'a> {
    pub(crate) fn read(root: View<'a>, version: Version, sink: &mut Sink) -> Self {
        let mut schemes = Self {
            all: Vec::new(),
            version,
            by_name: HashMap::new(),
            unmeetable: Vec::new(),
            required: HashSet::new(),
            said: false,
            asked: BTreeMap::new(),
        };
        let Some(components) = root.get("components") else { return schemes };
        typo::check(components, typo::COMPONENTS, sink);
        let Some((key, declared)) = components.member("securitySchemes") else { return schemes };
        if !declared.is_map() && !declared.is_null() {
            sink.error(
                "scheme.form",
                key,
                format!("`securitySchemes` is {} and must be a mapping", declared.what()),
                "",
            );
        }
        for (key, value) in declared.members() {
            if !key.name().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)) {
                let message = format!("the name {} is outside of A-Z a-z 0-9 . _ -", quoted(key.name()));
                sink.warn("scheme.name", key, message, "other tools may refuse it");
            }
            schemes.declare(key, value, sink);
        }
        schemes
    }

    fn declare(&mut self, key: View<'a>, value: View<'a>, sink: &mut Sink) -> SchemeId {
        let name = key.name();
        let (kind, unmeetable, description) = match value.follow() {
            Ok(target) => {
                let (kind, odd) = kind(key, target, self.version, sink);
                let unmeetable = matches!(kind, SchemeKind::Unmeetable { .. }).then_some(odd);
                (kind, unmeetable, target.get_text("description").map(ToOwned::to_owned))
            }
            Err(broken) => {
                let local = value.reference().is_some_and(|(_, text)| text.starts_with('#'));
                if !local {
                    let message = format!("the scheme {} cannot be read: {broken}", quoted(name));
                    sink.error("scheme.broken", value, message, "write the scheme into this document");
                }
                (
                    SchemeKind::Unmeetable { what: "a reference that leads nowhere".to_owned() },
                    Some(false),
                    None,
                )
            }
        };
        let id = self.push(name, kind, description);
        if let Some(odd) = unmeetable {
            self.unmeetable.push((id, key, odd));
        }
        id
    }

    fn push(&mut self, name: &str, kind: SchemeKind, description: Option<String>) -> SchemeId {
        let id = SchemeId(u16::try_from(self.all.len()).unwrap_or(u16::MAX));
        self.all.push(Scheme { id, name: name.to_owned(), kind, description });
        self.by_name.insert(name.to_owned(), id);
        id
    }

    /// The scheme that a requirement names at `at`. One that nobody defines is made up: always denied.
    pub(crate) fn named(&mut self, at: View<'a>, sink: &mut Sink) -> SchemeId {
        let name = at.name();
        if let Some(id) = self.by_name.get(name) {
            self.required.insert(*id);
            return *id;
        }
        let id = match self.by_reference(at, sink) {
            Some(id) => id,
            None => self.undefined(at, sink),
        };
        self.required.insert(id);
        id
    }

    /// OpenAPI 3.2: a name may be the URI of a scheme.
    fn by_reference(&mut self, at: View<'a>, sink: &mut Sink) -> Option<SchemeId> {
        let name = at.name();
        if self.version < Version::V3_2 || !name.contains(['/', '#']) {
            return None;
        }
        match at.library.resolve(at.at, name) {
            Ok(target) => Some(self.declare(at, target, sink)),
            Err(broken) => {
                let message = format!("the scheme {} cannot be read: {broken}", quoted(name));
                sink.error("scheme.broken", at, message, "write the scheme into this document");
                None
            }
        }
    }

    fn undefined(&mut self, at: View<'a>, sink: &mut Sink) -> SchemeId {
        let name = at.name();
        let near = nearest(name, self.all.iter().map(|scheme| scheme.name.as_str()));
        let help = near.map_or_else(
            || "define it under `components.securitySchemes`; until then it is always denied".to_owned(),
            |near| format!("did you mean {}? Until then it is always denied", quoted(near)),
        );
        let message = format!("the scheme {} is not defined", quoted(name));
        if self.all.iter().any(|scheme| scheme.name.eq_ignore_ascii_case(name)) {
            sink.error("scheme.undefined", at, message, &help);
        } else {
            sink.strict("scheme.undefined", at, message, &help);
        }
        self.push(name, SchemeKind::Unmeetable { what: "undefined".to_owned() }, None)
    }

    /// A scheme that stands for something nobody can hold, as a scope that is no legal one.
    pub(crate) fn impossible(&mut self, what: &str) -> SchemeId {
        self.push(what, SchemeKind::Unmeetable { what: what.to_owned() }, None)
    }

    pub(crate) fn kind_of(&self, id: SchemeId) -> Option<&SchemeKind> {
        self.all.get(usize::from(id.0)).map(|scheme| &scheme.kind)
    }

    /// Remembers that a requirement asks for `scope`.
    pub(crate) fn ask(&mut self, scope: &str) {
        self.asked.entry(scope.to_owned()).or_default();
    }

    /// Every scope that is declared or asked for.
    pub(crate) fn scopes(&self) -> BTreeMap<String, String> {
        let mut scopes = self.asked.clone();
        for scheme in &self.all {
            if let SchemeKind::OAuth2 { flows } = &scheme.kind {
                for (scope, description) in flows.iter().flat_map(|flow| &flow.scopes) {
                    let known = scopes.entry(scope.clone()).or_default();
                    if known.is_empty() {
                        known.clone_from(description);
                    }
                }
            }
        }
        scopes
    }

    /// Tells of schemes that nobody can meet, once it is known which are required.
    pub(crate) fn judge(&self, sink: &mut Sink) {
        for (id, at, odd) in &self.unmeetable {
            let Some(scheme) = self.all.get(usize::from(id.0)) else { continue };
            let SchemeKind::Unmeetable { what } = &scheme.kind else { continue };
            let message = format!(
                "nobody can meet the scheme {}: {}",
                quoted(&scheme.name),
                crate::problems::shown(what)
            );
            let help = "what demands it is always denied; known are apiKey, http basic and bearer, oauth2, openIdConnect, mutualTLS";
            let required = self.required.contains(id);
            if *odd && required {
                sink.error("scheme.unmeetable", *at, message, help);
            } else if required {
                sink.strict("scheme.unmeetable", *at, message, help);
            } else {
                sink.warn("scheme.unmeetable", *at, message, help);
            }
        }
    }
}

/// What a scheme is, and whether its type is none of the standard's.
fn kind(key: View<'_>, scheme: View<'_>, version: Version, sink: &mut Sink) -> (SchemeKind, bool) {
    let unmeetable = |what: String| SchemeKind::Unmeetable { what };
    let kind = match scheme.get_text("type") {
        Some("apiKey") => api_key(key, scheme, sink),
        Some("http") => match scheme.get_text("scheme") {
            Some(word) if word.eq_ignore_ascii_case("basic") => SchemeKind::Basic,
            Some(word) if word.eq_ignore_ascii_case("bearer") => SchemeKind::Bearer,
            Some(word) => unmeetable(format!("http {word}")),
            None => {
                sink.error(
                    "scheme.http",
                    key,
                    format!("the scheme {} does not say which HTTP scheme it is", quoted(key.name())),
                    "write `scheme: bearer` or `scheme: basic`",
                );
                unmeetable("http".to_owned())
            }
        },
        Some("oauth2") => SchemeKind::OAuth2 { flows: flows(key, scheme, sink) },
        Some("openIdConnect") => {
            let url = scheme.get_text("openIdConnectUrl").unwrap_or_default();
            if url.is_empty() {
                let message = format!("the scheme {} has no `openIdConnectUrl`", quoted(key.name()));
                sink.warn(
                    "scheme.discovery",
                    key,
                    message,
                    "tokens can be verified; where to get one is not documented",
                );
            }
            SchemeKind::OpenIdConnect { url: url.to_owned() }
        }
        Some("mutualTLS") => {
            if version.is_old() {
                sink.warn(
                    "scheme.mutual-tls",
                    key,
                    "`mutualTLS` is new in OpenAPI 3.1; it is enforced all the same",
                    "",
                );
            }
            SchemeKind::MutualTls
        }
        Some(other) => return (unmeetable(format!("the type {other}")), true),
        None => return (unmeetable("no type".to_owned()), true),
    };
    (kind, false)
}

fn api_key(key: View<'_>, scheme: View<'_>, sink: &mut Sink) -> SchemeKind {
    let name = scheme.get_text("name").unwrap_or_default();
    let place = match scheme.get_text("in") {
        Some("header") => KeyPlace::Header,
        Some("query") => KeyPlace::Query,
        Some("cookie") => KeyPlace::Cookie,
        other => {
            let message = format!("an API key cannot stand in {}", quoted(other.unwrap_or("nothing")));
            sink.error("scheme.place", key, message, "`in` is header, query or cookie");
            return SchemeKind::Unmeetable { what: "an API key without a place".to_owned() };
        }
    };
    let legal = match place {
        KeyPlace::Header | KeyPlace::Cookie => is_token(name),
        KeyPlace::Query => !name.is_empty(),
    };
    if !legal {
        let message =
            format!("nobody can present the key: {} is no name for a {}", quoted(name), place.as_str());
        sink.error("scheme.key-name", key, message, "write a `name` of letters, digits and hyphens");
    } else if place == KeyPlace::Header && name.eq_ignore_ascii_case("authorization") {
        let message = "the API key is the whole value of `Authorization`, whatever word it begins with";
        sink.warn(
            "scheme.authorization",
            key,
            message,
            "a bearer token is declared as `type: http, scheme: bearer`",
        );
    }
    SchemeKind::ApiKey { place, name: name.to_owned() }
}

fn flow_kind(name: &str) -> Option<FlowKind> {
    match name {
        "authorizationCode" => Some(FlowKind::AuthorizationCode),
        "clientCredentials" => Some(FlowKind::ClientCredentials),
        "deviceAuthorization" => Some(FlowKind::DeviceAuthorization),
        "implicit" => Some(FlowKind::Implicit),
        "password" => Some(FlowKind::Password),
        _ => None,
    }
}

fn flows(key: View<'_>, scheme: View<'_>, sink: &mut Sink) -> Vec<Flow> {
    let mut flows = Vec::new();
    for (name, flow) in scheme.get("flows").into_iter().flat_map(View::members) {
        match flow_kind(name.name()) {
            Some(kind) => flows.push(one_flow(kind, name, flow, sink)),
            None if name.name().starts_with("x-") => {}
            None => {
                let message = format!("{} is no flow and is ignored", quoted(name.name()));
                let known =
                    ["authorizationCode", "clientCredentials", "deviceAuthorization", "implicit", "password"];
                let help = nearest(name.name(), known).map(|near| format!("did you mean `{near}`?"));
                sink.warn("scheme.flow", name, message, &help.unwrap_or_default());
            }
        }
    }
    if flows.is_empty() {
        let message = format!("the scheme {} has no flows", quoted(key.name()));
        sink.warn("scheme.flows", key, message, "tokens can be verified; where to get one is not documented");
    }
    flows
}

fn one_flow(kind: FlowKind, name: View<'_>, flow: View<'_>, sink: &mut Sink) -> Flow {
    let url = |member: &str, sink: &mut Sink| {
        let value = flow.get(member)?;
        let text = value.text().unwrap_or_default();
        if !is_plausible(text) {
            let message = format!("{} is no https or relative URL", quoted(text));
            sink.warn("scheme.url", value, message, "it is shown as text and never followed");
        }
        Some(text.to_owned())
    };
    let mut scopes = BTreeMap::new();
    for (scope, description) in flow.get("scopes").into_iter().flat_map(View::members) {
        if scope.name().parse::<Scope>().is_ok() {
            scopes.insert(scope.name().to_owned(), description.scalar().unwrap_or_default().to_owned());
        } else {
            let message = format!("{} is no scope and is left out", quoted(scope.name()));
            sink.add(
                Severity::Warning,
                "scope.form",
                || Some(scope.place()),
                message,
                Some("a scope has no spaces, quotes or backslashes (RFC 6749 3.3)".to_owned()),
            );
        }
    }
    let flow = Flow {
        kind,
        authorization_url: url("authorizationUrl", sink),
        token_url: url("tokenUrl", sink),
        refresh_url: url("refreshUrl", sink),
        device_url: url("deviceAuthorizationUrl", sink),
        scopes,
    };
    let lacks = match kind {
        FlowKind::AuthorizationCode => flow.authorization_url.is_none() || flow.token_url.is_none(),
        FlowKind::Implicit => flow.authorization_url.is_none(),
        FlowKind::ClientCredentials | FlowKind::Password => flow.token_url.is_none(),
        FlowKind::DeviceAuthorization => flow.token_url.is_none() || flow.device_url.is_none(),
    };
    if lacks {
        let message = format!("the flow {} lacks a URL that it needs", quoted(name.name()));
        sink.warn("scheme.url", name, message, "");
    }
    flow
}

/// Whether a URL is one that a browser may be sent to: relative, or http(s) with a host.
fn is_plausible(url: &str) -> bool {
    if url.is_empty() || url.contains(|c: char| c.is_control() || c.is_whitespace()) {
        return false;
    }
    match url.split_once(':') {
        None => true,
        Some((before, after)) if before.contains('/') => !after.is_empty() || before.starts_with('/'),
        Some((scheme, rest)) => {
            matches!(scheme.to_ascii_lowercase().as_str(), "https" | "http")
                && rest.len() > 2
                && rest.starts_with("//")
        }
    }
}
