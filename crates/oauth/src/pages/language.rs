/// A language that the pages are written in. A new one is a variant here and a file in `translations/`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// German.
    German,
    /// Spanish.
    Spanish,
    /// French.
    French,
    /// Japanese.
    Japanese,
    /// Chinese in simplified characters. Who wants traditional ones reads these more easily than English.
    Chinese,
    /// Arabic, from right to left.
    Arabic,
}

/// More wishes than this are not read: a header is the stranger's to fill.
const WISHES: usize = 32;

impl Language {
    /// Every language.
    pub const ALL: [Self; 7] = [
        Self::English,
        Self::German,
        Self::Spanish,
        Self::French,
        Self::Japanese,
        Self::Chinese,
        Self::Arabic,
    ];

    /// The tag for `lang` (RFC 5646).
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::Spanish => "es",
            Self::French => "fr",
            Self::Japanese => "ja",
            Self::Chinese => "zh",
            Self::Arabic => "ar",
        }
    }

    /// The direction for `dir`.
    pub const fn direction(self) -> &'static str {
        match self {
            Self::English | Self::German | Self::Spanish | Self::French | Self::Japanese | Self::Chinese => {
                "ltr"
            }
            Self::Arabic => "rtl",
        }
    }

    /// The file of its words: one JSON object of texts by id.
    pub(super) const fn source(self) -> &'static str {
        match self {
            Self::English => include_str!("../../translations/en.json"),
            Self::German => include_str!("../../translations/de.json"),
            Self::Spanish => include_str!("../../translations/es.json"),
            Self::French => include_str!("../../translations/fr.json"),
            Self::Japanese => include_str!("../../translations/ja.json"),
            Self::Chinese => include_str!("../../translations/zh.json"),
            Self::Arabic => include_str!("../../translations/ar.json"),
        }
    }

    /// The plural category of a count (Unicode CLDR); `other` is there in every language.
    pub(super) const fn plural(self, count: u64) -> &'static str {
        match self {
            Self::English | Self::German | Self::Spanish if count == 1 => "one",
            Self::French if count <= 1 => "one",
            Self::Spanish | Self::French if count > 0 && count.is_multiple_of(1_000_000) => "many",
            Self::Arabic => arabic_plural(count),
            Self::English | Self::German | Self::Spanish | Self::French | Self::Japanese | Self::Chinese => {
                "other"
            }
        }
    }

    /// Every category that [`Self::plural`] answers with.
    #[cfg(test)]
    pub(super) const fn plurals(self) -> &'static [&'static str] {
        match self {
            Self::English | Self::German => &["one", "other"],
            Self::Spanish | Self::French => &["one", "many", "other"],
            Self::Japanese | Self::Chinese => &["other"],
            Self::Arabic => &["zero", "one", "two", "few", "many", "other"],
        }
    }

    /// The language for a person: what the app asks for (`ui_locales`, `OpenID` Connect Core 3.1.2.1) before
    /// what the browser prefers (`Accept-Language`, RFC 9110 12.5.4), else English.
    pub fn choose(ui_locales: Option<&str>, accept_language: Option<&str>) -> Self {
        let tags = Self::ALL.map(Self::tag);
        let wishes = ui_locales.unwrap_or_default().split_ascii_whitespace().take(WISHES);
        let accepted = accepted(accept_language.unwrap_or_default());
        let best = first_spoken(wishes.chain(accepted), &tags);
        Self::ALL.into_iter().find(|language| Some(language.tag()) == best).unwrap_or_default()
    }
}

/// Arabic tells six apart: none, one, two, then by the last two digits.
const fn arabic_plural(count: u64) -> &'static str {
    match (count, count % 100) {
        (0, _) => "zero",
        (1, _) => "one",
        (2, _) => "two",
        (_, 3..=10) => "few",
        (_, 11..=99) => "many",
        (_, _) => "other",
    }
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
        assert_eq!(Language::choose(None, None), Language::English);
        assert_eq!(Language::choose(Some("tlh"), Some("xx, yy;q=0.3")), Language::English);
    }

    #[test]
    fn chinese_is_chosen_for_every_script_and_region() {
        for wish in ["zh", "zh-CN", "zh-Hans", "zh-Hans-CN", "ZH-tw"] {
            assert_eq!(Language::choose(None, Some(wish)), Language::Chinese, "{wish}");
        }
    }

    #[test]
    fn a_language_is_chosen_by_its_tag_and_region() {
        for language in Language::ALL {
            assert_eq!(Language::choose(Some(language.tag()), Some("tlh")), language);
        }
        assert_eq!(Language::choose(None, Some("de-AT, en;q=0.8")), Language::German);
        assert_eq!(Language::choose(None, Some("pt-BR, ar-EG;q=0.5")), Language::Arabic);
    }

    #[test]
    fn the_plural_is_that_of_the_language() {
        let arabic = [0, 1, 2, 3, 10, 11, 99, 100, 102, 103].map(|count| Language::Arabic.plural(count));
        let told = ["zero", "one", "two", "few", "few", "many", "many", "other", "other", "few"];
        assert_eq!(arabic, told);
        assert_eq!([0, 1, 2].map(|count| Language::French.plural(count)), ["one", "one", "other"]);
        assert_eq!([0, 1, 1_000_000].map(|count| Language::Spanish.plural(count)), ["other", "one", "many"]);
        assert_eq!([0, 1, 2].map(|count| Language::German.plural(count)), ["other", "one", "other"]);
        assert_eq!(Language::Japanese.plural(1), "other");
        assert_eq!(Language::Chinese.plural(1), "other");
    }
}
