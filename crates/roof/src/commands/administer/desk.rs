//! Who answers: a running server, or the store.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use admin::Administration;
use bytes::Bytes;
use http::{Method, Request, header};
use model::{Entropy, RequestId, Secret, Severity};
use serde_json::Value;
use store::{Location, Store, Use};

use crate::{
    administration,
    authority::default_folder,
    cli,
    exit::Failure,
    fetch,
    gather::{DEFAULT_CONFIG, Gathering, Sources},
    lock::{self, Lock, Running},
    server::{is_here, root},
    state,
    system::SystemEntropy,
};

/// Who answers.
pub(super) enum Desk {
    /// A server.
    Server { client: reqwest::Client, base: String, token: Secret<String> },
    /// The store, which no server has while the lock is held.
    Store { office: Box<Administration>, _lock: Lock },
}

impl Desk {
    pub(super) async fn find(global: &cli::Global, target: &cli::Target) -> Result<Self, Failure> {
        if let Some(url) = &target.url {
            let Some(token) = &target.admin_token else {
                return Err(Failure::new(
                    format!("{url} is asked for nothing without a token"),
                    "set LOBBY_ADMIN_TOKEN, for the server and here alike",
                ));
            };
            if url::Url::parse(url).is_ok_and(|url| url.scheme() == "http" && !is_here(&url)) {
                return Err(Failure::new(
                    format!("{url} is plain HTTP: others could read the token on its way"),
                    "name the server's HTTPS, or call it on its own machine",
                ));
            }
            return Self::server(target.ca_dir.as_deref(), url, None, Secret::new(token.clone()));
        }
        let (gathering, place) = read(global)?;
        if place.is_in_memory() {
            let help = "start it, and name it with --server; or name a `store:` that is kept";
            return Err(Failure::new("this store is in memory, and no server was named", help));
        }
        if let Some(running) = lock::running(&place.location, gathering.folder()) {
            return Self::running_there(target.ca_dir.as_deref(), running);
        }
        let wrong = |fault: &store::Fault| place.failed(fault);
        let lock = Lock::take(&place.location, gathering.folder(), Use::Alone, wrong).await?;
        if let Location::File(path) = &place.location {
            state::private_database(path).map_err(Failure::from_error)?;
        }
        let store = Store::open(&place.location).await.map_err(|fault| place.failed(&fault))?;
        let office = administration::of_store(gathering, store).map_err(Failure::Problems)?;
        Ok(Self::Store { office: Box::new(office), _lock: lock })
    }

    /// The server that runs on the store of lobby.yaml, if there are all three.
    pub(super) fn running(global: &cli::Global, ca_dir: Option<&Path>) -> Result<Option<Self>, Failure> {
        let (gathering, place) = match read(global) {
            Ok(read) => read,
            // Nobody has named this file, nor does a mock need one.
            Err(_) if global.config.is_none() => return Ok(None),
            Err(failure) => return Err(failure),
        };
        let running = lock::running(&place.location, gathering.folder());
        running.map(|running| Self::running_there(ca_dir, running)).transpose()
    }

    fn running_there(ca_dir: Option<&Path>, running: Running) -> Result<Self, Failure> {
        Self::server(ca_dir, &running.address, running.at, running.token)
    }

    fn server(
        ca_dir: Option<&Path>,
        base: &str,
        at: Option<SocketAddr>,
        token: Secret<String>,
    ) -> Result<Self, Failure> {
        let folder = ca_dir.map_or_else(default_folder, Path::to_owned);
        let authority = Some(folder.join("lobby-ca.pem")).filter(|_| base.starts_with("https:"));
        let pem = authority.filter(|path| path.is_file()).map(std::fs::read).transpose();
        let host = url::Url::parse(base).ok().and_then(|url| url.host_str().map(str::to_owned));
        let client = fetch::near(pem.map_err(Failure::from_error)?.as_deref(), host.as_deref().zip(at));
        let client = client.map_err(Failure::from_error)?;
        Ok(Self::Server { client, base: base.trim_end_matches('/').to_owned(), token })
    }

    /// The answer to a call, if it is not a refusal; `null` where it has no body.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let (status, bytes) = match self {
            Self::Server { client, base, token } => {
                ask(client, &format!("{base}{path}"), token, method, body).await?
            }
            Self::Store { office, .. } => {
                let mut request = Request::builder().method(method).uri(path);
                if body.is_some() {
                    request = request.header(header::CONTENT_TYPE, "application/json");
                }
                let body = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
                let request = request.body(body).map_err(Failure::from_error)?;
                let id = RequestId(SystemEntropy.bytes());
                let answer = office.at_the_store(&request, id).await;
                (answer.status().as_u16(), answer.into_body())
            }
        };
        let answer: Value = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes)
                .map_err(|_| Failure::new(format!("the answer {status} is no JSON"), "is it a Lobby?"))?
        };
        if status < 300 {
            return Ok(answer);
        }
        let detail = answer.get("detail").or_else(|| answer.get("title")).and_then(Value::as_str);
        let message = detail.map_or_else(|| format!("the server answers {status}"), str::to_owned);
        Err(Failure::Message { message, hint: None })
    }
}

async fn ask(
    client: &reqwest::Client,
    url: &str,
    token: &Secret<String>,
    method: Method,
    body: Option<&Value>,
) -> Result<(u16, Bytes), Failure> {
    let mut request = client.request(method, url).bearer_auth(token.expose());
    if let Some(body) = body {
        request = request.header("content-type", "application/json").body(body.to_string());
    }
    let broken = |error: reqwest::Error| {
        Failure::new(
            format!("{url} does not answer: {}", root(&error)),
            "start the server, or name its admin address with --server",
        )
    };
    let answer = request.send().await.map_err(broken)?;
    let status = answer.status().as_u16();
    Ok((status, answer.bytes().await.map_err(broken)?))
}

/// lobby.yaml, and where the store is that it names.
fn read(global: &cli::Global) -> Result<(Gathering, state::Place), Failure> {
    let found = PathBuf::from(DEFAULT_CONFIG);
    let Some(path) = global.config.clone().or_else(|| found.is_file().then_some(found)) else {
        return Err(Failure::new(
            "there is no lobby.yaml here, which says where the store is",
            "name it with --config, or a running server with --server",
        ));
    };
    let gathering = Sources::of_server(path).gather_config();
    if gathering.problems.iter().any(|problem| problem.severity == Severity::Error) {
        return Err(Failure::Problems(gathering.problems));
    }
    let place = state::Place::of_server(&gathering.config, gathering.written.as_ref())?;
    Ok((gathering, place))
}
