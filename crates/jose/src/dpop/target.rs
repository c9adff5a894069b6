//! Whether two URIs name one target: RFC 9449 4.3, check 9, with the syntax- and scheme-based normalisation
//! of RFC 3986 6.2.2 and 6.2.3 that it recommends, and without query and fragment.

use std::{borrow::Cow, fmt::Write};

pub(super) fn is_same(claimed: &str, actual: &str) -> bool {
    match (Target::read(claimed), Target::read(actual)) {
        (Some(claimed), Some(actual)) => claimed == actual,
        (None, _) | (_, None) => false,
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Target {
    scheme: String,
    host: String,
    port: String,
    path: String,
}

impl Target {
    fn read(uri: &str) -> Option<Self> {
        let uri = uri.split(['?', '#']).next()?;
        let (scheme, rest) = uri.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let default = match scheme.as_str() {
            "http" => "80",
            "https" => "443",
            _ => return None,
        };
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        // A password in a proof is nobody's business, and `@` a way to look like another host.
        if authority.is_empty() || authority.contains('@') || uri.bytes().any(|byte| byte <= b' ') {
            return None;
        }
        let (host, port) = match authority.rfind(':') {
            // Not a colon of an IPv6 address.
            Some(at) if !authority.ends_with(']') => (authority.get(..at)?, authority.get(at + 1..)?),
            _ => (authority, ""),
        };
        let port = if port.is_empty() { default } else { port };
        let digits = port.bytes().all(|byte| byte.is_ascii_digit());
        (digits && !host.is_empty()).then(|| Self {
            scheme,
            host: host.to_ascii_lowercase(),
            port: port.to_owned(),
            path: without_dots(&unescaped(path)),
        })
    }
}

/// Escapes of unreserved characters decoded, all others in upper case (RFC 3986 6.2.2.1 and 6.2.2.2).
fn unescaped(path: &str) -> Cow<'_, str> {
    if !path.contains('%') {
        return path.into();
    }
    let mut pieces = path.split('%');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        // Digits alone: the reader of numbers would take a sign as well.
        let hex = piece.get(..2).filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        let (Some(byte), Some(rest)) = (byte, piece.get(2..)) else {
            out.push('%');
            out.push_str(piece);
            continue;
        };
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
        out.push_str(rest);
    }
    out.into()
}

/// Dot segments resolved (RFC 3986 5.2.4); an empty path is `/` (6.2.3).
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if last {
                    kept.push("");
                }
            }
            segment => kept.push(segment),
        }
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_target_are_the_same() {
        for (claimed, actual) in [
            ("https://api.example/books", "https://api.example/books"),
            ("HTTPS://API.example:443/books", "https://api.example/books"),
            ("http://api.example:80", "http://api.example/"),
            ("https://api.example/books?page=2#top", "https://api.example/books"),
            ("https://api.example/%7Ealice/%2f", "https://api.example/~alice/%2F"),
            ("https://api.example/a/../books/.", "https://api.example/books/"),
            ("http://[::1]:4010/books", "http://[::1]:4010/books"),
            ("http://[::1]/books", "http://[::1]:80/books"),
        ] {
            assert!(is_same(claimed, actual), "{claimed} {actual}");
        }
    }

    #[test]
    fn other_targets_are_not() {
        for claimed in [
            "http://api.example/books",
            "https://api.example:8443/books",
            "https://api.example/Books",
            "https://api.example/books/",
            "https://api.example.evil/books",
            "https://api.example@evil/books",
            "https://user@api.example/books",
            "https://api.example/books%2F1",
            "https://api.example/ books",
            "https:///books",
            "https://:443/books",
            "https://api.example:x/books",
            "api.example/books",
            "/books",
            "",
            "%",
            "https://api.example/%",
            "https://api.example/%é",
        ] {
            assert!(!is_same(claimed, "https://api.example/books"), "{claimed}");
        }
    }
}
