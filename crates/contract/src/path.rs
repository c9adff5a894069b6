use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use thiserror::Error;

/// Why a request's path is refused (verdicts.md, rule 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PathError {
    /// It does not begin with a slash.
    #[error("the path does not begin with a slash")]
    NoSlash,
    /// `%` without two hexadecimal digits.
    #[error("a `%` is not followed by two hexadecimal digits")]
    Escape,
    /// `\`, also as `%5C`.
    #[error("a backslash is in the path")]
    Backslash,
    /// NUL or another control character.
    #[error("a control character is in the path")]
    Control,
    /// Not UTF-8, or overlong.
    #[error("the path is not UTF-8")]
    Utf8,
    /// Still an escape after one decoding: `%252e`.
    #[error("the path is escaped twice")]
    Twice,
    /// `%2F` where decoding it would give a dot segment or another operation.
    #[error("an escaped slash would change which operation is meant")]
    Slash,
}

/// A request's path, normalised once (RFC 3986 6.2): unreserved characters decoded, dot segments resolved.
/// What was matched is what is forwarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NormalPath {
    /// Decoded segments; a `/` within one came as `%2F`.
    segments: Vec<String>,
}

impl NormalPath {
    /// Normalises the path of a request target, without its query (verdicts.md, rule 1).
    pub fn parse(path: &str) -> Result<Self, PathError> {
        let rest = path.strip_prefix('/').ok_or(PathError::NoSlash)?;
        let mut segments: Vec<String> = Vec::new();
        let mut ends_open = false;
        for raw in rest.split('/') {
            let segment = decode(raw)?;
            ends_open = matches!(segment.as_str(), "." | "..");
            match segment.as_str() {
                "." => {}
                ".." => {
                    segments.pop();
                }
                _ if segment.contains('/') && segment.split('/').any(|part| matches!(part, "." | "..")) => {
                    return Err(PathError::Slash);
                }
                _ => segments.push(segment),
            }
        }
        // `/a/.` is `/a/`: a dot segment at the end leaves its slash (RFC 3986 5.2.4).
        if ends_open || segments.is_empty() {
            segments.push(String::new());
        }
        Ok(Self { segments })
    }

    /// The decoded segments. `/` is one empty segment; a slash at the end gives an empty last one.
    pub fn segments(&self) -> &[String] {
        &self.segments
    }

    /// The path below `base` (as in [`crate::Contract::bases`]: `""` or `/v1`); `None` when it is not below it.
    #[must_use]
    pub fn strip_base(&self, base: &str) -> Option<Self> {
        let mut rest = self.segments.as_slice();
        for part in base.split('/').filter(|part| !part.is_empty()) {
            let (first, after) = rest.split_first()?;
            if *first != *percent_decode_str(part).decode_utf8_lossy() {
                return None;
            }
            rest = after;
        }
        let segments = if rest.is_empty() { vec![String::new()] } else { rest.to_vec() };
        Some(Self { segments })
    }

    /// The path with every `%2F` taken for a slash; `None` when there is none.
    pub(crate) fn slashes_decoded(&self) -> Option<Self> {
        let any = self.segments.iter().any(|segment| segment.contains('/'));
        let cut =
            || self.segments.iter().flat_map(|segment| segment.split('/')).map(ToOwned::to_owned).collect();
        any.then(|| Self { segments: cut() })
    }
}

/// What stands as it is in a segment (RFC 3986 3.3 `pchar`); everything else is escaped.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// The one spelling of the path: what was matched, as it is forwarded.
impl fmt::Display for NormalPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.segments.iter().try_for_each(|segment| write!(f, "/{}", utf8_percent_encode(segment, ESCAPED)))
    }
}

fn hex(byte: Option<&u8>) -> Option<u8> {
    match byte? {
        digit @ b'0'..=b'9' => Some(digit - b'0'),
        digit @ b'a'..=b'f' => Some(digit - b'a' + 10),
        digit @ b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

fn decode(raw: &str) -> Result<String, PathError> {
    let bytes = raw.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if *byte == b'%' {
            let (high, low) = (hex(bytes.get(at + 1)), hex(bytes.get(at + 2)));
            decoded.push(high.zip(low).map(|(high, low)| high * 16 + low).ok_or(PathError::Escape)?);
            at += 3;
        } else {
            decoded.push(*byte);
            at += 1;
        }
    }
    let twice = |window: &[u8]| matches!(window, [b'%', high, low] if hex(Some(high)).is_some() && hex(Some(low)).is_some());
    let text = String::from_utf8(decoded).map_err(|_| PathError::Utf8)?;
    if text.contains('\\') {
        return Err(PathError::Backslash);
    }
    if text.chars().any(char::is_control) {
        return Err(PathError::Control);
    }
    if text.as_bytes().windows(3).any(twice) {
        return Err(PathError::Twice);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(path: &str) -> Result<String, PathError> {
        NormalPath::parse(path).map(|path| path.to_string())
    }

    #[test]
    fn one_path_has_one_spelling() {
        for (written, one) in [
            ("/", "/"),
            ("/a/%62/c", "/a/b/c"),
            ("/a/./b/../c", "/a/c"),
            ("/a/%2e%2E/b", "/b"),
            ("/../../a", "/a"),
            ("/a/.", "/a/"),
            ("/a/..", "/"),
            ("/a//b", "/a//b"),
            ("/a/", "/a/"),
            ("/a;x=1/b.", "/a;x=1/b."),
            ("/A", "/A"),
            ("/caf%c3%a9", "/caf%C3%A9"),
            ("/a%2Fb", "/a%2Fb"),
            ("/100%25", "/100%25"),
            ("/a%3Fb%23c", "/a%3Fb%23c"),
        ] {
            assert_eq!(normal(written).as_deref(), Ok(one), "{written}");
        }
    }

    #[test]
    fn what_could_mean_two_things_is_refused() {
        for (path, error) in [
            ("", PathError::NoSlash),
            ("a", PathError::NoSlash),
            ("*", PathError::NoSlash),
            ("/%", PathError::Escape),
            ("/%2", PathError::Escape),
            ("/%zz", PathError::Escape),
            ("/a\\b", PathError::Backslash),
            ("/a%5Cb", PathError::Backslash),
            ("/%00", PathError::Control),
            ("/%0d%0a", PathError::Control),
            ("/%c0%ae", PathError::Utf8),
            ("/%ff", PathError::Utf8),
            ("/%252e%252e", PathError::Twice),
            ("/%2541", PathError::Twice),
            ("/a/..%2Fb", PathError::Slash),
            ("/a/%2e%2f", PathError::Slash),
        ] {
            assert_eq!(normal(path), Err(error), "{path}");
        }
    }

    #[test]
    fn a_base_is_a_whole_segment() {
        let path = NormalPath::parse("/bookshop/books/").unwrap();
        assert_eq!(path.strip_base("/bookshop").unwrap().to_string(), "/books/");
        assert_eq!(path.strip_base("").unwrap(), path);
        assert!(path.strip_base("/book").is_none());
        assert_eq!(NormalPath::parse("/bookshop").unwrap().strip_base("/bookshop").unwrap().to_string(), "/");
    }
}
