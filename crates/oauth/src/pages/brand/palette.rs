use std::fmt::Write;

use model::Severity;

use super::{
    colour::{BORDER, Colour, TEXT},
    flaw::{At, Flaw},
};

/// The colours that a service writes; the others follow from them. None written: Lobby's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Colours {
    /// In the light.
    pub light: Shades,
    /// In the dark (`prefers-color-scheme: dark`).
    pub dark: Shades,
}

/// The colours of one of both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shades {
    /// Buttons, links and the ring around what has the focus.
    pub accent: Option<Colour>,
    /// What is behind everything.
    pub page: Option<Colour>,
    /// What is behind the text.
    pub surface: Option<Colour>,
    /// The text.
    pub text: Option<Colour>,
}

/// Colours from which all others follow.
#[derive(Debug, Clone, Copy)]
struct Palette {
    accent: Colour,
    page: Colour,
    surface: Colour,
    text: Colour,
    /// What went wrong.
    door: Colour,
    /// What takes a while.
    wait: Colour,
}

/// Those of `pages.css`.
const LIGHT: Palette = Palette {
    accent: Colour::new(0x35_47_b8),
    page: Colour::new(0xf7_f6_f2),
    surface: Colour::WHITE,
    text: Colour::new(0x1d_21_26),
    door: Colour::new(0x9c_1b_5c),
    wait: Colour::new(0x73_52_00),
};
const DARK: Palette = Palette {
    accent: Colour::new(0xa3_b0_ff),
    page: Colour::new(0x12_14_17),
    surface: Colour::new(0x19_1c_20),
    text: Colour::new(0xe9_e7_e1),
    door: Colour::new(0xff_8f_c2),
    wait: Colour::new(0xf0_c2_4b),
};

impl Colours {
    /// Whether anything is written.
    pub(super) fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// The stylesheet that stands after `pages.css`.
    pub(super) fn stylesheet(&self) -> String {
        let (light, dark) = self.palettes();
        format!(
            ":root {{{}}}\n@media (prefers-color-scheme: dark) {{\n:root {{{}}}\n}}\n",
            light.variables(),
            dark.variables()
        )
    }

    /// Those of the light by the names of the stylesheet's variables, with `_` for `-`: what a mail has, where no
    /// stylesheet is read.
    pub(super) fn of_mails(&self) -> impl Iterator<Item = (String, String)> {
        let colours = self.palettes().0.named();
        colours.into_iter().map(|(name, colour)| (name.replace('-', "_"), colour.to_string()))
    }

    /// What cannot be read well (WCAG 2.2 AA).
    pub(super) fn flaws(&self) -> Vec<Flaw> {
        let (light, dark) = self.palettes();
        let light = light.flaws(&self.light, At::Colour);
        light.into_iter().chain(dark.flaws(&self.dark, At::DarkColour)).collect()
    }

    fn palettes(&self) -> (Palette, Palette) {
        let light = LIGHT.with(&self.light);
        let mut dark = DARK.with(&self.dark);
        // An accent is chosen for the light most often: in the dark it is as much lighter as it must be.
        if let (Some(accent), None) = (self.light.accent, self.dark.accent) {
            dark.accent = accent.legible(dark.surface.ink(), &[dark.surface, dark.page], TEXT);
        }
        (light, dark)
    }
}

impl Palette {
    fn with(self, written: &Shades) -> Self {
        Self {
            accent: written.accent.unwrap_or(self.accent),
            page: written.page.unwrap_or(self.page),
            surface: written.surface.unwrap_or(self.surface),
            text: written.text.unwrap_or(self.text),
            ..self
        }
    }

