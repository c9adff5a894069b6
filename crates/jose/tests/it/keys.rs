use jose::{Algorithm, KeyError, KeySet, KeySetError, SigningKey, VerifyingKey, base64url};
use serde_json::{Map, Value, json};

fn public(algorithm: Algorithm) -> Map<String, Value> {
    let mut jwk = SigningKey::generate(algorithm).unwrap().public().to_jwk().unwrap();
    jwk.shift_remove("alg");
    jwk
}

fn with(jwk: &Map<String, Value>, name: &str, value: Value) -> Result<VerifyingKey, KeyError> {
    let mut jwk = jwk.clone();
    jwk.insert(name.to_owned(), value);
    VerifyingKey::from_jwk(&jwk)
}

#[test]
fn use_key_ops_and_alg_are_honoured() {
    let ec = public(Algorithm::Es256);
    assert!(with(&ec, "use", json!("sig")).is_ok());
    for wrong in [json!("enc"), json!("SIG"), json!(""), json!(["sig"]), json!(null)] {
        assert_eq!(with(&ec, "use", wrong).unwrap_err(), KeyError::Use);
    }
    assert!(with(&ec, "key_ops", json!(["verify"])).is_ok());
    for wrong in [json!(["sign"]), json!([]), json!(["encrypt"]), json!("verify"), json!([1])] {
        assert_eq!(with(&ec, "key_ops", wrong).unwrap_err(), KeyError::Use);
    }
    assert!(with(&ec, "alg", json!("ES256")).is_ok());
    for wrong in ["ES384", "HS256", "RS256", "none", "ES521", "RSA-OAEP"] {
        assert_eq!(with(&ec, "alg", json!(wrong)).unwrap_err(), KeyError::Algorithm, "{wrong}");
    }
    assert!(with(&ec, "kid", json!(7)).is_err());
    let rsa = public(Algorithm::Rs256);
    assert_eq!(VerifyingKey::from_jwk(&rsa).unwrap().algorithms().iter().count(), 6);
    let one = with(&rsa, "alg", json!("PS512")).unwrap();
    assert_eq!(one.algorithms().iter().collect::<Vec<_>>(), [Algorithm::Ps512]);
}

#[test]
fn coordinates_and_numbers_have_one_spelling() {
    for (algorithm, member) in [
        (Algorithm::Es256, "x"),
        (Algorithm::Es384, "y"),
        (Algorithm::Es512, "x"),
        (Algorithm::EdDsa, "x"),
        (Algorithm::Rs256, "n"),
        (Algorithm::Rs256, "e"),
    ] {
        let jwk = public(algorithm);
        let text = jwk[member].as_str().unwrap();
        let bytes = base64url::decode_strict(text).unwrap();
        let padded = base64url::encode([&[0], bytes.as_slice()].concat());
        for wrong in [
            json!(padded),
            json!(format!("{text}=")),
            json!(format!(" {text}")),
            json!(""),
            json!(1),
            json!(null),
        ] {
            assert_eq!(
                with(&jwk, member, wrong.clone()).unwrap_err(),
                KeyError::Member(member),
                "{algorithm} {wrong}"
            );
        }
    }
}

#[test]
fn points_off_their_curve_unknown_curves_and_types_are_refused() {
    let ec = public(Algorithm::Es256);
    assert_eq!(with(&ec, "x", ec["y"].clone()).unwrap_err(), KeyError::Point);
    assert_eq!(with(&ec, "x", json!(base64url::encode([0; 32]))).unwrap_err(), KeyError::Point);
    for (crv, why) in
        [("P-384", KeyError::Member("x")), ("secp256k1", KeyError::Type), ("p-256", KeyError::Type)]
    {
        assert_eq!(with(&ec, "crv", json!(crv)).unwrap_err(), why);
    }
    assert_eq!(with(&ec, "kty", json!("RSA")).unwrap_err(), KeyError::Member("n"));
    assert_eq!(with(&ec, "kty", json!("AKP")).unwrap_err(), KeyError::Type);
    assert_eq!(with(&public(Algorithm::EdDsa), "crv", json!("X25519")).unwrap_err(), KeyError::Type);
    assert_eq!(
        with(&public(Algorithm::EdDsa), "x", json!(base64url::encode([0; 32]))).unwrap_err(),
        KeyError::Point
    );
}

