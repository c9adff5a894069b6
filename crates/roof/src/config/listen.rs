//! `listen:`

use std::{net::SocketAddr, path::PathBuf};

use serde::{Deserialize, Deserializer};

use super::value::{SecretReference, word_or};

/// Where it listens; a text is `public` alone.
#[derive(Debug, Default)]
pub(crate) struct Listen(pub(crate) Listening);

/// Where it listens, key by key.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Listening {
    /// What clients call; default: what `--host` and `--port` say, in `serve` 127.0.0.1:8443.
    pub(crate) public: Option<SocketAddr>,
    /// What operators call: health, metrics, administration; `serve` alone has it, at 127.0.0.1:9443.
    pub(crate) admin: Option<SocketAddr>,
    /// How HTTPS is served; `local` is `--tls`.
    pub(crate) tls: Option<Tls>,
    /// Where `serve` answers plain HTTP: pages lead to HTTPS, everything else is refused.
    pub(crate) redirect_http: Option<SocketAddr>,
}

impl<'de> Deserialize<'de> for Listen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let alone = |text: &str| {
            let public = Some(text.parse().ok()?);
            Some(Self(Listening { public, ..Listening::default() }))
        };
        word_or(deserializer, "an address with its port, as 127.0.0.1:4010", alone, Self)
    }
}

/// Whose certificate is shown.
#[derive(Debug)]
pub(crate) enum Tls {
    /// `local`: the local certificate authority's.
    Local,
    /// One of your own, or one that is fetched.
    Other(Certificate),
}

impl<'de> Deserialize<'de> for Tls {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let local = |text: &str| (text == "local").then_some(Self::Local);
        word_or(deserializer, "`local`, or a mapping with `cert` and `key`, or `acme`", local, Self::Other)
    }
}

/// A certificate.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Certificate {
    /// A chain (PEM), relative to lobby.yaml.
    pub(crate) cert: Option<PathBuf>,
    /// Its key (PEM).
    pub(crate) key: Option<SecretReference>,
    /// The names to fetch certificates for (RFC 8555).
    pub(crate) acme: Vec<String>,
    /// Where they are fetched; default: Let's Encrypt.
    pub(crate) directory: Option<String>,
    /// Whom that place may write to about them.
    pub(crate) email: Option<String>,
    /// Who vouches for that place, beside whom the system trusts (PEM).
    pub(crate) root: Option<PathBuf>,
}
