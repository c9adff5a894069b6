//! What was found out, for people and for programs.

use std::fmt::Write;

use jose::{Check, Rejection, jwt::Bearer};
use model::{Timestamp, format_duration};
use serde_json::{Value, json};

use super::{
    Told,
    reading::Reading,
    sight::{Answered, Checked, Sight, Step},
};

/// For people.
pub(super) fn text(told: &Told) -> String {
    let mut out = String::new();
    let kind = told.reading.kind();
    let mut letters = kind.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    let _ = writeln!(out, "{first}{}", letters.as_str());
    facts(&mut out, told);
    match &told.sight {
        None => alone(&mut out, &told.reading),
        Some(sight) => {
            verification(&mut out, told, sight);
            operations(&mut out, &sight.operations);
            out.push_str(
                "\nThe mock itself says so, of the token as a Bearer and nothing beside it. Nothing was counted, and \
                 no play was looked at.\n",
            );
        }
    }
    out
}

fn facts(out: &mut String, told: &Told) {
    let reading = &told.reading;
    let mut fact = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            let _ = writeln!(out, "  {name:<12}{value}");
        }
    };
    let ours = told.sight.as_ref().map(|sight| reading.issuer() == Some(&*sight.issuer));
    let believed = told.sight.as_ref().and_then(|sight| sight.accepted.as_ref());
    let known =
        |issuer: &str| believed.is_some_and(|accepted| accepted.issuers.iter().any(|known| known == issuer));
    let whose = match ours {
        Some(true) => ", this Lobby",
        Some(false) if reading.issuer().is_some_and(known) => ", somebody else who is believed here",
        Some(false) => ", somebody else",
        None => "",
    };
    fact("issued by", reading.issuer().map(|issuer| format!("{issuer}{whose}")));
    fact("for", Some(reading.texts("aud").join(", ")));
    let client = reading.claim("client_id").and_then(Value::as_str);
    let through = client.filter(|client| Some(*client) != reading.subject());
    let through = through.map(|client| format!(", through the client {client}")).unwrap_or_default();
    fact("stands for", reading.subject().map(|subject| format!("{subject}{through}")));
    let scopes = [reading.texts("scope"), reading.texts("scp")].concat();
    let is_jwt = reading.form == Bearer::Jwt && reading.peek.claims.is_some();
    fact("scopes", is_jwt.then(|| if scopes.is_empty() { "none".to_owned() } else { scopes.join(" ") }));
    fact("roles", Some(reading.texts("roles").join(", ")));
    fact("bound to", reading.claim("cnf").map(bound));
    let at = |name: &str| reading.instant(name).map(|at| format!("{at}, {}", relative(at, told.now)));
    fact("issued", at("iat"));
    fact("not before", at("nbf").filter(|_| reading.instant("nbf") != reading.instant("iat")));
    let expires = at("exp").or_else(|| is_jwt.then(|| "never said: it has no exp".to_owned()));
    fact("expires", expires);
    let sight = told.sight.as_ref();
    let clock = sight.map(|sight| format!("{}, the sandbox {}", whole(sight.now), sight.sandbox));
    fact("clock", clock.or_else(|| is_jwt.then(|| format!("{}, this machine's", whole(told.now)))));
}

fn bound(cnf: &Value) -> String {
    let has = |name: &str| cnf.get(name).is_some();
    match (has("jkt"), has("x5t#S256")) {
        (true, false) => "a key: it is sent as `Authorization: DPoP` with a proof of that key".to_owned(),
        (false, true) => "a client certificate: it is sent over a connection that shows it".to_owned(),
        (true, true) | (false, false) => "something that nobody here can prove".to_owned(),
    }
}

fn whole(at: Timestamp) -> Timestamp {
    Timestamp::from_seconds(at.as_seconds())
}

/// `in 9m58s`, `2m ago`; whole seconds.
fn relative(at: Timestamp, now: Timestamp) -> String {
    let seconds = |span: std::time::Duration| format_duration(std::time::Duration::from_secs(span.as_secs()));
    if at > now {
        format!("in {}", seconds(at.since(now)))
    } else {
        format!("{} ago", seconds(now.since(at)))
    }
}

fn alone(out: &mut String, reading: &Reading) {
    let words = match (reading.form, reading.rejection) {
        (_, Some(rejection)) => format!("Anybody would refuse it: {}, {rejection}", rejection.code()),
        (Bearer::Opaque, None) => "Only who issued it can say what it is good for".to_owned(),
        (Bearer::Jwt | Bearer::Malformed, None) => {
            "Its form and its algorithm hold; whether it verifies, only a running Lobby can say".to_owned()
        }
    };
    let _ = writeln!(out, "\n{words}");
}

