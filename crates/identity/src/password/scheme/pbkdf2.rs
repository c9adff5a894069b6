use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2::{
    Algorithm, PBKDF2_HMAC_SHA1, PBKDF2_HMAC_SHA256, PBKDF2_HMAC_SHA512, verify as derive_and_compare,
};

use super::text::{Fields, base64, bytes, number};
use crate::password::PhcError;

/// Beyond it one check takes more than two seconds. OWASP asks for 600,000 with SHA-256, 1,300,000 with SHA-1.
const MOST: u32 = 5_000_000;

/// The digest below PBKDF2 (RFC 8018 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::password) enum Digest {
    Sha1,
    Sha256,
    Sha512,
}

impl Digest {
    fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "pbkdf2",
            Self::Sha256 => "pbkdf2-sha256",
            Self::Sha512 => "pbkdf2-sha512",
        }
    }

    fn algorithm(self) -> Algorithm {
        match self {
            Self::Sha1 => PBKDF2_HMAC_SHA1,
            Self::Sha256 => PBKDF2_HMAC_SHA256,
            Self::Sha512 => PBKDF2_HMAC_SHA512,
        }
    }
}

/// What Keycloak kept before argon2.
#[derive(Clone)]
pub(in crate::password) struct Pbkdf2 {
    pub(in crate::password) digest: Digest,
    pub(in crate::password) rounds: u32,
    pub(in crate::password) salt: Vec<u8>,
    pub(in crate::password) hash: Vec<u8>,
}

impl Pbkdf2 {
    /// What follows the name: `i=600000,l=32$salt$hash`, or as passlib writes it `600000$salt$hash`.
    pub(super) fn parse(digest: Digest, rest: &str) -> Result<Self, PhcError> {
        let (rounds, salt, hash) = match rest.split('$').collect::<Vec<_>>().as_slice() {
            [rounds, salt, hash] if !rounds.contains('=') => (number(rounds)?, *salt, *hash),
            _ => {
                let fields = Fields::parse(rest)?;
                let rounds = match fields.value("l") {
                    Some(length) => {
                        fields.values(["i", "l"])?;
                        if number(length)? as usize != bytes(fields.hash, 0..=128)?.len() {
                            return Err(PhcError::Parameters);
                        }
                        fields.value("i").ok_or(PhcError::Parameters).and_then(number)?
                    }
                    None => fields.numbers(["i"])?[0],
                };
                (rounds, fields.salt, fields.hash)
            }
        };
        if rounds > MOST {
            return Err(PhcError::Cost);
        }
        if rounds == 0 {
            return Err(PhcError::Parameters);
        }
        Ok(Self { digest, rounds, salt: bytes(salt, 0..=128)?, hash: bytes(hash, 16..=128)? })
    }

    pub(super) fn verify(&self, password: &[u8]) -> bool {
        NonZeroU32::new(self.rounds).is_some_and(|rounds| {
            derive_and_compare(self.digest.algorithm(), rounds, &self.salt, password, &self.hash).is_ok()
        })
    }

    pub(super) fn write(&self) -> String {
        let (name, rounds, length) = (self.digest.name(), self.rounds, self.hash.len());
        format!("${name}$i={rounds},l={length}${}${}", base64(&self.salt), base64(&self.hash))
    }
}
