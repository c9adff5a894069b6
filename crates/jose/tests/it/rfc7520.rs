//! The cookbook's examples: what Lobby does is done to the letter, what it does not do is refused by name.

use jose::{
    Rejection, SigningKey, VerifyingKey, base64url,
    jws::{self, Compact},
};
use serde_json::{Map, Value};

use crate::stage::data;

fn members(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap()
}

#[test]
fn compact_signatures_verify_and_the_deterministic_ones_come_out_again() {
    for (file, is_signed_again) in [
        ("jws/4_1.rsa_v15_signature.json", true),
        ("jws/4_2.rsa-pss_signature.json", false),
        ("jws/4_3.ecdsa_signature.json", false),
        ("jws/4_4.hmac-sha2_integrity_protection.json", true),
        ("curve25519/jws.json", true),
    ] {
        let example = data(&format!("rfc7520/{file}"));
        let token = example["output"]["compact"].as_str().unwrap();
        let compact = Compact::parse(token).unwrap();
        let payload = example["input"]["payload"].as_str().unwrap();
        assert_eq!(compact.payload(), payload.as_bytes(), "{file}");
        let key = VerifyingKey::from_jwk(members(&example["input"]["key"])).unwrap();
        assert_eq!(compact.verify(&key), Ok(()), "{file}");

        let mut jwk = members(&example["input"]["key"]).clone();
        jwk.insert("alg".to_owned(), example["input"]["alg"].clone());
        let signing = SigningKey::from_jwk(&jwk).unwrap();
        let again =
            jws::sign(&signing, members(&example["signing"]["protected"]), payload.as_bytes()).unwrap();
        assert_eq!(again == token, is_signed_again, "{file}");
        assert_eq!(Compact::parse(&again).unwrap().verify(&key), Ok(()), "{file}");
    }
}

#[test]
fn detached_content_verifies_once_it_is_put_back() {
    let example = data("rfc7520/jws/4_5.signature_with_detached_content.json");
    let key = VerifyingKey::from_jwk(members(&example["input"]["key"])).unwrap();
    let token = example["output"]["compact"].as_str().unwrap();
    assert_eq!(Compact::parse(token).unwrap().verify(&key), Err(Rejection::Signature));
    let payload = base64url::encode(example["input"]["payload"].as_str().unwrap());
    let whole = token.replacen("..", &format!(".{payload}."), 1);
    assert_eq!(Compact::parse(&whole).unwrap().verify(&key), Ok(()));
}

#[test]
fn json_serialisation_unencoded_payloads_and_encryption_are_refused_by_name() {
    let refused = |token: &str| Compact::parse(token).err().map(Rejection::code);
    let mut json_forms = 0;
    for file in [
        "4_1.rsa_v15_signature",
        "4_6.protecting_specific_header_fields",
        "4_7.protecting_content_only",
        "4_8.multiple_signatures",
    ] {
        let example = data(&format!("rfc7520/jws/{file}.json"));
        for form in ["json", "json_flat"] {
            let Some(token) = example["output"].get(form) else { continue };
            assert_eq!(refused(&token.to_string()), Some("credential.malformed"), "{file} {form}");
            json_forms += 1;
        }
    }
    assert_eq!(json_forms, 7);
    let unencoded = data("rfc7520/rfc7797/hmac-sha2_b64_false.json");
    assert_eq!(refused(unencoded["output"]["compact"].as_str().unwrap()), Some("token.algorithm"));
    let mut encrypted = 0;
    for entry in
        std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/jose/rfc7520/jwe"))
            .unwrap()
    {
        let example: Value = serde_json::from_slice(&std::fs::read(entry.unwrap().path()).unwrap()).unwrap();
        let Some(token) = example["output"].get("compact").and_then(Value::as_str) else { continue };
        assert_eq!(refused(token), Some("token.algorithm"));
        encrypted += 1;
    }
    assert_eq!(encrypted, 9);
    let nested = data("rfc7520/6.nesting_signatures_and_encryption.json");
    assert_eq!(refused(nested["encrypt"]["output"]["compact"].as_str().unwrap()), Some("token.algorithm"));
}

#[test]
fn keys_are_read_and_the_one_for_encryption_is_not() {
    let read = |file: &str| VerifyingKey::from_jwk(members(&data(&format!("rfc7520/jwk/{file}.json"))));
    let public = read("3_1.ec_public_key").unwrap();
    assert_eq!(public.thumbprint(), read("3_2.ec_private_key").unwrap().thumbprint());
    assert_eq!(
        read("3_3.rsa_public_key").unwrap().thumbprint(),
        read("3_4.rsa_private_key").unwrap().thumbprint()
    );
    assert!(read("3_5.symmetric_key_mac_computation").unwrap().is_secret());
    assert_eq!(read("3_6.symmetric_key_encryption").unwrap_err(), jose::KeyError::Use);
    for file in ["3_2.ec_private_key", "3_4.rsa_private_key", "3_5.symmetric_key_mac_computation"] {
        let jwk = data(&format!("rfc7520/jwk/{file}.json"));
        assert!(SigningKey::from_jwk(members(&jwk)).is_ok(), "{file}");
        assert_eq!(
            VerifyingKey::from_public_jwk(members(&jwk)).unwrap_err(),
            jose::KeyError::Private,
            "{file}"
        );
    }
}
