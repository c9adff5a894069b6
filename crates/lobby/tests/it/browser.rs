//! What a browser and an app do together: the sign-in page, code and PKCE, redeeming.

use serde_json::Value;
use testkit::{Answer, Client};
use url::form_urlencoded;

pub(crate) const REDIRECT: &str = "http://127.0.0.1:9/callback";
/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Picks `persona` on the sign-in page, for its own sake: what is left is the session's cookie.
pub(crate) async fn sign_in(client: &Client, persona: &str) {
    let page = client.get("/_lobby/sign-in").await;
    page.is(200);
    submit(client, &page, &[("persona", persona)]).await.is(303);
}

/// Signs out, by the page that asks whether one means it; the browser stays one that is known.
pub(crate) async fn sign_out(client: &Client) {
    let page = client.get("/_lobby/oauth/logout").await;
    let out = submit(client, &page, &[("decision", "allow")]).await;
    assert!(out.text().contains("You are signed out"), "{}", out.text());
}

/// Code and PKCE from the page to the token endpoint; the token response.
pub(crate) async fn tokens(client: &Client, persona: &str, scope: &str) -> Value {
    let code = code(client, "", persona, scope).await;
    let answer = redeem(client, "", &code).await;
    answer.is(200);
    answer.json()
}

/// A code for a user who types a password, for a client that asks for no consent.
pub(crate) async fn code_of_user(
    client: &Client,
    app: &str,
    (name, password): (&str, &str),
    scope: &str,
) -> Answer {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("response_type", "code"),
            ("client_id", app),
            ("redirect_uri", REDIRECT),
            ("scope", scope),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ])
        .finish();
    let page = client.get(&format!("/_lobby/oauth/authorize?{query}")).await;
    if page.status() != 200 {
        return page;
    }
    type_password(client, &page, name, password).await
}

/// Types a name and a password on a sign-in page, and would rather have no passkey.
pub(crate) async fn type_password(client: &Client, page: &Answer, name: &str, password: &str) -> Answer {
    let answer = submit(client, page, &[("username", name), ("password", password)]).await;
    let is_offer = answer.status() == 200 && answer.text().contains("value=\"later\"");
    if is_offer { submit(client, &answer, &[("do", "later")]).await } else { answer }
}

/// A code for `persona`, below `base` (`/_lobby/in/t-42`, or nothing).
pub(crate) async fn code(client: &Client, base: &str, persona: &str, scope: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("response_type", "code"),
            ("client_id", "app"),
            ("redirect_uri", REDIRECT),
            ("scope", scope),
            ("state", "s-1"),
            ("nonce", "n-1"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ])
        .finish();
    let mut answer = client.get(&format!("{base}/_lobby/oauth/authorize?{query}")).await;
    if answer.status() == 200 && answer.text().contains("name=\"persona\"") {
        answer = submit(client, &answer, &[("persona", persona)]).await;
    }
    if answer.status() == 200 {
        answer = submit(client, &answer, &[("decision", "allow")]).await;
    }
    parameter(&answer, "code").unwrap_or_else(|| panic!("no code in {answer:?}"))
}

/// Redeems a code.
pub(crate) async fn redeem(client: &Client, base: &str, code: &str) -> Answer {
    redeem_for(client, base, "app", code).await
}

/// Redeems a code of an app.
pub(crate) async fn redeem_for(client: &Client, base: &str, app: &str, code: &str) -> Answer {
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", app),
        ("code", code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    client.post(&format!("{base}/_lobby/oauth/token")).form(&form).await
}

/// Uses a refresh token.
pub(crate) async fn refresh(client: &Client, token: &str) -> Answer {
    let form = [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", token)];
    client.post("/_lobby/oauth/token").form(&form).await
}

/// Sends the first form of a page back, with `more` fields.
pub(crate) async fn submit(client: &Client, page: &Answer, more: &[(&str, &str)]) -> Answer {
    let (action, request, token) = fields(page);
    let mut form = vec![("request", request.as_str()), ("token", token.as_str())];
    form.extend_from_slice(more);
    client.post(&action).form(&form).await
}

/// Where the first form of a page goes, and what it carries: the sealed request, and the token.
pub(crate) fn fields(page: &Answer) -> (String, String, String) {
    let text = page.text();
    (attribute(text, "action=\""), value_of(text, "request"), value_of(text, "token"))
}

/// A parameter of where an answer leads.
pub(crate) fn parameter(answer: &Answer, name: &str) -> Option<String> {
    let (_, query) = answer.header("location")?.split_once(['?', '#'])?;
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(other, _)| other == name).map(|(_, value)| value.into_owned())
}

pub(crate) fn attribute(text: &str, before: &str) -> String {
    let (_, after) = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}"));
    let (value, _) = after.split_once('"').unwrap();
    value.replace("&#x2f;", "/").replace("&quot;", "\"").replace("&amp;", "&")
}

pub(crate) fn value_of(text: &str, name: &str) -> String {
    attribute(text, &format!("name=\"{name}\" value=\""))
}
