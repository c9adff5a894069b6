//! The attestation of a TPM (WebAuthn 3, 8.3; TPM 2.0, part 2): the chip has signed that it holds the key.

use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use jose::digest;
use subtle::ConstantTimeEq;
use webauthn_rs_core::error::WebauthnError;

use super::{
    cbor::Item,
    der::{self, Certificate},
};

/// An attestation object in its parts.
pub(crate) struct Attested<'a> {
    statement: Item<'a>,
    data: &'a [u8],
}

/// ES256 and RS256 (RFC 9053 2.1, RFC 8812 2): SHA-1 is no longer believed.
const ES256: i128 = -7;
const RS256: i128 = -257;
/// `TPM_ALG_SHA256`, `TPM_ALG_NULL`, `TPM_ALG_RSA`, `TPM_ALG_ECC` (TPM 2.0, part 2, 6.3).
const SHA256: u16 = 0x000b;
const NULL: u16 = 0x0010;
const RSA: u16 = 0x0001;
const ECC: u16 = 0x0023;
/// `TPM_GENERATED_VALUE` and `TPM_ST_ATTEST_CERTIFY`.
const CERTIFIED: [u8; 6] = [0xff, 0x54, 0x43, 0x47, 0x80, 0x17];

impl<'a> Attested<'a> {
    /// Reads an attestation object; nothing, where it is none of a TPM.
    pub(crate) fn read(object: &'a [u8]) -> Option<Self> {
        let (item, rest) = Item::read(object)?;
        if !rest.is_empty() || item.get("fmt")?.text()? != "tpm" {
            return None;
        }
        let data = item.get("authData")?.bytes()?;
        let Item::Map(pairs) = item else { return None };
        let (_, statement) = pairs.into_iter().find(|(key, _)| *key == Item::Text("attStmt"))?;
        Some(Self { statement, data })
    }

    /// The same without a statement: what else there is to judge is judged as of every authenticator.
    pub(crate) fn bare(&self) -> Vec<u8> {
        let length = u16::try_from(self.data.len()).unwrap_or(u16::MAX).to_be_bytes();
        [&b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59"[..], &length, self.data].concat()
    }

    /// Whether the statement holds; then the authenticator's make.
    pub(crate) fn verify(&self, client_data: &[u8]) -> Result<[u8; 16], WebauthnError> {
        let malformed = || WebauthnError::AttestationStatementMapInvalid;
        let part = |name: &str| self.statement.get(name).ok_or_else(malformed);
        let bytes = |name: &str| part(name)?.bytes().ok_or_else(malformed);
        if part("ver")?.text() != Some("2.0") {
            return Err(WebauthnError::AttestationStatementVerUnsupported);
        }
        let algorithm: &dyn VerificationAlgorithm = match part("alg")?.integer() {
            Some(ES256) => &signature::ECDSA_P256_SHA256_ASN1,
            Some(RS256) => &signature::RSA_PKCS1_2048_8192_SHA256,
            _ => return Err(WebauthnError::CredentialInsecureCryptography),
        };
        let (make, key) = credential(self.data).ok_or_else(malformed)?;
        let (public, info) = (bytes("pubArea")?, bytes("certInfo")?);
        if !is_key(public, &key).ok_or_else(malformed)? {
            return Err(WebauthnError::AttestationTpmPubAreaMismatch);
        }
        let (extra, name) = certified(info).ok_or(WebauthnError::AttestationTpmStInvalid)?;
        let signed = [self.data, &digest::sha256(client_data)].concat();
        if !bool::from(digest::sha256(signed).ct_eq(extra)) {
            return Err(WebauthnError::AttestationTpmExtraDataMismatch);
        }
        if name != [&SHA256.to_be_bytes()[..], &digest::sha256(public)].concat() {
            return Err(WebauthnError::AttestationTpmPubAreaHashInvalid);
        }
        let certificate = part("x5c")?.list().and_then(|list| list.first()?.bytes());
        let certificate = certificate.and_then(Certificate::read).ok_or(WebauthnError::X509DerInvalid)?;
        let genuine = UnparsedPublicKey::new(algorithm, certificate.key).verify(info, bytes("sig")?);
        genuine.map_err(|_| WebauthnError::AttestationStatementSigInvalid)?;
        if !is_of_a_tpm(&certificate, &make) {
            return Err(WebauthnError::AttestationCertificateRequirementsNotMet);
        }
        Ok(make)
    }
}

/// The make, and the key as the authenticator tells it (WebAuthn 3, 6.1 and 6.5.1).
fn credential(data: &[u8]) -> Option<([u8; 16], Item<'_>)> {
    let (make, rest) = data.get(37..)?.split_first_chunk::<16>()?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let (key, _) = Item::read(rest.get(usize::from(u16::from_be_bytes(*length))..)?)?;
    Some((*make, key))
}

/// A reader of what a TPM writes: numbers with the highest byte first, and strings with their length before them.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u16> {
        let (number, rest) = self.0.split_first_chunk::<2>()?;
        self.0 = rest;
        Some(u16::from_be_bytes(*number))
    }

    fn sized(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.take(usize::from(length))
    }

    /// An algorithm with so many bytes of its own, if it is one.
    fn scheme(&mut self, details: usize) -> Option<()> {
        let is_one = self.number()? != NULL;
        self.take(if is_one { details } else { 0 }).map(drop)
    }
}

