//! What somebody other than the authenticator says of a passkey (WebAuthn 3, 6.5).

use std::{collections::BTreeMap, time::Duration};

use model::Timestamp;
use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime, pem::PemObject as _};
use serde_cbor_2::Value;
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter};

/// An attestation object in its parts (WebAuthn 3, 6.5.4).
pub(crate) struct Attestation {
    format: String,
    statement: BTreeMap<Value, Value>,
    data: Vec<u8>,
}

impl Attestation {
    /// Reads one.
    pub(crate) fn read(object: &[u8]) -> Option<Self> {
        let Value::Map(mut parts) = serde_cbor_2::from_slice(object).ok()? else { return None };
        let mut take = |name: &str| parts.remove(&Value::Text(name.to_owned()));
        match (take("fmt")?, take("attStmt")?, take("authData")?) {
            (Value::Text(format), Value::Map(statement), Value::Bytes(data)) => {
                Some(Self { format, statement, data })
            }
            _ => None,
        }
    }

    /// Whether the chip of a computer made the statement.
    pub(crate) fn is_of_a_tpm(&self) -> bool {
        self.format == "tpm"
    }

    /// What the authenticator says itself.
    pub(super) fn data(&self) -> &[u8] {
        &self.data
    }

    /// A part of the statement.
    pub(super) fn part(&self, name: &str) -> Option<&Value> {
        self.statement.get(&Value::Text(name.to_owned()))
    }

    /// A part of the statement that is a string of bytes.
    pub(super) fn bytes(&self, name: &str) -> Option<&[u8]> {
        bytes(self.part(name)?)
    }

    /// The certificates, the one that has signed first.
    pub(super) fn chain(&self) -> Vec<CertificateDer<'_>> {
        let Some(Value::Array(chain)) = self.part("x5c") else { return Vec::new() };
        chain.iter().filter_map(bytes).map(CertificateDer::from).collect()
    }

    /// The same without a statement: what else there is to judge is judged as of every authenticator.
    pub(crate) fn bare(&self) -> Vec<u8> {
        let length = u16::try_from(self.data.len()).unwrap_or(u16::MAX).to_be_bytes();
        [&b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59"[..], &length, &self.data].concat()
    }
}

/// A string of bytes.
pub(super) fn bytes(value: &Value) -> Option<&[u8]> {
    if let Value::Bytes(bytes) = value { Some(bytes) } else { None }
}

/// The makers whose word is taken: the certificates that theirs must lead to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roots(Vec<TrustAnchor<'static>>);

impl Roots {
    /// Reads certificates as PEM; nothing where there is none, or one that cannot be used.
    pub fn from_pem(text: &str) -> Option<Self> {
        let anchors = CertificateDer::pem_slice_iter(text.as_bytes())
            .map(|one| Some(webpki::anchor_from_trusted_cert(&one.ok()?).ok()?.to_owned()))
            .collect::<Option<Vec<_>>>()?;
        (!anchors.is_empty()).then_some(Self(anchors))
    }

    /// Whether a statement's certificates lead to one of them at this time (RFC 5280, 6). Where there are none,
    /// all do.
    pub(super) fn vouch_for(&self, chain: &[CertificateDer<'_>], now: Timestamp) -> bool {
        let Some((leaf, between)) = chain.split_first() else { return self.0.is_empty() };
        let now = Duration::from_secs(u64::try_from(now.as_seconds()).unwrap_or(0));
        let leads = |leaf: EndEntityCert<'_>| {
            leaf.verify_for_usage(
                ALL_VERIFICATION_ALGS,
                &self.0,
                between,
                UnixTime::since_unix_epoch(now),
                AnyUse,
                None,
                None,
            )
            .is_ok()
        };
        self.0.is_empty() || EndEntityCert::try_from(leaf).is_ok_and(leads)
    }
}

/// What a certificate of attestation is for is said in another way by each format, and judged with it.
struct AnyUse;

impl ExtendedKeyUsageValidator for AnyUse {
    fn validate(&self, _: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        Ok(())
    }
}
