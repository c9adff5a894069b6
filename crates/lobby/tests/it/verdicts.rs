//! Every code of the papers, earned by a request and not by a scenario: with exactly its status, challenge,
//! body and header fields.

mod bookshop;
mod proofs;
mod prover;
mod row;
mod settings;

use std::collections::BTreeSet;

use guard::Code;

use self::{
    bookshop::plain,
    proofs::{certificates, proofs},
    row::Row,
    settings::configured,
};
pub(crate) use self::{prover::Prover, settings::announcement};

/// An operation whose 401 the document does not describe: the problem is the body.
const ORDERS: &str = "/users/alice/orders";

const BADGE: &[&str] = &[r#"ApiKey realm="bookshop", in="header", name="X-API-Key""#];
const COOKIE: &[&str] = &[r#"ApiKey realm="bookshop", in="cookie", name="bookshop_session""#];
const BASIC: &[&str] = &[r#"Basic realm="bookshop", charset="UTF-8""#];
const INVALID: &[&str] =
    &[r#"Bearer realm="bookshop", error="invalid_token", scope="orders:read", resource_metadata="M""#];
const TIMES: &[&str] = &[
    r#"Bearer realm="bookshop", error="invalid_token", error_description="…", scope="orders:read", resource_metadata="M""#,
];

/// `upstream.…` and `risk.…` need an upstream and an engine; `fault` is a defect of ours; `head.size` on
/// HTTP/1.1 is the parser's own answer (the attacks' tests see it); `sandbox.full` needs a house of its own (doors.rs),
/// `busy` a database that is away (process.rs).
const ELSEWHERE: &[&str] = &["busy", "fault", "head.size", "sandbox.full"];

#[tokio::test]
async fn every_code_is_earned_by_a_request() {
    let mut rows = plain().await;
    rows.extend(configured().await);
    rows.extend(proofs().await);
    rows.extend(certificates().await);
    rows.iter().for_each(Row::check);
    let earned: BTreeSet<&str> = rows.iter().map(|row| row.code).collect();
    let all = Code::ALL.iter().map(|code| code.as_str());
    let lacking: Vec<&str> = all
        .filter(|code| !code.starts_with("upstream.") && !code.starts_with("risk."))
        .filter(|code| !earned.contains(code) && !ELSEWHERE.contains(code))
        .collect();
    assert!(lacking.is_empty(), "never earned: {lacking:?}");
}
