use std::fmt;

use aws_lc_rs::digest;
use crc::{CRC_32_ISO_HDLC, Crc, Table};
use model::{Entropy, Secret};
use thiserror::Error;

/// The prefix of keys where none is configured.
pub const DEFAULT_PREFIX: &str = "lk";

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// 71 bits: nobody has to keep it secret, and no two keys of a realm have the same.
const ID: usize = 12;
/// 256 bits.
const SECRET: usize = 43;
/// 32 bits.
const CHECKSUM: usize = 6;
/// As in Ethernet and gzip; its tables are 16 KiB, for 16 bytes at a step.
static CRC32: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISO_HDLC);
const LONGEST_PREFIX: usize = 16;

/// The public part of an API key or app password: what it is called, listed and revoked by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(String);

/// What a holder was given, read: its form and checksum are right. Whether it is anybody's is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyText<'a> {
    prefix: &'a str,
    id: &'a str,
}

/// Why a text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NoKey {
    /// It has not the form of one: it may be another service's.
    #[error("it has not the form of a key")]
    Form,
    /// It has the form, but was made up or mistyped.
    #[error("its checksum is wrong")]
    Checksum,
}

/// A prefix that keys cannot have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a prefix of keys is 1 to 16 of a-z and 0-9, and begins with a letter")]
pub struct NoPrefix;

impl KeyId {
    /// A new one.
    pub fn new(entropy: &dyn Entropy) -> Self {
        Self(letters(entropy, ID))
    }

    /// One that was written down; `None` for what is none.
    pub fn parse(text: &str) -> Option<Self> {
        is_id(text).then(|| Self(text.to_owned()))
    }

    /// As it stands in the key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'a> KeyText<'a> {
    /// Reads `<prefix>_<id>_<secret><checksum>`, whatever the prefix: keys live on when it is changed. Costs
    /// no look-up and no more than the text is long, at most 80 bytes.
    pub fn parse(text: &'a [u8]) -> Result<Self, NoKey> {
        let text = std::str::from_utf8(text).map_err(|_| NoKey::Form)?;
        let (prefix, rest) = text.split_once('_').ok_or(NoKey::Form)?;
        let (id, tail) = rest.split_once('_').ok_or(NoKey::Form)?;
        check_prefix(prefix).map_err(|_| NoKey::Form)?;
        // What else stands in the rest, the checksum says.
        let (body, checksum) = text.as_bytes().split_last_chunk::<CHECKSUM>().ok_or(NoKey::Form)?;
        if tail.len() != SECRET + CHECKSUM || !is_id(id) {
            return Err(NoKey::Form);
        }
        if checksum_of(body) == *checksum { Ok(Self { prefix, id }) } else { Err(NoKey::Checksum) }
    }

    /// Its public part.
    pub fn id(&self) -> &'a str {
        self.id
    }

    /// What it begins with.
    pub fn prefix(&self) -> &'a str {
        self.prefix
    }
}

/// Whether keys can begin so.
pub fn check_prefix(prefix: &str) -> Result<(), NoPrefix> {
    let begins = prefix.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    let legal = prefix.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if begins && legal && prefix.len() <= LONGEST_PREFIX { Ok(()) } else { Err(NoPrefix) }
}

/// A new key: its public part, and what its holder is given, once.
pub fn make_key(prefix: &str, entropy: &dyn Entropy) -> Result<(KeyId, Secret<String>), NoPrefix> {
    let id = KeyId::new(entropy);
    let text = make_named_key(prefix, &id, entropy)?;
    Ok((id, text))
}

/// A new key whose public part was chosen before.
pub fn make_named_key(prefix: &str, id: &KeyId, entropy: &dyn Entropy) -> Result<Secret<String>, NoPrefix> {
    check_prefix(prefix)?;
    let mut text = format!("{prefix}_{id}_{}", letters(entropy, SECRET));
    let checksum = checksum_of(text.as_bytes());
    text.extend(checksum.iter().map(|byte| char::from(*byte)));
    Ok(Secret::new(text))
}

