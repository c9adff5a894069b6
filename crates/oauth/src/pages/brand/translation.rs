use model::Severity;

use super::flaw::{At, Flaw};
use crate::pages::words::{Dictionary, is_countless, placeholders};

/// A service's own words in a language: over ours, or a language that we do not speak, complete.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Translation {
    /// Its tag (RFC 5646).
    pub tag: String,
    /// Id and text.
    pub words: Vec<(String, String)>,
}

/// What texts are called that only templates of the service's own ask for.
const OWN: &str = "own.";
/// So many missing texts are named.
const NAMED: usize = 5;

/// Puts words over those of their language, or adds it; says what is wrong with them. `measure` has every text.
pub(super) fn put(all: &mut Vec<Dictionary>, measure: &Dictionary, translation: Translation) -> Vec<Flaw> {
    let Translation { tag, words } = translation;
    let language = || At::Language { tag: tag.clone() };
    let error =
        |at: At, message: String, help: Option<String>| Flaw { severity: Severity::Error, at, message, help };
    if !is_tag(&tag) {
        let help = "name the file after the language: `pt.yaml`, `de-CH.yaml`".to_owned();
        return vec![error(language(), format!("`{tag}` is no language tag"), Some(help))];
    }
    let is_same = |words: &Dictionary| words.tag.eq_ignore_ascii_case(&tag);
    // A region's words stand over those of its language.
    let base = base(&tag).and_then(|base| all.iter().find(|words| words.tag.eq_ignore_ascii_case(base)));
    let mut dictionary = match (all.iter().find(|words| is_same(words)), base) {
        (Some(there), _) => there.clone(),
        (None, Some(base)) => base.renamed(&tag),
        (None, None) => Dictionary::empty(&tag),
    };
    let wanted = measure.wanted(&tag);
    let mut flaws = Vec::new();
    for (id, text) in words {
        let at = || At::Text { tag: tag.clone(), id: id.clone() };
        let is_other = id.strip_suffix(".other").is_some_and(|_| measure.text(&id, None).is_some());
        if !id.starts_with(OWN) && !wanted.contains(&id) && !is_other {
            let near = model::nearest(&id, wanted.iter().map(String::as_str));
            let help = near.map_or_else(
                || format!("texts of your own templates begin with `{OWN}`"),
                |near| format!("did you mean `{near}`?"),
            );
            flaws.push(error(at(), format!("no text is called `{id}`"), Some(help)));
            continue;
        }
        if let Some(ours) = measure.counterpart(&id) {
            flaws.extend(holes(&id, ours, &text, at()));
        }
        dictionary.put(id, text);
    }
    let missing: Vec<&String> = wanted.iter().filter(|id| dictionary.text(id, None).is_none()).collect();
    if !missing.is_empty() {
        let named: Vec<String> = missing.iter().take(NAMED).map(|id| format!("`{id}`")).collect();
        let more = missing.len().saturating_sub(NAMED);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let message = format!("`{tag}` lacks {}{more}", named.join(", "));
        let help = "a language that Lobby does not speak is added with every text".to_owned();
        flaws.push(error(language(), message, Some(help)));
    }
    match all.iter_mut().find(|words| is_same(words)) {
        Some(there) => *there = dictionary,
        None => all.push(dictionary),
    }
    flaws
}

/// What a text's placeholders are wrong in.
fn holes(id: &str, ours: &str, text: &str, at: At) -> Vec<Flaw> {
    let (wanted, found) = (placeholders(ours), placeholders(text));
    let list =
        |names: Vec<&str>| names.iter().map(|name| format!("`{{{name}}}`")).collect::<Vec<_>>().join(", ");
    let known =
        (!wanted.is_empty()).then(|| format!("it may have {}", list(wanted.iter().copied().collect())));
    let mut flaws = Vec::new();
    let unknown: Vec<&str> = found.difference(&wanted).copied().collect();
    if !unknown.is_empty() {
        let message = format!("nothing is put into {} of `{id}`", list(unknown));
        flaws.push(Flaw { severity: Severity::Error, at: at.clone(), message, help: known });
    }
    let may_lack = |name: &&str| *name == "count" && is_countless(id);
    let absent: Vec<&str> = wanted.difference(&found).copied().filter(|name| !may_lack(name)).collect();
    if !absent.is_empty() {
        let message = format!("`{id}` leaves out {}", list(absent));
        let help = Some(format!("ours is: {ours}"));
        flaws.push(Flaw { severity: Severity::Warning, at, message, help });
    }
    flaws
}

/// The language of a tag with a region or script.
fn base(tag: &str) -> Option<&str> {
    tag.split_once('-').map(|(language, _)| language)
}