/// Whether a `TPMT_PUBLIC` is the key that the authenticator tells (TPM 2.0, part 2, 12.2.4).
fn is_key(public: &[u8], key: &Item<'_>) -> Option<bool> {
    let mut reader = Reader(public);
    let kind = reader.number()?;
    if reader.number()? != SHA256 {
        return Some(false);
    }
    // Attributes and policy.
    reader.take(4)?;
    reader.sized()?;
    // Symmetric: key bits and mode. Scheme: its hash.
    reader.scheme(4)?;
    reader.scheme(2)?;
    let same = |part: &[u8], number: i128| key.at(number).and_then(Item::bytes) == Some(part);
    let is_same = match kind {
        RSA => {
            reader.take(6)?;
            let modulus = reader.sized()?;
            key.at(1)?.integer()? == 3 && same(modulus, -1)
        }
        ECC => {
            // NIST P-256 is 3 there and 1 here (RFC 9053 7.1).
            let curve = reader.number()?;
            reader.scheme(2)?;
            let (x, y) = (reader.sized()?, reader.sized()?);
            let is_p256 = key.at(1)?.integer()? == 2 && key.at(-1)?.integer()? == 1 && curve == 3;
            is_p256 && same(x, -2) && same(y, -3)
        }
        _ => false,
    };
    Some(is_same && reader.0.is_empty())
}

/// What a `TPMS_ATTEST` certifies: the extra data, and the name of the object (TPM 2.0, part 2, 10.12.8).
fn certified(info: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut reader = Reader(info.strip_prefix(&CERTIFIED)?);
    reader.sized()?;
    let extra = reader.sized()?;
    // Clock and firmware.
    reader.take(17 + 8)?;
    let name = reader.sized()?;
    reader.sized()?;
    reader.0.is_empty().then_some((extra, name))
}

/// Whether a certificate is one of an attestation key of a TPM (WebAuthn 3, 8.3.1).
fn is_of_a_tpm(certificate: &Certificate<'_>, make: &[u8; 16]) -> bool {
    const ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 0x11];
    const CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
    const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
    /// `id-fido-gen-ce-aaguid`
    const MAKE: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0xe5, 0x1c, 0x01, 0x01, 0x04];
    let names = certificate.extension(ALTERNATIVE_NAME).filter(|(critical, _)| *critical);
    let usage = certificate.extension(KEY_USAGE);
    // `SEQUENCE {}`, or `FALSE` in it.
    let constraints = certificate.extension(CONSTRAINTS);
    let is_leaf = constraints.is_some_and(|(_, value)| value == [0x30, 0] || value == [0x30, 3, 1, 1, 0]);
    let is_make = match certificate.extension(MAKE) {
        Some((critical, value)) => !critical && value == [&[4, 16], &make[..]].concat(),
        None => true,
    };
    certificate.version == [2]
        && certificate.subject.is_empty()
        && is_leaf
        && is_make
        && usage.and_then(|(_, value)| is_for_attestation(value)).unwrap_or(false)
        && names.and_then(|(_, value)| names_a_tpm(value)).unwrap_or(false)
}

/// `tcg-kp-AIKCertificate`, among the uses of a key.
fn is_for_attestation(usage: &[u8]) -> Option<bool> {
    let (mut list, _) = der::value(usage, der::SEQUENCE)?;
    let mut found = false;
    while !list.is_empty() {
        let (use_, after) = der::value(list, der::OID)?;
        found |= use_ == [0x67, 0x81, 0x05, 0x08, 0x03];
        list = after;
    }
    Some(found)
}

/// Whether a directory name tells manufacturer, model and version of a TPM (TCG EK Credential Profile, 3.2.9).
fn names_a_tpm(names: &[u8]) -> Option<bool> {
    const DIRECTORY: u8 = 0xa4;
    let mut told = [false; 3];
    let (mut names, _) = der::value(names, der::SEQUENCE)?;
    while !names.is_empty() {
        let (tag, name, after) = der::element(names)?;
        names = after;
        if tag != DIRECTORY {
            continue;
        }
        let (mut sets, _) = der::value(name, der::SEQUENCE)?;
        while !sets.is_empty() {
            let (mut set, after) = der::value(sets, der::SET)?;
            sets = after;
            while !set.is_empty() {
                let (pair, after) = der::value(set, der::SEQUENCE)?;
                set = after;
                let (id, value) = der::value(pair, der::OID)?;
                let (_, value, _) = der::element(value)?;
                for (number, told) in (1..=3u8).zip(&mut told) {
                    *told |= id == [0x67, 0x81, 0x05, 0x02, number] && !value.is_empty();
                }
            }
        }
    }
    Some(told == [true; 3])
}