fn is_id(text: &str) -> bool {
    text.len() == ID && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// What is kept of a key. A random secret of 256 bits needs no slow hash: nobody goes through them.
pub fn key_hash(text: &[u8]) -> store::Hash {
    // It has as many bytes.
    digest::digest(&digest::SHA256, text).as_ref().try_into().unwrap_or([0; 32])
}

/// So many random letters and digits, each as likely as any other.
fn letters(entropy: &dyn Entropy, count: usize) -> String {
    let mut text = String::with_capacity(count);
    let mut bytes = [0; 64];
    while text.len() < count {
        entropy.fill(&mut bytes);
        // 4 × 62: what lies beyond would make the first letters likelier.
        let fair = bytes.iter().filter(|byte| **byte < 248).map(|byte| usize::from(*byte) % ALPHABET.len());
        let missing = count - text.len();
        text.extend(fair.take(missing).filter_map(|place| ALPHABET.get(place)).map(|byte| char::from(*byte)));
    }
    text
}

/// The CRC-32 of what comes before it, in base 62.
fn checksum_of(body: &[u8]) -> [u8; CHECKSUM] {
    let mut rest = CRC32.checksum(body);
    let mut digits = [b'0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        let place = usize::try_from(rest % 62).unwrap_or_default();
        *digit = ALPHABET.get(place).copied().unwrap_or(b'0');
        rest /= 62;
    }
    digits
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

    use super::*;

    struct Counting(AtomicU8);

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            for byte in bytes.iter_mut() {
                *byte = self.0.fetch_add(37, Relaxed);
            }
        }
    }

    fn made() -> (KeyId, String) {
        let (id, text) = make_key("lk", &Counting(AtomicU8::new(3))).unwrap();
        (id, text.expose().clone())
    }

    #[test]
    fn what_was_made_is_read_back() {
        let (id, text) = made();
        let read = KeyText::parse(text.as_bytes()).unwrap();
        assert_eq!((read.prefix(), read.id()), ("lk", id.as_str()));
        assert_eq!(text.len(), "lk_".len() + 12 + 1 + 43 + 6);
    }

    #[test]
    fn the_checksum_is_that_of_zip() {
        assert_eq!(CRC32.checksum(b"123456789"), 0xCBF4_3926);
        assert_eq!(&checksum_of(b""), b"000000");
    }

    #[test]
    fn one_letter_changed_anywhere_is_seen_without_a_look_up() {
        let (_, text) = made();
        for place in 0..text.len() {
            let mut wrong = text.clone().into_bytes();
            wrong[place] = if wrong[place] == b'a' { b'b' } else { b'a' };
            assert!(KeyText::parse(&wrong).is_err(), "{place}");
        }
    }

    #[test]
    fn what_is_no_key_is_told_from_one_that_was_mistyped() {
        let (_, text) = made();
        let mistyped = format!("{}{}", &text[..text.len() - 1], if text.ends_with('0') { '1' } else { '0' });
        assert_eq!(KeyText::parse(mistyped.as_bytes()), Err(NoKey::Checksum));
        for foreign in ["", "_", "__", "alice-badge-key", "lk_", "LK_a_b", &"a_".repeat(9_000), "lk_é_ü"] {
            assert_eq!(KeyText::parse(foreign.as_bytes()), Err(NoKey::Form), "{foreign}");
        }
        assert_eq!(KeyText::parse(&[0xff, b'_', b'_']), Err(NoKey::Form));
    }

    #[test]
    fn a_prefix_is_short_and_plain() {
        for good in ["lk", "acme1", "a"] {
            assert_eq!(check_prefix(good), Ok(()), "{good}");
        }
        for bad in ["", "1a", "a_b", "A", "a-b", "abcdefghijklmnopq"] {
            assert_eq!(check_prefix(bad), Err(NoPrefix), "{bad}");
        }
    }
}
