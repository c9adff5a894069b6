/// How a language counts: which form of a text a whole number takes (Unicode CLDR, cardinal plurals).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plural {
    /// One form for all: Japanese, Chinese, Korean, Vietnamese, Thai.
    Alike,
    /// One, and the others: English, German, Dutch, and whoever is not named.
    One,
    /// The same, and whole millions apart: Spanish, Italian, Catalan.
    OneMillion,
    /// None and one alike: Hindi, Persian, Bengali.
    UpToOne,
    /// None and one alike, whole millions apart: French, Portuguese.
    UpToOneMillion,
    /// By the last digits: Russian, Ukrainian, Belarusian.
    EastSlavic,
    /// By the last digits, without a form of its own for many: Croatian, Serbian, Bosnian.
    SouthSlavic,
    /// One alone, the others by the last digits.
    Polish,
    /// One, two to four, and more: Czech, Slovak.
    Czech,
    /// One, two, three and four by the last two digits.
    Slovenian,
    /// One, few up to nineteen, and more.
    Romanian,
    /// By the last digits.
    Lithuanian,
    /// Whole tens and the teens, one, and the others.
    Latvian,
    /// One, two, and more.
    Hebrew,
    /// Six forms.
    Arabic,
}

impl Plural {
    /// That of a language tag (RFC 5646).
    pub(super) fn of(tag: &str) -> Self {
        let tag = tag.to_ascii_lowercase();
        match tag.split('-').next().unwrap_or_default() {
            "ja" | "zh" | "ko" | "vi" | "th" | "id" | "ms" | "lo" | "my" | "km" | "yue" => Self::Alike,
            "es" | "it" | "ca" => Self::OneMillion,
            "pt" if tag == "pt-pt" => Self::OneMillion,
            "fr" | "pt" => Self::UpToOneMillion,
            "hi" | "fa" | "bn" | "gu" | "kn" | "am" | "zu" => Self::UpToOne,
            "ru" | "uk" | "be" => Self::EastSlavic,
            "hr" | "sr" | "bs" => Self::SouthSlavic,
            "pl" => Self::Polish,
            "cs" | "sk" => Self::Czech,
            "sl" => Self::Slovenian,
            "ro" => Self::Romanian,
            "lt" => Self::Lithuanian,
            "lv" => Self::Latvian,
            "he" | "iw" => Self::Hebrew,
            "ar" => Self::Arabic,
            _ => Self::One,
        }
    }

    /// The form of a number.
    pub(super) const fn form(self, count: u64) -> &'static str {
        let (ones, tens) = (count % 10, count % 100);
        let is_teen = tens >= 11 && tens <= 19;
        match self {
            Self::OneMillion | Self::UpToOneMillion if count > 0 && count.is_multiple_of(1_000_000) => "many",
            Self::One | Self::OneMillion | Self::Polish | Self::Czech | Self::Romanian | Self::Hebrew
                if count == 1 =>
            {
                "one"
            }
            Self::UpToOne | Self::UpToOneMillion if count <= 1 => "one",
            Self::EastSlavic | Self::SouthSlavic if ones == 1 && tens != 11 => "one",
            Self::EastSlavic | Self::SouthSlavic | Self::Polish
                if ones >= 2 && ones <= 4 && !(tens >= 12 && tens <= 14) =>
            {
                "few"
            }
            Self::EastSlavic | Self::Polish => "many",
            Self::Czech if count >= 2 && count <= 4 => "few",
            Self::Slovenian if tens == 1 => "one",
            Self::Slovenian if tens == 2 => "two",
            Self::Slovenian if tens == 3 || tens == 4 => "few",
            Self::Romanian if count == 0 || (tens >= 1 && tens <= 19) => "few",
            Self::Lithuanian if ones == 1 && !is_teen => "one",
            Self::Lithuanian if ones >= 2 && !is_teen => "few",
            Self::Latvian if ones == 0 || is_teen => "zero",
            Self::Latvian if ones == 1 => "one",
            Self::Hebrew if count == 2 => "two",
            Self::Arabic => arabic(count),
            Self::Alike
            | Self::One
            | Self::OneMillion
            | Self::UpToOne
            | Self::UpToOneMillion
            | Self::SouthSlavic
            | Self::Czech
            | Self::Slovenian
            | Self::Romanian
            | Self::Lithuanian
            | Self::Latvian
            | Self::Hebrew => "other",
        }
    }

    /// Every form that [`Self::form`] answers with.
    pub(super) const fn forms(self) -> &'static [&'static str] {
        match self {
            Self::Alike => &["other"],
            Self::One | Self::UpToOne => &["one", "other"],
            Self::OneMillion | Self::UpToOneMillion => &["one", "many", "other"],
            Self::EastSlavic | Self::Polish => &["one", "few", "many"],
            Self::SouthSlavic | Self::Czech | Self::Romanian | Self::Lithuanian => &["one", "few", "other"],
            Self::Slovenian => &["one", "two", "few", "other"],
            Self::Latvian => &["zero", "one", "other"],
            Self::Hebrew => &["one", "two", "other"],
            Self::Arabic => &["zero", "one", "two", "few", "many", "other"],
        }
    }
}

