//! TLS of a listener: any client certificate is taken in the handshake with proof of its key, and judged
//! later, so that `certificate.untrusted` is an answer and not a broken connection.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use rustls::{
    DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, UnixTime},
    server::{
        ResolvesServerCert, WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};

/// Whether a handshake asks for a client certificate: only where a scheme or a bound token needs one, since
/// browsers open a window for it.
#[derive(Debug, Clone, Default)]
pub struct Asking(Arc<AtomicBool>);

impl Asking {
    /// From now on.
    pub fn set(&self, asking: bool) {
        self.0.store(asking, Ordering::Relaxed);
    }
}

/// The protocol in which an authority asks whether a name is ours (RFC 8737 6.2). Nothing is served over it.
pub const VALIDATION: &[u8] = b"acme-tls/1";

/// The server's side of handshakes: TLS 1.2 and 1.3, X25519MLKEM768 first. `certificates` is asked for a
/// certificate at each handshake, so that another one is shown without a restart; `validates`: also to an
/// authority that asks by [`VALIDATION`].
pub fn server_config(
    certificates: Arc<dyn ResolvesServerCert>,
    asking: Asking,
    validates: bool,
) -> Result<ServerConfig, rustls::Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = Arc::new(TakesAny { asking, provider: provider.clone() });
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(certificates);
    // Both sides are held to the better of what the client offers, whatever it would rather have.
    config.ignore_client_order = true;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    if validates {
        config.alpn_protocols.push(VALIDATION.to_vec());
    }
    Ok(config)
}

/// Who vouches for client certificates.
#[derive(Debug, Clone)]
pub struct ClientTrust(Arc<dyn ClientCertVerifier>);

impl ClientTrust {
    /// Certificates that one of `authorities` signed.
    pub fn new(authorities: impl IntoIterator<Item = CertificateDer<'static>>) -> Option<Self> {
        let mut roots = RootCertStore::empty();
        for authority in authorities {
            roots.add(authority).ok()?;
        }
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().ok()?;
        Some(Self(verifier))
    }

    /// Whether `certificate` is vouched for at `now` (seconds since the epoch).
    pub fn vouches(&self, certificate: &[u8], now: u64) -> bool {
        let certificate = CertificateDer::from(certificate);
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(now));
        self.0.verify_client_cert(&certificate, &[], now).is_ok()
    }
}

/// The common name of a certificate's subject, else the whole subject; empty for what is no certificate.
pub(crate) fn subject(der: &[u8]) -> Arc<str> {
    let Ok((_, certificate)) = x509_parser::parse_x509_certificate(der) else { return "".into() };
    let subject = certificate.subject();
    let common = subject.iter_common_name().next().and_then(|name| name.as_str().ok());
    common.map_or_else(|| subject.to_string().into(), Into::into)
}

#[derive(Debug)]
struct TakesAny {
    asking: Asking,
    provider: Arc<CryptoProvider>,
}

impl ClientCertVerifier for TakesAny {
    fn offer_client_auth(&self) -> bool {
        self.asking.0.load(Ordering::Relaxed)
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        // Who vouches is judged per request by the guard; the proof of the key is checked below.
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
