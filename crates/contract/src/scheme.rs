use std::collections::BTreeMap;

/// Which scheme of a contract: an index into [`crate::Contract::schemes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchemeId(pub u16);

/// One security scheme of the document (OpenAPI 3.1.1 4.8.27).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheme {
    /// Its place in the contract.
    pub id: SchemeId,
    /// The name under `components.securitySchemes`.
    pub name: String,
    /// What it is.
    pub kind: SchemeKind,
    /// The document's description.
    pub description: Option<String>,
}

/// The kinds of schemes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SchemeKind {
    /// `apiKey`: a value in a named place.
    ApiKey {
        /// Header, query or cookie.
        place: KeyPlace,
        /// The header's, parameter's or cookie's name as written.
        name: String,
    },
    /// `http` `basic` (RFC 7617).
    Basic,
    /// `http` `bearer` (RFC 6750).
    Bearer,
    /// `oauth2`: a bearer or DPoP token of an authorization server.
    OAuth2 {
        /// The flows that are declared.
        flows: Vec<Flow>,
    },
    /// `openIdConnect`.
    OpenIdConnect {
        /// Where discovery is, as written.
        url: String,
    },
    /// `mutualTLS` (OpenAPI 3.1).
    MutualTls,
    /// Declared, but nobody can meet it: `http` `digest`, an unknown type, or a scheme that a requirement
    /// names and the document never defines. Always denied.
    Unmeetable {
        /// What it says it is: `http digest`.
        what: String,
    },
}

/// Where an API key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyPlace {
    /// A header field.
    Header,
    /// A query parameter.
    Query,
    /// A cookie.
    Cookie,
}

impl KeyPlace {
    /// The word of OpenAPI: `header`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Query => "query",
            Self::Cookie => "cookie",
        }
    }
}

/// One flow of an `oauth2` scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// Which.
    pub kind: FlowKind,
    /// `authorizationUrl`, as written.
    pub authorization_url: Option<String>,
    /// `tokenUrl`, as written.
    pub token_url: Option<String>,
    /// `refreshUrl`, as written.
    pub refresh_url: Option<String>,
    /// `deviceAuthorizationUrl` (3.2), as written.
    pub device_url: Option<String>,
    /// Scope → description. Names that are no legal scope tokens are kept out, with a warning.
    pub scopes: BTreeMap<String, String>,
}

/// The flows of OpenAPI 3.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FlowKind {
    /// `authorizationCode`
    AuthorizationCode,
    /// `clientCredentials`
    ClientCredentials,
    /// `deviceAuthorization` (3.2)
    DeviceAuthorization,
    /// `implicit`
    Implicit,
    /// `password`
    Password,
}
