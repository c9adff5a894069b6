//! `mail:` and `pages:`

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Deserializer};

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
    /// The service's name.
    pub(crate) name: Option<String>,
    /// Its picture, relative to lobby.yaml.
    pub(crate) logo: Option<PathBuf>,
    /// Colours by their names.
    pub(crate) colours: BTreeMap<String, String>,
    /// A folder of templates, over Lobby's.
    pub(crate) templates: Option<PathBuf>,
    /// A folder of translations, over Lobby's.
    pub(crate) translations: Option<PathBuf>,
}
