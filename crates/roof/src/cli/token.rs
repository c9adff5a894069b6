use clap::{Args, ValueEnum};

use super::Server;

/// `lobby token`
#[derive(Debug, Args)]
pub(crate) struct Token {
    /// The persona.
    #[arg(long = "as", value_name = "PERSONA", env = "LOBBY_AS")]
    pub(crate) persona: String,
    /// Scopes, with spaces between; default: all that the persona has.
    #[arg(long, env = "LOBBY_SCOPE")]
    pub(crate) scope: Option<String>,
    /// What the token is for.
    #[arg(long, env = "LOBBY_AUDIENCE")]
    pub(crate) audience: Option<String>,
    /// The client that it is issued to.
    #[arg(long, env = "LOBBY_CLIENT_ID")]
    pub(crate) client_id: Option<String>,
    /// How long it lives, as 10m.
    #[arg(long, env = "LOBBY_LIFETIME")]
    pub(crate) lifetime: Option<String>,
    #[command(flatten)]
    pub(crate) defect: Defect,
    /// Show how to call this operation, for each alternative of its requirement.
    #[arg(long = "for", value_name = "OPERATION", env = "LOBBY_FOR")]
    pub(crate) operation: Option<String>,
    /// What is printed.
    #[arg(long, env = "LOBBY_PRINT", value_enum, default_value = "token")]
    pub(crate) print: Print,
    #[command(flatten)]
    pub(crate) server: Server,
}

/// How a token is wrong on purpose.
#[derive(Debug, Args)]
#[group(multiple = false)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line, of which one may be given"
)]
pub(crate) struct Defect {
    /// Its time is over.
    #[arg(long, env = "LOBBY_EXPIRED")]
    pub(crate) expired: bool,
    /// It is for another API.
    #[arg(long, env = "LOBBY_WRONG_AUDIENCE")]
    pub(crate) wrong_audience: bool,
    /// It is of another issuer.
    #[arg(long, env = "LOBBY_WRONG_ISSUER")]
    pub(crate) wrong_issuer: bool,
    /// Its signature does not fit.
    #[arg(long, env = "LOBBY_BAD_SIGNATURE")]
    pub(crate) bad_signature: bool,
    /// It is not signed at all.
    #[arg(long, env = "LOBBY_ALG_NONE")]
    pub(crate) alg_none: bool,
    /// Its time has not come.
    #[arg(long, env = "LOBBY_NOT_YET_VALID")]
    pub(crate) not_yet_valid: bool,
    /// It was revoked.
    #[arg(long, env = "LOBBY_REVOKED")]
    pub(crate) revoked: bool,
}

impl Defect {
    /// The chosen one, as the control API names it.
    pub(crate) fn name(&self) -> Option<&'static str> {
        let all = [
            (self.expired, "expired"),
            (self.wrong_audience, "wrong_audience"),
            (self.wrong_issuer, "wrong_issuer"),
            (self.bad_signature, "bad_signature"),
            (self.alg_none, "alg_none"),
            (self.not_yet_valid, "not_yet_valid"),
            (self.revoked, "revoked"),
        ];
        all.into_iter().find_map(|(chosen, name)| chosen.then_some(name))
    }
}

/// What `lobby token` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Print {
    /// The token alone.
    Token,
    /// An `Authorization` field.
    Header,
    /// A command to copy.
    Curl,
    /// The control API's answer.
    Json,
}