fn verification(out: &mut String, told: &Told, sight: &Sight) {
    if sight.verifies.is_none() {
        out.push_str("\nDoes it verify? There is nothing to verify: it would be looked up, and no such token was issued here\n");
        return;
    }
    let conclusion = match (&sight.failure, sight.revoked) {
        (Some(failure), _) => format!("No: {}, {}", failure.code, failure.detail),
        (None, Some(true)) => "Its signature does, but it was revoked: token.revoked".to_owned(),
        (None, Some(false) | None) => "Yes, and it is not revoked".to_owned(),
    };
    let _ = writeln!(out, "\nDoes it verify? {conclusion}");
    for check in &sight.checks {
        let mark = mark(check.held);
        let _ = writeln!(out, "  {mark}  {:<11}{}", check.check, checked(check, told, sight));
    }
    let words = match sight.revoked {
        None => "not looked at",
        Some(false) => "the server knows of none",
        Some(true) => "it was revoked, or its session has ended",
    };
    let _ = writeln!(out, "  {}  {:<11}{words}", mark(sight.revoked.map(|revoked| !revoked)), "revocation");
    if let Some(hint) = sight.failure.as_ref().and_then(|failure| failure.hint.as_ref()) {
        let _ = writeln!(out, "hint: {hint}");
    }
}

fn mark(held: Option<bool>) -> &'static str {
    match held {
        Some(true) => "ok",
        Some(false) => "no",
        None => "--",
    }
}

/// What a check looked at.
fn checked(checked: &Checked, told: &Told, sight: &Sight) -> String {
    let reading = &told.reading;
    let Some(good) = checked.held else { return "not looked at".to_owned() };
    let Some(check) = Check::ALL.into_iter().find(|check| check.as_str() == checked.check) else {
        return String::new();
    };
    let failed = || sight.failure.as_ref().map(|failure| failure.detail.clone()).unwrap_or_default();
    let header = |name: &str| reading.peek.header.as_ref().and_then(|header| header.get(name)).map(shown);
    let named = |name: &str| header(name).unwrap_or_else(|| "none named".to_owned());
    let accepted = |names: Option<&Vec<String>>| match names {
        Some(these) if !good && !these.is_empty() => format!("; accepted is {}", these.join(" or ")),
        Some(_) | None => String::new(),
    };
    let may = sight.accepted.as_ref();
    match check {
        Check::Form if good => "three parts, JSON in base64url".to_owned(),
        Check::Form => failed(),
        Check::Algorithm if good => named("alg"),
        Check::Algorithm => format!("{}: {}", named("alg"), failed()),
        Check::Issuer => {
            let issuer = reading.issuer().unwrap_or("none named");
            format!("{issuer}{}", accepted(may.map(|may| &may.issuers)))
        }
        Check::Key if good => named("kid"),
        Check::Key => format!("{}: {}{}", named("kid"), failed(), accepted(may.map(|may| &may.keys))),
        Check::Type => format!("{}{}", named("typ"), accepted(may.map(|may| &may.types))),
        Check::Audience => {
            let named = reading.texts("aud").join(", ");
            let named = if named.is_empty() { "none named".to_owned() } else { named };
            format!("{named}{}", accepted(may.map(|may| &may.audiences)))
        }
        Check::Times if good => "not expired, and not too early".to_owned(),
        Check::Times => times(reading, sight),
        Check::Signature if good => "made by that key over this token".to_owned(),
        Check::Signature => "not made by that key over this token".to_owned(),
    }
}

