use icu_properties::{
    CodePointMapData,
    props::{JoiningType, Script},
};
use unicode_normalization::char::canonical_combining_class;

/// The canonical combining class of a virama.
const VIRAMA: u8 = 9;

/// Whether the character at `place`, which needs a context, has it (RFC 5892, appendix A).
pub(super) fn holds(text: &[char], place: usize) -> bool {
    let before = place.checked_sub(1).and_then(|before| text.get(before)).copied();
    let after = text.get(place.saturating_add(1)).copied();
    let any = |range: std::ops::RangeInclusive<char>| text.iter().any(|c| range.contains(c));
    match text.get(place) {
        // A.1: after a virama, or between letters that it keeps from joining.
        Some('\u{200c}') => is_virama(before) || breaks_a_join(text, place),
        // A.2
        Some('\u{200d}') => is_virama(before),
        // A.3: the Catalan one stands between two l.
        Some('\u{b7}') => before == Some('l') && after == Some('l'),
        // A.4
        Some('\u{375}') => after.is_some_and(|c| script(c) == Script::Greek),
        // A.5, A.6
        Some('\u{5f3}' | '\u{5f4}') => before.is_some_and(|c| script(c) == Script::Hebrew),
        // A.7
        Some('\u{30fb}') => text.iter().any(|c| {
            *c != '\u{30fb}' && [Script::Hiragana, Script::Katakana, Script::Han].contains(&script(*c))
        }),
        // A.8, A.9: two kinds of digits that look alike are not mixed.
        Some('\u{660}'..='\u{669}') => !any('\u{6f0}'..='\u{6f9}'),
        Some('\u{6f0}'..='\u{6f9}') => !any('\u{660}'..='\u{669}'),
        _ => false,
    }
}

fn script(c: char) -> Script {
    CodePointMapData::<Script>::new().get(c)
}

fn is_virama(c: Option<char>) -> bool {
    c.is_some_and(|c| canonical_combining_class(c) == VIRAMA)
}

/// `(L|D) T* ZWNJ T* (R|D)`
fn breaks_a_join(text: &[char], place: usize) -> bool {
    let types = CodePointMapData::<JoiningType>::new();
    let nearest = |mut side: Box<dyn Iterator<Item = &char> + '_>| {
        side.find_map(|c| Some(types.get(*c)).filter(|joining| *joining != JoiningType::Transparent))
    };
    let (left, right) = text.split_at(place);
    let left = nearest(Box::new(left.iter().rev()));
    let right = nearest(Box::new(right.iter().skip(1)));
    left.is_some_and(|joining| [JoiningType::LeftJoining, JoiningType::DualJoining].contains(&joining))
        && right
            .is_some_and(|joining| [JoiningType::RightJoining, JoiningType::DualJoining].contains(&joining))
}
