//! Limits and quotas as arithmetic: the generic cell rate algorithm for what may come in a short time, a
//! count per calendar period for what may come in a long one. Who keeps the numbers is not known here.

use std::{fmt::Write, str::FromStr, sync::Arc, time::Duration};

use http::HeaderValue;
use model::{ScopeSet, Timestamp};
use smallvec::SmallVec;
use thiserror::Error;

use crate::{Cause, quota::Period};

/// How many in which time: `60/min`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    count: u32,
    per: Duration,
}

/// How many in a day or a month: `10000/month`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    count: u32,
    period: Period,
}

/// Why a text is no rate or quota.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LimitError {
    /// Not a number, a slash and a unit.
    #[error("`{0}` is no rate; write for example 10/s, 60/min or 1000/h")]
    Rate(String),
    /// Not a number, a slash and a period.
    #[error("`{0}` is no quota; write for example 500/day or 10000/month")]
    Quota(String),
}

/// What bounds one counter; at least one of the two should be there, or nothing is bounded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bounds {
    /// In a short time.
    pub rate: Option<Rate>,
    /// In a long time.
    pub quota: Option<Quota>,
}

/// A subscription tier.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// What each principal that has it may do.
    pub bounds: Bounds,
    /// Which scopes it includes; `None`: all.
    pub scopes: Option<ScopeSet>,
}

/// What is kept of one counter; the default is a counter that nobody has used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// When the rate will be whole again (the algorithm's theoretical arrival time).
    whole_at: Timestamp,
    /// The period that `used` counts in, by its beginning.
    period: Timestamp,
    used: u32,
}

/// What a counter said to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge {
    /// Of the rate.
    pub rate: Option<Gauge>,
    /// Of the quota.
    pub quota: Option<Gauge>,
}

/// What is left of one limit (draft-ietf-httpapi-ratelimit-headers-10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gauge {
    /// `q`: how many in a window.
    pub quota: u32,
    /// `w`: how long a window is, in seconds.
    pub window: u64,
    /// `r`: how many are left now.
    pub remaining: u32,
    /// `t`: in how many seconds there will be more: all of them where some are left, the next where none
    /// is.
    pub reset: u64,
    /// Whether this one was let through.
    pub passed: bool,
}

impl Rate {
    /// `count` in each `per`; neither may be zero.
    pub fn new(count: u32, per: Duration) -> Option<Self> {
        (count > 0 && !per.is_zero()).then_some(Self { count, per })
    }

    fn interval_micros(self) -> i64 {
        let micros = self.per.as_micros() / u128::from(self.count);
        i64::try_from(micros).unwrap_or(i64::MAX).max(1)
    }
}

impl FromStr for Rate {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, LimitError> {
        let malformed = || LimitError::Rate(text.chars().take(40).collect());
        let (count, unit) = text.split_once('/').ok_or_else(malformed)?;
        let per = match unit.trim() {
            "s" => 1,
            "min" => 60,
            "h" => 3600,
            _ => return Err(malformed()),
        };
        let count = count.trim().parse().map_err(|_| malformed())?;
        Self::new(count, Duration::from_secs(per)).ok_or_else(malformed)
    }
}

impl FromStr for Quota {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, LimitError> {
        let malformed = || LimitError::Quota(text.chars().take(40).collect());
        let (count, period) = text.split_once('/').ok_or_else(malformed)?;
        let period = match period.trim() {
            "day" => Period::Day,
            "month" => Period::Month,
            _ => return Err(malformed()),
        };
        let count = count.trim().parse().map_err(|_| malformed())?;
        Ok(Self { count, period })
    }
}

impl Bounds {
    /// Whether nothing is bounded.
    pub fn is_empty(&self) -> bool {
        self.rate.is_none() && self.quota.is_none()
    }
}

impl Default for Tally {
    fn default() -> Self {
        Self { whole_at: Timestamp::MIN, period: Timestamp::MIN, used: 0 }
    }
}

