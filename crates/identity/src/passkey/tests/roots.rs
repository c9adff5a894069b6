//! Whose word on a make is taken: the vectors, signed anew by makers of our own.

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, SigningKey as _, date_time_ymd,
};
use serde_cbor_2::Value;
use x509_parser::{certificate::X509Certificate, prelude::FromDer as _};

use super::*;

type Authority = Issuer<'static, KeyPair>;

/// Somebody who signs, with the certificate as DER and PEM.
struct Signer {
    issuer: Authority,
    der: Vec<u8>,
    pem: String,
}

fn authority(name: &str, by: Option<&Authority>) -> Signer {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let certificate = match by {
        Some(issuer) => params.signed_by(&key, issuer).unwrap(),
        None => params.self_signed(&key).unwrap(),
    };
    let (der, pem) = (certificate.der().to_vec(), certificate.pem());
    Signer { issuer: Issuer::new(params, key), der, pem }
}

/// What an attestation of the format signs with (WebAuthn 3, 8.2.1 and 8.3.1), until the end of 2030.
fn leaf(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::ExplicitNoCa;
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2030, 12, 31);
    if name == "tpm" {
        let attestation = Attestation::read(&object(name)).unwrap();
        let chain = attestation.chain();
        let (_, theirs) = X509Certificate::from_der(&chain[0]).unwrap();
        let names = theirs.get_extension_unique(&x509_parser::oid_registry::OID_X509_EXT_SUBJECT_ALT_NAME);
        let mut names =
            CustomExtension::from_oid_content(&[2, 5, 29, 17], names.unwrap().unwrap().value.to_vec());
        names.set_criticality(true);
        params.custom_extensions.push(names);
        params.extended_key_usages.push(ExtendedKeyUsagePurpose::Other(vec![2, 23, 133, 8, 3]));
        params.distinguished_name = rcgen::DistinguishedName::new();
    } else {
        for (kind, text) in [
            (DnType::CountryName, "SE"),
            (DnType::OrganizationName, "Maker"),
            (DnType::OrganizationalUnitName, "Authenticator Attestation"),
            (DnType::CommonName, "Key of the first batch"),
        ] {
            params.distinguished_name.push(kind, text);
        }
    }
    params
}

fn object(name: &str) -> Vec<u8> {
    base64url::decode_strict(vector(name)["create"]["attestationObject"].as_str().unwrap()).unwrap()
}

/// The vector, signed by a leaf of this authority, with these certificates behind the leaf's.
fn signed_by(name: &str, issuer: &Authority, behind: &[&Signer]) -> Json {
    let key = KeyPair::generate().unwrap();
    let certificate = leaf(name).signed_by(&key, issuer).unwrap();
    let mut vector = vector(name);
    let Value::Map(mut whole) = serde_cbor_2::from_slice(&object(name)).unwrap() else { panic!("a map") };
    let text = |name: &str| Value::Text(name.to_owned());
    let Some(Value::Bytes(data)) = whole.get(&text("authData")).cloned() else { panic!("bytes") };
    let Some(Value::Map(statement)) = whole.get_mut(&text("attStmt")) else { panic!("a map") };
    let signed = if let Some(Value::Bytes(info)) = statement.get(&text("certInfo")) {
        info.clone()
    } else {
        let client_data = vector["create"]["clientDataJSON"].as_str().unwrap();
        [data, digest::sha256(base64url::decode_strict(client_data).unwrap()).to_vec()].concat()
    };
    let chain = std::iter::once(certificate.der().to_vec()).chain(behind.iter().map(|one| one.der.clone()));
    statement.insert(text("x5c"), Value::Array(chain.map(Value::Bytes).collect()));
    statement.insert(text("alg"), Value::Integer(-7));
    statement.insert(text("sig"), Value::Bytes(key.sign(&signed).unwrap()));
    let object = serde_cbor_2::to_vec(&Value::Map(whole)).unwrap();
    vector["create"]["attestationObject"] = base64url::encode(object).into();
    vector
}

/// A service that believes these makers.
fn believing(pem: &str) -> RelyingParty {
    let rules = PasskeyRules {
        verification_required: false,
        attested: true,
        roots: Roots::from_pem(pem).unwrap(),
        ..PasskeyRules::default()
    };
    RelyingParty::new("Vectors", ORIGIN, rules).unwrap()
}

#[test]
fn only_certificates_that_lead_to_a_maker_are_believed() {
    let (maker, other) = (authority("Maker", None), authority("Maker", None));
    let batch = authority("Batch", Some(&maker.issuer));
    for name in ["packed.ES256", "tpm"] {
        let direct = signed_by(name, &maker.issuer, &[]);
        let chained = signed_by(name, &batch.issuer, &[&batch]);
        let cut = signed_by(name, &batch.issuer, &[]);
        let is_in = |pem: &str, vector: &Json| match register(&believing(pem), vector) {
            Ok(_) => true,
            Err(PasskeyError::Make) => false,
            Err(other) => panic!("{name}: {other:?}"),
        };
        assert!(is_in(&maker.pem, &direct) && is_in(&maker.pem, &chained), "{name}");
        assert!(is_in(&(other.pem.clone() + &maker.pem), &direct), "{name}: one of two");
        assert!(is_in(&batch.pem, &cut), "{name}: a batch may be a root");
        assert!(!is_in(&maker.pem, &cut), "{name}: the chain has a gap");
        assert!(!is_in(&other.pem, &direct) && !is_in(&other.pem, &chained), "{name}: of the same name");
        // Whoever vouches for itself in the vectors is none of these makers.
        assert!(!is_in(&maker.pem, &vector(name)), "{name}");
    }
    assert!(matches!(register(&believing(&maker.pem), &vector("none.ES256")), Err(PasskeyError::Make)));
}

#[test]
fn a_makers_certificate_must_be_good_now() {
    let maker = authority("Maker", None);
    let vector = signed_by("packed.ES256", &maker.issuer, &[]);
    let party = believing(&maker.pem);
    // 2019-12-31 and 2031-01-01.
    for now in [1_577_750_400, 1_925_000_000] {
        let refused = register_at(&party, &vector, Timestamp::from_seconds(now));
        assert!(matches!(refused, Err(PasskeyError::Make)), "{now}: {refused:?}");
    }
}

#[test]
fn what_holds_no_certificate_is_no_list_of_makers() {
    let key = KeyPair::generate().unwrap().serialize_pem();
    let junk = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let half = authority("Maker", None).pem + junk;
    for text in ["", "makers", &key, junk, &half] {
        assert_eq!(Roots::from_pem(text), None, "{text}");
    }
}
