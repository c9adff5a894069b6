//! Lockout as arithmetic: so many failures in a window close an account for a while (verdicts.md,
//! `account.locked`). Alike for accounts that do not exist, so the state is kept by name, not by account.

use std::time::Duration;

use model::Timestamp;
use smallvec::SmallVec;

/// When an account is closed and for how long.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// So many failures …
    pub failures: u32,
    /// … within this time close the account …
    pub window: Duration,
    /// … for this long,
    pub lock: Duration,
    /// by this factor longer each further time,
    pub grow: f64,
    /// but never longer than this.
    pub max: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        let quarter = Duration::from_secs(15 * 60);
        Self { failures: 5, window: quarter, lock: quarter, grow: 1.0, max: Duration::from_secs(86_400) }
    }
}

/// What is kept of one account's failures. The default is one without any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    failures: SmallVec<[Timestamp; 5]>,
    locked_until: Option<Timestamp>,
    locks: u32,
    /// From when on it says nothing any more.
    idle_at: Option<Timestamp>,
}

impl State {
    /// For how long it is closed yet.
    pub fn locked_for(&self, now: Timestamp) -> Option<Duration> {
        let left = self.locked_until?.since(now);
        (!left.is_zero()).then_some(left)
    }

    /// Counts a failure, unless it is closed already: guessing on does not make a lock longer, or anybody
    /// could keep anybody out for ever (attacks.md, G04).
    pub fn fail(&mut self, settings: &Settings, now: Timestamp) {
        if self.locked_for(now).is_some() || settings.failures == 0 {
            return;
        }
        self.locked_until = None;
        // Of many at once the later may be counted first; one that lies far ahead was counted before the clock was
        // set back.
        self.failures.retain(|at| now.since(*at).max(at.since(now)) < settings.window);
        self.failures.push(now);
        if self.failures.len() >= settings.failures as usize {
            self.failures.clear();
            self.locked_until = Some(now.plus(settings.length(self.locks)));
            self.locks = self.locks.saturating_add(1);
        }
        self.idle_at = self.locked_until.or(Some(now.plus(settings.window)));
    }

    /// Forgets everything: the right password came, or the owner recovered the account.
    pub fn succeed(&mut self) {
        *self = Self::default();
    }

    /// Whether nothing is kept that a fresh state would not say, but for how long the next lock would be.
    pub fn is_idle(&self, now: Timestamp) -> bool {
        self.idle_at.is_none_or(|at| now >= at)
    }
}

impl Settings {
    fn length(&self, locks: u32) -> Duration {
        let factor = self.grow.max(1.0).powi(i32::try_from(locks).unwrap_or(i32::MAX));
        let seconds = self.lock.as_secs_f64() * factor;
        Duration::try_from_secs_f64(seconds).unwrap_or(self.max).min(self.max.max(self.lock))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn minutes(count: u64) -> Duration {
        Duration::from_secs(count * 60)
    }

    #[test]
    fn the_fifth_failure_in_the_window_locks_for_a_quarter_of_an_hour() {
        let (settings, mut state) = (Settings::default(), State::default());
        for minute in 0..4 {
            state.fail(&settings, NOW.plus(minutes(minute)));
            assert_eq!(state.locked_for(NOW.plus(minutes(minute))), None);
        }
        let fifth = NOW.plus(minutes(4));
        state.fail(&settings, fifth);
        assert_eq!(state.locked_for(fifth), Some(minutes(15)));
        assert_eq!(state.locked_for(fifth.plus(minutes(15))), None);
    }

    #[test]
    fn failures_outside_the_window_do_not_count() {
        let (settings, mut state) = (Settings::default(), State::default());
        for round in 0..20 {
            state.fail(&settings, NOW.plus(minutes(round * 4)));
            assert_eq!(state.locked_for(NOW.plus(minutes(round * 4))), None, "{round}");
        }
    }

    #[test]
    fn failures_that_are_counted_out_of_order_count_and_those_of_a_clock_set_back_do_not() {
        let (settings, mut state) = (Settings::default(), State::default());
        (0..5).for_each(|before| state.fail(&settings, NOW.minus(Duration::from_millis(before))));
        assert!(state.locked_for(NOW).is_some());
        let mut state = State::default();
        (0..4).for_each(|_| state.fail(&settings, NOW));
        let earlier = NOW.minus(minutes(60));
        state.fail(&settings, earlier);
        assert_eq!(state.locked_for(earlier), None);
    }

    #[test]
    fn guessing_on_does_not_make_a_lock_longer() {
        let (settings, mut state) = (Settings::default(), State::default());
        (0..50).for_each(|second| state.fail(&settings, NOW.plus(Duration::from_secs(second))));
        assert_eq!(state.locked_for(NOW.plus(minutes(15)).plus(Duration::from_secs(4))), None);
    }

    #[test]
    fn locks_grow_by_the_factor_up_to_the_longest() {
        let settings = Settings { failures: 1, grow: 2.0, max: minutes(40), ..Settings::default() };
        let (mut state, mut now) = (State::default(), NOW);
        for expected in [15, 30, 40, 40] {
            state.fail(&settings, now);
            assert_eq!(state.locked_for(now), Some(minutes(expected)));
            now = now.plus(minutes(expected));
        }
        state.succeed();
        state.fail(&settings, now);
        assert_eq!(state.locked_for(now), Some(minutes(15)));
    }
}
