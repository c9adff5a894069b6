use base64::{Engine, engine::general_purpose::STANDARD};
use guard::{Auth, Code, Denial, Rendered, Rendering, Verdict, render};
use jose::{Algorithm, SigningKey, forge};
use model::RequestId;
use serde_json::json;

use crate::desk::{Desk, NOW, Request, proof_by, to};

const METADATA: &str = "https://api.example/.well-known/oauth-protected-resource";

pub(crate) fn rendered(desk: &Desk, request: &Request, denial: &Denial) -> Rendered {
    render(
        denial,
        &Rendering {
            api: "library",
            contract: &desk.contract,
            operation: desk.contract.find(request.operation),
            resource_metadata: Some(METADATA),
            dpop_required: false,
            nonce: (denial.code() == Code::ProofNonce).then_some("nonce-2"),
            hidden_basic: false,
            mock: true,
            auth: Auth::Verify,
            docs: "https://docs.example/denials",
            request_id: RequestId([7; 12]),
            charged: None,
        },
    )
}

fn pair(text: &str) -> String {
    format!("Basic {}", STANDARD.encode(text))
}

/// A denial that can be earned: by which request, and what its first challenge begins with.
struct Row {
    code: Code,
    request: Request,
    challenge: Option<&'static str>,
}

fn row(code: Code, request: Request, challenge: impl Into<Option<&'static str>>) -> Row {
    Row { code, request, challenge: challenge.into() }
}

const INVALID: &str = r#"Bearer realm="library", error="invalid_token""#;
const PROOF: &str = r#"DPoP realm="library", error="invalid_dpop_proof", scope="books:read", algs=""#;
const KEY: &str = r#"ApiKey realm="library", in="header", name="X-API-Key""#;
const BASIC: &str = r#"Basic realm="library", charset="UTF-8""#;
const CARD: &str = r#"MutualTLS realm="library""#;

