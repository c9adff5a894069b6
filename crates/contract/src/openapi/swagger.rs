mod parameters;
mod tree;

use tree::Reader;

use crate::source::{
    ParseError,
    builder::Builder,
    document::{Document, Kind},
};

/// Swagger 2.0 → OpenAPI 3.0, as a new tree whose nodes keep their places in the text.
///
/// Left behind, because 3.0 has no place for it: nothing that decides who may pass.
pub(crate) fn convert(document: &Document) -> Result<Document, ParseError> {
    let mut writer = Writer { from: document, to: Builder::with_room(document.nodes.len() * 2) };
    writer.root()?;
    let mut converted = writer.to;
    // Doubled keys were told when the text was read.
    converted.duplicates.clear();
    Ok(converted.finish(document.shown.clone(), document.address.clone(), document.source.clone()))
}

/// Whether a document calls itself Swagger 2.
pub(crate) fn is_swagger(document: &Document) -> bool {
    let writer = Reader { from: document };
    writer.get(0, "swagger").is_some_and(|value| document.text(value).starts_with('2'))
}

struct Writer<'a> {
    from: &'a Document,
    to: Builder,
}

type Written = Result<(), ParseError>;

impl Writer<'_> {
    fn reader(&self) -> Reader<'_> {
        Reader { from: self.from }
    }

    fn span(&self, node: u32) -> (u32, u32) {
        self.from.node(self.from.real(node)).map_or((0, 1), |node| (node.start, node.end))
    }

    fn open(&mut self, kind: Kind, at: u32) -> Written {
        let (start, _) = self.span(at);
        self.to.open(kind, start).map(|_| ())
    }

    fn close(&mut self, at: u32) -> Written {
        let (_, end) = self.span(at);
        self.to.close(&self.from.source, end).map(|_| ())
    }

    /// A text that is not in the source, placed where `at` stands.
    fn word(&mut self, text: &str, at: u32) -> Written {
        let (start, end) = self.span(at);
        self.to.scalar(Kind::Text, start, end, Some(text.into())).map(|_| ())
    }

    fn flag(&mut self, name: &str, at: u32) -> Written {
        self.word(name, at)?;
        let (start, end) = self.span(at);
        self.to.scalar(Kind::True, start, end, Some("true".into())).map(|_| ())
    }

    /// Copies a tree, its references moved to where things are in 3.0.
    fn copy(&mut self, node: u32) -> Written {
        let real = self.from.real(node);
        match self.reader().kind(real) {
            Kind::Map => {
                self.open(Kind::Map, real)?;
                for (key, value) in self.reader().members(real) {
                    match self.from.text(key) {
                        "$ref" => {
                            self.copy(key)?;
                            let moved = moved(self.from.text(value));
                            self.word(&moved, value)?;
                        }
                        "x-nullable" => {
                            self.word("nullable", key)?;
                            self.copy(value)?;
                        }
                        "discriminator" if self.reader().kind(value) == Kind::Text => {
                            self.copy(key)?;
                            self.open(Kind::Map, value)?;
                            self.word("propertyName", value)?;
                            self.copy(value)?;
                            self.close(value)?;
                        }
                        _ => {
                            self.copy(key)?;
                            self.copy(value)?;
                        }
                    }
                }
                self.close(real)
            }
            Kind::List => {
                self.open(Kind::List, real)?;
                for item in self.reader().items(real) {
                    self.copy(item)?;
                }
                self.close(real)
            }
            kind @ (Kind::Null | Kind::True | Kind::False | Kind::Number | Kind::Text | Kind::Alias) => {
                let (start, end) = self.span(real);
                let text = self.from.text(real);
                let written = self.from.source.get(start as usize..end as usize) == Some(text);
                self.to.scalar(kind, start, end, (!written).then(|| text.into())).map(|_| ())
            }
        }
    }

    fn pair(&mut self, name: &str, value: u32) -> Written {
        self.word(name, value)?;
        self.copy(value)
    }

    fn root(&mut self) -> Written {
        self.open(Kind::Map, 0)?;
        let mut components = Vec::new();
        for (key, value) in self.reader().members(0) {
            match self.from.text(key) {
                "definitions" | "responses" | "parameters" | "securityDefinitions" => {
                    components.push((key, value));
                }
                "paths" => {
                    self.copy(key)?;
                    self.paths(value)?;
                }
                "host" | "basePath" | "schemes" | "consumes" | "produces" => {}
                _ => {
                    self.copy(key)?;
                    self.copy(value)?;
                }
            }
        }
        self.servers()?;
        self.word("components", 0)?;
        self.open(Kind::Map, 0)?;
        for (key, value) in components {
            self.component(key, value)?;
        }
        self.close(0)?;
        self.close(0)
    }

    fn servers(&mut self) -> Written {
        let reader = self.reader();
        let base = reader.text(0, "basePath").unwrap_or_default().to_owned();
        let Some(at) = reader.get(0, "basePath").or_else(|| reader.get(0, "host")) else { return Ok(()) };
        let url = match reader.text(0, "host") {
            Some(host) => {
                let schemes = reader.texts(0, "schemes");
                let scheme = if schemes.contains(&"https") {
                    "https"
                } else {
                    schemes.first().copied().unwrap_or("https")
                };
                format!("{scheme}://{host}{base}")
            }
            None => base,
        };
        self.word("servers", at)?;
        self.open(Kind::List, at)?;
        self.open(Kind::Map, at)?;
        self.word("url", at)?;
        self.word(&url, at)?;
        self.close(at)?;
        self.close(at)
    }

    fn component(&mut self, key: u32, value: u32) -> Written {
        let name = self.from.text(key);
        let target = match name {
            "definitions" => "schemas",
            "securityDefinitions" => "securitySchemes",
            other => other,
        };
        self.word(target, key)?;
        if self.reader().kind(value) != Kind::Map {
            return self.copy(value);
        }
        self.open(Kind::Map, value)?;
        let root = self.from.real(0);
        for (key, value) in self.reader().members(value) {
            let body = matches!(self.reader().text(value, "in"), Some("body" | "formData"));
            if name == "parameters" && body {
                continue;
            }
            self.copy(key)?;
            match name {
                "parameters" => self.parameter(value)?,
                "responses" => self.response(value, root)?,
                "securityDefinitions" => self.scheme(value)?,
                _ => self.copy(value)?,
            }
        }
        self.close(value)
    }

    fn scheme(&mut self, scheme: u32) -> Written {
        let reader = self.reader();
        match reader.text(scheme, "type") {
            Some("basic") => {
                self.open(Kind::Map, scheme)?;
                self.word("type", scheme)?;
                self.word("http", scheme)?;
                self.word("scheme", scheme)?;
                self.word("basic", scheme)?;
                self.close(scheme)
            }
            Some("oauth2") => {
                let flow = match reader.text(scheme, "flow") {
                    Some("accessCode") => "authorizationCode",
                    Some("application") => "clientCredentials",
                    Some(other) => other,
                    None => "implicit",
                }
                .to_owned();
                self.open(Kind::Map, scheme)?;
                self.word("type", scheme)?;
                self.word("oauth2", scheme)?;
                self.word("flows", scheme)?;
                self.open(Kind::Map, scheme)?;
                self.word(&flow, scheme)?;
                self.open(Kind::Map, scheme)?;
                for name in ["authorizationUrl", "tokenUrl", "scopes"] {
                    if let Some(value) = self.reader().get(scheme, name) {
                        self.pair(name, value)?;
                    }
                }
                self.close(scheme)?;
                self.close(scheme)?;
                self.close(scheme)
            }
            Some(_) | None => self.copy(scheme),
        }
    }

    fn paths(&mut self, paths: u32) -> Written {
        if self.reader().kind(paths) != Kind::Map {
            return self.copy(paths);
        }
        self.open(Kind::Map, paths)?;
        for (key, item) in self.reader().members(paths) {
            self.copy(key)?;
            if self.reader().kind(item) != Kind::Map || self.from.text(key).starts_with("x-") {
                self.copy(item)?;
                continue;
            }
            self.item(item)?;
        }
        self.close(paths)
    }

    fn item(&mut self, item: u32) -> Written {
        let shared = self.reader().get(item, "parameters");
        self.open(Kind::Map, item)?;
        for (key, value) in self.reader().members(item) {
            self.copy(key)?;
            let name = self.from.text(key);
            let method = ["get", "put", "post", "delete", "options", "head", "patch"].contains(&name);
            if method && self.reader().kind(value) == Kind::Map {
                self.operation(value, shared)?;
            } else if name == "parameters" {
                self.parameters(value)?;
            } else {
                self.copy(value)?;
            }
        }
        self.close(item)
    }

    fn operation(&mut self, operation: u32, shared: Option<u32>) -> Written {
        self.open(Kind::Map, operation)?;
        for (key, value) in self.reader().members(operation) {
            match self.from.text(key) {
                "consumes" | "produces" | "schemes" => {}
                "parameters" => {
                    self.copy(key)?;
                    self.parameters(value)?;
                }
                "responses" if self.reader().kind(value) == Kind::Map => {
                    self.copy(key)?;
                    self.open(Kind::Map, value)?;
                    for (key, response) in self.reader().members(value) {
                        self.copy(key)?;
                        self.response(response, operation)?;
                    }
                    self.close(value)?;
                }
                _ => {
                    self.copy(key)?;
                    self.copy(value)?;
                }
            }
        }
        self.body(operation, shared)?;
        self.close(operation)
    }

    /// The media types that an operation takes or gives.
    fn media(&self, operation: u32, name: &str, default: &str) -> Vec<String> {
        let reader = self.reader();
        let own = reader.get(operation, name).is_some();
        let listed = reader.texts(if own { operation } else { 0 }, name);
        let listed: Vec<String> = listed.into_iter().map(ToOwned::to_owned).collect();
        if listed.is_empty() { vec![default.to_owned()] } else { listed }
    }

    fn response(&mut self, response: u32, operation: u32) -> Written {
        let reader = self.reader();
        if reader.kind(response) != Kind::Map || reader.get(response, "$ref").is_some() {
            return self.copy(response);
        }
        let (schema, examples) = (reader.get(response, "schema"), reader.get(response, "examples"));
        self.open(Kind::Map, response)?;
        for (key, value) in self.reader().members(response) {
            match self.from.text(key) {
                "schema" | "examples" => {}
                "headers" if self.reader().kind(value) == Kind::Map => {
                    self.copy(key)?;
                    self.open(Kind::Map, value)?;
                    for (name, header) in self.reader().members(value) {
                        self.copy(name)?;
                        self.open(Kind::Map, header)?;
                        self.word("schema", header)?;
                        self.schema_of(header)?;
                        self.close(header)?;
                    }
                    self.close(value)?;
                }
                _ => {
                    self.copy(key)?;
                    self.copy(value)?;
                }
            }
        }
        self.content(response, operation, schema, examples)?;
        self.close(response)
    }

    fn content(
        &mut self,
        response: u32,
        operation: u32,
        schema: Option<u32>,
        examples: Option<u32>,
    ) -> Written {
        let given: Vec<(u32, u32)> =
            examples.map(|examples| self.reader().members(examples)).unwrap_or_default();
        if schema.is_none() && given.is_empty() {
            return Ok(());
        }
        let mut types = self.media(operation, "produces", "application/json");
        for (key, _) in &given {
            let name = self.from.text(*key).to_owned();
            if !types.contains(&name) {
                types.push(name);
            }
        }
        self.word("content", response)?;
        self.open(Kind::Map, response)?;
        for name in types {
            let example = given.iter().find(|(key, _)| self.from.text(*key) == name).map(|(_, value)| *value);
            self.word(&name, response)?;
            self.open(Kind::Map, response)?;
            if let Some(schema) = schema {
                self.pair("schema", schema)?;
            }
            if let Some(example) = example {
                self.pair("example", example)?;
            }
            self.close(response)?;
        }
        self.close(response)
    }
}

/// Where a reference of Swagger's leads in 3.0.
fn moved(reference: &str) -> String {
    for (old, new) in [
        ("#/definitions/", "#/components/schemas/"),
        ("#/parameters/", "#/components/parameters/"),
        ("#/responses/", "#/components/responses/"),
        ("#/securityDefinitions/", "#/components/securitySchemes/"),
    ] {
        if let Some((file, name)) = reference.split_once(old) {
            return format!("{file}{new}{name}");
        }
    }
    reference.to_owned()
}
