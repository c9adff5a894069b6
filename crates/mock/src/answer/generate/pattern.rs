//! Texts that match a pattern (ECMA-262 as JSON Schema uses it: anywhere in the text).

use rand::distr::Distribution;
use rand_chacha::ChaCha8Rng;
use rand_regex::Regex;
use regex_syntax::{
    ParserBuilder,
    hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Repetition},
};

/// How often a counted repetition may be repeated at most.
const MOST_REPEATS: u32 = 4_000;

/// Samples of one pattern: first short ones, then longer ones.
pub(super) struct Pattern {
    hir: Hir,
}

impl Pattern {
    /// Reads a pattern; look-around is taken out, for the caller checks what comes out. `None` when it
    /// cannot be read at all.
    pub(super) fn read(pattern: &str) -> Option<Self> {
        let parse = |text: &str| {
            ParserBuilder::new().nest_limit(100).unicode(true).utf8(true).build().parse(text).ok()
        };
        let translated = translate(pattern);
        let hir = parse(&translated).or_else(|| parse(&without_look_around(&translated)))?;
        Some(Self { hir: plain(&hir, 0, MOST_REPEATS)? })
    }

    /// A text; `spread` is how often `*` and `+` may repeat beyond their least.
    pub(super) fn sample(&self, spread: u32, rng: &mut ChaCha8Rng) -> Option<String> {
        self.stretched(0, spread, rng)
    }

    /// A text of about so many characters, as far as its repetitions allow.
    pub(super) fn long(&self, least: usize, rng: &mut ChaCha8Rng) -> Option<String> {
        let none = self.stretched(0, 0, rng)?.chars().count();
        let one = self.stretched(1, 0, rng)?.chars().count();
        let gain = one.saturating_sub(none);
        if gain == 0 {
            return self.stretched(0, 16, rng);
        }
        let more = u32::try_from(least.saturating_sub(none).div_ceil(gain)).ok()?;
        self.stretched(more.min(MOST_REPEATS), 0, rng)
    }

    /// A text in which whatever repeats does so `more` times beyond its least, and up to `spread` times more.
    fn stretched(&self, more: u32, spread: u32, rng: &mut ChaCha8Rng) -> Option<String> {
        let hir = plain(&self.hir, more, spread)?;
        let regex = Regex::with_hir(hir, spread).ok()?;
        if regex.capacity() > 1 << 20 {
            return None;
        }
        let sampled: Result<String, _> = regex.sample(rng);
        sampled.ok()
    }
}

/// ECMA-262 to the syntax of the engine: escapes that only one of them has.
fn translate(pattern: &str) -> String {
    let mut text = String::with_capacity(pattern.len());
    let mut letters = pattern.chars().peekable();
    let mut in_class = false;
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('d') => text.push_str(if in_class { "0-9" } else { "[0-9]" }),
                Some('w') => text.push_str(if in_class { "0-9A-Za-z_" } else { "[0-9A-Za-z_]" }),
                Some('s') => text.push_str(if in_class { " " } else { "[ ]" }),
                Some('Z') => text.push_str("\\z"),
                Some('c') => {
                    letters.next();
                    text.push_str("\\t");
                }
                Some('u') if letters.peek() != Some(&'{') => {
                    let code: String = letters.by_ref().take(4).collect();
                    text.push_str("\\x{");
                    text.push_str(&code);
                    text.push('}');
                }
                Some(
                    escaped @ ('/' | '-' | '_' | '"' | '\'' | '@' | ':' | ';' | ',' | '=' | '<' | '>' | '!'
                    | '%' | '`' | '#' | '&' | '~' | ' '),
                ) => {
                    if matches!(escaped, '-' | '&' | '~' | '#') {
                        text.push('\\');
                    }
                    text.push(escaped);
                }
                Some(other) => {
                    text.push('\\');
                    text.push(other);
                }
                None => text.push_str("\\\\"),
            },
            '[' if in_class => text.push_str("\\["),
            '[' => {
                in_class = true;
                text.push('[');
            }
            ']' => {
                in_class = false;
                text.push(']');
            }
            '&' | '~' if in_class => {
                text.push('\\');
                text.push(letter);
            }
            other => text.push(other),
        }
    }
    text
}

