use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    digest, rand,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use model::Secret;

use crate::Fault;

/// The form that is written: what came before it is still read when there is another.
const FORM: u8 = 1;
/// Bytes that name a key.
const NAME: usize = 8;

/// What opens everything that is sealed in a store, and is never in it: 256 bits from `secrets.key`.
#[derive(Clone, Debug)]
pub struct MasterKey(Secret<[u8; 32]>);

impl MasterKey {
    /// A key of these bytes, which must be random.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }

    /// Reads a key as it is kept: 32 bytes as they are, in base64 of either alphabet (43 characters, or 44 with
    /// padding), or in hexadecimal (64 digits). Space around a text does not count.
    pub fn read(kept: &[u8]) -> Option<Self> {
        if let Ok(bytes) = <[u8; 32]>::try_from(kept) {
            // Chance does not write text: it is a password that somebody thought of.
            return bytes.iter().any(|byte| !matches!(byte, b' '..=b'~')).then(|| Self::new(bytes));
        }
        let text = std::str::from_utf8(kept).ok()?.trim();
        if text.len() == 64 {
            let digits = text.as_bytes().chunks(2).map(|pair| {
                let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.is_ascii())?;
                if pair.contains('+') { None } else { u8::from_str_radix(pair, 16).ok() }
            });
            return digits.collect::<Option<Vec<u8>>>()?.try_into().ok().map(Self::new);
        }
        let text = text.trim_end_matches('=').replace('+', "-").replace('/', "_");
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self::new)
    }

    /// The key as a file of its own keeps it: a line of base64url.
    pub fn to_text(&self) -> Secret<String> {
        Secret::new(URL_SAFE_NO_PAD.encode(self.0.expose()) + "\n")
    }

    /// Whether another is the same.
    pub fn is_same(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    /// A name that tells which key was used and nothing of the key.
    pub(crate) fn name(&self) -> String {
        let hash =
            digest::digest(&digest::SHA256, &[b"lobby master key ".as_slice(), self.0.expose()].concat());
        hash.as_ref().iter().take(NAME).copied().fold(String::new(), hexadecimal)
    }

    /// Wraps a data key, so that it may lie in the store.
    pub(crate) fn wrap(&self, key: &DataKey) -> Result<Vec<u8>, Fault> {
        wrap(self.0.expose(), key)
    }

    /// Opens what [`MasterKey::wrap`] gave.
    pub(crate) fn unwrap(&self, name: &str, wrapped: &[u8]) -> Result<DataKey, Fault> {
        unwrap(self.0.expose(), name, wrapped)
    }
}

/// What seals the values of a store. It lies there, wrapped with the master key.
#[derive(Clone)]
pub(crate) struct DataKey {
    pub(crate) name: KeyName,
    key: Secret<[u8; 32]>,
}

/// Names a data key, in each value that it sealed.
pub(crate) type KeyName = [u8; NAME];

impl DataKey {
    pub(crate) fn generate() -> Result<Self, Fault> {
        let (mut name, mut key) = ([0; NAME], [0; 32]);
        rand::fill(&mut name).map_err(|_| Fault::Sealed("there is no randomness"))?;
        rand::fill(&mut key).map_err(|_| Fault::Sealed("there is no randomness"))?;
        Ok(Self { name, key: Secret::new(key) })
    }

    /// The name as its column has it.
    pub(crate) fn hex(&self) -> String {
        self.name.into_iter().fold(String::new(), hexadecimal)
    }

    /// Wraps the key that follows this one, for those who know this one.
    pub(crate) fn wrap(&self, next: &Self) -> Result<Vec<u8>, Fault> {
        wrap(self.key.expose(), next)
    }

    /// Opens what [`DataKey::wrap`] gave.
    pub(crate) fn unwrap(&self, name: &str, wrapped: &[u8]) -> Result<Self, Fault> {
        unwrap(self.key.expose(), name, wrapped)
    }

    /// Seals `plain` for the place that `bound` names: elsewhere it does not open.
    pub(crate) fn seal(&self, bound: &[&[u8]], plain: &[u8]) -> Result<Vec<u8>, Fault> {
        seal(self.key.expose(), self.name, bound, plain)
    }

    pub(crate) fn open(&self, bound: &[&[u8]], sealed: &[u8]) -> Result<Secret<Vec<u8>>, Fault> {
        open(self.key.expose(), bound, sealed).ok_or(Fault::Sealed("it was changed, or is not of this place"))
    }
}

/// The name of the key that a value was sealed with.
pub(crate) fn name_in(sealed: &[u8]) -> Option<KeyName> {
    match sealed.split_first()? {
        (&FORM, rest) => rest.first_chunk().copied(),
        _ => None,
    }
}

fn wrap(by: &[u8; 32], key: &DataKey) -> Result<Vec<u8>, Fault> {
    seal(by, [0; NAME], &[b"sealing_keys", &key.name], key.key.expose())
}

