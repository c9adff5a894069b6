//! Who asks, where, and in which sandbox: what is found out of a request's head before anything is judged.

use std::sync::Arc;

use guard::Code;
use http::{HeaderMap, Method, Response, header, request::Parts};
use mock::{
    sandbox::Sandbox,
    scenario::{Occasion, Step, StepError},
};
use model::{RequestId, SandboxName, Timestamp};

use crate::{
    answer::Answered,
    body::AnswerBody,
    connection::Peer,
    gateway::Gateway,
    neighbours::{Named, Visit},
    place::{self, Place, PlaceError},
    settings::{Settings, Stage},
    target,
};

/// A request's head with everything that was found out about it at the door.
pub(crate) struct Arrival {
    pub(crate) parts: Parts,
    pub(crate) path: String,
    pub(crate) visit: Visit,
}

impl Gateway {
    /// Finds out who asks, where, and in which sandbox; or refuses before anything else is looked at.
    pub(crate) async fn arrive(
        &self,
        parts: Parts,
        peer: &Peer,
        settings: &Settings,
        real: Timestamp,
        id: RequestId,
    ) -> Result<Arrival, Response<AnswerBody>> {
        let turn_away = |mut answered: Answered| {
            answered.mark(None, id);
            settings.cors.allow(&parts.headers, &mut answered.headers);
            // Whoever writes such a request line may mean the rest otherwise too.
            answered.headers.insert(header::CONNECTION, header::HeaderValue::from_static("close"));
            answered.into_response(parts.method == Method::HEAD)
        };
        let refuse = |code, detail: &str| turn_away(Answered::problem(code, Some(detail), id));
        if target::size(&parts) > settings.head_limit {
            return Err(refuse(Code::HeadSize, &format!("a head may have {} bytes", settings.head_limit)));
        }
        let authority = target::check(&parts.method, &parts.uri, parts.version, &parts.headers)
            .map_err(|error| refuse(Code::PathInvalid, &error.to_string()))?;
        let host = target::host(authority).to_ascii_lowercase();
        let directs = self.directs(settings.stage, &parts, &host).await;
        let found = if directs {
            place::find(&host, parts.uri.path(), &parts.headers)
        } else {
            Ok(Place::main(parts.uri.path()))
        };
        let Place { name, named, path } = found.map_err(|error| match error {
            PlaceError::Ambiguous => refuse(Code::SandboxAmbiguous, &error.to_string()),
            PlaceError::Name => turn_away(Answered::misnamed(&error.to_string(), id)),
        })?;
        let sandbox = match name {
            None => self.furnishing.sandboxes.main().clone(),
            Some(name) => {
                self.enter(&name, real).await.map_err(|detail| refuse(Code::SandboxFull, &detail))?
            }
        };
        let seen =
            guard::Peer::seen(peer.address.ip(), peer.secure, &parts.headers, &settings.trusted_proxies);
        let scheme = if seen.secure { "https" } else { "http" };
        let issuer = match (settings.stage, named) {
            (Stage::Everywhere, Named::Subdomain) => format!("{scheme}://{authority}").into(),
            (Stage::Everywhere, Named::Path) => {
                format!("{}/_lobby/in/{}", self.furnishing.issuer, sandbox.name()).into()
            }
            _ => self.furnishing.issuer.clone(),
        };
        let people = match settings.stage {
            Stage::Everywhere => sandbox.name().realm(),
            Stage::Apis | Stage::Nowhere => SandboxName::main().realm(),
        };
        let certificate =
            peer.certificate.as_ref().map(|certificate| self.judge_certificate(&certificate.der, real));
        let visit = Visit {
            now: sandbox.clock().now(real),
            sandbox,
            realm: people,
            directs,
            named,
            issuer,
            real,
            peer: seen,
            socket: peer.address.ip(),
            secure: seen.secure,
            certificate: certificate.map(Arc::new),
            authority: authority.to_owned(),
            id,
            called: None,
            token: None,
        };
        let path = path.into_owned();
        Ok(Arrival { parts, path, visit })
    }

    /// Whether a request may choose its sandbox and its play. Where people are real it takes a right, and nobody is
    /// asked for it who chooses nothing.
    async fn directs(&self, stage: Stage, parts: &Parts, host: &str) -> bool {
        match stage {
            Stage::Everywhere => true,
            Stage::Nowhere => false,
            Stage::Apis => {
                let place = place::find(host, parts.uri.path(), &parts.headers);
                let chooses = place.map_or(true, |place| place.name.is_some())
                    || parts.headers.contains_key("lobby-scenario");
                chooses && self.furnishing.neighbours.directs(&parts.headers).await
            }
        }
    }

    pub(crate) async fn enter(&self, name: &SandboxName, real: Timestamp) -> Result<Arc<Sandbox>, String> {
        let entered = self.furnishing.sandboxes.enter(name, real).map_err(|full| full.to_string())?;
        if !entered.ended.is_empty() {
            self.forget(&entered.ended).await;
        }
        Ok(entered.sandbox)
    }

    fn judge_certificate(&self, der: &[u8], real: Timestamp) -> guard::Certificate {
        let seconds = u64::try_from(real.as_seconds()).unwrap_or(0);
        let trusted = self.furnishing.client_trust.as_ref().is_some_and(|trust| trust.vouches(der, seconds));
        guard::Certificate { sha256: jose::digest::sha256(der), trusted, subject: crate::tls::subject(der) }
    }
}

/// The step of a scenario that acts on a request: the header's, else that of a play, which then has given
/// it out. A header that cannot be read is an error: whoever sends it wants it to act. Off stage none is heard.
pub(crate) fn step(
    stage: Stage,
    headers: &HeaderMap,
    visit: &Visit,
    occasion: Occasion<'_>,
    persona: Option<&str>,
) -> Result<Option<Step>, StepError> {
    let is_real = matches!(occasion, Occasion::Endpoint(_)) && visit.sandbox.name().is_main();
    if stage == Stage::Nowhere || (stage == Stage::Apis && is_real) {
        return Ok(None);
    }
    let mut fields = headers.get_all("lobby-scenario").iter();
    let Some(field) = fields.next().filter(|_| visit.directs) else {
        return Ok(visit.sandbox.plays().take(occasion, persona).map(|taken| taken.step));
    };
    if fields.next().is_some() {
        return Err(StepError::Twice);
    }
    let step = Step::from_header(&String::from_utf8_lossy(field.as_bytes()))?;
    match occasion {
        Occasion::Endpoint(_) | Occasion::Form(_) => step.fits_endpoint()?,
        Occasion::Api { .. } | Occasion::Unmatched | Occasion::Preflight | Occasion::Control => {
            step.fits_api()?;
        }
    }
    Ok(Some(step))
}
