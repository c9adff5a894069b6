//! How a service's pages and mails look and speak: ours, and over it what the service has of its own. What it
//! brings is judged whole before anything is rendered from it.

mod colour;
mod flaw;
mod logo;
mod markup;
mod palette;
mod proof;
#[cfg(test)]
mod tests;
mod translation;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, LazyLock},
};

use bytes::Bytes;
use http::{HeaderValue, Response, header};
use minijinja::{Environment, Value};
use model::Severity;

use self::logo::Logo;
pub use self::{
    colour::Colour,
    flaw::{At, Flaw},
    logo::LOGO_BYTES,
    palette::{Colours, Shades},
    translation::Translation,
};
use super::{
    Language,
    language::{self, BUILT_IN},
    template,
    words::Dictionary,
};

/// What a service has of its own, as it was read.
#[derive(Debug, Clone, Default)]
pub struct Materials {
    /// Its picture.
    pub logo: Option<Bytes>,
    /// Its colours.
    pub colours: Colours,
    /// Its templates by name, and its stylesheet as `pages.css`. One named as one of ours takes its place.
    pub templates: Vec<(String, String)>,
    /// Its words.
    pub translations: Vec<Translation>,
}

/// How the pages and mails of a service look and speak.
pub struct Brand {
    pub(super) environment: Environment<'static>,
    dictionaries: Arc<[Dictionary]>,
    logo: Option<Logo>,
    colours: Option<Bytes>,
    mail_colours: Value,
    stylesheet: Option<Bytes>,
}

static BUILT_IN_BRAND: LazyLock<Arc<Brand>> = LazyLock::new(|| Arc::new(Brand::new(Materials::default()).0));

impl Brand {
    /// Lobby's own.
    pub fn built_in() -> &'static Self {
        &BUILT_IN_BRAND
    }

    /// The same, to share.
    pub fn shared() -> Arc<Self> {
        BUILT_IN_BRAND.clone()
    }

    /// Makes one of what a service has of its own. It is not to be served where one of the flaws is an error.
    pub fn new(materials: Materials) -> (Self, Vec<Flaw>) {
        let mut flaws = Vec::new();
        let dictionaries = dictionaries(materials.translations, &mut flaws);
        let (mut environment, broken) = template::environment(&dictionaries);
        debug_assert!(broken.is_none(), "{broken:?}");
        let stylesheet = materials.templates.iter().find(|(name, _)| name == STYLESHEET);
        let stylesheet = stylesheet.map(|(_, text)| Bytes::from(text.clone()));
        let templates: Vec<(String, String)> =
            materials.templates.into_iter().filter(|(name, _)| name != STYLESHEET).collect();
        let own: BTreeSet<&str> = templates.iter().map(|(name, _)| name.as_str()).collect();
        for (name, source) in &templates {
            if let Err(error) = environment.add_template_owned(name.clone(), source.clone()) {
                let line = error.line().and_then(|line| u32::try_from(line).ok());
                let at = At::Template { name: name.clone(), line };
                flaws.push(Flaw {
                    severity: Severity::Error,
                    at,
                    message: template_words(&error),
                    help: None,
                });
            } else {
                flaws.extend(strange(name));
            }
        }
        let logo = materials.logo.and_then(|bytes| match Logo::read(bytes) {
            Ok(logo) => Some(logo),
            Err(message) => {
                flaws.push(Flaw { severity: Severity::Error, at: At::Logo, message, help: None });
                None
            }
        });
        flaws.extend(materials.colours.flaws());
        let colours = (!materials.colours.is_plain()).then(|| Bytes::from(materials.colours.stylesheet()));
        let mail_colours = Value::from(materials.colours.of_mails().collect::<BTreeMap<_, _>>());
        let brand = Self { environment, dictionaries, logo, colours, mail_colours, stylesheet };
        if !own.is_empty() && !flaws.iter().any(|flaw| flaw.severity == Severity::Error) {
            flaws.extend(proof::flaws(&brand, &own));
        }
        (brand, flaws)
    }

    /// The language for a person: what the app asks for (`ui_locales`, `OpenID` Connect Core 3.1.2.1) before
    /// what the browser prefers (`Accept-Language`, RFC 9110 12.5.4), else English.
    pub fn language(&self, ui_locales: Option<&str>, accept_language: Option<&str>) -> Language<'_> {
        let tags: Vec<&str> = self.tags().collect();
        let place = language::choose(&tags, ui_locales, accept_language);
        Language { brand: self, words: self.dictionaries.get(place).unwrap_or(&NO_WORDS) }
    }

    /// The tags of all languages that it speaks.
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        self.dictionaries.iter().map(|words| words.tag.as_str())
    }

    /// The picture's name below `/_lobby/assets/`.
    pub(super) fn logo(&self) -> Option<&'static str> {
        self.logo.as_ref().map(|logo| logo.name)
    }

    /// Whether it has colours of its own.
    pub(super) fn has_colours(&self) -> bool {
        self.colours.is_some()
    }

    /// Its colours in the light, by name, for what reads no stylesheet.
    pub(super) fn mail_colours(&self) -> Value {
        self.mail_colours.clone()
    }

    /// A file below `/_lobby/assets/`: the stylesheet `pages.css`, the icon `lobby.svg`, the scripts `passkey.js`
    /// and `password.js`, and of a service's own the colours `colours.css` and its picture.
    pub fn asset(&self, name: &str) -> Option<Response<Bytes>> {
        const STYLE: &str = "text/css; charset=utf-8";
        let ours = |bytes: &'static [u8]| Bytes::from_static(bytes);
        let (kind, body) = match name {
            STYLESHEET => {
                let own = self.stylesheet.clone();
                (STYLE, own.unwrap_or_else(|| ours(include_bytes!("../../assets/pages.css"))))
            }
            "passkey.js" => {
                ("text/javascript; charset=utf-8", ours(include_bytes!("../../assets/passkey.js")))
            }
            "password.js" => {
                ("text/javascript; charset=utf-8", ours(include_bytes!("../../assets/password.js")))
            }
            "lobby.svg" => ("image/svg+xml", ours(include_bytes!("../../assets/lobby.svg"))),
            "colours.css" => (STYLE, self.colours.clone()?),
            name => {
                let logo = self.logo.as_ref().filter(|logo| logo.name == name)?;
                (logo.kind, logo.bytes.clone())
            }
        };
        let mut response = Response::new(body);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        // Short: a new version of Lobby brings new pages, which need their own stylesheet.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        // Opened by itself, a picture is a page without rights: an SVG may have script in it.
        let policy = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox");
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
        Some(response)
    }
}