impl Tally {
    /// Whether nothing is kept that a fresh counter would not say: it may be forgotten.
    pub fn is_idle(&self, now: Timestamp) -> bool {
        self.whole_at <= now && (self.used == 0 || Period::Month.of(self.period).1 <= now)
    }
}

/// Charges one request to a counter: what is to be kept of it, and what it says. A request that a limit
/// stops is not counted by the other one.
pub fn charge(bounds: Bounds, tally: Tally, now: Timestamp) -> (Tally, Charge) {
    let rate = bounds.rate.map(|rate| charge_rate(rate, tally, now));
    let quota = bounds.quota.map(|quota| charge_quota(quota, tally, now));
    let passed = rate.is_none_or(|(_, gauge)| gauge.passed) && quota.is_none_or(|(_, gauge)| gauge.passed);
    let said = Charge { rate: rate.map(|(_, gauge)| gauge), quota: quota.map(|(_, gauge)| gauge) };
    if !passed {
        return (tally, said.uncounted());
    }
    let (period, used) = quota.map_or((tally.period, tally.used), |((period, used), _)| (period, used));
    (Tally { whole_at: rate.map_or(tally.whole_at, |(whole_at, _)| whole_at), period, used }, said)
}

/// Charges one request to several counters: to all, or where one is spent to none.
pub fn charge_all<'a>(
    counters: impl IntoIterator<Item = (&'a Arc<str>, Bounds, &'a mut Tally)>,
    now: Timestamp,
) -> Charged {
    let mut charged = Charged::default();
    let mut after: SmallVec<[(&mut Tally, Tally); 2]> = SmallVec::new();
    for (name, bounds, tally) in counters {
        let (kept, said) = charge(bounds, *tally, now);
        charged.push(name.clone(), said);
        after.push((tally, kept));
    }
    if charged.cause().is_some() {
        return charged.uncounted();
    }
    after.into_iter().for_each(|(tally, kept)| *tally = kept);
    charged
}

fn charge_rate(rate: Rate, tally: Tally, now: Timestamp) -> (Timestamp, Gauge) {
    let interval = rate.interval_micros();
    let burst = interval.saturating_mul(i64::from(rate.count));
    let whole_at = tally.whole_at.max(now);
    // A clock that was set back must not lock anybody out for longer than a whole window.
    let debt = whole_at.as_micros().saturating_sub(now.as_micros()).min(burst);
    let after = debt.saturating_add(interval);
    let passed = after <= burst;
    let owed = if passed { after } else { debt };
    let remaining = u32::try_from((burst - owed) / interval).unwrap_or(0);
    let reset = if passed { owed } else { after - burst };
    let gauge = Gauge {
        quota: rate.count,
        window: ceil_seconds(burst),
        remaining,
        reset: ceil_seconds(reset),
        passed,
    };
    (now.shifted(owed), Gauge { window: rate.per.as_secs().max(1), ..gauge })
}

fn charge_quota(quota: Quota, tally: Tally, now: Timestamp) -> ((Timestamp, u32), Gauge) {
    let (begin, end) = quota.period.of(now);
    let used = if tally.period == begin { tally.used } else { 0 };
    let passed = used < quota.count;
    let used = used + u32::from(passed);
    let gauge = Gauge {
        quota: quota.count,
        window: end.since(begin).as_secs(),
        remaining: quota.count - used.min(quota.count),
        reset: ceil_seconds(end.as_micros().saturating_sub(now.as_micros())),
        passed,
    };
    ((begin, used), gauge)
}

fn ceil_seconds(micros: i64) -> u64 {
    u64::try_from(micros).unwrap_or(0).div_ceil(1_000_000)
}

impl Charge {
    /// Whether the request may go on.
    pub fn passed(&self) -> bool {
        self.cause().is_none()
    }

