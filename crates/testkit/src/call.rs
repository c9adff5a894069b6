use std::future::{Future, IntoFuture};
use std::pin::Pin;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, Uri};
use http_body_util::Full;
use serde_json::Value;
use url::form_urlencoded;

use crate::{Answer, Client};

/// A request that is being put together; awaiting it sends it.
#[must_use = "a call is sent by awaiting it"]
pub struct Call {
    client: Client,
    method: Method,
    host: String,
    target: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Call {
    pub(crate) fn new(client: Client, method: Method, target: &str) -> Self {
        let base = client.base();
        let authority = |url: &url::Url| url.authority().to_owned();
        let (host, target) = match url::Url::parse(target) {
            Ok(whole) if whole.has_host() => {
                let query = whole.query().map(|query| format!("?{query}")).unwrap_or_default();
                (authority(&whole), format!("{}{query}", whole.path()))
            }
            _ => (authority(base), target.to_owned()),
        };
        Self { client, method, host, target, headers: HeaderMap::new(), body: Bytes::new() }
    }

    /// Adds a header field; the same name twice makes two fields.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("the name is a header name");
        self.headers.append(name, HeaderValue::from_str(value).expect("the value is header text"));
        self
    }

    /// Presents a bearer token.
    pub fn bearer(self, token: impl AsRef<str>) -> Self {
        self.header(AUTHORIZATION.as_str(), &format!("Bearer {}", token.as_ref()))
    }

    /// Presents a token with its proof (RFC 9449 7.1).
    pub fn dpop(self, token: impl AsRef<str>, proof: impl AsRef<str>) -> Self {
        self.header(AUTHORIZATION.as_str(), &format!("DPoP {}", token.as_ref()))
            .header("dpop", proof.as_ref())
    }

    /// Presents a name and a password (RFC 7617).
    pub fn basic(self, name: &str, password: &str) -> Self {
        let pair = STANDARD.encode(format!("{name}:{password}"));
        self.header(AUTHORIZATION.as_str(), &format!("Basic {pair}"))
    }

    /// Sends this `Cookie` field in place of the jar's.
    pub fn cookie(self, name: &str, value: &str) -> Self {
        self.header(COOKIE.as_str(), &format!("{name}={value}"))
    }

    /// Sends this `Host` in place of the URL's.
    pub fn host(self, host: &str) -> Self {
        self.header(HOST.as_str(), host)
    }

    /// Asks for a media type.
    pub fn accept(self, kind: &str) -> Self {
        self.header("accept", kind)
    }

    /// Asks for a documented response (RFC 7240).
    pub fn prefer(self, preference: &str) -> Self {
        self.header("prefer", preference)
    }

    /// Chooses the sandbox by header.
    pub fn sandbox(self, name: &str) -> Self {
        self.header("lobby-sandbox", name)
    }

    /// Forces one step of a play.
    pub fn scenario(self, step: &str) -> Self {
        self.header("lobby-scenario", step)
    }

    /// Comes from a page of `origin`.
    pub fn origin(self, origin: &str) -> Self {
        self.header("origin", origin)
    }

    /// Sends JSON.
    pub fn json(self, value: &Value) -> Self {
        self.body("application/json", value.to_string())
    }

    /// Sends a form.
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.body("application/x-www-form-urlencoded", form)
    }

    /// Sends `body` as `kind`.
    pub fn body(mut self, kind: &str, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.header(CONTENT_TYPE.as_str(), kind)
    }
}

impl IntoFuture for Call {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let uri: Uri = self.target.parse().expect("the target is a path that HTTP can carry");
            let mut request = Request::new(Full::new(self.body));
            *request.method_mut() = self.method;
            *request.uri_mut() = uri;
            *request.headers_mut() = self.headers;
            self.client.send(&self.host, request).await
        })
    }
}
