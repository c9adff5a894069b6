//! Dates and times near the mock's clock.

use model::Timestamp;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

const DAY: i64 = 86_400;

/// The day that the mock's clock shows. Only the day: the same request gets the same answer until midnight.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    day: i64,
}

impl Moment {
    pub(super) fn at(now: Timestamp) -> Self {
        // From year 101 to 9899, so that what is a few decades off still has four digits.
        let seconds = now.as_seconds().clamp(-58_979_923_200, 250_246_800_000);
        Self { day: seconds.div_euclid(DAY) }
    }

    /// The first second of the day.
    pub(super) fn seconds(self) -> i64 {
        self.day * DAY
    }

    /// RFC 3339, up to 30 days before or, for what ends or is due, after.
    pub(super) fn instant(self, words: &[String], rng: &mut ChaCha8Rng) -> String {
        let ahead = words.iter().any(|word| {
            matches!(
                word.as_str(),
                "expires"
                    | "expiry"
                    | "expiration"
                    | "expire"
                    | "due"
                    | "end"
                    | "ends"
                    | "until"
                    | "next"
                    | "scheduled"
                    | "deadline"
                    | "renews"
                    | "departure"
                    | "arrival"
            )
        });
        let says = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
        // What begins lies before what changes or ends in the same object.
        let off =
            if says(&["created", "added", "joined", "registered", "start", "started", "begin", "opened"]) {
                rng.random_range(16 * DAY..30 * DAY)
            } else if says(&[
                "updated",
                "modified",
                "changed",
                "last",
                "completed",
                "finished",
                "closed",
                "deleted",
            ]) {
                rng.random_range(60..14 * DAY)
            } else {
                rng.random_range(60..30 * DAY)
            };
        let at = if ahead { self.seconds() + DAY + off } else { self.seconds() - off };
        written(at)
    }

    /// A moment of a property that is about time, in the ways that patterns ask for: `2026-11`, `20261124`,
    /// `2026-Q4` and the like. None for other properties.
    pub(super) fn written_ways(self, words: &[String], rng: &mut ChaCha8Rng) -> Vec<String> {
        const TIMES: [&str; 14] = [
            "month", "date", "day", "year", "period", "quarter", "at", "on", "time", "since", "until",
            "from", "to", "created",
        ];
        if !words.iter().any(|word| TIMES.contains(&word.as_str())) {
            return Vec::new();
        }
        let instant = self.instant(words, rng);
        let date: String = instant.chars().take(10).collect();
        let (year, month) = (date.get(..4).unwrap_or_default(), date.get(5..7).unwrap_or_default());
        let quarter = month.parse::<u32>().map_or(1, |month| month.saturating_sub(1) / 3 + 1);
        vec![
            format!("{year}-{month}"),
            date.replace('-', ""),
            format!("{year}{month}"),
            format!("{month}/{year}"),
            format!("{year}-Q{quarter}"),
            year.to_owned(),
            instant,
            date,
        ]
    }

    /// A full-date of RFC 3339.
    pub(super) fn date(self, words: &[String], rng: &mut ChaCha8Rng) -> String {
        if words.iter().any(|word| word.starts_with("birth")) {
            return self.birthday(rng);
        }
        self.instant(words, rng).chars().take(10).collect()
    }

    /// A full-date 20 to 60 years ago.
    pub(super) fn birthday(self, rng: &mut ChaCha8Rng) -> String {
        let days = rng.random_range(20 * 365..60 * 365);
        written(self.seconds() - days * DAY).chars().take(10).collect()
    }

    /// A full-time of RFC 3339.
    pub(super) fn time(self, rng: &mut ChaCha8Rng) -> String {
        let at = rng.random_range(0..DAY);
        written(self.seconds() + at).chars().skip(11).collect()
    }

    /// The year.
    pub(super) fn year(self) -> i32 {
        written(self.seconds()).get(..4).and_then(|year| year.parse().ok()).unwrap_or(2000)
    }
}

fn written(seconds: i64) -> String {
    Timestamp::from_seconds(seconds).to_string()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn dates_lie_near_the_clock_on_the_side_that_their_name_says() {
        let now = Timestamp::parse_rfc3339("2031-05-17T12:00:00Z").unwrap();
        let moment = Moment::at(now);
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        for _ in 0..50 {
            let created = Timestamp::parse_rfc3339(&moment.instant(&["created".into()], &mut rng)).unwrap();
            let expires = Timestamp::parse_rfc3339(&moment.instant(&["expires".into()], &mut rng)).unwrap();
            assert!(created < now && now < expires);
            assert!(now.since(created).as_secs() < 32 * 86_400);
            assert!(expires.since(now).as_secs() < 32 * 86_400);
        }
        assert_eq!(moment.year(), 2031);
    }

    #[test]
    fn a_clock_at_the_end_of_time_still_has_dates() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        for now in [Timestamp::MIN, Timestamp::MAX] {
            let date = Moment::at(now).birthday(&mut rng);
            assert!(date.len() == 10 && date.as_bytes()[4] == b'-', "{date}");
        }
    }
}
