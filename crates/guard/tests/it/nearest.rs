use guard::{Auth, Bounds, Plan, Verdict};
use serde_json::json;

use crate::desk::{Desk, NOW, subject, to};

fn basic(text: &str) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    format!("Basic {}", STANDARD.encode(text))
}

#[test]
fn of_several_denials_the_nearest_is_told() {
    let mut desk = Desk::open();
    let good = desk.good();
    let forged = "a.b.c";
    let twice = || to("either").field("x-api-key", "a").field("x-api-key", "b");
    for (request, code) in [
        (to("either"), "credential.missing"),
        // 400 before 403
        (twice().bearer(&good), "request.ambiguous"),
        // locked before invalid
        (
            to("either").field("x-api-key", "guess").field("authorization", basic("locked:x")),
            "account.locked",
        ),
        // 403 before invalid
        (to("either").field("x-api-key", "guess").bearer(&good), "scope.insufficient"),
        // invalid before missing
        (to("either").bearer(forged), "credential.malformed"),
        // of two that are as near, the document's first
        (to("either").field("x-api-key", "guess").bearer(forged), "key.unknown"),
        // within an AND likewise
        (to("both").field("x-api-key", "alice-key"), "credential.missing"),
        (to("both").field("x-api-key", "guess"), "key.unknown"),
        (
            to("both").field("x-api-key", "guess").bearer(&desk.token(&json!({ "scope": "" }))),
            "scope.insufficient",
        ),
        (to("both").field("x-api-key", "alice-key").bearer(&good), "allow"),
    ] {
        assert_eq!(desk.verdict(&request), code);
    }
}

#[test]
fn any_alternative_that_holds_allows_whatever_else_was_presented() {
    let mut desk = Desk::open();
    let request = to("either").field("x-api-key", "alice-key").bearer("a.b.c");
    assert_eq!(desk.verdict(&request), "allow");
}

#[test]
fn a_missing_certificate_is_named_only_where_nothing_else_is_lacking() {
    let mut desk = Desk::open();
    let good = desk.good();
    assert_eq!(desk.verdict(&to("cardAndToken").bearer(&good)), "certificate.missing");
    assert_eq!(desk.verdict(&to("cardAndToken")), "credential.missing");
    assert_eq!(desk.verdict(&to("cardAndToken").certificate(1, true)), "credential.missing");
    assert_eq!(desk.verdict(&to("cardAndToken").certificate(1, true).bearer(&good)), "allow");
    let outcome = desk.ask(&to("card").certificate(1, true));
    assert_eq!(subject(&outcome), Some("machine"));
}

#[test]
fn an_optional_operation_is_anonymous_unless_a_bad_credential_was_shown() {
    let mut desk = Desk::open();
    let bearer = |claims| to("optional").bearer(&desk.token(&claims));
    let (alice, scopeless) = (bearer(json!({})), bearer(json!({ "scope": "" })));
    let (expired, suspended) = (bearer(json!({ "exp": 1 })), bearer(json!({ "sub": "suspended" })));
    let alice = desk.ask(&alice);
    assert_eq!(subject(&alice), Some("alice"));
    for anonymous in [to("optional"), scopeless, to("optional").field("authorization", "Digest x")] {
        let outcome = desk.ask(&anonymous);
        assert_eq!((outcome.verdict.as_str(), subject(&outcome)), ("allow", None));
    }
    for (request, code) in [
        (expired, "token.expired"),
        (suspended, "account.disabled"),
        (to("optional").field("x-api-key", "guess"), "key.unknown"),
        (to("optional").field("x-api-key", "a").field("x-api-key", "b"), "request.ambiguous"),
        (to("optional").field("authorization", basic("locked:x")), "account.locked"),
        (to("optional").field("authorization", basic("alice:x")), "password.wrong"),
    ] {
        assert_eq!(desk.verdict(&request), code);
    }
}

#[test]
fn a_public_operation_collects_nothing() {
    let mut desk = Desk::open();
    for request in
        [to("open"), to("open").bearer("a.b.c"), to("open").field("x-api-key", "guess"), to("open").exposed()]
    {
        let outcome = desk.ask(&request);
        assert_eq!((outcome.verdict.as_str(), subject(&outcome)), ("allow", None));
        assert_eq!(desk.rounds, 0);
    }
}

