use std::{path::PathBuf, sync::Arc};

use model::Severity;
use rustls::sign::CertifiedKey;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use serde_json::json;

use super::{Shown, certified};
use crate::{
    bring,
    config::value::SecretReference,
    follow::{Digest, Files, Follower},
    report::Reporter,
};

/// A certificate and its key in files, as another program renews them.
#[derive(Debug, Clone)]
pub(crate) struct CertificateFiles {
    /// The chain, PEM.
    pub(crate) chain: PathBuf,
    /// Its key, PEM.
    pub(crate) key: SecretReference,
    /// What the key's file is relative to.
    pub(crate) folder: PathBuf,
}

impl CertificateFiles {
    /// What they hold now, or which of `cert` and `key` is wrong, and why.
    pub(crate) fn read(&self) -> Result<CertifiedKey, (&'static str, String)> {
        let path = self.chain.display();
        let chain =
            std::fs::read(&self.chain).map_err(|error| ("cert", format!("cannot read {path}: {error}")))?;
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&chain)
            .collect::<Result<_, _>>()
            .map_err(|_| ("cert", format!("{path} holds no certificates as PEM")))?;
        if chain.is_empty() {
            return Err(("cert", format!("{path} holds no certificate")));
        }
        let key = bring::secret(&self.key, &self.folder).map_err(|why| ("key", why))?;
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
            .map_err(|_| ("key", format!("{:?} holds no private key as PEM", self.key)))?;
        certified(chain, key).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => ("key", format!("the key is not that of {path}")),
            other => ("cert", format!("{path} cannot be used: {other}")),
        })
    }

    /// Shows what the files hold whenever that changes; what cannot be used is told, and the old one stays.
    pub(crate) async fn follow(self, shown: Arc<Shown>, reporter: Reporter) {
        let mut follower = Follower::new();
        follower.follow(self.held());
        loop {
            follower.changed().await;
            let held = self.held();
            let files = self.clone();
            match tokio::task::spawn_blocking(move || files.read()).await {
                Ok(Ok(certified)) => {
                    shown.show(certified);
                    let message = "the certificate was reread";
                    reporter.told(Severity::Note, "certificate_reread", message, json!({}));
                }
                Ok(Err((_, why))) => {
                    let message = format!("the certificate was not reread, the old one is shown: {why}");
                    reporter.told(Severity::Error, "certificate_failed", &message, json!({}));
                }
                Err(_) => {}
            }
            follower.follow(held);
        }
    }

    fn held(&self) -> Files {
        let key = match &self.key {
            SecretReference::File(path) => Some(self.folder.join(path)),
            SecretReference::Environment(_) => None,
        };
        let files = std::iter::once(self.chain.clone()).chain(key);
        files.map(|file| (file.clone(), Digest::of_file(&file))).collect()
    }
}