/// Whether this looks like a language tag (RFC 5646 2.1): a language of two or three letters, then parts of at
/// most eight.
fn is_tag(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let language = parts.next().unwrap_or_default();
    (2..=3).contains(&language.len())
        && language.bytes().all(|b| b.is_ascii_alphabetic())
        && tag.len() <= 35
        && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::{Brand, Materials, language::BUILT_IN};

    fn brand(tag: &str, words: &[(&str, &str)]) -> (Brand, Vec<Flaw>) {
        let words = words.iter().map(|(id, text)| ((*id).to_owned(), (*text).to_owned())).collect();
        let translations = vec![Translation { tag: tag.to_owned(), words }];
        Brand::new(Materials { translations, ..Materials::default() })
    }

    fn english() -> Dictionary {
        Dictionary::built_in(BUILT_IN[0].0, BUILT_IN[0].1)
    }

    #[test]
    fn a_word_of_ones_own_takes_the_place_of_ours_in_its_language_alone() {
        let (brand, flaws) = brand("de", &[("sign_in.do", "Herein")]);
        assert_eq!(flaws, []);
        let text = |tag| brand.language(Some(tag), None).words.text("sign_in.do", None).unwrap();
        assert_eq!((text("de"), text("de-AT"), text("en")), ("Herein", "Herein", "Sign in"));
    }

    #[test]
    fn a_region_takes_the_words_of_its_language_and_is_told_apart() {
        let (brand, flaws) = brand("de-CH", &[("sign_in.do", "Grüezi")]);
        assert_eq!(flaws, []);
        let words = |tag| brand.language(Some(tag), None).words;
        assert_eq!(words("de-CH").text("sign_in.do", None), Some("Grüezi"));
        assert_eq!(words("de-CH").text("sign_in.password", None), words("de").text("sign_in.password", None));
        assert_ne!(words("de").text("sign_in.do", None), Some("Grüezi"));
        assert_eq!((words("de-CH").tag.as_str(), words("de-AT").tag.as_str()), ("de-CH", "de"));
    }

    #[test]
    fn a_language_is_added_complete_or_not_at_all() {
        let english = english();
        let all: Vec<(String, String)> = english
            .wanted("pl")
            .into_iter()
            .map(|id| (id.clone(), english.counterpart(&id).unwrap().to_owned()))
            .collect();
        let put = |words: &[(String, String)]| {
            let words: Vec<(&str, &str)> =
                words.iter().map(|(id, text)| (id.as_str(), text.as_str())).collect();
            brand("pl", &words)
        };
        let (brand, flaws) = put(&all);
        assert_eq!(flaws, []);
        assert_eq!(brand.language(None, Some("pl, en;q=0.5")).tag(), "pl");
        let (_, flaws) = put(&all[..all.len() - 7]);
        assert_eq!((flaws.len(), flaws[0].severity), (1, Severity::Error));
        assert!(flaws[0].message.ends_with("and 2 more"), "{}", flaws[0].message);
        assert_eq!(flaws[0].at, At::Language { tag: "pl".to_owned() });
    }

    #[test]
    fn a_text_that_is_none_of_ours_names_the_nearest() {
        let (_, flaws) = brand("en", &[("sign_in.titel", "x"), ("own.motto", "Read more")]);
        assert_eq!(flaws.len(), 1, "{flaws:?}");
        assert_eq!(flaws[0].severity, Severity::Error);
        assert_eq!(flaws[0].help.as_deref(), Some("did you mean `sign_in.title`?"));
        let (_, flaws) = brand("en", &[("time.minutes.few", "x")]);
        assert_eq!(flaws.len(), 1, "English has no such form");
    }

    #[test]
    fn a_placeholder_that_is_lost_is_told_and_one_that_is_none_refused() {
        let (_, flaws) = brand("en", &[("sign_in.title", "Come in")]);
        assert_eq!((flaws.len(), flaws[0].severity), (1, Severity::Warning), "{flaws:?}");
        assert!(flaws[0].message.contains("leaves out `{app}`"), "{}", flaws[0].message);
        let (_, flaws) = brand("en", &[("sign_in.title", "Sign in to {ap}")]);
        assert_eq!(flaws[0].severity, Severity::Error);
        assert_eq!(flaws[0].help.as_deref(), Some("it may have `{app}`"));
        let (_, flaws) = brand("en", &[("time.minutes.one", "a minute")]);
        assert_eq!(flaws, [], "one needs no number");
    }

    #[test]
    fn a_file_is_named_after_a_language() {
        for tag in ["", "x", "german", "de_AT", "de-", "../en", "en-toolongpart"] {
            let (_, flaws) = brand(tag, &[]);
            assert_eq!((flaws.len(), flaws[0].severity), (1, Severity::Error), "{tag}");
        }
        for tag in ["en", "EN", "zh-Hant-TW", "de-1996"] {
            assert_eq!(brand(tag, &[]).1, [], "{tag}");
        }
    }
}
