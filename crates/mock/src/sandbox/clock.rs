use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use model::Timestamp;
use thiserror::Error;

/// 9999-12-30, where RFC 3339 and every client's calendar end.
const END: i64 = 253_402_207_200_000_000;
/// Year 1: earlier than anything a test asks.
const BEGIN: i64 = -62_135_596_800_000_000;

/// A sandbox's time: the real one and an offset, or an instant at which it stands. It is one number, so
/// reading it takes no lock and never sees half of a change.
#[derive(Debug)]
pub struct SandboxClock(AtomicI64);

/// What the number means: its lowest bit is set where the clock stands; the rest is then the instant, else
/// the offset, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Face {
    Running { offset: i64 },
    Frozen { at: i64 },
}

/// How a clock is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turning {
    /// Forward by a span; one that stands stands on.
    Advance(Duration),
    /// To an instant, also an earlier one; one that stands stands there.
    Set(Timestamp),
    /// Stands from now on.
    Freeze,
    /// Runs on from where it stood.
    Thaw,
    /// Back to the real time, running.
    Reset,
}

/// What a clock shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockReading {
    /// The sandbox's time.
    pub now: Timestamp,
    /// How far it is ahead of the real one, in whole seconds; negative where it is behind.
    pub offset_seconds: i64,
    /// Whether it stands.
    pub frozen: bool,
}

/// Why a clock was not moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ClockError {
    /// Beyond what RFC 3339 can write.
    #[error("a clock goes from the year 1 to the year 9999")]
    TooFar,
}

impl Default for SandboxClock {
    fn default() -> Self {
        Self(AtomicI64::new(0))
    }
}

impl SandboxClock {
    /// The sandbox's time when the real one is `real`.
    pub fn now(&self, real: Timestamp) -> Timestamp {
        Face::read(self.0.load(Ordering::Relaxed)).now(real)
    }

    /// What the clock shows when the real time is `real`.
    pub fn reading(&self, real: Timestamp) -> ClockReading {
        Face::read(self.0.load(Ordering::Relaxed)).reading(real)
    }

    /// Moves the clock; of two who move it at once, both are obeyed. Answers what it shows then.
    pub fn turn(&self, turning: Turning, real: Timestamp) -> Result<ClockReading, ClockError> {
        let mut before = self.0.load(Ordering::Relaxed);
        loop {
            let after = Face::read(before).turned(turning, real)?;
            match self.0.compare_exchange_weak(before, after.write(), Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Ok(after.reading(real)),
                Err(other) => before = other,
            }
        }
    }

    /// Back to the real time.
    pub fn reset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

impl Face {
    fn read(number: i64) -> Self {
        if number & 1 == 0 { Self::Running { offset: number >> 1 } } else { Self::Frozen { at: number >> 1 } }
    }

    /// What is kept lies between the years 1 and 9999, or is the difference of two such: far below 2^62.
    fn write(self) -> i64 {
        match self {
            Self::Running { offset } => offset << 1,
            Self::Frozen { at } => (at << 1) | 1,
        }
    }

    fn now(self, real: Timestamp) -> Timestamp {
        match self {
            Self::Running { offset } => real.shifted(offset),
            Self::Frozen { at } => Timestamp::from_micros(at),
        }
    }

    fn reading(self, real: Timestamp) -> ClockReading {
        let now = self.now(real);
        let offset = now.as_micros().saturating_sub(real.as_micros());
        let (whole, rest) = (offset.div_euclid(1_000_000), offset.rem_euclid(1_000_000));
        let offset_seconds = whole + i64::from(rest >= 500_000);
        ClockReading { now, offset_seconds, frozen: matches!(self, Self::Frozen { .. }) }
    }

    fn turned(self, turning: Turning, real: Timestamp) -> Result<Self, ClockError> {
        let now = self.now(real);
        match turning {
            Turning::Advance(span) => self.moved(now.plus(span), real),
            Turning::Set(to) => self.moved(to, real),
            Turning::Freeze => Self::Frozen { at: 0 }.moved(now, real),
            Turning::Thaw => Self::Running { offset: 0 }.moved(now, real),
            Turning::Reset => Ok(Self::Running { offset: 0 }),
        }
    }

