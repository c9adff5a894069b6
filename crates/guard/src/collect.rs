//! What a request presents for the schemes of its operation, not yet believed (verdicts.md, rule 2).
//! Tokens in the query string or in a body are never looked for.

mod authorization;
mod key;

use std::{fmt, sync::Arc};

use contract::{Contract, Operation, Scheme, SchemeId, SchemeKind};
use http::{HeaderMap, header};
use smallvec::SmallVec;

pub(crate) use self::authorization::{Authorization, Meant, Pair};
pub(crate) use self::key::{Key, Value, query_value};

/// The longest credential that is looked at, in bytes.
pub(crate) const LONGEST: usize = 16 * 1024;

/// The head of a request, as far as credentials are in it.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// The header fields.
    pub headers: &'a HeaderMap,
    /// The query as it came, without its `?`.
    pub query: Option<&'a str>,
    /// The client's certificate of this connection, whose key was proven in the handshake.
    pub certificate: Option<&'a Certificate>,
}

/// A client certificate whose key was proven in the handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// SHA-256 of its DER form: `x5t#S256` (RFC 8705 3.1).
    pub sha256: [u8; 32],
    /// Whether an authority that we trust issued it, and it is in its time.
    pub trusted: bool,
    /// The common name of its subject, else the whole subject.
    pub subject: Arc<str>,
}

/// What was presented for an operation. `Debug` tells only what there is, never a value.
pub struct Collected<'a> {
    pub(crate) authorization: Authorization<'a>,
    pub(crate) keys: SmallVec<[Key<'a>; 2]>,
    /// For a `mutualTLS` scheme.
    pub(crate) certificate: Option<&'a Certificate>,
    /// The connection's, whatever the schemes: a token may be bound to it.
    pub(crate) connection: Option<&'a Certificate>,
    pub(crate) proof: Proof<'a>,
    pub(crate) claims_certificate: bool,
}

/// The `DPoP` field.
#[derive(Clone, Copy)]
pub(crate) enum Proof<'a> {
    None,
    One(&'a str),
    /// Two, or one that is not even text.
    Unfit(&'static str),
}

/// Collects what is presented for the schemes that `operation` uses. What is presented for others is not
/// looked at, but for a second `Authorization` field.
pub fn collect<'a>(contract: &Contract, operation: &Operation, head: &Head<'a>) -> Collected<'a> {
    // `Requirement::schemes` would keep a list of what it has seen; this visits a scheme twice instead.
    let demands = operation.requirement.alternatives.iter().flat_map(|alternative| &alternative.demands);
    collect_for(demands.filter_map(|demand| contract.scheme(demand.scheme)), head)
}

pub(crate) fn collect_for<'a, 's>(
    schemes: impl Iterator<Item = &'s Scheme>,
    head: &Head<'a>,
) -> Collected<'a> {
    let mut words = authorization::Words::default();
    let mut keys: SmallVec<[Key<'a>; 2]> = SmallVec::new();
    let mut certificate = None;
    for scheme in schemes {
        match &scheme.kind {
            SchemeKind::ApiKey { place, name } => {
                let seen = keys.iter().any(|key| key.scheme == scheme.id);
                let value = if seen { None } else { key::find(*place, name, head) };
                keys.extend(value.map(|value| Key { scheme: scheme.id, value }));
            }
            SchemeKind::Basic => words.basic = true,
            SchemeKind::Bearer | SchemeKind::OAuth2 { .. } | SchemeKind::OpenIdConnect { .. } => {
                words.token = true;
            }
            SchemeKind::MutualTls => certificate = head.certificate,
            SchemeKind::Unmeetable { .. } => {}
        }
    }
    Collected {
        authorization: authorization::read(words, head.headers),
        keys,
        certificate,
        connection: head.certificate,
        proof: if words.token { proof(head.headers) } else { Proof::None },
        claims_certificate: words.token && claims_certificate(head.headers),
    }
}

/// Whether anything in `head` is, or means to be, a credential of the API: what must not come over plain
/// HTTP, whichever operation was matched, and whether one was.
pub fn carries_credential(contract: Option<&Contract>, head: &Head<'_>) -> bool {
    let schemes = contract.map_or(&[][..], Contract::schemes);
    let collected = collect_for(schemes.iter(), head);
    head.headers.contains_key(header::AUTHORIZATION) || !collected.keys.is_empty()
}

