use std::{fmt, slice};

use model::Secret;
use thiserror::Error;

use super::{
    fold,
    guess::{self, Suggestion, Warning},
    normal::{LONGEST, nfkc},
};
use crate::names::cut;

/// What a password must be: `passwords:` of lobby.yaml.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Characters at least, after NFKC.
    pub min_length: usize,
    /// Bytes of UTF-8 at most, after NFKC; 4,096 at most.
    pub max_bytes: usize,
    /// zxcvbn's score at least, 0 to 4; 0 asks for nothing.
    pub score: u8,
    /// Of how many of the four classes (small letters, capitals, digits, others) it must have characters.
    pub classes: u8,
    /// Whether one that is like the user's name or e-mail is refused.
    pub like_user: bool,
    /// Words that it may not be like either: the service's names.
    pub words: Vec<String>,
}

impl Default for Rules {
    /// NIST SP 800-63B-4 3.1.1.2 with more length: no rule about classes of characters.
    fn default() -> Self {
        Self { min_length: 12, max_bytes: 1024, score: 3, classes: 0, like_user: true, words: Vec::new() }
    }
}

/// Whose password it is to be.
#[derive(Debug, Clone, Copy, Default)]
pub struct About<'a> {
    /// The user's name; empty where there is none yet.
    pub name: &'a str,
    /// The user's e-mail address.
    pub email: Option<&'a str>,
    /// More that a stranger knows of the user, as a name that is shown.
    pub also: &'a [&'a str],
}

impl About<'_> {
    /// No more of it than anybody is called: a form brings whatever it likes, and all of it would be looked for.
    pub(super) fn cut(&self) -> Self {
        Self { name: cut(self.name), email: self.email.map(cut), also: self.also }
    }
}

/// What the look-up among breached passwords said: it may need a file or the network, so it comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaked {
    /// It is not among them, or none are looked up, or who would know did not answer and that is borne.
    No,
    /// It is among them.
    Yes,
    /// Who would know did not answer, and that refuses.
    Unknown,
}

/// A password that may be taken: NFKC, and judged. Only [`judge`] makes one.
#[derive(Debug, Clone)]
pub struct Accepted(Secret<String>);

impl Accepted {
    /// Shows it to what hashes it.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// What a refused password is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Likeness {
    /// The user's name.
    Name,
    /// The user's e-mail address.
    Email,
    /// The service's name.
    Service,
}

impl fmt::Display for Likeness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "your name",
            Self::Email => "your e-mail address",
            Self::Service => "the name of this service",
        })
    }
}

/// One reason for which a password is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// It has too few characters.
    #[error("it has {has} characters, and needs {least}")]
    TooShort {
        /// What it has.
        has: usize,
        /// What it needs.
        least: usize,
    },
    /// It has too many bytes.
    #[error("it is longer than {most} bytes")]
    TooLong {
        /// What it may have.
        most: usize,
    },
    /// It has too few classes of characters.
    #[error("it has {has} of small letters, capitals, digits and other signs, and needs {least}")]
    Classes {
        /// What it has.
        has: u8,
        /// What it needs.
        least: u8,
    },
    /// It is known from leaks.
    #[error("it is known from leaks elsewhere, so guessing programs try it first")]
    Breached,
    /// Nobody could say whether it is known from leaks.
    #[error("whether it is known from leaks could not be found out now")]
    BreachUnknown,
    /// It is much like what a stranger knows of the user.
    #[error("it is too much like {0}")]
    Like(Likeness),
    /// It is too easy to guess.
    #[error("it is too easy to guess")]
    Guessable {
        /// zxcvbn's score of it.
        score: u8,
        /// What it needs.
        least: u8,
        /// Why.
        warning: Option<Warning>,
        /// What would help.
        suggestions: Vec<Suggestion>,
    },
}

impl Refusal {
    /// Its name in JSON and in translations.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooShort { .. } => "too_short",
            Self::TooLong { .. } => "too_long",
            Self::Classes { .. } => "classes",
            Self::Breached => "breached",
            Self::BreachUnknown => "breach_unknown",
            Self::Like(Likeness::Name) => "like_name",
            Self::Like(Likeness::Email) => "like_email",
            Self::Like(Likeness::Service) => "like_service",
            Self::Guessable { .. } => "guessable",
        }
    }
}

