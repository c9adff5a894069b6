//! Leading a call to the file that answers it.

use std::net::Ipv4Addr;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use model::nearest;

use crate::{Control, Knock, Turned, Visit, call, control::Call, refusal::Refusal};

/// What a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Route<'a> {
    Health,
    Document,
    Denials,
    Clock,
    Totp,
    PasskeyCreate,
    PasskeyGet,
    Token,
    Personas,
    Credentials,
    Inspect,
    Outbox,
    Scenarios,
    Scenario(&'a str),
    Journal,
    Verify,
    Reset,
    Sandboxes,
    Sandbox(&'a str),
}

/// Every call by its first word, as a person may mistype it.
const CALLS: [&str; 17] = [
    "authenticator/totp",
    "authenticator/passkey/create",
    "authenticator/passkey/get",
    "health",
    "control.json",
    "denials",
    "clock",
    "token",
    "personas",
    "credentials",
    "inspect",
    "outbox",
    "scenarios",
    "journal",
    "verify",
    "reset",
    "sandboxes",
];

impl Control {
    /// Answers a call. The path is that below the sandbox's: `/_lobby/clock`.
    pub async fn serve(&self, request: Request<Bytes>, visit: Visit) -> Response<Bytes> {
        let head = request.method() == Method::HEAD;
        let mut call = Call { control: self, request: &request, visit: &visit, by_account: false };
        let answered = match self.admit(&call).await {
            Ok(by_account) => {
                call.by_account = by_account;
                call.answer().await
            }
            Err(refusal) => Err(refusal),
        };
        let mut answer = answered.unwrap_or_else(|refusal| refusal.answer(&self.settings.docs, visit.id));
        if head {
            *answer.body_mut() = Bytes::new();
        }
        answer
    }

    /// Whether a request to what control directs brings the right to: its token, or a director's.
    pub async fn directs(&self, headers: &HeaderMap) -> bool {
        let nobody = Ipv4Addr::UNSPECIFIED.into();
        match Knock::read(headers, "", nobody, nobody).bearer {
            Some(token) => self.door().knows(token) || self.rooms.desk.directs(token).await,
            None => false,
        }
    }

    /// Whether it is by an account that somebody may.
    async fn admit(&self, call: &Call<'_>) -> Result<bool, Refusal> {
        let Visit { host, peer, socket, .. } = call.visit;
        let mut knock = Knock::read(call.request.headers(), host, *peer, *socket);
        knock.forwarded |= !self.settings.trusts_loopback;
        match (self.door().admit(&knock), knock.bearer) {
            (Err(Turned::Token), Some(token)) if self.rooms.desk.directs(token).await => {
                self.door().admit_director(&knock).map(|()| true)
            }
            (admitted, _) => admitted.map(|()| false),
        }
        .map_err(Refusal::Turned)
    }
}

impl Call<'_> {
    async fn answer(&self) -> Result<Response<Bytes>, Refusal> {
        let path = self.request.uri().path();
        let route = Route::of(path).ok_or_else(|| unknown(path))?;
        let method = match self.request.method() {
            &Method::HEAD => &Method::GET,
            method => method,
        };
        match (route, method) {
            (Route::Health, &Method::GET) => Ok(call::health::get(self)),
            (Route::Document, &Method::GET) => Ok(call::document::get()),
            (Route::Denials, &Method::GET) => Ok(call::denials::get()),
            (Route::Clock, &Method::GET) => Ok(call::clock::get(self)),
            (Route::Clock, &Method::POST) => call::clock::post(self).await,
            (Route::Totp, &Method::POST) => call::authenticator::totp(self).await,
            (Route::PasskeyCreate, &Method::POST) => call::authenticator::create(self).await,
            (Route::PasskeyGet, &Method::POST) => call::authenticator::get(self).await,
            (Route::Token, &Method::POST) => call::token::post(self).await,
            (Route::Personas, &Method::GET) => Ok(call::personas::get(self)),
            (Route::Credentials, &Method::POST) => call::credentials::post(self).await,
            (Route::Inspect, &Method::POST) => call::inspect::post(self).await,
            (Route::Outbox, &Method::GET) => call::outbox::get(self).await,
            (Route::Scenarios, &Method::GET) => Ok(call::scenarios::get(self)),
            (Route::Scenarios, &Method::POST) => call::scenarios::post(self),
            (Route::Scenarios, &Method::DELETE) => Ok(call::scenarios::delete_all(self)),
            (Route::Scenario(id), &Method::DELETE) => call::scenarios::delete(self, id),
            (Route::Journal, &Method::GET) => call::journal::get(self).await,
            (Route::Journal, &Method::DELETE) => Ok(call::journal::delete(self)),
            (Route::Verify, &Method::POST) => call::verify::post(self),
            (Route::Reset, &Method::POST) => call::reset::post(self).await,
            (Route::Sandboxes, &Method::GET) => Ok(call::sandboxes::get(self)),
            (Route::Sandbox(name), &Method::DELETE) => call::sandboxes::delete(self, name).await,
            (route, _) => Err(Refusal::Method { allow: route.methods() }),
        }
    }
}

