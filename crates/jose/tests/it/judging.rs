use std::{sync::Arc, time::Duration};

use jose::{
    Algorithm, AlgorithmSet, Check, KeySet, Rejection,
    jwt::{self, Audience, Bearer, Expiry, Presented, Trust, Types},
};
use model::Timestamp;
use serde_json::{Value, json};

use crate::stage::{API, ISSUER, NOW, Stage, claims, judge};

fn later(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(NOW.as_seconds() + seconds)
}

#[test]
fn a_genuine_token_is_read_whole() {
    for algorithm in Algorithm::ALL {
        let stage = Stage::new(algorithm);
        let token = stage.token(|claims| {
            claims.insert("roles".into(), json!(["admin", "clerk"]));
            claims.insert("auth_time".into(), json!(5));
            claims.insert("lobby_at".into(), json!(6.5));
            claims.insert("acr".into(), json!("urn:mfa"));
            claims.insert("cnf".into(), json!({"jkt": "x"}));
        });
        let verified = stage.judge(&token).unwrap_or_else(|why| panic!("{algorithm}: {why}"));
        let claims = verified.claims();
        assert_eq!(verified.algorithm(), algorithm);
        assert_eq!(verified.header().kid(), Some(stage.key.kid()));
        assert_eq!(claims.sub.as_deref(), Some("alice"));
        assert_eq!(claims.client_id.as_deref(), Some("shop"));
        assert_eq!(claims.sid.as_deref(), Some("s-1"));
        assert_eq!(claims.scopes.to_string(), "books:read books:write");
        assert_eq!(claims.roles.iter().collect::<Vec<_>>(), ["admin", "clerk"]);
        assert_eq!(claims.auth_time, Some(Timestamp::from_seconds(5)));
        assert_eq!(claims.lobby_at, Some(Timestamp::from_micros(6_500_000)));
        assert_eq!(claims.cnf.as_ref().unwrap().jkt.as_deref(), Some("x"));
        assert_eq!(claims.raw["jti"], "t-1");
    }
}

/// With everything wrong at once the first is told; each one that is put right uncovers the next.
#[test]
fn the_first_failure_is_reported_in_the_order_of_the_checks() {
    let stage = Stage::new(Algorithm::Es256);
    let stranger = Stage::new(Algorithm::Es256);
    let faults: [fn(&mut Value, &mut Value); 6] = [
        |header, _| header["alg"] = json!("HS256"),
        |_, claims| claims["iss"] = json!("https://evil.example"),
        |header, _| header["kid"] = json!("unknown"),
        |header, _| header["typ"] = json!("JWT"),
        |_, claims| claims["aud"] = json!("https://evil.example"),
        |_, claims| claims["exp"] = json!(1),
    ];
    let order = [
        Check::Algorithm,
        Check::Issuer,
        Check::Key,
        Check::Type,
        Check::Audience,
        Check::Times,
        Check::Signature,
    ];
    for (right, check) in order.into_iter().enumerate() {
        let mut header = json!({"alg": "ES256", "typ": "at+jwt", "kid": stage.key.kid()});
        let mut claims = Value::Object(claims());
        for fault in &faults[right..] {
            fault(&mut header, &mut claims);
        }
        let token =
            jose::jws::sign(&stranger.key, header.as_object().unwrap(), claims.to_string().as_bytes())
                .unwrap();
        assert_eq!(stage.judge(&token).unwrap_err().check(), check);
        let form = stage.judge(&format!("{token}=")).unwrap_err();
        assert_eq!(form.check(), Check::Form);
    }
    assert!(Check::ALL.is_sorted());
}

#[test]
fn expiry_and_beginning_count_with_their_leeway_to_the_moment() {
    let stage = Stage::new(Algorithm::Es256);
    let mut trust = stage.trust.clone();
    let end = later(540);
    let token = stage.token(|_| {});
    let just_before = end.minus(Duration::from_micros(1));
    assert!(judge(&token, &trust, just_before).is_ok());
    assert_eq!(judge(&token, &trust, end).unwrap_err(), Rejection::Expired { since: Some(end) });
    assert!(judge(&token, &trust, later(-60)).is_ok());
    let until = later(-60);
    assert_eq!(judge(&token, &trust, later(-61)).unwrap_err(), Rejection::NotYetValid { until });
    trust.leeway = Duration::from_secs(30);
    assert!(judge(&token, &trust, later(569)).is_ok());
    assert!(judge(&token, &trust, later(570)).is_err());
    assert!(judge(&token, &trust, later(-90)).is_ok());
    assert!(judge(&token, &trust, later(-91)).is_err());
}