    /// What it says where another limit stopped the request, so that this one did not count it.
    fn uncounted(self) -> Self {
        let back = |gauge: Gauge| {
            let one = u32::from(gauge.passed);
            Gauge { remaining: gauge.remaining.saturating_add(one).min(gauge.quota), ..gauge }
        };
        Self { rate: self.rate.map(back), quota: self.quota.map(back) }
    }

    /// The denial, if a limit was met; the quota's where both were.
    pub fn cause(&self) -> Option<Cause> {
        let met = |gauge: Option<Gauge>| {
            gauge.filter(|gauge| !gauge.passed).map(|gauge| Duration::from_secs(gauge.reset))
        };
        met(self.quota)
            .map(|retry_after| Cause::QuotaExceeded { retry_after })
            .or_else(|| met(self.rate).map(|retry_after| Cause::RateLimited { retry_after }))
    }
}

/// What all counters of one request said, by the names of their policies: what `RateLimit` and
/// `RateLimit-Policy` tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Charged(SmallVec<[(Arc<str>, Charge); 2]>);

impl Charged {
    /// Adds what the counter of the policy `name` said.
    pub fn push(&mut self, name: Arc<str>, charge: Charge) {
        self.0.push((name, charge));
    }

    /// What these counters said, and then the others.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// What the counters say where one of them stopped the request: the others did not count it.
    #[must_use]
    pub fn uncounted(mut self) -> Self {
        for (_, charge) in &mut self.0 {
            if charge.passed() {
                *charge = charge.uncounted();
            }
        }
        self
    }

    /// Whether no counter was asked.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first denial, if a counter gave one.
    pub fn cause(&self) -> Option<Cause> {
        self.0.iter().find_map(|(_, charge)| charge.cause())
    }

    /// What is left of each, for a trace: `free: 59 of 60 in 1m are left`.
    pub(crate) fn words(&self) -> String {
        let mut words = Vec::new();
        for (name, charge) in &self.0 {
            for gauge in [charge.rate, charge.quota].into_iter().flatten() {
                let window = model::format_duration(Duration::from_secs(gauge.window));
                words.push(format!("{name}: {} of {} in {window} are left", gauge.remaining, gauge.quota));
            }
        }
        words.join(", ")
    }

    /// `RateLimit` and `RateLimit-Policy`; `None` where nothing was charged.
    pub fn headers(&self) -> Option<(HeaderValue, HeaderValue)> {
        let mut left = String::new();
        let mut policy = String::new();
        for (name, charge) in &self.0 {
            for (gauge, suffix) in [(charge.rate, ""), (charge.quota, "-quota")] {
                let Some(gauge) = gauge else { continue };
                let comma = if left.is_empty() { "" } else { ", " };
                let name = quoted(name, suffix);
                let _ = write!(left, "{comma}{name};r={};t={}", gauge.remaining, gauge.reset);
                let _ = write!(policy, "{comma}{name};q={};w={}", gauge.quota, gauge.window);
            }
        }
        if left.is_empty() {
            return None;
        }
        Some((HeaderValue::try_from(left).ok()?, HeaderValue::try_from(policy).ok()?))
    }
}

