use std::{collections::BTreeSet, sync::Arc};

use jose::{
    Algorithm, AlgorithmSet, KeySet, Rejection, SigningKey, base64url,
    forge::{Attack, Defect, Genuine, forge},
    jwt,
};
use serde_json::json;

use crate::stage::{API, ISSUER, NOW, Stage, claims, judge};

fn attack_everything(algorithm: Algorithm) -> BTreeSet<&'static str> {
    let stage = Stage::new(algorithm);
    let token = stage.token(|_| {});
    assert!(stage.judge(&token).is_ok(), "the genuine token is accepted");
    let from = Genuine { token: &token, public: stage.key.public(), signing: Some(&stage.key), now: NOW };
    let mut made = BTreeSet::new();
    for attack in Attack::all() {
        let Some(forged) = attack.forge(&from) else { continue };
        assert_ne!(jwt::classify(&forged), jwt::Bearer::Opaque, "{} {}", attack.row, attack.name);
        let rejection = stage.judge(&forged).unwrap_err();
        let code = rejection.code();
        assert!(attack.expected.contains(&code), "{} {}: {code}, {rejection}", attack.row, attack.name);
        made.insert(attack.name);
    }
    made
}

#[test]
fn every_attack_on_tokens_is_refused_with_its_own_denial() {
    let ecdsa = attack_everything(Algorithm::Es256);
    assert_eq!(ecdsa.len(), Attack::all().len(), "with ECDSA every attack can be made");
    let rsa = attack_everything(Algorithm::Rs256);
    attack_everything(Algorithm::EdDsa);
    attack_everything(Algorithm::Hs512);
    attack_everything(Algorithm::Ps384);
    attack_everything(Algorithm::Es512);
    assert!(rsa.len() + 1 >= ecdsa.len(), "only the DER form of a signature is peculiar to ECDSA");
    let rows: BTreeSet<&str> = Attack::all().iter().map(|attack| attack.row).collect();
    let expected = [
        "T02", "T03", "T04", "T06", "T07", "T08", "T09", "T10", "T11", "T12", "T13", "T14", "T15", "T16",
        "T18",
    ];
    assert_eq!(rows, expected.into());
}

#[test]
fn t02_no_spelling_of_none_is_accepted_even_where_everything_is_allowed() {
    let mut stage = Stage::new(Algorithm::Es256);
    stage.trust.algorithms = Algorithm::ALL.into_iter().collect();
    for spelling in ["none", "None", "nOnE", "NONE", "nonE", "null", " none", ""] {
        let header = base64url::encode(json!({"alg": spelling, "typ": "at+jwt"}).to_string());
        let payload = base64url::encode(serde_json::to_vec(&claims()).unwrap());
        for signature in ["", "AAAA"] {
            let refused = stage.judge(&format!("{header}.{payload}.{signature}")).unwrap_err();
            assert_eq!(refused.code(), "token.algorithm", "{spelling}");
        }
    }
}

#[test]
fn t03_a_public_key_is_no_secret_even_where_hmac_is_allowed() {
    let mut stage = Stage::new(Algorithm::Rs256);
    stage.trust.algorithms = Algorithm::ALL.into_iter().collect();
    let token = stage.token(|_| {});
    let from = Genuine { token: &token, public: stage.key.public(), signing: None, now: NOW };
    let mut seen = 0;
    for attack in Attack::all().iter().filter(|attack| attack.row == "T03") {
        let refused = stage.judge(&attack.forge(&from).unwrap()).unwrap_err();
        assert_eq!(refused.code(), "token.algorithm", "{}", attack.name);
        seen += 1;
    }
    assert_eq!(seen, 3);
}

#[test]
fn t05_one_changed_bit_is_never_accepted_wherever_it_is() {
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Hs256] {
        let stage = Stage::new(algorithm);
        let token = stage.token(|_| {});
        for position in 0..token.len() {
            for bit in 0..8 {
                let mut bytes = token.clone().into_bytes();
                bytes[position] ^= 1 << bit;
                // A header field that is no text is refused before it is a token.
                let Ok(changed) = String::from_utf8(bytes) else { continue };
                assert!(stage.judge(&changed).is_err(), "bit {bit} of byte {position}: {changed}");
            }
        }
    }
}

#[test]
fn t05_one_changed_bit_below_the_encoding_is_never_accepted() {
    let stage = Stage::new(Algorithm::Es256);
    let token = stage.token(|_| {});
    let parts: Vec<Vec<u8>> = token.split('.').map(|part| base64url::decode_strict(part).unwrap()).collect();
    for part in 0..3 {
        for bit in 0..parts[part].len() * 8 {
            let mut changed = parts.clone();
            changed[part][bit / 8] ^= 1 << (bit % 8);
            let text: Vec<String> = changed.iter().map(base64url::encode).collect();
            let refused = stage.judge(&text.join(".")).unwrap_err();
            assert!(part < 2 || refused == Rejection::Signature, "{refused:?}");
        }
    }
}

#[test]
fn t06_a_key_in_the_header_is_refused_even_where_it_is_the_right_one() {
    let stage = Stage::new(Algorithm::Es256);
    let jwk = stage.key.public().to_jwk().unwrap();
    let header = json!({"alg": "ES256", "typ": "at+jwt", "jwk": jwk, "kid": stage.key.kid()});
    let payload = serde_json::to_vec(&claims()).unwrap();
    let token = jose::jws::sign(&stage.key, header.as_object().unwrap(), &payload).unwrap();
    assert_eq!(stage.judge(&token).unwrap_err().code(), "token.key");
}

