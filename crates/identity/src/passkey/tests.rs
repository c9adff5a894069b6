//! The test vectors of WebAuthn 3 (section 16: none, packed by itself, packed by its maker), and one of a TPM that
//! is made in their shape, through the same two functions that every browser's answer goes through.

mod roots;

use super::*;

const VECTORS: &str = include_str!("attestations.json");
const ORIGIN: &str = "https://example.org";
const NAMES: [&str; 4] = ["none.ES256", "packed-self.ES256", "packed.ES256", "tpm"];

fn vector(name: &str) -> Json {
    serde_json::from_str::<Json>(VECTORS).unwrap()[name].clone()
}

fn make(name: &str) -> String {
    vector(name)["aaguid"].as_str().unwrap().to_owned()
}

/// A service that takes every passkey, but for its make.
fn party(attested: bool, makes: &[&str]) -> RelyingParty {
    let rules = PasskeyRules {
        // Two of the vectors come from authenticators that did not verify their user.
        verification_required: false,
        attested,
        aaguids: makes.iter().map(|name| make(name)).collect(),
        ..PasskeyRules::default()
    };
    RelyingParty::new("Vectors", ORIGIN, rules).unwrap()
}

/// A ceremony of ours that asked what the vector answers.
fn state(begun: &Begun, challenge: &Json) -> String {
    let ours = begun.options["challenge"].as_str().unwrap();
    let state = begun.state.replace(ours, challenge.as_str().unwrap());
    assert_ne!(state, begun.state, "the state holds the challenge");
    state
}

fn register(party: &RelyingParty, vector: &Json) -> Result<(String, Json), PasskeyError> {
    // In 2027.
    register_at(party, vector, Timestamp::from_seconds(1_800_000_000))
}