/// A structured field's string (RFC 9651 3.3.3): what it cannot hold is left out.
fn quoted(name: &str, suffix: &str) -> String {
    let mut text = String::from("\"");
    for letter in name.chars().filter(|letter| matches!(letter, ' '..='~')) {
        if matches!(letter, '"' | '\\') {
            text.push('\\');
        }
        text.push(letter);
    }
    text.push_str(suffix);
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(rate: Option<&str>, quota: Option<&str>) -> Bounds {
        Bounds {
            rate: rate.map(|text| text.parse().unwrap()),
            quota: quota.map(|text| text.parse().unwrap()),
        }
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn a_burst_up_to_the_rate_passes_and_then_one_each_interval() {
        let bounds = bounds(Some("3/min"), None);
        let now = at("2027-01-01T00:00:00Z");
        let mut tally = Tally::default();
        for left in [2, 1, 0] {
            let (after, said) = charge(bounds, tally, now);
            assert_eq!(said.rate.unwrap().remaining, left);
            assert!(said.passed());
            tally = after;
        }
        let (same, said) = charge(bounds, tally, now);
        assert_eq!(same, tally);
        assert_eq!(said.cause(), Some(Cause::RateLimited { retry_after: Duration::from_secs(20) }));
        let (_, said) = charge(bounds, tally, now.plus(Duration::from_secs(20)));
        assert!(said.passed());
        assert!(!charge(bounds, tally, now.plus(Duration::from_millis(19_999))).1.passed());
        assert!(tally.is_idle(now.plus(Duration::from_secs(60))));
    }

    #[test]
    fn a_clock_set_back_locks_out_for_one_interval_at_most() {
        let bounds = bounds(Some("60/min"), None);
        let (tally, _) = charge(bounds, Tally::default(), at("2030-01-01T00:00:00Z"));
        let (_, said) = charge(bounds, tally, at("2027-01-01T00:00:00Z"));
        assert_eq!(said.rate.unwrap().reset, 1);
    }

    #[test]
    fn a_quota_counts_by_the_calendar() {
        let bounds = bounds(None, Some("2/month"));
        let now = at("2028-02-28T12:00:00Z");
        let (tally, _) = charge(bounds, Tally::default(), now);
        let (tally, said) = charge(bounds, tally, now);
        assert_eq!(
            said.quota.unwrap(),
            Gauge { quota: 2, window: 29 * 86_400, remaining: 0, reset: 86_400 + 43_200, passed: true }
        );
        let (tally, said) = charge(bounds, tally, now);
        assert_eq!(
            said.cause(),
            Some(Cause::QuotaExceeded { retry_after: Duration::from_secs(86_400 + 43_200) })
        );
        assert!(charge(bounds, tally, at("2028-03-01T00:00:00Z")).1.passed());
    }

    #[test]
    fn what_a_quota_stops_is_not_charged_to_the_rate() {
        let bounds = bounds(Some("10/s"), Some("0/day"));
        let (tally, said) = charge(bounds, Tally::default(), at("2027-01-01T00:00:00Z"));
        assert_eq!(tally, Tally::default());
        assert!(matches!(said.cause(), Some(Cause::QuotaExceeded { .. })));
    }

    #[test]
    fn of_several_counters_all_are_charged_or_none() {
        let (plan, operation) = (Arc::from("free"), Arc::from("search"));
        let (many, one) = (bounds(Some("9/min"), None), bounds(Some("1/min"), None));
        let (mut first, mut second) = (Tally::default(), Tally::default());
        let now = at("2027-01-01T00:00:00Z");
        let mut both =
            || charge_all([(&plan, many, &mut first), (&operation, one, &mut second)], now).cause();
        assert_eq!(both(), None);
        assert!(both().is_some() && both().is_some());
        assert_eq!(charge(many, first, now).1.rate.unwrap().remaining, 7);
    }

    #[test]
    fn the_fields_are_those_of_the_draft() {
        let bounds = bounds(Some("60/min"), Some("10000/day"));
        let (_, said) = charge(bounds, Tally::default(), at("2027-01-01T00:00:00Z"));
        let mut charged = Charged::default();
        charged.push("free".into(), said);
        let (left, policy) = charged.headers().unwrap();
        assert_eq!(left, r#""free";r=59;t=1, "free-quota";r=9999;t=86400"#);
        assert_eq!(policy, r#""free";q=60;w=60, "free-quota";q=10000;w=86400"#);
        assert_eq!(Charged::default().headers(), None);
    }

    #[test]
    fn rates_and_quotas_that_mean_nothing_are_refused() {
        for text in ["", "60", "60/day", "0/min", "-1/s", "x/min", "60/"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
        for text in ["", "5/h", "x/day", "/month"] {
            assert!(text.parse::<Quota>().is_err(), "{text}");
        }
    }
}