#[test]
fn t07_without_kid_one_key_that_fits_is_taken_and_of_several_none() {
    let stage = Stage::new(Algorithm::Es256);
    let other = SigningKey::generate(Algorithm::Es256).unwrap();
    let ed = SigningKey::generate(Algorithm::EdDsa).unwrap();
    let header = json!({"alg": "ES256", "typ": "at+jwt"});
    let payload = serde_json::to_vec(&claims()).unwrap();
    let token = jose::jws::sign(&stage.key, header.as_object().unwrap(), &payload).unwrap();
    let with = |keys: &[&SigningKey]| {
        let mut trust = stage.trust.clone();
        trust.keys = Arc::new(KeySet::new(keys.iter().map(|key| key.public().clone())));
        trust.algorithms = AlgorithmSet::ASYMMETRIC;
        judge(&token, &trust, NOW).map(|_| ())
    };
    assert_eq!(with(&[&stage.key]), Ok(()));
    assert_eq!(with(&[&stage.key, &ed]), Ok(()));
    assert_eq!(with(&[&stage.key, &other]).unwrap_err().code(), "token.key");
    assert_eq!(with(&[&ed]).unwrap_err().code(), "token.key");
    assert_eq!(with(&[]).unwrap_err().code(), "token.key");
}

#[test]
fn t07_the_kid_of_another_issuer_is_unknown() {
    let (ours, theirs) = (Stage::new(Algorithm::Es256), Stage::new(Algorithm::Es256));
    let mut foreign = theirs.trust.clone();
    foreign.issuer = "https://other.example".into();
    let token = theirs.token(|_| {});
    let presented = jwt::Presented::parse(&token).unwrap();
    let refused = jwt::verify(presented, &[ours.trust.clone(), foreign], NOW).unwrap_err();
    assert_eq!(refused.code(), "token.key");
}

#[test]
fn t09_a_finite_fraction_is_a_legal_date() {
    let stage = Stage::new(Algorithm::Es256);
    let exp =
        |value: f64| stage.judge(&stage.token(|claims| drop(claims.insert("exp".into(), json!(value)))));
    assert!(exp(1_800_000_000.5).is_ok());
    assert_eq!(exp(1_799_999_999.5).unwrap_err().code(), "token.expired");
    assert!(exp(1e300).is_ok());
}

#[test]
fn t18_two_issuers_with_one_kid_and_one_subject_are_never_confused() {
    let (ours, theirs) = (Stage::new(Algorithm::Es256), Stage::new(Algorithm::Es256));
    let named = |stage: &Stage, kid: &str, issuer: &str| {
        let mut jwk = stage.key.public().to_jwk().unwrap();
        jwk.insert("kid".into(), json!(kid));
        let keys = json!({ "keys": [jwk] }).to_string();
        let mut trust = stage.trust.clone();
        trust.issuer = issuer.into();
        trust.keys = Arc::new(KeySet::parse(keys.as_bytes()).unwrap());
        trust
    };
    let trusts = [named(&ours, "1", ISSUER), named(&theirs, "1", "https://other.example")];
    let signed = |stage: &Stage, issuer: &str| {
        let mut claims = claims();
        claims.insert("iss".into(), json!(issuer));
        let header = json!({"alg": "ES256", "typ": "at+jwt", "kid": "1"});
        jose::jws::sign(&stage.key, header.as_object().unwrap(), &serde_json::to_vec(&claims).unwrap())
            .unwrap()
    };
    let judge = |token: &str| {
        jwt::verify(jwt::Presented::parse(token)?, &trusts, NOW).map(|verified| verified.trust())
    };
    assert_eq!(judge(&signed(&ours, ISSUER)), Ok(0));
    assert_eq!(judge(&signed(&theirs, "https://other.example")), Ok(1));
    assert_eq!(judge(&signed(&theirs, ISSUER)), Err(Rejection::Signature));
    assert_eq!(judge(&signed(&ours, "https://other.example")), Err(Rejection::Signature));
    assert_eq!(judge(&signed(&ours, "https://third.example")), Err(Rejection::Issuer));
}

#[test]
fn every_defect_earns_its_own_denial() {
    let stage = Stage::new(Algorithm::Es256);
    for defect in Defect::ALL {
        let token = forge(defect, &stage.key, "at+jwt", &claims(), NOW).unwrap();
        let code = stage.judge(&token).map_or_else(Rejection::code, |_| "accepted");
        let expected = match defect {
            Defect::Expired => "token.expired",
            Defect::WrongAudience => "token.audience",
            Defect::WrongIssuer => "token.issuer",
            Defect::BadSignature => "token.signature",
            Defect::AlgNone => "token.algorithm",
            Defect::NotYetValid => "token.not_yet_valid",
            // It is good; that it is revoked only its issuer knows.
            Defect::Revoked => "accepted",
        };
        assert_eq!(code, expected, "{defect}");
        assert_eq!(defect.as_str().parse(), Ok(defect));
        assert_eq!(defect.as_str().replace('_', "-").parse(), Ok(defect));
    }
    assert!("wrong audience".parse::<Defect>().is_err());
    assert_eq!(API, "https://id.example/bookshop");
}
