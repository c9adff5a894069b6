use std::fmt;

use thiserror::Error;

use super::{Cost, memory::Memory, scheme::Scheme};

/// A password's hash as a PHC string (`$argon2id$v=19$m=19456,t=2,p=1$salt$hash`), or as bcrypt writes it.
///
/// It was read and its costs are within bounds: checking a password against it uses at most 256 MiB and a few
/// seconds, whoever wrote it.
#[derive(Clone)]
pub struct Phc {
    text: String,
    scheme: Scheme,
}

/// Why a text is no hash that can be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PhcError {
    /// It has not the form of a PHC string or of bcrypt's.
    #[error("it is no PHC string")]
    Form,
    /// A scheme that is not known.
    #[error("its scheme is none of argon2, bcrypt, scrypt, firebase-scrypt and pbkdf2")]
    Scheme,
    /// A parameter is missing, unknown, or no number.
    #[error("its parameters are not those of its scheme")]
    Parameters,
    /// Checking a password against it would cost more memory or time than is given to anyone.
    #[error("checking a password against it would cost too much")]
    Cost,
    /// Salt or hash is not base64, or too short or long.
    #[error("its salt or hash is no base64 of a usual length")]
    Bytes,
}

impl Phc {
    /// Reads and bounds it. argon2 (i, d, id), bcrypt (`2a`, `2b`, `2y`), scrypt, Firebase's scrypt, and
    /// pbkdf2 with SHA-1, SHA-256 and SHA-512 are known.
    pub fn parse(text: &str) -> Result<Self, PhcError> {
        Scheme::parse(text).map(|scheme| Self { text: text.to_owned(), scheme })
    }

    /// Hashes a password with argon2id at this cost; `None` where the cost is none that argon2 can have.
    pub(super) fn of(password: &[u8], salt: &[u8; 16], cost: &Cost, memory: &mut Memory) -> Option<Self> {
        let scheme = Scheme::hash(password, salt, cost, memory)?;
        Some(Self { text: scheme.write()?, scheme })
    }

    /// Whether a hash of this cost could be read again.
    pub(super) fn can_cost(cost: &Cost) -> bool {
        let Cost { memory, passes, lanes, .. } = cost;
        let (salt, hash) = ("A".repeat(22), "A".repeat(43));
        Self::parse(&format!("$argon2id$v=19$m={memory},t={passes},p={lanes}${salt}${hash}")).is_ok()
    }

    /// A hash that an import brought in another form.
    pub(super) fn of_scheme(scheme: &Scheme) -> Result<Self, PhcError> {
        let text = scheme.write().ok_or(PhcError::Parameters)?;
        // Read back, so that its bounds are looked at in one place.
        Self::parse(&text)
    }

    /// The text, to be stored.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether `password` is the one that was hashed. It takes the time that the hash says: call it on the pool.
    pub(super) fn verify_in(&self, password: &[u8], memory: &mut Memory) -> bool {
        self.scheme.verify(password, memory)
    }

    #[cfg(test)]
    pub(super) fn verify(&self, password: &[u8]) -> bool {
        self.verify_in(password, &mut Memory::default())
    }

    /// KiB that checking a password takes.
    pub(crate) fn memory(&self) -> u32 {
        self.scheme.memory()
    }

    /// Whether it should be made anew at the next sign-in: it is not argon2id, or not of this cost.
    pub fn needs_rehash(&self, cost: &Cost) -> bool {
        !self.scheme.is_current(cost)
    }
}

impl PartialEq for Phc {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl fmt::Debug for Phc {
    /// Its scheme: a hash can be guessed at, so it is not for a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phc(${}$…)", self.text.split('$').nth(1).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_right(phc: &str, password: &[u8]) -> bool {
        Phc::parse(phc).unwrap().verify(password)
    }

    /// The examples of argon2's reference implementation, both versions.
    #[test]
    fn argon2_is_checked_in_all_its_kinds() {
        for phc in [
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8",
            "$argon2i$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY",
        ] {
            assert!(is_right(phc, b"password"), "{phc}");
            assert!(!is_right(phc, b"passwore"), "{phc}");
        }
        let data =
            Phc::parse("$argon2d$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4");
        assert!(!data.unwrap().verify(b"password"), "another kind gives another hash");
    }

    /// `crypt_blowfish`'s and jBCrypt's examples.
    #[test]
    fn bcrypt_is_checked_in_its_three_names() {
        for (phc, password) in [
            ("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", b"U*U".as_slice()),
            ("$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", b"U*U"),
            ("$2y$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e", b"\xff\xff\xa3"),
            ("$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.", b""),
            ("$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe", b"a"),
            (
                "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui",
                b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored",
            ),
        ] {
            assert!(is_right(phc, password), "{phc}");
            assert!(!is_right(phc, b"another"), "{phc}");
        }
    }

    /// RFC 7914 12.
    #[test]
    fn scrypt_is_checked() {
        let phc = "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw";
        assert!(is_right(phc, b"pleaseletmein"));
        assert!(!is_right(phc, b"pleaseletmeim"));
    }

