use std::time::Duration;

use jose::{
    Algorithm, SigningKey, VerifyingKey, base64url,
    dpop::{self, Expected, ProofError, Request},
    jws,
};
use model::Timestamp;
use serde_json::{Value, json};

use crate::stage::{NOW, data};

const URI: &str = "https://api.example/books";

fn expected(access_token: Option<&str>) -> Expected<'_> {
    Expected {
        method: "GET",
        uri: URI,
        access_token,
        now: NOW,
        window: Duration::from_secs(300),
        leeway: Duration::from_secs(5),
    }
}

fn request(access_token: Option<&str>) -> Request<'_> {
    Request { method: "GET", uri: URI, access_token, nonce: None, jti: "p-1", now: NOW }
}

/// A proof whose header and claims were changed before it was signed.
fn proof(algorithm: Algorithm, change: impl FnOnce(&SigningKey, &mut Value, &mut Value)) -> String {
    let key = SigningKey::generate(algorithm).unwrap();
    let jwk = key.public().to_jwk().map_or(json!({"kty": "oct", "k": "AAAA"}), Value::Object);
    let mut header = json!({"typ": "dpop+jwt", "alg": algorithm.as_str(), "jwk": jwk});
    let mut claims = json!({"jti": "p-1", "htm": "GET", "htu": URI, "iat": NOW.as_seconds()});
    change(&key, &mut header, &mut claims);
    jws::sign(&key, header.as_object().unwrap(), claims.to_string().as_bytes()).unwrap()
}

#[test]
fn the_proofs_of_rfc_9449_hold_at_their_time() {
    let examples = data("rfc_examples.json");
    let proofs = examples["dpop_proofs"].as_array().unwrap();
    assert_eq!(proofs.len(), 2);
    for example in proofs {
        let text = |name: &str| example[name].as_str();
        let issued = example["claims"]["iat"].as_i64().unwrap();
        let expected = Expected {
            method: example["claims"]["htm"].as_str().unwrap(),
            uri: example["claims"]["htu"].as_str().unwrap(),
            access_token: text("access_token"),
            now: Timestamp::from_seconds(issued + 1),
            ..expected(None)
        };
        let proof = dpop::verify(text("proof").unwrap(), &expected).unwrap();
        assert_eq!(proof.jkt, text("jkt").unwrap());
        assert_eq!(proof.jti, example["claims"]["jti"].as_str().unwrap());
        assert_eq!(proof.issued_at, Timestamp::from_seconds(issued));
        let later = Expected { now: NOW, ..expected };
        assert_eq!(dpop::verify(text("proof").unwrap(), &later), Err(ProofError::Time));
    }
}

#[test]
fn thumbprints_are_those_of_the_standards() {
    let examples = data("rfc_examples.json");
    let thumbprints = examples["thumbprints"].as_array().unwrap();
    assert_eq!(thumbprints.len(), 3);
    for example in thumbprints {
        let key = VerifyingKey::from_jwk(example["jwk"].as_object().unwrap()).unwrap();
        assert_eq!(key.thumbprint(), example["sha256_thumbprint"].as_str().unwrap(), "{}", example["source"]);
    }
}

#[test]
fn a_proof_that_was_made_here_holds_for_its_request_with_every_algorithm() {
    for algorithm in Algorithm::ALL.into_iter().filter(|algorithm| !algorithm.is_symmetric()) {
        let key = SigningKey::generate(algorithm).unwrap();
        let made = Request { nonce: Some("n-1"), ..request(Some("token")) };
        let proof = dpop::verify(&dpop::proof(&key, &made).unwrap(), &expected(Some("token"))).unwrap();
        assert_eq!(proof.jkt, key.public().thumbprint(), "{algorithm}");
        assert_eq!(proof.nonce.as_deref(), Some("n-1"));
        let without = dpop::proof(&key, &request(None)).unwrap();
        assert_eq!(dpop::verify(&without, &expected(None)).unwrap().nonce, None);
    }
    let secret = SigningKey::generate(Algorithm::Hs256).unwrap();
    assert!(dpop::proof(&secret, &request(None)).is_err(), "a secret proves nothing");
}

#[test]
fn query_and_fragment_of_the_request_do_not_count() {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let made = dpop::proof(&key, &Request { uri: "https://API.example:443/books?page=1#x", ..request(None) })
        .unwrap();
    let asked = Expected { uri: "https://api.example/books?page=2", ..expected(None) };
    assert!(dpop::verify(&made, &asked).is_ok());
}

