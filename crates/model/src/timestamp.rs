use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

/// An instant, in microseconds since the Unix epoch. Arithmetic saturates: a clock that a test moves to
/// the year 9999 must not panic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Earlier than anything that happens.
    pub const MIN: Self = Self(i64::MIN);
    /// Later than anything that happens.
    pub const MAX: Self = Self(i64::MAX);

    /// `seconds` since the Unix epoch, as JWT's `NumericDate` counts them (RFC 7519 2).
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// `micros` since the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Microseconds since the epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// This instant and `span` later.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(micros(span)))
    }

    /// This instant and `span` earlier.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(micros(span)))
    }

    /// This instant moved by a signed number of microseconds: what a sandbox's clock does.
    #[must_use]
    pub fn shifted(self, offset_micros: i64) -> Self {
        Self(self.0.saturating_add(offset_micros))
    }

    /// How long after `earlier` this is; zero when it is not after it (a clock may be set back).
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Reads RFC 3339, with any offset: `2027-01-01T00:00:00Z`.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(|at| Self(at.as_microsecond()))
    }
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

/// RFC 3339 in UTC, with as many decimals as needed.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(at) => at.fmt(f),
            Err(_) if self.0 < 0 => f.write_str("the beginning of time"),
            Err(_) => f.write_str("the end of time"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_instead_of_panicking() {
        assert_eq!(Timestamp::MAX.plus(Duration::from_secs(1)), Timestamp::MAX);
        assert_eq!(Timestamp::MIN.minus(Duration::MAX), Timestamp::MIN);
        assert_eq!(Timestamp::from_seconds(i64::MAX).to_string(), "the end of time");
    }

    #[test]
    fn a_span_that_would_be_negative_counts_as_zero() {
        let later = Timestamp::from_seconds(10);
        assert_eq!(Timestamp::from_seconds(3).since(later), Duration::ZERO);
        assert_eq!(later.since(Timestamp::from_seconds(3)), Duration::from_secs(7));
    }

    #[test]
    fn rfc3339_is_read_with_any_offset() {
        let at = Timestamp::parse_rfc3339("2027-01-01T01:00:00+01:00").unwrap();
        assert_eq!(at.to_string(), "2027-01-01T00:00:00Z");
        assert_eq!(Timestamp::parse_rfc3339("yesterday"), None);
    }
}
