//! The authenticator of a mock's personas: software whose answers a test can fetch. It remembers nothing: what
//! a credential signs with follows from its id and a key of the realm.

use aws_lc_rs::{agreement, rand::SystemRandom, signature};
use jose::{base64url, digest};
use model::Timestamp;
use serde_json::{Value as Json, json};
use store::Passkey;
use subtle::ConstantTimeEq;
use thiserror::Error;
use url::Url;

use crate::{PasskeyError, RelyingParty, user_handle};

/// How many bytes of a credential's id are its own; as many again show whose authenticator made it.
const SEED: usize = 16;

/// User present, user verified, may be and is backed up: a synced passkey (WebAuthn 3, 6.1).
const FLAGS: u8 = 0x01 | VERIFIED | 0x08 | 0x10;
const VERIFIED: u8 = 0x04;
/// Attested credential data follow.
const ATTESTED: u8 = 0x40;

/// Why an authenticator, or the browser before it, gives no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unanswered {
    /// The options lack something, or are not what a browser takes.
    #[error("{0}")]
    Options(&'static str),
    /// The site may not use passkeys of this name.
    #[error("a browser at `{origin}` answers no question of `{rp_id}` (SecurityError)")]
    Place {
        /// Where the browser is.
        origin: String,
        /// Whose passkey is asked for.
        rp_id: String,
    },
    /// None of the credentials that are asked for is here.
    #[error("this authenticator has none of the passkeys that are asked for (NotAllowedError)")]
    Absent,
    /// One of the credentials that must not be there is here.
    #[error("this authenticator has a passkey for this account already (InvalidStateError)")]
    There,
    /// The library failed.
    #[error("no key could be made")]
    Key,
}

/// One persona's authenticator.
pub struct SoftAuthenticator {
    key: [u8; 32],
    user: String,
}

impl SoftAuthenticator {
    /// The authenticator of an account, by a key of its realm.
    pub fn new(key: &[u8; 32], user: &str) -> Self {
        Self { key: digest::hmac_sha256(key, format!("authenticator\0{user}")), user: user.to_owned() }
    }

    /// The passkey that a persona has from the start, as if it had been registered.
    pub fn built_in(&self, party: &RelyingParty) -> Result<Passkey, PasskeyError> {
        let begun = party.begin_register((&self.user, &self.user), &[])?;
        let answer = self.created(&begun.options, party.id(), party.origin(), self.built_in_seed(party.id()));
        let answer = answer.map_err(|_| PasskeyError::State)?.to_string();
        let (id, record) = party.register(&begun.state, &answer, Timestamp::from_seconds(0))?;
        Ok(Passkey {
            id,
            user_id: self.user.clone(),
            name: self.user.clone(),
            record,
            created_at: Timestamp::from_seconds(0),
            used_at: None,
        })
    }

    /// `navigator.credentials.create` (WebAuthn 3, 5.1.3): the answer as `RegistrationResponseJSON`.
    pub fn create(
        &self,
        options: &Json,
        origin: &str,
        related: &[String],
        seed: [u8; SEED],
    ) -> Result<Json, Unanswered> {
        let rp_id = rp_id(options.pointer("/rp/id"), origin, related)?;
        let types = options.get("pubKeyCredParams").and_then(Json::as_array);
        let es256 = types.is_none_or(|types| {
            types.is_empty() || types.iter().any(|kind| kind.get("alg").and_then(Json::as_i64) == Some(-7))
        });
        if !es256 {
            return Err(Unanswered::Options(
                "`pubKeyCredParams` lacks -7 (ES256), which is all that there is here",
            ));
        }
        if self.named(options.get("excludeCredentials"), &rp_id).next().is_some() {
            return Err(Unanswered::There);
        }
        self.created(options, &rp_id, origin, seed)
    }

