use std::{net::IpAddr, sync::Arc};

use model::{RealmId, RequestId, SandboxName, Timestamp};

/// Who comes, when, and to which of the authorization servers under this roof: gathered by the gateway once
/// per request.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The sandbox; its name is its realm's.
    pub sandbox: SandboxName,
    /// The issuer, without a slash at the end: what is configured, never what `Host` says (attacks.md, A17).
    pub issuer: String,
    /// The real time.
    pub real: Timestamp,
    /// The sandbox's time.
    pub now: Timestamp,
    /// Who connected, after trusted proxies.
    pub peer: IpAddr,
    /// Whether the connection is TLS.
    pub secure: bool,
    /// The port that was connected to, for the names of cookies.
    pub port: u16,
    /// SHA-256 of the client's certificate, if it showed one.
    pub certificate: Option<[u8; 32]>,
    /// What a scenario wants of this request.
    pub interference: Interference,
    /// Names this request in the journal.
    pub request_id: RequestId,
    /// The URL that the client called, where it is not the endpoint's own (a document's alias): a DPoP proof
    /// may name either.
    pub called: Option<String>,
    /// The access token with which user info is asked, where the guard has verified it and its proof.
    pub token: Option<Arc<guard::Token>>,
}

/// What a mock's scenario wants of one request. Production cannot construct anything but `None`: it has no
/// scenarios to make one from. Delays and faults are the gateway's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Interference {
    /// Nothing.
    #[default]
    None,
    /// `oauth:access_denied`: this error, in the endpoint's own form.
    Error(String),
    /// `status:503`; one below 400 changes nothing: no endpoint has another way to say yes.
    Status(u16),
    /// `keys:rotate`: a new signing key; the old one is still published.
    KeysRotate,
    /// `keys:lose`: a new signing key; every older one is gone.
    KeysLose,
}

impl Visit {
    /// Where everything of this visit is stored.
    pub fn realm(&self) -> RealmId {
        self.sandbox.realm()
    }

    /// What stands before `/_lobby/` in our links: empty, or the issuer's path.
    pub(crate) fn base(&self) -> &str {
        let after = self.issuer.split_once("://").map_or("", |(_, after)| after);
        after.find('/').and_then(|at| after.get(at..)).unwrap_or("").trim_end_matches('/')
    }

    /// The issuer's scheme and authority.
    pub(crate) fn origin(&self) -> &str {
        let base = self.base();
        self.issuer.trim_end_matches('/').strip_suffix(base).unwrap_or(&self.issuer)
    }

    /// A path of ours for a browser. A sandbox that is not part of the issuer is named in the query.
    pub(crate) fn path(&self, path: &str) -> String {
        let base = self.base();
        if self.sandbox.is_main() || !base.is_empty() {
            format!("{base}{path}")
        } else {
            format!("{path}?lobby_sandbox={}", self.sandbox)
        }
    }

    /// An endpoint's URL, as discovery names it.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_keep_their_sandbox() {
        let now = Timestamp::from_seconds(0);
        let mut visit = Visit {
            sandbox: SandboxName::main(),
            issuer: "http://127.0.0.1:4010".to_owned(),
            real: now,
            now,
            peer: [127, 0, 0, 1].into(),
            secure: false,
            port: 4010,
            certificate: None,
            interference: Interference::None,
            request_id: RequestId([0; 12]),
            called: None,
            token: None,
        };
        assert_eq!(
            (visit.path("/_lobby/device").as_str(), visit.origin()),
            ("/_lobby/device", "http://127.0.0.1:4010")
        );
        visit.sandbox = "t-42".parse().unwrap();
        assert_eq!(visit.path("/_lobby/device"), "/_lobby/device?lobby_sandbox=t-42");
        visit.issuer.push_str("/_lobby/in/t-42");
        assert_eq!(visit.path("/_lobby/device"), "/_lobby/in/t-42/_lobby/device");
        assert_eq!(visit.origin(), "http://127.0.0.1:4010");
    }
}
