use crate::desk::{Desk, to};

fn lines(desk: &mut Desk, request: &crate::desk::Request) -> Vec<String> {
    desk.decide(request, true).trace.unwrap().lines().collect()
}

#[test]
fn a_trace_tells_each_step_and_no_credential() {
    let mut desk = Desk::open();
    let token = desk.good();
    let told = lines(&mut desk, &to("write").bearer(&token));
    let kid = desk.key.kid().to_owned();
    assert_eq!(
        told,
        [
            "    presented: a Bearer token".to_owned(),
            format!("ok  token: alice of https://id.example, signed with ES256 by the key {kid}, good until 2027-01-15T08:10:00Z, with books:read"),
            "ok  state: alice is active, and nothing was revoked".to_owned(),
            "no  alternative: token (books:read, books:write) does not hold: scope.insufficient, the credential lacks books:write".to_owned(),
            "no  verdict: scope.insufficient: the credential lacks books:write".to_owned(),
        ]
    );
    assert!(!told.join("\n").contains(&token));
}

#[test]
fn without_asking_there_is_no_trace() {
    let mut desk = Desk::open();
    assert!(desk.ask(&to("open")).trace.is_none());
    assert_eq!(
        lines(&mut desk, &to("open")),
        ["ok  requirement: the operation is public", "ok  verdict: allow, without a principal"]
    );
}

#[test]
fn each_alternative_is_told_with_what_it_lacks() {
    let mut desk = Desk::open();
    let told = lines(&mut desk, &to("either").field("x-api-key", "guess"));
    assert_eq!(told[1], "no  key: key.unknown: no such API key is known");
    assert!(told[2].starts_with("no  alternative: badge does not hold: key.unknown"), "{told:?}");
    assert!(
        told[3].starts_with("no  alternative: token (books:write) does not hold: credential.missing"),
        "{told:?}"
    );
    assert!(!told.join("\n").contains("guess"));
}
