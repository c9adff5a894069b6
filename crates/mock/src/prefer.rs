//! `Prefer` (RFC 7240): what a client would like this answer to be.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use model::parse_duration;

/// The longest delay that a client may ask for.
pub const LONGEST_DELAY: Duration = Duration::from_secs(600);
/// How much of the fields is read, in bytes.
const LIMIT: usize = 8 * 1024;

/// The preferences that the mock knows; others are ignored (RFC 7240 2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prefer {
    /// `code=404`: the answer of this status (200–599).
    pub code: Option<u16>,
    /// `example=empty`: the example of this name.
    pub example: Option<String>,
    /// `dynamic=true`: a generated value even where an example exists.
    pub dynamic: Option<bool>,
    /// `delay=2s`: the answer comes later, at most 10 minutes, as in a scenario. A number alone counts seconds,
    /// as other mocks have it.
    pub delay: Option<Duration>,
    /// The delay was written as a number alone, and is told so.
    pub bare: bool,
    /// What could not be taken as it was written, in a sentence for whoever wrote it.
    pub misread: Option<&'static str>,
}

impl Prefer {
    /// Whether nothing is preferred.
    pub fn is_empty(&self) -> bool {
        Self { misread: None, ..self.clone() } == Self::default()
    }

    /// The value of `Preference-Applied` (RFC 7240 3); `None` when there is nothing to say.
    pub fn applied(&self) -> Option<HeaderValue> {
        let mut said = Vec::new();
        if let Some(code) = self.code {
            said.push(format!("code={code}"));
        }
        if let Some(example) = &self.example {
            let token = !example.is_empty() && example.bytes().all(is_token);
            said.push(if token {
                format!("example={example}")
            } else {
                format!("example=\"{}\"", example.replace('\\', "\\\\").replace('"', "\\\""))
            });
        }
        if let Some(dynamic) = self.dynamic {
            said.push(format!("dynamic={dynamic}"));
        }
        if let Some(delay) = self.delay {
            said.push(if self.bare {
                format!("delay={}", delay.as_secs())
            } else {
                format!("delay={}", model::format_duration(delay))
            });
        }
        if said.is_empty() { None } else { HeaderValue::try_from(said.join(", ")).ok() }
    }
}

/// Reads all `Prefer` fields of a request. Never fails: what is malformed or unknown is ignored, and of two
/// preferences with one name the first counts (RFC 7240 2).
pub fn parse(headers: &HeaderMap) -> Prefer {
    let mut prefer = Prefer::default();
    let mut left = LIMIT;
    for field in headers.get_all("prefer") {
        let bytes = field.as_bytes();
        let Some(rest) = left.checked_sub(bytes.len()) else { break };
        left = rest;
        if let Ok(text) = std::str::from_utf8(bytes) {
            read(text, &mut prefer);
        }
    }
    prefer
}

/// Reads one field: `preference *( "," preference )`, each with parameters that say nothing here.
fn read(text: &str, prefer: &mut Prefer) {
    for preference in cut(text, ',') {
        let Some(first) = cut(preference, ';').into_iter().next() else { continue };
        let (name, value) = first.split_once('=').unwrap_or((first, ""));
        let value = unquoted(value.trim());
        // RFC 7240 2: names are compared without regard to case.
        match name.trim().to_ascii_lowercase().as_str() {
            "code" | "status" if prefer.code.is_none() => {
                prefer.code = value.parse().ok().filter(|code| (200..600).contains(code));
                if prefer.code.is_none() {
                    prefer.misread.get_or_insert("Prefer: `code=` takes a status from 200 to 599");
                }
            }
            "example" if prefer.example.is_none() && !value.is_empty() => prefer.example = Some(value),
            "dynamic" if prefer.dynamic.is_none() => {
                prefer.dynamic = match value.to_ascii_lowercase().as_str() {
                    "" | "true" => Some(true),
                    "false" => Some(false),
                    _ => None,
                };
            }
            "delay" if prefer.delay.is_none() => {
                prefer.delay = delay(&value);
                prefer.bare = prefer.delay.is_some() && value.bytes().all(|byte| byte.is_ascii_digit());
                if prefer.delay.is_none() {
                    prefer.misread.get_or_insert("Prefer: `delay=` takes a duration of at most 10m, as `2s`");
                }
            }
            _ => {}
        }
    }
}

