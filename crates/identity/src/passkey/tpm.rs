//! The attestation of a TPM (WebAuthn 3, 8.3; TPM 2.0, part 2): the chip has signed that it holds the key.

use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use jose::digest;
use serde::Deserialize as _;
use serde_cbor_2::{Deserializer, Value};
use subtle::ConstantTimeEq;
use webauthn_rs_core::error::WebauthnError;
use x509_parser::{
    certificate::X509Certificate,
    extensions::GeneralName,
    oid_registry::{Oid, asn1_rs::oid},
    prelude::FromDer as _,
    x509::X509Version,
};

use super::attestation::{Attestation, bytes};

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

/// Whether the statement holds; then the authenticator's make.
pub(crate) fn verify(attestation: &Attestation, client_data: &[u8]) -> Result<[u8; 16], WebauthnError> {
    let malformed = || WebauthnError::AttestationStatementMapInvalid;
    let bytes = |name: &str| attestation.bytes(name).ok_or_else(malformed);
    if attestation.part("ver") != Some(&Value::Text("2.0".to_owned())) {
        return Err(WebauthnError::AttestationStatementVerUnsupported);
    }
    let algorithm: &dyn VerificationAlgorithm = match attestation.part("alg") {
        Some(Value::Integer(ES256)) => &signature::ECDSA_P256_SHA256_ASN1,
        Some(Value::Integer(RS256)) => &signature::RSA_PKCS1_2048_8192_SHA256,
        _ => return Err(WebauthnError::CredentialInsecureCryptography),
    };
    let (make, key) = credential(attestation.data()).ok_or_else(malformed)?;
    let (public, info) = (bytes("pubArea")?, bytes("certInfo")?);
    if !is_key(public, &key).ok_or_else(malformed)? {
        return Err(WebauthnError::AttestationTpmPubAreaMismatch);
    }
    let (extra, name) = certified(info).ok_or(WebauthnError::AttestationTpmStInvalid)?;
    let signed = [attestation.data(), &digest::sha256(client_data)].concat();
    if !bool::from(digest::sha256(signed).ct_eq(extra)) {
        return Err(WebauthnError::AttestationTpmExtraDataMismatch);
    }
    if name != [&SHA256.to_be_bytes()[..], &digest::sha256(public)].concat() {
        return Err(WebauthnError::AttestationTpmPubAreaHashInvalid);
    }
    let chain = attestation.chain();
    let leaf = chain.first().ok_or(WebauthnError::AttestationStatementX5CInvalid)?;
    let (_, leaf) = X509Certificate::from_der(leaf).map_err(|_| WebauthnError::X509DerInvalid)?;
    let genuine = UnparsedPublicKey::new(algorithm, &leaf.public_key().subject_public_key.data)
        .verify(info, bytes("sig")?);
    genuine.map_err(|_| WebauthnError::AttestationStatementSigInvalid)?;
    if !is_of_a_tpm(&leaf, make) {
        return Err(WebauthnError::AttestationCertificateRequirementsNotMet);
    }
    Ok(make)
}

/// The make, and the key as the authenticator tells it (WebAuthn 3, 6.1 and 6.5.1).
fn credential(data: &[u8]) -> Option<([u8; 16], Value)> {
    let (make, rest) = data.get(37..)?.split_first_chunk::<16>()?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let key = rest.get(usize::from(u16::from_be_bytes(*length))..)?;
    // Extensions may stand behind it.
    let key = Value::deserialize(&mut Deserializer::from_slice(key)).ok()?;
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
fn is_key(public: &[u8], key: &Value) -> Option<bool> {
    let Value::Map(key) = key else { return None };
    let part = |label: i128| key.get(&Value::Integer(label));
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
    let same = |own: &[u8], label: i128| part(label).and_then(bytes) == Some(own);
    let is = |label: i128, number: i128| part(label) == Some(&Value::Integer(number));
    let is_same = match kind {
        RSA => {
            reader.take(6)?;
            let modulus = reader.sized()?;
            is(1, 3) && same(modulus, -1)
        }
        ECC => {
            // NIST P-256 is 3 there and 1 here (RFC 9053 7.1).
            let curve = reader.number()?;
            reader.scheme(2)?;
            let (x, y) = (reader.sized()?, reader.sized()?);
            let is_p256 = is(1, 2) && is(-1, 1) && curve == 3;
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
fn is_of_a_tpm(leaf: &X509Certificate<'_>, make: [u8; 16]) -> bool {
    /// `id-fido-gen-ce-aaguid`
    const MAKE: Oid<'_> = oid!(1.3.6.1.4.1.45724.1.1.4);
    /// `tcg-kp-AIKCertificate`
    const ATTESTATION: Oid<'_> = oid!(2.23.133.8.3);
    let is_leaf = leaf.basic_constraints().is_ok_and(|found| found.is_some_and(|it| !it.value.ca));
    let is_for_attestation = leaf
        .extended_key_usage()
        .is_ok_and(|found| found.is_some_and(|uses| uses.value.other.contains(&ATTESTATION)));
    let is_make = leaf
        .get_extension_unique(&MAKE)
        .is_ok_and(|found| found.is_none_or(|it| !it.critical && it.value == [&[4, 16], &make[..]].concat()));
    let is_named = leaf.subject_alternative_name().is_ok_and(|found| {
        found.is_some_and(|names| names.critical && names_a_tpm(&names.value.general_names))
    });
    leaf.version() == X509Version::V3
        && leaf.subject().iter().next().is_none()
        && is_leaf
        && is_for_attestation
        && is_make
        && is_named
}

/// Whether a directory name tells manufacturer, model and version of a TPM (TCG EK Credential Profile, 3.2.9).
fn names_a_tpm(names: &[GeneralName<'_>]) -> bool {
    let told = |what: &Oid<'_>| {
        names.iter().any(|name| match name {
            GeneralName::DirectoryName(name) => {
                name.iter_by_oid(what).any(|pair| !pair.attr_value().data.is_empty())
            }
            _ => false,
        })
    };
    [oid!(2.23.133.2.1), oid!(2.23.133.2.2), oid!(2.23.133.2.3)].iter().all(told)
}