    /// What goes wrong where something is written; what follows from it is legible as far as it can be.
    fn flaws(&self, written: &Shades, at: fn(&'static str) -> At) -> Vec<Flaw> {
        let surfaces = [("surface", self.surface, written.surface), ("page", self.page, written.page)];
        let mut flaws = Vec::new();
        let mut hold = |name: &'static str,
                        colour: Colour,
                        own: Option<Colour>,
                        surfaces: &[(&'static str, Colour, Option<Colour>)]| {
            for (behind, surface, own_surface) in surfaces {
                let ratio = colour.contrast(*surface);
                if ratio >= TEXT || (own.is_none() && own_surface.is_none()) {
                    continue;
                }
                let better = colour.legible(surface.ink(), &[*surface], TEXT);
                flaws.push(Flaw {
                    severity: Severity::Warning,
                    at: at(if own.is_some() { name } else { behind }),
                    message: format!(
                        "`{name}` {colour} is told from `{behind}` {surface} by a contrast of {ratio:.2}; WCAG 2.2 AA asks \
                         for 4.5 (1.4.3)"
                    ),
                    help: Some(format!("`{name}` {better} has it")),
                });
            }
        };
        hold("text", self.text, written.text, &surfaces);
        // Links and buttons lie on the surface alone.
        hold("accent", self.accent, written.accent, surfaces.get(..1).unwrap_or_default());
        flaws
    }

    /// Every variable of `pages.css`, as CSS.
    fn variables(&self) -> String {
        let mut out = String::new();
        for (name, colour) in self.named() {
            // Writing to a `String` does not fail.
            let _ = write!(out, " --{name}: {colour};");
        }
        out.push(' ');
        out
    }

    /// Every variable of `pages.css`.
    fn named(&self) -> [(&'static str, Colour); 15] {
        let Self { accent, page, surface, text, .. } = *self;
        let sunken = page.mixed(text, 0.05);
        let behind = [surface, page, sunken];
        let tint = |colour: Colour| surface.mixed(colour, 0.12);
        // What text stands on must not take its contrast away.
        let quiet = |tint: Colour| if tint.contrast(text) < TEXT { surface } else { tint };
        let (door_tint, wait_tint) = (quiet(tint(self.door)), quiet(tint(self.wait)));
        let on_accent = accent.ink();
        let over = if on_accent == Colour::WHITE { Colour::BLACK } else { Colour::WHITE };
        [
            ("page", page),
            ("surface", surface),
            ("sunken", sunken),
            ("line", surface.mixed(text, 0.15)),
            ("control", surface.mixed(text, 0.4).legible(text, &[surface, page], BORDER)),
            ("text", text),
            ("dim", text.mixed(surface, 0.25).legible(text, &behind, TEXT)),
            ("accent", accent),
            ("accent-over", accent.mixed(over, 0.2)),
            ("on-accent", on_accent),
            ("selected", quiet(tint(accent))),
            ("door", self.door.legible(text, &[surface, door_tint], TEXT)),
            ("door-tint", door_tint),
            ("wait", self.wait.legible(text, &[surface, wait_tint], TEXT)),
            ("wait-tint", wait_tint),
        ]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const CSS: &str = include_str!("../../../assets/pages.css");

    fn colour(text: &str) -> Colour {
        Colour::parse(text).unwrap()
    }

    /// The variables of the light, or of the dark.
    fn variables(css: &str, dark: bool) -> BTreeMap<String, String> {
        let block = css.split(":root {").nth(if dark { 2 } else { 1 }).unwrap().split('}').next().unwrap();
        let pairs = block.split(';').filter_map(|pair| pair.trim().strip_prefix("--")?.split_once(": "));
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn the_colours_of_the_stylesheet_are_those_that_all_follow_from() {
        for (dark, palette) in [(false, LIGHT), (true, DARK)] {
            let written = variables(CSS, dark);
            for (name, colour) in [
                ("accent", palette.accent),
                ("page", palette.page),
                ("surface", palette.surface),
                ("text", palette.text),
                ("door", palette.door),
                ("wait", palette.wait),
            ] {
                assert_eq!(Colour::parse(&written[name]), Some(colour), "{name}, dark: {dark}");
            }
        }
    }

    #[test]
    fn a_brand_sets_every_colour_of_the_stylesheet_and_no_other() {
        let shades = Shades { accent: Some(colour("#0b6e4f")), ..Shades::default() };
        let own = Colours { light: shades, dark: Shades::default() }.stylesheet();
        for dark in [false, true] {
            let is_colour = |name: &&String| !["sans", "mono"].contains(&name.as_str());
            let ours = variables(CSS, dark);
            let ours: Vec<&String> = ours.keys().filter(is_colour).collect();
            assert_eq!(variables(&own, dark).keys().collect::<Vec<_>>(), ours);
        }
    }

    /// What follows is legible wherever text and surfaces are.
    #[test]
    fn what_follows_from_legible_colours_is_legible() {
        let schemes = [
            ("#0b6e4f", "#ffffff", "#ffffff", "#000000"),
            ("#ffcc00", "#f7f6f2", "#ffffff", "#1d2126"),
            ("#888888", "#101010", "#000000", "#ffffff"),
            ("#ff0000", "#fff8e7", "#fffdf5", "#5b4636"),
            ("#777777", "#dddddd", "#eeeeee", "#444444"),
        ];
        for (accent, page, surface, text) in schemes {
            let light = Shades {
                accent: Some(colour(accent)),
                page: Some(colour(page)),
                surface: Some(colour(surface)),
                text: Some(colour(text)),
            };
            let css = Colours { light, dark: Shades::default() }.stylesheet();
            for dark in [false, true] {
                let of = variables(&css, dark);
                let of = |name: &str| Colour::parse(&of[name]).unwrap();
                for (front, behind, least) in [
                    ("dim", "surface", TEXT),
                    ("dim", "page", TEXT),
                    ("dim", "sunken", TEXT),
                    ("on-accent", "accent", TEXT),
                    ("on-accent", "accent-over", TEXT),
                    ("text", "selected", TEXT),
                    ("text", "door-tint", TEXT),
                    ("text", "wait-tint", TEXT),
                    ("door", "surface", TEXT),
                    ("wait", "wait-tint", TEXT),
                    ("control", "surface", BORDER),
                ] {
                    let ratio = of(front).contrast(of(behind));
                    assert!(
                        ratio >= least,
                        "{front} on {behind} of {accent} {page}, dark {dark}: {ratio:.2}"
                    );
                }
                // An accent that is chosen for the light is made legible in the dark.
                assert!(!dark || of("accent").contrast(of("surface")) >= TEXT, "{accent}");
            }
        }
    }

    #[test]
    fn a_colour_that_is_hard_to_read_is_told_with_one_that_is_not() {
        let yellow = Shades { accent: Some(colour("#ffcc00")), ..Shades::default() };
        let flaws = Colours { light: yellow, dark: yellow }.flaws();
        assert_eq!(flaws.len(), 1, "it is legible in the dark: {flaws:?}");
        assert_eq!((flaws[0].severity, &flaws[0].at), (Severity::Warning, &At::Colour("accent")));
        assert!(flaws[0].message.contains("contrast of 1.5"), "{}", flaws[0].message);
        let better = flaws[0].help.as_deref().unwrap().split(' ').nth(1).unwrap();
        let better = Shades { accent: Some(colour(better)), ..Shades::default() };
        assert_eq!(Colours { light: better, dark: Shades::default() }.flaws(), []);
        let surface = Shades { surface: Some(colour("#222")), ..Shades::default() };
        let flaws = Colours { light: surface, dark: Shades::default() }.flaws();
        let at: Vec<&At> = flaws.iter().map(|flaw| &flaw.at).collect();
        assert_eq!(at, [&At::Colour("surface"), &At::Colour("surface")], "what is not written is not blamed");
    }
}
