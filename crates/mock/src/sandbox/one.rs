use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use model::{SandboxName, Timestamp};

use super::SandboxClock;
use crate::scenario::{Play, Plays};

/// One sandbox, as far as it is not stored: its time, its plays, its counts. Everything here is shared by
/// all requests of it at once.
#[derive(Debug)]
pub struct Sandbox {
    name: SandboxName,
    clock: SandboxClock,
    plays: Plays,
    requests: AtomicU64,
    /// By main's clock, in microseconds.
    last_used: AtomicI64,
    /// Counts resets, so that what others keep of a sandbox (limits, caches) can tell that it began anew.
    resets: AtomicU64,
}

impl Sandbox {
    pub(super) fn new(name: SandboxName, standing: &[Play], used: Timestamp) -> Self {
        let sandbox = Self {
            name,
            clock: SandboxClock::default(),
            plays: Plays::default(),
            requests: AtomicU64::new(0),
            last_used: AtomicI64::new(used.as_micros()),
            resets: AtomicU64::new(0),
        };
        sandbox.put_on(standing);
        sandbox
    }

    /// Its name, which is its realm's too.
    pub fn name(&self) -> &SandboxName {
        &self.name
    }

    /// Its clock.
    pub fn clock(&self) -> &SandboxClock {
        &self.clock
    }

    /// What it is forced to.
    pub fn plays(&self) -> &Plays {
        &self.plays
    }

    /// Counts a request to an API or to the authorization server. Control calls and preflights are none.
    pub fn count_request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// How many requests were counted since it began.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// How often it was reset: whoever keeps something by this number forgets it when it changes.
    pub fn resets(&self) -> u64 {
        self.resets.load(Ordering::Acquire)
    }

    /// When it was last used, by main's clock.
    pub fn last_used(&self) -> Timestamp {
        Timestamp::from_micros(self.last_used.load(Ordering::Relaxed))
    }

    pub(super) fn mark_used(&self, main_now: Timestamp) {
        self.last_used.store(main_now.as_micros(), Ordering::Relaxed);
    }

    /// As it began: the real time, the standing plays, no counts.
    pub(super) fn begin_anew(&self, standing: &[Play]) {
        self.clock.reset();
        self.plays.clear();
        self.put_on(standing);
        self.requests.store(0, Ordering::Relaxed);
        self.resets.fetch_add(1, Ordering::AcqRel);
    }

    fn put_on(&self, standing: &[Play]) {
        for play in standing {
            // More standing plays than a sandbox holds are refused when settings are read.
            let _ = self.plays.add(play.clone());
        }
    }
}
