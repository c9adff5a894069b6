use crate::{
    problems::{Sink, shown},
    source::{document::Kind, view::View},
};

/// Which edition of the standard a document follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Version {
    /// Swagger 2.0.
    V2,
    V3_0,
    V3_1,
    V3_2,
}

impl Version {
    /// Whether schemas are OpenAPI 3.0's dialect (`nullable`, boolean `exclusiveMinimum`), not JSON Schema 2020-12.
    pub(crate) fn is_old(self) -> bool {
        self < Self::V3_1
    }
}

const READ: &str = "OpenAPI 3.0, 3.1 and 3.2 are read, and Swagger 2.0";

/// The version that the document names; `None` when it cannot be read.
pub(crate) fn read(root: View<'_>, sink: &mut Sink) -> Option<Version> {
    if let Some((key, value)) = root.member("swagger") {
        if value.scalar().is_some_and(|text| text.starts_with('2')) {
            let message = "this is Swagger 2.0; it is converted to OpenAPI 3.0 on reading";
            sink.warn(
                "document.swagger",
                key,
                message,
                "convert the document: what it cannot say stays unsaid",
            );
            return Some(Version::V2);
        }
        let message = format!("the version `{}` cannot be read", shown(value.scalar().unwrap_or_default()));
        sink.error("document.version", key, message, READ);
        return None;
    }
    let Some((key, value)) = root.member("openapi") else {
        let near = root.members().find(|(key, _)| key.name().eq_ignore_ascii_case("openapi"));
        let message = "this is no OpenAPI document: it does not begin with `openapi`";
        sink.error(
            "document.version",
            near.map_or(root, |(key, _)| key),
            message,
            "write for example `openapi: 3.1.0`",
        );
        return None;
    };
    let text = value.scalar().unwrap_or_default();
    let mut parts = text.split('.');
    let version = match (parts.next(), parts.next()) {
        (Some("3"), Some("0")) => Version::V3_0,
        (Some("3"), Some("1")) => Version::V3_1,
        (Some("3"), Some("2")) => Version::V3_2,
        (Some("3"), Some(minor)) if minor.parse::<u8>().is_ok() => {
            sink.warn("document.version", value, format!("the version {} is read as 3.2", shown(text)), READ);
            return Some(Version::V3_2);
        }
        _ => {
            let message = match (text.is_empty(), value.kind()) {
                (false, _) => format!("the version `{}` cannot be read", shown(text)),
                (true, Kind::Text) => "the version is an empty text".to_owned(),
                (true, _) => format!("the version is {}", value.what()),
            };
            sink.error("document.version", key, message, READ);
            return None;
        }
    };
    if parts.next().is_none() || value.kind() == Kind::Number {
        let message = format!("the version is written as {}", shown(text));
        sink.warn("document.version", value, message, "write all three numbers as a text: `\"3.1.0\"`");
    }
    Some(version)
}
