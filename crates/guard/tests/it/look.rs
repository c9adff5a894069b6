use guard::{Answer, Auth, Cause, Code, Denial, Rendering, answer, render};
use http::StatusCode;
use model::RequestId;

use crate::{
    codes::rendered,
    desk::{Desk, to},
};

#[test]
fn a_problem_has_the_members_of_the_paper_in_their_order() {
    let desk = Desk::open();
    let request = to("write");
    let lacking = "books:write".parse().unwrap();
    let answer = rendered(&desk, &request, &Denial::of(Cause::ScopeInsufficient { lacking }));
    assert_eq!(
        answer.problem.to_string(),
        r#"{"type":"https://docs.example/denials#scope-insufficient","title":"The credential lacks a scope","status":403,"detail":"The credential lacks books:write.","code":"scope.insufficient","request_id":"070707070707070707070707","hint":"Ask for a token with the lacking scope, or use a persona that has it."}"#
    );
}

#[test]
fn outside_a_mock_nobody_learns_that_a_key_existed() {
    let desk = Desk::open();
    let rendering = Rendering {
        api: "library",
        contract: &desk.contract,
        operation: desk.contract.find("badge"),
        resource_metadata: None,
        dpop_required: false,
        nonce: None,
        hidden_basic: false,
        mock: false,
        auth: Auth::Verify,
        docs: "denials",
        request_id: RequestId([0; 12]),
        charged: None,
    };
    let told = |cause| {
        let rendered = render(&Denial::of(cause), &rendering);
        (rendered.problem.to_string(), rendered.headers)
    };
    let unknown = told(Cause::KeyUnknown);
    assert_eq!(told(Cause::KeyRevoked), unknown);
    assert_eq!(told(Cause::KeyExpired { since: crate::desk::NOW }), unknown);
    assert!(!unknown.0.contains("hint"));
}

#[test]
fn a_hidden_basic_opens_no_dialogue() {
    let desk = Desk::open();
    let rendering = Rendering {
        api: "a \"b\" ü",
        contract: &desk.contract,
        operation: desk.contract.find("pair"),
        resource_metadata: None,
        dpop_required: false,
        nonce: None,
        hidden_basic: true,
        mock: false,
        auth: Auth::Verify,
        docs: "denials",
        request_id: RequestId([0; 12]),
        charged: None,
    };
    let rendered = render(&Denial::of(Cause::CredentialMissing), &rendering);
    assert_eq!(rendered.headers["www-authenticate"], r#"xBasic realm="a \"b\" ?", charset="UTF-8""#);
}

#[test]
fn where_every_token_must_be_bound_dpop_is_offered_in_place_of_bearer() {
    let desk = Desk::open();
    let rendering = Rendering {
        api: "library",
        contract: &desk.contract,
        operation: desk.contract.find("read"),
        resource_metadata: None,
        dpop_required: true,
        nonce: None,
        hidden_basic: false,
        mock: false,
        auth: Auth::Verify,
        docs: "denials",
        request_id: RequestId([0; 12]),
        charged: None,
    };
    let rendered = render(&Denial::of(Cause::CredentialMissing), &rendering);
    let line = rendered.headers["www-authenticate"].to_str().unwrap();
    assert!(
        line.starts_with(r#"DPoP realm="library", scope="books:read", algs="#) && line.contains("ES256"),
        "{line}"
    );
}

#[test]
fn a_scheme_that_nobody_can_meet_is_named_in_the_hint() {
    let mut desk = Desk::open();
    let request = to("digest");
    let guard::Verdict::Deny(denial) = desk.ask(&request).verdict else { panic!("allowed") };
    let hint = rendered(&desk, &request, &denial).problem["hint"].to_string();
    assert!(hint.contains("The scheme digest (http digest) cannot be met here"), "{hint}");
    let request = to("digestOrBadge");
    assert_eq!(desk.verdict(&request), "credential.missing");
    assert_eq!(desk.verdict(&request.field("x-api-key", "alice-key")), "allow");
}

#[test]
fn an_answer_that_is_no_denial_is_a_problem_too() {
    let told = answer(&Answer {
        code: Code::RequestInvalid,
        status: Some(StatusCode::BAD_REQUEST),
        detail: Some("query.limit: must be a number"),
        hint: None,
        docs: "denials",
        mock: true,
        request_id: RequestId([0; 12]),
    });
    assert_eq!((told.status.as_u16(), &told.problem["status"]), (400, &serde_json::json!(400)));
    assert_eq!(told.problem["detail"], "Query.limit: must be a number.");
    assert!(!told.headers.contains_key("www-authenticate"));
}

#[test]
fn a_hint_names_only_what_asks_for_less_than_now() {
    let desk = Desk::open();
    let hint = |auth| {
        let rendering = Rendering {
            api: "library",
            contract: &desk.contract,
            operation: desk.contract.find("read"),
            resource_metadata: None,
            dpop_required: false,
            nonce: None,
            hidden_basic: false,
            mock: true,
            auth,
            docs: "denials",
            request_id: RequestId([0; 12]),
            charged: None,
        };
        let rendered = render(&Denial::of(Cause::CredentialMissing), &rendering);
        rendered.problem["hint"].as_str().unwrap().to_owned()
    };
    assert!(hint(Auth::Verify).contains("--auth presence or --auth off"));
    let presence = hint(Auth::Presence);
    assert!(presence.contains("--auth off") && !presence.contains("presence"), "{presence}");
    assert!(!hint(Auth::Off).contains("--auth"));
}