/// Why a token's times do not hold.
fn times(reading: &Reading, sight: &Sight) -> String {
    let early = reading.instant("nbf").max(reading.instant("iat")).filter(|at| *at > sight.now);
    match (early, reading.instant("exp")) {
        (_, None) => "it has no exp".to_owned(),
        (_, Some(since)) if since <= sight.now => format!("expired {}", relative(since, sight.now)),
        (Some(until), Some(_)) => format!("valid {}", relative(until, sight.now)),
        (None, Some(since)) => format!("expires {}", relative(since, sight.now)),
    }
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Operations that answer the same for the same reason stand together; what was looked at for all of them comes
/// first, what each demands after it.
fn operations(out: &mut String, answered: &[Answered]) {
    if answered.is_empty() {
        return;
    }
    out.push_str("\nWhat would each operation answer to it?\n");
    let several = answered.iter().any(|one| answered.first().is_some_and(|first| first.api != one.api));
    let mut groups: Vec<Vec<&Answered>> = Vec::new();
    for one in answered {
        let same = |group: &&mut Vec<&Answered>| group.first().is_some_and(|first| is_alike(first, one));
        match groups.iter_mut().find(same) {
            Some(group) => group.push(one),
            None => groups.push(vec![one]),
        }
    }
    for group in groups {
        let Some(first) = group.first() else { continue };
        match (first.status, &first.why) {
            (Some(status), Some(why)) => {
                let _ = writeln!(out, "\n{status} {}: {why}", first.verdict);
            }
            (Some(_) | None, _) => out.push_str("\nallow\n"),
        }
        for step in first.steps.iter().filter(|step| is_common(step)) {
            let _ = writeln!(out, "  {}", line(step));
        }
        for one in &group {
            operation_lines(out, one, several);
        }
        if let Some(hint) = &first.hint {
            let _ = writeln!(out, "  hint: {hint}");
        }
    }
}

fn operation_lines(out: &mut String, one: &Answered, several: bool) {
    let api = if several { format!(" of {}", one.api) } else { String::new() };
    let assumed = one.assumed.as_ref().map(|assumed| format!(", taken that {assumed}")).unwrap_or_default();
    let named = format!("{} {}", one.method, one.path);
    let name = if named == one.operation { String::new() } else { format!("  {}", one.operation) };
    let _ = writeln!(out, "    {named}{name}{api}{assumed}");
    // Why the whole group is denied stands above it already.
    let told = one.why.as_ref().map(|why| format!(", {why}")).unwrap_or_default();
    for step in one.steps.iter().filter(|step| !is_common(step) && step.looked_at != VERDICT) {
        let line = line(step);
        let line = if told.is_empty() { line.as_str() } else { line.strip_suffix(&told).unwrap_or(&line) };
        let _ = writeln!(out, "        {line}");
    }
}

fn line(step: &Step) -> String {
    let mark = if step.found == "told" { "  " } else { step.found.as_str() };
    format!("{mark}  {}: {}", step.looked_at, step.words)
}

/// The last step, which the heading says already.
const VERDICT: &str = "verdict";

/// Whether a step is about what was presented, and not about what an operation demands.
fn is_common(step: &Step) -> bool {
    !matches!(&*step.looked_at, "alternative" | "requirement" | VERDICT)
}

fn is_alike(one: &Answered, other: &Answered) -> bool {
    let common = |answered: &Answered| {
        answered.steps.iter().filter(|step| is_common(step)).cloned().collect::<Vec<_>>()
    };
    one.verdict == other.verdict && one.why == other.why && common(one) == common(other)
}

/// For programs.
pub(super) fn json(told: &Told) -> Value {
    let reading = &told.reading;
    let instant = |name: &str| reading.instant(name).map(|at| at.to_string());
    let form = match reading.form {
        Bearer::Jwt => "jwt",
        Bearer::Opaque => "opaque",
        Bearer::Malformed => "malformed",
    };
    let mut value = json!({
        "form": form,
        "kind": reading.kind(),
        "header": reading.peek.header,
        "claims": reading.peek.claims,
        "issued_at": instant("iat"),
        "expires_at": instant("exp"),
        "now": told.now.to_string(),
        "server": null,
        "verifies": null,
        "failure": reading.rejection.map(failure),
        "revoked": null,
        "checks": [],
        "operations": [],
    });
    let (Some(sight), Some(members)) = (&told.sight, value.as_object_mut()) else {
        return value;
    };
    let check = |check: &Checked| json!({ "check": check.check, "held": check.held, "words": checked(check, told, sight) });
    let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
    put("server", json!({ "url": sight.url, "sandbox": sight.sandbox, "issuer": sight.issuer }));
    put("operations", json!(sight.operations));
    if sight.verifies.is_some() {
        put("verifies", json!(sight.verifies));
        put("failure", json!(sight.failure));
        put("checks", sight.checks.iter().map(check).collect());
        put("revoked", json!(sight.revoked));
    }
    value
}

fn failure(rejection: Rejection) -> Value {
    let hint = guard::Code::parse(rejection.code()).map(guard::Code::hint);
    json!({ "code": rejection.code(), "detail": rejection.to_string(), "hint": hint })
}
