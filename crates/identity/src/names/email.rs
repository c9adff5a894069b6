use idna::domain_to_ascii_strict;
use thiserror::Error;
use unicode_normalization::UnicodeNormalization;

use super::class;

/// RFC 5321 4.5.3.1: octets of the part before the `@`, and of the whole (its path has two brackets more).
const LONGEST_LOCAL: usize = 64;
pub(super) const LONGEST: usize = 254;

/// By what an e-mail address is compared: the part before the `@` without case, the domain as IDNA writes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailKey(String);

impl EmailKey {
    /// The form, to be stored and looked up. No mail is sent to it: the address that was given is the one
    /// that its owner has shown to be theirs.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is no e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum EmailError {
    /// There is not one `@` with something on both sides.
    #[error("an e-mail address has one `@`, with a name before and a domain after it")]
    Form,
    /// It is longer than mail can carry.
    #[error("an e-mail address has at most {LONGEST_LOCAL} bytes before the `@`, and {LONGEST} in all")]
    TooLong,
    /// The part before the `@` is no dot-atom (RFC 5322 3.4.1, RFC 6531 3.3). Quoted ones are not taken.
    #[error("U+{:04X} has no place before the `@` of an e-mail address", u32::from(*.0))]
    Character(char),
    /// What follows the `@` is no domain name.
    #[error("what follows the `@` is no domain name")]
    Domain,
}

/// By what `address` is compared. Strictly, case counts before the `@` (RFC 5321 2.4); no provider makes two
/// people of `Ana@` and `ana@`, and neither do we.
pub fn email_key(address: &str) -> Result<EmailKey, EmailError> {
    let (local, domain) = address.rsplit_once('@').ok_or(EmailError::Form)?;
    if local.is_empty() || domain.is_empty() || local.contains('@') {
        return Err(EmailError::Form);
    }
    if local.len() > LONGEST_LOCAL || address.len() > LONGEST {
        return Err(EmailError::TooLong);
    }
    check_local(local)?;
    let domain = ascii_domain(domain)?;
    let local: String = local.to_lowercase().nfc().collect();
    if local.len() + 1 + domain.len() > LONGEST {
        return Err(EmailError::TooLong);
    }
    Ok(EmailKey(format!("{local}@{domain}")))
}

fn check_local(local: &str) -> Result<(), EmailError> {
    if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
        return Err(EmailError::Character('.'));
    }
    let is_atom = |c: &char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(*c);
    if let Some(c) = local.chars().find(|c| c.is_ascii() && !is_atom(c)) {
        return Err(EmailError::Character(c));
    }
    // Beyond ASCII, what a name may have: else a look-alike (the Kelvin sign for k) would share a key.
    let composed: String = local.nfc().collect();
    let foreign: String = local.chars().filter(|c| !c.is_ascii()).collect();
    if foreign.is_empty() {
        return Ok(());
    }
    for text in [local, composed.as_str()] {
        class::check(text).map_err(|error| match error {
            super::NameError::Character(c) => EmailError::Character(c),
            super::NameError::Empty
            | super::NameError::TooLong
            | super::NameError::Reserved(_)
            | super::NameError::Direction => EmailError::Form,
        })?;
    }
    Ok(())
}

fn ascii_domain(domain: &str) -> Result<String, EmailError> {
    let ascii = domain_to_ascii_strict(domain).map_err(|_| EmailError::Domain)?;
    let last = ascii.rsplit('.').next().unwrap_or_default();
    // An address literal is not taken, and a last label of digits is one without its brackets.
    let is_name = !last.is_empty() && !last.bytes().all(|byte| byte.is_ascii_digit());
    if is_name { Ok(ascii) } else { Err(EmailError::Domain) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(address: &str) -> Result<String, EmailError> {
        email_key(address).map(|key| key.0)
    }

    #[test]
    fn addresses_that_differ_in_case_or_in_the_writing_of_their_domain_are_one() {
        assert_eq!(key("Ana.Ruiz+shop@Example.COM").unwrap(), "ana.ruiz+shop@example.com");
        assert_eq!(key("ana@b\u{fc}cher.example").unwrap(), key("ANA@xn--bcher-kva.example").unwrap());
        assert_eq!(key("ana@B\u{dc}CHER.example").unwrap(), "ana@xn--bcher-kva.example");
        assert_eq!(key("rene\u{301}@example.com").unwrap(), key("REN\u{c9}@example.com").unwrap());
        assert_eq!(key("alice@localhost").unwrap(), "alice@localhost");
        assert_eq!(key("stra\u{df}e@example.com").unwrap(), "stra\u{df}e@example.com");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", "@", "ana", "ana@", "@example.com", "a@b@example.com"] {
            assert_eq!(key(text), Err(EmailError::Form), "{text}");
        }
        for (text, c) in [
            (".ana@example.com", '.'),
            ("a..b@example.com", '.'),
            ("a b@example.com", ' '),
            ("\"ana\"@example.com", '"'),
            ("ana\r\nBcc: x@example.com", '\r'),
            ("ana,b@example.com", ','),
            ("mi\u{212a}e@example.com", '\u{212a}'),
            ("a\u{200b}b@example.com", '\u{200b}'),
        ] {
            assert_eq!(key(text), Err(EmailError::Character(c)), "{text:?}");
        }
        let domains =
            ["exa mple.com", "example..com", "-a.com", "127.0.0.1", "[127.0.0.1]", "a_b.com", "example.com."];
        for domain in domains {
            assert_eq!(key(&format!("ana@{domain}")), Err(EmailError::Domain), "{domain}");
        }
    }

    #[test]
    fn an_address_has_its_bounds() {
        assert!(key(&format!("{}@example.com", "a".repeat(64))).is_ok());
        assert_eq!(key(&format!("{}@example.com", "a".repeat(65))), Err(EmailError::TooLong));
        assert_eq!(key(&format!("a@{}com", "abcdefgh.".repeat(29))), Err(EmailError::TooLong));
    }
}
