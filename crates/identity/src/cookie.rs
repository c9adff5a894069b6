use model::SandboxName;

/// The cookies of the sign-in pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cookie {
    /// Names the session: who is signed in.
    Session,
    /// Names the browser, signed in or not: a form that comes from another browser is forged.
    Form,
    /// Names a browser in which somebody signed in before.
    Device,
    /// Names a browser that asks for no second factor for a while.
    Remembered,
}

/// The name of a cookie (control.md, default 12). Cookies know no port, so on plain HTTP the name does; on
/// TLS `__Host-` keeps other hosts of the domain from setting it.
pub fn cookie_name(cookie: Cookie, secure: bool, port: u16, sandbox: &SandboxName) -> String {
    let what = match cookie {
        Cookie::Session => "lobby-session",
        Cookie::Form => "lobby-form",
        Cookie::Device => "lobby-device",
        Cookie::Remembered => "lobby-remembered",
    };
    match (secure, sandbox.is_main()) {
        (true, true) => format!("__Host-{what}"),
        (true, false) => format!("__Host-{what}-{sandbox}"),
        (false, true) => format!("{what}-{port}"),
        (false, false) => format!("{what}-{port}-{sandbox}"),
    }
}

/// The sandboxes in which a browser is signed in, by its cookies' names.
pub fn signed_in_sandboxes<'a>(
    names: impl IntoIterator<Item = &'a str>,
    secure: bool,
    port: u16,
) -> Vec<SandboxName> {
    let main = cookie_name(Cookie::Session, secure, port, &SandboxName::main());
    let mut found = Vec::new();
    for name in names {
        let sandbox = match name.strip_prefix(&*main) {
            Some("") => Some(SandboxName::main()),
            Some(rest) => rest.strip_prefix('-').and_then(|sandbox| sandbox.parse().ok()),
            None => None,
        };
        found.extend(sandbox.filter(|sandbox| !found.contains(sandbox)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_those_of_the_papers() {
        let (main, other) = (SandboxName::main(), "t-42".parse().unwrap());
        assert_eq!(cookie_name(Cookie::Session, false, 4010, &main), "lobby-session-4010");
        assert_eq!(cookie_name(Cookie::Session, false, 4010, &other), "lobby-session-4010-t-42");
        assert_eq!(cookie_name(Cookie::Session, true, 443, &main), "__Host-lobby-session");
    }

    #[test]
    fn a_browser_is_signed_in_where_its_cookies_say() {
        let names = [
            "a",
            "lobby-session-4010",
            "lobby-session-4010-t-42",
            "lobby-form-4010-x",
            "lobby-session-40101",
        ];
        let found = signed_in_sandboxes(names, false, 4010);
        assert_eq!(found.iter().map(SandboxName::as_str).collect::<Vec<_>>(), ["main", "t-42"]);
        assert!(signed_in_sandboxes(names, true, 4010).is_empty());
    }
}
