use std::{collections::BTreeMap, sync::LazyLock, time::Duration};

use minijinja::{Value, context};

use super::Language;

/// The texts of one language by id. Placeholders are `{name}`.
type Words = BTreeMap<String, String>;

/// Compiled-in files, parsed once. A file that is no object of texts leaves its language without words:
/// a test refuses that.
static WORDS: LazyLock<BTreeMap<Language, Words>> = LazyLock::new(|| {
    let read = |language: Language| serde_json::from_str(language.source()).unwrap_or_default();
    Language::ALL.into_iter().map(|language| (language, read(language))).collect()
});

/// The text `id`, or of the plural form that `count` needs: `id.one`, `id.other`.
pub(super) fn text(language: Language, id: &str, count: Option<u64>) -> Option<&'static str> {
    let words = WORDS.get(&language)?;
    let found = match count {
        Some(count) => words.get(&format!("{id}.{}", language.plural(count))),
        None => None,
    };
    found.or_else(|| words.get(id)).map(String::as_str)
}

/// Puts values into the placeholders of a text, in one pass: a value is never searched for placeholders.
/// One without a value stays as it is written.
pub(super) fn fill<'v>(text: &str, value: impl Fn(&str) -> Option<&'v str>) -> String {
    let mut filled = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let known = after.split_once('}').and_then(|(name, after)| Some((value(name)?, after)));
        if let Some((value, after)) = known {
            filled.push_str(value);
            rest = after;
        } else {
            filled.push('{');
            rest = after;
        }
    }
    filled.push_str(rest);
    filled
}

/// A length of time as people say it: one number and one unit, rounded up, so that nobody comes too early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    count: u64,
    /// Half of a text's id: `time.minutes`.
    unit: &'static str,
}

impl Span {
    pub(super) fn of(span: Duration) -> Self {
        let seconds = span.as_secs().saturating_add(u64::from(span.subsec_nanos() > 0));
        match seconds {
            0..60 => Self { count: seconds, unit: "seconds" },
            60..7200 => Self { count: seconds.div_ceil(60), unit: "minutes" },
            7200..172_800 => Self { count: seconds.div_ceil(3600), unit: "hours" },
            _ => Self { count: seconds.div_ceil(86_400), unit: "days" },
        }
    }

    /// For `t("time." ~ span.unit, count=span.count)`.
    pub(super) fn values(self) -> Value {
        context! { count => self.count, unit => self.unit }
    }
}

/// All ids of a language.
#[cfg(test)]
pub(super) fn ids(language: Language) -> impl Iterator<Item = &'static str> {
    WORDS.get(&language).into_iter().flat_map(|words| words.keys().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_not_searched_for_placeholders() {
        let value = |name: &str| match name {
            "app" => Some("{user}"),
            "user" => Some("alice"),
            _ => None,
        };
        assert_eq!(fill("{user} in {app}", value), "alice in {user}");
    }

    #[test]
    fn a_brace_that_is_no_placeholder_stays() {
        assert_eq!(fill("a { b {c} {", |_| None), "a { b {c} {");
    }

    #[test]
    fn a_span_is_rounded_up_to_its_unit() {
        let span = |millis| Span::of(Duration::from_millis(millis));
        assert_eq!(span(500), Span { count: 1, unit: "seconds" });
        assert_eq!(span(61_000), Span { count: 2, unit: "minutes" });
        assert_eq!(span(900_000), Span { count: 15, unit: "minutes" });
        assert_eq!(span(7_200_001), Span { count: 3, unit: "hours" });
        assert_eq!(span(864_000_000), Span { count: 10, unit: "days" });
    }

    #[test]
    fn a_count_chooses_the_plural() {
        let text = |count| text(Language::English, "time.minutes", Some(count)).unwrap();
        assert_eq!(text(1), "{count} minute");
        assert_eq!(text(12), "{count} minutes");
    }
}