    fn created(
        &self,
        options: &Json,
        rp_id: &str,
        origin: &str,
        seed: [u8; SEED],
    ) -> Result<Json, Unanswered> {
        let mut id = seed.to_vec();
        id.extend_from_slice(self.tag(&seed, rp_id).get(..SEED).unwrap_or_default());
        let (_, public) = self.keys(&id)?;
        let client_data = client_data("webauthn.create", options, origin)?;
        let mut data = digest::sha256(rp_id).to_vec();
        data.push(flags(options.pointer("/authenticatorSelection/userVerification")) | ATTESTED);
        // No counter, and no make: 4 and 16 bytes of zero; then the length of the id.
        data.extend_from_slice(&[0; 20]);
        data.extend_from_slice(&u16::try_from(id.len()).unwrap_or(0).to_be_bytes());
        data.extend_from_slice(&id);
        data.extend_from_slice(&cose(&public));
        let mut attestation = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59".to_vec();
        attestation.extend_from_slice(&u16::try_from(data.len()).unwrap_or(0).to_be_bytes());
        attestation.extend_from_slice(&data);
        // RFC 5480: a P-256 key, then the point.
        let mut spki = b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00".to_vec();
        spki.extend_from_slice(&public);
        let id = base64url::encode(&id);
        Ok(json!({
            "id": id,
            "rawId": id,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {"credProps": {"rk": true}},
            "response": {
                "clientDataJSON": base64url::encode(client_data),
                "attestationObject": base64url::encode(attestation),
                "authenticatorData": base64url::encode(data),
                "transports": ["internal"],
                "publicKey": base64url::encode(spki),
                "publicKeyAlgorithm": -7,
            },
        }))
    }

    /// `navigator.credentials.get` (WebAuthn 3, 5.1.4): the answer as `AuthenticationResponseJSON`. Where no
    /// credential is named, the last of `held` that this authenticator made is offered, with its owner.
    pub fn get(
        &self,
        options: &Json,
        origin: &str,
        related: &[String],
        held: &[Passkey],
    ) -> Result<Json, Unanswered> {
        let rp_id = rp_id(options.get("rpId"), origin, related)?;
        let allowed =
            options.get("allowCredentials").filter(|list| !list.as_array().is_none_or(Vec::is_empty));
        let id = match allowed {
            Some(_) => self.named(allowed, &rp_id).next(),
            None => held.iter().rev().find_map(|passkey| self.own(&passkey.id, &rp_id)),
        };
        let id = id.ok_or(Unanswered::Absent)?;
        let client_data = client_data("webauthn.get", options, origin)?;
        let mut data = digest::sha256(&rp_id).to_vec();
        data.push(flags(options.get("userVerification")));
        data.extend_from_slice(&[0; 4]);
        let mut signed = data.clone();
        signed.extend_from_slice(&digest::sha256(&client_data));
        let (private, public) = self.keys(&id)?;
        let pair = signature::EcdsaKeyPair::from_private_key_and_public_key(
            &signature::ECDSA_P256_SHA256_ASN1_SIGNING,
            &private,
            &public,
        );
        let signature = pair.map_err(|_| Unanswered::Key)?.sign(&SystemRandom::new(), &signed);
        let signature = signature.map_err(|_| Unanswered::Key)?;
        let id = base64url::encode(&id);
        let is_here = held.iter().any(|passkey| passkey.id == id);
        let handle = is_here.then(|| base64url::encode(user_handle(&self.user)));
        Ok(json!({
            "id": id,
            "rawId": id,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": base64url::encode(client_data),
                "authenticatorData": base64url::encode(data),
                "signature": base64url::encode(signature.as_ref()),
                "userHandle": handle,
            },
        }))
    }

    /// Those of a list of descriptors that this authenticator made.
    fn named<'a>(&'a self, list: Option<&'a Json>, rp_id: &'a str) -> impl Iterator<Item = Vec<u8>> + 'a {
        let list = list.and_then(Json::as_array).into_iter().flatten();
        let ids = list.filter_map(|one| one.get("id").and_then(Json::as_str));
        ids.filter_map(move |id| self.own(id, rp_id))
    }

    fn own(&self, id: &str, rp_id: &str) -> Option<Vec<u8>> {
        let id = base64url::decode_strict(id).ok()?;
        let (seed, tag) = id.split_at_checked(SEED)?;
        let genuine = self.tag(seed, rp_id);
        bool::from(genuine.get(..SEED)?.ct_eq(tag)).then_some(id)
    }

    fn tag(&self, seed: &[u8], rp_id: &str) -> [u8; 32] {
        digest::hmac_sha256(&self.key, [b"id\0", seed, rp_id.as_bytes()].concat())
    }

    fn built_in_seed(&self, rp_id: &str) -> [u8; SEED] {
        let all = digest::hmac_sha256(&self.key, format!("built in\0{rp_id}"));
        all.first_chunk().copied().unwrap_or_default()
    }

    /// The private and the public key of a credential.
    fn keys(&self, id: &[u8]) -> Result<([u8; 32], Vec<u8>), Unanswered> {
        let private = digest::hmac_sha256(&self.key, [b"key\0", id].concat());
        let key = agreement::PrivateKey::from_private_key(&agreement::ECDH_P256, &private);
        let public = key.map_err(|_| Unanswered::Key)?.compute_public_key().map_err(|_| Unanswered::Key)?;
        Ok((private, public.as_ref().to_vec()))
    }
}

