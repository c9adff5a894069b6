use jiff::tz::Offset;
use model::Timestamp;

/// The calendar's periods, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Period {
    Day,
    Month,
}

impl Period {
    /// When the period around `now` begins and ends; all of time where the calendar has no such day.
    pub(crate) fn of(self, now: Timestamp) -> (Timestamp, Timestamp) {
        self.bounds(now).unwrap_or((Timestamp::MIN, Timestamp::MAX))
    }

    fn bounds(self, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let today = Offset::UTC.to_datetime(jiff::Timestamp::from_microsecond(now.as_micros()).ok()?).date();
        let (first, next) = match self {
            Self::Day => (today, today.tomorrow().ok()?),
            Self::Month => (today.first_of_month(), today.last_of_month().tomorrow().ok()?),
        };
        let midnight = |date: jiff::civil::Date| {
            Offset::UTC
                .to_timestamp(date.at(0, 0, 0, 0))
                .ok()
                .map(|at| Timestamp::from_micros(at.as_microsecond()))
        };
        Some((midnight(first)?, midnight(next)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_ends_where_the_calendar_says() {
        let (begin, end) = Period::Month.of(Timestamp::parse_rfc3339("2027-12-31T23:59:59Z").unwrap());
        assert_eq!(begin.to_string(), "2027-12-01T00:00:00Z");
        assert_eq!(end.to_string(), "2028-01-01T00:00:00Z");
    }

    #[test]
    fn beyond_the_calendar_all_of_time_is_one_period() {
        assert_eq!(Period::Day.of(Timestamp::MAX), (Timestamp::MIN, Timestamp::MAX));
    }
}
