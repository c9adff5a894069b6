//! The rooms behind the other doors, as the gateway and the control API need them.

use std::{pin::Pin, sync::Arc};

use bytes::Bytes;
use gateway::{Answering, Misplaced, Named, Neighbours, Speaking, Spoken, Visit, Window};
use http::{HeaderMap, HeaderValue, Method, Request, Response, header};
use jose::KeySet;
use mock::{
    sandbox::Sandboxes,
    scenario::{Endpoint, Keys, Step},
};
use model::{RealmId, SandboxName, Timestamp};
use oauth::Interference;

/// The authorization server, and who directs the mock.
pub(crate) struct Rooms {
    pub(crate) oauth: Arc<oauth::Server>,
    pub(crate) control: Arc<admin::Control>,
    pub(crate) documents: Arc<crate::documents::Documents>,
    pub(crate) sandboxes: Arc<Sandboxes>,
    pub(crate) port: u16,
    /// Whether people have accounts in `main`: then no clock is moved there, and nothing is forgotten.
    pub(crate) is_main_real: bool,
    /// Stands in for keys that could not be made: nothing that it would have to verify passes.
    pub(crate) no_keys: Arc<KeySet>,
}

impl Rooms {
    /// Whether people have accounts there.
    fn is_real(&self, sandbox: &SandboxName) -> bool {
        self.is_main_real && sandbox.is_main()
    }

    /// A visit as the authorization server sees it.
    fn visit(&self, visit: &Visit, interference: Interference) -> oauth::Visit {
        oauth::Visit {
            sandbox: visit.sandbox.name().clone(),
            issuer: visit.issuer.to_string(),
            real: visit.real,
            now: if self.is_real(visit.sandbox.name()) { visit.real } else { visit.now },
            peer: visit.peer.address,
            secure: visit.secure,
            port: self.port,
            certificate: visit.certificate.as_ref().map(|certificate| certificate.sha256),
            interference,
            request_id: visit.id,
            called: visit.called.clone(),
            token: visit.token.clone(),
        }
    }

    /// The sandbox in which a browser is signed in. One that has ended is none, and `main` goes before others:
    /// who signed in there once must not be led astray by what a test left behind.
    fn signed_in(&self, request: &Request<Bytes>, visit: &Visit) -> Result<Option<SandboxName>, Misplaced> {
        let fields = request.headers().get_all(header::COOKIE).iter().filter_map(|field| field.to_str().ok());
        let cookies =
            fields.flat_map(|field| field.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let named = identity::signed_in_sandboxes(cookies.map(|(name, _)| name), visit.secure, self.port);
        if named.iter().any(SandboxName::is_main) {
            return Ok(None);
        }
        let mut there = named.into_iter().filter(|name| self.sandboxes.find(name).is_some());
        match (there.next(), there.next()) {
            (Some(_), Some(_)) => Err(Misplaced::Ambiguous),
            (found, _) => Ok(found),
        }
    }
}

/// What a scenario's step wants of the authorization server.
fn interference(step: Option<&Step>) -> Interference {
    let Some(step) = step else { return Interference::None };
    match (step.keys(), step.oauth_error(), step.status()) {
        (Some(Keys::Rotate), _, _) => Interference::KeysRotate,
        (Some(Keys::Lose), _, _) => Interference::KeysLose,
        (None, Some(error), _) => Interference::Error(error.as_str().to_owned()),
        (None, None, Some(status)) => Interference::Status(status.as_u16()),
        (None, None, None) => Interference::None,
    }
}

impl Neighbours for Rooms {
    fn authorization(&self, method: &Method, path: &str) -> Option<Window> {
        let endpoint = oauth::Endpoint::of_path(path)?;
        // The page is read there; what is posted there resets a sandbox (control.md).
        if endpoint == oauth::Endpoint::Reset && method == Method::POST {
            return None;
        }
        // Where nobody is a partner there is nothing.
        if endpoint == oauth::Endpoint::ReportLeak && self.oauth.settings().partners.is_empty() {
            return None;
        }
        Some(Window {
            endpoint: endpoint.operation().and_then(Endpoint::parse),
            form_of: endpoint.form_of().and_then(Endpoint::parse),
            is_page: endpoint.is_page(),
        })
    }