/// The pattern without its groups `(?=…)`, `(?!…)`, `(?<=…)`, `(?<!…)`.
fn without_look_around(pattern: &str) -> String {
    let mut text = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some(letter) = rest.chars().next() {
        let looks = ["(?=", "(?!", "(?<=", "(?<!"].iter().any(|start| rest.starts_with(start));
        if looks {
            rest = after_group(rest);
            continue;
        }
        let mut length = letter.len_utf8();
        if letter == '\\' {
            length += rest.chars().nth(1).map_or(0, char::len_utf8);
        }
        let (head, tail) = rest.split_at(length);
        text.push_str(head);
        rest = tail;
    }
    text
}

/// What follows the group with which `text` begins.
fn after_group(text: &str) -> &str {
    let mut depth = 0_u32;
    let mut escaped = false;
    for (place, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '(' => depth += 1,
            ')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return text.get(place + 1..).unwrap_or_default();
                }
            }
            _ => {}
        }
    }
    ""
}

/// The same without anchors, with printable letters, and with each repetition between its least plus `more` and `spread` above that.
fn plain(hir: &Hir, more: u32, spread: u32) -> Option<Hir> {
    Some(match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Hir::empty(),
        HirKind::Literal(literal) => Hir::literal(literal.0.clone()),
        HirKind::Class(Class::Unicode(class)) => Hir::class(Class::Unicode(readable(class))),
        HirKind::Class(Class::Bytes(class)) => Hir::class(Class::Bytes(class.clone())),
        HirKind::Capture(capture) => plain(&capture.sub, more, spread)?,
        HirKind::Repetition(repetition) => {
            if repetition.min > MOST_REPEATS {
                return None;
            }
            let max = repetition.max.unwrap_or(u32::MAX);
            let least = repetition.min.saturating_add(more).min(max);
            Hir::repetition(Repetition {
                min: least,
                max: Some(least.saturating_add(spread).min(max)),
                greedy: repetition.greedy,
                sub: Box::new(plain(&repetition.sub, more, spread)?),
            })
        }
        HirKind::Concat(parts) => {
            Hir::concat(parts.iter().map(|part| plain(part, more, spread)).collect::<Option<_>>()?)
        }
        HirKind::Alternation(parts) => {
            let branches: Vec<Hir> = parts.iter().filter_map(|part| plain(part, more, spread)).collect();
            if branches.is_empty() {
                return None;
            }
            Hir::alternation(branches)
        }
    })
}

/// The letters and digits of a class, else its printable ASCII, else the class itself.
fn readable(class: &ClassUnicode) -> ClassUnicode {
    let ranges =
        |list: &[(char, char)]| ClassUnicode::new(list.iter().map(|(a, b)| ClassUnicodeRange::new(*a, *b)));
    for wanted in [ranges(&[('0', '9'), ('a', 'z'), ('A', 'Z')]), ranges(&[(' ', '~')])] {
        let mut both = class.clone();
        both.intersect(&wanted);
        if !both.ranges().is_empty() {
            return both;
        }
    }
    class.clone()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;
    use crate::answer::schema::Cabinet;

    #[test]
    fn samples_match_their_patterns() {
        let cabinet = Cabinet::default();
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        for pattern in [
            r"^[A-Z]{3}-\d{4}$",
            r"^\d{3}-\d{2}-\d{4}$",
            "^(foo|bar)+$",
            r"^\+?[1-9]\d{1,14}$",
            "^[^/]+/[^/]+$",
            r"^(?!0)\d{2,4}$",
            r"^\u0041\/b$",
            "^#[0-9a-fA-F]{6}$",
            "abc",
            "^$",
            r"^[\w.%+-]+@[\w-]+\.[a-z]{2,}$",
            r"^\S+$",
        ] {
            let read = Pattern::read(pattern).unwrap_or_else(|| panic!("{pattern}"));
            let fits =
                (0..20).filter_map(|_| read.sample(4, &mut rng)).any(|text| cabinet.matches(pattern, &text));
            assert!(fits, "{pattern}");
        }
    }

    #[test]
    fn nonsense_and_bombs_are_refused() {
        assert!(Pattern::read("(").is_none());
        let bomb = Pattern::read("((a{1000}){1000}){1000}")
            .and_then(|read| read.sample(1, &mut ChaCha8Rng::seed_from_u64(5)));
        assert!(bomb.is_none());
    }
}
