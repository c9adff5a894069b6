//! The answer to a request that was denied, or is to look so.

use bytes::Bytes;
use guard::{Admission, Charged, Code, Denial, Rendering};
use http::{HeaderValue, header};
use mock::answer::Told;

use super::{Matched, log};
use crate::{
    answer::{Answered, DOCS, HINT},
    arrival::Arrival,
    course::Course,
    gateway::Gateway,
};

impl Gateway {
    pub(crate) fn denied(
        &self,
        arrival: &Arrival,
        matched: &Matched<'_>,
        denial: &Denial,
        charged: Option<&Charged>,
        example: Option<&str>,
    ) -> Course {
        let Arrival { parts, visit, .. } = arrival;
        let Matched { api, operation, .. } = matched;
        let nonce = (denial.code() == Code::ProofNonce || api.guarding.dpop.nonce)
            .then(|| self.furnishing.neighbours.nonce(&visit.realm, visit.now));
        // The well-known name stands between host and path (RFC 9728 3.1), a sandbox's path too.
        let (origin, within) = split_issuer(&visit.issuer);
        let metadata = format!("{origin}/.well-known/oauth-protected-resource{within}{}", api.base);
        let rendered = guard::render(
            denial,
            &Rendering {
                api: &api.name,
                contract: &api.contract,
                operation: Some(operation),
                resource_metadata: Some(&*metadata).filter(|_| !api.is_own),
                dpop_required: api.guarding.dpop.required,
                nonce: nonce.as_ref().and_then(|nonce| nonce.to_str().ok()),
                hidden_basic: api.basic_hidden,
                mock: true,
                auth: api.guarding.auth,
                docs: DOCS,
                request_id: visit.id,
                charged,
            },
        );
        let hint = rendered.problem.get("hint").and_then(|hint| hint.as_str()).map(str::to_owned);
        let accept = parts.headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
        let told = Told { problem: &rendered.problem, path: parts.uri.path(), now: visit.now };
        let documented = api.answerer.denied_body(operation, rendered.status.as_u16(), accept, example, told);
        let status = rendered.status.as_u16();
        let lacking = example.and_then(|name| api.answerer.lacks_example(operation, status, name));
        let hint = hint.filter(|_| documented.is_some());
        let hints: Vec<String> = hint.into_iter().chain(lacking).collect();
        let hint = HeaderValue::try_from(hints.join("; ")).ok().filter(|hint| !hint.is_empty());
        let mut answered = Answered::rendered(rendered, documented);
        if let Some(hint) = hint {
            answered.headers.insert(HINT, hint);
        }
        let log = log(matched, None, None, Bytes::new());
        Course { answered, fault: None, log: Some(log), cors: api.cors.clone() }
    }

    /// A status that a scenario put in place of the answer: whoever was denied still was, a 401 still
    /// challenges, and nobody keeps any of it.
    pub(super) fn fail(
        &self,
        arrival: &Arrival,
        matched: &Matched<'_>,
        truth: &Result<Admission, Denial>,
        answered: &mut Answered,
    ) {
        answered.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Err(denial) = truth {
            answered.verdict = denial.code().as_str();
        }
        if answered.status == http::StatusCode::UNAUTHORIZED
            && !answered.headers.contains_key(header::WWW_AUTHENTICATE)
        {
            let missing = Denial::of(guard::Cause::CredentialMissing);
            let denied = self.denied(arrival, matched, truth.as_ref().err().unwrap_or(&missing), None, None);
            for challenge in denied.answered.headers.get_all(header::WWW_AUTHENTICATE) {
                answered.headers.append(header::WWW_AUTHENTICATE, challenge.clone());
            }
        }
    }

    /// A denial that was not earned; its counters are as far gone as it says.
    pub(super) fn staged(
        &self,
        arrival: &Arrival,
        matched: &Matched<'_>,
        code: Code,
        example: Option<&str>,
        charged: &mut Charged,
    ) -> Course {
        let staged = Denial::staged(code, &matched.api.contract, matched.operation, arrival.visit.now);
        let denial = staged.unwrap_or_else(|| Denial::of(guard::Cause::Fault));
        if let Some(spent) = Charged::staged(code) {
            *charged = spent;
        }
        self.denied(arrival, matched, &denial, Some(charged), example)
    }
}

/// An issuer's origin, and its path: `/_lobby/in/t-42`.
fn split_issuer(issuer: &str) -> (&str, &str) {
    let host = issuer.find("://").map_or(0, |at| at + 3);
    let end = issuer.get(host..).and_then(|rest| rest.find('/')).map_or(issuer.len(), |at| host + at);
    issuer.split_at_checked(end).unwrap_or((issuer, ""))
}
