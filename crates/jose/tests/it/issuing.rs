use jose::{Algorithm, KeyError, KeySet, SigningKey, VerifyingKey, jws::Compact};
use serde_json::{Map, Value, json};

fn jwk(key: &SigningKey) -> Map<String, Value> {
    serde_json::from_str(key.to_jwk().unwrap().expose()).unwrap()
}

#[test]
fn a_kept_key_signs_as_before_in_every_form() {
    for algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm).unwrap();
        assert_eq!(key.kid(), key.public().thumbprint(), "{algorithm}");
        assert_eq!(key.algorithm(), algorithm);
        let kept = SigningKey::from_jwk(&jwk(&key)).unwrap_or_else(|why| panic!("{algorithm}: {why}"));
        let mut again = vec![kept];
        match key.to_pkcs8() {
            Some(pkcs8) => again.push(SigningKey::from_pkcs8(algorithm, pkcs8.expose()).unwrap()),
            None => assert!(algorithm.is_symmetric()),
        }
        for kept in again {
            assert_eq!(kept.kid(), key.kid());
            assert_eq!(kept.algorithm(), algorithm);
            let signature = kept.sign(b"message").unwrap();
            assert!(key.public().verifies(algorithm, b"message", &signature), "{algorithm}");
            assert!(!key.public().verifies(algorithm, b"massage", &signature), "{algorithm}");
        }
    }
}

#[test]
fn the_private_half_is_neither_published_nor_printed() {
    for algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm).unwrap();
        let private = jwk(&key);
        let secrets = ["d", "p", "q", "dp", "dq", "qi", "k"].into_iter().filter_map(|name| private.get(name));
        let published = KeySet::new([key.public().clone()]).to_jwks().to_string();
        let printed = format!("{key:?} {:?}", key.public());
        let mut seen = 0;
        for secret in secrets {
            let secret = secret.as_str().unwrap();
            assert!(!published.contains(secret) && !printed.contains(secret), "{algorithm}");
            seen += 1;
        }
        assert!(seen > 0);
        assert_eq!(
            KeySet::parse(published.as_bytes()).unwrap().keys().len(),
            usize::from(!algorithm.is_symmetric())
        );
    }
}

#[test]
fn a_published_key_verifies_what_its_other_half_signed() {
    for algorithm in Algorithm::ALL.into_iter().filter(|algorithm| !algorithm.is_symmetric()) {
        let key = SigningKey::generate(algorithm).unwrap();
        let public = VerifyingKey::from_jwk(&key.public().to_jwk().unwrap()).unwrap();
        assert_eq!(public.kid(), Some(key.kid()));
        let spki = VerifyingKey::from_spki(&public.to_spki().unwrap(), None).unwrap();
        assert_eq!(spki.thumbprint(), public.thumbprint());
        let token = jose::jwt::sign(&key, "JWT", &Map::new()).unwrap();
        for verifier in [&public, &spki] {
            assert_eq!(Compact::parse(&token).unwrap().verify(verifier), Ok(()), "{algorithm}");
        }
    }
}

#[test]
fn a_private_key_that_does_not_fit_its_public_half_is_refused() {
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256] {
        let (one, other) =
            (SigningKey::generate(algorithm).unwrap(), SigningKey::generate(algorithm).unwrap());
        let mut mixed = jwk(&one);
        mixed.insert("d".into(), jwk(&other)["d"].clone());
        assert_eq!(SigningKey::from_jwk(&mixed).unwrap_err(), KeyError::Inconsistent, "{algorithm}");
        mixed.shift_remove("d");
        assert_eq!(SigningKey::from_jwk(&mixed).unwrap_err(), KeyError::Member("d"), "{algorithm}");
    }
}

#[test]
fn a_key_is_kept_for_its_own_algorithm_alone() {
    let p256 = SigningKey::generate(Algorithm::Es256).unwrap().to_pkcs8().unwrap();
    for algorithm in [Algorithm::Es384, Algorithm::EdDsa, Algorithm::Rs256, Algorithm::Hs256] {
        assert!(SigningKey::from_pkcs8(algorithm, p256.expose()).is_err(), "{algorithm}");
    }
    assert_eq!(SigningKey::from_secret(Algorithm::Es256, &[7; 64]).unwrap_err(), KeyError::Algorithm);
    assert!(SigningKey::from_secret(Algorithm::Hs384, &[7; 47]).is_err());
    assert!(SigningKey::from_secret(Algorithm::Hs384, &[7; 48]).is_ok());
    let mut wrong = jwk(&SigningKey::generate(Algorithm::Es256).unwrap());
    wrong.insert("alg".into(), json!("ES384"));
    assert!(SigningKey::from_jwk(&wrong).is_err());
    assert!(SigningKey::from_pkcs8(Algorithm::Es256, b"\x30\x82\xff\xff").is_err());
}

#[test]
fn a_name_that_was_given_is_kept() {
    let mut members = jwk(&SigningKey::generate(Algorithm::EdDsa).unwrap());
    members.insert("kid".into(), json!("2027-01"));
    let key = SigningKey::from_jwk(&members).unwrap();
    assert_eq!(key.kid(), "2027-01");
    assert_eq!(jwk(&key)["kid"], "2027-01");
}
