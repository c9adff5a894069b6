use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use model::{Clock, Entropy, Timestamp};

/// Chance that repeats itself: the same seed gives the same bytes. For tests alone; nothing here is secret.
pub struct Seeded(AtomicU64);

impl Seeded {
    /// A generator that begins at `seed`.
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    fn next(&self) -> u64 {
        // SplitMix64: one addition is the whole state, so an atomic makes it `Sync` without a lock.
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut word = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }
}

impl Entropy for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let word = self.next().to_le_bytes();
            chunk.iter_mut().zip(word).for_each(|(byte, random)| *byte = random);
        }
    }
}

/// A clock that a test moves.
pub struct MovableClock(AtomicI64);

impl MovableClock {
    /// A clock that shows `start` until it is moved.
    pub fn new(start: Timestamp) -> Self {
        Self(AtomicI64::new(start.as_micros()))
    }

    /// Moves the clock on by `span`.
    pub fn advance(&self, span: Duration) {
        self.set(self.now().plus(span));
    }

    /// Shows `now`, which may be earlier than before.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.as_micros(), Ordering::SeqCst);
    }
}

impl Clock for MovableClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
        let bytes: [u8; 33] = Seeded::new(7).bytes();
        assert_eq!(bytes, Seeded::new(7).bytes::<33>());
        assert_ne!(bytes, Seeded::new(8).bytes::<33>());
    }

    #[test]
    fn one_generator_does_not_repeat_itself() {
        let chance = Seeded::new(7);
        assert_ne!(chance.bytes::<16>(), chance.bytes::<16>());
    }

    #[test]
    fn a_clock_moves_when_it_is_told_to_and_only_then() {
        let clock = MovableClock::new(Timestamp::from_seconds(100));
        assert_eq!(clock.now(), Timestamp::from_seconds(100));
        clock.advance(Duration::from_secs(60));
        assert_eq!(clock.now(), Timestamp::from_seconds(160));
        clock.set(Timestamp::from_seconds(5));
        assert_eq!(clock.now(), Timestamp::from_seconds(5));
    }
}
