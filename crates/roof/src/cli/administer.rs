use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

use super::Format;
use crate::config::value;

/// Which Lobby is administered, and how it is told.
#[derive(Debug, Clone, Args)]
pub(crate) struct Target {
    /// The admin address of a running Lobby; default: the one that runs on the store of lobby.yaml, else the
    /// store itself.
    #[arg(long = "server", global = true, env = "LOBBY_SERVER", value_name = "URL")]
    pub(crate) url: Option<String>,
    /// What opens the admin API of the server at --server.
    #[arg(
        long,
        global = true,
        env = "LOBBY_ADMIN_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true,
        value_parser = value::bearer
    )]
    pub(crate) admin_token: Option<String>,
    /// How results are written.
    #[arg(long, global = true, env = "LOBBY_FORMAT", value_enum, default_value = "text")]
    pub(crate) format: Format,
    /// Where the local certificate authority is kept, for a server with `listen.tls: local`.
    #[arg(long, global = true, env = "LOBBY_CA_DIR", value_name = "DIR")]
    pub(crate) ca_dir: Option<PathBuf>,
}

/// `lobby user`, `client`, `key`, `session`, `audit`: what is done, and to which Lobby.
#[derive(Debug, Args)]
pub(crate) struct Administer<C: Subcommand> {
    #[command(subcommand)]
    pub(crate) command: C,
    #[command(flatten)]
    pub(crate) target: Target,
}

/// What is done with users.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Add one.
    Add(UserAdd),
    /// List all.
    List,
    /// Show one.
    Show {
        /// The user, by name, e-mail address or id.
        user: String,
    },
    /// Change one: what is not named stays.
    Set(UserSet),
    /// Suspend one: sessions end, and nothing of theirs opens anything.
    Disable {
        /// The user, by name, e-mail address or id.
        user: String,
    },
    /// Let a suspended one in again.
    Enable {
        /// The user, by name, e-mail address or id.
        user: String,
    },
    /// Let one choose another password, or a first one: they are mailed a link that is good once, for 15 minutes.
    /// Where none can be, it is printed, to be handed over.
    Reset {
        /// The user, by name, e-mail address or id.
        user: String,
        /// The language of the mail, as de; default: English.
        #[arg(long, env = "LOBBY_USER_LANGUAGE", value_name = "TAG")]
        language: Option<String>,
        /// Take away their passkeys, authenticator app and recovery codes instead, and tell them: they were lost,
        /// and you have made sure who asks.
        #[arg(long, env = "LOBBY_RESET_FACTORS", conflicts_with = "language")]
        factors: bool,
    },
    /// Remove one, with everything of theirs.
    Remove {
        /// The user, by name, e-mail address or id.
        user: String,
    },
    /// Invite one by mail, for seven days. Where no mails are sent the link is printed, to be handed over.
    Invite(UserInvite),
    /// List the invitations that are good yet.
    Invitations,
    /// Withdraw an invitation: its link is good no more.
    Uninvite {
        /// The address that was invited.
        email: String,
    },
}

/// `lobby user invite`
#[derive(Debug, Args)]
pub(crate) struct UserInvite {
    /// Their e-mail address.
    pub(crate) email: String,
    /// A role that they will have; repeat it for more.
    #[arg(long = "role", env = "LOBBY_USER_ROLES", value_delimiter = ',', value_name = "ROLE")]
    pub(crate) roles: Vec<String>,
    /// A scope that they may give to apps; repeat it for more. Default: every scope that the APIs declare.
    #[arg(long = "scope", env = "LOBBY_USER_SCOPES", value_delimiter = ',', value_name = "SCOPE")]
    pub(crate) scopes: Vec<String>,
    /// Their subscription tier.
    #[arg(long, env = "LOBBY_USER_PLAN")]
    pub(crate) plan: Option<String>,
    /// The language of the mail, as de; default: English.
    #[arg(long, env = "LOBBY_USER_LANGUAGE", value_name = "TAG")]
    pub(crate) language: Option<String>,
}

