use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// How long the database took since the start, as whoever asked it has waited.
#[derive(Debug, Default)]
pub(crate) struct Timings {
    pub(crate) reads: Spent,
    pub(crate) writes: Spent,
}

/// One kind of asking.
#[derive(Debug, Default)]
pub(crate) struct Spent {
    count: AtomicU64,
    faults: AtomicU64,
    micros: AtomicU64,
}

/// What was spent on one kind of asking since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timing {
    /// How often it was asked.
    pub count: u64,
    /// How often in vain.
    pub faults: u64,
    /// How long in all; for a write until it was committed.
    pub took: Duration,
}

impl Spent {
    pub(crate) fn note(&self, took: Duration, is_fault: bool) {
        self.count.fetch_add(1, Relaxed);
        self.faults.fetch_add(u64::from(is_fault), Relaxed);
        self.micros.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Relaxed);
    }

    pub(crate) fn timing(&self) -> Timing {
        Timing {
            count: self.count.load(Relaxed),
            faults: self.faults.load(Relaxed),
            took: Duration::from_micros(self.micros.load(Relaxed)),
        }
    }
}
