use std::{net::IpAddr, path::PathBuf, time::Duration};

use clap::Args;

use super::server::Control;
use crate::config::{
    apis::{Auth, Validate, Values},
    value,
};

/// `lobby mock`
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Mock {
    /// OpenAPI documents; `-` reads one from standard input.
    #[arg(value_name = "FILE", env = "LOBBY_FILES", value_delimiter = ',')]
    pub(crate) files: Vec<String>,
    /// The port, 4010 if nothing says otherwise; 0 picks a free one.
    #[arg(long, short, env = "LOBBY_PORT")]
    pub(crate) port: Option<u16>,
    /// The address to listen on instead of 127.0.0.1 and `::1`.
    #[arg(long, env = "LOBBY_HOST", value_name = "ADDRESS")]
    pub(crate) host: Option<IpAddr>,
    /// The issuer's URL; default http://127.0.0.1:PORT.
    #[arg(long, env = "LOBBY_ISSUER", value_name = "URL", value_parser = value::issuer)]
    pub(crate) issuer: Option<String>,
    /// How strictly credentials are judged.
    #[arg(long, env = "LOBBY_AUTH", value_enum)]
    pub(crate) auth: Option<Auth>,
    /// How strictly requests are held against the document.
    #[arg(long, env = "LOBBY_VALIDATE", value_enum)]
    pub(crate) validate: Option<Validate>,
    /// What generated values look like.
    #[arg(long, env = "LOBBY_VALUES", value_enum)]
    pub(crate) values: Option<Values>,
    /// Generate answers even where the document has an example.
    #[arg(long, env = "LOBBY_DYNAMIC")]
    pub(crate) dynamic: bool,
    /// What generated values are drawn with; the same seed gives the same answers.
    #[arg(long, env = "LOBBY_SEED", value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
    /// Send no CORS headers, and judge OPTIONS as any request.
    #[arg(long, env = "LOBBY_NO_CORS")]
    pub(crate) no_cors: bool,
    /// Serve HTTPS with a certificate of the local certificate authority.
    #[arg(long, env = "LOBBY_TLS")]
    pub(crate) tls: bool,
    /// Where the local certificate authority is kept.
    #[arg(long, env = "LOBBY_CA_DIR", value_name = "DIR")]
    pub(crate) ca_dir: Option<PathBuf>,
    /// Take credentials over plain HTTP also from other machines.
    #[arg(long, env = "LOBBY_INSECURE")]
    pub(crate) insecure: bool,
    #[command(flatten)]
    pub(crate) control: Control,
    /// The folder below which files may be read; default: each document's own.
    #[arg(long, env = "LOBBY_ROOT", value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    /// Fetch `$ref`s and documents over http and https.
    #[arg(long, env = "LOBBY_ALLOW_REMOTE_REFS")]
    pub(crate) allow_remote_refs: bool,
    /// Keep records and signing keys in this folder, so that tokens survive a restart; `store:` does without it.
    #[arg(long, env = "LOBBY_STATE", value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// Print for each request what its decision looked at.
    #[arg(long, env = "LOBBY_EXPLAIN")]
    pub(crate) explain: bool,
    /// Write one JSON line here once requests are served.
    #[arg(long, env = "LOBBY_READY_FILE", value_name = "PATH")]
    pub(crate) ready_file: Option<PathBuf>,
    /// How long running requests may take after SIGTERM.
    #[arg(long, env = "LOBBY_GRACE", value_name = "DURATION", default_value = "10s", value_parser = duration)]
    pub(crate) grace: Duration,
}

pub(super) fn duration(text: &str) -> Result<Duration, model::DurationError> {
    model::parse_duration(text)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::cli::Lobby;

    #[test]
    fn an_issuer_that_no_metadata_could_name_and_an_empty_token_are_refused_by_the_flags_name() {
        for wrong in
            ["foo", "https://x/t?x=1", "https://x/t#f", "ftp://x", "https://", "https://a:b@x", "http:x", ""]
        {
            let error = Lobby::try_parse_from(["lobby", "mock", "a.yaml", "--issuer", wrong]).unwrap_err();
            assert!(error.to_string().contains("--issuer"), "{error}");
        }
        for right in ["https://login.example.com", "http://localhost:4010", "https://x/tenant"] {
            assert!(Lobby::try_parse_from(["lobby", "mock", "a.yaml", "--issuer", right]).is_ok(), "{right}");
        }
        for wrong in ["", "two words", "\u{fc}"] {
            let error =
                Lobby::try_parse_from(["lobby", "mock", "a.yaml", "--control-token", wrong]).unwrap_err();
            assert!(error.to_string().contains("--control-token"), "{error}");
        }
    }
}
