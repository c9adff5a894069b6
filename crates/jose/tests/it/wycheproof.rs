//! Every vector is counted: accepted, refused with the right denial, or refused by a policy that has a name.

use std::collections::BTreeMap;

use jose::{KeySet, Rejection, VerifyingKey, jws::Compact, jwt};
use serde_json::{Value, json};

use crate::stage::data;

const ALGORITHM: &str = "token.algorithm";
const KEY: &str = "token.key";
const SIGNATURE: &str = "token.signature";
const MALFORMED: &str = "credential.malformed";

/// What became of the vectors of a file.
#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    accepted: usize,
    refused: BTreeMap<&'static str, usize>,
    by_policy: BTreeMap<&'static str, usize>,
    /// Called invalid, yet letter by letter a token and key that another vector calls valid.
    contradictory: Vec<u64>,
}

/// Valid vectors that are refused on purpose, and why.
fn policy(group: &Value, test: &Value) -> Option<&'static str> {
    let key = &group["private"];
    let named = key["alg"].as_str().unwrap_or_default();
    if test.get("jwe").is_some() {
        return Some("encrypted tokens are not accepted");
    }
    match test["comment"].as_str()? {
        // RFC 4648 3.3: characters outside the alphabet MUST be refused.
        "InvalidCharacterInsertedInHeader" | "InvalidCharacterInsertedInPayload" => {
            Some("base64url is canonical")
        }
        "Figure27" if named == "ES521" => Some("an alg of a key that does not exist"),
        // The token is PS384, its key is for PS256 alone (RFC 7517 4.4, RFC 8725 3.1).
        "Figure20" if named == "PS256" => Some("a key is used for its own alg only"),
        _ => None,
    }
}