/// `lobby user add`
#[derive(Debug, Args)]
pub(crate) struct UserAdd {
    /// The name that they sign in with, or their e-mail address.
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) terms: UserTerms,
}

/// `lobby user set`
#[derive(Debug, Args)]
pub(crate) struct UserSet {
    /// The user, by name, e-mail address or id.
    pub(crate) user: String,
    /// Another name.
    #[arg(long, env = "LOBBY_USER_NAME")]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) terms: UserTerms,
}

/// What may be said of a user.
#[derive(Debug, Args)]
pub(crate) struct UserTerms {
    /// Read the password from standard input, its first line.
    #[arg(long, env = "LOBBY_PASSWORD_STDIN")]
    pub(crate) password_stdin: bool,
    /// Their e-mail address.
    #[arg(long, env = "LOBBY_USER_EMAIL", value_name = "ADDRESS")]
    pub(crate) email: Option<String>,
    /// The address is known to be theirs.
    #[arg(long, env = "LOBBY_USER_EMAIL_VERIFIED")]
    pub(crate) email_verified: bool,
    /// A role that they have; repeat it for more. lobby:owner, lobby:admin, lobby:support and lobby:auditor
    /// administer Lobby.
    #[arg(long = "role", env = "LOBBY_USER_ROLES", value_delimiter = ',', value_name = "ROLE")]
    pub(crate) roles: Vec<String>,
    /// A scope that they may give to apps; repeat it for more. Default: every scope that the APIs declare.
    #[arg(long = "scope", env = "LOBBY_USER_SCOPES", value_delimiter = ',', value_name = "SCOPE")]
    pub(crate) scopes: Vec<String>,
    /// Their subscription tier.
    #[arg(long, env = "LOBBY_USER_PLAN")]
    pub(crate) plan: Option<String>,
}

/// What is done with clients.
#[derive(Debug, Subcommand)]
pub(crate) enum ClientCommand {
    /// Add one. Without --secret-stdin and --public it is given a secret, which is printed once.
    Add(ClientAdd),
    /// List those of the store.
    List,
    /// Show one.
    Show {
        /// Its id.
        client: String,
    },
    /// Suspend one.
    Disable {
        /// Its id.
        client: String,
    },
    /// Let a suspended one in again.
    Enable {
        /// Its id.
        client: String,
    },
    /// Remove one, with its keys and what people agreed to.
    Remove {
        /// Its id.
        client: String,
    },
}

/// `lobby client add`
#[derive(Debug, Args)]
pub(crate) struct ClientAdd {
    /// Its id (`client_id`).
    pub(crate) name: String,
    /// Read its secret from standard input, the first line.
    #[arg(long, env = "LOBBY_SECRET_STDIN", conflicts_with = "public")]
    pub(crate) secret_stdin: bool,
    /// It can keep no secret: an app in a browser or on a phone.
    #[arg(long, env = "LOBBY_CLIENT_PUBLIC")]
    pub(crate) public: bool,
    /// Where answers may go; repeat it for more.
    #[arg(
        long = "redirect-uri",
        env = "LOBBY_CLIENT_REDIRECT_URIS",
        value_delimiter = ',',
        value_name = "URI"
    )]
    pub(crate) redirect_uris: Vec<String>,
    /// Where a browser may be sent after signing out; repeat it for more.
    #[arg(
        long = "post-logout-redirect-uri",
        env = "LOBBY_CLIENT_POST_LOGOUT_REDIRECT_URIS",
        value_delimiter = ',',
        value_name = "URI"
    )]
    pub(crate) post_logout_redirect_uris: Vec<String>,
    /// What it may ask for, as `authorization_code`; repeat it for more. Default: everything that the server does.
    #[arg(long = "grant", env = "LOBBY_CLIENT_GRANTS", value_delimiter = ',', value_name = "GRANT")]
    pub(crate) grants: Vec<String>,
    /// A scope that it may have; repeat it for more. Default: all.
    #[arg(long = "scope", env = "LOBBY_CLIENT_SCOPES", value_delimiter = ',', value_name = "SCOPE")]
    pub(crate) scopes: Vec<String>,
    /// What pages call it.
    #[arg(long, env = "LOBBY_CLIENT_TITLE", value_name = "TEXT")]
    pub(crate) title: Option<String>,
    /// Nobody is asked before it is given anything.
    #[arg(long, env = "LOBBY_CLIENT_SKIP_CONSENT")]
    pub(crate) skip_consent: bool,
}

