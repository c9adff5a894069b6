//! The attacks on tokens, as data.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::attack::{Attack, Draft};
use crate::base64url;

const MALFORMED: &[&str] = &["credential.malformed"];
const ALGORITHM: &[&str] = &["token.algorithm"];
const KEY: &[&str] = &["token.key"];
const SIGNATURE: &[&str] = &["token.signature"];
const EXPIRED: &[&str] = &["token.expired"];
const EXPIRED_OR_MALFORMED: &[&str] = &["token.expired", "credential.malformed"];
const NOT_YET_VALID: &[&str] = &["token.not_yet_valid"];
const ISSUER: &[&str] = &["token.issuer"];
const AUDIENCE: &[&str] = &["token.audience"];
const TYPE: &[&str] = &["token.type"];

const fn attack(
    row: &'static str,
    name: &'static str,
    expected: &'static [&'static str],
    make: fn(&Draft<'_>) -> Option<String>,
) -> Attack {
    Attack { row, name, expected, make }
}

pub(super) const ATTACKS: &[Attack] = &[
    attack("T02", "alg none without signature", ALGORITHM, |draft| none(draft, "none", false)),
    attack("T02", "alg none with the signature", ALGORITHM, |draft| none(draft, "none", true)),
    attack("T02", "alg None", ALGORITHM, |draft| none(draft, "None", false)),
    attack("T02", "alg nOnE", ALGORITHM, |draft| none(draft, "nOnE", false)),
    attack("T02", "alg NONE with the signature", ALGORITHM, |draft| none(draft, "NONE", true)),
    attack("T02", "alg empty", ALGORITHM, |draft| none(draft, "", false)),
    attack("T03", "the public key in PEM as a secret", ALGORITHM, |draft| {
        Some(draft.signed_with_public(pem(&draft.public().to_spki()?).as_bytes()))
    }),
    attack("T03", "the public key in DER as a secret", ALGORITHM, |draft| {
        Some(draft.signed_with_public(&draft.public().to_spki()?))
    }),
    attack("T03", "the JWK's text as a secret", ALGORITHM, |draft| {
        let jwk = Value::Object(draft.public().to_jwk()?).to_string();
        Some(draft.signed_with_public(jwk.as_bytes()))
    }),
    attack("T04", "signature stripped", SIGNATURE, |draft| draft.with_signature(&[])),
    attack("T04", "signature truncated", SIGNATURE, |draft| {
        draft.with_signature(draft.signature().split_last()?.1)
    }),
    attack("T04", "signature with a byte more", SIGNATURE, |draft| {
        draft.with_signature(&[draft.signature(), &[0]].concat())
    }),
    attack("T04", "signature of zeros", SIGNATURE, |draft| {
        draft.with_signature(&vec![0; draft.signature().len()])
    }),
    attack("T04", "signature of ones, at or above the order", SIGNATURE, |draft| {
        draft.with_signature(&vec![0xff; draft.signature().len()])
    }),
    attack("T04", "ECDSA signature in DER", SIGNATURE, |draft| draft.with_signature(&der(draft)?)),
    attack("T06", "its own key in jwk", KEY, |draft| own_key(draft, "jwk")),
    attack("T06", "its own key behind jku", KEY, |draft| own_key(draft, "jku")),
    attack("T06", "its own key behind x5u", KEY, |draft| own_key(draft, "x5u")),
    attack("T06", "its own key in x5c", KEY, |draft| own_key(draft, "x5c")),
    attack("T07", "kid that climbs to a file", KEY, |draft| Some(named(draft, "../../../../../../dev/null"))),
    attack("T07", "kid with SQL", KEY, |draft| Some(named(draft, "x' UNION SELECT 'secret' --"))),
    attack("T07", "kid with NUL", KEY, |draft| Some(named(draft, "\0"))),
    attack("T07", "kid with NUL behind the right one", KEY, |draft| {
        Some(named(draft, &format!("{}\0", draft.public().kid()?)))
    }),
    attack("T07", "kid of 8 kB", KEY, |draft| Some(named(draft, &"k".repeat(8000)))),
    attack("T07", "kid that is a command", KEY, |draft| Some(named(draft, "|/usr/bin/touch /tmp/x"))),
    attack("T08", "crit with an unknown name", ALGORITHM, |draft| {
        let mut header = draft.header_with("crit", json!(["urn:example:must"]));
        header.insert("urn:example:must".to_owned(), json!(true));
        Some(draft.reheaded(&header))
    }),
    attack("T08", "crit that is empty", ALGORITHM, |draft| {
        Some(draft.reheaded(&draft.header_with("crit", json!([]))))
    }),
    attack("T08", "payload said to be unencoded", ALGORITHM, |draft| {
        let mut header = draft.header_with("b64", json!(false));
        header.insert("crit".to_owned(), json!(["b64"]));
        Some(draft.reheaded(&header))
    }),
    attack("T08", "b64 without crit", ALGORITHM, |draft| {
        Some(draft.reheaded(&draft.header_with("b64", json!(false))))
    }),
    attack("T08", "payload said to be compressed", ALGORITHM, |draft| {
        Some(draft.reheaded(&draft.header_with("zip", json!("DEF"))))
    }),
    attack("T09", "expired", EXPIRED, |draft| draft.with_claim("exp", json!(draft.now() - 3600))),
    attack("T09", "expiring this very second", EXPIRED, |draft| draft.with_claim("exp", json!(draft.now()))),
    attack("T09", "exp missing", EXPIRED, |draft| draft.without_claim("exp")),
    attack("T09", "exp negative", EXPIRED, |draft| draft.with_claim("exp", json!(-1))),
    attack("T09", "exp as text", EXPIRED_OR_MALFORMED, |draft| {
        draft.with_claim("exp", json!((draft.now() + 3600).to_string()))
    }),
    attack("T09", "exp beyond all numbers", EXPIRED_OR_MALFORMED, |draft| {
        draft.with_raw_claim("exp", "1e400")
    }),
    attack("T09", "exp null", EXPIRED_OR_MALFORMED, |draft| draft.with_raw_claim("exp", "null")),
    attack("T09", "exp not a number", EXPIRED_OR_MALFORMED, |draft| draft.with_raw_claim("exp", "NaN")),
    attack("T10", "nbf in the future", NOT_YET_VALID, |draft| {
        draft.with_claim("nbf", json!(draft.now() + 1800))
    }),
    attack("T10", "iat in the future", NOT_YET_VALID, |draft| {
        draft.with_claim("iat", json!(draft.now() + 1800))
    }),
    attack("T11", "iss of another tenant", ISSUER, |draft| {
        draft.with_claim("iss", json!(format!("{}/tenant-2", draft.text("iss"))))
    }),
    attack("T11", "iss with a trailing slash", ISSUER, |draft| {
        draft.with_claim("iss", json!(format!("{}/", draft.text("iss"))))
    }),
    attack("T11", "iss in another case", ISSUER, |draft| {
        draft.with_claim("iss", json!(draft.text("iss").to_ascii_uppercase()))
    }),
    attack("T11", "iss missing", ISSUER, |draft| draft.without_claim("iss")),
    attack("T11", "iss in an array", ISSUER, |draft| draft.with_claim("iss", json!([draft.text("iss")]))),
    attack("T12", "aud of another API", AUDIENCE, |draft| {
        draft.with_claim("aud", json!("https://another-api.invalid"))
    }),
    attack("T12", "aud empty", AUDIENCE, |draft| draft.with_claim("aud", json!([]))),
    attack("T12", "aud with more behind it", AUDIENCE, |draft| {
        draft.with_claim("aud", json!(format!("{}.evil.invalid", draft.text("aud"))))
    }),
    attack("T12", "aud cut short", AUDIENCE, |draft| {
        let aud = draft.text("aud");
        draft.with_claim("aud", json!(aud.get(..aud.len() / 2)))
    }),
    attack("T12", "aud missing", AUDIENCE, |draft| draft.without_claim("aud")),
    attack("T12", "aud nested", AUDIENCE, |draft| draft.with_claim("aud", json!([[draft.text("aud")]]))),
    attack("T13", "ID token", TYPE, |draft| draft.of_type(Some("JWT"))),
    attack("T13", "token without typ", TYPE, |draft| draft.of_type(None)),
    attack("T13", "refresh token", TYPE, |draft| draft.of_type(Some("rt+jwt"))),
    attack("T13", "logout token", TYPE, |draft| draft.of_type(Some("logout+jwt"))),
    attack("T13", "client assertion", TYPE, |draft| draft.of_type(Some("client-authentication+jwt"))),
    attack("T13", "DPoP proof", TYPE, |draft| draft.of_type(Some("dpop+jwt"))),
    attack("T14", "a claim twice", MALFORMED, |draft| {
        let others = Value::Object(draft.claims.clone()).to_string();
        let doubled = format!("{},\"sub\":\"admin\"}}", others.strip_suffix('}')?);
        raw(draft, &Value::Object(draft.header.clone()).to_string(), &doubled)
    }),
    attack("T14", "a header member twice", MALFORMED, |draft| {
        let others = Value::Object(draft.header.clone()).to_string();
        let doubled = format!("{},\"alg\":\"none\"}}", others.strip_suffix('}')?);
        raw(draft, &doubled, &Value::Object(draft.claims.clone()).to_string())
    }),
    attack("T14", "padding", MALFORMED, |draft| Some(format!("{}==", draft.token()))),
    attack("T14", "bits behind the last byte", MALFORMED, trailing_bits),
    attack("T14", "white space", MALFORMED, |draft| Some(draft.token().replacen('.', " .", 1))),
    attack("T14", "a line end", MALFORMED, |draft| Some(format!("{}\n", draft.token()))),
    attack("T14", "the other alphabet", MALFORMED, |draft| Some(format!("{}+/", draft.token()))),
    attack("T15", "a token inside a token", ALGORITHM, |draft| {
        draft.nested(&draft.header_with("cty", json!("JWT")))
    }),
    attack("T15", "a token inside a token that does not say so", ALGORITHM, |draft| {
        draft.nested(&draft.header)
    }),
    attack("T15", "encrypted with a shared key", ALGORITHM, |_| {
        Some(encrypted(&json!({"alg": "dir", "enc": "A128GCM"}), 16))
    }),
    attack("T15", "a compression bomb", ALGORITHM, |_| {
        Some(encrypted(&json!({"alg": "dir", "enc": "A256GCM", "zip": "DEF"}), 8000))
    }),
    attack("T15", "two milliard rounds of PBKDF2", ALGORITHM, |_| {
        let header =
            json!({"alg": "PBES2-HS512+A256KW", "enc": "A256GCM", "p2c": 1_u64 << 31, "p2s": "AAAAAAAAAAA"});
        Some(encrypted(&header, 16))
    }),
    attack("T16", "JSON serialisation", MALFORMED, |draft| {
        let (header, payload, signature) = draft.parts()?;
        Some(json!({"payload": payload, "protected": header, "signature": signature}).to_string())
    }),
    attack("T16", "JSON serialisation with several signatures", MALFORMED, |draft| {
        let (header, payload, signature) = draft.parts()?;
        Some(
            json!({"payload": payload, "signatures": [{"protected": header, "signature": signature}]})
                .to_string(),
        )
    }),
    attack("T16", "four parts", MALFORMED, |draft| Some(format!("{}.e30", draft.token()))),
    attack("T16", "two parts", MALFORMED, |draft| Some(draft.token().rsplit_once('.')?.0.to_owned())),
    attack("T16", "an empty header", MALFORMED, |draft| {
        Some(format!(".{}", draft.token().split_once('.')?.1))
    }),
    attack("T16", "an empty payload", MALFORMED, |draft| {
        let (header, _, signature) = draft.parts()?;
        Some(format!("{header}..{signature}"))
    }),
    attack("T16", "nothing but dots", MALFORMED, |_| Some("..".to_owned())),
    attack("T16", "20 KB", MALFORMED, |draft| {
        let mut claims = draft.claims.clone();
        claims.insert("padding".to_owned(), json!("x".repeat(15_000)));
        raw(draft, &Value::Object(draft.header.clone()).to_string(), &Value::Object(claims).to_string())
    }),
    attack("T18", "another issuer's key with the same kid", ISSUER, |draft| {
        draft.of_another_issuer("https://another-issuer.invalid")
    }),
    attack("T18", "another issuer's key in our issuer's name", SIGNATURE, |draft| {
        draft.of_another_issuer(draft.text("iss"))
    }),
];