#[test]
fn a_proof_for_another_request_token_or_time_is_refused() {
    let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
    let judge = |made: Request<'_>, expected: Expected<'_>| {
        dpop::verify(&dpop::proof(&key, &made).unwrap(), &expected)
    };
    let (made, asked) = (request(Some("token")), expected(Some("token")));
    assert!(judge(made, asked).is_ok());
    let refused = |made, asked| judge(made, asked).unwrap_err();
    assert_eq!(refused(Request { method: "POST", ..made }, asked), ProofError::Method);
    assert_eq!(refused(Request { method: "get", ..made }, asked), ProofError::Method);
    assert_eq!(refused(Request { uri: "https://api.example/book", ..made }, asked), ProofError::Uri);
    assert_eq!(refused(Request { uri: "http://api.example/books", ..made }, asked), ProofError::Uri);
    assert_eq!(refused(Request { access_token: Some("other"), ..made }, asked), ProofError::AccessToken);
    assert_eq!(refused(Request { access_token: None, ..made }, asked), ProofError::AccessToken);
    assert_eq!(refused(Request { jti: "", ..made }, asked), ProofError::Malformed);
    let at = |seconds: i64| Request { now: Timestamp::from_seconds(NOW.as_seconds() + seconds), ..made };
    assert!(judge(at(-305), asked).is_ok());
    assert_eq!(refused(at(-306), asked), ProofError::Time);
    assert!(judge(at(5), asked).is_ok());
    assert_eq!(refused(at(6), asked), ProofError::Time);
    assert_eq!(refused(Request { jti: &"j".repeat(300), ..made }, asked), ProofError::Malformed);
}

#[test]
fn each_check_of_section_4_3_has_its_own_refusal() {
    type Change = fn(&SigningKey, &mut Value, &mut Value);
    let cases: [(ProofError, Change); 17] = [
        (ProofError::Malformed, |_, _, claims| claims["jti"] = json!(1)),
        (ProofError::Malformed, |_, _, claims| claims["jti"] = Value::Null),
        (ProofError::Malformed, |_, _, claims| claims["htm"] = json!(["GET"])),
        (ProofError::Malformed, |_, _, claims| claims["htu"] = Value::Null),
        (ProofError::Malformed, |_, _, claims| claims["iat"] = json!("now")),
        (ProofError::Malformed, |_, _, claims| claims["nonce"] = json!(7)),
        (ProofError::Type, |_, header, _| header["typ"] = json!("JWT")),
        (ProofError::Type, |_, header, _| drop(header.as_object_mut().unwrap().shift_remove("typ"))),
        (ProofError::Algorithm, |_, header, _| header["alg"] = json!("none")),
        (ProofError::Algorithm, |_, header, _| header["alg"] = json!("HS256")),
        (ProofError::Algorithm, |_, header, _| header["crit"] = json!(["x"])),
        (ProofError::Key, |_, header, _| header["alg"] = json!("ES384")),
        (ProofError::Key, |_, header, _| drop(header.as_object_mut().unwrap().shift_remove("jwk"))),
        (ProofError::Key, |key, header, _| {
            header["jwk"] = serde_json::from_str(key.to_jwk().unwrap().expose()).unwrap();
        }),
        (ProofError::Key, |_, header, _| header["jwk"] = json!({"kty": "oct", "k": "A".repeat(64)})),
        (ProofError::Key, |_, header, _| header["jwk"]["x"] = header["jwk"]["y"].clone()),
        (ProofError::Signature, |_, header, _| {
            let other = SigningKey::generate(Algorithm::Es256).unwrap();
            header["jwk"] = Value::Object(other.public().to_jwk().unwrap());
        }),
    ];
    for (index, (refusal, change)) in cases.into_iter().enumerate() {
        assert_eq!(
            dpop::verify(&proof(Algorithm::Es256, change), &expected(None)),
            Err(refusal),
            "case {index}"
        );
    }
    assert!(dpop::verify(&proof(Algorithm::Es256, |_, _, _| {}), &expected(None)).is_ok());
    let symmetric = proof(Algorithm::Hs256, |_, _, _| {});
    assert_eq!(dpop::verify(&symmetric, &expected(None)), Err(ProofError::Algorithm));
    for text in ["", "a.b.c", "e30.e30.", "....", &base64url::encode("{}")] {
        assert!(dpop::verify(text, &expected(None)).is_err(), "{text}");
    }
}
