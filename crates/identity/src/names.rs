//! What an account is called: user names and e-mail addresses, and the forms by which two of them are one.
//!
//! A name is what RFC 8265 makes of it (profile `UsernameCaseMapped`): `Ａlice`, `ALICE` and `alice` are one
//! name, and one that merely looks like another by a compatibility character is none at all. What a person
//! typed is shown; what is compared and looked up is the key.

mod bidi;
mod class;
mod context;
mod email;
mod precis;

use thiserror::Error;

pub use class::is_blank;
pub use email::{EmailError, EmailKey, email_key};

/// A name may have so many characters (after normalising).
pub const LONGEST_NAME: usize = 64;

/// By what a user name is compared: RFC 8265's `UsernameCaseMapped` form of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameKey(String);

impl NameKey {
    /// The form, to be stored and looked up.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is no user name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NameError {
    /// Nothing is left of it.
    #[error("a name is not empty")]
    Empty,
    /// It is longer than [`LONGEST_NAME`].
    #[error("a name has at most {LONGEST_NAME} characters")]
    TooLong,
    /// `@` would make it an e-mail address, `:` ends a name in Basic credentials (RFC 7617 2).
    #[error("a name has no `{0}`")]
    Reserved(char),
    /// The character is not of the `IdentifierClass` (RFC 8264 4.2), or not where it stands.
    #[error("U+{:04X} has no place in a name", u32::from(*.0))]
    Character(char),
    /// Left-to-right and right-to-left are mixed so that two names could look alike (RFC 5893 2).
    #[error("a name does not mix directions of writing")]
    Direction,
}

/// By what `name` is compared.
pub fn name_key(name: &str) -> Result<NameKey, NameError> {
    // No rule makes a text shorter by more than this, and none is run on a book.
    if name.len() > LONGEST_NAME * 16 {
        return Err(NameError::TooLong);
    }
    if let Some(reserved) = name.chars().find(|c| matches!(c, '@' | ':' | '＠' | '：')) {
        return Err(NameError::Reserved(if matches!(reserved, '@' | '＠') { '@' } else { ':' }));
    }
    let key = precis::username_case_mapped(name)?;
    if key.chars().count() > LONGEST_NAME {
        return Err(NameError::TooLong);
    }
    Ok(NameKey(key))
}

/// What was typed as a name or an address, in the form by which it is compared; what can be nobody's as it was
/// typed, cut to the length of the longest address.
pub fn compared(typed: &str) -> String {
    let key = if typed.contains('@') {
        email_key(typed).ok().map(|key| key.as_str().to_owned())
    } else {
        name_key(typed).ok().map(|key| key.0)
    };
    key.unwrap_or_else(|| cut(typed).to_owned())
}

