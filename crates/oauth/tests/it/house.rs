use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use identity::{Cost, Directory, Passwords, default_personas};
use jose::{base64url, digest, jwt};
use model::{Entropy, Event, RequestId, SandboxName, Timestamp};
use oauth::{Api, Client, Clients, Interference, Parts, Server, Settings, Visit};
use serde_json::Value;
use store::Store;

pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const REDIRECT: &str = "http://127.0.0.1:5173/callback";
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// Bytes that are the same in every run.
struct Seeded(AtomicU64);

impl Entropy for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let count = self.0.fetch_add(1, Ordering::Relaxed);
            chunk.copy_from_slice(&digest::sha256(count.to_be_bytes())[..chunk.len()]);
        }
    }
}

/// A server with everything around it, and one browser.
pub(crate) struct House {
    pub(crate) server: Server,
    pub(crate) store: Store,
    pub(crate) visit: Visit,
    pub(crate) cookies: Mutex<BTreeMap<String, String>>,
    pub(crate) events: Arc<Mutex<Vec<Event>>>,
}

pub(crate) fn bookshop() -> Api {
    let scopes = [("books:read", "See the books"), ("books:write", "Change the books")];
    Api {
        name: "bookshop".to_owned(),
        audience: Vec::new(),
        bases: vec![String::new(), "/v1".to_owned()],
        scopes: scopes.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect(),
        client_scopes: "books:read".parse().unwrap(),
        acrs: BTreeSet::new(),
        flows: BTreeSet::new(),
        certificates: false,
    }
}

pub(crate) fn settings() -> Settings {
    let scopes = "books:read books:write".parse().unwrap();
    let roles = BTreeSet::from(["admin".to_owned()]);
    Settings::mock(vec![bookshop()], Arc::new(Directory::new(default_personas(&scopes, &roles, &[]))))
}

pub(crate) fn listed(clients: impl IntoIterator<Item = Client>) -> Settings {
    let clients = clients.into_iter().map(|client| (client.id.clone(), client)).collect();
    Settings { clients: Clients::Listed(clients), ..settings() }
}

/// A public client and two confidential ones.
pub(crate) fn strict() -> Settings {
    let redirects = vec!["https://app.example.com/cb".to_owned()];
    let confidential = |id: &str| Client {
        id: id.to_owned(),
        secret: Some(model::Secret::new(format!("{id}-secret"))),
        redirects: redirects.clone(),
        logout_redirects: vec!["https://app.example.com/bye".to_owned()],
        ..Client::default()
    };
    let public =
        Client { id: "spa".to_owned(), public: true, redirects: redirects.clone(), ..Client::default() };
    listed([public, confidential("web"), confidential("other")])
}

impl House {
    pub(crate) fn new() -> Self {
        Self::with(settings())
    }

    pub(crate) fn with(settings: Settings) -> Self {
        let store = Store::in_memory().unwrap();
        let events: Arc<Mutex<Vec<Event>>> = Arc::default();
        let heard = events.clone();
        let cost = Cost { memory: 8, passes: 1, lanes: 1, workers: 2, queue: 64 };
        let server = Server::new(Parts {
            settings,
            store: store.clone(),
            entropy: Arc::new(Seeded(AtomicU64::new(0))),
            key: None,
            master: [7; 32],
            passwords: Arc::new(Passwords::new(cost, &[9; 32])),
            listener: Some(Box::new(move |event| heard.lock().unwrap().push(event))),
        });
        let visit = Visit {
            sandbox: SandboxName::main(),
            issuer: "http://127.0.0.1:4010".to_owned(),
            real: NOW,
            now: NOW,
            peer: [127, 0, 0, 1].into(),
            secure: false,
            port: 4010,
            certificate: None,
            interference: Interference::None,
            request_id: RequestId([1; 12]),
            called: None,
            token: None,
        };
        Self { server, store, visit, cookies: Mutex::default(), events }
    }

    pub(crate) fn advance(&mut self, seconds: u64) {
        self.visit.now = self.visit.now.plus(Duration::from_secs(seconds));
    }