    fn sandbox_of(&self, request: &Request<Bytes>, visit: &Visit) -> Result<Option<SandboxName>, Misplaced> {
        let query = request.uri().query();
        let by_head = (visit.named != Named::Nowhere).then(|| visit.sandbox.name().clone());
        if let Some(asked) = oauth::sandbox_asked(query) {
            let asked: SandboxName = asked
                .parse()
                .map_err(|_| if asked.contains(' ') { Misplaced::Ambiguous } else { Misplaced::Name })?;
            return match by_head {
                Some(other) if other != asked => Err(Misplaced::Ambiguous),
                Some(_) | None => Ok(Some(asked)),
            };
        }
        if by_head.is_some() {
            // What was made in another sandbox is unknown in this one: `invalid_grant`.
            return Ok(by_head);
        }
        let brought = oauth::sandbox_brought(query, request.body());
        let is_page = oauth::Endpoint::of_path(request.uri().path()).is_some_and(oauth::Endpoint::is_page);
        if brought.is_some() || !is_page { Ok(brought) } else { self.signed_in(request, visit) }
    }

    fn speaker_of<'a>(&'a self, request: &'a Request<Bytes>, visit: &'a Visit) -> Speaking<'a> {
        let visit = self.visit(visit, Interference::None);
        Box::pin(async move { self.oauth.speaker_of(request, &visit).await })
    }

    fn authorize<'a>(
        &'a self,
        request: Request<Bytes>,
        visit: &'a Visit,
        step: Option<Step>,
    ) -> Answering<'a> {
        let visit = self.visit(visit, interference(step.as_ref()));
        Box::pin(async move {
            let mut answer = self.oauth.serve(request, &visit).await;
            if let Some(oauth::Spoken(name)) = answer.extensions_mut().remove() {
                answer.extensions_mut().insert(Spoken(name));
            }
            answer
        })
    }

    fn control<'a>(&'a self, request: Request<Bytes>, visit: &'a Visit) -> Answering<'a> {
        let visit = admin::Visit {
            sandbox: visit.sandbox.clone(),
            issuer: visit.issuer.clone(),
            real: visit.real,
            peer: visit.peer.address,
            socket: visit.socket,
            host: visit.authority.clone(),
            id: visit.id,
        };
        Box::pin(async move { self.control.serve(request, visit).await })
    }

    fn document(&self, api: Option<&str>, visit: &Visit) -> Response<Bytes> {
        self.documents.serve(api, visit)
    }

    fn directs<'a>(&'a self, headers: &'a HeaderMap) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>> {
        Box::pin(self.control.directs(headers))
    }

    fn admits_origin(&self, origin: &HeaderValue) -> bool {
        self.control.admits_origin(origin)
    }

    fn keys(&self, realm: &RealmId, now: Timestamp) -> Arc<KeySet> {
        self.oauth.key_set(realm, now).unwrap_or_else(|_| self.no_keys.clone())
    }

    fn nonce(&self, realm: &RealmId, now: Timestamp) -> HeaderValue {
        let nonce = self.oauth.dpop_nonce(realm, now);
        HeaderValue::try_from(nonce).unwrap_or_else(|_| HeaderValue::from_static(""))
    }

    fn is_fresh_nonce(&self, realm: &RealmId, nonce: &str, now: Timestamp) -> bool {
        self.oauth.accepts_dpop_nonce(realm, now, nonce)
    }

    fn reset<'a>(&'a self, name: &'a SandboxName) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async move {
            if !self.is_real(name) {
                let _ = self.oauth.reset(&name.realm()).await;
            }
        })
    }

    fn forget<'a>(&'a self, names: &'a [SandboxName]) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async move {
            for name in names.iter().filter(|name| !self.is_real(name)) {
                // What cannot be forgotten now is in memory alone and goes with the process.
                let _ = self.oauth.forget(&name.realm()).await;
            }
        })
    }
}
