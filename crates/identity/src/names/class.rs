use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{DefaultIgnorableCodePoint, GeneralCategory, HangulSyllableType, NoncharacterCodePoint},
};
use unicode_normalization::UnicodeNormalization;

use super::{NameError, context};

/// What the `IdentifierClass` says of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// `PVALID`
    Valid,
    /// `CONTEXTJ` and `CONTEXTO`
    InContext,
    /// All else.
    Disallowed,
}

/// Whether the text is of the `IdentifierClass` (RFC 8264 4.2), and not empty.
pub(super) fn check(text: &str) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    let characters: Vec<char> = text.chars().collect();
    for (place, c) in characters.iter().copied().enumerate() {
        let holds = match standing(c) {
            Standing::Valid => true,
            Standing::InContext => context::holds(&characters, place),
            Standing::Disallowed => false,
        };
        if !holds {
            return Err(NameError::Character(c));
        }
    }
    Ok(())
}

/// RFC 8264 8, its questions in its order.
fn standing(c: char) -> Standing {
    if let Some(standing) = exception(c) {
        return standing;
    }
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    if category == GeneralCategory::Unassigned {
        return Standing::Disallowed;
    }
    if c.is_ascii_graphic() {
        return Standing::Valid;
    }
    if matches!(c, '\u{200c}' | '\u{200d}') {
        return Standing::InContext;
    }
    if is_old_hangul(c) || is_ignorable(c) || category == GeneralCategory::Control || has_compat(c) {
        return Standing::Disallowed;
    }
    if is_letter_or_digit(category) { Standing::Valid } else { Standing::Disallowed }
}

/// RFC 8264 9.6, which is RFC 5892 2.6.
fn exception(c: char) -> Option<Standing> {
    match c {
        '\u{df}' | '\u{3c2}' | '\u{6fd}' | '\u{6fe}' | '\u{f0b}' | '\u{3007}' => Some(Standing::Valid),
        '\u{b7}'
        | '\u{375}'
        | '\u{5f3}'
        | '\u{5f4}'
        | '\u{30fb}'
        | '\u{660}'..='\u{669}'
        | '\u{6f0}'..='\u{6f9}' => Some(Standing::InContext),
        '\u{640}' | '\u{7fa}' | '\u{302e}' | '\u{302f}' | '\u{3031}'..='\u{3035}' | '\u{303b}' => {
            Some(Standing::Disallowed)
        }
        _ => None,
    }
}

/// RFC 8264 9.9
fn is_old_hangul(c: char) -> bool {
    let syllable = CodePointMapData::<HangulSyllableType>::new().get(c);
    [HangulSyllableType::LeadingJamo, HangulSyllableType::VowelJamo, HangulSyllableType::TrailingJamo]
        .contains(&syllable)
}

/// RFC 8264 9.13
fn is_ignorable(c: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
        || CodePointSetData::new::<NoncharacterCodePoint>().contains(c)
}

/// Whether nobody would see anything of the text: it is empty, or of spaces and what takes no room.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || is_ignorable(c))
}

/// RFC 8264 9.17
fn has_compat(c: char) -> bool {
    !std::iter::once(c).nfkc().eq(std::iter::once(c))
}

/// RFC 8264 9.1
fn is_letter_or_digit(category: GeneralCategory) -> bool {
    matches!(
        category,
        GeneralCategory::LowercaseLetter
            | GeneralCategory::UppercaseLetter
            | GeneralCategory::OtherLetter
            | GeneralCategory::DecimalNumber
            | GeneralCategory::ModifierLetter
            | GeneralCategory::NonspacingMark
            | GeneralCategory::SpacingMark
    )
}
