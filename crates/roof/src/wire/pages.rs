//! `pages:` → how pages and mails look and speak.

use std::sync::Arc;

use model::{Problem, Severity};
use oauth::pages::{At, Brand, Colours, Flaw, Materials, Shades, Translation};

use crate::{
    config::pages::{DarkColours, Hex},
    gather::Gathering,
};

/// What is served, with everything that is wrong with it.
pub(super) fn brand(gathering: &Gathering, problems: &mut Vec<Problem>) -> Arc<Brand> {
    let Some(pages) = &gathering.config.pages else { return Brand::shared() };
    let material = &gathering.brand;
    let own = |colour: Option<Hex>| colour.map(|hex| hex.0);
    let light = &pages.colours;
    let DarkColours { accent, page, surface, text } = light.dark;
    let dark = Shades { accent: own(accent), page: own(page), surface: own(surface), text: own(text) };
    let light = Shades {
        accent: own(light.accent),
        page: own(light.page),
        surface: own(light.surface),
        text: own(light.text),
    };
    let translation = |tag: &String, words: &std::collections::BTreeMap<String, String>| Translation {
        tag: tag.clone(),
        words: words.clone().into_iter().collect(),
    };
    let materials = Materials {
        logo: material.logo.clone(),
        colours: Colours { light, dark },
        templates: material
            .templates
            .iter()
            .map(|(name, written)| (name.clone(), written.text.clone()))
            .collect(),
        translations: material.translations.iter().map(|(tag, (_, words))| translation(tag, words)).collect(),
    };
    let (brand, flaws) = Brand::new(materials);
    problems.extend(flaws.into_iter().map(|flaw| problem(gathering, flaw)));
    Arc::new(brand)
}

/// A flaw, at its place in the file that it is in.
fn problem(gathering: &Gathering, flaw: Flaw) -> Problem {
    let Flaw { severity, at, message, help } = flaw;
    let material = &gathering.brand;
    let bare = |code| super::problem(Severity::Error, code, message.clone(), help.clone());
    let (code, found) = match &at {
        At::Logo => ("pages.logo", Some(gathering.wrong(&["pages", "logo"], message.clone(), help.clone()))),
        At::Colour(name) => {
            let path = ["pages", "colours", name];
            ("pages.contrast", Some(gathering.wrong(&path, message.clone(), help.clone())))
        }
        At::DarkColour(name) => {
            let path = ["pages", "colours", "dark", name];
            ("pages.contrast", Some(gathering.wrong(&path, message.clone(), help.clone())))
        }
        At::Template { name, line } => {
            let written = material.templates.get(name);
            ("pages.template", written.map(|file| file.line_problem(*line, message.clone(), help.clone())))
        }
        At::Language { tag } => {
            let written = material.translations.get(tag);
            (
                "pages.translation",
                written.map(|(file, _)| file.line_problem(None, message.clone(), help.clone())),
            )
        }
        At::Text { tag, id } => {
            let written = material.translations.get(tag);
            (
                "pages.translation",
                written.map(|(file, _)| file.key_problem(&[id], message.clone(), help.clone())),
            )
        }
    };
    Problem { severity, code, ..found.unwrap_or_else(|| bare(code)) }
}
