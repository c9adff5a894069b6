use zxcvbn::{Score, feedback};

use super::policy::{About, Rules};

/// What makes a password easy to guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warning {
    /// `qwertyuiop`
    KeyboardRow,
    /// `qwedsa`
    KeyboardPattern,
    /// `aaa`
    Repeats,
    /// `abcabcabc`
    RepeatedWord,
    /// One of the ten commonest.
    TopTen,
    /// One of the hundred commonest.
    TopHundred,
    /// A very common password.
    Common,
    /// Much like a common password.
    LikeCommon,
    /// `abc`, `6543`
    Sequence,
    /// `2025`
    RecentYear,
    /// One word.
    SingleWord,
    /// A date.
    Date,
    /// A name, and nothing else.
    NameAlone,
    /// A common name.
    CommonName,
}

/// What would make it better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suggestion {
    /// A few words, but no common phrase.
    FewWords,
    /// Signs, digits and capitals are not needed.
    NoNeedForSymbols,
    /// One or two words more.
    AnotherWord,
    /// A capital at its beginning helps little.
    Capitals,
    /// Nor do capitals alone.
    AllCapitals,
    /// Nor does a word that is reversed.
    Reversed,
    /// Nor `@` for `a`.
    Substitutions,
    /// A longer way over the keyboard, with more turns.
    LongerPattern,
    /// No repetition.
    NoRepeats,
    /// No sequence.
    NoSequences,
    /// No recent year.
    NoRecentYears,
    /// No year that has to do with you.
    NoOwnYears,
    /// No date that has to do with you.
    NoOwnDates,
}

/// How hard a password is to guess.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strength {
    /// 0 (at once) to 4 (not with the means of our time): zxcvbn's score.
    pub score: u8,
    /// What is wrong with it.
    pub warning: Option<Warning>,
    /// What would help.
    pub suggestions: Vec<Suggestion>,
}

/// How hard `candidate` is to guess for one who knows the user. Only its first 100 characters are looked at,
/// which bounds the time (a few milliseconds).
pub fn strength(candidate: &str, about: &About<'_>, rules: &Rules) -> Strength {
    let mut known: Vec<&str> = vec![about.name];
    if let Some(email) = about.email {
        known.push(email);
        known.extend(email.split(['@', '.']));
    }
    known.extend(about.also.iter().copied());
    known.extend(rules.words.iter().map(String::as_str));
    known.retain(|word| !word.is_empty());
    let found = zxcvbn::zxcvbn(candidate, &known);
    let score = match found.score() {
        Score::Zero => 0,
        Score::One => 1,
        Score::Two => 2,
        Score::Three => 3,
        _ => 4,
    };
    let feedback = found.feedback();
    Strength {
        score,
        warning: feedback.and_then(feedback::Feedback::warning).map(warning),
        suggestions: feedback
            .map(|feedback| feedback.suggestions().iter().copied().map(suggestion).collect())
            .unwrap_or_default(),
    }
}

fn warning(found: feedback::Warning) -> Warning {
    use feedback::Warning as Found;
    match found {
        Found::StraightRowsOfKeysAreEasyToGuess => Warning::KeyboardRow,
        Found::ShortKeyboardPatternsAreEasyToGuess => Warning::KeyboardPattern,
        Found::RepeatsLikeAaaAreEasyToGuess => Warning::Repeats,
        Found::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess => Warning::RepeatedWord,
        Found::ThisIsATop10Password => Warning::TopTen,
        Found::ThisIsATop100Password => Warning::TopHundred,
        Found::ThisIsACommonPassword => Warning::Common,
        Found::ThisIsSimilarToACommonlyUsedPassword => Warning::LikeCommon,
        Found::SequencesLikeAbcAreEasyToGuess => Warning::Sequence,
        Found::RecentYearsAreEasyToGuess => Warning::RecentYear,
        Found::AWordByItselfIsEasyToGuess => Warning::SingleWord,
        Found::DatesAreOftenEasyToGuess => Warning::Date,
        Found::NamesAndSurnamesByThemselvesAreEasyToGuess => Warning::NameAlone,
        Found::CommonNamesAndSurnamesAreEasyToGuess => Warning::CommonName,
    }
}

fn suggestion(found: feedback::Suggestion) -> Suggestion {
    use feedback::Suggestion as Found;
    match found {
        Found::UseAFewWordsAvoidCommonPhrases => Suggestion::FewWords,
        Found::NoNeedForSymbolsDigitsOrUppercaseLetters => Suggestion::NoNeedForSymbols,
        Found::AddAnotherWordOrTwo => Suggestion::AnotherWord,
        Found::CapitalizationDoesntHelpVeryMuch => Suggestion::Capitals,
        Found::AllUppercaseIsAlmostAsEasyToGuessAsAllLowercase => Suggestion::AllCapitals,
        Found::ReversedWordsArentMuchHarderToGuess => Suggestion::Reversed,
        Found::PredictableSubstitutionsDontHelpVeryMuch => Suggestion::Substitutions,
        Found::UseALongerKeyboardPatternWithMoreTurns => Suggestion::LongerPattern,
        Found::AvoidRepeatedWordsAndCharacters => Suggestion::NoRepeats,
        Found::AvoidSequences => Suggestion::NoSequences,
        Found::AvoidRecentYears => Suggestion::NoRecentYears,
        Found::AvoidYearsThatAreAssociatedWithYou => Suggestion::NoOwnYears,
        Found::AvoidDatesAndYearsThatAreAssociatedWithYou => Suggestion::NoOwnDates,
    }
}
