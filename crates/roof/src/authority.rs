//! The local certificate authority of `--tls`: made once, kept in the user's folder, trusted by whoever says so.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use model::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem::PemObject};

use crate::state;

/// Why there is no authority.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuthorityError {
    /// The folder cannot be read or written.
    #[error("cannot use {}", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// What is there is no certificate and key.
    #[error("{} holds no certificate authority; remove it, and a new one is made", .0.display())]
    Unreadable(PathBuf),
    /// The library refused.
    #[error("the certificate could not be made")]
    Making(#[from] rcgen::Error),
}

const NAME: &str = "Lobby local authority";

/// Signs certificates for this machine.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    path: PathBuf,
}

/// A certificate and its key, both PEM.
pub(crate) struct Issued {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Authority {
    /// The one in `folder`; a new one where there is none. Its key is readable by the user alone.
    pub(crate) fn open(folder: &Path, now: Timestamp) -> Result<Self, AuthorityError> {
        let (path, key_path) = (folder.join("lobby-ca.pem"), folder.join("lobby-ca-key.pem"));
        if path.exists() {
            let read = |path: &Path| {
                fs::read_to_string(path)
                    .map_err(|source| AuthorityError::File { path: path.to_owned(), source })
            };
            let (pem, key) = (read(&path)?, read(&key_path)?);
            let key = KeyPair::from_pem(&key).map_err(|_| AuthorityError::Unreadable(key_path))?;
            let issuer =
                Issuer::from_ca_cert_pem(&pem, key).map_err(|_| AuthorityError::Unreadable(path.clone()))?;
            return Ok(Self { issuer, pem, path });
        }
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, NAME);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        valid(&mut params, now, 3650);
        let pem = params.self_signed(&key)?.pem();
        fs::create_dir_all(folder)
            .and_then(|()| state::write_private(&key_path, key.serialize_pem().as_bytes()))
            .and_then(|()| fs::write(&path, &pem))
            .map_err(|source| AuthorityError::File { path: folder.to_owned(), source })?;
        let issuer = Issuer::from_ca_cert_pem(&pem, key)?;
        Ok(Self { issuer, pem, path })
    }

    /// The authority's certificate, PEM.
    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    /// Where it is kept.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The authority's certificate, DER.
    pub(crate) fn der(&self) -> Result<CertificateDer<'static>, AuthorityError> {
        CertificateDer::from_pem_slice(self.pem.as_bytes())
            .map_err(|_| AuthorityError::Unreadable(self.path.clone()))
    }

    /// A server's certificate for these names and addresses, good for a year: browsers refuse much more.
    pub(crate) fn server(
        &self,
        names: Vec<String>,
        now: Timestamp,
    ) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), AuthorityError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.push(DnType::CommonName, "Lobby");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        valid(&mut params, now, 397);
        let certificate = params.signed_by(&key, &self.issuer)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        Ok((vec![certificate.der().clone()], key))
    }

    /// A client's certificate with `name` as its common name.
    pub(crate) fn client(&self, name: &str, now: Timestamp) -> Result<Issued, AuthorityError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        valid(&mut params, now, 397);
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Issued { certificate: certificate.pem(), key: key.serialize_pem() })
    }
}

/// Valid from yesterday (clocks differ) for so many days.
fn valid(params: &mut CertificateParams, now: Timestamp, days: i64) {
    let day = |offset: i64| {
        let at = now.shifted(offset.saturating_mul(86_400_000_000)).to_string();
        let mut parts = at.split(['-', 'T']);
        let mut part = || parts.next().and_then(|part| part.parse::<i32>().ok());
        Some((part()?, u8::try_from(part()?).ok()?, u8::try_from(part()?).ok()?))
    };
    if let (Some(from), Some(to)) = (day(-1), day(days)) {
        params.not_before = rcgen::date_time_ymd(from.0, from.1, from.2);
        params.not_after = rcgen::date_time_ymd(to.0, to.1, to.2);
    }
}

/// Where the authority is kept unless `--ca-dir` says otherwise.
pub(crate) fn default_folder() -> PathBuf {
    std::env::home_dir().unwrap_or_default().join(".local/share/lobby")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_is_made_once_and_signs_again_after_a_restart() {
        let folder = std::env::temp_dir().join(format!("lobby-authority-{}", std::process::id()));
        let now = Timestamp::from_seconds(1_800_000_000);
        let first = Authority::open(&folder, now).unwrap();
        let again = Authority::open(&folder, now).unwrap();
        assert_eq!(first.pem(), again.pem());
        let trust = gateway::ClientTrust::new([again.der().unwrap()]).unwrap();
        let client = first.client("alice", now).unwrap();
        let der = CertificateDer::from_pem_slice(client.certificate.as_bytes()).unwrap();
        assert!(trust.vouches(&der, 1_800_000_000));
        assert!(!trust.vouches(&der, 1_900_000_000), "a year later it has expired");
        fs::remove_dir_all(folder).unwrap();
    }
}