fn delay(value: &str) -> Option<Duration> {
    let seconds = value.parse::<u32>().ok().map(|seconds| Duration::from_secs(seconds.into()));
    seconds.or_else(|| parse_duration(value).ok()).filter(|delay| *delay <= LONGEST_DELAY)
}

/// The parts between separators that stand outside quotes.
fn cut(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut quoted, mut escaped) = (0, false, false);
    for (place, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if letter == separator && !quoted => {
                parts.push(text.get(start..place).unwrap_or_default().trim());
                start = place + letter.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(text.get(start..).unwrap_or_default().trim());
    parts
}

/// The text of a quoted string (RFC 9110 5.6.4); anything else as it is.
fn unquoted(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return value.to_owned();
    };
    let mut text = String::with_capacity(inner.len());
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        text.extend(if letter == '\\' { letters.next() } else { Some(letter) });
    }
    text
}

/// `tchar` of RFC 9110 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Bodies for fuzzing.
#[doc(hidden)]
pub mod fuzz {
    use http::{HeaderMap, HeaderValue};

    /// Any bytes are preferences, and what is said about them is read back as the same.
    pub fn prefer(data: &[u8]) {
        let mut headers = HeaderMap::new();
        for line in data.split(|byte| *byte == b'\n').take(50) {
            if let Ok(value) = HeaderValue::from_bytes(line) {
                headers.append("prefer", value);
            }
        }
        let read = super::parse(&headers);
        if let Some(applied) = read.applied() {
            let again = HeaderMap::from_iter([(http::HeaderName::from_static("prefer"), applied)]);
            assert_eq!(super::parse(&again), super::Prefer { misread: None, ..read });
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read_all(fields: &[&str]) -> Prefer {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append("prefer", HeaderValue::from_str(field).unwrap());
        }
        parse(&headers)
    }

    #[test]
    fn preferences_are_read_from_several_fields_and_quotes() {
        let prefer = read_all(&["code=404, example=\"not, found\"; x=1", "DYNAMIC=true;foo, delay=2s"]);
        assert_eq!(prefer.code, Some(404));
        assert_eq!(prefer.example.as_deref(), Some("not, found"));
        assert_eq!(prefer.dynamic, Some(true));
        assert_eq!(prefer.delay, Some(Duration::from_secs(2)));
        assert_eq!(prefer.applied().unwrap(), "code=404, example=\"not, found\", dynamic=true, delay=2s");
    }

    #[test]
    fn the_first_of_two_counts_and_nonsense_is_ignored() {
        assert_eq!(read_all(&["code=404", "code=500"]).code, Some(404));
        for nonsense in
            ["", "code", "code=1000", "code=100", "=", ";;,", "respond-async", "delay=soon", "\"code=404\""]
        {
            assert!(read_all(&[nonsense]).is_empty(), "{nonsense}");
        }
        assert_eq!(read_all(&["delay=3"]).delay, Some(Duration::from_secs(3)));
        assert_eq!(read_all(&["delay=3"]).applied().unwrap(), "delay=3");
        assert_eq!(read_all(&["delay=10m"]).delay, Some(LONGEST_DELAY));
        for (long, part) in
            [("delay=99h", "10m"), ("delay=601", "10m"), ("code=999", "200 to 599"), ("code=abc", "200")]
        {
            let read = read_all(&[long]);
            assert!(
                read.is_empty() && read.misread.is_some_and(|why| why.contains(part)),
                "{long}: {read:?}"
            );
        }
        assert_eq!(Prefer::default().applied(), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_preferences(data in proptest::collection::vec(any::<u8>(), 0..300)) {
            fuzz::prefer(&data);
        }

        #[test]
        fn near_preferences_are_preferences(text in "((code|example|dynamic|delay|x)[=;, \"\\\\a-z0-9]{0,12}[,\n]?){0,6}") {
            fuzz::prefer(text.as_bytes());
        }
    }
}