fn none(draft: &Draft<'_>, spelling: &str, keep: bool) -> Option<String> {
    let token = draft.reheaded(&draft.header_with("alg", json!(spelling)));
    if keep { Some(token) } else { Some(format!("{}.", token.rsplit_once('.')?.0)) }
}

fn named(draft: &Draft<'_>, kid: &str) -> String {
    draft.reheaded(&draft.header_with("kid", json!(kid)))
}

/// Signed with a key of the attacker's, which the header brings along.
fn own_key(draft: &Draft<'_>, member: &str) -> Option<String> {
    let key = draft.attackers_key()?;
    let value = match member {
        "jwk" => Value::Object(key.public().to_jwk()?),
        "x5c" => json!([STANDARD.encode(key.public().to_spki()?)]),
        _ => json!("https://another-issuer.invalid/keys"),
    };
    draft.signed_by(&key, &draft.header_with(member, value))
}

/// These texts as header and payload, with the old signature.
fn raw(draft: &Draft<'_>, header: &str, payload: &str) -> Option<String> {
    let (_, _, signature) = draft.parts()?;
    Some(format!("{}.{}.{signature}", base64url::encode(header), base64url::encode(payload)))
}

/// The lowest bits of the last letter set, where they mean nothing: another text for the same bytes.
fn trailing_bits(draft: &Draft<'_>) -> Option<String> {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let spare = draft.signature().len() % 3;
    let (kept, last) = draft.token().split_at_checked(draft.token().len() - 1)?;
    let other = LETTERS.find(last)? | 1;
    let letter = LETTERS.get(other..=other)?;
    // With whole groups of three bytes there are no bits to spare.
    (spare != 0 && letter != last).then(|| format!("{kept}{letter}"))
}

