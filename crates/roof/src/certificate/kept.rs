//! A certificate that was fetched, as it is kept: chain and key in one file.

use std::{fs, io, path::Path};

use model::Timestamp;
use rustls::sign::CertifiedKey;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use x509_parser::prelude::{GeneralName, ParsedExtension, X509Certificate};

use super::certified;
use crate::state;

/// A certificate, and the time that it is good for.
pub(super) struct Kept {
    pub(super) certified: CertifiedKey,
    from: Timestamp,
    until: Timestamp,
    names: Vec<String>,
}

impl Kept {
    /// Of a PEM text with a chain and its key.
    pub(super) fn parse(pem: &str) -> Option<Self> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>().ok()?;
        let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).ok()?;
        let (_, leaf) = x509_parser::parse_x509_certificate(chain.first()?).ok()?;
        let from = Timestamp::from_seconds(leaf.validity().not_before.timestamp());
        let until = Timestamp::from_seconds(leaf.validity().not_after.timestamp());
        let names = names(&leaf);
        Some(Self { certified: certified(chain, key).ok()?, from, until, names })
    }

    /// The one in this file.
    pub(super) fn read(path: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(path).ok()?)
    }

    /// Whether it is for all of `hosts`, and still good.
    pub(super) fn serves(&self, hosts: &[String], now: Timestamp) -> bool {
        let is_named = |host: &String| self.names.iter().any(|name| name.eq_ignore_ascii_case(host));
        self.from <= now && now < self.until && hosts.iter().all(is_named)
    }

    /// When another one is to be fetched: after two thirds of its life.
    pub(super) fn due(&self) -> Timestamp {
        let life = self.until.since(self.from).as_micros();
        self.from.shifted(i64::try_from(life / 3 * 2).unwrap_or(i64::MAX))
    }
}

fn names(leaf: &X509Certificate<'_>) -> Vec<String> {
    let alternative = leaf.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::SubjectAlternativeName(names) => Some(names),
        _ => None,
    });
    let names = alternative.map(|names| names.general_names.as_slice()).unwrap_or_default();
    names
        .iter()
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            GeneralName::IPAddress(bytes) => address(bytes),
            _ => None,
        })
        .collect()
}

fn address(bytes: &[u8]) -> Option<String> {
    let v4 = <[u8; 4]>::try_from(bytes).map(std::net::IpAddr::from);
    let v6 = || <[u8; 16]>::try_from(bytes).map(std::net::IpAddr::from);
    v4.or_else(|_| v6()).ok().map(|address| address.to_string())
}

/// Writes a file that the user alone may read, whole or not at all.
pub(super) fn write(path: &Path, text: &str) -> io::Result<()> {
    let beside = path.with_extension("part");
    state::write_private(&beside, text.as_bytes())?;
    fs::rename(beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn pem(names: &[&str]) -> String {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params =
            rcgen::CertificateParams::new(names.iter().copied().map(str::to_owned).collect::<Vec<_>>())
                .unwrap();
        params.not_before = rcgen::date_time_ymd(2027, 1, 1);
        params.not_after = rcgen::date_time_ymd(2027, 4, 1);
        params.self_signed(&key).unwrap().pem() + &key.serialize_pem()
    }

    #[test]
    fn a_kept_certificate_serves_its_names_in_its_time() {
        let kept = Kept::parse(&pem(&["api.example.com", "192.0.2.1"])).unwrap();
        let hosts = |names: &[&str]| names.iter().copied().map(str::to_owned).collect::<Vec<_>>();
        assert!(kept.serves(&hosts(&["API.example.com", "192.0.2.1"]), NOON));
        assert!(!kept.serves(&hosts(&["api.example.com", "www.example.com"]), NOON));
        assert!(!kept.serves(&hosts(&["api.example.com"]), Timestamp::from_seconds(1_900_000_000)));
    }

    #[test]
    fn two_thirds_of_its_life_later_another_one_is_due() {
        let kept = Kept::parse(&pem(&["api.example.com"])).unwrap();
        // 1 January and 60 of its 90 days.
        assert_eq!(kept.due().to_string().get(..10), Some("2027-03-02"));
    }

    #[test]
    fn a_key_of_another_certificate_is_none() {
        let (one, other) = (pem(&["a.example"]), pem(&["a.example"]));
        let certificate = one.split("-----BEGIN PRIVATE").next().unwrap();
        let key = other.split_once("-----BEGIN PRIVATE").unwrap().1;
        assert!(Kept::parse(&format!("{certificate}-----BEGIN PRIVATE{key}")).is_none());
    }
}