/// Every reason for which a password is refused: one at least, in the order in which they are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusals(Vec<Refusal>);

impl Refusals {
    /// Each.
    pub fn iter(&self) -> slice::Iter<'_, Refusal> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Refusals {
    type Item = &'a Refusal;
    type IntoIter = slice::Iter<'a, Refusal>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Whether `candidate` may become the password. Every rule is looked at, so that a person hears all at once;
/// only what is too long is not looked at further.
pub fn judge(
    candidate: &str,
    about: &About<'_>,
    rules: &Rules,
    leaked: Leaked,
) -> Result<Accepted, Refusals> {
    let most = rules.max_bytes.min(LONGEST);
    let too_long = || Refusals(vec![Refusal::TooLong { most }]);
    if candidate.len() > most {
        return Err(too_long());
    }
    let candidate = nfkc(candidate);
    if candidate.len() > most {
        return Err(too_long());
    }
    let mut refusals = Vec::new();
    let has = candidate.chars().count();
    if has < rules.min_length.max(1) {
        refusals.push(Refusal::TooShort { has, least: rules.min_length.max(1) });
    }
    let has = classes(&candidate);
    if has < rules.classes {
        refusals.push(Refusal::Classes { has, least: rules.classes });
    }
    match leaked {
        Leaked::No => {}
        Leaked::Yes => refusals.push(Refusal::Breached),
        Leaked::Unknown => refusals.push(Refusal::BreachUnknown),
    }
    let about = if rules.like_user { about.cut() } else { About::default() };
    let known = &about;
    refusals.extend(fold::likeness(&candidate, known, &rules.words).map(Refusal::Like));
    if rules.score > 0 {
        let strength = guess::strength(&candidate, known, rules);
        if strength.score < rules.score {
            let guess::Strength { score, warning, suggestions } = strength;
            refusals.push(Refusal::Guessable { score, least: rules.score, warning, suggestions });
        }
    }
    if refusals.is_empty() {
        Ok(Accepted(Secret::new(candidate.into_owned())))
    } else {
        Err(Refusals(refusals))
    }
}

fn classes(candidate: &str) -> u8 {
    let is_other = |c: char| !c.is_lowercase() && !c.is_uppercase() && !c.is_numeric();
    [
        candidate.chars().any(char::is_lowercase),
        candidate.chars().any(char::is_uppercase),
        candidate.chars().any(char::is_numeric),
        candidate.chars().any(is_other),
    ]
    .into_iter()
    .map(u8::from)
    .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(candidate: &str, about: &About<'_>, rules: &Rules) -> Vec<&'static str> {
        match judge(candidate, about, rules, Leaked::No) {
            Ok(_) => Vec::new(),
            Err(refusals) => refusals.iter().map(Refusal::code).collect(),
        }
    }

    fn plainly(candidate: &str) -> Vec<&'static str> {
        codes(candidate, &About::default(), &Rules::default())
    }

    #[test]
    fn twelve_characters_are_enough_and_eleven_are_not_in_any_script() {
        assert!(plainly("mq8r twv2 z!").is_empty());
        assert_eq!(plainly("mq8r twv2 z"), ["too_short"]);
        let rules = Rules { score: 0, ..Rules::default() };
        let twelve = "\u{6b63}\u{78ba}\u{99ac}\u{96fb}\u{6c60}\u{7dda}\u{8449}\u{68ee}\u{6d77}\u{5c71}\u{5ddd}\u{7a7a}";
        assert!(codes(twelve, &About::default(), &rules).is_empty());
        assert_eq!(
            codes(&twelve.chars().skip(1).collect::<String>(), &About::default(), &rules),
            ["too_short"]
        );
        assert_eq!(plainly("")[0], "too_short");
        assert_eq!(codes("", &About::default(), &Rules { min_length: 0, ..rules }), ["too_short"]);
    }

    #[test]
    fn any_character_counts_and_none_is_asked_for() {
        assert!(plainly("violin tuesday cactus marble").is_empty());
        assert!(plainly("\u{0}nul \t and \u{1f600} anything \u{7} goes").is_empty());
    }

    #[test]
    fn length_is_bounded_in_bytes_before_and_after_normalising() {
        let rules = Rules { score: 0, ..Rules::default() };
        let nobody = About::default();
        assert!(codes(&"ab".repeat(512), &nobody, &rules).is_empty());
        assert_eq!(codes(&format!("{}c", "ab".repeat(512)), &nobody, &rules), ["too_long"]);
        // One character that becomes eighteen.
        assert_eq!(codes(&"\u{fdfa}".repeat(300), &nobody, &rules), ["too_long"]);
        assert_eq!(codes(&"a".repeat(10_000_000), &nobody, &rules), ["too_long"]);
        let loose = Rules { max_bytes: 1_000_000, ..rules };
        assert_eq!(codes(&"a".repeat(5000), &nobody, &loose), ["too_long"], "never beyond 4,096");
    }

    #[test]
    fn what_is_easy_to_guess_says_why() {
        let refusals = judge("qwertyuiopas", &About::default(), &Rules::default(), Leaked::No).unwrap_err();
        let Some(Refusal::Guessable { score, least: 3, warning, .. }) = refusals.iter().next() else {
            panic!("{refusals:?}");
        };
        assert!(*score < 3);
        assert_eq!(*warning, Some(Warning::LikeCommon), "{refusals:?}");
        assert!(codes("qwertyuiopas", &About::default(), &Rules { score: 0, ..Rules::default() }).is_empty());
    }

    #[test]
    fn of_a_name_that_nobody_can_have_only_the_beginning_is_looked_for() {
        let candidate = "violin tuesday cactus marble";
        let name = |length: usize| format!("{}-{candidate}", "x".repeat(length));
        let (longest, longer) = (name(225), name(254));
        let about = |name| About { name, email: Some(name), also: &[] };
        assert!(codes(candidate, &about(&longest), &Rules::default()).contains(&"like_name"));
        assert!(codes(candidate, &about(&longer), &Rules::default()).is_empty());
    }

    #[test]
    fn what_is_like_the_user_or_the_service_is_refused() {
        let about =
            About { name: "alexandria", email: Some("a.ruiz@bookworms.example"), also: &["Ana Ruiz-Vega"] };
        let rules = Rules { score: 0, words: vec!["Bookshop".to_owned()], ..Rules::default() };
        for (candidate, code) in [
            ("alexandria2026!", "like_name"),
            ("ALEXANDRIA-2026", "like_name"),
            ("4l3x4ndr14 again", "like_name"),
            ("airdnaxela 12", "like_name"),
            ("Ana-Ruiz-Vega-1", "like_name"),
            ("a.ruiz@bookworms.example", "like_name"),
            ("bookworms-9977", "like_email"),
            ("B00kshop b00kshop", "like_service"),
            ("my-bookshop-2026", "like_service"),
        ] {
            assert_eq!(codes(candidate, &about, &rules), [code], "{candidate}");
        }
        assert!(codes("a library older than alexandria was", &about, &rules).is_empty());
        let careless = Rules { like_user: false, ..rules };
        assert!(codes("alexandria2026!", &about, &careless).is_empty());
        assert_eq!(codes("my-bookshop-2026", &about, &careless), ["like_service"]);
    }

    #[test]
    fn the_classic_rule_asks_for_classes_of_characters() {
        let rules = Rules { score: 0, classes: 3, ..Rules::default() };
        assert_eq!(codes("onlysmallletters", &About::default(), &rules), ["classes"]);
        assert_eq!(codes("smallAndCapitals", &About::default(), &rules), ["classes"]);
        assert!(codes("smallAndCapital5", &About::default(), &rules).is_empty());
        assert!(codes("small and 5 others", &About::default(), &rules).is_empty());
    }

    #[test]
    fn every_reason_is_told_at_once() {
        let about = About { name: "alice", ..About::default() };
        let rules = Rules { classes: 4, ..Rules::default() };
        let refusals = judge("alice", &about, &rules, Leaked::Yes).unwrap_err();
        let codes: Vec<_> = refusals.iter().map(Refusal::code).collect();
        assert_eq!(codes, ["too_short", "classes", "breached", "like_name", "guessable"]);
        let unknown = judge("violin tuesday cactus marble", &about, &Rules::default(), Leaked::Unknown);
        assert_eq!(unknown.unwrap_err(), Refusals(vec![Refusal::BreachUnknown]));
    }
}