fn register_at(party: &RelyingParty, vector: &Json, now: Timestamp) -> Result<(String, Json), PasskeyError> {
    let begun = party.begin_register(("alice", "alice"), &[]).unwrap();
    let (id, create) = (&vector["id"], &vector["create"]);
    let response =
        json!({"clientDataJSON": create["clientDataJSON"], "attestationObject": create["attestationObject"]});
    let answer = json!({"id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {}, "response": response});
    party.register(&state(&begun, &create["challenge"]), &answer.to_string(), now)
}

fn passkey(id: String, record: Json) -> Passkey {
    Passkey {
        id,
        user_id: "alice".to_owned(),
        name: "vector".to_owned(),
        record,
        created_at: Timestamp::from_seconds(0),
        used_at: None,
    }
}

#[test]
fn the_vectors_of_the_standard_register_and_sign_in() {
    let party = party(false, &[]);
    for name in NAMES {
        let vector = vector(name);
        let (id, record) = register(&party, &vector).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(vector["id"], id.as_str(), "{name}");
        let Some(get) = vector.get("get") else { continue };
        let begun = party.begin_sign_in(&[]).unwrap();
        let response = json!({
            "clientDataJSON": get["clientDataJSON"],
            "authenticatorData": get["authenticatorData"],
            "signature": get["signature"],
        });
        let answer = json!({"id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {}, "response": response});
        let answer = Answer::parse(&answer.to_string()).unwrap();
        let passkey = passkey(id, record);
        match party.sign_in(&state(&begun, &get["challenge"]), &answer, &passkey) {
            Ok(used) => {
                assert!(
                    matches!(used.method, Method::Passkey { hardware: false, .. }),
                    "{name} may be copied"
                );
            }
            // One that verified its user when it was made is held to it.
            Err(PasskeyError::Unverified) => assert_eq!(name, "packed-self.ES256"),
            Err(other) => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn where_the_make_must_be_told_it_is_told_by_its_maker() {
    let party = party(true, &[]);
    for (name, is_told) in
        [("none.ES256", false), ("packed-self.ES256", false), ("packed.ES256", true), ("tpm", true)]
    {
        match register(&party, &vector(name)) {
            Ok(_) => assert!(is_told, "{name} was let in"),
            Err(PasskeyError::Make) => assert!(!is_told, "{name} was refused"),
            Err(other) => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn of_the_makes_those_of_the_list_are_let_in() {
    for (listed, other) in [("packed.ES256", "tpm"), ("tpm", "packed.ES256")] {
        let party = party(true, &[listed]);
        register(&party, &vector(listed)).unwrap_or_else(|error| panic!("{listed}: {error:?}"));
        assert!(matches!(register(&party, &vector(other)), Err(PasskeyError::Make)), "{other}");
    }
    let party = party(true, &["none.ES256", "packed-self.ES256"]);
    for name in NAMES {
        // The first two name a make of the list, but nobody vouches for it.
        assert!(matches!(register(&party, &vector(name)), Err(PasskeyError::Make)), "{name}");
    }
}

/// A vector with one byte of its attestation changed: the last of those that `part` begins.
fn tampered(name: &str, part: &[u8], behind: usize) -> Json {
    let mut vector = vector(name);
    let text = vector["create"]["attestationObject"].as_str().unwrap();
    let mut bytes = base64url::decode_strict(text).unwrap();
    let at = bytes.windows(part.len()).position(|window| window == part).expect("the part is there");
    bytes[at + part.len() + behind] ^= 1;
    vector["create"]["attestationObject"] = base64url::encode(&bytes).into();
    vector
}

#[test]
fn an_attestation_that_was_tampered_with_is_refused() {
    let party = party(true, &[]);
    for (name, part, behind) in [
        // Behind each name come the length, and then what is changed.
        ("packed.ES256", &b"csig"[..], 20),
        ("packed.ES256", b"hauthData", 60),
        // The key in the certificate.
        ("packed.ES256", b"\x03\x42\x00\x04", 10),
        ("packed-self.ES256", b"csig", 20),
        ("tpm", b"csig", 20),
        ("tpm", b"hcertInfo", 60),
        ("tpm", b"gpubArea", 40),
        ("tpm", b"hauthData", 60),
    ] {
        let refused = register(&party, &tampered(name, part, behind));
        assert!(
            matches!(refused, Err(PasskeyError::Wrong(_) | PasskeyError::Form)),
            "{name} {part:?}: {refused:?}"
        );
    }
}

/// Whatever is changed, but for those parts of the certificate that only its issuer vouches for.
#[test]
fn no_byte_of_a_tpms_attestation_can_be_changed() {
    let party = party(true, &[]);
    let text = vector("tpm")["create"]["attestationObject"].as_str().unwrap().to_owned();
    let bytes = base64url::decode_strict(&text).unwrap();
    let find = |part: &[u8]| bytes.windows(part.len()).position(|window| window == part).unwrap();
    // From behind the list's head to the next member.
    let certificate = find(b"cx5c") + 8..find(b"hcertInfo");
    for at in (0..bytes.len()).filter(|at| !certificate.contains(at)) {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1;
        let mut changed = vector("tpm");
        changed["create"]["attestationObject"] = base64url::encode(&bytes).into();
        assert!(register(&party, &changed).is_err(), "byte {at} was changed");
    }
    for end in 0..bytes.len() {
        let mut cut = vector("tpm");
        cut["create"]["attestationObject"] = base64url::encode(&bytes[..end]).into();
        assert!(register(&party, &cut).is_err(), "cut at {end}");
    }
    for at in certificate {
        let mut bytes = bytes.clone();
        bytes[at] = bytes[at].wrapping_add(0x55);
        let mut changed = vector("tpm");
        changed["create"]["attestationObject"] = base64url::encode(&bytes).into();
        // Whatever comes of it, nothing panics.
        let _ = register(&party, &changed);
    }
}

#[test]
fn an_attestation_answers_one_question_of_one_site() {
    for name in NAMES {
        let mut other = vector(name);
        other["create"]["challenge"] = base64url::encode([7; 32]).into();
        assert!(matches!(register(&party(false, &[]), &other), Err(PasskeyError::Wrong(_))), "{name}");
        let elsewhere = RelyingParty::new("Vectors", "https://example.net", PasskeyRules::default()).unwrap();
        assert!(matches!(register(&elsewhere, &vector(name)), Err(PasskeyError::Wrong(_))), "{name}");
    }
}
