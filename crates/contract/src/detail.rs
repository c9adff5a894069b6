use std::sync::Arc;

use serde_json::Value;

/// Everything of an operation that an answer or a validation needs; compiled when first asked for.
#[derive(Debug, Default)]
pub struct Detail {
    /// Path, query, header and cookie parameters: the operation's own, and those of its path that it does
    /// not replace.
    pub parameters: Vec<Parameter>,
    /// The request's body.
    pub body: Option<RequestBody>,
    /// In the document's order.
    pub responses: Vec<Response>,
}

/// A schema: a self-contained JSON Schema 2020-12 whatever the document's version (3.0's `nullable`, boolean
/// `exclusiveMinimum` and the like are translated), with every reachable schema below `$defs` and every
/// `$ref` pointing there. OpenAPI's own words (`discriminator`, `readOnly`, `writeOnly`, `xml`, `example`)
/// stay where they are. Shared: two operations that use one schema may hold one value.
pub type Schema = Arc<Value>;

/// A parameter (OpenAPI 3.1.1 4.8.12).
#[expect(clippy::struct_excessive_bools, reason = "the members of the standard's Parameter Object")]
#[derive(Debug)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub location: Location,
    /// Whether it must be there.
    pub required: bool,
    /// How its value is written; the location's default where the document says nothing.
    pub style: Style,
    /// Whether each item or property stands by itself; the style's default where the document says nothing.
    pub explode: bool,
    /// Whether reserved characters stand as they are.
    pub allow_reserved: bool,
    /// Whether `name=` without a value is taken.
    pub allow_empty: bool,
    /// The schema of the value, when it is written by style.
    pub schema: Option<Schema>,
    /// The media type of the value, when it has `content` instead of a schema.
    pub content: Option<MediaType>,
    /// `example` or the first of `examples`.
    pub example: Option<Value>,
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Location {
    /// In the path template.
    Path,
    /// In the query.
    Query,
    /// The whole query string (`in: querystring`, OpenAPI 3.2).
    QueryString,
    /// A header field.
    Header,
    /// A cookie.
    Cookie,
}

/// How a parameter's value is written (OpenAPI 3.1.1 4.8.12.3, RFC 6570).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Style {
    /// `;color=blue`
    Matrix,
    /// `.blue`
    Label,
    /// `blue,black`
    Simple,
    /// `color=blue&color=black`
    Form,
    /// `color=blue%20black`
    SpaceDelimited,
    /// `color=blue|black`
    PipeDelimited,
    /// `color[R]=100`
    DeepObject,
    /// `color=blue; color=black` (3.2)
    Cookie,
}

/// A request's body.
#[derive(Debug)]
pub struct RequestBody {
    /// Whether it must be there.
    pub required: bool,
    /// By media type or range, in the document's order.
    pub content: Vec<MediaType>,
}

/// A body in one media type.
#[derive(Debug)]
pub struct MediaType {
    /// `application/json`, or a range as `text/*`; lower case, with its parameters as written.
    pub name: String,
    /// What the body is.
    pub schema: Option<Schema>,
    /// For streams of items (`itemSchema`, OpenAPI 3.2).
    pub item_schema: Option<Schema>,
    /// Examples: `example` comes first with an empty name, then `examples` by name.
    pub examples: Vec<Example>,
    /// How the properties of a form body are written, by property: style and explode (Encoding Object).
    pub encoding: Vec<(String, Option<String>, Style, bool)>,
}

impl MediaType {
    /// Whether a text may be a media type's: `type/subtype` or a range, with parameters perhaps (RFC 9110
    /// 8.3.1).
    pub(crate) fn is_name(text: &str) -> bool {
        let essence = text.split(';').next().unwrap_or_default().trim();
        let token = |text: &str| {
            let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
            !text.is_empty() && text.bytes().all(legal)
        };
        let visible = text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        visible && essence.split_once('/').is_some_and(|(kind, sub)| token(kind) && token(sub))
    }
}

/// A documented example.
#[derive(Debug, Clone)]
pub struct Example {
    /// Its name; empty for `example`.
    pub name: String,
    /// Its value. A text stands as it is in a body that is not JSON.
    pub value: Value,
    /// Already in the form of the body (`serializedValue`, 3.2).
    pub serialized: bool,
}

/// A documented response.
#[derive(Debug)]
pub struct Response {
    /// For which statuses.
    pub status: StatusKey,
    /// The document's text.
    pub description: String,
    /// Header fields of the answer.
    pub headers: Vec<HeaderField>,
    /// By media type, in the document's order; none: no body.
    pub content: Vec<MediaType>,
    /// `links`: name → `operationId` or path, for the answer's `Link` field.
    pub links: Vec<(String, String)>,
}

/// For which statuses a response stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StatusKey {
    /// Exactly this one.
    Exact(u16),
    /// All of a class: `4` for `4XX`.
    Class(u8),
    /// `default`
    Default,
}

impl StatusKey {
    /// `200`, `4XX` or `default`.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        if name == "default" {
            return Some(Self::Default);
        }
        if name.len() != 3 {
            return None;
        }
        if let Some(class) = name.strip_suffix("XX").or_else(|| name.strip_suffix("xx")) {
            return class.parse().ok().filter(|class| (1..=5).contains(class)).map(Self::Class);
        }
        let digits = name.bytes().all(|byte| byte.is_ascii_digit());
        name.parse().ok().filter(|status| digits && (100..=599).contains(status)).map(Self::Exact)
    }

    /// Whether a good request may be answered so.
    pub(crate) fn is_success(self) -> bool {
        match self {
            Self::Exact(status) => status < 400,
            Self::Class(class) => class < 4,
            Self::Default => true,
        }
    }
}

/// A header field of an answer.
#[derive(Debug)]
pub struct HeaderField {
    /// Its name.
    pub name: String,
    /// Whether it must be there.
    pub required: bool,
    /// Whether arrays and objects are exploded (the style is always `simple`).
    pub explode: bool,
    /// The schema of its value.
    pub schema: Option<Schema>,
    /// `example` or the first of `examples`.
    pub example: Option<Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_real_statuses_are_statuses() {
        assert_eq!(StatusKey::parse("200"), Some(StatusKey::Exact(200)));
        assert_eq!(StatusKey::parse("4XX"), Some(StatusKey::Class(4)));
        assert_eq!(StatusKey::parse("default"), Some(StatusKey::Default));
        for bad in ["99", "600", "20X", "two hundred", "0", "6XX", "+20", "²00"] {
            assert_eq!(StatusKey::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn nonsense_is_no_media_type() {
        for good in ["application/json", "text/*", "*/*", "application/json; charset=utf-8"] {
            assert!(MediaType::is_name(good), "{good}");
        }
        for bad in ["json", "not a media type", "a/b\r\nX-Evil: 1", "", "/", "a/"] {
            assert!(!MediaType::is_name(bad), "{bad}");
        }
    }
}
