use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// A TLS client's settings: it trusts the authority in `authority` (PEM), and shows the certificate in
/// `identity` (certificate and key, PEM) where it has one.
pub fn trusting(authority: &str, identity: Option<&str>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(authority.as_bytes()) {
        roots.add(certificate.expect("the authority is PEM")).expect("the authority can be trusted");
    }
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let builder = ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .expect("the provider knows TLS 1.2 and 1.3")
        .with_root_certificates(roots);
    let Some(identity) = identity else { return builder.with_no_client_auth() };
    let chain = CertificateDer::pem_slice_iter(identity.as_bytes()).map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_slice(identity.as_bytes()).expect("the identity has a key");
    builder.with_client_auth_cert(chain, key).expect("certificate and key fit")
}

/// The first certificate of a PEM text, DER.
pub fn certificate_der(pem: &str) -> Vec<u8> {
    CertificateDer::from_pem_slice(pem.as_bytes()).expect("there is a certificate").to_vec()
}
