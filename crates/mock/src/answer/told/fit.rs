//! Which of the words of other houses fits what happened: `UNAUTHENTICATED`, `RateLimitExceeded`.

use super::super::generate::split;

/// Words that say nothing by themselves.
const EMPTY: [&str; 22] = [
    "error",
    "err",
    "exception",
    "request",
    "invalid",
    "code",
    "failed",
    "the",
    "is",
    "not",
    "api",
    "key",
    "user",
    "content",
    "type",
    "media",
    "bad",
    "no",
    "such",
    "too",
    "large",
    "down",
];

/// What a code is called elsewhere, the best first.
fn of_code(code: &str) -> &'static [&'static str] {
    match code {
        "credential.missing" => &[
            "unauthenticated",
            "missing credentials",
            "credentials missing",
            "missing token",
            "token missing",
        ],
        "credential.malformed" => &["malformed token", "token malformed", "malformed credentials"],
        "token.expired" => &["token expired", "expired token", "session expired", "expired"],
        "token.revoked" => &["token revoked", "revoked token"],
        "token.signature"
        | "token.algorithm"
        | "token.key"
        | "token.issuer"
        | "token.audience"
        | "token.type"
        | "token.unknown"
        | "token.not_yet_valid" => &["invalid token", "token invalid", "bad token"],
        "key.unknown" | "key.expired" | "key.revoked" => {
            &["invalid api key", "api key invalid", "invalid key", "bad api key"]
        }
        "password.wrong" => &["invalid credentials", "bad credentials", "wrong password", "invalid password"],
        "auth.step_up" => {
            &["authentication required", "reauthentication required", "insufficient user authentication"]
        }
        "account.locked" => &["account locked", "locked"],
        "account.disabled" => &["account disabled", "user disabled", "disabled", "suspended"],
        "scope.insufficient" => &["permission denied", "insufficient scope", "insufficient permissions"],
        "quota.exceeded" => &["quota exceeded", "quota limit exceeded", "limit exceeded"],
        _ => &[],
    }
}

/// What a status is called elsewhere, the best first.
fn of_status(status: u16) -> &'static [&'static str] {
    match status {
        400 => &[
            "bad request",
            "invalid argument",
            "invalid request",
            "validation error",
            "validation failed",
            "bad input",
            "malformed request",
            "invalid input",
        ],
        401 => &[
            "unauthenticated",
            "unauthorized",
            "unauthorised",
            "not authenticated",
            "authentication required",
            "authentication failed",
            "authentication error",
            "invalid token",
            "invalid credentials",
            "invalid api key",
            "login required",
            "not authorized",
        ],
        403 => &[
            "permission denied",
            "forbidden",
            "access denied",
            "insufficient permissions",
            "insufficient scope",
            "not authorized",
            "not allowed",
            "unauthorized",
            "authorization failed",
        ],
        404 => &["not found", "resource not found", "does not exist", "no such resource", "unknown"],
        405 => &["method not allowed"],
        406 => &["not acceptable"],
        408 => &["request timeout", "timeout"],
        409 => &["conflict", "already exists", "aborted"],
        410 => &["gone"],
        412 => &["precondition failed", "failed precondition"],
        413 => &["payload too large", "content too large", "request too large", "too large"],
        415 => &["unsupported media type", "unsupported content type"],
        422 => &[
            "unprocessable content",
            "unprocessable entity",
            "validation error",
            "validation failed",
            "invalid argument",
            "invalid input",
            "bad request",
        ],
        429 => &[
            "too many requests",
            "rate limit exceeded",
            "rate limited",
            "rate limit",
            "resource exhausted",
            "throttled",
            "slow down",
            "quota exceeded",
            "limit exceeded",
        ],
        500 => {
            &["internal", "internal error", "internal server error", "server error", "api error", "unknown"]
        }
        501 => &["not implemented", "unimplemented"],
        502 => &["bad gateway", "upstream error"],
        503 => &["unavailable", "service unavailable", "temporarily unavailable", "server unavailable"],
        504 => &["timeout", "gateway timeout", "deadline exceeded"],
        _ => &[],
    }
}

/// How well `text` fits; the lower the better, `None` where it does not at all.
pub(super) fn rank(text: &str, code: Option<&str>, status: u16) -> Option<usize> {
    let mut words = split(text);
    let whole = words.join(" ");
    while words.len() > 1 && matches!(words.last().map(String::as_str), Some("error" | "exception" | "err")) {
        words.pop();
    }
    let joined = words.join(" ");
    let own = code.map(|code| code.replace(['.', '_'], " "));
    if own.as_deref() == Some(&*joined) || joined == status.to_string() {
        return Some(0);
    }
    let names = || code.map_or(&[][..], of_code).iter().chain(of_status(status));
    if let Some(place) = names().position(|name| *name == joined || *name == whole) {
        return Some(1 + place);
    }
    let says = |word: &&String| {
        let word = word.as_str();
        !EMPTY.contains(&word) && names().any(|name| name.split(' ').any(|known| known == word))
    };
    let fitting = words.iter().filter(says).count();
    (fitting * 2 >= words.len() && fitting > 0).then(|| 1000 - fitting.min(100))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best<'a>(all: &[&'a str], code: &str, status: u16) -> Option<&'a str> {
        let ranked = all.iter().filter_map(|text| Some((rank(text, Some(code), status)?, *text)));
        ranked.min_by_key(|(rank, _)| *rank).map(|(_, text)| text)
    }

    #[test]
    fn the_nearest_name_fits() {
        let camara = ["INVALID_TOKEN_CONTEXT", "PERMISSION_DENIED"];
        assert_eq!(best(&camara, "scope.insufficient", 403), Some("PERMISSION_DENIED"));
        let camara = ["AUTHENTICATION_REQUIRED", "UNAUTHENTICATED"];
        assert_eq!(best(&camara, "token.expired", 401), Some("UNAUTHENTICATED"));
        assert_eq!(best(&camara, "auth.step_up", 401), Some("AUTHENTICATION_REQUIRED"));
        let limits = ["QUOTA_EXCEEDED", "TOO_MANY_REQUESTS"];
        assert_eq!(best(&limits, "rate.limited", 429), Some("TOO_MANY_REQUESTS"));
        assert_eq!(best(&limits, "quota.exceeded", 429), Some("QUOTA_EXCEEDED"));
        assert_eq!(
            best(&["NotFoundError", "UnauthorizedError"], "key.unknown", 401),
            Some("UnauthorizedError")
        );
        assert_eq!(best(&["api_error", "card_error"], "token.expired", 401), None);
        assert_eq!(best(&["card_error", "api_error"], "fault", 500), Some("api_error"));
    }
}
