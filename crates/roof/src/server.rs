//! A running Lobby, as the commands that talk to one find it: its control API and what it publishes.

use std::path::{Path, PathBuf};

use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use url::Url;

use crate::{authority::default_folder, cli, exit::Failure, fetch};

/// Why a running Lobby did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServerError {
    /// The address is none.
    #[error("`{0}` is no http or https URL")]
    Address(String),
    /// The certificate authority cannot be read, or the client cannot be made.
    #[error("{message}")]
    Client { message: String },
    /// Nobody is there.
    #[error("no Lobby answers at {url}")]
    Unreachable { url: String },
    /// Nobody here trusts its certificate.
    #[error("the certificate of {url} is not trusted: {why}")]
    Untrusted { url: String, why: String },
    /// Somebody else is there, or it breaks off.
    #[error("what answers at {url} is no Lobby: {why}")]
    Stranger { url: String, why: String },
    /// It says no, and why.
    #[error("{detail}")]
    Refused { status: u16, code: Option<String>, detail: String, hint: Option<String> },
}

/// Where a mock is that was told nothing else.
const DEFAULT_URL: &str = "http://127.0.0.1:4010";

/// The most that one answer may weigh: a document of 13 MB is no exception.
const LARGEST: usize = 64 << 20;

/// A running Lobby.
pub(crate) struct Server {
    runtime: tokio::runtime::Runtime,
    client: Client,
    base: Url,
    sandbox: Sandbox,
    control_token: Option<String>,
    authority: Option<PathBuf>,
}

/// How a request names its sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Sandbox {
    Main,
    /// By the header: the issuer stays main's.
    Header(String),
    /// By the path: with an issuer of its own.
    Path(String),
}

impl Server {
    /// The one that the arguments name. Nothing is asked yet.
    pub(crate) fn open(arguments: &cli::Server) -> Result<Self, ServerError> {
        let url = arguments.url.as_deref().unwrap_or(DEFAULT_URL);
        let wrong = || ServerError::Address(url.to_owned());
        let base = Url::parse(url.trim_end_matches('/')).map_err(|_| wrong())?;
        if !matches!(base.scheme(), "http" | "https") || !base.has_host() {
            return Err(wrong());
        }
        let folder = arguments.ca_dir.clone().unwrap_or_else(default_folder);
        let authority =
            Some(folder.join("lobby-ca.pem")).filter(|path| base.scheme() == "https" && path.is_file());
        let unusable = |message: String| ServerError::Client { message };
        let pem = authority.as_ref().map(|path| {
            std::fs::read(path).map_err(|error| unusable(format!("cannot read {}: {error}", path.display())))
        });
        let pem = pem.transpose()?;
        let make = if is_here(&base) { fetch::neighbour } else { fetch::client };
        let client = make(pem.as_deref()).map_err(|error| unusable(error.to_string()))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Ok(Self {
            runtime: runtime.map_err(|error| unusable(error.to_string()))?,
            client,
            base,
            sandbox: match &arguments.sandbox {
                Some(name) if !name.is_main() => Sandbox::Header(name.to_string()),
                Some(_) | None => Sandbox::Main,
            },
            control_token: arguments.control.token.clone(),
            authority,
        })
    }

    /// Where it is, without a slash at the end: what a path is put behind.
    pub(crate) fn url(&self) -> String {
        let base = self.base.as_str().trim_end_matches('/');
        match &self.sandbox {
            Sandbox::Path(name) => format!("{base}/_lobby/in/{name}"),
            Sandbox::Main | Sandbox::Header(_) => base.to_owned(),
        }
    }

    /// The sandbox, by its name.
    pub(crate) fn sandbox(&self) -> &str {
        match &self.sandbox {
            Sandbox::Main => "main",
            Sandbox::Header(name) | Sandbox::Path(name) => name,
        }
    }

    /// What a request to an operation must carry to reach the sandbox, where that is not in the URL.
    pub(crate) fn sandbox_header(&self) -> Option<(&'static str, &str)> {
        match &self.sandbox {
            Sandbox::Header(name) => Some(("Lobby-Sandbox", name)),
            Sandbox::Main | Sandbox::Path(_) => None,
        }
    }

    /// The certificate authority that its certificate is trusted by, where it is the local one.
    pub(crate) fn authority(&self) -> Option<&Path> {
        self.authority.as_deref()
    }

    /// Goes to the sandbox with an issuer of its own that a token says it is from, unless one was named.
    /// Whether it did.
    pub(crate) fn follow(&mut self, issuer: &str) -> bool {
        let name = issuer.rsplit_once("/_lobby/in/").map(|(_, name)| name);
        let name =
            name.filter(|name| self.sandbox == Sandbox::Main && name.parse::<model::SandboxName>().is_ok());
        if let Some(name) = name {
            self.sandbox = Sandbox::Path(name.to_owned());
        }
        name.is_some()
    }

    /// The JSON at a path.
    pub(crate) fn get(&self, path: &str) -> Result<Value, ServerError> {
        self.send(self.request(Method::GET, path))
    }

