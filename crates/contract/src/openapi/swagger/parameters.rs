use super::{Writer, Written};
use crate::source::document::Kind;

/// Words of Swagger's Parameter and Header Objects that belong to the schema.
const OF_SCHEMA: [&str; 18] = [
    "type",
    "format",
    "items",
    "default",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "enum",
    "multipleOf",
    "title",
    "x-nullable",
];

impl Writer<'_> {
    pub(super) fn parameters(&mut self, list: u32) -> Written {
        if self.reader().kind(list) != Kind::List {
            return self.copy(list);
        }
        self.open(Kind::List, list)?;
        for item in self.reader().items(list) {
            let parameter = self.reader().parameter(item);
            match self.reader().text(parameter, "in") {
                Some("body" | "formData") => {}
                Some(_) if parameter == item => self.parameter(item)?,
                Some(_) | None => self.copy(item)?,
            }
        }
        self.close(list)
    }

    pub(super) fn parameter(&mut self, parameter: u32) -> Written {
        if self.reader().kind(parameter) != Kind::Map || self.reader().get(parameter, "$ref").is_some() {
            return self.copy(parameter);
        }
        self.open(Kind::Map, parameter)?;
        for (key, value) in self.reader().members(parameter) {
            let name = self.reader().from.text(key);
            if !OF_SCHEMA.contains(&name) && name != "collectionFormat" {
                self.copy(key)?;
                self.copy(value)?;
            }
        }
        self.style(parameter)?;
        self.word("schema", parameter)?;
        self.schema_of(parameter)?;
        self.close(parameter)
    }

    /// `collectionFormat` as style and explode.
    fn style(&mut self, parameter: u32) -> Written {
        if self.reader().text(parameter, "type") != Some("array") {
            return Ok(());
        }
        let in_query = matches!(self.reader().text(parameter, "in"), Some("query" | "formData"));
        let (style, explode) = match self.reader().text(parameter, "collectionFormat") {
            Some("multi") => ("form", true),
            Some("ssv") if in_query => ("spaceDelimited", false),
            Some("pipes") if in_query => ("pipeDelimited", false),
            Some(_) | None => (if in_query { "form" } else { "simple" }, false),
        };
        self.word("style", parameter)?;
        self.word(style, parameter)?;
        if explode {
            return self.flag("explode", parameter);
        }
        self.word("explode", parameter)?;
        let (start, end) = self.span(parameter);
        self.to.scalar(Kind::False, start, end, Some("false".into())).map(|_| ())
    }

    pub(super) fn schema_of(&mut self, owner: u32) -> Written {
        self.open(Kind::Map, owner)?;
        for (key, value) in self.reader().members(owner) {
            let name = self.reader().from.text(key);
            if name == "x-nullable" {
                self.pair("nullable", value)?;
            } else if OF_SCHEMA.contains(&name) {
                self.copy(key)?;
                self.copy(value)?;
            }
        }
        self.close(owner)
    }

    /// `in: body` and `in: formData` as `requestBody`.
    pub(super) fn body(&mut self, operation: u32, shared: Option<u32>) -> Written {
        let reader = self.reader();
        let lists = [reader.get(operation, "parameters"), shared];
        let items = lists
            .into_iter()
            .flatten()
            .flat_map(|list| reader.items(list))
            .map(|item| reader.parameter(item));
        let (mut body, mut form) = (None, Vec::new());
        for parameter in items {
            match reader.text(parameter, "in") {
                Some("body") => body = body.or(Some(parameter)),
                Some("formData") => form.push(parameter),
                Some(_) | None => {}
            }
        }
        if let Some(body) = body {
            let types = self.media(operation, "consumes", "application/json");
            self.request(body, types, |writer| match writer.reader().get(body, "schema") {
                Some(schema) => writer.copy(schema),
                None => writer.schema_of(body),
            })
        } else if let Some(first) = form.first().copied() {
            let file = form.iter().any(|parameter| self.reader().text(*parameter, "type") == Some("file"));
            let default = if file { "multipart/form-data" } else { "application/x-www-form-urlencoded" };
            let types = self.media(operation, "consumes", default);
            self.request(first, types, |writer| writer.form(first, &form))
        } else {
            Ok(())
        }
    }

    fn request(
        &mut self,
        at: u32,
        types: Vec<String>,
        mut schema: impl FnMut(&mut Self) -> Written,
    ) -> Written {
        self.word("requestBody", at)?;
        self.open(Kind::Map, at)?;
        if self.is_required(at) {
            self.flag("required", at)?;
        }
        self.word("content", at)?;
        self.open(Kind::Map, at)?;
        for name in types {
            self.word(&name, at)?;
            self.open(Kind::Map, at)?;
            self.word("schema", at)?;
            schema(self)?;
            self.close(at)?;
        }
        self.close(at)?;
        self.close(at)
    }

    fn is_required(&self, parameter: u32) -> bool {
        self.reader().get(parameter, "required").is_some_and(|flag| self.reader().kind(flag) == Kind::True)
    }

    fn form(&mut self, at: u32, fields: &[u32]) -> Written {
        self.open(Kind::Map, at)?;
        self.word("type", at)?;
        self.word("object", at)?;
        let required: Vec<u32> = fields.iter().copied().filter(|field| self.is_required(*field)).collect();
        if !required.is_empty() {
            self.word("required", at)?;
            self.open(Kind::List, at)?;
            for field in required {
                let name = self.reader().text(field, "name").unwrap_or_default().to_owned();
                self.word(&name, field)?;
            }
            self.close(at)?;
        }
        self.word("properties", at)?;
        self.open(Kind::Map, at)?;
        for field in fields {
            let name = self.reader().text(*field, "name").unwrap_or_default().to_owned();
            self.word(&name, *field)?;
            self.schema_of(*field)?;
        }
        self.close(at)?;
        self.close(at)
    }
}
