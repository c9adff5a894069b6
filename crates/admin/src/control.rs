use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Request};
use mock::{journal::Journal, sandbox::Sandboxes};
use model::{SandboxName, Secret, Timestamp};

use crate::{Bell, Desk, Door, Visit};

/// What control runs on.
#[derive(Debug)]
pub struct Settings {
    /// Lobby's version.
    pub version: String,
    /// The docs page of the codes, of which a problem's `type` names an anchor.
    pub docs: String,
    /// The token of `--control-token`.
    pub token: Option<Secret<String>>,
    /// Whether a caller of this machine needs no token. Where a proxy may stand before us, it is one.
    pub trusts_loopback: bool,
    /// Names beside the loopback ones that `Host` may have, without a port.
    pub hosts: Vec<String>,
    /// Our own origins, as the issuer's: `https://mock.example:8443`.
    pub origins: Vec<String>,
}

/// What control directs.
#[derive(Clone)]
pub struct Rooms {
    /// All sandboxes.
    pub sandboxes: Arc<Sandboxes>,
    /// What the mock saw.
    pub journal: Arc<Journal>,
    /// The bell that the journal rings.
    pub bell: Arc<Bell>,
    /// What the other rooms do.
    pub desk: Arc<dyn Desk>,
}

/// The control API.
pub struct Control {
    pub(crate) settings: Settings,
    pub(crate) rooms: Rooms,
}

/// A call, once it is admitted.
pub(crate) struct Call<'a> {
    pub(crate) control: &'a Control,
    pub(crate) request: &'a Request<Bytes>,
    pub(crate) visit: &'a Visit,
    /// Whether it is made by an account that may direct, where others have accounts: not all of them are its.
    pub(crate) by_account: bool,
}

impl Control {
    /// A control API for these rooms.
    pub fn new(settings: Settings, rooms: Rooms) -> Self {
        Self { settings, rooms }
    }

    /// Whether a page of this origin may call, so that its calls get CORS headers.
    pub fn admits_origin(&self, origin: &HeaderValue) -> bool {
        origin.to_str().is_ok_and(|origin| self.door().admits_origin(origin))
    }

    /// Ends sandboxes that were idle, with everything of theirs. To be called from time to time.
    pub async fn sweep(&self, real: Timestamp) {
        let ended = self.rooms.sandboxes.sweep(real);
        self.forget(&ended).await;
    }

    /// Lets calls that wait for the journal go: the server stops.
    pub fn close(&self) {
        self.rooms.bell.close();
    }

    /// Forgets everything of a sandbox that begins anew, but its keys.
    pub(crate) async fn reset(&self, sandbox: &SandboxName) {
        self.rooms.desk.reset(sandbox).await;
        self.rooms.journal.clear(sandbox);
    }

    /// Forgets everything of sandboxes that ended.
    pub(crate) async fn forget(&self, sandboxes: &[SandboxName]) {
        if sandboxes.is_empty() {
            return;
        }
        self.rooms.desk.forget(sandboxes).await;
        for name in sandboxes {
            self.rooms.journal.clear(name);
        }
    }

    pub(crate) fn door(&self) -> Door<'_> {
        let Settings { token, hosts, origins, .. } = &self.settings;
        Door { token: token.as_ref(), hosts, origins }
    }
}