/// A text with the five parts of a JWE.
fn encrypted(header: &Value, length: usize) -> String {
    let content = base64url::encode(vec![0x5a; length]);
    format!("{}..AAAAAAAAAAAAAAAA.{content}.AAAAAAAAAAAAAAAAAAAAAA", base64url::encode(header.to_string()))
}

fn pem(spki: &[u8]) -> String {
    let text = STANDARD.encode(spki);
    let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|line| str::from_utf8(line).ok()).collect();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
}

/// An ECDSA signature as ASN.1 has it, not as JOSE does.
fn der(draft: &Draft<'_>) -> Option<Vec<u8>> {
    let is_ec = draft.header.get("alg")?.as_str()?.starts_with("ES");
    let (r, s) = draft.signature().split_at_checked(draft.signature().len() / 2)?;
    let integer = |digits: &[u8]| {
        let bare: Vec<u8> = digits.iter().copied().skip_while(|byte| *byte == 0).collect();
        let sign: &[u8] = if bare.first().is_some_and(|byte| byte & 0x80 != 0) { &[0] } else { &[] };
        let length = u8::try_from(sign.len() + bare.len()).unwrap_or(u8::MAX);
        [&[2, length], sign, &bare].concat()
    };
    let body = [integer(r), integer(s)].concat();
    let length = u8::try_from(body.len()).unwrap_or(u8::MAX);
    is_ec.then(|| [&[0x30, length], body.as_slice()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_in_order_and_names_are_unique() {
        let names: Vec<(&str, &str)> = ATTACKS.iter().map(|attack| (attack.row, attack.name)).collect();
        let mut sorted = names.clone();
        sorted.sort_by_key(|(row, _)| *row);
        assert_eq!(names, sorted);
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), names.len());
    }
}