#[test]
fn secrets_are_as_long_as_their_hash() {
    for (length, algorithms) in [(0, 0), (31, 0), (32, 1), (47, 1), (48, 2), (63, 2), (64, 3), (200, 3)] {
        let count = VerifyingKey::from_secret(&vec![7; length], None)
            .map_or(0, |key| key.algorithms().iter().count());
        assert_eq!(count, algorithms, "{length}");
    }
    let secret = VerifyingKey::from_secret(&[7; 32], Some("s")).unwrap();
    assert_eq!((secret.to_jwk(), secret.to_spki(), secret.kid()), (None, None, Some("s")));
}

#[test]
fn what_is_no_key_text_is_refused() {
    let jwk = Value::Object(public(Algorithm::Es256)).to_string();
    assert!(VerifyingKey::parse(jwk.as_bytes()).is_ok());
    let twice = jwk.replacen('{', "{\"kty\":\"EC\",", 1);
    for text in ["", "[]", "null", &twice, &format!("{jwk}x")] {
        assert_eq!(VerifyingKey::parse(text.as_bytes()).unwrap_err(), KeyError::NotAnObject, "{text}");
    }
    let large = jwk.replacen('{', &format!("{{\"x5t\":\"{}\",", "x".repeat(70_000)), 1);
    assert_eq!(VerifyingKey::parse(large.as_bytes()).unwrap_err(), KeyError::NotAnObject);
}

#[test]
fn a_set_keeps_what_is_good_and_tells_what_is_not() {
    let good = public(Algorithm::Es256);
    let mut encryption = public(Algorithm::Rs256);
    encryption.insert("use".into(), json!("enc"));
    encryption.insert("kid".into(), json!("for-encryption"));
    let secret = json!({"kty": "oct", "k": base64url::encode([7; 32]), "kid": "secret"});
    let set = json!({"keys": [encryption, good, secret, 7, {"kty": "new"}]}).to_string();
    let set = KeySet::parse(set.as_bytes()).unwrap();
    assert_eq!(set.keys().len(), 1);
    let reasons: Vec<_> = set.skipped().iter().map(|skipped| (skipped.index, skipped.reason)).collect();
    assert_eq!(
        reasons,
        [
            (0, KeyError::Use),
            (2, KeyError::SecretAmongPublic),
            (3, KeyError::NotAnObject),
            (4, KeyError::Type)
        ]
    );
    assert_eq!(set.skipped()[0].kid.as_deref(), Some("for-encryption"));
    assert!(set.find(None, Algorithm::Es256).is_some());
    assert!(set.find(None, Algorithm::Rs256).is_none());
    assert!(set.find(Some("secret"), Algorithm::Hs256).is_none());
}

#[test]
fn the_size_of_a_set_is_bounded() {
    let key = Value::Object(public(Algorithm::EdDsa));
    let of = |count: usize| json!({ "keys": vec![&key; count] }).to_string();
    assert_eq!(KeySet::parse(of(100).as_bytes()).unwrap().keys().len(), 100);
    assert_eq!(KeySet::parse(of(101).as_bytes()).unwrap_err(), KeySetError::TooMany);
    assert_eq!(KeySet::parse(&vec![b' '; 600_000]).unwrap_err(), KeySetError::TooLarge);
    for text in ["", "{}", "[]", r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#] {
        assert_eq!(KeySet::parse(text.as_bytes()).unwrap_err(), KeySetError::Malformed, "{text}");
    }
    assert!(KeySet::parse(br#"{"keys":[]}"#).unwrap().is_empty());
}
