use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use ::watch::{Kind, Metrics, Reading};
use admin::{Caller, Office, Operators, Pending, Pulse, Readiness};
use bytes::Bytes;
use gateway::{Answering, Peer, Phase, Service};
use http::Request;
use model::{Entropy, RequestId, SandboxName};
use tokio::sync::watch;

use crate::{gather::Gathering, house::House, system::SystemEntropy};

/// The admin listener's service: what is behind it is [`Operators`]' to say.
pub(super) struct AdminDoor {
    operators: Operators,
    seed: [u8; 4],
    next_id: AtomicU64,
}

impl AdminDoor {
    pub(super) fn new(gathering: &Gathering, pulse: HousePulse, offices: Vec<Box<dyn Office>>) -> Self {
        let operators = Operators {
            hosts: gathering.config.control.hosts.clone(),
            docs: gateway::DOCS.to_owned(),
            pulse: Arc::new(pulse),
            offices,
        };
        Self { operators, seed: SystemEntropy.bytes(), next_id: AtomicU64::new(1) }
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
        Box::pin(self.operators.answer(request, caller))
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
