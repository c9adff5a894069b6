use std::collections::BTreeSet;

use bytes::Bytes;
use guard::{Cause, Finding, Issuers, Note, Verdict};
use http::Response;
use jose::{
    Check,
    jwt::{self, Audience, Trust, Types},
};
use serde_json::{Value, json};

use crate::{
    Foreseen, Verification,
    body::Members,
    catalogue::Catalogue,
    control::Call,
    refusal::{Refusal, ok},
};

/// `POST /_lobby/inspect`: what each operation would answer to a token, and why, by the decision that a
/// request meets. Nothing is counted by it.
pub(crate) async fn post(call: &Call<'_>) -> Result<Response<Bytes>, Refusal> {
    let mut members = Members::read(call.request, &["token", "operation"])?;
    let token = members.required("token", "\"eyJhbGciOiJFUzI1NiIs…\"")?;
    let operation = members.text("operation")?;
    let desk = &*call.control.rooms.desk;
    let catalogue = Catalogue::of(desk);
    let wanted = match &operation {
        None => None,
        Some(written) => {
            let named = catalogue.operations(written).into_iter();
            let named: Vec<_> =
                named.map(|(api, operation)| (api.name.clone(), operation.name.clone())).collect();
            if named.is_empty() {
                return Err(Refusal::wrong(catalogue.no_operation(written)));
            }
            Some(named)
        }
    };
    let inspected = desk.inspect(token.clone(), wanted, call.visit).await;
    let issuer = jwt::peek(&token).claims.and_then(|claims| Some(claims.get("iss")?.as_str()?.to_owned()));
    let verification = inspected.verification.as_ref();
    let failure = verification.and_then(|verification| verification.failure.as_ref());
    Ok(ok(&json!({
        "issuer": &*call.visit.issuer,
        "now": call.visit.sandbox.clock().now(call.visit.real).to_string(),
        "verifies": verification.map(|verification| verification.failure.is_none()),
        "failure": failure.map(failed),
        "revoked": verification.and_then(|verification| verification.revoked),
        "accepted": verification.map(|verification| accepted(verification, issuer.as_deref())),
        "checks": verification.map(checks).unwrap_or_default(),
        "operations": inspected.answers.iter().map(foreseen).collect::<Vec<_>>(),
    })))
}

fn failed(cause: &Cause) -> Value {
    json!({ "code": cause.code().as_str(), "detail": cause.detail(), "hint": cause.code().hint() })
}

/// Each check, in order; `null` for what was not looked at because an earlier one had failed.
fn checks(verification: &Verification) -> Vec<Value> {
    let failed = verification.failure.as_ref().map(|cause| (cause, cause.check()));
    let held = |check: Check| match failed {
        None => Some(true),
        // Without the issuer's keys nothing can be said of the algorithm.
        Some((Cause::Upstream(_), _)) if check == Check::Algorithm => None,
        Some((_, Some(at))) => (check <= at).then_some(check < at),
        Some((_, None)) => None,
    };
    let each = Check::ALL.into_iter();
    each.map(|check| json!({ "check": check.as_str(), "held": held(check) })).collect()
}

/// What a token may name, for its issuer: keys by their names, never a key.
fn accepted(verification: &Verification, issuer: Option<&str>) -> Value {
    let trusts =
        || verification.believed.iter().flat_map(|issuers: &std::sync::Arc<Issuers>| &issuers.trusts);
    let without_keys = verification.believed.iter().flat_map(|issuers| &issuers.unavailable);
    let its = || trusts().filter(|trust| Some(&*trust.issuer) == issuer);
    let keys = its().flat_map(|trust| trust.keys.keys()).filter_map(|key| key.kid());
    json!({
        "issuers": distinct(trusts().map(|trust| &*trust.issuer).chain(without_keys.map(String::as_str))),
        "keys": distinct(keys),
        "types": distinct(its().flat_map(types)),
        "audiences": distinct(its().flat_map(audiences)),
    })
}

fn types(trust: &Trust) -> Vec<&str> {
    match &trust.types {
        Types::AccessToken => vec!["at+jwt"],
        Types::OneOf(names) => names.iter().map(String::as_str).collect(),
        Types::Unmarked => vec!["at+jwt", "JWT", "none at all"],
        Types::Any => vec!["any"],
    }
}

fn audiences(trust: &Trust) -> Vec<&str> {
    match &trust.audience {
        Audience::OneOf(names) => names.iter().map(|name| &**name).collect(),
        Audience::Unchecked => vec!["any"],
    }
}

/// Each once, in their order.
fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    names.filter(|name| seen.insert(*name)).collect()
}

fn foreseen(one: &Foreseen) -> Value {
    let cause = match &one.verdict {
        Verdict::Allow(_) => None,
        Verdict::Deny(denial) => Some(&denial.cause),
    };
    json!({
        "api": &*one.api,
        "operation": &*one.operation,
        "method": one.method.as_str(),
        "path": one.path,
        "verdict": one.verdict.as_str(),
        "status": cause.map(|cause| cause.code().status()),
        "why": cause.map(Cause::detail),
        "hint": cause.map(|cause| cause.code().hint()),
        "assumed": one.assumed.as_ref().map(|(name, value)| format!("{name} = {value}")),
        "steps": one.steps.iter().map(step).collect::<Vec<_>>(),
    })
}

fn step(note: &Note) -> Value {
    let found = match note.found {
        Finding::Good => "ok",
        Finding::Bad => "no",
        Finding::Told => "told",
    };
    json!({ "looked_at": note.looked_at, "found": found, "words": note.words })
}