    /// RFC 6070 2, and the same by another library for the other digests.
    #[test]
    fn pbkdf2_is_checked_with_three_digests_as_two_programs_write_it() {
        assert!(is_right("$pbkdf2$i=4096,l=20$c2FsdA$SwB5AbdlSJq+rUnZJvch0GWkKcE", b"password"));
        assert!(is_right("$pbkdf2$4096$c2FsdA$SwB5AbdlSJq.rUnZJvch0GWkKcE", b"password"));
        assert!(!is_right("$pbkdf2$4096$c2FsdA$SwB5AbdlSJq.rUnZJvch0GWkKcE", b"passwort"));
        for (name, hash) in [("sha256", SHA256), ("sha512", SHA512)] {
            let phc = format!("$pbkdf2-{name}$i=1000$MDEyMzQ1Njc4OWFiY2RlZg${hash}");
            assert!(is_right(&phc, b"correct horse"));
            assert!(!is_right(&phc, b"correct horse "));
        }
    }

    const SHA256: &str =
        "cBg8D2DungRB9k76szThf5ehfyBz991ay6PT8Srwk4NQEC0GVAwWLSUGWbcye1xU+dO7fZFld1DsscNlAN1uxw";
    const SHA512: &str =
        "OM0FAoIqCVK1sWtxDiffVlBejtLa+ks4TP71JiecwuSZCG8iLbnlIEPOMoVX+i2B2wkSxjQ8CRGR9OkNGuIPMQ";

    #[test]
    fn what_would_cost_too_much_is_not_taken() {
        let (salt, hash) = ("c29tZXNhbHQ", "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4");
        for head in [
            "$argon2id$v=19$m=4194304,t=1,p=1",
            "$argon2id$v=19$m=99999999999999,t=1,p=1",
            "$argon2id$v=19$m=19456,t=100000,p=1",
            "$argon2id$v=19$m=19456,t=2,p=200",
            "$scrypt$ln=22,r=8,p=1",
            "$scrypt$ln=63,r=8,p=1",
            "$scrypt$ln=14,r=4294967295,p=1",
            "$scrypt$ln=14,r=8,p=1000000",
            "$firebase-scrypt$ln=22,r=8,sep=Bw,key=nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            "$pbkdf2-sha256$i=4000000000",
        ] {
            let phc = format!("{head}${salt}${hash}");
            assert_eq!(Phc::parse(&phc), Err(PhcError::Cost), "{phc}");
        }
        let bcrypt = "$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
        assert_eq!(Phc::parse(bcrypt), Err(PhcError::Cost));
    }

    #[test]
    fn what_others_recommend_is_taken() {
        let (salt, hash) = ("c29tZXNhbHQ", "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4");
        for head in [
            "$scrypt$ln=17,r=8,p=1",
            "$scrypt$ln=13,r=8,p=10",
            "$argon2id$v=19$m=262144,t=3,p=1",
            "$argon2id$v=19$m=65536,t=3,p=4",
            "$argon2id$v=19$m=7168,t=5,p=1",
            "$pbkdf2$i=1300000",
            "$pbkdf2-sha512$i=210000",
        ] {
            let phc = format!("{head}${salt}${hash}");
            assert!(Phc::parse(&phc).is_ok_and(|phc| phc.memory() <= 258 * 1024), "{phc}");
        }
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        for (phc, error) in [
            ("", PhcError::Form),
            ("secret", PhcError::Form),
            ("$", PhcError::Form),
            ("$1$abc$def", PhcError::Scheme),
            ("$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", PhcError::Scheme),
            ("$2b$5$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", PhcError::Form),
            ("$2b$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", PhcError::Parameters),
            ("$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe!", PhcError::Bytes),
            ("$argon2id$v=19$m=256,t=2$c29tZXNhbHQ$nf65EOgLrQMR/uIP", PhcError::Parameters),
            ("$argon2id$v=19$m=256,t=2,p=1,data=AA$c29tZXNhbHQ$nf65EOgLrQMR/uIP", PhcError::Parameters),
            ("$argon2id$v=19$m=256,t=+2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIP", PhcError::Parameters),
            ("$argon2id$v=20$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIP", PhcError::Parameters),
            ("$argon2id$v=19$m=256,t=2,p=1$c29t$nf65EOgLrQMR/uIP", PhcError::Bytes),
            ("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65", PhcError::Bytes),
            ("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ", PhcError::Form),
            ("$pbkdf2-sha256$i=0$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEg", PhcError::Parameters),
            ("$pbkdf2-sha256$i=1000,l=32$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEg", PhcError::Parameters),
            ("$argon2\u{ef}d$v=19$", PhcError::Form),
        ] {
            assert_eq!(Phc::parse(phc), Err(error), "{phc}");
        }
        assert_eq!(
            Phc::parse(&format!("$scrypt$ln=14,r=8,p=1$AA${}", "A".repeat(2000))),
            Err(PhcError::Form)
        );
    }

    #[test]
    fn a_hash_that_is_made_is_read_again_and_is_current_at_its_own_cost_alone() {
        let cost = Cost { memory: 64, passes: 1, lanes: 1, ..Cost::default() };
        let phc = Phc::of(b"correct horse", &[1; 16], &cost, &mut Memory::default()).unwrap();
        assert!(phc.as_str().starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{}", phc.as_str());
        let again = Phc::parse(phc.as_str()).unwrap();
        assert!(again.verify(b"correct horse") && !again.verify(b"correct house"));
        assert!(!again.needs_rehash(&cost));
        assert!(again.needs_rehash(&Cost { memory: 128, ..cost }));
        assert!(again.needs_rehash(&Cost { passes: 2, ..cost }));
        assert_eq!(format!("{again:?}"), "Phc($argon2id$…)");
    }
}