impl<'a> Route<'a> {
    fn of(path: &'a str) -> Option<Self> {
        let below = path.strip_prefix("/_lobby/")?;
        match below.split_once('/') {
            None => Self::first(below),
            Some(("authenticator", "totp")) => Some(Self::Totp),
            Some(("authenticator", "passkey/create")) => Some(Self::PasskeyCreate),
            Some(("authenticator", "passkey/get")) => Some(Self::PasskeyGet),
            Some(("scenarios", id)) if !id.is_empty() => Some(Self::Scenario(id)),
            Some(("sandboxes", name)) if !name.is_empty() => Some(Self::Sandbox(name)),
            Some(_) => None,
        }
    }

    fn first(word: &str) -> Option<Self> {
        let route = match word {
            "health" => Self::Health,
            "control.json" => Self::Document,
            "denials" => Self::Denials,
            "clock" => Self::Clock,
            "token" => Self::Token,
            "personas" => Self::Personas,
            "credentials" => Self::Credentials,
            "inspect" => Self::Inspect,
            "outbox" => Self::Outbox,
            "scenarios" => Self::Scenarios,
            "journal" => Self::Journal,
            "verify" => Self::Verify,
            "reset" => Self::Reset,
            "sandboxes" => Self::Sandboxes,
            _ => return None,
        };
        Some(route)
    }

    fn methods(self) -> &'static [Method] {
        const READ: &[Method] = &[Method::GET, Method::HEAD];
        match self {
            Self::Health
            | Self::Document
            | Self::Denials
            | Self::Outbox
            | Self::Personas
            | Self::Sandboxes => READ,
            Self::Clock => &[Method::GET, Method::HEAD, Method::POST],
            Self::Totp
            | Self::PasskeyCreate
            | Self::PasskeyGet
            | Self::Token
            | Self::Credentials
            | Self::Inspect
            | Self::Verify
            | Self::Reset => &[Method::POST],
            Self::Scenarios => &[Method::GET, Method::HEAD, Method::POST, Method::DELETE],
            Self::Journal => &[Method::GET, Method::HEAD, Method::DELETE],
            Self::Scenario(_) | Self::Sandbox(_) => &[Method::DELETE],
        }
    }
}

fn unknown(path: &str) -> Refusal {
    let path: String = path.chars().take(100).collect();
    let below = path.strip_prefix("/_lobby/").unwrap_or_default();
    let first = below.split('/').next().unwrap_or_default();
    let word = if first == "authenticator" { below } else { first };
    let near =
        nearest(word, CALLS).map(|name| format!("; did you mean `/_lobby/{name}`?")).unwrap_or_default();
    Refusal::Unknown { detail: format!("there is no call `{path}`{near}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_has_its_path_and_methods() {
        for word in CALLS {
            let path = format!("/_lobby/{word}");
            let route = Route::of(&path).unwrap();
            assert!(!route.methods().is_empty(), "{word}");
        }
        assert_eq!(Route::of("/_lobby/scenarios/play-1"), Some(Route::Scenario("play-1")));
        for path in [
            "/_lobby",
            "/_lobby/",
            "/_lobby/clock/",
            "/_lobby/Clock",
            "/clock",
            "/_lobby/scenarios/",
            "/_lobby/clock/x",
        ] {
            assert_eq!(Route::of(path), None, "{path}");
        }
    }

    #[test]
    fn a_mistyped_call_is_told_with_the_nearest() {
        let Refusal::Unknown { detail } = unknown("/_lobby/clok") else { panic!("another refusal") };
        assert_eq!(detail, "there is no call `/_lobby/clok`; did you mean `/_lobby/clock`?");
    }
}