#[test]
fn every_kind_of_credential_gets_in() {
    let mut desk = Desk::open();
    for request in [
        to("badge").field("x-api-key", "alice-key"),
        to("query").query("page=1&key=alice-key"),
        to("session").field("cookie", "theme=dark; session=alice-key"),
        to("pair").field("authorization", basic("alice:alice-password")),
        to("read").bearer(&desk.good()),
        to("read").bearer("opaque-token"),
        to("user").bearer(&desk.good()).capture("userId", "alice"),
    ] {
        let outcome = desk.ask(&request);
        assert_eq!(subject(&outcome), Some("alice"), "{:?}", outcome.verdict);
        assert_eq!(desk.rounds, 2);
    }
    assert_eq!(desk.verdict(&to("badgeOfAdmin").field("x-api-key", "admin-key")), "allow");
    let fresh = json!({ "lobby_at": NOW.as_seconds() - 300, "acr": "mfa" });
    assert_eq!(desk.verdict(&to("fresh").bearer(&desk.token(&fresh))), "allow");
}

#[test]
fn a_kept_token_is_judged_again_but_for_its_signature() {
    let mut desk = Desk::open();
    let request = to("read").bearer(&desk.good());
    assert!(desk.ask(&request).fresh.is_some());
    assert!(desk.ask(&request).fresh.is_none());
    desk.now = NOW.plus(std::time::Duration::from_secs(600));
    assert_eq!(desk.verdict(&request), "token.expired");
    desk.now = NOW;
    assert_eq!(desk.verdict(&request), "allow");
    desk.issuers.trusts[0].keys = std::sync::Arc::default();
    assert_eq!(desk.verdict(&request), "token.key");
}

#[test]
fn a_look_up_that_fails_lets_nobody_pass() {
    let mut desk = Desk::open();
    let good = desk.good();
    for (fact, verdict) in [(guard::Fact::Failed, "fault"), (guard::Fact::Busy, "busy")] {
        desk.broken = Some(fact);
        for request in [
            to("read").bearer(&good),
            to("read").bearer("opaque-token"),
            to("badge").field("x-api-key", "alice-key"),
            to("optional").field("x-api-key", "alice-key"),
            to("pair").field("authorization", basic("alice:alice-password")),
            to("card").certificate(1, true),
        ] {
            assert_eq!(desk.verdict(&request), verdict);
        }
    }
}

#[test]
fn who_was_proven_is_told_though_it_was_not_enough() {
    let mut desk = Desk::open();
    let proven = |outcome: guard::Outcome| outcome.proven.map(|principal| principal.subject.to_string());
    let disabled = to("read").bearer(&desk.token(&json!({ "sub": "suspended" })));
    let scopeless = to("write").bearer(&desk.good());
    let forged = to("read").bearer("a.b.c");
    assert_eq!(proven(desk.ask(&disabled)).as_deref(), Some("suspended"));
    assert_eq!(proven(desk.ask(&scopeless)).as_deref(), Some("alice"));
    assert_eq!(proven(desk.ask(&forged)), None);
}

