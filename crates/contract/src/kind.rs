//! What each code of a problem stands for: `docs/problems.md` is written from this table.

/// One kind of problem of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// The stable name, as it is printed: `scheme.undefined`.
    pub code: &'static str,
    /// What is wrong, and what becomes of it.
    pub meaning: &'static str,
    /// What to do.
    pub cure: &'static str,
}

impl Kind {
    /// Every kind of problem that reading a document can have, by name. Findings about security are
    /// [`crate::lint::Lint`]s.
    pub const ALL: &'static [Self] = KINDS;

    /// The kind that a code names.
    pub fn parse(code: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.code == code)
    }
}

const fn kind(code: &'static str, meaning: &'static str, cure: &'static str) -> Kind {
    Kind { code, meaning, cure }
}

const KINDS: &[Kind] = &[
    kind(
        "document.bounds",
        "The documents are nested too deeply or have too many values, often because aliases multiply them. Nothing is served",
        "split the document, or write out less of it by aliases",
    ),
    kind(
        "document.duplicate",
        "A key stands twice in one mapping. Which of the two is meant would be a guess, so nothing is served",
        "take one of them out",
    ),
    kind(
        "document.empty",
        "The file has no value in it",
        "an OpenAPI document is a mapping that begins with `openapi`",
    ),
    kind(
        "document.encoding",
        "The file is no text in UTF-8 (or in UTF-16 with its mark)",
        "save it as UTF-8",
    ),
    kind(
        "document.form",
        "The document is a list or a single value",
        "write a mapping that begins with `openapi`",
    ),
    kind(
        "document.info",
        "`info` is missing, is no mapping, or has no `title` or `version`. The file's name stands for a title",
        "write `info: {title: …, version: …}`",
    ),
    kind(
        "document.self",
        "`$self` is no URI, or has a fragment, and is ignored: references are relative to where the file lies",
        "write an absolute URI without `#`",
    ),
    kind("document.size", "The file is larger than 64 MiB", "split it into several files"),
    kind(
        "document.swagger",
        "The document is Swagger 2.0. It is converted to OpenAPI 3.0 on reading",
        "convert it, so that it can say what Swagger has no word for",
    ),
    kind(
        "document.type",
        "A member of the root is of the wrong kind: a list where a mapping belongs, or the other way round",
        "write it as the message says",
    ),
    kind(
        "document.unreadable",
        "The document cannot be had: no such file, no permission, or no answer from its host",
        "check its name; a URL needs `--allow-remote-refs`",
    ),
    kind(
        "document.version",
        "`openapi` is missing, or names a version that cannot be read",
        "write `openapi: 3.0.4`, `3.1.1` or `3.2.0`, as a text of three numbers",
    ),
    kind("json.syntax", "The file is no JSON", "mend it at the place that is shown"),
    kind(
        "key.unknown",
        "A member has a name that OpenAPI does not know there, and that is close to one that it knows. It is ignored",
        "write the name that is suggested; a member of your own begins with `x-`",
    ),
    kind(
        "number.range",
        "A number needs more than 64 bits and is not kept exactly",
        "write it as a text, or leave it out",
    ),
    kind(
        "operation.duplicate",
        "Two operations have the same `operationId`. The second is known by its method and path",
        "give each a name of its own",
    ),
    kind(
        "operation.form",
        "A part of an operation is of the wrong kind. The operation is left out; a guard refuses the document",
        "write it as the message says",
    ),
    kind(
        "operation.id",
        "The `operationId` is empty or no text. The operation is known by its method and path",
        "write a name",
    ),
    kind(
        "parameter.duplicate",
        "A parameter stands twice in one list. The first is used",
        "take one of them out",
    ),
    kind(
        "parameter.foreign",
        "A path parameter is declared that the path does not have",
        "write its name in braces into the path, or take it out",
    ),
    kind(
        "parameter.form",
        "A parameter has no `name` or no `in`",
        "write for example `{name: id, in: query, schema: {type: string}}`",
    ),
    kind(
        "parameter.header",
        "A header parameter has a name that no client can send",
        "write letters, digits and hyphens",
    ),
    kind(
        "parameter.place",
        "A parameter's `in` is no place of a request. It is ignored",
        "write `path`, `query`, `header` or `cookie`",
    ),
    kind(
        "parameter.reserved",
        "`Accept`, `Content-Type` and `Authorization` are no header parameters in OpenAPI and are ignored as such",
        "say it by media types and by `security`",
    ),
    kind(
        "parameter.undeclared",
        "A name in braces in a path is not declared as a parameter. It is taken as a text",
        "declare it: `in: path, required: true`",
    ),
    kind(
        "path.ambiguous",
        "One request can match two paths, of which neither is the more specific one. The leftmost literal wins; a guard refuses that where the requirements differ",
        "give the operations paths that are told apart by a literal",
    ),
    kind(
        "path.broken",
        "A path's `$ref` leads nowhere. The path is left out; a guard refuses the document",
        "check the file's name and the pointer",
    ),
    kind(
        "path.circle",
        "A path's references lead in a circle, so that no operation comes of them",
        "let one of them have the operations",
    ),
    kind(
        "path.form",
        "A path has something else than operations. It is left out; a guard refuses the document",
        "write for example `get: {responses: …}`",
    ),
    kind(
        "path.identical",
        "Two paths differ in the names of their parameters alone, so they are one path",
        "write them as one; where their requirements differ, nothing is served",
    ),
    kind(
        "path.method",
        "A key of `additionalOperations` is no method, or `query` stands in a document before OpenAPI 3.2",
        "check its spelling",
    ),
    kind(
        "path.template",
        "A path does not begin with a slash, or its braces do not match",
        "write for example `/books/{id}`",
    ),
    kind(
        "path.unreachable",
        "A path has a query or a fragment, so no request can have it",
        "declare the query as parameters",
    ),
    kind("paths.missing", "The document has no `paths`, so there is nothing to serve", "write at least one"),
    kind(
        "pattern.backtracking",
        "A `pattern` looks around or back, which cannot be matched in linear time. It is matched within a limit of steps",
        "write it without, if you can",
    ),
    kind(
        "pattern.invalid",
        "A `pattern` is no regular expression (ECMA-262), or is too large. It is ignored",
        "mend it as the message says",
    ),
    kind(
        "reference.broken",
        "A `$ref` leads nowhere: no such file or place, a circle, outside of the document's folder, or on another host. What depends on it is served without it",
        "check the pointer; `--root DIR` widens the folder, `--allow-remote-refs` fetches from other hosts",
    ),
    kind(
        "response.errors",
        "An operation documents no success. A good request is answered with the lowest status that is documented",
        "document what a good request gets",
    ),
    kind(
        "response.header",
        "A response's header has a name or an example that no HTTP message can have. It is left out",
        "write letters, digits and hyphens; no line breaks",
    ),
    kind(
        "response.media-type",
        "A key of `content` is no media type and is ignored",
        "write for example `application/json`",
    ),
    kind(
        "response.none",
        "An operation documents no response. It is answered with an empty 200",
        "write `responses`",
    ),
    kind(
        "response.status",
        "A key of `responses` is no status and is ignored",
        "write 100 to 599, a class as `4XX`, or `default`",
    ),
    kind(
        "schema.contradiction",
        "Nothing satisfies a schema, because its lower bound is above its upper one",
        "turn them round",
    ),
    kind(
        "schema.dialect",
        "`jsonSchemaDialect` or `$schema` names a dialect that is not known. It is read as JSON Schema 2020-12",
        "name draft 4, 6, 7, 2019-09 or 2020-12, or OpenAPI's own dialect",
    ),
    kind(
        "schema.endless",
        "A schema demands itself, so every value of it would be endless",
        "make a property on the way optional",
    ),
    kind("schema.multiple", "`multipleOf` is not greater than 0 and is ignored", "write a number above 0"),
    kind("schema.size", "A schema demands values so large that none are made up", "lower the bound"),
    kind(
        "scheme.authorization",
        "An API key is declared in `Authorization`: it is the field's whole value, whatever word it begins with",
        "declare a bearer token as `type: http, scheme: bearer`",
    ),
    kind(
        "scheme.broken",
        "A security scheme is a reference that leads nowhere. What it protects would stand open, so nothing is served",
        "write the scheme into this document",
    ),
    kind(
        "scheme.discovery",
        "An `openIdConnect` scheme has no `openIdConnectUrl`. Tokens are verified; where to get one is not documented",
        "write the URL of the provider's discovery document",
    ),
    kind(
        "scheme.flow",
        "A flow has a name that is none of OpenAPI's and is ignored",
        "write `authorizationCode`, `clientCredentials`, `deviceAuthorization`, `implicit` or `password`",
    ),
    kind(
        "scheme.flows",
        "An `oauth2` scheme has no flow. Tokens are verified; where to get one is not documented",
        "write `flows`",
    ),
    kind("scheme.form", "`securitySchemes` is no mapping", "write each scheme below its name"),
    kind("scheme.http", "An `http` scheme does not say which", "write `scheme: bearer` or `scheme: basic`"),
    kind(
        "scheme.key-name",
        "An API key has no name, or one that cannot be sent where it is declared",
        "write a `name` of letters, digits and hyphens",
    ),
    kind(
        "scheme.mutual-tls",
        "`mutualTLS` is new in OpenAPI 3.1. It is enforced all the same",
        "write `openapi: 3.1.1`",
    ),
    kind(
        "scheme.name",
        "A scheme's name has characters that OpenAPI does not allow there. Other tools may refuse it",
        "write letters, digits, `.`, `-` and `_`",
    ),
    kind("scheme.place", "An API key is in no place of a request", "write `in: header`, `query` or `cookie`"),
    kind(
        "scheme.undefined",
        "A requirement names a scheme that is not defined, so it can never be met",
        "define it in `components.securitySchemes`, or write the name that is suggested",
    ),
    kind(
        "scheme.unmeetable",
        "A requirement names a scheme that Lobby cannot verify (digest and others), so that alternative is always denied",
        "use one of the schemes in [choosing](choosing.md)",
    ),
    kind(
        "scheme.url",
        "A URL of a flow is missing or is no URL. It is shown as text and never followed",
        "write the URL",
    ),
    kind(
        "scope.form",
        "A scope has characters that no token can carry (RFC 6749 3.3). What demands it is always denied",
        "write it without spaces, quotes and backslashes",
    ),
    kind(
        "scope.undeclared",
        "A requirement demands a scope that no flow declares",
        "declare it in the flow's `scopes`, or write the one that is suggested",
    ),
    kind(
        "security.form",
        "A `security` is not of the form that OpenAPI demands. Guessing who may pass is no option, so nothing is served",
        "write `security: [{name: [scope]}]`, or `[]` for a public operation",
    ),
    kind(
        "security.none",
        "Schemes are declared, and nothing requires them: every operation is public",
        "write `security:` at the root or at operations",
    ),
    kind(
        "security.roles",
        "A scheme that is not `oauth2` or `openIdConnect` lists roles, which OpenAPI 3.0 does not know",
        "make the document 3.1",
    ),
    kind(
        "security.same-place",
        "One alternative demands two credentials in the same place of a request, which no client can send",
        "make them alternatives, or move one of them",
    ),
    kind("security.scopes", "The scopes of a scheme are missing. It is required all the same", "write `[]`"),
    kind(
        "server.form",
        "`servers` of a path or an operation is no list. The outer ones hold",
        "write for example `servers: [{url: /v1}]`",
    ),
    kind(
        "server.many",
        "The document's servers have more than 100 paths. The rest is ignored",
        "use variables, or documents of their own",
    ),
    kind(
        "server.url",
        "A server has no `url`, or one that nothing can be served below. It is ignored",
        "write for example `https://api.example.com/v1`, and a default for each variable",
    ),
    kind(
        "x-lobby.form",
        "`x-lobby`, or a member of it, is of the wrong kind. A rule that cannot be read is not ignored: nothing is served",
        "its members are roles, plans, max_age, acr and policy",
    ),
    kind(
        "x-lobby.key",
        "`x-lobby` has a member that is none of its own",
        "write roles, plans, max_age, acr or policy",
    ),
    kind(
        "x-lobby.max_age",
        "A `max_age` is no duration. Nothing is served, because the rule cannot be judged",
        "write for example `5m` or `1h30m`",
    ),
    kind("x-lobby.policy", "A policy cannot be read", "write one comparison: `principal.sub == path.userId`"),
    kind(
        "x-lobby.public",
        "A rule is about who asks, and the operation asks nobody",
        "write `security:` with a scheme that says who asks",
    ),
    kind(
        "yaml.alias",
        "An alias stands within the value that it is an alias of",
        "use `$ref` for a schema that contains itself",
    ),
    kind("yaml.control", "A text holds a control character", "take it out"),
    kind("yaml.documents", "The file holds more than one YAML document", "write each into a file of its own"),
    kind("yaml.key", "A key is a list or a mapping", "keys are texts: quote one that begins with `[` or `{`"),
    kind(
        "yaml.merge",
        "`<<` merges something that is no mapping",
        "write an alias of a mapping, or a list of them",
    ),
    kind("yaml.syntax", "The file is no YAML", "mend it at the place that is shown; indent with spaces"),
    kind("yaml.tag", "A tag means nothing here and is ignored", "take it out"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_stand_once_and_by_name_and_are_no_lints() {
        assert!(KINDS.is_sorted_by(|one, other| one.code < other.code));
        for kind in KINDS {
            assert!(crate::lint::Lint::parse(kind.code).is_none(), "{}", kind.code);
            assert!(!kind.meaning.ends_with('.') && !kind.cure.ends_with('.'), "{}", kind.code);
        }
        assert_eq!(Kind::parse("scheme.undefined").map(|kind| kind.code), Some("scheme.undefined"));
        assert_eq!(Kind::parse("scheme.undefned"), None);
    }
}