impl Collected<'_> {
    /// What stands in the place of an `apiKey` scheme.
    pub(crate) fn key(&self, scheme: SchemeId) -> Option<&[u8]> {
        let key = self.keys.iter().find(|key| key.scheme == scheme)?;
        match &key.value {
            Value::One(value) => Some(value),
            Value::Several(_) | Value::Malformed(_) => None,
        }
    }

    /// What there is, for a trace.
    pub(crate) fn words(&self) -> String {
        let mut there = Vec::new();
        match &self.authorization {
            Authorization::None => {}
            Authorization::Twice => there.push("two Authorization fields"),
            Authorization::Token { word: crate::Word::Bearer, .. } => there.push("a Bearer token"),
            Authorization::Token { word: crate::Word::DPoP, .. } => there.push("a DPoP token"),
            Authorization::Basic(_) => there.push("a name and a password"),
            Authorization::Malformed { .. } => there.push("a malformed Authorization field"),
        }
        there.extend(self.keys.iter().map(|_| "a key"));
        there.extend(self.certificate.map(|_| "a client certificate"));
        if there.is_empty() {
            "nothing that the operation's schemes use".to_owned()
        } else {
            there.join(", ")
        }
    }

    pub(crate) fn pair(&self) -> Option<&Pair> {
        match &self.authorization {
            Authorization::Basic(pair) => Some(pair),
            Authorization::None
            | Authorization::Twice
            | Authorization::Token { .. }
            | Authorization::Malformed { .. } => None,
        }
    }

    /// Whether there are two `Authorization` fields: refused on any operation, public ones too.
    pub fn has_two_authorizations(&self) -> bool {
        matches!(self.authorization, Authorization::Twice)
    }

    /// Whether nothing at all was presented.
    pub fn is_empty(&self) -> bool {
        matches!(self.authorization, Authorization::None)
            && self.keys.is_empty()
            && self.certificate.is_none()
    }
}

impl fmt::Debug for Collected<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collected")
            .field("authorization", &self.authorization.kind())
            .field("keys", &self.keys.len())
            .field("certificate", &self.certificate.is_some())
            .finish_non_exhaustive()
    }
}

/// RFC 9449 4.3, check 1: not more than one `DPoP` field.
fn proof(headers: &HeaderMap) -> Proof<'_> {
    let mut fields = headers.get_all("dpop").iter();
    match (fields.next(), fields.next()) {
        (None, _) => Proof::None,
        (Some(_), Some(_)) => Proof::Unfit("there are two DPoP fields"),
        (Some(field), None) if field.len() > LONGEST => Proof::Unfit("it is longer than 16 KiB"),
        (Some(field), None) => field.to_str().map_or(Proof::Unfit("it is not ASCII"), Proof::One),
    }
}

/// Whether a field claims a client certificate. Such a claim proves nothing (attacks.md, T22): only what a
/// denial is called depends on it.
fn claims_certificate(headers: &HeaderMap) -> bool {
    ["client-cert", "x-forwarded-client-cert", "x-client-cert", "x-ssl-client-cert", "ssl-client-cert"]
        .iter()
        .any(|name| headers.contains_key(*name))
}

#[cfg(test)]
pub(crate) mod tests {
    use contract::{KeyPlace, SchemeId};

    use super::*;
    use crate::Word;

    pub(crate) fn scheme(id: u16, kind: SchemeKind) -> Scheme {
        Scheme { id: SchemeId(id), name: format!("scheme{id}"), kind, description: None }
    }

    fn key(id: u16, place: KeyPlace, name: &str) -> Scheme {
        scheme(id, SchemeKind::ApiKey { place, name: name.to_owned() })
    }

    fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
        fields
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    fn collected<R>(
        schemes: &[Scheme],
        fields: &[(&'static str, &str)],
        query: Option<&str>,
        look: impl FnOnce(Collected<'_>) -> R,
    ) -> R {
        let headers = headers(fields);
        look(collect_for(schemes.iter(), &Head { headers: &headers, query, certificate: None }))
    }

    fn value(collected: &Collected<'_>) -> Result<String, &'static str> {
        match &collected.keys.first().unwrap().value {
            Value::One(bytes) => Ok(String::from_utf8_lossy(bytes).into_owned()),
            Value::Several(what) | Value::Malformed(what) => Err(what),
        }
    }

    #[test]
    fn the_word_is_read_in_any_case_and_only_spaces_follow_it() {
        let bearer = [scheme(0, SchemeKind::Bearer)];
        for field in ["Bearer abc", "bearer abc", "BEARER   abc"] {
            collected(&bearer, &[("authorization", field)], None, |found| {
                assert!(
                    matches!(found.authorization, Authorization::Token { word: Word::Bearer, text: "abc" }),
                    "{field}"
                );
            });
        }
        for field in [
            "Bearer",
            "Bearer\tabc",
            "Bearer abc, Bearer abc",
            "Bearer a b",
            "Bearer abc,",
            "Bearer a=b",
            "Bearer =",
        ] {
            collected(&bearer, &[("authorization", field)], None, |found| {
                assert!(matches!(found.authorization, Authorization::Malformed { .. }), "{field}");
            });
        }
    }

    #[test]
    fn a_word_that_no_scheme_uses_counts_as_nothing() {
        for (kind, field) in [
            (SchemeKind::Basic, "Bearer abc"),
            (SchemeKind::Bearer, "Basic YTpi"),
            (SchemeKind::Bearer, "Digest abc"),
            (SchemeKind::Bearer, "Bearerabc"),
            (SchemeKind::Bearer, ""),
        ] {
            collected(&[scheme(0, kind)], &[("authorization", field)], None, |found| {
                assert!(found.is_empty(), "{field}");
            });
        }
    }

    #[test]
    fn two_authorization_fields_are_seen_whatever_the_schemes() {
        let twice = [("authorization", "Bearer a"), ("authorization", "Basic YTpi")];
        for schemes in [vec![], vec![scheme(0, SchemeKind::Bearer)]] {
            collected(&schemes, &twice, None, |found| assert!(found.has_two_authorizations()));
        }
    }

    #[test]
    fn a_basic_pair_is_cut_at_its_first_colon() {
        let basic = [scheme(0, SchemeKind::Basic)];
        // alice:a:b
        collected(&basic, &[("authorization", "basic YWxpY2U6YTpi")], None, |found| {
            let Authorization::Basic(pair) = found.authorization else { panic!("no pair") };
            assert_eq!(pair.user(), "alice");
            assert!(pair.password().matches(b"a:b"));
        });
        // no colon; not base64; not canonical; a control character; not UTF-8; empty
        for field in
            ["Basic YWxpY2U=", "Basic ###", "Basic YTpiYx==", "Basic YTpiAA==", "Basic Yf86Yg==", "Basic "]
        {
            collected(&basic, &[("authorization", field)], None, |found| {
                assert!(matches!(found.authorization, Authorization::Malformed { .. }), "{field}");
            });
        }
    }

    #[test]
    fn a_key_is_found_in_its_place_alone() {
        let header = [key(0, KeyPlace::Header, "X-API-Key")];
        collected(&header, &[("x-api-key", "k1")], Some("X-API-Key=k2"), |found| {
            assert_eq!(value(&found).unwrap(), "k1");
        });
        let query = [key(0, KeyPlace::Query, "api key")];
        collected(&query, &[("x-api-key", "k1")], Some("a=1&api%20key=k%2F2&b"), |found| {
            assert_eq!(value(&found).unwrap(), "k/2");
        });
        let cookie = [key(0, KeyPlace::Cookie, "session")];
        collected(
            &cookie,
            &[("cookie", "a=1; session=k3"), ("cookie", "Session=x; xsession=y")],
            None,
            |found| {
                assert_eq!(value(&found).unwrap(), "k3");
            },
        );
    }

    #[test]
    fn two_values_for_one_place_are_ambiguous() {
        let header = [key(0, KeyPlace::Header, "X-API-Key")];
        collected(&header, &[("x-api-key", "a"), ("x-api-key", "a")], None, |found| {
            assert!(value(&found).is_err());
        });
        let query = [key(0, KeyPlace::Query, "key")];
        collected(&query, &[], Some("key=a&%6bey=b"), |found| assert!(value(&found).is_err()));
        let cookie = [key(0, KeyPlace::Cookie, "session")];
        collected(&cookie, &[("cookie", "session=a"), ("cookie", "session=b")], None, |found| {
            assert!(value(&found).is_err());
        });
        collected(&cookie, &[("cookie", "theme=a; theme=b; session=k")], None, |found| {
            assert_eq!(value(&found).unwrap(), "k");
        });
    }

    #[test]
    fn an_empty_key_is_malformed_and_none_is_none() {
        let header = [key(0, KeyPlace::Header, "X-API-Key")];
        collected(&header, &[("x-api-key", "")], None, |found| assert_eq!(value(&found), Err("it is empty")));
        collected(&header, &[], None, |found| assert!(found.is_empty()));
        let query = [key(0, KeyPlace::Query, "key")];
        collected(&query, &[], Some("key"), |found| assert_eq!(value(&found), Err("it is empty")));
    }

    #[test]
    fn what_is_longer_than_16_kib_is_malformed() {
        let long = "a".repeat(LONGEST + 1);
        let bearer = [scheme(0, SchemeKind::Bearer)];
        collected(&bearer, &[("authorization", &format!("Bearer {long}"))], None, |found| {
            assert!(matches!(found.authorization, Authorization::Malformed { .. }));
        });
        let header = [key(0, KeyPlace::Header, "X-API-Key")];
        collected(&header, &[("x-api-key", &long)], None, |found| assert!(value(&found).is_err()));
    }

    #[test]
    fn debug_never_tells_a_value() {
        let schemes = [scheme(0, SchemeKind::Bearer), key(1, KeyPlace::Header, "X-API-Key")];
        collected(
            &schemes,
            &[("authorization", "Bearer hunter2"), ("x-api-key", "hunter2")],
            None,
            |found| {
                assert!(!format!("{found:?}").contains("hunter2"));
            },
        );
    }
}
