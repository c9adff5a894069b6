use super::policy::{About, Likeness};

/// A name shorter than this is in too many passwords to tell anything …
const SHORTEST: usize = 3;
/// … and so is a part of one.
const SHORTEST_PART: usize = 4;

/// Of whose name the password is made, if more than a third of it is, read forwards or backwards, in any case,
/// with digits for letters, and with anything between.
pub(super) fn likeness(candidate: &str, about: &About<'_>, words: &[String]) -> Option<Likeness> {
    let letters = folded(candidate);
    let email = about.email.map(|email| {
        let (local, domain) = email.rsplit_once('@').unwrap_or((email, ""));
        let host = domain.split('.').next().unwrap_or_default();
        [email, local, host]
    });
    let names = [about.name].into_iter().chain(about.also.iter().copied());
    let sources = [
        (Likeness::Name, names.map(str::to_owned).collect::<Vec<_>>()),
        (Likeness::Email, email.into_iter().flatten().map(str::to_owned).collect()),
    ];
    let sources = sources.into_iter().chain([(Likeness::Service, words.to_vec())]);
    let mut covered = vec![false; letters.len()];
    let mut first = None;
    for (likeness, words) in sources {
        for word in parts(&words) {
            if cover(&letters, &word, &mut covered) {
                first = first.or(Some(likeness));
            }
        }
    }
    let count = covered.iter().filter(|covered| **covered).count();
    first.filter(|_| count * 3 > letters.len())
}

/// Each word, and where it has several parts (`ana.ruiz`), each of those.
fn parts(words: &[String]) -> Vec<Vec<char>> {
    let mut parts = Vec::new();
    for word in words {
        parts.extend(Some(folded(word)).filter(|whole| whole.len() >= SHORTEST));
        let pieces = word.split(|c: char| !c.is_alphanumeric()).filter(|piece| *piece != word.as_str());
        parts.extend(pieces.map(folded).filter(|piece| piece.len() >= SHORTEST_PART));
    }
    parts
}

/// Marks where `word` stands in the letters, forwards and backwards; whether it does at all.
fn cover(letters: &[char], word: &[char], covered: &mut [bool]) -> bool {
    let backwards: Vec<char> = word.iter().rev().copied().collect();
    let mut found = false;
    for (place, window) in letters.windows(word.len()).enumerate() {
        if window == word || window == backwards {
            found = true;
            covered.iter_mut().skip(place).take(word.len()).for_each(|covered| *covered = true);
        }
    }
    found
}

/// Lower-case letters and digits alone, digits and signs that stand for a letter being that letter.
fn folded(text: &str) -> Vec<char> {
    let letter = |c: char| match c {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        c => c,
    };
    text.to_lowercase().chars().map(letter).filter(|c| c.is_alphanumeric()).collect()
}
