//! The `openidconnect` crate through every flow that it has, once now and once on a clock that is years on;
//! `jsonwebtoken`, which takes our tokens as we take its; and `passkey`, a browser and authenticator of software.

mod flows;
mod passkeys;
mod person;
mod tokens;

use anyhow::{Context as _, Result, ensure};
use openidconnect::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

fn main() -> Result<()> {
    let lobby = std::env::var("LOBBY_URL").context("LOBBY_URL names no running mock")?;
    for (name, span) in [("rust-now", None), ("rust-later", Some("1000d"))] {
        let desk = Desk { issuer: format!("{}/_lobby/in/{name}", lobby.trim_end_matches('/')) };
        if let Some(span) = span {
            desk.control("clock", &json!({ "advance": span }))?;
        }
        flows::all(&desk).with_context(|| format!("in the sandbox {name}"))?;
    }
    let desk = Desk { issuer: format!("{}/_lobby/in/rust-tokens", lobby.trim_end_matches('/')) };
    tokens::ours(&desk)?;
    tokens::theirs()?;
    passkeys::all(&lobby).context("passkeys")
}

/// A sandbox that is its own issuer.
pub(crate) struct Desk {
    pub(crate) issuer: String,
}

impl Desk {
    /// A call of the control API.
    pub(crate) fn control(&self, call: &str, body: &Value) -> Result<Value> {
        let url = format!("{}/_lobby/{call}", self.issuer);
        let request =
            http::Request::post(url).header("content-type", "application/json").body(body.to_string())?;
        let mut answer = agent().run(request)?;
        let text = answer.body_mut().read_to_string()?;
        ensure!(answer.status().is_success(), "{call}: {} {text}", answer.status());
        Ok(serde_json::from_str(&text)?)
    }

    /// What the API says to `GET /books` with a token.
    pub(crate) fn verdict(&self, token: &str) -> Result<String> {
        verdict(&self.issuer, token)
    }
}

/// What the API at `url` says to `GET /books` with a token.
pub(crate) fn verdict(url: &str, token: &str) -> Result<String> {
    let bearer = format!("Bearer {token}");
    let answer =
        agent().run(http::Request::get(format!("{url}/books")).header("authorization", bearer).body(())?)?;
    let verdict = answer.headers().get("lobby-verdict").context("an answer without its verdict")?;
    Ok(verdict.to_str()?.to_owned())
}

/// A client that follows nothing and takes every status as an answer.
pub(crate) fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into()
}

/// The same as `openidconnect` wants it.
pub(crate) fn send(request: HttpRequest) -> Result<HttpResponse, ureq::Error> {
    let mut answer = agent().run(request)?;
    let body = answer.body_mut().read_to_vec()?;
    Ok(answer.map(|_| body))
}
