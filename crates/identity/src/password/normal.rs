use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization, is_nfkc};

/// No password is longer, whatever `passwords.max_bytes` says; beyond it is wrong, and takes as long
/// (attacks.md, A20).
pub(super) const LONGEST: usize = 4096;

/// NFKC: a password typed on another keyboard is the same password.
pub(super) fn nfkc(text: &str) -> Cow<'_, str> {
    if is_nfkc(text) { Cow::Borrowed(text) } else { Cow::Owned(text.nfkc().collect()) }
}

/// What is hashed for a password that was typed: its NFKC form, and where that is another, the text itself,
/// which is what a hash that was imported may be of. How many there are depends on what was typed alone.
pub(super) fn forms(text: &str) -> Vec<String> {
    // A text that is too long is cut, so that its check costs what others cost; it is right for nobody.
    let bounded = text.get(..text.floor_char_boundary(LONGEST)).unwrap_or_default();
    let normal = nfkc(bounded).into_owned();
    if normal == bounded { vec![normal] } else { vec![normal, bounded.to_owned()] }
}
