//! An app in front of the authorization server, and the browser of whoever uses it.

use jose::digest;
use serde_json::Value;
use testkit::{Answer, Client};
use url::form_urlencoded;

/// Where answers go; nothing listens there.
pub(crate) const CALLBACK: &str = "http://127.0.0.1:9/callback";
pub(crate) const VERIFIER: &str = "a-verifier-that-is-at-least-43-characters-long-0001";
pub(crate) const SCOPE: &str = "openid profile orders:read books:read";

/// One client, one browser, one server; below a sandbox's path where there is one.
pub(crate) struct App {
    pub(crate) browser: Client,
    pub(crate) base: String,
    pub(crate) id: &'static str,
}

impl App {
    /// A client of that id, with a browser that nobody used yet.
    pub(crate) fn new(server: &Client, id: &'static str) -> Self {
        Self { browser: server.another(), base: String::new(), id }
    }

    /// The same below a path: `/_lobby/in/t-42`.
    pub(crate) fn below(mut self, base: &str) -> Self {
        base.clone_into(&mut self.base);
        self
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// A request to the authorization endpoint; `changes` replace parameters, an empty value takes one away.
    pub(crate) async fn authorize(&self, changes: &[(&str, &str)]) -> Answer {
        let query = self.query(changes);
        self.browser.get(&self.at(&format!("/_lobby/oauth/authorize?{query}"))).await
    }

    pub(crate) fn query(&self, changes: &[(&str, &str)]) -> String {
        let challenge = digest::sha256_base64url(VERIFIER);
        let mut pairs = vec![
            ("response_type", "code"),
            ("client_id", self.id),
            ("redirect_uri", CALLBACK),
            ("scope", SCOPE),
            ("state", "state-1"),
            ("nonce", "nonce-1"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        pairs.retain(|(name, _)| !changes.iter().any(|(other, _)| other == name));
        pairs.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
        form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    }

    /// Goes on from a page of ours as `persona`, through consent, until the pages lead away or ask no more.
    pub(crate) async fn go_on(&self, mut answer: Answer, persona: &str) -> Answer {
        for _ in 0..4 {
            let text = answer.text().to_owned();
            if answer.status() != 200 {
                break;
            }
            answer = if text.contains("name=\"persona\"") {
                self.submit(&answer, &[("persona", persona)]).await
            } else if text.contains("value=\"allow\"") {
                self.submit(&answer, &[("decision", "allow")]).await
            } else {
                break;
            };
        }
        answer
    }

    /// Sends the first form of a page.
    pub(crate) async fn submit(&self, page: &Answer, more: &[(&str, &str)]) -> Answer {
        let (action, mut form) = form(page);
        form.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (&**name, &**value)).collect();
        self.browser.post(&action).form(&form).await
    }

    /// A code for `persona`.
    pub(crate) async fn code(&self, persona: &str, changes: &[(&str, &str)]) -> String {
        let answer = self.go_on(self.authorize(changes).await, persona).await;
        sent(&answer, "code").unwrap_or_else(|| panic!("no code in {answer:?}"))
    }

    /// A request to the token endpoint of this client.
    pub(crate) async fn token(&self, form: &[(&str, &str)]) -> Answer {
        let form: Vec<_> = form.iter().copied().chain([("client_id", self.id)]).collect();
        self.browser.post(&self.at("/_lobby/oauth/token")).form(&form).await
    }

    pub(crate) async fn redeem(&self, code: &str) -> Answer {
        let grant = ("grant_type", "authorization_code");
        self.token(&[grant, ("code", code), ("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)]).await
    }

    pub(crate) async fn refresh(&self, token: &str) -> Answer {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    /// Code, PKCE and all: the token response.
    pub(crate) async fn tokens(&self, persona: &str) -> Value {
        let answer = self.redeem(&self.code(persona, &[]).await).await;
        answer.is(200);
        answer.json()
    }
}

/// A parameter of where an answer leads.
pub(crate) fn sent(answer: &Answer, name: &str) -> Option<String> {
    let (_, query) = answer.header("location")?.split_once(['?', '#'])?;
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(other, _)| other == name).map(|(_, value)| value.into_owned())
}

/// Expects an answer that goes to the app with this error.
#[track_caller]
pub(crate) fn is_error(answer: &Answer, error: &str) {
    answer.is(303);
    assert_eq!(sent(answer, "error").as_deref(), Some(error), "{answer:?}");
}

/// The first form of a page: where it goes, and what it hides.
pub(crate) fn form(page: &Answer) -> (String, Vec<(String, String)>) {
    let text = page.text();
    let start = text.find("<form").unwrap_or_else(|| panic!("no form in {page:?}"));
    let end = text[start..].find("</form>").map_or(text.len(), |end| start + end);
    let inside = &text[start..end];
    let hidden = inside.split("<input type=\"hidden\"").skip(1);
    let hidden = hidden.map(|input| (attribute(input, "name"), attribute(input, "value")));
    (attribute(inside, "action"), hidden.collect())
}

fn attribute(text: &str, name: &str) -> String {
    let (_, after) = text.split_once(&format!("{name}=\"")).unwrap_or_else(|| panic!("no {name} in {text}"));
    let (value, _) = after.split_once('"').unwrap();
    value.replace("&#x2f;", "/").replace("&quot;", "\"").replace("&#x27;", "'").replace("&amp;", "&")
}