#[test]
fn a_plan_limits_each_of_its_principals_and_only_what_was_allowed() {
    let mut desk = Desk::open();
    desk.plans.insert("alice", "free");
    let bounds = Bounds { rate: Some("2/min".parse().unwrap()), quota: Some("3/day".parse().unwrap()) };
    let scopes = Some("books:read".parse().unwrap());
    desk.settings.plans.insert("free".into(), Plan { bounds, scopes });
    let read = to("read").bearer(&desk.good());
    let write = to("write").bearer(&desk.token(&json!({ "scope": "books:read books:write" })));
    let outcome = desk.ask(&read);
    assert_eq!(outcome.charged.headers().unwrap().0, r#""free";r=1;t=30, "free-quota";r=2;t=57600"#);
    assert_eq!(desk.rounds, 3);
    assert_eq!(desk.verdict(&write), "policy.forbidden");
    assert_eq!(desk.verdict(&read), "allow");
    let outcome = desk.ask(&read);
    assert_eq!(outcome.verdict.as_str(), "rate.limited");
    assert!(outcome.charged.headers().unwrap().0.to_str().unwrap().starts_with(r#""free";r=0;t=30"#));
    let bob = to("read").bearer(&desk.token(&json!({ "sub": "bob" })));
    assert_eq!(desk.verdict(&bob), "allow");
    desk.now = NOW.plus(std::time::Duration::from_secs(60));
    assert_eq!(desk.verdict(&read), "allow");
    assert_eq!(desk.verdict(&read), "quota.exceeded");
}

#[test]
fn an_operations_own_limit_counts_the_anonymous_by_their_address() {
    let mut desk = Desk::open();
    let bounds = Bounds { rate: Some("1/min".parse().unwrap()), quota: None };
    let id = desk.contract.find("open").unwrap().id;
    desk.settings.operations.insert(id, ("open".into(), bounds));
    assert_eq!(desk.verdict(&to("open")), "allow");
    assert_eq!(desk.verdict(&to("open")), "rate.limited");
}

#[test]
fn in_presence_mode_something_well_formed_is_enough_and_nothing_is_looked_up() {
    let mut desk = Desk::open();
    desk.settings.auth = Auth::Presence;
    for (request, code) in [
        (to("write").bearer("anything"), "allow"),
        (to("badge").field("x-api-key", "anything"), "allow"),
        (to("card").certificate(1, false), "allow"),
        (to("admin").bearer("anything"), "allow"),
        (to("write"), "credential.missing"),
        (to("both").bearer("anything"), "credential.missing"),
        (to("write").bearer("a b"), "credential.malformed"),
        (to("badge").field("x-api-key", "a").field("x-api-key", "b"), "request.ambiguous"),
        (to("digest").field("authorization", "Digest x"), "credential.missing"),
        (to("optional"), "allow"),
    ] {
        assert_eq!(desk.verdict(&request), code);
        assert_eq!(desk.rounds, 0);
    }
    desk.settings.auth = Auth::Off;
    assert_eq!(desk.verdict(&to("write")), "allow");
}

#[test]
fn where_tokens_must_be_bound_an_unbound_one_is_refused() {
    let mut desk = Desk::open();
    desk.settings.dpop.required = true;
    let request = to("read").bearer(&desk.good());
    assert_eq!(desk.verdict(&request), "proof.missing");
}

#[test]
fn a_decision_that_is_asked_again_after_its_end_denies() {
    let mut desk = Desk::open();
    let request = to("open");
    let outcome = desk.ask(&request);
    assert!(matches!(outcome.verdict, Verdict::Allow(_)));
    let headers = http::HeaderMap::new();
    let operation = desk.contract.find("open").unwrap();
    let head = guard::Head { headers: &headers, query: None, certificate: None };
    let mut decision = guard::Decision::open(guard::Question {
        contract: &desk.contract,
        operation,
        captures: &[],
        method: &http::Method::GET,
        target: guard::Target { scheme: "https", authority: "api.example", path: "/open" },
        query: None,
        collected: guard::collect(&desk.contract, operation, &head),
        exposed: false,
        carries_credential: false,
        issuers: &desk.issuers,
        settings: &desk.settings,
        now: NOW,
        real: NOW,
        explain: false,
    });
    let mut verdicts = (0..2).map(|_| match decision.step() {
        guard::Step::Decided(outcome) => outcome.verdict.as_str(),
        guard::Step::Needs(_) => "needs",
    });
    assert_eq!((verdicts.next(), verdicts.next()), (Some("allow"), Some("fault")));
}

#[test]
fn what_a_principal_would_get_is_foreseen_without_a_request() {
    let desk = Desk::open();
    let would = |name: &str, roles: &[&str], state: &guard::State| {
        let principal = crate::desk::principal("alice", roles);
        let operation = desk.contract.find(name).unwrap();
        let (contract, settings) = (&desk.contract, &desk.settings);
        guard::foresee(&guard::Foresight {
            contract,
            operation,
            principal: &principal,
            state,
            settings,
            now: NOW,
        })
        .as_str()
    };
    let active = guard::State::default();
    let disabled = guard::State { disabled: true, ..guard::State::default() };
    for (name, verdict) in [
        ("open", "allow"),
        ("both", "allow"),
        ("cardAndToken", "allow"),
        ("user", "allow"),
        ("admin", "role.forbidden"),
        ("gold", "policy.forbidden"),
        ("fresh", "auth.step_up"),
        ("digest", "credential.missing"),
    ] {
        assert_eq!(would(name, &[], &active), verdict, "{name}");
    }
    assert_eq!(would("admin", &["owner"], &active), "allow");
    assert_eq!(would("both", &[], &disabled), "account.disabled");
    assert_eq!(would("open", &[], &disabled), "allow");
}
