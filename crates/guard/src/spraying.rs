//! Spraying as arithmetic: many accounts fail, few tries each, from whatever addresses (attacks.md, G02). No
//! lock of an account and no limit of an address sees it; how many accounts fail in a while does.

use std::{collections::BTreeSet, time::Duration};

use model::Timestamp;

use crate::limit::{Bounds, Rate, Tally, charge};

/// When it is one, and what happens then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// So many accounts must fail, and more than sign in, …
    pub accounts: u32,
    /// … within this time, or twice as long at most, …
    pub window: Duration,
    /// … for the alarm to go on until this long after the last such try.
    pub hold: Duration,
    /// How many tries of strangers are looked at meanwhile, of all together.
    pub pace: Rate,
}

/// What is kept of a realm. The default is one in which nobody has tried anything.
#[derive(Debug, Clone, Default)]
pub struct State {
    began: Option<Timestamp>,
    before: Tries,
    current: Tries,
    until: Option<Timestamp>,
    pace: Tally,
}

#[derive(Debug, Clone, Default)]
struct Tries {
    failed: Several,
    right: Several,
}

/// About how many different ones there were, in a bounded place: of their hashes the smallest are kept, and
/// the more there are the closer together these lie (k minimum values).
#[derive(Debug, Clone, Default)]
struct Several(BTreeSet<u64>);

/// So many hashes are kept: an estimate is wrong by a sixteenth or so.
const KEPT: usize = 256;

impl State {
    /// For how long the alarm goes on yet.
    pub fn rings_for(&self, settings: &Settings, now: Timestamp) -> Option<Duration> {
        // A clock that was set back does not make it longer.
        let left = self.until?.since(now).min(settings.hold);
        (!left.is_zero()).then_some(left)
    }

    /// Whether the try of a stranger may be looked at; else after how long to come again.
    pub fn admit(&mut self, settings: &Settings, now: Timestamp) -> Result<(), Duration> {
        if self.rings_for(settings, now).is_none() {
            return Ok(());
        }
        let (pace, said) = charge(Bounds { rate: Some(settings.pace), quota: None }, self.pace, now);
        self.pace = pace;
        said.cause().map_or(Ok(()), |cause| Err(cause.retry_after().unwrap_or(settings.hold)))
    }

    /// Counts a failed try at an account, by a hash of it that nobody can foresee. Where the alarm begins by it:
    /// about how many accounts have failed.
    pub fn fail(&mut self, settings: &Settings, account: u64, now: Timestamp) -> Option<u64> {
        self.turn(settings, now);
        self.current.failed.add(account);
        let failed = self.before.failed.and(&self.current.failed).count();
        let right = self.before.right.and(&self.current.right).count();
        if settings.accounts == 0 || failed < u64::from(settings.accounts) || failed <= right {
            return None;
        }
        let begins = self.rings_for(settings, now).is_none();
        self.until = Some(now.plus(settings.hold));
        begins.then_some(failed)
    }

    /// Counts that somebody signed in to an account.
    pub fn succeed(&mut self, settings: &Settings, account: u64, now: Timestamp) {
        self.turn(settings, now);
        self.current.right.add(account);
    }

    fn turn(&mut self, settings: &Settings, now: Timestamp) {
        let age = self.began.map_or(Duration::MAX, |began| now.since(began));
        if age < settings.window {
            return;
        }
        let last = std::mem::take(&mut self.current);
        self.before = if age < settings.window.saturating_mul(2) { last } else { Tries::default() };
        self.began = Some(now);
    }
}

impl Several {
    fn add(&mut self, hash: u64) {
        if self.0.len() < KEPT || self.0.last().is_some_and(|largest| hash < *largest) {
            self.0.insert(hash);
        }
        if self.0.len() > KEPT {
            self.0.pop_last();
        }
    }

    fn and(&self, others: &Self) -> Self {
        Self(self.0.union(&others.0).take(KEPT).copied().collect())
    }