/// The denials that are right for an invalid vector.
fn right_denials(group: &Value, test: &Value) -> &'static [&'static str] {
    let flags: Vec<&str> = test["flags"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let has = |flag: &str| flags.contains(&flag);
    if test.get("jwe").is_some() {
        let five = test["jwe"].as_str().is_some_and(|token| token.split('.').count() == 5);
        return if five { &[ALGORITHM] } else { &[MALFORMED] };
    }
    if has("JsonSerialization") {
        return &[MALFORMED];
    }
    if has("AlgIsNone") {
        return &[ALGORITHM];
    }
    // Another algorithm of the same family: either named, or only done under the key's own name.
    if has("WrongPrimitive") && algorithm_of(test) != group["private"]["alg"] {
        return &[ALGORITHM];
    }
    if has("ModifiedPadding") || has("ModifiedSignature") || has("WrongPrimitive") {
        return &[SIGNATURE];
    }
    match test["comment"].as_str().unwrap() {
        // An empty payload is legal in a JWS, so there too it is the signature that tells.
        "rejectsModifiedSignature"
        | "rejectsModifiedPayload"
        | "rejectsMissingSignature"
        | "rejectsMissingPayload" => &[SIGNATURE],
        "rejectsModifiedHeader" | "rejectsAttackerProvidedEmbeddedJwk" => &[KEY],
        "rejectsNoneAlgorithmAndMissingSignature"
        | "rejectsSymmetryConfusionAttacks_aesKeyFromEcVerificationKeyBytes" => &[ALGORITHM],
        name if name.starts_with("rejectsMissing") || name.starts_with("rejectsExtra") => &[MALFORMED],
        "rejectsEmptyString" => &[MALFORMED],
        // The key is not taken into the set, so there is none.
        name if name.starts_with("rejectWrong") || is_about_keys(name) => &[KEY],
        "mismatchedAlgAndCurve" | "rejectsValid" => &[KEY],
        name if is_about_base64(name) => &[MALFORMED],
        _ if group["comment"] == "SpecialCaseEs256" => &[SIGNATURE],
        other => panic!("no denial is known for {other}: {test}"),
    }
}

fn algorithm_of(test: &Value) -> Value {
    jwt::peek(test["jws"].as_str().unwrap()).header.unwrap()["alg"].clone()
}

fn is_about_keys(comment: &str) -> bool {
    [
        "rejectsKeyWithRocaVulnerability",
        "rejects1024bitRsaKey",
        "rejectsPublicExponent1",
        "rejectsWrongUse",
        "rejectsModifiedKey",
        "rejectsAesKey",
        "rejectsDuplicateKid",
        "key_too_short",
        "empty_key",
    ]
    .contains(&comment)
}

fn is_about_base64(comment: &str) -> bool {
    comment.contains("InvalidChar")
        || comment.contains("invalidChar")
        || comment.contains("paces")
        || comment.contains("Base64Padding")
        || comment.contains("UnusedBits")
        || comment == "rejects0ReplacedbyInvalidCharacter"
        || comment == "MacOfIncorrectlyEncodedMessage"
}

/// Judged as a verifier would that has the public keys alone.
fn judge(group: &Value, test: &Value) -> Result<(), Rejection> {
    let keys = group.get("public").unwrap_or(&group["private"]);
    let keys = if keys.get("keys").is_some() { keys.clone() } else { json!({ "keys": [keys] }) };
    let keys = KeySet::parse(keys.to_string().as_bytes()).unwrap();
    let token = test.get("jws").or(test.get("jwe")).unwrap();
    let token = token.as_str().map_or_else(|| token.to_string(), str::to_owned);
    let compact = Compact::parse(&token)?;
    compact.verify(compact.key_among(&keys)?)
}

fn count(file: &str) -> Count {
    let vectors = data(&format!("wycheproof/{file}"));
    let mut count = Count::default();
    let mut seen = 0;
    for group in vectors["testGroups"].as_array().unwrap() {
        let tests = group["tests"].as_array().unwrap();
        let valid: Vec<&Value> =
            tests.iter().filter(|test| test["result"] == "valid").map(|test| &test["jws"]).collect();
        for test in tests {
            seen += 1;
            if test["result"] == "invalid" && test.get("jws").is_some_and(|token| valid.contains(&token)) {
                assert_eq!(judge(group, test), Ok(()), "{file}: {test}");
                count.contradictory.push(test["tcId"].as_u64().unwrap());
                continue;
            }
            let outcome = judge(group, test);
            let is_valid = test["result"] == "valid";
            match (outcome, policy(group, test).filter(|_| is_valid)) {
                (Ok(()), None) if is_valid => count.accepted += 1,
                (Err(_), Some(policy)) => *count.by_policy.entry(policy).or_default() += 1,
                (Err(rejection), None) if !is_valid => {
                    let code = rejection.code();
                    assert!(right_denials(group, test).contains(&code), "{file}: {code} for {test}");
                    *count.refused.entry(code).or_default() += 1;
                }
                (outcome, policy) => panic!("{file}: {outcome:?}, {policy:?} for {test}"),
            }
        }
    }
    assert_eq!(vectors["numberOfTests"], seen, "every vector was judged");
    count
}

fn counts<const N: usize>(pairs: [(&'static str, usize); N]) -> BTreeMap<&'static str, usize> {
    pairs.into()
}

#[test]
fn signatures_are_verified_or_refused_each_with_the_right_denial() {
    let count = count("json_web_signature_test.json");
    assert_eq!(count.accepted, 40);
    assert_eq!(
        count.by_policy,
        counts([
            ("a key is used for its own alg only", 2),
            ("an alg of a key that does not exist", 2),
            ("base64url is canonical", 2),
        ])
    );
    // Both are named after padding that their texts have lost; what they mean is tested below.
    assert_eq!(count.contradictory, [367, 370]);
    assert_eq!(count.refused.values().sum::<usize>(), 353);
}

#[test]
fn the_padding_that_two_vectors_have_lost_is_refused() {
    let vectors = data("wycheproof/json_web_signature_test.json");
    let groups = vectors["testGroups"].as_array().unwrap();
    let mut tests = groups.iter().flat_map(|group| group["tests"].as_array().unwrap());
    let token = tests.find(|test| test["tcId"] == 357).unwrap()["jws"].as_str().unwrap();
    for padded in [format!("{token}="), token.replace(".c1LR", "==.c1LR"), token.replacen('.', "=.", 1)] {
        assert_eq!(Compact::parse(&padded).err().map(Rejection::code), Some(MALFORMED), "{padded}");
    }
}

#[test]
fn weak_wrong_and_ambiguous_keys_are_refused() {
    let count = count("json_web_key_test.json");
    assert_eq!(count.accepted, 5);
    assert_eq!(count.refused, counts([(KEY, 20), (SIGNATURE, 1)]));
    assert_eq!(count.by_policy, counts([]));
}

#[test]
fn encrypted_tokens_are_recognised_and_refused() {
    let count = count("json_web_encryption_test.json");
    assert_eq!(count.by_policy, counts([("encrypted tokens are not accepted", 65)]));
    assert_eq!(count.refused, counts([(ALGORITHM, 63), (MALFORMED, 11)]));
    assert_eq!(count.accepted, 0);
}

#[test]
fn the_older_mix_is_judged_alike() {
    let count = count("json_web_crypto_test.json");
    assert_eq!(count.accepted, 4);
    assert_eq!(count.by_policy, counts([("encrypted tokens are not accepted", 2)]));
    assert_eq!(count.refused.values().sum::<usize>(), 77);
}

#[test]
fn what_a_wrong_alg_of_the_key_refuses_would_verify_without_it() {
    let vectors = data("wycheproof/json_web_signature_test.json");
    let mut seen = 0;
    for group in vectors["testGroups"].as_array().unwrap() {
        for test in group["tests"].as_array().unwrap() {
            let named = group["private"]["alg"].as_str().unwrap_or_default();
            if !["Figure20", "Figure27"].contains(&test["comment"].as_str().unwrap()) {
                continue;
            }
            let mut jwk = group["public"].as_object().unwrap().clone();
            jwk.shift_remove("alg");
            let key = VerifyingKey::from_jwk(&jwk).unwrap();
            let compact = Compact::parse(test["jws"].as_str().unwrap()).unwrap();
            assert_eq!(compact.verify(&key), Ok(()), "{named}");
            seen += 1;
        }
    }
    assert_eq!(seen, 4);
}
