use std::fmt;

use super::{Brand, words::Dictionary};

/// The languages that pages are written in, by tag (RFC 5646), the one for whoever speaks none of them first.
/// A new one is a line here and a file in `translations/`. Whoever wants traditional Chinese characters reads
/// the simplified ones more easily than English.
pub(super) const BUILT_IN: [(&str, &str); 7] = [
    ("en", include_str!("../../translations/en.json")),
    ("de", include_str!("../../translations/de.json")),
    ("es", include_str!("../../translations/es.json")),
    ("fr", include_str!("../../translations/fr.json")),
    ("ja", include_str!("../../translations/ja.json")),
    ("zh", include_str!("../../translations/zh.json")),
    ("ar", include_str!("../../translations/ar.json")),
];

/// A language in which a service speaks.
#[derive(Clone, Copy)]
pub struct Language<'a> {
    pub(super) brand: &'a Brand,
    pub(super) words: &'a Dictionary,
}

impl<'a> Language<'a> {
    /// The tag for `lang` (RFC 5646).
    pub fn tag(self) -> &'a str {
        &self.words.tag
    }

    /// The direction for `dir`.
    pub fn direction(self) -> &'static str {
        direction(self.tag())
    }
}

impl fmt::Debug for Language<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Language({})", self.tag())
    }
}

impl Default for Language<'static> {
    /// English, as Lobby itself speaks it.
    fn default() -> Self {
        Brand::built_in().language(None, None)
    }
}

/// The direction in which a language is written: by its script, where the tag names one.
fn direction(tag: &str) -> &'static str {
    let lower = tag.to_ascii_lowercase();
    let mut parts = lower.split('-');
    let language = parts.next().unwrap_or_default();
    match parts.find(|part| part.len() == 4) {
        Some("arab" | "hebr" | "thaa" | "syrc" | "nkoo" | "adlm") => "rtl",
        Some(_) => "ltr",
        None => match language {
            "ar" | "he" | "iw" | "fa" | "ur" | "ps" | "sd" | "ug" | "yi" | "dv" | "ckb" => "rtl",
            _ => "ltr",
        },
    }
}

/// More wishes than this are not read: a header is the stranger's to fill.
const WISHES: usize = 32;

/// The place in `tags` of the language for a person: what the app asks for (`ui_locales`, `OpenID` Connect Core
/// 3.1.2.1) before what the browser prefers (`Accept-Language`, RFC 9110 12.5.4), else the first.
pub(super) fn choose(tags: &[&str], ui_locales: Option<&str>, accept_language: Option<&str>) -> usize {
    let wishes = ui_locales.unwrap_or_default().split_ascii_whitespace().take(WISHES);
    let accepted = accepted(accept_language.unwrap_or_default());
    let best = first_spoken(wishes.chain(accepted), tags);
    tags.iter().position(|tag| Some(*tag) == best).unwrap_or(0)
}

/// The tags of an `Accept-Language` field, dearest first; `q=0` refuses.
fn accepted(field: &str) -> Vec<&str> {
    let mut wishes: Vec<(u16, &str)> = field.split(',').take(WISHES).filter_map(wish).collect();
    wishes.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    wishes.into_iter().map(|(_, tag)| tag).collect()
}

/// One member: its weight in thousandths (RFC 9110 12.4.2), and its tag.
fn wish(member: &str) -> Option<(u16, &str)> {
    let (tag, parameters) = member.split_once(';').unwrap_or((member, ""));
    let weight = match parameters.trim().strip_prefix("q=") {
        Some(q) => q.trim().parse::<f32>().ok().filter(|q| (0.0..=1.0).contains(q))?,
        None => 1.0,
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1000, checked above")]
    let weight = (weight * 1000.0) as u16;
    (weight > 0).then_some((weight, tag.trim()))
}

/// The first wish that is spoken, by its tag or by its primary language (RFC 4647 3.4, look-up).
fn first_spoken<'a, 't>(wishes: impl Iterator<Item = &'a str>, tags: &[&'t str]) -> Option<&'t str> {
    let spoken = |wish: &str| tags.iter().copied().find(|tag| tag.eq_ignore_ascii_case(wish));
    wishes.into_iter().find_map(|wish| {
        let mut wish = wish;
        loop {
            if let Some(tag) = spoken(wish) {
                return Some(tag);
            }
            wish = wish.rsplit_once('-')?.0;
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn browser<'t>(field: &str, tags: &[&'t str]) -> Option<&'t str> {
        first_spoken(accepted(field).into_iter(), tags)
    }

    fn chosen(ui_locales: Option<&str>, accept_language: Option<&str>) -> &'static str {
        Brand::built_in().language(ui_locales, accept_language).tag()
    }

    #[test]
    fn the_heaviest_spoken_language_wins() {
        assert_eq!(browser("fr;q=0.4, de-CH;q=0.9, en;q=0.8", &["en", "de", "fr"]), Some("de"));
    }

    #[test]
    fn a_refused_language_is_not_chosen() {
        assert_eq!(browser("de;q=0, fr;q=0.1", &["de", "fr"]), Some("fr"));
    }

    #[test]
    fn a_region_falls_back_to_its_language_and_never_the_other_way() {
        assert_eq!(browser("pt-BR", &["pt"]), Some("pt"));
        assert_eq!(browser("pt", &["pt-BR"]), None);
    }

    #[test]
    fn what_is_no_language_tag_is_passed_over() {
        assert_eq!(browser("<script>, ;;;q=, --, de;q=nan, fr", &["de", "fr"]), Some("fr"));
    }

    #[test]
    fn the_app_is_asked_before_the_browser() {
        let tags = ["en", "de"];
        let both = "de".split_ascii_whitespace().chain(accepted("en"));
        assert_eq!(first_spoken(both, &tags), Some("de"));
    }

    #[test]
    fn without_a_wish_that_is_spoken_it_is_english() {
        assert_eq!(chosen(None, None), "en");
        assert_eq!(chosen(Some("tlh"), Some("xx, yy;q=0.3")), "en");
    }

    #[test]
    fn chinese_is_chosen_for_every_script_and_region() {
        for wish in ["zh", "zh-CN", "zh-Hans", "zh-Hans-CN", "ZH-tw"] {
            assert_eq!(chosen(None, Some(wish)), "zh", "{wish}");
        }
    }

    #[test]
    fn a_language_is_chosen_by_its_tag_and_region() {
        for (tag, _) in BUILT_IN {
            assert_eq!(chosen(Some(tag), Some("tlh")), tag);
        }
        assert_eq!(chosen(None, Some("de-AT, en;q=0.8")), "de");
        assert_eq!(chosen(None, Some("pt-BR, ar-EG;q=0.5")), "ar");
    }

    #[test]
    fn a_language_is_written_in_the_direction_of_its_script() {
        for (tag, told) in [
            ("ar", "rtl"),
            ("he-IL", "rtl"),
            ("FA", "rtl"),
            ("az-Arab", "rtl"),
            ("ur-Latn", "ltr"),
            ("en", "ltr"),
            ("zh-Hans-CN", "ltr"),
        ] {
            assert_eq!(direction(tag), told, "{tag}");
        }
    }
}