/// What is done with API keys and app passwords.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Add one; it is printed once.
    Add(KeyAdd),
    /// List them.
    List {
        /// Those of one owner alone.
        #[arg(long, env = "LOBBY_KEY_OWNER")]
        owner: Option<String>,
    },
    /// Show one, with how it was used.
    Show {
        /// Its id: what stands between the two `_`.
        id: String,
    },
    /// Put another one in its place, which is printed once; the old one opens for a while yet.
    Rotate {
        /// Its id.
        id: String,
        /// For how long yet; default 1d.
        #[arg(long, env = "LOBBY_KEY_OVERLAP", value_name = "DURATION")]
        overlap: Option<String>,
    },
    /// Withdraw one: it opens nothing more, at once and everywhere.
    Revoke {
        /// Its id.
        id: String,
    },
}

/// `lobby key add`
#[derive(Debug, Args)]
pub(crate) struct KeyAdd {
    /// Whose it is: a user by name, e-mail address or id, client:ID, or team:NAME.
    #[arg(long, env = "LOBBY_KEY_OWNER")]
    pub(crate) owner: String,
    /// What it may do, of what its owner may; repeat it for more.
    #[arg(long = "scope", env = "LOBBY_KEY_SCOPES", value_delimiter = ',', value_name = "SCOPE")]
    pub(crate) scopes: Vec<String>,
    /// How long it lives, as 90d, or never; default: `keys.expires`, which is 90d where it is not written.
    #[arg(long, env = "LOBBY_KEY_EXPIRES", value_name = "DURATION")]
    pub(crate) expires: Option<String>,
    /// What it is called.
    #[arg(long, env = "LOBBY_KEY_NAME")]
    pub(crate) name: Option<String>,
    /// From where it may be used, as 10.0.0.0/8; repeat it for more. Default: from everywhere.
    #[arg(long = "address", env = "LOBBY_KEY_ADDRESSES", value_delimiter = ',', value_name = "NETWORK")]
    pub(crate) addresses: Vec<String>,
    /// Its subscription tier; default: its owner's.
    #[arg(long, env = "LOBBY_KEY_PLAN")]
    pub(crate) plan: Option<String>,
    /// It stands for the user's password in Basic, instead of in an API key's place.
    #[arg(long, env = "LOBBY_KEY_APP_PASSWORD")]
    pub(crate) app_password: bool,
}

/// What is done with sessions.
#[derive(Debug, Subcommand)]
pub(crate) enum SessionCommand {
    /// List them.
    List {
        /// Those of one user alone.
        #[arg(long, env = "LOBBY_SESSION_USER")]
        user: Option<String>,
    },
    /// End one, all of a user, or everybody's, with their refresh tokens and access tokens.
    #[command(group = ArgGroup::new("whose").required(true))]
    End {
        /// The session's id.
        #[arg(group = "whose")]
        session: Option<String>,
        /// All of this user.
        #[arg(long, env = "LOBBY_SESSION_USER", group = "whose")]
        user: Option<String>,
        /// Everybody's.
        #[arg(long, env = "LOBBY_SESSION_ALL", group = "whose")]
        all: bool,
    },
}

/// What is done with the audit trail.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// List what was done, the newest first.
    List {
        /// How many entries at most.
        #[arg(long, env = "LOBBY_AUDIT_LIMIT", value_name = "NUMBER", default_value_t = 100)]
        limit: u32,
    },
    /// Walk the chain of hashes; exit with 1 and name the first entry that does not fit.
    Verify,
}