    fn count(&self) -> u64 {
        let kept = self.0.len();
        match self.0.last() {
            // The largest of them lies where the share of all that are kept ends.
            Some(largest) if kept == KEPT => {
                let share = u128::from(*largest).max(1);
                u64::try_from(((kept as u128 - 1) << 64) / share).unwrap_or(u64::MAX)
            }
            Some(_) | None => kept as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn settings() -> Settings {
        Settings { accounts: 50, window: minutes(5), hold: minutes(15), pace: "3/min".parse().unwrap() }
    }

    fn minutes(count: u64) -> Duration {
        Duration::from_secs(count * 60)
    }

    /// Hashes without a pattern (the finaliser of `MurmurHash3`).
    fn hash(number: u64) -> u64 {
        let mixed = |bits: u64, factor: u64| (bits ^ (bits >> 33)).wrapping_mul(factor);
        mixed(mixed(number + 1, 0xff51_afd7_ed55_8ccd), 0xc4ce_b9fe_1a85_ec53)
    }

    #[test]
    fn one_try_at_each_of_many_accounts_raises_the_alarm_once() {
        let (settings, mut state) = (settings(), State::default());
        let raised: Vec<u64> =
            (0..80).filter_map(|account| state.fail(&settings, hash(account), NOW)).collect();
        assert_eq!(raised, [50]);
        assert_eq!(state.rings_for(&settings, NOW), Some(minutes(15)));
        assert_eq!(state.rings_for(&settings, NOW.plus(minutes(15))), None);
    }

    #[test]
    fn many_tries_at_a_few_accounts_are_the_lockouts_matter() {
        let (settings, mut state) = (settings(), State::default());
        assert!((0..10_000).all(|number| state.fail(&settings, hash(number % 49), NOW).is_none()));
    }

    #[test]
    fn where_more_people_sign_in_than_mistype_nothing_is_wrong() {
        let (settings, mut state) = (settings(), State::default());
        for number in 0..5_000 {
            state.succeed(&settings, hash(number), NOW);
            if number % 10 == 0 {
                assert_eq!(state.fail(&settings, hash((1 << 40) + number), NOW), None, "{number}");
            }
        }
        // The same place, and thousands of accounts that fail.
        assert!((0..9_000).any(|number| state.fail(&settings, hash((1 << 41) + number), NOW).is_some()));
    }

    #[test]
    fn failures_that_lie_apart_raise_nothing() {
        let (settings, mut state) = (settings(), State::default());
        for number in 0..500 {
            let at = NOW.plus(minutes(number / 20 * 5));
            assert_eq!(state.fail(&settings, hash(number), at), None, "{number}");
        }
    }

    #[test]
    fn meanwhile_strangers_come_in_at_a_pace_and_afterwards_as_they_like() {
        let (settings, mut state) = (settings(), State::default());
        assert!((0..100).all(|_| state.admit(&settings, NOW).is_ok()));
        for account in 0..50 {
            let _ = state.fail(&settings, hash(account), NOW);
        }
        assert!((0..3).all(|_| state.admit(&settings, NOW).is_ok()));
        assert_eq!(state.admit(&settings, NOW), Err(Duration::from_secs(20)));
        assert!(state.admit(&settings, NOW.plus(Duration::from_secs(20))).is_ok());
        assert!((0..100).all(|_| state.admit(&settings, NOW.plus(minutes(15))).is_ok()));
    }

    #[test]
    fn an_alarm_goes_on_as_long_as_the_attack_and_a_clock_set_back_makes_it_no_longer() {
        let (settings, mut state) = (settings(), State::default());
        for account in 0..60 {
            let _ = state.fail(&settings, hash(account), NOW);
        }
        let later = NOW.plus(minutes(4));
        assert_eq!(state.fail(&settings, hash(99), later), None, "it rings already");
        assert_eq!(state.rings_for(&settings, later), Some(minutes(15)));
        assert_eq!(state.rings_for(&settings, NOW.minus(minutes(600))), Some(minutes(15)));
    }

    #[test]
    fn many_are_counted_in_a_small_place() {
        let mut several = Several::default();
        for number in 0..100_000_u64 {
            several.add(hash(number));
            several.add(hash(number));
        }
        assert_eq!(several.0.len(), KEPT);
        let count = several.count();
        assert!((75_000..125_000).contains(&count), "{count}");
    }
}