#[test]
fn what_is_asked_of_exp_is_the_callers_choice() {
    let stage = Stage::new(Algorithm::Es256);
    let without = stage.token(|claims| drop(claims.shift_remove("exp")));
    let expired = stage.token(|claims| drop(claims.insert("exp".into(), json!(1))));
    let with = |expiry: Expiry, token: &str| {
        let trust = Trust { expiry, ..stage.trust.clone() };
        judge(token, &trust, NOW).map(|_| ()).map_err(Rejection::code)
    };
    assert_eq!(judge(&without, &stage.trust, NOW).unwrap_err(), Rejection::Expired { since: None });
    assert_eq!(with(Expiry::IfPresent, &without), Ok(()));
    assert_eq!(with(Expiry::IfPresent, &expired), Err("token.expired"));
    assert_eq!(with(Expiry::Ignored, &without), Ok(()));
    assert_eq!(with(Expiry::Ignored, &expired), Ok(()));
}

#[test]
fn one_of_several_audiences_is_enough_and_none_trusted_accepts_none() {
    let stage = Stage::new(Algorithm::Es256);
    let token =
        stage.token(|claims| drop(claims.insert("aud".into(), json!(["https://other.example", API]))));
    assert!(stage.judge(&token).is_ok());
    let with = |audience: Audience| judge(&token, &Trust { audience, ..stage.trust.clone() }, NOW).is_ok();
    assert!(!with(Audience::OneOf(vec![])));
    assert!(!with(Audience::OneOf(vec!["https://id.example".into()])));
    assert!(with(Audience::OneOf(vec!["x".into(), API.into()])));
    assert!(with(Audience::Unchecked));
}

#[test]
fn types_are_told_apart_by_typ_and_by_the_marks_of_other_tokens() {
    let stage = Stage::new(Algorithm::Es256);
    let judged = |types: Types, typ: Option<&str>, mark: Option<(&str, Value)>| {
        let mut claims = claims();
        if let Some((name, value)) = mark {
            claims.insert(name.to_owned(), value);
        }
        let mut header = json!({"alg": "ES256"});
        if let Some(typ) = typ {
            header["typ"] = json!(typ);
        }
        let token =
            jose::jws::sign(&stage.key, header.as_object().unwrap(), &serde_json::to_vec(&claims).unwrap())
                .unwrap();
        judge(&token, &Trust { types, ..stage.trust.clone() }, NOW).map(|_| ()).map_err(Rejection::code)
    };
    let refused = Err("token.type");
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/AT+jwt"] {
        assert_eq!(judged(Types::AccessToken, Some(typ), None), Ok(()), "{typ}");
    }
    for typ in ["JWT", "", "at+jwt ", "text/at+jwt", "xat+jwt", "application/application/at+jwt"] {
        assert_eq!(judged(Types::AccessToken, Some(typ), None), refused, "{typ}");
    }
    assert_eq!(judged(Types::AccessToken, None, None), refused);
    let named = || Types::OneOf(vec!["oauth-authz-req+jwt".to_owned()]);
    assert_eq!(judged(named(), Some("oauth-authz-req+jwt"), None), Ok(()));
    assert_eq!(judged(named(), None, None), refused);
    for typ in [None, Some("JWT"), Some("at+jwt")] {
        assert_eq!(judged(Types::Unmarked, typ, None), Ok(()), "{typ:?}");
        assert_eq!(judged(Types::Any, typ, Some(("nonce", json!("n")))), Ok(()), "{typ:?}");
    }
    assert_eq!(judged(Types::Unmarked, Some("logout+jwt"), None), refused);
    for (name, value) in [
        ("nonce", json!("n")),
        ("at_hash", json!("h")),
        ("c_hash", json!("h")),
        ("events", json!({})),
        ("typ", json!("ID")),
        ("typ", json!("Refresh")),
        ("token_use", json!("id")),
    ] {
        assert_eq!(judged(Types::Unmarked, Some("JWT"), Some((name, value))), refused, "{name}");
    }
    assert_eq!(judged(Types::Unmarked, Some("JWT"), Some(("typ", json!("Bearer")))), Ok(()));
}