impl fmt::Debug for Brand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let languages: Vec<&str> = self.tags().collect();
        f.debug_struct("Brand")
            .field("logo", &self.logo())
            .field("languages", &languages)
            .finish_non_exhaustive()
    }
}

const STYLESHEET: &str = "pages.css";
/// A language without words: there is always another.
static NO_WORDS: LazyLock<Dictionary> = LazyLock::new(Dictionary::default);

/// The languages: ours with a service's own words over them, then those that it adds.
fn dictionaries(translations: Vec<Translation>, flaws: &mut Vec<Flaw>) -> Arc<[Dictionary]> {
    let mut all: Vec<Dictionary> =
        BUILT_IN.iter().map(|(tag, source)| Dictionary::built_in(tag, source)).collect();
    let Some(measure) = all.first().cloned() else { return all.into() };
    // A language comes before those of its regions, which take its words.
    let mut translations = translations;
    translations.sort_by(|one, other| one.tag.cmp(&other.tag));
    for translation in translations {
        flaws.extend(translation::put(&mut all, &measure, translation));
    }
    all.into()
}

/// A template whose name is almost one of ours is most likely meant to be it; any other may be taken in by one.
fn strange(name: &str) -> Option<Flaw> {
    let known = || template::names();
    if known().any(|known| known == name) {
        return None;
    }
    let near = model::nearest(name, known())?;
    Some(Flaw {
        severity: Severity::Warning,
        at: At::Template { name: name.to_owned(), line: None },
        message: format!("`{name}` takes the place of none of ours"),
        help: Some(format!("did you mean `{near}`?")),
    })
}

/// What the engine says of a template, in one line.
fn template_words(error: &minijinja::Error) -> String {
    let mut words = error.kind().to_string();
    if let Some(detail) = error.detail() {
        words.push_str(": ");
        words.push_str(detail);
    }
    words
}
