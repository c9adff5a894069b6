//! One event as a line for people, and as a line for programs.

use model::{DecisionEvent, Event, RequestEvent, SignInOutcome};
use serde_json::{Value, json};

pub(super) fn text(event: &Event) -> String {
    match event {
        Event::Request(request) => format!(
            "{} {} {} {} {} {:.1} ms\n",
            request.at,
            request.status,
            request.verdict,
            request
                .operation
                .as_deref()
                .map_or_else(|| format!("{} {}", request.method, request.path.escape_debug()), str::to_owned),
            request.subject.as_deref().unwrap_or("-"),
            request.took.as_secs_f64() * 1000.0
        ),
        Event::Decision(decision) => decided(decision),
        Event::SignIn(tried) => format!(
            "{} sign-in {} from {} ({})\n",
            tried.at,
            tried.outcome.as_str(),
            tried.peer,
            tried.subject.as_deref().unwrap_or("-")
        ),
        Event::Spraying { at, sandbox, peer, accounts } => format!(
            "warning: {accounts} accounts were tried within a few minutes, the last from {peer}: strangers are slowed \
             down (sandbox {sandbox}, {at})\n"
        ),
        Event::FamilyBurnt { at, sandbox, client, subject, .. } => format!(
            "warning: a used refresh token came again: the family of {subject} at {client} is revoked \
             (sandbox {sandbox}, {at})\n"
        ),
    }
}

fn decided(decision: &DecisionEvent) -> String {
    let DecisionEvent { id, method, path, operation, steps, .. } = decision;
    let mut text = format!("{method} {} → {} ({id})\n", path.escape_debug(), operation.escape_debug());
    for step in steps {
        text.push_str("  ");
        // A step is one line, whatever a client put into it.
        text.extend(step.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }));
        text.push('\n');
    }
    text
}

pub(super) fn json(event: &Event) -> Value {
    match event {
        Event::Request(request) => asked(request),
        Event::Decision(decision) => json!({
            "level": "info", "event": "decision", "at": decision.real.to_string(), "id": decision.id.to_string(),
            "method": &*decision.method, "path": &*decision.path, "operation": &*decision.operation,
            "steps": &decision.steps,
        }),
        Event::SignIn(tried) => json!({
            "level": if tried.outcome == SignInOutcome::LockedNow { "warning" } else { "info" },
            "event": "sign_in", "at": tried.at.to_string(), "sandbox": tried.sandbox.as_str(),
            "peer": tried.peer.to_string(), "subject": tried.subject.as_deref(),
            "outcome": tried.outcome.as_str(),
        }),
        Event::Spraying { at, sandbox, peer, accounts } => json!({
            "level": "warning", "event": "spraying", "at": at.to_string(), "sandbox": sandbox.as_str(),
            "peer": peer.to_string(), "accounts": accounts,
        }),
        Event::FamilyBurnt { at, sandbox, client, subject, .. } => json!({
            "level": "warning", "event": "family_burnt", "at": at.to_string(), "sandbox": sandbox.as_str(),
            "client": &**client, "subject": &**subject,
        }),
    }
}

/// A server's own failure is an error; that somebody was turned away is the day's work.
fn asked(request: &RequestEvent) -> Value {
    let level = if request.status >= 500 { "error" } else { "info" };
    json!({
        "level": level, "event": "request", "at": request.real.to_string(),
        "sandbox_at": request.at.to_string(), "id": request.id.to_string(), "peer": request.peer.to_string(),
        "method": &*request.method, "path": &*request.path, "sandbox": request.sandbox.as_str(),
        "api": &*request.api, "operation": request.operation.as_deref(), "persona": request.subject.as_deref(),
        "scenario": request.scenario.as_deref(), "verdict": request.verdict, "status": request.status,
        "micros": u64::try_from(request.took.as_micros()).unwrap_or(u64::MAX),
    })
}