/// Whose passkey is asked for, if a browser at this origin would ask (WebAuthn 3, 5.1.2).
fn rp_id(written: Option<&Json>, origin: &str, related: &[String]) -> Result<String, Unanswered> {
    let url = Url::parse(origin)
        .map_err(|_| Unanswered::Options("`origin` takes an origin, as \"http://localhost:4010\""))?;
    if url.origin().ascii_serialization() != origin.trim_end_matches('/') {
        return Err(Unanswered::Options("`origin` takes an origin, as \"http://localhost:4010\": no path"));
    }
    let host = url.host_str().unwrap_or_default();
    let rp_id = match written {
        None => host.to_owned(),
        Some(Json::String(rp_id)) => rp_id.clone(),
        Some(_) => return Err(Unanswered::Options("the options' RP ID is no text")),
    };
    // A name without a dot, as `localhost`, is nobody's to share with what lies below it.
    let is_below = rp_id.contains('.') && host.strip_suffix(&*rp_id).is_some_and(|rest| rest.ends_with('.'));
    // Not what a browser does, but a test may call a mock by its address.
    let is_loopback = rp_id == "localhost" && ["127.0.0.1", "[::1]"].contains(&host);
    let is_related =
        related.iter().any(|related| related.trim_end_matches('/') == origin.trim_end_matches('/'));
    if host == rp_id || is_below || is_loopback || is_related {
        Ok(rp_id)
    } else {
        Err(Unanswered::Place { origin: origin.to_owned(), rp_id })
    }
}

/// It makes sure who holds it, unless it is asked not to (WebAuthn 3, 5.8.6).
fn flags(verification: Option<&Json>) -> u8 {
    let is_left_out = verification.and_then(Json::as_str) == Some("discouraged");
    if is_left_out { FLAGS & !VERIFIED } else { FLAGS }
}

