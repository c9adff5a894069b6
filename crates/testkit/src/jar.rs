use std::collections::BTreeMap;

use http::HeaderMap;
use http::header::SET_COOKIE;

/// What a browser would remember, in the depth that tests need: host, path, and deletion. `Secure` cookies
/// are kept whatever the scheme, so that a test sees what was sent.
#[derive(Debug, Default)]
pub(crate) struct Jar(BTreeMap<(String, String), Cookie>);

#[derive(Debug)]
struct Cookie {
    path: String,
    value: String,
}

impl Jar {
    /// Takes the cookies of an answer from `host`.
    pub(crate) fn learn(&mut self, host: &str, headers: &HeaderMap) {
        for line in headers.get_all(SET_COOKIE).iter().filter_map(|line| line.to_str().ok()) {
            let mut parts = line.split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { continue };
            let mut path = "/".to_owned();
            let mut gone = false;
            for part in parts {
                let (word, argument) = part.split_once('=').unwrap_or((part, ""));
                match word.to_ascii_lowercase().as_str() {
                    "path" => argument.clone_into(&mut path),
                    "max-age" => gone = argument.parse::<i64>().is_ok_and(|seconds| seconds <= 0),
                    "expires" if argument.contains("1970") => gone = true,
                    _ => {}
                }
            }
            let key = (host.to_owned(), name.to_owned());
            if gone {
                self.0.remove(&key);
            } else {
                self.0.insert(key, Cookie { path, value: value.to_owned() });
            }
        }
    }

    /// The `Cookie` field for a request, if there is anything to send.
    pub(crate) fn field(&self, host: &str, path: &str) -> Option<String> {
        let pairs: Vec<_> = self
            .0
            .iter()
            .filter(|((owner, _), cookie)| owner == host && covers(&cookie.path, path))
            .map(|((_, name), cookie)| format!("{name}={}", cookie.value))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// The value of the cookie `name` of `host`.
    pub(crate) fn get(&self, host: &str, name: &str) -> Option<&str> {
        self.0.get(&(host.to_owned(), name.to_owned())).map(|cookie| cookie.value.as_str())
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

/// RFC 6265 5.1.4: a cookie's path covers itself and what lies below it.
fn covers(cookie: &str, request: &str) -> bool {
    request
        .strip_prefix(cookie)
        .is_some_and(|rest| rest.is_empty() || cookie.ends_with('/') || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(line: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.append(SET_COOKIE, line.parse().unwrap());
        headers
    }

    #[test]
    fn a_cookie_goes_back_to_its_host_and_path_alone() {
        let mut jar = Jar::default();
        jar.learn("localhost", &answer("session=one; Path=/account; HttpOnly"));
        assert_eq!(jar.field("localhost", "/account/keys").as_deref(), Some("session=one"));
        assert_eq!(jar.field("localhost", "/accounts"), None);
        assert_eq!(jar.field("example.com", "/account"), None);
    }

    #[test]
    fn a_cookie_of_age_zero_is_forgotten() {
        let mut jar = Jar::default();
        jar.learn("localhost", &answer("session=one"));
        assert_eq!(jar.get("localhost", "session"), Some("one"));
        jar.learn("localhost", &answer("session=; Max-Age=0"));
        assert_eq!(jar.field("localhost", "/"), None);
    }
}
