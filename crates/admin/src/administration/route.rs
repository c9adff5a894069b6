use http::Method;
use percent_encoding::percent_decode_str;

use super::{BELOW, Role};

/// What a path names; names within it are decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    Document,
    Users,
    User(String),
    UserSessions(String),
    UserReset(String),
    UserFactors(String),
    Invitations,
    Invitation(String),
    Sessions,
    Session(String),
    Clients,
    Client(String),
    Keys,
    Key(String),
    KeyRotation(String),
    Outbox,
    Audit,
    AuditProof,
}

const READ: &[Method] = &[Method::GET];
const COLLECTION: &[Method] = &[Method::GET, Method::POST];
const RECORD: &[Method] = &[Method::GET, Method::PATCH, Method::DELETE];

impl Route {
    pub(super) fn of(path: &str) -> Option<Self> {
        let mut words = path.strip_prefix(BELOW)?.split('/');
        let route = match (words.next()?, words.next(), words.next()) {
            ("openapi.json", None, None) => Self::Document,
            ("users", None, None) => Self::Users,
            ("users", Some(user), None) => Self::User(decoded(user)),
            ("users", Some(user), Some("sessions")) => Self::UserSessions(decoded(user)),
            ("users", Some(user), Some("reset")) => Self::UserReset(decoded(user)),
            ("users", Some(user), Some("factors")) => Self::UserFactors(decoded(user)),
            ("invitations", None, None) => Self::Invitations,
            ("invitations", Some(email), None) => Self::Invitation(decoded(email)),
            ("sessions", None, None) => Self::Sessions,
            ("sessions", Some(sid), None) => Self::Session(decoded(sid)),
            ("clients", None, None) => Self::Clients,
            ("clients", Some(client), None) => Self::Client(decoded(client)),
            ("keys", None, None) => Self::Keys,
            ("keys", Some(id), None) => Self::Key(decoded(id)),
            ("keys", Some(id), Some("rotate")) => Self::KeyRotation(decoded(id)),
            ("outbox", None, None) => Self::Outbox,
            ("audit", None, None) => Self::Audit,
            ("audit", Some("proof"), None) => Self::AuditProof,
            _ => return None,
        };
        words.next().is_none().then_some(route)
    }

    pub(super) fn methods(&self) -> &'static [Method] {
        match self {
            Self::Document | Self::Outbox | Self::Audit | Self::AuditProof => READ,
            Self::Users | Self::Invitations | Self::Clients | Self::Keys => COLLECTION,
            Self::User(_) | Self::Client(_) => RECORD,
            Self::Sessions | Self::UserSessions(_) | Self::Key(_) => &[Method::GET, Method::DELETE],
            Self::UserFactors(_) | Self::Session(_) | Self::Invitation(_) => &[Method::DELETE],
            Self::KeyRotation(_) | Self::UserReset(_) => &[Method::POST],
        }
    }

    /// The least role that may do this; `None`: the path knows other methods.
    pub(super) fn needs(&self, method: &Method) -> Option<Role> {
        if !self.methods().contains(method) {
            return None;
        }
        Some(match self {
            // Who reads another's mails can be them.
            Self::Outbox => Role::Owner,
            _ if method == Method::GET => Role::Auditor,
            // What helps a person who lost something, and harms nobody who did not.
            Self::UserSessions(_) | Self::Session(_) | Self::UserReset(_) => Role::Support,
            Self::Key(_) if method == Method::DELETE => Role::Support,
            Self::Document
            | Self::Users
            | Self::User(_)
            | Self::UserFactors(_)
            | Self::Invitations
            | Self::Invitation(_)
            | Self::Sessions
            | Self::Clients
            | Self::Client(_)
            | Self::Keys
            | Self::Key(_)
            | Self::KeyRotation(_)
            | Self::Audit
            | Self::AuditProof => Role::Admin,
        })
    }
}

/// A part of a path or a query. `+` is a plus: what writes these is no form.
pub(super) fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_within_a_path_may_have_any_character() {
        assert_eq!(
            Route::of("/admin/v1/users/a%2Fb%40c.example"),
            Some(Route::User("a/b@c.example".to_owned()))
        );
        assert_eq!(Route::of("/admin/v1/users/a/sessions"), Some(Route::UserSessions("a".to_owned())));
        for path in [
            "/admin/v1",
            "/admin/v1/",
            "/admin/v1/nobody",
            "/admin/v1/keys/a/b",
            "/admin/v1/users/a/sessions/b",
        ] {
            assert_eq!(Route::of(path), None, "{path}");
        }
    }

    #[test]
    fn reading_takes_the_least_and_making_an_admin() {
        let needs = |path: &str, method| Route::of(path).unwrap().needs(&method);
        assert_eq!(needs("/admin/v1/audit", Method::GET), Some(Role::Auditor));
        assert_eq!(needs("/admin/v1/sessions/x", Method::DELETE), Some(Role::Support));
        assert_eq!(needs("/admin/v1/keys/x", Method::DELETE), Some(Role::Support));
        assert_eq!(needs("/admin/v1/keys/x/rotate", Method::POST), Some(Role::Admin));
        assert_eq!(needs("/admin/v1/users", Method::POST), Some(Role::Admin));
        assert_eq!(needs("/admin/v1/audit", Method::DELETE), None);
    }
}