fn unwrap(by: &[u8; 32], name: &str, wrapped: &[u8]) -> Result<DataKey, Fault> {
    let name = name_from(name).ok_or(Fault::Record("the name of a sealing key"))?;
    let opened = open(by, &[b"sealing_keys", &name], wrapped).ok_or(Fault::WrongKey)?;
    let bytes: [u8; 32] = opened.expose().as_slice().try_into().map_err(|_| Fault::WrongKey)?;
    Ok(DataKey { name, key: Secret::new(bytes) })
}

fn hexadecimal(text: String, byte: u8) -> String {
    text + &format!("{byte:02x}")
}

fn name_from(hex: &str) -> Option<KeyName> {
    let mut name = [0; NAME];
    if hex.len() != 2 * NAME {
        return None;
    }
    for (place, byte) in name.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * place..2 * place + 2)?, 16).ok()?;
    }
    Some(name)
}

/// Form, name of the key, nonce, what is hidden with its tag (AES-256-GCM).
fn seal(key: &[u8; 32], name: KeyName, bound: &[&[u8]], plain: &[u8]) -> Result<Vec<u8>, Fault> {
    let failed = |_| Fault::Sealed("it cannot be sealed");
    let key = RandomizedNonceKey::new(&AES_256_GCM, key).map_err(failed)?;
    let mut hidden = plain.to_vec();
    let nonce = key.seal_in_place_append_tag(Aad::from(place(bound)), &mut hidden).map_err(failed)?;
    Ok([[FORM].as_slice(), &name, nonce.as_ref(), &hidden].concat())
}

fn open(key: &[u8; 32], bound: &[&[u8]], sealed: &[u8]) -> Option<Secret<Vec<u8>>> {
    let (nonce, hidden) = sealed.get(1 + NAME..)?.split_at_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let key = RandomizedNonceKey::new(&AES_256_GCM, key).ok()?;
    let mut hidden = hidden.to_vec();
    let length = key.open_in_place(nonce, Aad::from(place(bound)), &mut hidden).ok()?.len();
    hidden.truncate(length);
    Some(Secret::new(hidden))
}

/// Where a value lies, so that no two places read alike: each part after its length.
fn place(bound: &[&[u8]]) -> Vec<u8> {
    let mut place = Vec::new();
    for part in bound {
        place.extend(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        place.extend(*part);
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_in_its_place_alone_and_only_unchanged() {
        let key = DataKey::generate().unwrap();
        let sealed = key.seal(&[b"main", b"name"], b"plain").unwrap();
        assert_eq!(name_in(&sealed), Some(key.name));
        assert_eq!(key.open(&[b"main", b"name"], &sealed).unwrap().expose(), b"plain");
        for elsewhere in [&[b"mai".as_slice(), b"nname"] as &[&[u8]], &[b"main"], &[b"name", b"main"]] {
            assert!(key.open(elsewhere, &sealed).is_err(), "{elsewhere:?}");
        }
        for place in 9..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(key.open(&[b"main", b"name"], &changed).is_err(), "byte {place}");
        }
        for short in 0..sealed.len() {
            assert!(key.open(&[b"main", b"name"], &sealed[..short]).is_err(), "{short} bytes");
        }
    }

    #[test]
    fn a_data_key_is_unwrapped_by_its_master_alone() {
        let (master, other) = (MasterKey::new([1; 32]), MasterKey::new([2; 32]));
        let key = DataKey::generate().unwrap();
        let wrapped = master.wrap(&key).unwrap();
        let unwrapped = master.unwrap(&key.hex(), &wrapped).unwrap();
        assert_eq!(unwrapped.key, key.key);
        assert!(matches!(other.unwrap(&key.hex(), &wrapped), Err(Fault::WrongKey)));
        assert!(matches!(master.unwrap("0011223344556677", &wrapped), Err(Fault::WrongKey)), "renamed");
        assert!(master.unwrap("short", &wrapped).is_err());
        assert_ne!(master.name(), other.name());
    }

    #[test]
    fn a_master_key_is_read_in_each_form_that_it_is_kept_in() {
        let key = MasterKey::new([0xfb; 32]);
        let text = key.to_text();
        let standard = text.expose().trim().replace('-', "+").replace('_', "/") + "=";
        for kept in [text.expose().as_str(), &standard, &"fb".repeat(32), &("FB".repeat(32) + "\r\n")] {
            assert_eq!(MasterKey::read(kept.as_bytes()).unwrap().0, key.0, "{kept}");
        }
        assert_eq!(MasterKey::read(&[0xfb; 32]).unwrap().0, key.0);
        for none in [
            "",
            "secret",
            "a passphrase of thirty-two bytes",
            &"fb".repeat(31),
            &"+1".repeat(32),
            &"é".repeat(32),
        ] {
            assert!(MasterKey::read(none.as_bytes()).is_none(), "{none}");
        }
    }
}
