//! Whose access token one is, as our own guard judges it: of who administers, and of who directs mocks.

use std::{
    net::Ipv4Addr,
    sync::{Arc, Weak},
};

use admin::{Holder, Pending};
use gateway::{Gateway, Inquiry};
use mock::sandbox::Sandboxes;
use model::{Clock, SandboxName};
use store::Store;

use crate::system::SystemClock;

/// The guard of one house. It knows the gateway weakly: the gateway owns the desk that asks.
#[derive(Clone)]
pub(crate) struct Badges {
    pub(crate) gateway: Weak<Gateway>,
    pub(crate) sandboxes: Arc<Sandboxes>,
    pub(crate) store: Store,
    pub(crate) issuer: Arc<str>,
}

impl Badges {
    /// The holder of a token that has this scope of ours and is good now, with the roles that they have now.
    pub(crate) async fn holder(&self, token: &str, scope: &str) -> Option<Holder> {
        let gateway = self.gateway.upgrade()?;
        let inquiry = Inquiry {
            token: token.to_owned(),
            sandbox: self.sandboxes.main().clone(),
            issuer: self.issuer.clone(),
            real: SystemClock.now(),
            peer: Ipv4Addr::LOCALHOST.into(),
        };
        let subject = gateway.bearer(&inquiry, scope).await?;
        let user = self.store.user(&SandboxName::main().realm(), &subject).await.ok()??;
        Some(Holder { user: user.id.clone(), roles: user.roles.iter().cloned().collect() })
    }
}

impl admin::Badges for Badges {
    fn holder<'a>(&'a self, token: &'a str) -> Pending<'a, Option<Holder>> {
        Box::pin(self.holder(token, oauth::ADMINISTER))
    }
}
