use std::fmt;

/// What text must have against what is behind it (WCAG 2.2, 1.4.3, AA).
pub(super) const TEXT: f64 = 4.5;
/// What the border of a field must have (WCAG 2.2, 1.4.11).
pub(super) const BORDER: f64 = 3.0;

/// A colour of the screen, without transparency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour([u8; 3]);

impl Colour {
    pub(super) const BLACK: Self = Self([0; 3]);
    pub(super) const WHITE: Self = Self([255; 3]);

    pub(super) const fn new(rgb: u32) -> Self {
        let [_, red, green, blue] = rgb.to_be_bytes();
        Self([red, green, blue])
    }

    /// Reads `#rgb` or `#rrggbb`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
        let value = u32::from_str_radix(digits, 16).ok()?;
        match digits.len() {
            6 => Some(Self::new(value)),
            3 => {
                let double = |shift: u32| ((value >> shift) & 0xf) * 0x11;
                Some(Self::new((double(8) << 16) | (double(4) << 8) | double(0)))
            }
            _ => None,
        }
    }

    /// This with a part of another in it, from 0 to 1.
    pub(super) fn mixed(self, other: Self, part: f64) -> Self {
        let mix = |one: u8, other: u8| {
            let mixed = f64::from(one) + (f64::from(other) - f64::from(one)) * part;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two bytes")]
            let byte = mixed.round().clamp(0.0, 255.0) as u8;
            byte
        };
        let ([red, green, blue], [r, g, b]) = (self.0, other.0);
        Self([mix(red, r), mix(green, g), mix(blue, b)])
    }

    /// How bright it is (WCAG 2.2, relative luminance).
    fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        let [red, green, blue] = self.0.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// How well it is told from another, from 1 to 21 (WCAG 2.2, contrast ratio).
    pub(super) fn contrast(self, other: Self) -> f64 {
        let (one, other) = (self.luminance(), other.luminance());
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    /// The least that it has against any of these.
    pub(super) fn worst(self, behind: &[Self]) -> f64 {
        behind.iter().map(|behind| self.contrast(*behind)).fold(21.0, f64::min)
    }

    /// Itself, or as much nearer to another as makes it told from what is behind; the other, where that is not
    /// enough.
    pub(super) fn legible(self, toward: Self, behind: &[Self], least: f64) -> Self {
        let steps = (0..=50u8).map(|step| self.mixed(toward, f64::from(step) / 50.0));
        steps.into_iter().find(|colour| colour.worst(behind) >= least).unwrap_or(toward)
    }

    /// Black or white, whichever is told better from this: one of them always has 4.5.
    pub(super) fn ink(self) -> Self {
        if self.contrast(Self::WHITE) >= self.contrast(Self::BLACK) { Self::WHITE } else { Self::BLACK }
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_read_in_two_forms_and_no_other() {
        assert_eq!(Colour::parse("#345"), Colour::parse("#334455"));
        assert_eq!(Colour::parse("#3547B8").unwrap().to_string(), "#3547b8");
        for wrong in
            ["", "#", "#12", "#1234", "#12345", "#1234567", "345", "red", "#xyz", "#+12", "#é1", "rgb(1,2,3)"]
        {
            assert_eq!(Colour::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn contrast_is_that_of_the_standard() {
        assert!((Colour::BLACK.contrast(Colour::WHITE) - 21.0).abs() < 0.001);
        let grey = |text| Colour::parse(text).unwrap().contrast(Colour::WHITE);
        // The darkest grey that fails on white, and the lightest that does not.
        assert!(grey("#777") < TEXT && grey("#767676") >= TEXT);
    }

    #[test]
    fn ink_is_legible_on_every_grey() {
        for level in 0..=255u8 {
            let grey = Colour([level; 3]);
            assert!(grey.contrast(grey.ink()) >= TEXT, "{grey}");
        }
    }

    #[test]
    fn a_colour_is_moved_no_further_than_it_must() {
        let white = [Colour::WHITE];
        let good = Colour::new(0x00_33_66);
        assert_eq!(good.legible(Colour::BLACK, &white, TEXT), good);
        let yellow = Colour::new(0xff_cc_00);
        let moved = yellow.legible(Colour::BLACK, &white, TEXT);
        assert!(moved.worst(&white) >= TEXT && moved.worst(&white) < 5.0, "{moved}");
    }
}
