use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, header};
use model::Secret;

use super::LONGEST;
use crate::Word;

/// Which words the operation's schemes use.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Words {
    pub(super) basic: bool,
    pub(super) token: bool,
}

/// The `Authorization` field, as far as a scheme of the operation uses its word.
pub(crate) enum Authorization<'a> {
    None,
    /// Two fields.
    Twice,
    Token {
        word: Word,
        text: &'a str,
    },
    Basic(Pair),
    Malformed {
        of: Meant,
        what: &'static str,
    },
}

/// What a malformed field meant to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meant {
    Token(Word),
    Basic,
}

/// A user's name and password (RFC 7617 2), not yet believed.
pub(crate) struct Pair {
    user: String,
    password: Secret<String>,
}

impl Pair {
    pub(crate) fn user(&self) -> &str {
        &self.user
    }

    pub(crate) fn password(&self) -> &Secret<String> {
        &self.password
    }
}

impl Authorization<'_> {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Twice => "twice",
            Self::Token { .. } => "token",
            Self::Basic(_) => "basic",
            Self::Malformed { .. } => "malformed",
        }
    }
}

pub(super) fn read(words: Words, headers: &HeaderMap) -> Authorization<'_> {
    let mut fields = headers.get_all(header::AUTHORIZATION).iter();
    let Some(field) = fields.next() else { return Authorization::None };
    if fields.next().is_some() {
        return Authorization::Twice;
    }
    let bytes = field.as_bytes();
    // RFC 9110 11.4: the word, one or more spaces, the rest. A tab ends the word too, so that what follows
    // it is refused and not overlooked.
    let end = bytes.iter().position(|byte| matches!(byte, b' ' | b'\t')).unwrap_or(bytes.len());
    let (name, rest) = bytes.split_at(end);
    let meant = if name.eq_ignore_ascii_case(b"bearer") && words.token {
        Meant::Token(Word::Bearer)
    } else if name.eq_ignore_ascii_case(b"dpop") && words.token {
        Meant::Token(Word::DPoP)
    } else if name.eq_ignore_ascii_case(b"basic") && words.basic {
        Meant::Basic
    } else {
        return Authorization::None;
    };
    let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
    let read = token68(rest.get(spaces..).unwrap_or_default()).and_then(|text| match meant {
        Meant::Token(word) => Ok(Authorization::Token { word, text }),
        Meant::Basic => pair(text).map(Authorization::Basic),
    });
    read.unwrap_or_else(|what| Authorization::Malformed { of: meant, what })
}

/// RFC 9110 11.2: letters, digits and `-._~+/`, then any number of `=`.
fn token68(bytes: &[u8]) -> Result<&str, &'static str> {
    if bytes.is_empty() {
        return Err("it is empty");
    }
    if bytes.len() > LONGEST {
        return Err("it is longer than 16 KiB");
    }
    let padding = bytes.iter().rev().take_while(|byte| **byte == b'=').count();
    let body = bytes.get(..bytes.len() - padding).unwrap_or_default();
    if body.is_empty() || !jose::jwt::is_token68(body) {
        return Err("it has characters that no token has");
    }
    std::str::from_utf8(bytes).map_err(|_| "it has characters that no token has")
}

fn pair(text: &str) -> Result<Pair, &'static str> {
    let bytes = STANDARD.decode(text).map_err(|_| "it is not base64")?;
    let whole = Secret::new(String::from_utf8(bytes).map_err(|_| "it is not UTF-8")?);
    // RFC 7617 2: no control characters in either.
    if whole.expose().chars().any(char::is_control) {
        return Err("it has control characters");
    }
    let (user, password) = whole.expose().split_once(':').ok_or("it has no colon")?;
    Ok(Pair { user: user.to_owned(), password: Secret::new(password.to_owned()) })
}
