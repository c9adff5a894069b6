use std::collections::BTreeSet;

use contract::{Alternative, Contract, SchemeKind};
use guard::Verdict;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::desk::{Desk, NOW, Request, to};

/// What a request may carry, with the schemes, scopes and roles that it truly proves.
#[derive(Debug, Clone, Copy)]
enum Carried {
    Token(usize),
    Key(usize),
    Query(bool),
    Cookie(bool),
    Pair(bool),
    Card(bool),
}

/// Claims over a good token, and whether it is one nevertheless.
fn tokens() -> Vec<(Value, bool, &'static str)> {
    vec![
        (json!({}), true, "books:read"),
        (json!({ "scope": "books:read books:write" }), true, "books:read books:write"),
        (json!({ "scp": ["books:write"], "scope": null }), true, "books:write"),
        (json!({ "scope": "" }), true, ""),
        (json!({ "exp": NOW.as_seconds() }), false, ""),
        (json!({ "iss": "https://other.example" }), false, ""),
        (json!({ "aud": "other" }), false, ""),
        (json!({ "jti": "revoked" }), false, ""),
        (json!({ "sub": "suspended" }), false, ""),
        (json!({ "cnf": { "jkt": "x" } }), false, ""),
        (json!({ "nbf": NOW.as_seconds() + 9 }), false, ""),
    ]
}

const KEYS: [(&str, bool, &[&str]); 6] = [
    ("alice-key", true, &[]),
    ("admin-key", true, &["admin"]),
    ("old-key", false, &[]),
    ("revoked-key", false, &[]),
    ("suspended-key", false, &[]),
    ("guess", false, &[]),
];

fn carried() -> impl Strategy<Value = Carried> {
    prop_oneof![
        (0..11_usize).prop_map(Carried::Token),
        (0..6_usize).prop_map(Carried::Key),
        any::<bool>().prop_map(Carried::Query),
        any::<bool>().prop_map(Carried::Cookie),
        any::<bool>().prop_map(Carried::Pair),
        any::<bool>().prop_map(Carried::Card),
    ]
}

fn request(desk: &Desk, operation: &'static str, carried: &[Carried]) -> Request {
    carried.iter().fold(to(operation), |request, one| match one {
        Carried::Token(at) => request.bearer(&desk.token(&tokens()[*at].0)),
        Carried::Key(at) => request.field("x-api-key", KEYS[*at].0),
        Carried::Query(good) => request.query(if *good { "key=alice-key" } else { "key=guess" }),
        Carried::Cookie(good) => {
            request.field("cookie", if *good { "session=alice-key" } else { "session=guess" })
        }
        // alice:alice-password, alice:guess
        Carried::Pair(true) => request.field("authorization", "Basic YWxpY2U6YWxpY2UtcGFzc3dvcmQ="),
        Carried::Pair(false) => request.field("authorization", "Basic YWxpY2U6Z3Vlc3M="),
        Carried::Card(trusted) => request.certificate(1, *trusted),
    })
}

/// Whether the demands of `alternative` are all truly proven: a second, simpler judge, which knows what was
/// carried instead of reading it.
fn is_proven(contract: &Contract, alternative: &Alternative, carried: &[Carried]) -> bool {
    alternative.demands.iter().all(|demand| {
        let scheme = contract.scheme(demand.scheme).unwrap();
        carried.iter().any(|one| match (one, &scheme.kind) {
            (Carried::Token(at), SchemeKind::OAuth2 { .. }) => {
                let (_, good, scopes) = &tokens()[*at];
                *good && scopes.parse::<model::ScopeSet>().unwrap().covers(&demand.scopes)
            }
            (Carried::Key(at), SchemeKind::ApiKey { .. }) if scheme.name == "badge" => {
                let (_, good, roles) = KEYS[*at];
                good && demand
                    .roles
                    .is_subset(&roles.iter().map(|role| (*role).to_owned()).collect::<BTreeSet<_>>())
            }
            (Carried::Query(good), SchemeKind::ApiKey { .. }) if scheme.name == "query" => *good,
            (Carried::Cookie(good), SchemeKind::ApiKey { .. }) if scheme.name == "session" => *good,
            (Carried::Pair(good), SchemeKind::Basic) => *good,
            (Carried::Card(trusted), SchemeKind::MutualTls) => *trusted,
            _ => false,
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn an_allow_only_ever_comes_when_the_demands_of_one_alternative_were_all_verified(
        carried in proptest::collection::vec(carried(), 0..5),
    ) {
        let mut desk = Desk::open();
        let operations: Vec<&'static str> = vec![
            "optional", "read", "write", "badge", "badgeOfAdmin", "query", "session", "pair", "card",
            "cardAndToken", "either", "both", "digest", "digestOrBadge", "user", "admin", "gold", "fresh",
        ];
        for name in operations {
            let request = request(&desk, name, &carried);
            let outcome = desk.ask(&request);
            let Verdict::Allow(admission) = outcome.verdict else { continue };
            let requirement = desk.contract.find(name).unwrap().requirement.clone();
            let proven = requirement.alternatives.iter().filter(|one| !one.demands.is_empty()).any(|one| is_proven(&desk.contract, one, &carried));
            let anonymous = requirement.is_optional() && admission.principal().is_none();
            prop_assert!(proven || anonymous, "{name} {carried:?}");
        }
    }

    #[test]
    fn garbage_is_never_allowed(text in "[ -~]{0,40}", key in "[!-~]{0,20}") {
        let mut desk = Desk::open();
        for name in ["read", "badge", "pair", "either", "both"] {
            let request = to(name).field("authorization", text.clone()).field("x-api-key", key.clone());
            prop_assert_ne!(desk.verdict(&request), "allow");
        }
    }
}
