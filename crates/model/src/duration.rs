use std::{fmt::Write, time::Duration};

use thiserror::Error;

/// Why a text is no duration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DurationError {
    /// Nothing was written.
    #[error("a duration is empty; write for example 90s, 15m or 1h30m")]
    Empty,
    /// A number stands without its unit, or a unit without its number.
    #[error("`{0}` is no duration; write for example 500ms, 90s, 15m, 1h30m or 30d")]
    Malformed(String),
    /// More than a thousand years.
    #[error("`{0}` is longer than any clock goes")]
    TooLong(String),
}

const LONGEST: Duration = Duration::from_secs(1000 * 366 * 86_400);

/// Reads the one form of durations that files, JSON and flags share: `500ms`, `90s`, `15m`, `1h30m`, `30d`.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(DurationError::Empty);
    }
    let malformed = || DurationError::Malformed(text.chars().take(40).collect());
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(malformed)?;
        let (number, after) = rest.split_at(digits);
        let number: u64 = number.parse().map_err(|_| malformed())?;
        let end = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let millis: u64 = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(malformed()),
        };
        let part = number.checked_mul(millis).map(Duration::from_millis);
        total = part
            .and_then(|part| total.checked_add(part))
            .filter(|total| *total <= LONGEST)
            .ok_or_else(|| DurationError::TooLong(text.chars().take(40).collect()))?;
        rest = after;
    }
    Ok(total)
}

/// Writes a duration as [`parse_duration`] reads it: `1h30m`, `0s`.
pub fn format_duration(span: Duration) -> String {
    let mut millis = span.as_millis();
    let mut text = String::new();
    for (unit, size) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)] {
        if millis >= size {
            let _ = write!(text, "{}{unit}", millis / size);
            millis %= size;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_the_papers_are_read() {
        for (text, millis) in
            [("500ms", 500), ("90s", 90_000), ("15m", 900_000), ("1h30m", 5_400_000), ("30d", 2_592_000_000)]
        {
            let span = parse_duration(text).unwrap();
            assert_eq!(span, Duration::from_millis(millis), "{text}");
            assert_eq!(parse_duration(&format_duration(span)).unwrap(), span);
        }
    }

    #[test]
    fn anything_else_is_refused_with_an_example() {
        for text in ["", "15", "m", "15 m", "1.5h", "-3s", "15min", "99999999999999999999d", "9999999d"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