    pub(crate) async fn send(&self, request: Request<Bytes>) -> Answer {
        let answer = self.server.serve(request, &self.visit).await;
        for cookie in answer.headers().get_all(header::SET_COOKIE) {
            let (pair, _) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            let mut cookies = self.cookies.lock().unwrap();
            if value.is_empty() {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Answer(answer)
    }

    pub(crate) fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Request<Bytes> {
        let mut request = Request::builder().method(method).uri(path);
        let cookies = self.cookies.lock().unwrap();
        if !cookies.is_empty() {
            let text: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(header::COOKIE, text.join("; "));
        }
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Bytes::from(body)).unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path, &[], String::new())).await
    }

    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(self.request(Method::GET, path, headers, String::new())).await
    }

    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.post_with(path, form, &[]).await
    }

    pub(crate) async fn post_with(
        &self,
        path: &str,
        form: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Answer {
        self.send(self.request(Method::POST, path, headers, encode(form))).await
    }

    pub(crate) async fn token(&self, form: &[(&str, &str)]) -> Answer {
        self.post("/_lobby/oauth/token", form).await
    }

    /// Asks for a code with the usual parameters, replaced and completed by `more`; an empty value leaves out.
    pub(crate) async fn authorize(&self, more: &[(&str, &str)]) -> Answer {
        self.get(&authorize_path(more)).await
    }

    /// Signs in as a persona on the page that `answer` is, and agrees if asked.
    pub(crate) async fn sign_in(&self, answer: Answer, persona: &str) -> Answer {
        let answer = self.submit(&answer, &[("persona", persona)]).await;
        if answer.text().contains("value=\"allow\"") {
            return self.submit(&answer, &[("decision", "allow")]).await;
        }
        answer
    }

    /// By the page that asks whether one means it.
    pub(crate) async fn sign_out(&self) -> Answer {
        let page = self.get("/_lobby/oauth/logout").await;
        let out = self.submit(&page, &[("decision", "allow")]).await;
        out.is_page(200, "You are signed out");
        out
    }

    /// Sends the first form of a page back.
    pub(crate) async fn submit(&self, page: &Answer, more: &[(&str, &str)]) -> Answer {
        let text = page.text();
        let action = attribute(&text, "action=\"");
        let request = value_of(&text, "request");
        let token = value_of(&text, "token");
        let mut form = vec![("request", request.as_str()), ("token", &token)];
        form.extend_from_slice(more);
        self.post(&action, &form).await
    }

    /// A code for a persona, from a new sign-in or the session that is there.
    pub(crate) async fn code(&self, persona: &str, more: &[(&str, &str)]) -> String {
        let mut answer = self.authorize(more).await;
        if answer.status() == StatusCode::OK {
            answer = if answer.text().contains("name=\"persona\"") {
                self.sign_in(answer, persona).await
            } else {
                self.submit(&answer, &[("decision", "allow")]).await
            };
        }
        answer.parameter("code").unwrap_or_else(|| panic!("no code in {answer:?}"))
    }

    pub(crate) async fn redeem(&self, code: &str) -> Answer {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("client_id", "app"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ])
        .await
    }

    pub(crate) async fn tokens(&self, persona: &str, scope: &str) -> Value {
        let code = self.code(persona, &[("scope", scope)]).await;
        self.redeem(&code).await.ok()
    }

    pub(crate) async fn refresh(&self, token: &str) -> Answer {
        self.token(&[("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", token)]).await
    }

    /// Whether an access token would pass here now.
    pub(crate) fn is_good(&self, token: &str) -> bool {
        let realm = self.visit.realm();
        let keys = self.server.key_set(&realm, self.visit.now).unwrap();
        let mut trust = jwt::Trust::access_tokens(&self.visit.issuer, keys, "http://127.0.0.1:4010/bookshop");
        trust.audience = jwt::Audience::Unchecked;
        let Ok(verified) = jwt::verify(jwt::Presented::parse(token).unwrap(), &[trust], self.visit.now)
        else {
            return false;
        };
        let claims = verified.claims();
        !self.server.is_revoked(&realm, claims.jti.as_deref(), claims.sid.as_deref())
    }

    pub(crate) async fn userinfo(&self, token: &str) -> Answer {
        self.get_with("/_lobby/oauth/userinfo", &[("authorization", &format!("Bearer {token}"))]).await
    }
}

pub(crate) fn authorize_path(more: &[(&str, &str)]) -> String {
    let mut all = vec![
        ("response_type", "code"),
        ("client_id", "app"),
        ("redirect_uri", REDIRECT),
        ("scope", "openid books:read"),
        ("state", "s-1"),
        ("nonce", "n-1"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in more {
        all.retain(|(other, _)| other != name);
        if !value.is_empty() {
            all.push((name, value));
        }
    }
    format!("/_lobby/oauth/authorize?{}", encode(&all))
}

pub(crate) fn encode(form: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
}

fn attribute(text: &str, before: &str) -> String {
    let start = text.find(before).unwrap_or_else(|| panic!("no {before} in {text}")) + before.len();
    let end = text[start..].find('"').unwrap() + start;
    text[start..end].replace("&#x2f;", "/").replace("&quot;", "\"").replace("&amp;", "&")
}

/// A hidden field of a page's form.
pub(crate) fn value_of(text: &str, name: &str) -> String {
    attribute(text, &format!("name=\"{name}\" value=\""))
}

pub(crate) fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64url::decode_strict(payload).unwrap()).unwrap()
}

#[derive(Debug)]
pub(crate) struct Answer(pub(crate) Response<Bytes>);

impl Answer {
    pub(crate) fn status(&self) -> StatusCode {
        self.0.status()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.body().to_vec()).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.0.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(self.0.body()).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status(), StatusCode::OK, "{self:?}");
        self.json()
    }

    /// Checks a JSON error.
    #[track_caller]
    pub(crate) fn fails(&self, status: u16, error: &str) {
        assert_eq!(
            (self.status().as_u16(), self.json()["error"].as_str()),
            (status, Some(error)),
            "{self:?}"
        );
        assert_eq!(self.header("cache-control"), "no-store");
    }

    /// Checks a page that is no redirect.
    #[track_caller]
    pub(crate) fn is_page(&self, status: u16, part: &str) {
        assert_eq!(self.status().as_u16(), status, "{self:?}");
        assert_eq!(self.header("location"), "");
        assert!(self.header("content-type").starts_with("text/html"));
        assert!(self.text().contains(part), "{part} is not in {}", self.text());
    }

    pub(crate) fn form_action(&self) -> String {
        attribute(&self.text(), "action=\"")
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let location = self.header("location");
        let (_, query) = location.split_once(['?', '#'])?;
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(other, _)| other == name).map(|(_, value)| value.into_owned())
    }

    /// Checks an error that went to the app.
    #[track_caller]
    pub(crate) fn is_redirect(&self, error: &str) {
        assert_eq!(self.status(), StatusCode::SEE_OTHER, "{self:?}");
        assert_eq!(self.parameter("error").as_deref(), Some(error), "{self:?}");
        assert_eq!(self.parameter("iss").as_deref(), Some("http://127.0.0.1:4010"));
    }
}
