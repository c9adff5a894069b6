//! The forms of values that several keys share.

use std::{fmt, marker::PhantomData, path::PathBuf, time::Duration};

use guard::limit;
use serde::{Deserialize, Deserializer, de::Error as _};

/// A duration: `500ms`, `90s`, `15m`, `1h30m`, `30d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) Duration);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        model::parse_duration(&text).map(Self).map_err(D::Error::custom)
    }
}

/// A duration, or `never`: without an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Life(pub(crate) Option<Duration>);

impl<'de> Deserialize<'de> for Life {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "never" {
            return Ok(Self(None));
        }
        model::parse_duration(&text).map(|span| Self(Some(span))).map_err(D::Error::custom)
    }
}

/// A rate: `N/s`, `N/min` or `N/h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate(pub(crate) limit::Rate);

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map(Self).map_err(D::Error::custom)
    }
}

/// A quota: `N/day` or `N/month`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quota(pub(crate) limit::Quota);

impl<'de> Deserialize<'de> for Quota {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map(Self).map_err(D::Error::custom)
    }
}

/// A number of bytes: `65536`, `64 KB`, `10 MB`, `1 GB` (powers of 1024).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) usize);

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let factor = match unit.trim() {
            "" | "B" => 1,
            "KB" | "KiB" => 1 << 10,
            "MB" | "MiB" => 1 << 20,
            "GB" | "GiB" => 1 << 30,
            _ => 0,
        };
        number
            .parse::<usize>()
            .ok()
            .and_then(|number| number.checked_mul(factor))
            .filter(|bytes| *bytes > 0)
            .map(Self)
            .ok_or_else(|| {
                D::Error::custom(format_args!("`{text}` is no size; write for example 64 KB or 10 MB"))
            })
    }
}

/// A number from 0 to `MOST`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count<const MOST: u8>(pub(crate) u8);

impl<'de, const MOST: u8> Deserialize<'de> for Count<MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u8::deserialize(deserializer)? {
            number if number <= MOST => Ok(Self(number)),
            number => Err(D::Error::custom(format_args!("{number} is more than {MOST}"))),
        }
    }
}

/// An issuer's URL (RFC 8414 2: no query, no fragment), without a slash at its end.
pub(crate) fn issuer(text: &str) -> Result<String, String> {
    let is_web = text.starts_with("https://") || text.starts_with("http://");
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic()) && !text.contains(['\\', '"', '<', '>']);
    let url = url::Url::parse(text).ok().filter(|url| is_web && plain && url.has_host());
    let Some(url) = url else { return Err(format!("`{text}` is no http or https URL")) };
    if text.contains(['?', '#']) {
        return Err("an issuer has neither a query nor a fragment".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("an issuer names nobody who signs in".to_owned());
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// A token that a caller can show in a header field (RFC 6750 2.1).
pub(crate) fn bearer(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("no header field can carry it: it may have visible ASCII characters alone".to_owned());
    }
    Ok(text.to_owned())
}

/// Where a secret comes from: never from the file itself.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum SecretReference {
    /// `${NAME}`
    Environment(String),
    /// `file:PATH`, relative to lobby.yaml
    File(PathBuf),
}

impl SecretReference {
    /// Reads `${NAME}` or `file:PATH`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Some(name) = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) {
            return Some(Self::Environment(name.to_owned()));
        }
        text.strip_prefix("file:").map(|path| Self::File(PathBuf::from(path)))
    }
}

impl fmt::Debug for SecretReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(name) => write!(f, "${{{name}}}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
        }
    }
}

impl<'de> Deserialize<'de> for SecretReference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // The text itself may be a secret that somebody wrote here: it is not repeated.
        let refused =
            || D::Error::custom("a secret is never written in this file; write ${NAME} or file:PATH");
        Self::parse(&text).ok_or_else(refused)
    }
}

/// One value or a list of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct OneOrMany(pub(crate) Vec<String>);

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = OneOrMany;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany(vec![text.to_owned()]))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<OneOrMany, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = items.next_element()? {
                    texts.push(text);
                }
                Ok(OneOrMany(texts))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// Reads what is one text, or a mapping with keys of its own. `forms` says what may be written.
pub(crate) fn word_or<'de, D: Deserializer<'de>, T, M: Deserialize<'de>>(
    deserializer: D,
    forms: &'static str,
    word: impl Fn(&str) -> Option<T>,
    mapping: impl Fn(M) -> T,
) -> Result<T, D::Error> {
    struct Visitor<W, F, M>(&'static str, W, F, PhantomData<M>);
    impl<'de, T, M, W, F> serde::de::Visitor<'de> for Visitor<W, F, M>
    where
        M: Deserialize<'de>,
        W: Fn(&str) -> Option<T>,
        F: Fn(M) -> T,
    {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
            (self.1)(text).ok_or_else(|| E::custom(format_args!("this key takes {}", self.0)))
        }

        // YAML's word for it.
        fn visit_bool<E: serde::de::Error>(self, on: bool) -> Result<T, E> {
            self.visit_str(if on { "on" } else { "off" })
        }

        fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
            M::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(self.2)
        }
    }
    deserializer.deserialize_any(Visitor(forms, word, mapping, PhantomData))
}

/// A value, and the line and column where it stands.
pub(crate) type Placed<T> = serde_saphyr::Spanned<T>;
