use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use ::watch::{Kind, Metrics, Reading};
use admin::{Caller, Operators, Pending, Pulse, Readiness};
use arc_swap::ArcSwap;
use bytes::Bytes;
use gateway::{Answering, Peer, Phase, Service};
use http::Request;
use model::{Entropy, RequestId, SandboxName, Secret};
use tokio::sync::watch;

use crate::{
    administration::{self, Openers},
    gather::Gathering,
    house::House,
    letters::Assets,
    system::SystemEntropy,
};

/// What opens everything: the lock's token, and `LOBBY_ADMIN_TOKEN`.
pub(super) struct Tokens {
    pub(super) lock: Secret<String>,
    pub(super) chosen: Option<Secret<String>>,
}

/// The admin listener's service: what is behind it is [`Operators`]' to say, for each generation of the files.
pub(super) struct AdminDoor {
    operators: ArcSwap<Operators>,
    tokens: Tokens,
    pulse: Arc<HousePulse>,
    seed: [u8; 4],
    next_id: AtomicU64,
}

impl AdminDoor {
    pub(super) fn new(
        gathering: &Gathering,
        settings: &oauth::Settings,
        tokens: Tokens,
        pulse: HousePulse,
    ) -> Self {
        let pulse = Arc::new(pulse);
        let operators = ArcSwap::from_pointee(operators(gathering, settings, &tokens, &pulse));
        Self { operators, tokens, pulse, seed: SystemEntropy.bytes(), next_id: AtomicU64::new(1) }
    }

    /// Goes by another generation from the next request on.
    pub(super) fn replace(&self, gathering: &Gathering, settings: &oauth::Settings) {
        self.operators.store(Arc::new(operators(gathering, settings, &self.tokens, &self.pulse)));
    }

    fn request_id(&self) -> RequestId {
        let mut id = [0; 12];
        let (process, request) = id.split_at_mut(4);
        process.copy_from_slice(&self.seed);
        request.copy_from_slice(&self.next_id.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        RequestId(id)
    }
}

impl Service for AdminDoor {
    fn answer<'a>(&'a self, request: Request<Bytes>, peer: &'a Peer) -> Answering<'a> {
        let caller = Caller { peer: peer.address.ip(), secure: peer.secure, id: self.request_id() };
        let operators = self.operators.load_full();
        Box::pin(gateway::answering(caller.id, async move { operators.answer(request, caller).await }))
    }
}

/// Who answers of one generation.
fn operators(
    gathering: &Gathering,
    settings: &oauth::Settings,
    tokens: &Tokens,
    pulse: &Arc<HousePulse>,
) -> Operators {
    let (config, house, brand) = (&gathering.config, &pulse.house, settings.brand.clone());
    let openers = Openers {
        lock: Some(tokens.lock.clone()),
        chosen: tokens.chosen.clone(),
        guesses: Some((house.attempts(), settings.sources)),
        badges: Some(Arc::new(house.badges())),
    };
    let administration = administration::of(
        config,
        &house.issuer,
        house.store.clone(),
        house.passwords.clone(),
        openers,
        (settings.accounts.clone(), brand.clone()),
    );
    let own = url::Url::parse(&house.issuer).ok().and_then(|issuer| issuer.host_str().map(str::to_owned));
    Operators {
        hosts: config.control.hosts.iter().cloned().chain(own).collect(),
        trusted_proxies: config.trusted_proxies.clone(),
        docs: gateway::DOCS.to_owned(),
        pulse: pulse.clone(),
        offices: vec![Box::new(administration), Box::new(Assets(brand))],
    }
}

/// How it stands with one house.
pub(super) struct HousePulse {
    pub(super) house: Arc<House>,
    pub(super) phase: watch::Receiver<Phase>,
    pub(super) metrics: Arc<Metrics>,
}

/// How long the database may take to say that it is there.
const PATIENCE: Duration = Duration::from_secs(2);

impl Pulse for HousePulse {
    fn readiness(&self) -> Pending<'_, Readiness> {
        Box::pin(async move {
            if *self.phase.borrow() == Phase::Draining {
                return Readiness::Draining;
            }
            let realm = SandboxName::main().realm();
            let asked = tokio::time::timeout(PATIENCE, self.house.store.family(&realm, "")).await;
            if matches!(asked, Ok(Ok(_))) { Readiness::Ready } else { Readiness::StoreLost }
        })
    }

    fn metrics(&self) -> String {
        self.metrics.render(&readings(&self.house))
    }
}

/// What the rooms count themselves.
#[expect(clippy::cast_precision_loss, reason = "a count beyond 2^53 may lose its last digit")]
fn readings(house: &House) -> Vec<Reading> {
    let generation = house.gateway.settings().generation as f64;
    let load = house.passwords.load();
    let (reads, writes) = house.store.timings();
    let gauge = |name, help, value| Reading::new(name, help, Kind::Gauge, value);
    let counter = |name, help, value| Reading::new(name, help, Kind::Counter, value);
    let mut readings = vec![
        gauge("lobby_generation", "Which generation of the files is served, from 1.", generation),
        gauge("lobby_hashing_queue", "Passwords that are hashed now or wait for it.", load.queued as f64),
        gauge("lobby_hashing_places", "How many of them there may be.", load.places as f64),
        counter("lobby_hashing_turned_away_total", "Passwords that found no place.", load.turned_away as f64),
    ];
    let names = [
        ["lobby_store_reads_total", "lobby_store_read_seconds_total", "lobby_store_read_faults_total"],
        ["lobby_store_writes_total", "lobby_store_write_seconds_total", "lobby_store_write_faults_total"],
    ];
    for ([count, took, faults], timing) in names.into_iter().zip([reads, writes]) {
        let seconds = timing.took.as_secs_f64();
        readings.extend([
            counter(count, "How often the store was asked.", timing.count as f64),
            counter(took, "How long that took; a write until it was committed.", seconds),
            counter(faults, "How often it was asked in vain.", timing.faults as f64),
        ]);
    }
    readings
}
