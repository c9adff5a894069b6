//! `mail:` and `pages:`

use std::path::PathBuf;

use oauth::pages::Colour;
use serde::{Deserialize, Deserializer, de::Error as _};

use super::value::{SecretReference, word_or};

/// Where mails go.
#[derive(Debug)]
pub(crate) enum Mail {
    /// `outbox`: kept, to be looked at.
    Outbox,
    /// To a server.
    Smtp(MailServer),
}

impl<'de> Deserialize<'de> for Mail {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let outbox = |text: &str| (text == "outbox").then_some(Self::Outbox);
        word_or(deserializer, "`outbox`, or a mapping with `smtp` and `from`", outbox, Self::Smtp)
    }
}

/// The server that takes mails.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MailServer {
    /// Its URL.
    pub(crate) smtp: String,
    /// Who signs in there.
    pub(crate) user: Option<String>,
    /// With what.
    pub(crate) password: Option<SecretReference>,
    /// Whom mails are from.
    pub(crate) from: Option<String>,
}

/// How the pages look.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Pages {
    /// What the service is called, on pages and in mails: `Lobby`.
    pub(crate) name: Option<String>,
    /// Its picture: SVG, PNG or WebP, at most 256 KB.
    pub(crate) logo: Option<PathBuf>,
    /// Its colours; what is not written follows from what is.
    pub(crate) colours: Colours,
    /// A folder of templates and a `pages.css`: those that are named as Lobby's take their place.
    pub(crate) templates: Option<PathBuf>,
    /// A folder of words, a file for each language (`de.yaml`): over Lobby's, or a language more.
    pub(crate) translations: Option<PathBuf>,
}

/// The colours of the pages, in the light.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Colours {
    /// Buttons, links and the ring around what has the focus.
    pub(crate) accent: Option<Hex>,
    /// What is behind everything.
    pub(crate) page: Option<Hex>,
    /// What is behind the text.
    pub(crate) surface: Option<Hex>,
    /// The text.
    pub(crate) text: Option<Hex>,
    /// The same for people who see in the dark; without, the accent is made as light as it must be.
    pub(crate) dark: DarkColours,
}

/// The colours of the pages, in the dark.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct DarkColours {
    /// Buttons, links and the ring around what has the focus.
    pub(crate) accent: Option<Hex>,
    /// What is behind everything.
    pub(crate) page: Option<Hex>,
    /// What is behind the text.
    pub(crate) surface: Option<Hex>,
    /// The text.
    pub(crate) text: Option<Hex>,
}

/// A colour: `#345` or `#334455`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hex(pub(crate) Colour);

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let refused = || {
            D::Error::custom(format_args!("`{text}` is no colour; write for example '#3547b8', in quotes"))
        };
        Colour::parse(&text).map(Self).ok_or_else(refused)
    }
}
