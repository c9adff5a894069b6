use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use minijinja::{Value, context};

use super::plural::Plural;

/// The texts of one language by id. Placeholders are `{name}`; a text with a number in it has one entry for each
/// form: `id.one`, `id.other`.
#[derive(Debug, Clone, Default)]
pub(super) struct Dictionary {
    pub(super) tag: String,
    texts: BTreeMap<String, String>,
}

impl Dictionary {
    /// That of a file of ours. One that is no object of texts leaves its language without words: a test refuses
    /// that.
    pub(super) fn built_in(tag: &str, source: &str) -> Self {
        Self { tag: tag.to_owned(), texts: serde_json::from_str(source).unwrap_or_default() }
    }

    /// That of a language without a word yet.
    pub(super) fn empty(tag: &str) -> Self {
        Self { tag: tag.to_owned(), texts: BTreeMap::new() }
    }

    /// The same words under another tag: a region's before its own are put over them.
    pub(super) fn renamed(&self, tag: &str) -> Self {
        Self { tag: tag.to_owned(), texts: self.texts.clone() }
    }

    /// Puts a text over the one that is there.
    pub(super) fn put(&mut self, id: String, text: String) {
        self.texts.insert(id, text);
    }

    /// The text `id`, or of the plural form that `count` needs: `id.one`, `id.other`.
    pub(super) fn text(&self, id: &str, count: Option<u64>) -> Option<&str> {
        let form = count.map(|count| Plural::of(&self.tag).form(count));
        let found = form.and_then(|form| self.texts.get(&format!("{id}.{form}")));
        found.or_else(|| self.texts.get(id)).map(String::as_str)
    }

    /// All ids.
    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().map(String::as_str)
    }

    /// The ids that a language must have if this one, which has all, is the measure: those of its own forms in
    /// the place of those of ours.
    pub(super) fn wanted(&self, tag: &str) -> BTreeSet<String> {
        let counted: BTreeSet<&str> = self.ids().filter_map(|id| id.strip_suffix(".other")).collect();
        let is_form = |id: &&str| id.rsplit_once('.').is_some_and(|(stem, _)| counted.contains(stem));
        let forms = Plural::of(tag).forms();
        let plain = self.ids().filter(|id| !is_form(id)).map(str::to_owned);
        plain
            .chain(counted.iter().flat_map(|stem| forms.iter().map(move |form| format!("{stem}.{form}"))))
            .collect()
    }

    /// The text that stands for `id` here, whatever forms the other language has.
    pub(super) fn counterpart(&self, id: &str) -> Option<&str> {
        let stem = id.rsplit_once('.').map_or(id, |(stem, _)| stem);
        self.texts.get(id).or_else(|| self.texts.get(&format!("{stem}.other"))).map(String::as_str)
    }
}

/// The names in a text's placeholders.
pub(super) fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
}

/// Whether a text may do without the number that chooses it: none, one and two are words of their own in many
/// languages.
pub(super) fn is_countless(id: &str) -> bool {
    [".zero", ".one", ".two"].iter().any(|form| id.ends_with(form))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::language::BUILT_IN;

    fn english() -> Dictionary {
        Dictionary::built_in(BUILT_IN[0].0, BUILT_IN[0].1)
    }

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
        let english = english();
        let text = |count| english.text("time.minutes", Some(count)).unwrap();
        assert_eq!(text(1), "{count} minute");
        assert_eq!(text(12), "{count} minutes");
    }

    #[test]
    fn a_language_must_have_the_forms_that_it_counts_in() {
        let wanted = english().wanted("pl");
        for form in ["one", "few", "many"] {
            assert!(wanted.contains(&format!("time.minutes.{form}")), "{form}");
        }
        assert!(!wanted.contains("time.minutes.other") && wanted.contains("sign_in.title"));
        assert_eq!(english().counterpart("time.minutes.few"), Some("{count} minutes"));
    }
}