/// Arabic tells six apart: none, one, two, then by the last two digits.
const fn arabic(count: u64) -> &'static str {
    match (count, count % 100) {
        (0, _) => "zero",
        (1, _) => "one",
        (2, _) => "two",
        (_, 3..=10) => "few",
        (_, 11..=99) => "many",
        (_, _) => "other",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const ALL: [Plural; 15] = [
        Plural::Alike,
        Plural::One,
        Plural::OneMillion,
        Plural::UpToOne,
        Plural::UpToOneMillion,
        Plural::EastSlavic,
        Plural::SouthSlavic,
        Plural::Polish,
        Plural::Czech,
        Plural::Slovenian,
        Plural::Romanian,
        Plural::Lithuanian,
        Plural::Latvian,
        Plural::Hebrew,
        Plural::Arabic,
    ];

    fn forms<const N: usize>(tag: &str, counts: [u64; N]) -> [&'static str; N] {
        counts.map(|count| Plural::of(tag).form(count))
    }

    #[test]
    fn every_form_that_is_named_is_used_and_no_other() {
        for plural in ALL {
            let counts = (0..2000).chain([1_000_000, 2_000_000]);
            let used: BTreeSet<&str> = counts.map(|count| plural.form(count)).collect();
            assert_eq!(used, plural.forms().iter().copied().collect(), "{plural:?}");
        }
    }

    #[test]
    fn the_plural_is_that_of_the_language() {
        let told = ["zero", "one", "two", "few", "few", "many", "many", "other", "other", "few"];
        assert_eq!(forms("ar", [0, 1, 2, 3, 10, 11, 99, 100, 102, 103]), told);
        assert_eq!(forms("fr", [0, 1, 2]), ["one", "one", "other"]);
        assert_eq!(forms("pt-BR", [0, 1, 2]), ["one", "one", "other"]);
        assert_eq!(forms("pt-PT", [0, 1, 2]), ["other", "one", "other"]);
        assert_eq!(forms("es", [0, 1, 1_000_000]), ["other", "one", "many"]);
        assert_eq!(forms("de", [0, 1, 2]), ["other", "one", "other"]);
        assert_eq!(forms("ja", [0, 1, 2]), ["other"; 3]);
        assert_eq!(
            forms("ru", [1, 3, 5, 11, 21, 112, 122]),
            ["one", "few", "many", "many", "one", "many", "few"]
        );
        assert_eq!(forms("pl", [1, 3, 5, 21, 22]), ["one", "few", "many", "many", "few"]);
        assert_eq!(forms("sr", [1, 3, 5, 11]), ["one", "few", "other", "other"]);
        assert_eq!(forms("cs", [1, 3, 5]), ["one", "few", "other"]);
        assert_eq!(forms("sl", [1, 102, 3, 5]), ["one", "two", "few", "other"]);
        assert_eq!(forms("ro", [0, 1, 19, 20]), ["few", "one", "few", "other"]);
        assert_eq!(forms("lt", [1, 2, 10, 11, 21]), ["one", "few", "other", "other", "one"]);
        assert_eq!(forms("lv", [0, 1, 2, 11]), ["zero", "one", "other", "zero"]);
        assert_eq!(forms("he-IL", [1, 2, 3]), ["one", "two", "other"]);
    }
}
