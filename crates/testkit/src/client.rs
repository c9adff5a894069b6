use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::header::{COOKIE, HOST, HeaderValue};
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use tokio::net::{TcpSocket, TcpStream};
use url::Url;

use crate::jar::Jar;
use crate::{Answer, Call};

/// How long anything may take before a test fails instead of hanging.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// A client of one server: connections stay open, cookies are kept, redirects are not followed. Clones share
/// connections and cookies.
#[derive(Clone)]
pub struct Client {
    base: Url,
    connect: SocketAddr,
    from: Option<IpAddr>,
    tls: Option<Arc<rustls::ClientConfig>>,
    jar: Arc<Mutex<Jar>>,
    idle: Arc<Mutex<Vec<SendRequest<Full<Bytes>>>>>,
}

impl Client {
    /// A client of the server at `base` (`http://127.0.0.1:4010`), which must name an address, `localhost`
    /// or a name below it: nothing is resolved.
    pub fn new(base: &str) -> Self {
        let base = Url::parse(base).expect("the base is a URL");
        let port = base.port_or_known_default().expect("the base has a port");
        let ip = match base.host() {
            Some(url::Host::Ipv4(ip)) => IpAddr::V4(ip),
            Some(url::Host::Ipv6(ip)) => IpAddr::V6(ip),
            _ => IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
        };
        let connect = SocketAddr::new(ip, port);
        Self { base, connect, from: None, tls: None, jar: Arc::default(), idle: Arc::default() }
    }

    /// This client, connecting to `address` whatever the URL names.
    #[must_use]
    pub fn connecting_to(mut self, address: SocketAddr) -> Self {
        self.connect = address;
        self.apart()
    }

    /// This client, connecting from `address`: another peer for limits that go by address (`127.0.0.2`).
    #[must_use]
    pub fn connecting_from(mut self, address: IpAddr) -> Self {
        self.from = Some(address);
        self.apart()
    }

    /// This client, speaking TLS with `config` (its roots, and its certificate if it has one).
    #[must_use]
    pub fn with_tls(mut self, config: rustls::ClientConfig) -> Self {
        self.tls = Some(Arc::new(config));
        self.apart()
    }

    /// A client of the same server with an empty cookie jar and connections of its own: another browser.
    #[must_use]
    pub fn another(&self) -> Self {
        Self { jar: Arc::default(), ..self.clone() }.apart()
    }

    fn apart(mut self) -> Self {
        self.idle = Arc::default();
        self
    }

    /// Where relative URLs begin.
    pub fn base(&self) -> &Url {
        &self.base
    }

    /// A request; `target` is a path with its query, sent as it is written, or a whole URL.
    pub fn request(&self, method: Method, target: &str) -> Call {
        Call::new(self.clone(), method, target)
    }

    /// `GET target`.
    pub fn get(&self, target: &str) -> Call {
        self.request(Method::GET, target)
    }

    /// `HEAD target`.
    pub fn head(&self, target: &str) -> Call {
        self.request(Method::HEAD, target)
    }

    /// `OPTIONS target`.
    pub fn options(&self, target: &str) -> Call {
        self.request(Method::OPTIONS, target)
    }

    /// `POST target`.
    pub fn post(&self, target: &str) -> Call {
        self.request(Method::POST, target)
    }

    /// `PUT target`.
    pub fn put(&self, target: &str) -> Call {
        self.request(Method::PUT, target)
    }

    /// `PATCH target`.
    pub fn patch(&self, target: &str) -> Call {
        self.request(Method::PATCH, target)
    }

    /// `DELETE target`.
    pub fn delete(&self, target: &str) -> Call {
        self.request(Method::DELETE, target)
    }

    /// The value of the cookie `name` that the base's host set, if it did.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let host = self.base.host_str().unwrap_or_default();
        self.jar.lock().unwrap().get(host, name).map(str::to_owned)
    }

    /// Forgets all cookies.
    pub fn forget_cookies(&self) {
        self.jar.lock().unwrap().clear();
    }

    /// Sends `request`, whose URI is in origin form, to `host` and reads the answer to its end.
    pub(crate) async fn send(&self, host: &str, mut request: Request<Full<Bytes>>) -> Answer {
        let asked = format!("{} {}", request.method(), request.uri());
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name).to_owned();
        let cookies = self.jar.lock().unwrap().field(&name, request.uri().path());
        let headers = request.headers_mut();
        if let Some(field) = cookies
            && !headers.contains_key(COOKIE)
        {
            headers.insert(COOKIE, HeaderValue::from_str(&field).expect("cookies are header text"));
        }
        if !headers.contains_key(HOST) {
            headers.insert(HOST, HeaderValue::from_str(host).expect("a host is header text"));
        }
        let answer = tokio::time::timeout(DEADLINE, self.exchange(request)).await;
        let (status, headers, body) = match answer {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => panic!("{asked}: {error}"),
            Err(late) => panic!("{asked}: no whole answer within {DEADLINE:?}: {late}"),
        };
        self.jar.lock().unwrap().learn(&name, &headers);
        Answer { asked, status, headers, body }
    }

    async fn exchange(
        &self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<(http::StatusCode, http::HeaderMap, Bytes), hyper::Error> {
        let (response, connection) = loop {
            let idle = self.idle.lock().unwrap().pop();
            let kept = idle.is_some();
            let mut connection = match idle {
                Some(connection) => connection,
                None => self.connect().await,
            };
            if let Err(error) = connection.ready().await {
                if kept {
                    continue;
                }
                return Err(error);
            }
            match connection.try_send_request(request).await {
                Ok(response) => break (response, connection),
                // The server closed an idle connection while we took it: nothing was sent, ask again.
                Err(mut refused) => match refused.take_message() {
                    Some(unsent) if kept => request = unsent,
                    _ => return Err(refused.into_error()),
                },
            }
        };
        let (parts, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        self.idle.lock().unwrap().push(connection);
        Ok((parts.status, parts.headers, body))
    }

    async fn connect(&self) -> SendRequest<Full<Bytes>> {
        let stream = self.stream().await;
        let Some(config) = &self.tls else { return handshake(TokioIo::new(stream)).await };
        let name = self.base.host_str().unwrap_or("localhost").trim_matches(['[', ']']).to_owned();
        let name = ServerName::try_from(name).expect("the base's host is a server name");
        let connector = tokio_rustls::TlsConnector::from(config.clone());
        let stream = connector.connect(name, stream).await.expect("the TLS handshake succeeds");
        handshake(TokioIo::new(stream)).await
    }

    /// A bare connection to where this client's requests go.
    pub(crate) async fn stream(&self) -> TcpStream {
        let socket = if self.connect.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
        let socket = socket.expect("a socket can be made");
        if let Some(from) = self.from {
            socket.bind(SocketAddr::new(from, 0)).expect("the client's address can be bound");
        }
        let connected = tokio::time::timeout(DEADLINE, socket.connect(self.connect)).await;
        let stream = connected.expect("the server accepts in time").expect("the server accepts");
        stream.set_nodelay(true).expect("a TCP socket has no-delay");
        stream
    }
}

async fn handshake<I>(stream: I) -> SendRequest<Full<Bytes>>
where
    I: hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static,
{
    let (sender, connection) = http1::handshake(stream).await.expect("HTTP/1 begins without a round trip");
    // Ends with the test's runtime, or when the last sender is dropped.
    tokio::spawn(connection);
    sender
}
