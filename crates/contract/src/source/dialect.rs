/// In which words schemas are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// OpenAPI 3.0's own, and Swagger's.
    OpenApi30,
    /// Draft 4 and what was before it.
    Draft4,
    /// Drafts 6 and 7.
    Draft7,
    /// 2019-09 and 2020-12, plain or as OpenAPI 3.1 and 3.2 extend it.
    Current,
}

impl Dialect {
    /// The dialect that a `jsonSchemaDialect` or `$schema` names; `None` for one that is not known.
    pub(crate) fn parse(uri: &str) -> Option<Self> {
        let uri = uri.trim_end_matches('#');
        let place = uri.strip_prefix("https://").or_else(|| uri.strip_prefix("http://"))?;
        if let Some(draft) = place.strip_prefix("json-schema.org/") {
            return match draft {
                "draft-03/schema" | "draft-04/schema" | "draft-05/schema" => Some(Self::Draft4),
                "draft-06/schema" | "draft-07/schema" => Some(Self::Draft7),
                "schema" | "draft/2019-09/schema" | "draft/2020-12/schema" => Some(Self::Current),
                _ => None,
            };
        }
        let openapi = place.strip_prefix("spec.openapis.org/oas/3.")?;
        openapi.contains("/dialect/").then_some(Self::Current)
    }

    /// Whether nothing counts beside a `$ref` (OpenAPI 3.0.4 4.8.22.1; draft 7 8.3).
    pub(crate) fn has_lone_references(self) -> bool {
        match self {
            Self::OpenApi30 | Self::Draft4 | Self::Draft7 => true,
            Self::Current => false,
        }
    }

    /// Whether `exclusiveMinimum` says of `minimum` that it is exclusive.
    pub(crate) fn has_boolean_bounds(self) -> bool {
        match self {
            Self::OpenApi30 | Self::Draft4 => true,
            Self::Draft7 | Self::Current => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialect_is_known_by_its_uri() {
        for (uri, dialect) in [
            ("https://spec.openapis.org/oas/3.1/dialect/base", Some(Dialect::Current)),
            ("https://spec.openapis.org/oas/3.2/dialect/2025-09-17", Some(Dialect::Current)),
            ("https://json-schema.org/draft/2020-12/schema", Some(Dialect::Current)),
            ("http://json-schema.org/draft-07/schema#", Some(Dialect::Draft7)),
            ("http://json-schema.org/draft-04/schema#", Some(Dialect::Draft4)),
            ("https://example.com/ours", None),
            ("https://json-schema.org/draft/2031-01/schema", None),
            ("", None),
        ] {
            assert_eq!(Dialect::parse(uri), dialect, "{uri}");
        }
    }
}
