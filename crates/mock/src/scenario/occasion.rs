use std::sync::Arc;

/// An endpoint of the authorization server, named as an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `oauth.authorize`
    Authorize,
    /// `oauth.token`
    Token,
    /// `oauth.par`
    Par,
    /// `oauth.device`
    Device,
    /// `oauth.jwks`
    Jwks,
    /// `oauth.userinfo`
    Userinfo,
    /// `oauth.discovery`
    Discovery,
}

impl Endpoint {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Authorize, Self::Token, Self::Par, Self::Device, Self::Jwks, Self::Userinfo, Self::Discovery];

    /// Its name: `oauth.token`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Authorize => "oauth.authorize",
            Self::Token => "oauth.token",
            Self::Par => "oauth.par",
            Self::Device => "oauth.device",
            Self::Jwks => "oauth.jwks",
            Self::Userinfo => "oauth.userinfo",
            Self::Discovery => "oauth.discovery",
        }
    }

    /// Whether a request to it tells for whom it is, before it is answered: by a session, a code, a token, or a
    /// name with its password. The others are asked by clients, on nobody's behalf yet.
    pub fn knows_who(self) -> bool {
        match self {
            Self::Authorize | Self::Token | Self::Userinfo => true,
            Self::Par | Self::Device | Self::Jwks | Self::Discovery => false,
        }
    }

    /// Reads a name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|endpoint| endpoint.as_str() == text)
    }
}

/// What a request is, to those who give out steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion<'a> {
    /// A request to an API that matched an operation, denied or not.
    Api {
        /// The API's name.
        api: &'a str,
        /// The operation's.
        operation: &'a str,
    },
    /// A request to the authorization server.
    Endpoint(Endpoint),
    /// The form that a person answers to a request of this endpoint. The request has had its step; now it is
    /// known whose it is, so a play for that one persona may act.
    Form(Endpoint),
    /// A request that matched no operation, as a browser's for an icon: takes no step.
    Unmatched,
    /// A preflight: takes no step.
    Preflight,
    /// A call of the control API: takes no step.
    Control,
}

impl Occasion<'_> {
    /// Whether only a play for one persona may act.
    pub(super) fn is_for_one(self) -> bool {
        match self {
            Self::Form(_) => true,
            Self::Api { .. } | Self::Endpoint(_) | Self::Unmatched | Self::Preflight | Self::Control => false,
        }
    }
}

/// One operation of one API.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Named {
    /// The API's name.
    pub api: Arc<str>,
    /// The operation's: its `operationId`, else `GET /books/{id}`.
    pub operation: Arc<str>,
}

/// What a play is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Every request to an API.
    Apis,
    /// One operation, as it was written, and what that names: the operation of that name in each API.
    Operation {
        /// As written, and shown again: `listBooks` or `GET /books/{id}`.
        written: Arc<str>,
        /// What it names.
        named: Arc<[Named]>,
    },
    /// An endpoint of the authorization server.
    Endpoint(Endpoint),
}

impl Target {
    /// The name that was written, if one was.
    pub fn written(&self) -> Option<&str> {
        match self {
            Self::Apis => None,
            Self::Operation { written, .. } => Some(written),
            Self::Endpoint(endpoint) => Some(endpoint.as_str()),
        }
    }

    /// Whether a request of this occasion may take a step.
    pub(super) fn includes(&self, occasion: Occasion<'_>) -> bool {
        match (self, occasion) {
            (Self::Apis, Occasion::Api { .. }) => true,
            (Self::Operation { named, .. }, Occasion::Api { api, operation }) => {
                named.iter().any(|named| &*named.api == api && &*named.operation == operation)
            }
            (Self::Endpoint(wanted), Occasion::Endpoint(asked) | Occasion::Form(asked)) => *wanted == asked,
            (Self::Apis | Self::Operation { .. }, Occasion::Endpoint(_) | Occasion::Form(_))
            | (Self::Endpoint(_), Occasion::Api { .. })
            | (_, Occasion::Unmatched | Occasion::Preflight | Occasion::Control) => false,
        }
    }
}
