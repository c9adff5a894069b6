//! Leading a request to the endpoint that answers it.

use std::sync::OnceLock;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};

use crate::{
    account,
    answer::{Answer, Refusal, empty, see_other},
    authorize, device, device_page, discovery, factor, introspect, logout, par,
    place::{ASSETS, Endpoint},
    report_leak, reset, resource, revoke,
    server::{Call, Server, Spoken},
    settings::Lifetimes,
    sign_in, sign_up, token_endpoint, userinfo,
    visit::{Interference, Visit},
};

/// So many bytes a request to us may bring, of the many that an API's may: what strangers send is kept, some of it.
const LARGEST: usize = 256 << 10;

impl Server {
    /// Answers a request to one of [`Endpoint`]'s places; the path is without the sandbox's prefix. CORS and
    /// preflights are the gateway's.
    pub async fn serve(&self, request: Request<Bytes>, visit: &Visit) -> Response<Bytes> {
        let (head, body) = request.into_parts();
        let path = head.uri.path();
        let Some(endpoint) = Endpoint::of_path(path) else { return empty(StatusCode::NOT_FOUND) };
        let allowed = endpoint.methods();
        if !allowed.split(", ").any(|method| method == head.method.as_str()) {
            let mut answer = empty(StatusCode::METHOD_NOT_ALLOWED);
            answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
            return answer;
        }
        if endpoint == Endpoint::Asset {
            let asset = path.strip_prefix(ASSETS).and_then(|name| self.settings().brand.asset(name));
            return asset.unwrap_or_else(|| empty(StatusCode::NOT_FOUND));
        }
        // A report has a measure of its own.
        if body.len() > LARGEST && endpoint != Endpoint::ReportLeak {
            return Refusal::large("a request here has at most 256 KiB").answer();
        }
        if let Err(answer) = self.prepare(visit).await {
            return answer.answer();
        }
        let (settings, away) = match self.settings_of(&visit.realm()).await {
            Ok(settings) => (settings, None),
            Err(fault) => (self.settings(), Some(fault)),
        };
        let call = Call {
            server: self,
            settings,
            visit,
            realm: visit.realm(),
            method: head.method.clone(),
            headers: &head.headers,
            speaker: OnceLock::new(),
        };
        let mut answer = match away.filter(|_| !endpoint.is_published()) {
            // Nobody is told that there is no such client while nobody knows.
            Some(fault) if endpoint.is_page() => call.fault(&fault),
            Some(fault) => Refusal::from(fault).answer(),
            None => call.answer(endpoint, path, head.uri.query(), &body).await,
        };
        if let Some(name) = call.speaker.get() {
            answer.extensions_mut().insert(Spoken(name.clone()));
        }
        answer
    }

    /// Makes the signing key where it is dear, and does what a scenario wants of the keys.
    async fn prepare(&self, visit: &Visit) -> Result<(), Refusal> {
        let realm = visit.realm();
        if !self.keys.is_ready() {
            let (keys, realm, now) = (self.keys.clone(), realm.clone(), visit.now);
            let made = tokio::task::spawn_blocking(move || keys.ring(&realm, now).map(drop)).await;
            made.map_err(|_| Refusal::fault())?.map_err(|_| Refusal::fault())?;
        }
        let done = match &visit.interference {
            Interference::KeysRotate => {
                let Lifetimes { access, id, .. } = self.settings().lifetimes;
                self.keys.rotate(&realm, visit.now, access.max(id))
            }
            Interference::KeysLose => self.keys.lose(&realm),
            Interference::None | Interference::Error(_) | Interference::Status(_) => Ok(()),
        };
        done.map_err(|_| Refusal::fault())
    }
}

impl Call<'_> {
    async fn answer(&self, endpoint: Endpoint, path: &str, query: Option<&str>, body: &[u8]) -> Answer {
        match &self.visit.interference {
            Interference::Status(status) if *status >= 400 => return staged_status(*status),
            Interference::Error(error) if !matches!(endpoint, Endpoint::Authorize | Endpoint::SignIn) => {
                return staged_error(endpoint, error);
            }
            // Below 400 a status acts only after an allow (control.md), and what is given then is the true answer.
            Interference::Error(_)
            | Interference::Status(_)
            | Interference::None
            | Interference::KeysRotate
            | Interference::KeysLose => {}
        }
        let outcome = match endpoint {
            Endpoint::Authorize => return authorize::serve(self, query, body).await,
            Endpoint::ChangePassword => return see_other(&self.visit.path("/_lobby/account/password")),
            Endpoint::SignIn => return sign_in::serve(self, query, body).await,
            Endpoint::Passkeys => return factor::serve_passkeys(self, query, body).await,
            Endpoint::Authenticator => return factor::serve_authenticator(self, query, body).await,
            Endpoint::RecoveryCodes => return factor::serve_codes(self, query, body).await,
            Endpoint::RelatedOrigins => Ok(factor::related_origins(self)),
            Endpoint::SignUp => return sign_up::serve(self, query, body).await,
            Endpoint::Reset => return reset::serve(self, query, body).await,
            Endpoint::Account => return account::serve(self, path, query, body).await,
            Endpoint::DevicePage => return device_page::serve(self, query, body).await,
            Endpoint::Logout => return logout::serve(self, query, body).await,
            Endpoint::Token => token_endpoint::serve(self, body).await,
            Endpoint::Par => par::serve(self, body).await,
            Endpoint::Device => device::serve(self, body).await,
            Endpoint::Introspect => introspect::serve(self, body).await,
            Endpoint::Revoke => revoke::serve(self, body).await,
            Endpoint::Userinfo => userinfo::serve(self, body).await,
            Endpoint::Jwks => discovery::jwks(self),
            Endpoint::Discovery => discovery::serve(self, path),
            Endpoint::Resource => resource::serve(self, path),
            Endpoint::ReportLeak => report_leak::serve(self, body).await,
            Endpoint::Asset => Ok(empty(StatusCode::NOT_FOUND)),
        };
        outcome.unwrap_or_else(|refusal| refusal.answer())
    }
}

fn staged_status(status: u16) -> Answer {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let error = if status.is_server_error() { "temporarily_unavailable" } else { "invalid_request" };
    Refusal { status, ..Refusal::new(error, "a scenario wants this answer") }.answer()
}

fn staged_error(endpoint: Endpoint, error: &str) -> Answer {
    let refusal = match error {
        "invalid_token" | "insufficient_scope" if endpoint == Endpoint::Userinfo => {
            let status =
                if error == "invalid_token" { StatusCode::UNAUTHORIZED } else { StatusCode::FORBIDDEN };
            let scope = if error == "insufficient_scope" { ", scope=\"openid\"" } else { "" };
            let challenge = Some(format!("Bearer error=\"{error}\"{scope}"));
            Refusal { status, challenge, ..Refusal::new(error, "a scenario wants this error") }
        }
        "invalid_client" => Refusal::client("a scenario wants this error"),
        "server_error" => Refusal::fault(),
        other => Refusal::new(other, "a scenario wants this error"),
    };
    refusal.answer()
}
