use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use rustls::sign::CertifiedKey;

/// Answers to an authority that asks whether a name is ours: at a path (RFC 8555 8.3), or by a certificate
/// (RFC 8737 3). They are there while they are asked for.
#[derive(Debug, Default)]
pub(crate) struct Challenges {
    paths: Mutex<HashMap<String, String>>,
    certificates: Mutex<HashMap<String, Arc<CertifiedKey>>>,
}

impl Challenges {
    /// What is answered at `/.well-known/acme-challenge/TOKEN`.
    pub(crate) fn path(&self, token: &str) -> Option<String> {
        self.paths.lock().unwrap_or_else(PoisonError::into_inner).get(token).cloned()
    }

    /// What is shown to an authority that asks for `name`.
    pub(super) fn certificate(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        let certificates = self.certificates.lock().unwrap_or_else(PoisonError::into_inner);
        certificates.get(&name.to_ascii_lowercase()).cloned()
    }

    pub(super) fn answer_at(&self, token: String, answer: String) {
        self.paths.lock().unwrap_or_else(PoisonError::into_inner).insert(token, answer);
    }

    pub(super) fn answer_by(&self, name: &str, certified: CertifiedKey) {
        let mut certificates = self.certificates.lock().unwrap_or_else(PoisonError::into_inner);
        certificates.insert(name.to_ascii_lowercase(), Arc::new(certified));
    }

    /// Nobody asks any more.
    pub(super) fn clear(&self) {
        self.paths.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.certificates.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
