use std::{fmt, str::FromStr};

use thiserror::Error;

/// A signature algorithm that Lobby verifies and signs with (RFC 7518 3.1, RFC 8037 3.1). `none` is not
/// among them, so no code path can ever be asked to accept it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256 and a salt of 32 bytes.
    Ps256,
    /// RSASSA-PSS with SHA-384 and a salt of 48 bytes.
    Ps384,
    /// RSASSA-PSS with SHA-512 and a salt of 64 bytes.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
    /// Ed25519.
    EdDsa,
}

/// A name that is no algorithm of ours.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a signature algorithm is one of HS, RS, PS, ES with 256, 384 or 512, or EdDSA")]
pub struct AlgorithmError;

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Hs256,
        Self::Hs384,
        Self::Hs512,
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::EdDsa,
    ];

    /// The name as `alg` has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Whether one secret both signs and verifies.
    pub const fn is_symmetric(self) -> bool {
        matches!(self, Self::Hs256 | Self::Hs384 | Self::Hs512)
    }

    /// Bytes of the hash, which are also the fewest that an HMAC secret may have (RFC 7518 3.2).
    pub(crate) const fn hash_length(self) -> usize {
        match self {
            Self::Hs256 | Self::Rs256 | Self::Ps256 | Self::Es256 => 32,
            Self::Hs384 | Self::Rs384 | Self::Ps384 | Self::Es384 => 48,
            Self::Hs512 | Self::Rs512 | Self::Ps512 | Self::Es512 | Self::EdDsa => 64,
        }
    }
}

impl FromStr for Algorithm {
    type Err = AlgorithmError;

    /// Letter by letter: `alg` is case-sensitive (RFC 7515 4.1.1), so `nOnE` and `es256` are unknown names.
    fn from_str(name: &str) -> Result<Self, AlgorithmError> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name).ok_or(AlgorithmError)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which algorithms are allowed: by an issuer's trust, or by a key. Copied freely, asked without cost.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct AlgorithmSet(u16);

impl AlgorithmSet {
    /// None at all.
    pub const NONE: Self = Self(0);
    /// Every one with a key pair: what is right for an issuer whose keys are public.
    pub const ASYMMETRIC: Self = Self(0b1_1111_1111_1000);

    /// These and `algorithm`.
    #[must_use]
    pub const fn with(self, algorithm: Algorithm) -> Self {
        Self(self.0 | 1 << algorithm as u16)
    }

    /// Whether `algorithm` is among them.
    pub const fn contains(self, algorithm: Algorithm) -> bool {
        self.0 & (1 << algorithm as u16) != 0
    }

    /// Those in both.
    #[must_use]
    pub const fn shared(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those in either.
    #[must_use]
    pub const fn joined(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether there are none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each, in the order of [`Algorithm::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Algorithm> {
        Algorithm::ALL.into_iter().filter(move |algorithm| self.contains(*algorithm))
    }
}

impl FromIterator<Algorithm> for AlgorithmSet {
    fn from_iter<I: IntoIterator<Item = Algorithm>>(algorithms: I) -> Self {
        algorithms.into_iter().fold(Self::NONE, Self::with)
    }
}

impl From<Algorithm> for AlgorithmSet {
    fn from(algorithm: Algorithm) -> Self {
        Self::NONE.with(algorithm)
    }
}

impl fmt::Debug for AlgorithmSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_written_and_in_no_other_case() {
        for algorithm in Algorithm::ALL {
            assert_eq!(algorithm.as_str().parse(), Ok(algorithm));
        }
        for name in ["none", "None", "es256", "HS128", "ES256K", "", "EDDSA", "RS256 "] {
            assert!(name.parse::<Algorithm>().is_err(), "{name}");
        }
    }

    #[test]
    fn the_asymmetric_ones_are_all_but_hmac() {
        for algorithm in Algorithm::ALL {
            assert_eq!(AlgorithmSet::ASYMMETRIC.contains(algorithm), !algorithm.is_symmetric());
        }
        let two = AlgorithmSet::from_iter([Algorithm::Es256, Algorithm::EdDsa]);
        assert_eq!(two.iter().collect::<Vec<_>>(), [Algorithm::Es256, Algorithm::EdDsa]);
    }
}
