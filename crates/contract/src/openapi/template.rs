use percent_encoding::percent_decode_str;
use thiserror::Error;

use crate::{Part, Segment, Template};

/// Why a path of the document cannot be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum TemplateError {
    #[error("a path begins with a slash")]
    NoSlash,
    #[error("the braces of the path do not match, or are empty")]
    Braces,
    #[error("two parameters stand side by side: where one ends cannot be told")]
    Adjoining,
    #[error("no request can match a path with a dot segment: they are resolved before")]
    Dots,
    #[error("no request can match a path with a control character, a backslash, or what is not UTF-8")]
    Unmatchable,
}

impl TemplateError {
    /// What to do about it.
    pub(crate) fn help(self, path: &str) -> String {
        match self {
            Self::NoSlash => format!("did you mean `/{}`?", crate::problems::shown(path)),
            Self::Braces => "a parameter is written as `{name}`".to_owned(),
            Self::Adjoining => "put a character between them, as in `{x}-{y}`".to_owned(),
            Self::Dots => "write the path that is meant".to_owned(),
            Self::Unmatchable => String::new(),
        }
    }
}

/// Cuts a path template at its slashes and braces.
pub(crate) fn parse(text: &str) -> Result<Template, TemplateError> {
    let rest = text.strip_prefix('/').ok_or(TemplateError::NoSlash)?;
    let segments = rest.split('/').map(segment).collect::<Result<_, _>>()?;
    Ok(Template { text: text.to_owned(), segments })
}

fn segment(text: &str) -> Result<Segment, TemplateError> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find(['{', '}']) {
        let (before, after) = rest.split_at(open);
        let inside = after.strip_prefix('{').ok_or(TemplateError::Braces)?;
        let (name, after) = inside.split_once('}').ok_or(TemplateError::Braces)?;
        if name.trim().is_empty() || name.contains('{') {
            return Err(TemplateError::Braces);
        }
        if before.is_empty() && matches!(parts.last(), Some(Part::Parameter(_))) {
            return Err(TemplateError::Adjoining);
        }
        if !before.is_empty() {
            parts.push(Part::Literal(literal(before)?));
        }
        parts.push(Part::Parameter(name.to_owned()));
        rest = after;
    }
    let end = literal(rest)?;
    if parts.is_empty() {
        return if matches!(end.as_str(), "." | "..") {
            Err(TemplateError::Dots)
        } else {
            Ok(Segment::Literal(end))
        };
    }
    if !end.is_empty() {
        parts.push(Part::Literal(end));
    }
    match parts.as_slice() {
        [Part::Parameter(name)] => Ok(Segment::Parameter(name.clone())),
        _ => Ok(Segment::Mixed(parts)),
    }
}

fn literal(text: &str) -> Result<String, TemplateError> {
    let decoded = percent_decode_str(text).decode_utf8().map_err(|_| TemplateError::Unmatchable)?;
    if decoded.contains(|c: char| c.is_control() || c == '\\') {
        return Err(TemplateError::Unmatchable);
    }
    Ok(decoded.into_owned())
}

/// The names of a template's parameters, in order.
pub(crate) fn names(template: &Template) -> impl Iterator<Item = &str> {
    template.segments.iter().flat_map(|segment| {
        let parts: Vec<&str> = match segment {
            Segment::Literal(_) => Vec::new(),
            Segment::Parameter(name) => vec![name],
            Segment::Mixed(parts) => parts
                .iter()
                .filter_map(|part| match part {
                    Part::Parameter(name) => Some(name.as_str()),
                    Part::Literal(_) => None,
                })
                .collect(),
        };
        parts
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_cut_and_decoded() {
        let template = parse("/r/{a}-{b}.json/{c}/caf%C3%A9").unwrap();
        assert_eq!(names(&template).collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(template.segments[3], Segment::Literal("café".to_owned()));
    }

    #[test]
    fn what_no_request_can_match_is_refused() {
        for (path, error) in [
            ("pets", TemplateError::NoSlash),
            ("/a/{b", TemplateError::Braces),
            ("/a/}b", TemplateError::Braces),
            ("/c/{}", TemplateError::Braces),
            ("/d/{x}{y}", TemplateError::Adjoining),
            ("/a/../b", TemplateError::Dots),
            ("/a/%2e", TemplateError::Dots),
            ("/a%00b", TemplateError::Unmatchable),
        ] {
            assert_eq!(parse(path), Err(error), "{path}");
        }
    }
}