#[test]
fn a_cached_token_is_judged_again_by_what_has_changed() {
    let stage = Stage::new(Algorithm::Es256);
    let verified = stage.judge(&stage.token(|_| {})).unwrap();
    let again = |change: &dyn Fn(&mut Trust), now: Timestamp| {
        let mut trust = stage.trust.clone();
        change(&mut trust);
        verified.recheck(&trust, now).map_err(Rejection::code)
    };
    assert_eq!(again(&|_| {}, NOW), Ok(()));
    assert_eq!(again(&|_| {}, later(540)), Err("token.expired"));
    assert_eq!(again(&|_| {}, later(-3600)), Err("token.not_yet_valid"));
    assert_eq!(again(&|trust| trust.issuer = "x".into(), NOW), Err("token.issuer"));
    assert_eq!(again(&|trust| trust.algorithms = AlgorithmSet::NONE, NOW), Err("token.algorithm"));
    assert_eq!(again(&|trust| trust.audience = Audience::OneOf(vec![]), NOW), Err("token.audience"));
    assert_eq!(again(&|trust| trust.types = Types::OneOf(vec![]), NOW), Err("token.type"));
    // T24: a key that was rotated away takes its tokens along.
    let rotated = Stage::new(Algorithm::Es256).trust.keys;
    assert_eq!(again(&|trust| trust.keys = rotated.clone(), NOW), Err("token.key"));
    let same = Arc::new(KeySet::new([stage.key.public().clone()]));
    assert_eq!(again(&|trust| trust.keys = same.clone(), NOW), Ok(()));
}

#[test]
fn what_means_to_be_a_jwt_is_told_from_what_is_opaque() {
    for (text, meant) in [
        ("", Bearer::Malformed),
        ("lk_abc", Bearer::Opaque),
        ("one.dot", Bearer::Opaque),
        ("YWJj==", Bearer::Opaque),
        ("a/b+c~d", Bearer::Opaque),
        ("a.b.c", Bearer::Jwt),
        ("a.b.c.d.e", Bearer::Jwt),
        ("..", Bearer::Jwt),
        ("eyJhbGciOiJub25lIn0", Bearer::Jwt),
        ("{\"payload\":\"\"}", Bearer::Jwt),
        ("a b", Bearer::Malformed),
        ("a=b", Bearer::Malformed),
        ("==", Bearer::Malformed),
        ("\"quoted\"", Bearer::Malformed),
        ("tab\t", Bearer::Malformed),
        ("é", Bearer::Malformed),
        ("a,b", Bearer::Malformed),
    ] {
        assert_eq!(jwt::classify(text), meant, "{text}");
    }
    let legal = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/";
    for byte in 0..=u8::MAX {
        assert_eq!(jwt::is_token68(&[b'a', byte]), legal.contains(&byte), "{byte:#x}");
    }
    assert_eq!(jwt::classify(&"a".repeat(16 * 1024)), Bearer::Opaque);
    assert_eq!(jwt::classify(&"a".repeat(16 * 1024 + 1)), Bearer::Malformed);
    assert_eq!(jwt::classify(&"a.".repeat(9000)), Bearer::Malformed);
}

#[test]
fn whatever_means_to_be_a_jwt_and_is_none_is_malformed_but_five_parts_are_an_algorithm() {
    let code = |text: &str| Presented::parse(text).err().map(Rejection::code);
    for text in [
        "a.b.c",
        "..",
        "eyJ",
        "eyJh.eyJh",
        "{}",
        "....x.",
        "a.b.c.d",
        "a.b.c.d.e.f",
        "e30.e30.",
        "W10.e30.AA",
    ] {
        assert_eq!(code(text), Some("credential.malformed"), "{text}");
    }
    for text in ["a.b.c.d.e", "....", "e30....AA"] {
        assert_eq!(code(text), Some("token.algorithm"), "{text}");
    }
}

#[test]
fn a_token_is_shown_to_people_however_wrong_it_is() {
    let stage = Stage::new(Algorithm::Es256);
    let token = stage.token(|claims| drop(claims.insert("exp".into(), json!("x"))));
    let seen = jwt::peek(&token);
    assert_eq!(seen.claims.unwrap()["iss"], ISSUER);
    assert_eq!(seen.header.unwrap()["alg"], "ES256");
    assert_eq!(seen.parts, 3);
    assert_eq!(jwt::peek("nothing"), jwt::Peek { header: None, claims: None, parts: 1 });
    let presented = stage.token(|_| {});
    let presented = Presented::parse(&presented).unwrap();
    assert!(!format!("{presented:?}").contains("alice"), "a token is not printed");
    assert_eq!(presented.claims().iss.as_deref(), Some(ISSUER));
}

#[test]
fn nobody_trusted_believes_nothing() {
    let stage = Stage::new(Algorithm::Es256);
    let token = stage.token(|_| {});
    let presented = Presented::parse(&token).unwrap();
    assert!(jwt::verify::<Trust>(presented, &[], NOW).is_err());
}

#[test]
fn a_secret_makes_no_access_tokens_unless_it_is_configured() {
    let stage = Stage::new(Algorithm::Hs256);
    let token = stage.token(|_| {});
    let unconfigured = Trust::access_tokens(ISSUER, stage.trust.keys.clone(), API);
    assert_eq!(judge(&token, &unconfigured, NOW).unwrap_err().code(), "token.algorithm");
    assert!(stage.judge(&token).is_ok());
}