    /// The same kind of face, showing `to`.
    fn moved(self, to: Timestamp, real: Timestamp) -> Result<Self, ClockError> {
        let at = to.as_micros();
        if !(BEGIN..=END).contains(&at) {
            return Err(ClockError::TooFar);
        }
        let real = real.as_micros().clamp(BEGIN, END);
        Ok(match self {
            Self::Running { .. } => Self::Running { offset: at - real },
            Self::Frozen { .. } => Self::Frozen { at },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const MINUTE: Duration = Duration::from_secs(60);

    fn later(seconds: u64) -> Timestamp {
        NOON.plus(Duration::from_secs(seconds))
    }

    #[test]
    fn a_clock_that_nobody_moved_shows_the_real_time() {
        let clock = SandboxClock::default();
        let reading = clock.reading(NOON);
        assert_eq!(reading, ClockReading { now: NOON, offset_seconds: 0, frozen: false });
    }

    #[test]
    fn advancing_adds_up_and_time_runs_on() {
        let clock = SandboxClock::default();
        clock.turn(Turning::Advance(MINUTE * 15), NOON).unwrap();
        let reading = clock.turn(Turning::Advance(MINUTE), later(5)).unwrap();
        assert_eq!(reading, ClockReading { now: later(965), offset_seconds: 960, frozen: false });
        assert_eq!(clock.now(later(10)), later(970));
    }

    #[test]
    fn advance_while_frozen_moves_and_stays_frozen() {
        let clock = SandboxClock::default();
        clock.turn(Turning::Freeze, NOON).unwrap();
        assert_eq!(clock.now(later(50)), NOON);
        let reading = clock.turn(Turning::Advance(MINUTE), later(50)).unwrap();
        assert_eq!(reading, ClockReading { now: later(60), offset_seconds: 10, frozen: true });
        assert_eq!(clock.now(later(500)), later(60));
    }

    #[test]
    fn thawed_it_runs_on_from_where_it_stood() {
        let clock = SandboxClock::default();
        clock.turn(Turning::Freeze, NOON).unwrap();
        let reading = clock.turn(Turning::Thaw, later(100)).unwrap();
        assert_eq!(reading, ClockReading { now: NOON, offset_seconds: -100, frozen: false });
        assert_eq!(clock.now(later(130)), later(30));
        let twice = clock.turn(Turning::Thaw, later(130)).unwrap();
        assert_eq!(twice.now, later(30));
    }

    #[test]
    fn set_may_go_back_and_keeps_a_frozen_clock_frozen() {
        let clock = SandboxClock::default();
        let past = Timestamp::parse_rfc3339("2001-01-01T00:00:00Z").unwrap();
        clock.turn(Turning::Set(past), NOON).unwrap();
        assert_eq!(clock.now(later(1)), past.plus(Duration::from_secs(1)));
        clock.turn(Turning::Freeze, later(1)).unwrap();
        let reading = clock.turn(Turning::Set(NOON), later(2)).unwrap();
        assert_eq!((reading.now, reading.frozen), (NOON, true));
    }

    #[test]
    fn reset_gives_the_real_time_back() {
        let clock = SandboxClock::default();
        clock.turn(Turning::Freeze, NOON).unwrap();
        clock.turn(Turning::Reset, later(9)).unwrap();
        assert_eq!(clock.now(later(10)), later(10));
        clock.turn(Turning::Advance(MINUTE), NOON).unwrap();
        clock.reset();
        assert_eq!(clock.now(NOON), NOON);
    }

    #[test]
    fn a_clock_does_not_leave_the_calendar() {
        let clock = SandboxClock::default();
        let thousand_years = Duration::from_secs(1000 * 366 * 86_400);
        for _ in 0..7 {
            clock.turn(Turning::Advance(thousand_years), NOON).unwrap();
        }
        let shown = clock.now(NOON);
        assert_eq!(clock.turn(Turning::Advance(thousand_years), NOON), Err(ClockError::TooFar));
        assert_eq!(clock.turn(Turning::Set(Timestamp::MIN), NOON), Err(ClockError::TooFar));
        assert_eq!(clock.now(NOON), shown);
        let end = Timestamp::from_micros(END);
        clock.turn(Turning::Set(end), NOON).unwrap();
        assert_eq!(clock.now(NOON).to_string(), "9999-12-30T22:00:00Z");
        clock.turn(Turning::Freeze, NOON).unwrap();
        clock.turn(Turning::Set(Timestamp::from_micros(BEGIN)), NOON).unwrap();
        assert_eq!(clock.now(NOON).to_string(), "0001-01-01T00:00:00Z");
    }

    #[test]
    fn of_many_who_advance_at_once_all_are_obeyed() {
        let clock = SandboxClock::default();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        clock.turn(Turning::Advance(Duration::from_secs(1)), NOON).unwrap();
                    }
                });
            }
        });
        assert_eq!(clock.reading(NOON).offset_seconds, 8000);
    }
}
