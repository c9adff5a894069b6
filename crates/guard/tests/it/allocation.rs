use guard::{Decision, Fact, Facts, Head, Lookup, Question, State, Step, Target, Verdict, collect};
use http::{HeaderMap, Method, header};

use crate::desk::{Desk, NOW, to};

/// From the head of the request to the verdict, with what a gateway keeps in memory at hand.
fn decide(desk: &Desk, operation: &contract::Operation, headers: &HeaderMap) -> &'static str {
    let head = Head { headers, query: None, certificate: None };
    let mut decision = Decision::open(Question {
        contract: &desk.contract,
        operation,
        captures: &[],
        method: &Method::GET,
        target: Target { scheme: "https", authority: "api.example", path: "/books" },
        query: None,
        collected: collect(&desk.contract, operation, &head),
        exposed: false,
        carries_credential: false,
        issuers: &desk.issuers,
        settings: &desk.settings,
        now: NOW,
        real: NOW,
        explain: false,
    });
    loop {
        let facts: Facts = match decision.step() {
            Step::Decided(outcome) => match outcome.verdict {
                Verdict::Allow(_) => return "allow",
                Verdict::Deny(denial) => return denial.code().as_str(),
            },
            Step::Needs(lookups) => lookups
                .iter()
                .map(|lookup| match lookup {
                    Lookup::Token { hash } => Fact::Token(desk.cache.get(hash).cloned()),
                    Lookup::Opaque { hash } | Lookup::Key { hash, .. } => {
                        Fact::Held(desk.held.get(hash).cloned())
                    }
                    Lookup::State(_) => Fact::State(State::default()),
                    Lookup::Certificate(_) | Lookup::Password { .. } | Lookup::Charge { .. } => Fact::Failed,
                })
                .collect(),
        };
        decision.learn(facts);
    }
}

#[test]
fn the_decision_on_the_cached_path_allocates_nothing() {
    let mut desk = Desk::open();
    let token = desk.good();
    assert_eq!(desk.verdict(&to("read").bearer(&token)), "allow");
    let mut bearer = HeaderMap::new();
    bearer.insert(header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
    let mut key = HeaderMap::new();
    key.insert("x-api-key", "alice-key".parse().unwrap());
    // The counter counts: whoever is not known has a denial with a text.
    let unknown = allocation_counter::measure(|| {
        let mut headers = HeaderMap::new();
        headers.insert("x-api-key", "guess".parse().unwrap());
        assert_eq!(decide(&desk, desk.contract.find("badge").unwrap(), &headers), "key.unknown");
    });
    assert!(unknown.count_total > 0);
    for (name, headers) in [("read", &bearer), ("badge", &key), ("open", &key), ("optional", &key)] {
        let operation = desk.contract.find(name).unwrap();
        assert_eq!(decide(&desk, operation, headers), "allow", "{name}");
        let counted = allocation_counter::measure(|| {
            assert_eq!(decide(&desk, operation, headers), "allow");
        });
        assert_eq!(counted.count_total, 0, "{name}");
    }
}
