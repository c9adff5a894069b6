use unicode_normalization::UnicodeNormalization;

use super::{NameError, bidi, class};

/// RFC 8264 7: where rules do not come to rest after so many rounds, the text is refused.
const ROUNDS: usize = 4;

/// Enforces the profile `UsernameCaseMapped` (RFC 8265 3.3).
pub(super) fn username_case_mapped(text: &str) -> Result<String, NameError> {
    let wide: String = text.chars().flat_map(width_mapped).collect();
    // RFC 8265 3.3.1: what is no identifier before it is mapped is refused, not mended.
    class::check(&wide)?;
    let mut form = wide;
    for _ in 0..ROUNDS {
        let next: String = form.to_lowercase().nfc().collect();
        if next == form {
            class::check(&form)?;
            return if bidi::holds(&form) { Ok(form) } else { Err(NameError::Direction) };
        }
        form = next;
    }
    form.chars().next().map_or(Err(NameError::Empty), |first| Err(NameError::Character(first)))
}

/// RFC 8265 3.3.2, rule 1: full-width and half-width characters become what they are forms of.
fn width_mapped(c: char) -> impl Iterator<Item = char> {
    let is_form = matches!(c, '\u{3000}' | '\u{ff01}'..='\u{ffef}');
    let (kept, mapped) = if is_form { (None, Some(std::iter::once(c).nfkc())) } else { (Some(c), None) };
    kept.into_iter().chain(mapped.into_iter().flatten())
}
