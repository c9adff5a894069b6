//! What the control API needs of the other rooms.

use std::sync::{Arc, Weak};

use admin::{Api, Desk, Foreseen, Inspected, Issued, Letter, Order, Pending, Unissued, Verification};
use gateway::{Gateway, Inquiry};
use identity::Directory;
use model::SandboxName;
use oauth::{Interference, IssueError, IssueRequest, Unhandled};

use crate::{badges::Badges, documents::Documents};

/// The desk of one house. It knows the gateway weakly: the gateway owns it.
pub(crate) struct FrontDesk {
    pub(crate) gateway: Weak<Gateway>,
    pub(crate) oauth: Arc<oauth::Server>,
    pub(crate) documents: Arc<Documents>,
    pub(crate) issuer: Arc<str>,
    pub(crate) port: u16,
    pub(crate) badges: Badges,
}

impl FrontDesk {
    fn visit(&self, visit: &admin::Visit) -> oauth::Visit {
        oauth::Visit {
            sandbox: visit.sandbox.name().clone(),
            issuer: visit.issuer.to_string(),
            real: visit.real,
            now: visit.sandbox.clock().now(visit.real),
            peer: visit.peer,
            secure: false,
            port: self.port,
            certificate: None,
            interference: Interference::None,
            request_id: visit.id,
            called: None,
            token: None,
        }
    }
}

impl Desk for FrontDesk {
    fn directs<'a>(&'a self, token: &'a str) -> Pending<'a, bool> {
        Box::pin(async move {
            let holder = self.badges.holder(token, oauth::DIRECT).await;
            holder.is_some_and(|holder| holder.roles.iter().any(|role| role == admin::DIRECTOR))
        })
    }

    fn apis(&self) -> Vec<Api> {
        let apis = self.documents.apis();
        let served = apis.iter().map(|api| Api {
            name: api.name.clone(),
            bases: api.paths(),
            contract: api.contract.clone(),
        });
        served.collect()
    }

    fn generation(&self) -> u64 {
        self.gateway.upgrade().map_or(0, |gateway| gateway.settings().generation)
    }

    fn directory(&self) -> Arc<Directory> {
        self.oauth.settings().directory.clone()
    }

    fn issuer(&self, sandbox: &SandboxName) -> String {
        if sandbox.is_main() {
            self.issuer.to_string()
        } else {
            format!("{}/_lobby/in/{sandbox}", self.issuer)
        }
    }

    fn authenticate<'a>(
        &'a self,
        persona: String,
        handle: admin::Handle,
        visit: &'a admin::Visit,
    ) -> Pending<'a, Result<serde_json::Value, Unissued>> {
        let visit = self.visit(visit);
        let handle = match handle {
            admin::Handle::Code => oauth::Handle::Code,
            admin::Handle::Create { options, origin } => oauth::Handle::Create { options, origin },
            admin::Handle::Get { options, origin } => oauth::Handle::Get { options, origin },
        };
        Box::pin(async move {
            let answer = self.oauth.handle_authenticator(&persona, handle, &visit).await;
            answer.map_err(|error| match error {
                Unhandled::Store(_) => Unissued::Fault,
                error @ (Unhandled::Persona(_) | Unhandled::NoApp(_) | Unhandled::Refused(_)) => {
                    Unissued::Wrong(error.to_string())
                }
            })
        })
    }

    fn issue<'a>(&'a self, order: Order, visit: &'a admin::Visit) -> Pending<'a, Result<Issued, Unissued>> {
        let visit = self.visit(visit);
        let mut audience = order.audience;
        if let Some(api) = order.api.filter(|_| audience.is_empty()) {
            let settings = self.oauth.settings();
            let found = settings.apis.iter().find(|known| *known.name == *api);
            audience = found.map(|api| api.audience(&visit.issuer)).unwrap_or_default();
        }
        let request = IssueRequest {
            account: order.persona,
            scope: order.scope,
            audience,
            client_id: order.client_id,
            lifetime: order.lifetime,
            claims: order.claims,
            defect: order.defect,
            thumbprint: None,
        };
        Box::pin(async move {
            let issued = self.oauth.issue(&request, &visit).await.map_err(|error| match error {
                IssueError::Fault => Unissued::Fault,
                error @ (IssueError::UnknownAccount { .. }
                | IssueError::Scope { .. }
                | IssueError::Request(_)) => Unissued::Wrong(error.to_string()),
            })?;
            Ok(Issued {
                access_token: issued.access_token,
                token_type: issued.token_type.to_owned(),
                expires_in: issued.expires_in,
                scope: issued.scope,
            })
        })
    }

    fn inspect<'a>(
        &'a self,
        token: String,
        operations: Option<Vec<(Arc<str>, Arc<str>)>>,
        visit: &'a admin::Visit,
    ) -> Pending<'a, Inspected> {
        let inquiry = Inquiry {
            token,
            sandbox: visit.sandbox.clone(),
            issuer: visit.issuer.clone(),
            real: visit.real,
            peer: visit.peer,
        };
        Box::pin(async move {
            let mut inspected = Inspected { verification: None, answers: Vec::new() };
            let Some(gateway) = self.gateway.upgrade() else { return inspected };
            let settings = gateway.settings();
            let apis = settings.apis.iter();
            inspected.verification = gateway.verify(&inquiry).await.map(|verification| Verification {
                failure: verification.failure,
                revoked: verification.revoked,
                believed: apis.clone().map(|api| gateway.believed(api, &inquiry)).collect(),
            });
            let served = self.documents.apis();
            for api in apis {
                let is_wanted = |name: &Arc<str>| match &operations {
                    None => true,
                    Some(wanted) => wanted.iter().any(|(of, wanted)| *of == api.name && wanted == name),
                };
                let places = served.iter().find(|wired| wired.name == api.name);
                let wanted = api.contract.operations().iter().filter(|operation| is_wanted(&operation.name));
                for operation in wanted {
                    let base = places.and_then(|wired| wired.places(operation).min_by_key(|base| base.len()));
                    let foreseen = gateway.foresee(&inquiry, api, operation).await;
                    inspected.answers.push(Foreseen {
                        api: api.name.clone(),
                        operation: operation.name.clone(),
                        method: operation.method.clone(),
                        path: format!("{}{}", base.unwrap_or_default(), operation.template.text),
                        verdict: foreseen.outcome.verdict,
                        steps: foreseen.outcome.trace.map(|trace| trace.notes().to_vec()).unwrap_or_default(),
                        assumed: foreseen.assumed,
                    });
                }
            }
            inspected
        })
    }

    fn outbox<'a>(
        &'a self,
        sandbox: &'a SandboxName,
        to: Option<String>,
    ) -> Pending<'a, Option<Vec<Letter>>> {
        Box::pin(async move {
            let mails = self.oauth.mails(&sandbox.realm(), to.as_deref()).await.ok()?;
            Some(mails.into_iter().map(Letter::from).collect())
        })
    }

    fn forget<'a>(&'a self, sandboxes: &'a [SandboxName]) -> Pending<'a, ()> {
        Box::pin(async move {
            if let Some(gateway) = self.gateway.upgrade() {
                gateway.forget(sandboxes).await;
            }
        })
    }

    fn reset<'a>(&'a self, sandbox: &'a SandboxName) -> Pending<'a, ()> {
        Box::pin(async move {
            if let Some(gateway) = self.gateway.upgrade() {
                gateway.reset(sandbox).await;
            }
        })
    }
}
