/// One of the places that the authorization server answers at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `/_lobby/oauth/authorize`
    Authorize,
    /// `/_lobby/oauth/token`
    Token,
    /// `/_lobby/oauth/par`
    Par,
    /// `/_lobby/oauth/device`
    Device,
    /// `/_lobby/oauth/introspect`
    Introspect,
    /// `/_lobby/oauth/revoke`
    Revoke,
    /// `/_lobby/oauth/userinfo`
    Userinfo,
    /// `/_lobby/oauth/jwks`
    Jwks,
    /// `/_lobby/oauth/logout`
    Logout,
    /// `/.well-known/openid-configuration` and `/.well-known/oauth-authorization-server`
    Discovery,
    /// `/.well-known/oauth-protected-resource[/base]`
    Resource,
    /// `/.well-known/change-password`
    ChangePassword,
    /// `/_lobby/sign-in`
    SignIn,
    /// `/_lobby/sign-up`
    SignUp,
    /// `/_lobby/reset`
    Reset,
    /// `/_lobby/account/…`
    Account,
    /// `/_lobby/device`
    DevicePage,
    /// `/_lobby/account/passkeys`
    Passkeys,
    /// `/_lobby/account/authenticator`
    Authenticator,
    /// `/_lobby/account/codes`
    RecoveryCodes,
    /// `/.well-known/webauthn`
    RelatedOrigins,
    /// `/_lobby/report-leak`
    ReportLeak,
    /// `/_lobby/assets/…`
    Asset,
}

pub(crate) const PROTECTED_RESOURCE: &str = "/.well-known/oauth-protected-resource";
pub(crate) const ASSETS: &str = "/_lobby/assets/";

impl Endpoint {
    /// What answers at a path (the sandbox's prefix already cut off); `None` for what is not ours. The
    /// document's aliases are the gateway's to translate.
    pub fn of_path(path: &str) -> Option<Self> {
        let exact = match path {
            "/_lobby/oauth/authorize" => Self::Authorize,
            "/_lobby/oauth/token" => Self::Token,
            "/_lobby/oauth/par" => Self::Par,
            "/_lobby/oauth/device" => Self::Device,
            "/_lobby/oauth/introspect" => Self::Introspect,
            "/_lobby/oauth/revoke" => Self::Revoke,
            "/_lobby/oauth/userinfo" => Self::Userinfo,
            "/_lobby/oauth/jwks" => Self::Jwks,
            "/_lobby/oauth/logout" => Self::Logout,
            "/_lobby/sign-in" => Self::SignIn,
            "/_lobby/sign-up" => Self::SignUp,
            "/_lobby/reset" => Self::Reset,
            "/_lobby/device" => Self::DevicePage,
            "/_lobby/account/passkeys" => Self::Passkeys,
            "/_lobby/account/authenticator" => Self::Authenticator,
            "/_lobby/account/codes" => Self::RecoveryCodes,
            "/_lobby/report-leak" => Self::ReportLeak,
            "/.well-known/webauthn" => Self::RelatedOrigins,
            "/.well-known/change-password" => Self::ChangePassword,
            _ => return Self::of_prefix(path),
        };
        Some(exact)
    }

    fn of_prefix(path: &str) -> Option<Self> {
        let below = |prefix: &str| {
            path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if path.starts_with(ASSETS) {
            Some(Self::Asset)
        } else if below("/.well-known/openid-configuration")
            || below("/.well-known/oauth-authorization-server")
        {
            Some(Self::Discovery)
        } else if below("/_lobby/account") {
            Some(Self::Account)
        } else if below(PROTECTED_RESOURCE) {
            Some(Self::Resource)
        } else {
            None
        }
    }

    /// How a play names it (control.md, Steps of a play); `None` for what takes no step.
    pub fn operation(self) -> Option<&'static str> {
        match self {
            Self::Authorize => Some("oauth.authorize"),
            Self::Token => Some("oauth.token"),
            Self::Par => Some("oauth.par"),
            Self::Device => Some("oauth.device"),
            Self::Jwks => Some("oauth.jwks"),
            Self::Userinfo => Some("oauth.userinfo"),
            Self::Discovery => Some("oauth.discovery"),
            Self::Introspect
            | Self::Revoke
            | Self::Logout
            | Self::Resource
            | Self::ChangePassword
            | Self::SignIn
            | Self::DevicePage
            | Self::Passkeys
            | Self::Authenticator
            | Self::RecoveryCodes
            | Self::RelatedOrigins
            | Self::SignUp
            | Self::Reset
            | Self::Account
            | Self::ReportLeak
            | Self::Asset => None,
        }
    }

    /// The operation, as a play names it, whose requests are answered by a form that is sent here.
    pub fn form_of(self) -> Option<&'static str> {
        match self {
            Self::SignIn => Self::Authorize.operation(),
            Self::Authorize
            | Self::Token
            | Self::Par
            | Self::Device
            | Self::Jwks
            | Self::Userinfo
            | Self::Discovery
            | Self::Introspect
            | Self::Revoke
            | Self::Logout
            | Self::Resource
            | Self::ChangePassword
            | Self::DevicePage
            | Self::Passkeys
            | Self::Authenticator
            | Self::RecoveryCodes
            | Self::RelatedOrigins
            | Self::SignUp
            | Self::Reset
            | Self::Account
            | Self::ReportLeak
            | Self::Asset => None,
        }
    }

    /// The endpoint that a play names.
    pub fn of_operation(name: &str) -> Option<Self> {
        [Self::Authorize, Self::Token, Self::Par, Self::Device, Self::Jwks, Self::Userinfo, Self::Discovery]
            .into_iter()
            .find(|endpoint| endpoint.operation() == Some(name))
    }

    /// Whether what answers here is a page for a person, not JSON for a program: it carries no CORS headers.
    pub fn is_page(self) -> bool {
        match self {
            Self::Authorize
            | Self::Logout
            | Self::ChangePassword
            | Self::SignIn
            | Self::DevicePage
            | Self::Passkeys
            | Self::Authenticator
            | Self::RecoveryCodes
            | Self::SignUp
            | Self::Reset
            | Self::Account
            | Self::Asset => true,
            Self::Token
            | Self::Par
            | Self::Device
            | Self::Introspect
            | Self::Revoke
            | Self::Userinfo
            | Self::Jwks
            | Self::Discovery
            | Self::RelatedOrigins
            | Self::ReportLeak
            | Self::Resource => false,
        }
    }

    /// Whether it says the same to everybody, whatever the store holds.
    pub(crate) fn is_published(self) -> bool {
        matches!(
            self,
            Self::Jwks | Self::Discovery | Self::Resource | Self::RelatedOrigins | Self::ChangePassword
        )
    }

    pub(crate) fn methods(self) -> &'static str {
        match self {
            Self::Authorize
            | Self::Userinfo
            | Self::Logout
            | Self::SignIn
            | Self::SignUp
            | Self::Reset
            | Self::Account
            | Self::DevicePage
            | Self::Passkeys
            | Self::Authenticator
            | Self::RecoveryCodes => "GET, HEAD, POST",
            Self::Token | Self::Par | Self::Device | Self::Introspect | Self::Revoke | Self::ReportLeak => {
                "POST"
            }
            Self::Jwks
            | Self::Discovery
            | Self::Resource
            | Self::ChangePassword
            | Self::RelatedOrigins
            | Self::Asset => "GET, HEAD",
        }
    }
}