fn of_credentials() -> Vec<Row> {
    vec![
        row(
            Code::CredentialMissing,
            to("read"),
            r#"Bearer realm="library", scope="books:read", resource_metadata="https://api"#,
        ),
        row(Code::CredentialMissing, to("badge"), KEY),
        row(Code::CredentialMissing, to("query"), r#"ApiKey realm="library", in="query", name="key""#),
        row(Code::CredentialMissing, to("session"), r#"ApiKey realm="library", in="cookie", name="session""#),
        row(Code::CredentialMissing, to("pair"), BASIC),
        row(Code::CredentialMissing, to("digest"), r#"digest realm="library""#),
        row(Code::CredentialMissing, to("cardAndToken"), CARD),
        row(Code::CredentialMalformed, to("read").bearer("a b"), INVALID),
        row(Code::CredentialMalformed, to("read").bearer(""), INVALID),
        row(Code::CredentialMalformed, to("read").bearer("a.b.c"), INVALID),
        row(Code::CredentialMalformed, to("read").bearer(&"a".repeat(20_000)), INVALID),
        row(Code::CredentialMalformed, to("pair").field("authorization", "Basic ###"), BASIC),
        row(Code::CredentialMalformed, to("badge").field("x-api-key", ""), KEY),
        row(
            Code::RequestAmbiguous,
            to("read").bearer("a").bearer("b"),
            r#"Bearer realm="library", error="invalid_request""#,
        ),
        row(
            Code::RequestAmbiguous,
            to("open").bearer("a").bearer("b"),
            Some(r#"Bearer realm="library", error="invalid_request""#),
        ),
        row(Code::RequestAmbiguous, to("badge").field("x-api-key", "a").field("x-api-key", "b"), KEY),
        row(
            Code::RequestAmbiguous,
            to("session").field("cookie", "session=a; session=a"),
            r#"ApiKey realm="library", in="cookie""#,
        ),
        row(Code::KeyUnknown, to("badge").field("x-api-key", "guess"), KEY),
        row(Code::KeyUnknown, to("query").query("key=guess"), r#"ApiKey realm="library", in="query""#),
        row(Code::KeyExpired, to("badge").field("x-api-key", "old-key"), KEY),
        row(Code::KeyRevoked, to("badge").field("x-api-key", "revoked-key"), KEY),
        row(Code::PasswordWrong, to("pair").field("authorization", pair("alice:guess")), BASIC),
        row(Code::PasswordWrong, to("pair").field("authorization", pair("nobody:alice-password")), BASIC),
        row(Code::AccountLocked, to("pair").field("authorization", pair("locked:alice-password")), None),
        row(Code::AccountDisabled, to("badge").field("x-api-key", "suspended-key"), None),
        row(Code::CertificateMissing, to("card"), CARD),
        row(Code::CertificateUntrusted, to("card").certificate(1, false), CARD),
        row(Code::TransportInsecure, to("read").exposed(), None),
        row(Code::TransportInsecure, to("open").bearer("anything").exposed(), None),
        row(Code::TransportInsecure, to("open").field("x-api-key", "alice-key").exposed(), None),
    ]
}

fn of_tokens(desk: &Desk) -> Vec<Row> {
    let token = |claims| to("read").bearer(&desk.token(&claims));
    let now = NOW.as_seconds();
    let good = desk.good();
    let other = SigningKey::generate(Algorithm::Es256).unwrap();
    let mut signed_by_another = Desk::open();
    signed_by_another.key = other;
    let (head, signature) = good.rsplit_once('.').unwrap();
    let zeroed = format!("{head}.{}", "A".repeat(signature.len()));
    vec![
        row(Code::TokenSignature, to("read").bearer(&zeroed), INVALID),
        row(Code::TokenKey, to("read").bearer(&signed_by_another.good()), INVALID),
        row(Code::TokenAlgorithm, to("read").bearer("a.b.c.d.e"), INVALID),
        row(
            Code::TokenExpired,
            token(json!({ "exp": now })),
            r#"Bearer realm="library", error="invalid_token", error_description="the token expired at 2027-01-15T08:00:00Z", scope="books:read""#,
        ),
        row(Code::TokenExpired, token(json!({ "exp": null })), INVALID),
        row(
            Code::TokenNotYetValid,
            token(json!({ "nbf": now + 1 })),
            r#"Bearer realm="library", error="invalid_token", error_description="the token is not valid before "#,
        ),
        row(Code::TokenNotYetValid, token(json!({ "iat": now + 1 })), INVALID),
        row(Code::TokenIssuer, token(json!({ "iss": "https://id.example/" })), INVALID),
        row(Code::TokenIssuer, token(json!({ "iss": null })), INVALID),
        row(Code::TokenAudience, token(json!({ "aud": "https://api.example/library2" })), INVALID),
        row(Code::TokenAudience, token(json!({ "aud": [] })), INVALID),
        row(Code::TokenType, to("read").bearer(&desk.token_as("JWT", &json!({}))), INVALID),
        row(Code::TokenUnknown, to("read").bearer("guess"), INVALID),
        row(Code::TokenUnknown, to("read").bearer("one.dot"), INVALID),
        row(Code::TokenExpired, to("read").bearer("old-opaque-token"), INVALID),
        row(Code::TokenRevoked, token(json!({ "jti": "revoked" })), INVALID),
        row(Code::AccountDisabled, token(json!({ "sub": "suspended" })), None),
        row(Code::UpstreamKeys, token(json!({ "iss": "https://away.example" })), None),
    ]
}

fn of_proofs(desk: &Desk) -> Vec<Row> {
    let bound = desk.bound();
    let dpop = |token: &str| to("read").field("authorization", format!("DPoP {token}"));
    let proof = |jti| desk.proof(&bound, jti, None);
    let other = SigningKey::generate(Algorithm::Es256).unwrap();
    let card = desk.token(&json!({ "cnf": { "x5t#S256": jose::base64url::encode([1; 32]) } }));
    let bound_invalid = r#"DPoP realm="library", error="invalid_token""#;
    vec![
        row(Code::ProofMissing, dpop(&bound), PROOF),
        row(Code::ProofMissing, to("read").bearer(&bound), INVALID),
        row(Code::ProofInvalid, dpop(&bound).field("dpop", "garbage"), PROOF),
        row(Code::ProofInvalid, dpop(&bound).field("dpop", proof("a")).field("dpop", proof("b")), PROOF),
        row(Code::ProofInvalid, dpop(&bound).field("dpop", desk.proof(&desk.good(), "j", None)), PROOF),
        row(
            Code::ProofInvalid,
            dpop(&bound).field("dpop", proof_by(&other, &bound, "j", None)),
            bound_invalid,
        ),
        row(
            Code::ProofInvalid,
            dpop(&desk.good()).field("dpop", desk.proof(&desk.good(), "j", None)),
            bound_invalid,
        ),
        row(Code::ProofMissing, to("read").bearer(&card), INVALID),
        row(Code::ProofInvalid, to("read").bearer(&card).certificate(2, true), INVALID),
        row(Code::ProofInvalid, to("read").bearer(&card).field("x-forwarded-client-cert", "Hash=1"), INVALID),
        row(Code::ProofInvalid, to("read").bearer(&desk.token(&json!({ "cnf": { "jwk": {} } }))), INVALID),
    ]
}

fn of_rights(desk: &Desk) -> Vec<Row> {
    let good = desk.good();
    let now = NOW.as_seconds();
    let scoped = |scope: &str| to("read").bearer(&desk.token(&json!({ "scope": scope })));
    let insufficient = r#"Bearer realm="library", error="insufficient_scope", scope="books:read", resource"#;
    let step_up = r#"Bearer realm="library", error="insufficient_user_authentication", error_description="a sign-in of class mfa, at most 300 s old, is needed", acr_values="mfa", max_age="300""#;
    let fresh = |at: i64, acr: &str| {
        to("fresh").bearer(&desk.token(&json!({ "lobby_at": at, "auth_time": now, "acr": acr })))
    };
    vec![
        row(
            Code::ScopeInsufficient,
            to("write").bearer(&good),
            r#"Bearer realm="library", error="insufficient_scope", scope="books:read books:write", resource"#,
        ),
        row(Code::ScopeInsufficient, scoped("books:readx books"), insufficient),
        row(Code::ScopeInsufficient, scoped("Books:Read"), insufficient),
        row(
            Code::ScopeInsufficient,
            to("read").bearer(&desk.token(&json!({ "scope": ["books:read books:write"] }))),
            insufficient,
        ),
        row(Code::RoleForbidden, to("badgeOfAdmin").field("x-api-key", "alice-key"), None),
        row(Code::RoleForbidden, to("admin").bearer(&desk.token(&json!({ "roles": ["reader"] }))), None),
        row(Code::PolicyForbidden, to("user").bearer(&good).capture("userId", "bob"), None),
        row(Code::PolicyForbidden, to("gold").bearer(&good), None),
        row(Code::AuthStepUp, fresh(now, "pwd"), step_up),
        row(Code::AuthStepUp, fresh(now - 301, "mfa"), step_up),
    ]
}

#[test]
fn every_denial_of_a_request_is_earned_with_its_status_and_challenge() {
    let mut desk = Desk::open();
    let mut rows = of_credentials();
    rows.extend(of_tokens(&desk));
    rows.extend(of_proofs(&desk));
    rows.extend(of_rights(&desk));
    for (index, row) in rows.iter().enumerate() {
        let Verdict::Deny(denial) = desk.ask(&row.request).verdict else {
            panic!("row {index} {} was allowed", row.code)
        };
        assert_eq!(denial.code(), row.code, "row {index}: {denial:?}");
        let answer = rendered(&desk, &row.request, &denial);
        assert_eq!(answer.status.as_u16(), row.code.status(), "row {index}");
        assert_eq!(answer.headers["cache-control"], "no-store");
        let lines: Vec<&str> =
            answer.headers.get_all("www-authenticate").iter().map(|line| line.to_str().unwrap()).collect();
        match row.challenge {
            None => assert!(lines.is_empty(), "row {index} {}: {lines:?}", row.code),
            Some(challenge) => {
                assert!(lines.first().unwrap().starts_with(challenge), "row {index} {}: {lines:?}", row.code);
                assert!(lines.iter().skip(1).all(|line| !line.contains("error=")), "row {index}: {lines:?}");
            }
        }
        assert_eq!(answer.problem["code"], row.code.as_str());
        assert_eq!(answer.problem["status"], row.code.status());
        assert!(!answer.problem["detail"].as_str().unwrap().is_empty());
        if row.code.status() == 401 {
            assert!(answer.problem["hint"].as_str().unwrap().contains("--auth off"), "{}", answer.problem);
        }
    }
    let earned: std::collections::BTreeSet<Code> = rows.iter().map(|row| row.code).collect();
    let elsewhere = [Code::ProofReplayed, Code::ProofNonce, Code::RateLimited, Code::QuotaExceeded];
    for code in
        Code::denials().filter(|code| !code.as_str().starts_with("upstream.") && *code != Code::RiskBlocked)
    {
        assert!(earned.contains(&code) || elsewhere.contains(&code), "{code} is earned by no row");
    }
}

#[test]
fn every_deliberate_defect_of_a_token_is_told_by_its_own_name() {
    let mut desk = Desk::open();
    let claims = json!({
        "iss": crate::desk::ISSUER, "aud": crate::desk::AUDIENCE, "sub": "alice", "jti": "t1",
        "scope": "books:read", "iat": NOW.as_seconds(), "exp": NOW.as_seconds() + 600,
    });
    for (name, code) in [
        ("expired", "token.expired"),
        ("wrong_audience", "token.audience"),
        ("wrong_issuer", "token.issuer"),
        ("bad_signature", "token.signature"),
        ("alg_none", "token.algorithm"),
        ("not_yet_valid", "token.not_yet_valid"),
    ] {
        let defect: forge::Defect = name.parse().unwrap();
        let token = forge::forge(defect, &desk.key, "at+jwt", claims.as_object().unwrap(), NOW).unwrap();
        assert_eq!(desk.verdict(&to("read").bearer(&token)), code);
    }
}

#[test]
fn a_proof_is_good_once_and_only_with_a_nonce_where_one_is_demanded() {
    let mut desk = Desk::open();
    let bound = desk.bound();
    let with =
        |proof: String| to("read").field("authorization", format!("dpop {bound}")).field("dpop", proof);
    let first = with(desk.proof(&bound, "j1", None));
    assert_eq!(desk.verdict(&first), "allow");
    assert_eq!(desk.verdict(&first), "proof.replayed");

    desk.settings.dpop.nonce = true;
    let without = with(desk.proof(&bound, "j2", None));
    let Verdict::Deny(denial) = desk.ask(&without).verdict else { panic!("allowed") };
    assert_eq!(denial.code(), Code::ProofNonce);
    let answer = rendered(&desk, &without, &denial);
    assert_eq!(answer.headers["dpop-nonce"], "nonce-2");
    let line = answer.headers["www-authenticate"].to_str().unwrap();
    assert!(line.starts_with(r#"DPoP realm="library", error="use_dpop_nonce""#), "{line}");
    assert_eq!(desk.verdict(&with(desk.proof(&bound, "j3", Some("nonce-0")))), "proof.nonce");
    assert_eq!(desk.verdict(&with(desk.proof(&bound, "j4", Some("nonce-1")))), "allow");
}

#[test]
fn a_bound_token_as_bearer_is_told_what_it_should_have_come_as() {
    let mut desk = Desk::open();
    let request = to("read").bearer(&desk.bound());
    let Verdict::Deny(denial) = desk.ask(&request).verdict else { panic!("allowed") };
    let answer = rendered(&desk, &request, &denial);
    let lines: Vec<&str> =
        answer.headers.get_all("www-authenticate").iter().map(|line| line.to_str().unwrap()).collect();
    assert!(
        lines[0].starts_with(INVALID) && lines[1].starts_with(r#"DPoP realm="library", scope="#),
        "{lines:?}"
    );
}

#[test]
fn a_certificate_bound_token_passes_over_its_certificate_trusted_or_not() {
    let mut desk = Desk::open();
    let token = desk.token(&json!({ "cnf": { "x5t#S256": jose::base64url::encode([1; 32]) } }));
    assert_eq!(desk.verdict(&to("read").bearer(&token).certificate(1, false)), "allow");
}

#[test]
fn revocation_is_told_before_the_proof_and_the_proof_before_the_account() {
    let mut desk = Desk::open();
    let cnf = json!({ "jkt": desk.holder.public().thumbprint() });
    let token = |claims| to("read").bearer(&desk.token(&claims));
    let revoked = token(json!({ "jti": "revoked", "cnf": cnf, "sub": "suspended" }));
    let unproven = token(json!({ "cnf": cnf, "sub": "suspended" }));
    let disabled = token(json!({ "sub": "suspended", "scope": "" }));
    assert_eq!(desk.verdict(&revoked), "token.revoked");
    assert_eq!(desk.verdict(&unproven), "proof.missing");
    assert_eq!(desk.verdict(&disabled), "account.disabled");
}

#[test]
fn every_denial_can_be_staged_on_any_operation() {
    let desk = Desk::open();
    for operation in desk.contract.operations() {
        for code in Code::ALL {
            let staged = Denial::staged(*code, &desk.contract, operation, NOW);
            assert_eq!(staged.is_some(), code.is_denial(), "{code}");
            let Some(denial) = staged else { continue };
            assert_eq!(denial.code(), *code);
            let name = Request {
                operation: Box::leak(operation.name.to_string().into_boxed_str()),
                ..Request::default()
            };
            let answer = rendered(&desk, &name, &denial);
            assert_eq!(answer.status.as_u16(), code.status());
            let challenged = answer.headers.contains_key("www-authenticate");
            assert!(code.status() != 401 || challenged, "{code} on {}", operation.name);
            assert_eq!(answer.headers.contains_key("retry-after"), code.status() == 429, "{code}");
        }
    }
}
