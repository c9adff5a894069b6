//! The gateway itself: what it is furnished with, and what it runs on now.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use arc_swap::ArcSwap;
use identity::{Attempts, Passwords};
use mock::{journal::Journal, sandbox::Sandboxes};
use model::{Clock, Event, RequestId, SandboxName};
use store::Store;

use crate::{
    ledger::Ledgers, neighbours::Neighbours, settings::Settings, signatures::Signatures, tls::ClientTrust,
};

tokio::task_local! {
    static ANSWERED: RequestId;
}

/// Which request is being answered here, if one is: what fails on its way is told with it.
pub fn request_id() -> Option<RequestId> {
    ANSWERED.try_with(|id| *id).ok()
}

/// Answers a request, which is told with its id what fails meanwhile.
pub fn answering<T>(id: RequestId, answer: impl Future<Output = T>) -> impl Future<Output = T> {
    ANSWERED.scope(id, answer)
}

/// The pipeline, with everything that outlives a reload.
pub struct Gateway {
    pub(crate) settings: ArcSwap<Settings>,
    pub(crate) furnishing: Furnishing,
    pub(crate) signatures: Signatures,
    pub(crate) ledgers: Ledgers,
    next_id: AtomicU64,
}

/// Hears what happened. Must return at once.
pub type Listener = Box<dyn Fn(Event) + Send + Sync>;

/// What a gateway is furnished with.
pub struct Furnishing {
    /// The sandboxes.
    pub sandboxes: Arc<Sandboxes>,
    /// What was asked.
    pub journal: Arc<Journal>,
    /// What is remembered.
    pub store: Store,
    /// Checks passwords.
    pub passwords: Arc<Passwords>,
    /// Failed passwords, by name.
    pub attempts: Arc<Attempts>,
    /// The other rooms.
    pub neighbours: Box<dyn Neighbours>,
    /// The machine's clock.
    pub clock: Arc<dyn Clock>,
    /// Who we are, unless a sandbox is named by subdomain or path.
    pub issuer: Arc<str>,
    /// Hears of each request, where somebody wants to.
    pub listener: Option<Listener>,
    /// Who vouches for client certificates.
    pub client_trust: Option<ClientTrust>,
    /// Four random bytes that tell this process's request ids from another's.
    pub seed: [u8; 4],
}

impl Gateway {
    /// Opens the door.
    pub fn new(furnishing: Furnishing, settings: Arc<Settings>) -> Self {
        Self {
            settings: ArcSwap::new(settings),
            furnishing,
            signatures: Signatures::new(),
            ledgers: Ledgers::default(),
            next_id: AtomicU64::new(1),
        }
    }

    /// Serves these settings from the next request on.
    pub fn replace(&self, mut settings: Settings) {
        settings.gone = settings.gone_since(&self.settings.load());
        self.settings.store(Arc::new(settings));
    }

    /// The settings of this moment.
    pub fn settings(&self) -> Arc<Settings> {
        self.settings.load_full()
    }

    /// The other rooms.
    pub fn neighbours(&self) -> &dyn Neighbours {
        &*self.furnishing.neighbours
    }

    /// Forgets what was counted in a sandbox that begins anew, and what is stored of it but its keys.
    pub async fn reset(&self, name: &SandboxName) {
        self.ledgers.forget(&name.realm());
        self.furnishing.journal.clear(name);
        self.furnishing.neighbours.reset(name).await;
    }

    /// Forgets what was counted in sandboxes that ended, and what is stored of them.
    pub async fn forget(&self, names: &[SandboxName]) {
        for name in names {
            self.ledgers.forget(&name.realm());
            self.furnishing.journal.clear(name);
        }
        self.furnishing.neighbours.forget(names).await;
    }

    pub(crate) fn request_id(&self) -> RequestId {
        let count = self.next_id.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let mut id = [0; 12];
        let (process, request) = id.split_at_mut(4);
        process.copy_from_slice(&self.furnishing.seed);
        request.copy_from_slice(&count);
        RequestId(id)
    }
}