/// WebAuthn 3, 5.8.1.
fn client_data(kind: &str, options: &Json, origin: &str) -> Result<String, Unanswered> {
    let challenge = options.get("challenge").and_then(Json::as_str);
    let challenge = challenge.ok_or(Unanswered::Options("the options lack a `challenge`"))?;
    let origin = origin.trim_end_matches('/');
    Ok(json!({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": false}).to_string())
}

/// A P-256 point as a COSE key (RFC 9053 7.1.1): a map of kty 2, alg -7, crv 1, x, y.
fn cose(point: &[u8]) -> Vec<u8> {
    let (x, y) = point.get(1..).unwrap_or_default().split_at_checked(32).unwrap_or_default();
    [b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20", x, b"\x22\x58\x20", y].concat()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{Answer, Method, PasskeyRules, judge_use};

    const ORIGIN: &str = "https://login.example.com";

    fn party(rules: PasskeyRules) -> RelyingParty {
        RelyingParty::new("Bookshop", ORIGIN, rules).unwrap()
    }

    fn authenticator() -> SoftAuthenticator {
        SoftAuthenticator::new(&[7; 32], "alice")
    }

    fn registered(party: &RelyingParty) -> Passkey {
        let begun = party.begin_register(("alice", "alice"), &[]).unwrap();
        let answer = authenticator().create(&begun.options, ORIGIN, &[], [1; SEED]).unwrap();
        let (id, record) =
            party.register(&begun.state, &answer.to_string(), Timestamp::from_seconds(0)).unwrap();
        Passkey {
            id,
            user_id: "alice".to_owned(),
            name: "phone".to_owned(),
            record,
            created_at: Timestamp::from_seconds(0),
            used_at: None,
        }
    }

    #[test]
    fn what_is_created_is_registered_and_signs_in_with_a_name_or_without() {
        let party = party(PasskeyRules::default());
        let passkey = registered(&party);
        for of in [vec![], vec![passkey.clone()]] {
            let begun = party.begin_sign_in(&of).unwrap();
            assert_eq!(begun.options["allowCredentials"].as_array().unwrap().len(), of.len());
            let answer =
                authenticator().get(&begun.options, ORIGIN, &[], std::slice::from_ref(&passkey)).unwrap();
            let answer = Answer::parse(&answer.to_string()).unwrap();
            assert!(answer.id() == passkey.id && answer.names_its_owner());
            let used = party.sign_in(&begun.state, &answer, &passkey).unwrap();
            assert_eq!(used.method, Method::Passkey { verified: true, hardware: false });
            assert_eq!((used.counter, used.backup_state), (0, true));
            let other = party.begin_sign_in(&of).unwrap();
            let again = party.sign_in(&other.state, &answer, &passkey);
            assert!(matches!(again, Err(PasskeyError::Wrong(_))), "it answers another question");
        }
    }

    #[test]
    fn an_answer_from_within_another_sites_page_is_refused() {
        let party = party(PasskeyRules::default());
        let passkey = registered(&party);
        let begun = party.begin_sign_in(&[]).unwrap();
        let held = std::slice::from_ref(&passkey);
        let mut answer = authenticator().get(&begun.options, ORIGIN, &[], held).unwrap();
        let said = client_data("webauthn.get", &begun.options, ORIGIN).unwrap();
        let framed = said.replace("\"crossOrigin\":false", "\"crossOrigin\":true");
        assert_ne!(framed, said);
        answer["response"]["clientDataJSON"] = json!(base64url::encode(framed));
        let refused = party.sign_in(&begun.state, &Answer::parse(&answer.to_string()).unwrap(), &passkey);
        let why = webauthn_rs_core::error::WebauthnError::CredentialCrossOrigin;
        assert!(matches!(refused, Err(PasskeyError::Wrong(found)) if found == why));
    }

    #[test]
    fn an_answer_from_another_site_or_to_it_is_refused() {
        let party = party(PasskeyRules::default());
        let passkey = registered(&party);
        let begun = party.begin_sign_in(&[]).unwrap();
        let evil = "https://login.example.com.evil.example";
        let asked = authenticator().get(&begun.options, evil, &[], std::slice::from_ref(&passkey));
        assert!(matches!(asked, Err(Unanswered::Place { .. })), "no browser would");
        // One that did not look.
        let related = [evil.to_owned()];
        let answer =
            authenticator().get(&begun.options, evil, &related, std::slice::from_ref(&passkey)).unwrap();
        let answer = Answer::parse(&answer.to_string()).unwrap();
        assert!(matches!(party.sign_in(&begun.state, &answer, &passkey), Err(PasskeyError::Wrong(_))));
    }

    #[test]
    fn a_passkey_is_one_persons() {
        let party = party(PasskeyRules::default());
        let passkey = registered(&party);
        let begun = party.begin_sign_in(&[]).unwrap();
        let answer =
            authenticator().get(&begun.options, ORIGIN, &[], std::slice::from_ref(&passkey)).unwrap();
        let answer = Answer::parse(&answer.to_string()).unwrap();
        let stolen = Passkey { user_id: "mallory".to_owned(), ..passkey };
        assert!(matches!(party.sign_in(&begun.state, &answer, &stolen), Err(PasskeyError::Stranger)));
        let bob = SoftAuthenticator::new(&[7; 32], "bob");
        assert_eq!(bob.get(&begun.options, ORIGIN, &[], &[stolen]), Err(Unanswered::Absent));
    }

    #[test]
    fn one_that_is_there_is_not_made_again() {
        let party = party(PasskeyRules::default());
        let passkey = registered(&party);
        let begun = party.begin_register(("alice", "alice"), &[passkey]).unwrap();
        assert_eq!(authenticator().create(&begun.options, ORIGIN, &[], [2; SEED]), Err(Unanswered::There));
    }

    #[test]
    fn a_make_that_is_not_told_is_not_let_in_where_it_must_be() {
        let rules = PasskeyRules { attested: true, aaguids: BTreeSet::new(), ..PasskeyRules::default() };
        let party = party(rules);
        let begun = party.begin_register(("alice", "alice"), &[]).unwrap();
        assert_eq!(begun.options["attestation"], "direct");
        let answer = authenticator().create(&begun.options, ORIGIN, &[], [1; SEED]).unwrap();
        assert!(matches!(
            party.register(&begun.state, &answer.to_string(), Timestamp::from_seconds(0)),
            Err(PasskeyError::Make)
        ));
    }

    #[test]
    fn the_built_in_passkey_is_always_the_same_and_signs_in() {
        for issuer in [ORIGIN, "http://127.0.0.1:4010", "http://t-42.localhost:4010", "http://[::1]:4010"] {
            let party = RelyingParty::new("Bookshop", issuer, PasskeyRules::default()).unwrap();
            let passkey = authenticator().built_in(&party).unwrap();
            assert_eq!(authenticator().built_in(&party).unwrap(), passkey);
            let begun = party.begin_sign_in(&[]).unwrap();
            let answer =
                authenticator().get(&begun.options, issuer, &[], std::slice::from_ref(&passkey)).unwrap();
            let answer = Answer::parse(&answer.to_string()).unwrap();
            party.sign_in(&begun.state, &answer, &passkey).unwrap();
        }
    }

    #[test]
    fn an_address_has_no_passkeys_and_a_related_site_has_ours() {
        let place = RelyingParty::new("Bookshop", "http://10.0.0.1", PasskeyRules::default());
        assert!(matches!(place, Err(PasskeyError::Place(_))));
        let related = "https://shop.example.net".to_owned();
        let party = party(PasskeyRules { related_origins: vec![related.clone()], ..PasskeyRules::default() });
        let passkey = registered(&party);
        let begun = party.begin_sign_in(&[]).unwrap();
        let answer = authenticator()
            .get(&begun.options, &related, std::slice::from_ref(&related), std::slice::from_ref(&passkey))
            .unwrap();
        party.sign_in(&begun.state, &Answer::parse(&answer.to_string()).unwrap(), &passkey).unwrap();
    }

    #[test]
    fn a_counter_that_stands_still_or_goes_back_is_a_copy() {
        let record = json!({"counter": 5, "backup_state": false});
        assert_eq!(judge_use(&record, 5, false), None);
        assert_eq!(judge_use(&record, 4, false), None);
        assert_eq!(judge_use(&record, 0, false), None);
        assert_eq!(judge_use(&record, 6, true), Some(json!({"counter": 6, "backup_state": true})));
        let without = json!({"counter": 0, "backup_state": true});
        assert_eq!(judge_use(&without, 0, true), Some(without), "this kind does not count");
    }

    #[test]
    fn junk_is_refused_and_nothing_panics() {
        let party = party(PasskeyRules::default());
        let begun = party.begin_register(("alice", ""), &[]).unwrap();
        for junk in ["", "{}", "null", "[]", r#"{"id":"","rawId":"","type":"public-key","response":{}}"#] {
            assert!(party.register(&begun.state, junk, Timestamp::from_seconds(0)).is_err());
            assert!(Answer::parse(junk).is_err());
        }
        assert!(matches!(party.register("{}", "{}", Timestamp::from_seconds(0)), Err(PasskeyError::State)));
        for origin in ["", "x", "http://a/b", "data:x"] {
            assert!(authenticator().create(&begun.options, origin, &[], [0; SEED]).is_err(), "{origin}");
        }
        assert!(authenticator().get(&json!({}), ORIGIN, &[], &[]).is_err());
        assert!(authenticator().get(&json!(1), ORIGIN, &[], &[]).is_err());
    }

    #[test]
    fn a_place_below_localhost_is_another_one() {
        let asked = json!("localhost");
        for (origin, is_taken) in [
            ("http://localhost:4010", true),
            ("http://127.0.0.1:4010", true),
            ("http://evil.localhost:4010", false),
            ("http://evillocalhost:4010", false),
        ] {
            assert_eq!(rp_id(Some(&asked), origin, &[]).is_ok(), is_taken, "{origin}");
        }
        assert!(rp_id(Some(&json!("example.com")), "https://a.example.com", &[]).is_ok());
    }
}
