//! Which sandbox a request is for, by what its head says (control.md, default 3).

use std::borrow::Cow;

use http::HeaderMap;
use model::SandboxName;

use crate::neighbours::Named;

/// What the head says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    /// The sandbox; `None`: nobody said, so `main`.
    pub(crate) name: Option<SandboxName>,
    /// How it was said.
    pub(crate) named: Named,
    /// The path without the part that chose the sandbox.
    pub(crate) path: Cow<'a, str>,
}

/// Why the head's word is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PlaceError {
    /// Two places name two sandboxes.
    #[error("two parts of the request name different sandboxes")]
    Ambiguous,
    /// No name.
    #[error("a sandbox is named by 1 to 63 of a-z, 0-9 and `-`")]
    Name,
}

impl<'a> Place<'a> {
    /// `main`, whatever the head says.
    pub(crate) fn main(path: &'a str) -> Self {
        Self { name: None, named: Named::Nowhere, path: Cow::Borrowed(path) }
    }
}

const PREFIX: &str = "/_lobby/in/";
const WELL_KNOWN: &str = "/.well-known/";

/// Reads subdomain, path and header; those that are there must agree.
pub(crate) fn find<'a>(host: &str, path: &'a str, headers: &HeaderMap) -> Result<Place<'a>, PlaceError> {
    let parse = |text: &str| text.parse::<SandboxName>().map_err(|_| PlaceError::Name);
    let subdomain = host.strip_suffix(".localhost").map(parse).transpose()?;
    let (in_path, rest) = match split(path) {
        Some((before, name, after)) => {
            let rest = match (before, after) {
                ("", "") => Cow::Borrowed("/"),
                ("", after) => Cow::Borrowed(after),
                (before, after) => Cow::Owned([before, after].concat()),
            };
            (Some(parse(name)?), rest)
        }
        None => (None, Cow::Borrowed(path)),
    };
    let mut fields = headers.get_all("lobby-sandbox").iter();
    let field = fields.next().map(|field| parse(field.to_str().unwrap_or_default())).transpose()?;
    if fields.next().is_some() {
        return Err(PlaceError::Ambiguous);
    }
    let named = match (&subdomain, &in_path) {
        (_, Some(_)) => Named::Path,
        (Some(_), None) => Named::Subdomain,
        (None, None) if field.is_some() => Named::Header,
        (None, None) => Named::Nowhere,
    };
    let mut name: Option<SandboxName> = None;
    for said in [subdomain, in_path, field].into_iter().flatten() {
        match &name {
            Some(before) if *before != said => return Err(PlaceError::Ambiguous),
            Some(_) => {}
            None => name = Some(said),
        }
    }
    Ok(Place { name, named, path: rest })
}

/// A path that chooses a sandbox: what stands before and behind its prefix, and the name. A well-known name may
/// stand before it: RFC 8414 3.1 and RFC 9728 3.1 put it between an issuer's host and path.
fn split(path: &str) -> Option<(&str, &str, &str)> {
    let at = match path.strip_prefix(WELL_KNOWN) {
        None => 0,
        Some(after) => WELL_KNOWN.len() + after.find('/')?,
    };
    let (before, rest) = path.split_at_checked(at)?;
    let after = rest.strip_prefix(PREFIX)?;
    let (name, after) = after.split_at(after.find('/').unwrap_or(after.len()));
    Some((before, name, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(
        host: &str,
        path: &str,
        field: Option<&str>,
    ) -> Result<(Option<String>, Named, String), PlaceError> {
        let mut headers = HeaderMap::new();
        if let Some(field) = field {
            headers.insert("lobby-sandbox", field.parse().unwrap());
        }
        find(host, path, &headers)
            .map(|place| (place.name.map(|name| name.to_string()), place.named, place.path.into_owned()))
    }

    #[test]
    fn subdomain_path_and_header_each_name_a_sandbox() {
        let t42 = Some("t-42".to_owned());
        assert_eq!(
            place("t-42.localhost", "/books", None),
            Ok((t42.clone(), Named::Subdomain, "/books".into()))
        );
        assert_eq!(
            place("127.0.0.1", "/_lobby/in/t-42/books", None),
            Ok((t42.clone(), Named::Path, "/books".into()))
        );
        assert_eq!(place("127.0.0.1", "/_lobby/in/t-42", None), Ok((t42.clone(), Named::Path, "/".into())));
        assert_eq!(place("localhost", "/books", Some("t-42")), Ok((t42, Named::Header, "/books".into())));
        assert_eq!(place("localhost", "/books", None), Ok((None, Named::Nowhere, "/books".into())));
    }

    #[test]
    fn a_well_known_name_may_stand_before_the_sandbox_or_behind_it() {
        let t42 = || Some("t-42".to_owned());
        for (path, rest) in [
            (
                "/.well-known/oauth-authorization-server/_lobby/in/t-42",
                "/.well-known/oauth-authorization-server",
            ),
            ("/_lobby/in/t-42/.well-known/openid-configuration", "/.well-known/openid-configuration"),
            (
                "/.well-known/oauth-protected-resource/_lobby/in/t-42/v1",
                "/.well-known/oauth-protected-resource/v1",
            ),
        ] {
            assert_eq!(place("127.0.0.1", path, None), Ok((t42(), Named::Path, rest.into())), "{path}");
        }
        let other = "/.well-known/oauth-protected-resource/v1/_lobby/in/t-42";
        assert_eq!(place("127.0.0.1", other, None), Ok((None, Named::Nowhere, other.into())));
    }

    #[test]
    fn two_that_disagree_are_refused() {
        assert_eq!(place("a.localhost", "/", Some("b")), Err(PlaceError::Ambiguous));
        assert_eq!(place("a.localhost", "/_lobby/in/b/", None), Err(PlaceError::Ambiguous));
        assert!(place("a.localhost", "/_lobby/in/a/", Some("a")).is_ok());
        assert_eq!(place("localhost", "/", Some("A b")), Err(PlaceError::Name));
    }
}
