use guard::Code;
use testkit::{Answer, Client};

/// One earned answer, and what it must be.
pub(super) struct Row {
    pub(super) code: &'static str,
    status: u16,
    /// `WWW-Authenticate`, line by line. `…` stands for any text; `M` for the metadata's URL.
    challenge: &'static [&'static str],
    answer: Answer,
    /// Whether the document describes the answer's body itself.
    documented: bool,
    server: String,
}

pub(super) fn row(
    lobby: &Client,
    code: &'static str,
    status: u16,
    challenge: &'static [&'static str],
    answer: Answer,
) -> Row {
    let server = lobby.base().as_str().trim_end_matches('/').to_owned();
    Row { code, status, challenge, answer, documented: false, server }
}

impl Row {
    pub(super) fn documented(self) -> Self {
        Self { documented: true, ..self }
    }

    pub(super) fn check(&self) {
        let Self { code, status, answer, .. } = self;
        if Code::parse(code).is_some_and(Code::is_denial) {
            answer.is_denied(*status, code);
        } else {
            assert_eq!(answer.is(*status).header("lobby-verdict"), Some(*code), "{answer:?}");
        }
        let metadata = format!("{}/.well-known/oauth-protected-resource/bookshop", self.server);
        let expected: Vec<String> =
            self.challenge.iter().map(|line| line.replace("\"M\"", &format!("\"{metadata}\""))).collect();
        let lines = answer.header_lines("www-authenticate");
        assert_eq!(lines.len(), expected.len(), "{code}: {lines:#?}");
        for (line, expected) in lines.iter().zip(&expected) {
            let fits = match expected.split_once('…') {
                None => line == expected,
                Some((start, end)) => line.starts_with(start) && line.ends_with(end),
            };
            assert!(fits, "{code}: {line}\nexpected {expected}");
        }
        let retry = answer.header("retry-after").and_then(|seconds| seconds.parse::<u64>().ok());
        assert_eq!(retry.is_some_and(|seconds| seconds > 0), *status == 429, "{code}: Retry-After");
        let id = answer.header("lobby-request-id").unwrap().to_owned();
        let body = answer.json();
        if self.documented {
            assert!(body["status"].is_u64(), "{code}: {body}");
            return;
        }
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{code}");
        assert_eq!(body["status"], *status, "{code}");
        assert_eq!(body["code"], *code);
        assert_eq!(body["request_id"], id.as_str(), "{code}");
        let anchor = code.replace(['.', '_'], "-");
        assert!(body["type"].as_str().unwrap().ends_with(&format!("#{anchor}")), "{code}: {body}");
        for member in ["title", "detail", "hint"] {
            assert!(body[member].as_str().is_some_and(|text| !text.is_empty()), "{code}: {member} in {body}");
        }
    }
}
