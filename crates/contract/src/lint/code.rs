use model::{Place, Problem, Severity};

/// Writes the enum, the list of all, the table and the pages from one text, so that no lint lacks its
/// explanation.
macro_rules! lints {
    ($($(#[$doc:meta])* $lint:ident = $code:literal, $severity:ident, $title:literal, $help:literal;)*) => {
        /// Every finding of `lobby check` about security: stable and public names.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Lint {
            $($(#[$doc])* $lint,)*
        }

        impl Lint {
            /// All of them, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$lint,)*];

            /// The stable name: `key.query`.
            pub fn code(self) -> &'static str {
                match self { $(Self::$lint => $code,)* }
            }

            /// How bad it usually is. A single finding may be worse or milder.
            pub fn severity(self) -> Severity {
                match self { $(Self::$lint => Severity::$severity,)* }
            }

            /// What is wrong, in a few words, whatever the place.
            pub fn title(self) -> &'static str {
                match self { $(Self::$lint => $title,)* }
            }

            /// What to do about it, in a few words.
            pub fn help(self) -> &'static str {
                match self { $(Self::$lint => $help,)* }
            }

            /// Where the explanation lies in the repository.
            pub fn path(self) -> &'static str {
                match self { $(Self::$lint => concat!("docs/lints/", $code, ".md"),)* }
            }

            /// The explanation, as Markdown.
            pub fn page(self) -> &'static str {
                match self { $(Self::$lint => include_str!(concat!("../../../../docs/lints/", $code, ".md")),)* }
            }
        }
    };
}

lints! {
    /// An operation changes something and asks nobody who they are.
    WritePublic = "write.public", Warning,
        "Anybody can change something",
        "ask for a credential: `security: [{name: [scope]}]`";
    /// One alternative of a changing operation is `{}`.
    WriteOptional = "write.optional", Warning,
        "A change needs no credential, because one alternative is empty",
        "take `{}` out of `security`";
    /// Somebody's data are open.
    PersonPublic = "person.public", Warning,
        "Anybody can read a person's data",
        "ask for a credential that says which person asks";
    /// An API key stands in the URL.
    KeyQuery = "key.query", Warning,
        "An API key stands in the URL",
        "move it to a header: `in: header`";
    /// An API key alone opens a person's data.
    KeyPerson = "key.person", Warning,
        "An API key alone opens a person's data",
        "a key says which program asks, not for whom: ask for a token as well, or instead";
    /// A password sent each time opens a person's data.
    BasicPerson = "basic.person", Warning,
        "Basic alone opens a person's data",
        "ask for a token: it ends, is limited by scopes, and can follow a second factor";
    /// An API key alone changes something.
    KeyWrite = "key.write", Warning,
        "An API key alone suffices for a change",
        "ask for a token with a scope, or for a key together with one";
    /// A cookie alone changes something, and nothing is said of forged requests.
    CookieWrite = "cookie.write", Warning,
        "A cookie alone suffices for a change, and nothing is said of forged requests",
        "require a header against forged requests, or say in the scheme's description what stops them";
    /// A `GET` is named after a change.
    GetChanges = "get.changes", Warning,
        "A GET is named after a change",
        "use POST, PUT, PATCH or DELETE: browsers, caches and crawlers repeat a GET as they like";
    /// Anybody who is known may do what is an administrator's.
    AdminOpen = "admin.open", Warning,
        "What is an administrator's asks for no scope and no role",
        "demand a scope or a role: `x-lobby: {roles: [admin]}`";
    /// Nothing says whose data may be opened.
    PolicyMissing = "policy.missing", Note,
        "Nothing says that a person's data are opened by that person alone",
        "say it: `x-lobby: {policy: principal.sub == path.userId}`";
    /// A token without any scope changes something.
    ScopeNone = "scope.none", Warning,
        "Any token suffices for a change",
        "name the scope that the change needs";
    /// A scope that is named after reading allows a change.
    ScopeReadChanges = "scope.read-changes", Warning,
        "A scope that is named after reading allows a change",
        "ask for a scope of its own: who may look may not yet change";
    /// Reading and changing ask for the same scopes.
    ScopeSame = "scope.same", Note,
        "Reading and changing ask for the same scopes",
        "give the change a scope of its own";
    /// One scope opens everything.
    ScopeBroad = "scope.broad", Note,
        "One scope opens every operation",
        "split it at least into one for reading and one for changing";
    /// A scope is declared and never asked for.
    ScopeUnused = "scope.unused", Note,
        "A scope is declared and no operation asks for it",
        "take it out, or ask for it where it was meant";
    /// A scheme is declared and never asked for.
    SchemeUnused = "scheme.unused", Note,
        "A scheme is declared and no operation asks for it",
        "take it out, or ask for it where it was meant";
    /// Credentials travel over plain HTTP.
    ServerPlain = "server.plain", Warning,
        "Credentials travel over plain HTTP",
        "write `https://`";
    /// An authorization server is reached over plain HTTP.
    FlowPlain = "flow.plain", Warning,
        "An authorization server is reached over plain HTTP",
        "write `https://`";
    /// The implicit flow is offered.
    FlowImplicit = "flow.implicit", Warning,
        "The implicit flow puts the token into an address",
        "use `authorizationCode` with PKCE";
    /// The password flow is offered.
    FlowPassword = "flow.password", Warning,
        "The password flow gives the app the person's password",
        "use `authorizationCode` with PKCE, or `deviceAuthorization` where there is no browser";
    /// A secret stands in the URL, as a parameter.
    SecretQuery = "secret.query", Warning,
        "A secret is a parameter of the URL",
        "send it in the body or in a header";
    /// A credential is an ordinary header parameter.
    CredentialParameter = "credential.parameter", Warning,
        "A credential is declared as a parameter, so nothing enforces it",
        "declare it under `components.securitySchemes` and ask for it in `security`";
    /// 401 is not documented.
    Response401 = "response.401", Note,
        "401 is not documented where a credential is asked for",
        "document a `401`, so that clients know what to do about it";
    /// 403 is not documented.
    Response403 = "response.403", Note,
        "403 is not documented where a scope, role or rule is asked for",
        "document a `403`, so that clients know what to do about it";
    /// Access tokens live longer than fifteen minutes.
    TokenLifetime = "token.lifetime", Warning,
        "Access tokens live longer than 15 minutes",
        "write `tokens: { access: 10m }` and let clients refresh";
    /// Codes are given without a proof key.
    PkceOptional = "pkce.optional", Warning,
        "A code without PKCE is taken",
        "write `pkce: required`";
    /// Every origin may send a person's credentials.
    CorsAny = "cors.any", Warning,
        "Pages of every origin may call with a person's credentials",
        "name the origins, or write `credentials: false`";
}

impl Lint {
    /// The lint of a code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|lint| lint.code() == code)
    }

    /// A finding of this lint.
    pub(crate) fn problem(self, message: String, place: Option<Place>) -> Problem {
        Problem {
            severity: self.severity(),
            code: self.code(),
            message,
            place,
            help: Some(self.help().to_owned()),
        }
    }
}
