//! The certificate that handshakes show: asked for at each, so that another one is shown without a restart.

mod acme;
mod challenges;
mod courier;
mod files;
mod kept;

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use rustls::{
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

pub(crate) use self::{
    acme::{Acme, AcmeSettings, LETS_ENCRYPT},
    challenges::Challenges,
    files::CertificateFiles,
};

/// What is shown now; nothing, and so no handshake, until the first one is there.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    current: ArcSwapOption<CertifiedKey>,
    pub(crate) challenges: Challenges,
}

impl Shown {
    /// Shows another one from the next handshake on.
    pub(crate) fn show(&self, certified: CertifiedKey) {
        self.current.store(Some(Arc::new(certified)));
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        // Whoever validates offers that protocol alone (RFC 8737 3).
        if hello.alpn().is_some_and(|mut offered| offered.all(|name| name == gateway::VALIDATION)) {
            return self.challenges.certificate(hello.server_name()?);
        }
        self.current.load_full()
    }
}

/// A chain with its key; an error where the key is another's.
pub(crate) fn certified(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<CertifiedKey, rustls::Error> {
    CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider())
}
