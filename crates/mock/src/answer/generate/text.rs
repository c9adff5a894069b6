//! Texts: of a format, of a pattern, of a length, or such as a name suggests.

use base64::{Engine, engine::general_purpose::STANDARD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use super::{
    holds::bound,
    names::{self, Subject, alphanumeric, pick, text as by_name, uuid},
    pattern::Pattern,
    shape::Shape,
    words,
};
use crate::answer::schema::Cabinet;

/// How many texts are tried before the last one is taken as it is.
const TRIES: u32 = 24;
/// The longest text that is made, in characters, whatever a schema demands.
const LONGEST: usize = 100_000;

/// A text for `shape`.
pub(super) fn text(
    shape: &Shape<'_>,
    subject: &Subject<'_>,
    plain: bool,
    cabinet: &Cabinet,
    rng: &mut ChaCha8Rng,
) -> String {
    let least = shape.nodes.iter().filter_map(|node| bound(node, "minLength")).max().unwrap_or(0);
    let most = shape.nodes.iter().filter_map(|node| bound(node, "maxLength")).min();
    let least = usize::try_from(least).unwrap_or(LONGEST).min(LONGEST);
    let most = most.map_or(LONGEST, |most| usize::try_from(most).unwrap_or(LONGEST));
    let patterns: Vec<&str> = shape.all("pattern").filter_map(Value::as_str).collect();
    let formats: Vec<&str> = shape.all("format").filter_map(Value::as_str).collect();
    let read: Vec<Pattern> = patterns.iter().filter_map(|pattern| Pattern::read(pattern)).collect();
    let fits = |text: &str| {
        let length = text.chars().count();
        (least..=most).contains(&length)
            && patterns.iter().all(|pattern| cabinet.matches(pattern, text))
            && formats.iter().all(|format| cabinet.is_format(format, text))
    };
    let encoded = shape.text("contentEncoding");
    if !patterns.is_empty() && formats.is_empty() && !plain {
        // A pattern alone says nothing of when: `2083-05` is a month as good as any other.
        let near = subject.moment.written_ways(subject.words, rng).into_iter().find(|text| fits(text));
        if let Some(text) = near {
            return text;
        }
    }
    if most <= 3
        && !plain
        && let Some(code) = names::code(subject).filter(|code| fits(code))
    {
        return code;
    }
    let mut latest = String::new();
    for attempt in 0..TRIES {
        let candidate = if let Some(format) = formats.first().filter(|_| attempt % 4 != 3 || read.is_empty())
            && let Some(text) = of_format(format, subject, plain, attempt, rng)
        {
            text
        } else if attempt > 0 && !read.is_empty() {
            let pattern = read.get(attempt as usize % read.len());
            let spread = match attempt % 6 {
                0 => 16,
                1 => 6,
                2 | 5 => 0,
                _ => 2,
            };
            let is_long = least > 4 && attempt % 2 == 1;
            let sampled = pattern.and_then(|pattern| {
                if is_long { pattern.long(least, rng) } else { pattern.sample(spread, rng) }
            });
            sampled.unwrap_or_default()
        } else if encoded.is_some_and(|encoding| encoding.starts_with("base64")) {
            STANDARD.encode(pick(words::SENTENCE, rng))
        } else if plain && attempt == 0 {
            "string".to_owned()
        } else {
            by_name(subject, rng).filter(|_| attempt < 4).unwrap_or_else(|| pick(words::WORD, rng).to_owned())
        };
        for fitted in [fit(&candidate, least, most, formats.first().copied(), rng), candidate] {
            if fits(&fitted) {
                return fitted;
            }
            latest = fitted;
        }
    }
    latest
}

/// The text, made longer or shorter where that can be done without breaking its form.
fn fit(text: &str, least: usize, most: usize, format: Option<&str>, rng: &mut ChaCha8Rng) -> String {
    let length = text.chars().count();
    if length > most {
        return text.chars().take(most).collect::<String>();
    }
    if length >= least {
        return text.to_owned();
    }
    let missing = least - length;
    match format {
        Some("email" | "idn-email") => format!("{}{text}", "a".repeat(missing)),
        Some(_) => format!("{text}{}", alphanumeric(missing, rng)),
        None => {
            let mut longer = text.to_owned();
            let mut count = length;
            while count < least {
                let word = pick(words::WORD, rng);
                longer.push(' ');
                longer.push_str(word);
                count += 1 + word.len();
            }
            let mut longer: String = longer.chars().take(most.max(least)).collect();
            if longer.ends_with(' ') {
                longer.pop();
                longer.push('.');
            }
            longer
        }
    }
}

/// A text of a known format. Later attempts are shorter.
fn of_format(
    format: &str,
    subject: &Subject<'_>,
    plain: bool,
    attempt: u32,
    rng: &mut ChaCha8Rng,
) -> Option<String> {
    let moment = subject.moment;
    let short = attempt % 2 == 1;
    let word = pick(words::WORD, rng);
    Some(match format {
        "date-time" | "datetime" => moment.instant(subject.words, rng),
        "date" => moment.date(subject.words, rng),
        "time" | "partial-time" => {
            let time = moment.time(rng);
            if format == "time" { time } else { time.trim_end_matches('Z').to_owned() }
        }
        "duration" => format!("P{}D", rng.random_range(1..30)),
        "email" | "idn-email" if short => format!("{}@b.co", alphanumeric(1, rng)),
        "email" | "idn-email" => subject.cast.email(),
        "hostname" | "idn-hostname" => {
            if short {
                word.to_owned()
            } else {
                format!("{word}.example.com")
            }
        }
        "ipv4" | "ip" => format!("192.0.2.{}", rng.random_range(1..255)),
        "ipv6" => format!("2001:db8::{:x}", rng.random_range(1..0xffff)),
        "uri" | "url" | "iri" | "uri-reference" | "iri-reference" => {
            let named = by_name(subject, rng).filter(|text| text.starts_with("https://") && !plain);
            if short {
                "a:b".to_owned()
            } else {
                named.unwrap_or_else(|| format!("https://www.example.com/{word}"))
            }
        }
        "uri-template" => "https://www.example.com/{id}".to_owned(),
        "uuid" | "guid" => uuid(rng),
        "snowflake" => rng.random_range(100_000_000_000_000_000..1_300_000_000_000_000_000_i64).to_string(),
        "json-pointer" => format!("/{word}"),
        "relative-json-pointer" => format!("0/{word}"),
        "regex" => "^[a-z]+$".to_owned(),
        "byte" | "base64" | "base64url" => STANDARD.encode(word),
        "binary" => format!("{word} {}", pick(words::WORD, rng)),
        "password" => "correct horse".to_owned(),
        "phone" | "phone-number" | "tel" | "e164" => format!("+1202555{:04}", rng.random_range(100..200)),
        "int32" | "int64" | "integer" => rng.random_range(1..10_000).to_string(),
        "decimal" | "double" | "float" | "number" => {
            format!("{}.{:02}", rng.random_range(1..500), rng.random_range(0..100))
        }
        "country" | "country-code" | "iso-3166-1-alpha-2" => subject.cast.place.get(2)?.to_string(),
        "currency" | "iso-4217" => subject.cast.place.get(5)?.to_string(),
        "color" | "hex-color" => format!("#{:06x}", rng.random_range(0..0x100_0000)),
        "jwt" => format!("{}.{}.{}", alphanumeric(20, rng), alphanumeric(40, rng), alphanumeric(43, rng)),
        "html" => format!("<p>{}</p>", pick(words::SENTENCE, rng)),
        "unix-time" => moment.seconds().to_string(),
        _ => return None,
    })
}

/// All but the unreserved letters of RFC 3986 2.3, which mean the same escaped or not.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A text made safe for a place where only unreserved letters may stand.
pub(crate) fn escaped(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}