    /// The answer to JSON.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value, ServerError> {
        let body = body.to_string();
        self.send(self.request(Method::POST, path).header("content-type", "application/json").body(body))
    }

    /// Every document that it serves, as it serves it, with the name of its API where there are several.
    pub(crate) fn documents(&self) -> Result<Vec<(Option<String>, Value)>, ServerError> {
        let several = match self.request_json("/_lobby/openapi.json")? {
            (200, document) => return Ok(vec![(None, document)]),
            (status, problem) => problem
                .get("documents")
                .and_then(Value::as_array)
                .cloned()
                .ok_or_else(|| refusal(status, &problem))?,
        };
        let names = several
            .iter()
            .filter_map(Value::as_str)
            .filter_map(|url| url.rsplit('/').next().and_then(|last| last.strip_suffix(".json")));
        names
            .map(|name| Ok((Some(name.to_owned()), self.get(&format!("/_lobby/openapi/{name}.json"))?)))
            .collect()
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut request = self.client.request(method, format!("{}{path}", self.url()));
        if let Some((name, value)) = self.sandbox_header() {
            request = request.header(name, value);
        }
        let is_control = path.starts_with("/_lobby/") && !path.starts_with("/_lobby/oauth/");
        match &self.control_token {
            Some(token) if is_control => request.bearer_auth(token),
            Some(_) | None => request,
        }
    }

    fn request_json(&self, path: &str) -> Result<(u16, Value), ServerError> {
        self.exchange(self.request(Method::GET, path))
    }

    fn send(&self, request: RequestBuilder) -> Result<Value, ServerError> {
        match self.exchange(request)? {
            (200..=299, value) => Ok(value),
            (status, problem) => Err(refusal(status, &problem)),
        }
    }

    fn exchange(&self, request: RequestBuilder) -> Result<(u16, Value), ServerError> {
        let url = self.base.as_str().trim_end_matches('/').to_owned();
        self.runtime.block_on(async {
            let broken = |error: reqwest::Error| {
                let (url, why) = (url.clone(), root(&error));
                match error.is_connect() || error.is_timeout() {
                    true if why.contains("certificate") => ServerError::Untrusted { url, why },
                    true => ServerError::Unreachable { url },
                    false => ServerError::Stranger { url, why },
                }
            };
            let mut answer = request.send().await.map_err(broken)?;
            let status = answer.status().as_u16();
            let mut bytes = Vec::new();
            while let Some(chunk) = answer.chunk().await.map_err(broken)? {
                if bytes.len() + chunk.len() > LARGEST {
                    return Err(ServerError::Stranger {
                        url: url.clone(),
                        why: "it answers without end".to_owned(),
                    });
                }
                bytes.extend_from_slice(&chunk);
            }
            let value = serde_json::from_slice(&bytes);
            value.map(|value| (status, value)).map_err(|_| ServerError::Stranger {
                url: url.clone(),
                why: format!("it answers {status}, and not in JSON"),
            })
        })
    }
}

impl From<ServerError> for Failure {
    fn from(error: ServerError) -> Self {
        let message = error.to_string();
        match error {
            ServerError::Address(_) => {
                Self::new(message, "write it with its scheme, as http://127.0.0.1:4010")
            }
            ServerError::Client { .. } => Self::Message { message, hint: None },
            ServerError::Unreachable { .. } => {
                Self::new(message, "start one: lobby mock FILE, or name it with --server")
            }
            ServerError::Untrusted { .. } => Self::new(
                message,
                "name the folder of its certificate authority with --ca-dir; lobby ca shows it",
            ),
            ServerError::Stranger { .. } => Self::new(message, "name a running Lobby with --server"),
            ServerError::Refused { code, hint, .. } => {
                let token = "show its control token with --control-token, or call it on its own machine";
                let is_token = code.as_deref() == Some("control.token");
                Self::Message { message, hint: if is_token { Some(token.to_owned()) } else { hint } }
            }
        }
    }
}

/// A problem body (RFC 9457), or an error of the authorization server (RFC 6749 5.2), in one sentence.
fn refusal(status: u16, problem: &Value) -> ServerError {
    let text = |name: &str| problem.get(name).and_then(Value::as_str).map(str::to_owned);
    let detail = text("detail").or_else(|| text("error_description")).or_else(|| text("title"));
    ServerError::Refused {
        status,
        code: text("code").or_else(|| text("error")),
        detail: detail.unwrap_or_else(|| format!("the server answers {status}")),
        hint: text("hint"),
    }
}

/// The innermost cause: what a person can do something about.
pub(crate) fn root(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// Whether a URL leads to this machine.
pub(crate) fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(server: &str) -> cli::Server {
        cli::Server { url: Some(server.to_owned()), ..cli::Server::default() }
    }

    #[test]
    fn an_address_without_a_scheme_is_refused_with_what_to_write() {
        for wrong in ["localhost:4010", "ftp://127.0.0.1", "", "http://"] {
            assert!(matches!(Server::open(&arguments(wrong)), Err(ServerError::Address(_))), "{wrong}");
        }
    }

    #[test]
    fn a_token_of_a_sandbox_with_its_own_issuer_is_asked_about_there() {
        let mut server = Server::open(&arguments("http://127.0.0.1:4010/")).unwrap();
        assert_eq!(server.url(), "http://127.0.0.1:4010");
        assert!(!server.follow("http://127.0.0.1:4010"));
        assert!(!server.follow("http://127.0.0.1:4010/_lobby/in/No Name"));
        assert!(server.follow("http://127.0.0.1:4010/_lobby/in/t-42"));
        assert_eq!(server.url(), "http://127.0.0.1:4010/_lobby/in/t-42");
        assert_eq!(server.sandbox(), "t-42");
    }

    #[test]
    fn a_problem_is_told_in_its_own_words() {
        let problem =
            serde_json::json!({"title": "Wrong", "detail": "there is no persona `bob`", "hint": "alice"});
        let Failure::Message { message, hint } = Failure::from(refusal(400, &problem)) else {
            panic!("a message")
        };
        assert_eq!((message.as_str(), hint.as_deref()), ("there is no persona `bob`", Some("alice")));
    }
}
