use icu_properties::{CodePointMapData, props::BidiClass};

/// Whether the Bidi rule holds (RFC 5893 2), which a text without right-to-left characters always keeps.
pub(super) fn holds(text: &str) -> bool {
    let classes = CodePointMapData::<BidiClass>::new();
    let classes: Vec<_> = text.chars().map(|c| classes.get(c)).collect();
    if !classes.iter().any(|class| is_right(*class) || *class == BidiClass::ArabicNumber) {
        return true;
    }
    let Some(first) = classes.first() else { return true };
    let last = classes.iter().rev().find(|class| **class != BidiClass::NonspacingMark);
    let digits = |class| classes.contains(&class);
    if is_right(*first) {
        // Rules 2, 3 and 4.
        return classes.iter().all(|class| is_right(*class) || is_digit(*class) || is_weak(*class))
            && last.is_some_and(|class| is_right(*class) || is_digit(*class))
            && !(digits(BidiClass::EuropeanNumber) && digits(BidiClass::ArabicNumber));
    }
    // Rules 1, 5 and 6: what begins from the left has nothing from the right, and that has just been seen.
    false
}

fn is_right(class: BidiClass) -> bool {
    class == BidiClass::RightToLeft || class == BidiClass::ArabicLetter
}

fn is_digit(class: BidiClass) -> bool {
    class == BidiClass::EuropeanNumber || class == BidiClass::ArabicNumber
}

fn is_weak(class: BidiClass) -> bool {
    [
        BidiClass::EuropeanSeparator,
        BidiClass::CommonSeparator,
        BidiClass::EuropeanTerminator,
        BidiClass::OtherNeutral,
        BidiClass::BoundaryNeutral,
        BidiClass::NonspacingMark,
    ]
    .contains(&class)
}