/// As much of a text as the longest name or address has characters.
pub(crate) fn cut(text: &str) -> &str {
    text.char_indices().nth(email::LONGEST).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_compared_by_its_key_and_junk_by_its_beginning() {
        assert_eq!(compared("ANA@Example.COM"), "ana@example.com");
        assert_eq!(compared("\u{ff21}lice"), "alice");
        assert_eq!(compared("a b"), "a b");
        assert_eq!(compared(&"\u{1f600}".repeat(10_000)).chars().count(), 254);
    }

    fn key(name: &str) -> Result<String, NameError> {
        name_key(name).map(|key| key.0)
    }

    /// RFC 8265 3.5, tables 2 and 3; row 1 has the `@` that we keep for e-mail.
    #[test]
    fn the_names_of_rfc_8265_are_taken_and_refused_as_it_says() {
        assert_eq!(key("juliet@example.com"), Err(NameError::Reserved('@')));
        assert_eq!(key("fussball").unwrap(), "fussball");
        assert_eq!(key("fu\u{df}ball").unwrap(), "fu\u{df}ball");
        assert_eq!(key("\u{3c0}").unwrap(), "\u{3c0}");
        assert_eq!(key("\u{3a3}").unwrap(), "\u{3c3}");
        assert_eq!(key("\u{3c3}").unwrap(), "\u{3c3}");
        assert_eq!(key("\u{3c2}").unwrap(), "\u{3c2}");
        assert_eq!(key("foo bar"), Err(NameError::Character(' ')));
        assert_eq!(key(""), Err(NameError::Empty));
        assert_eq!(key("henry\u{2163}"), Err(NameError::Character('\u{2163}')));
        assert_eq!(key("\u{265a}"), Err(NameError::Character('\u{265a}')));
    }

    #[test]
    fn names_that_differ_in_case_width_or_composition_are_one() {
        for name in ["alice", "ALICE", "Alice", "\u{ff21}lice"] {
            assert_eq!(key(name).unwrap(), "alice");
        }
        assert_eq!(key("Rene\u{301}").unwrap(), key("ren\u{e9}").unwrap());
        assert_eq!(key("\u{ff76}\u{ff9e}").unwrap(), "\u{30ac}");
        assert_eq!(
            key("\u{39d}\u{399}\u{39a}\u{39f}\u{3a3}").unwrap(),
            "\u{3bd}\u{3b9}\u{3ba}\u{3bf}\u{3c2}"
        );
    }

    #[test]
    fn what_is_invisible_or_only_looks_like_another_is_refused() {
        let refused = [
            '\0',
            '\t',
            '\u{7f}',
            '\u{a0}',
            '\u{ad}',
            '\u{34f}',
            '\u{200b}',
            '\u{202e}',
            '\u{2066}',
            '\u{feff}',
            '\u{212a}',
            '\u{fb01}',
            '\u{1d400}',
            '\u{1100}',
            '\u{640}',
            '\u{e000}',
            '\u{fdd0}',
            '\u{10ffff}',
            '\u{e0041}',
            '\u{1f600}',
            '\u{115f}',
        ];
        assert_eq!(key("a\u{3000}b"), Err(NameError::Character(' ')));
        for c in refused {
            assert_eq!(key(&format!("a{c}b")), Err(NameError::Character(c)), "U+{:04X}", u32::from(c));
        }
    }

    #[test]
    fn a_name_has_its_bound_however_it_is_written() {
        assert_eq!(key(&"a".repeat(64)).unwrap().len(), 64);
        assert_eq!(key(&"a".repeat(65)), Err(NameError::TooLong));
        assert_eq!(key(&"a".repeat(10_000_000)), Err(NameError::TooLong));
        assert_eq!(key("al:ice"), Err(NameError::Reserved(':')));
        assert_eq!(key("al\u{ff20}ice"), Err(NameError::Reserved('@')));
    }

    #[test]
    fn characters_with_a_context_are_taken_only_in_it() {
        assert!(key("col\u{b7}lega").is_ok());
        assert_eq!(key("co\u{b7}lega"), Err(NameError::Character('\u{b7}')));
        // A virama before a joiner; the Persian one joins letters that would join.
        assert!(key("\u{915}\u{94d}\u{200d}\u{937}").is_ok());
        assert!(key("\u{646}\u{627}\u{645}\u{647}\u{200c}\u{627}\u{6cc}").is_ok());
        assert_eq!(key("a\u{200d}b"), Err(NameError::Character('\u{200d}')));
        assert_eq!(key("a\u{200c}b"), Err(NameError::Character('\u{200c}')));
        assert!(key("\u{375}\u{3b1}").is_ok());
        assert_eq!(key("\u{375}a"), Err(NameError::Character('\u{375}')));
        assert!(key("\u{5d0}\u{5f3}").is_ok());
        assert!(key("\u{30a2}\u{30fb}\u{30a2}").is_ok());
        assert_eq!(key("a\u{30fb}b"), Err(NameError::Character('\u{30fb}')));
        assert!(key("\u{628}\u{661}").is_ok());
        assert_eq!(key("\u{628}\u{661}\u{6f1}"), Err(NameError::Character('\u{661}')));
    }

    #[test]
    fn directions_are_not_mixed() {
        assert!(key("\u{5d0}\u{5d1}").is_ok());
        assert!(key("\u{5d0}1").is_ok());
        for mixed in ["a\u{5d0}", "\u{5d0}a", "1\u{5d0}", "\u{5d0}-", "\u{627}1\u{661}"] {
            assert_eq!(key(mixed), Err(NameError::Direction), "{mixed:?}");
        }
    }

    #[test]
    fn a_key_is_its_own_key() {
        for name in
            ["ALICE", "Rene\u{301}", "\u{130}x", "\u{1e9e}", "\u{3a3}\u{391}\u{3a3}", "\u{ff76}\u{ff9e}"]
        {
            let once = key(name).unwrap();
            assert_eq!(key(&once).unwrap(), once, "{name}");
        }
    }
}
