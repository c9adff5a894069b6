//! What a newcomer needs at the start, and nothing else.

use std::fmt::Write;

/// What the banner tells.
pub(crate) struct Banner<'a> {
    /// Where it listens, the printed issuer first.
    pub(crate) url: &'a str,
    /// The issuer, where it is not the URL.
    pub(crate) issuer: &'a str,
    /// Each API: its name, its title, its base paths, its number of operations.
    pub(crate) apis: Vec<(String, String, Vec<String>, usize)>,
    /// Each persona: its name, and what it may do in a few words.
    pub(crate) personas: Vec<(String, String)>,
    /// Each API that does not verify credentials, and how it judges them.
    pub(crate) modes: Vec<(String, guard::Auth)>,
    /// A call to begin with.
    pub(crate) first: Option<FirstCall>,
    /// The clients that are registered; none: any id is somebody.
    pub(crate) clients: Vec<String>,
    /// Things to know.
    pub(crate) notes: Vec<String>,
}

/// An operation that a token opens.
pub(crate) struct FirstCall {
    /// Its path.
    pub(crate) path: String,
    /// Whose token it takes.
    pub(crate) persona: String,
    /// How its API judges credentials.
    pub(crate) auth: guard::Auth,
}

/// A document's text on one line, without what a terminal would obey.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(100).collect()
}

impl Banner<'_> {
    /// The lines for standard error.
    pub(crate) fn render(&self) -> String {
        let mut text = format!("\n  Lobby {}   {}\n\n", env!("CARGO_PKG_VERSION"), self.url);
        for (name, title, bases, operations) in &self.apis {
            let bases: Vec<&str> =
                bases.iter().map(|base| if base.is_empty() { "/" } else { base }).collect();
            let _ = writeln!(
                text,
                "  API       {}: {}, {operations} operation{} below {}",
                plain(name),
                plain(title),
                if *operations == 1 { "" } else { "s" },
                plain(&bases.join(" and "))
            );
        }
        let _ = writeln!(
            text,
            "  Issuer    {}   (clients: {}; discovery at /.well-known/openid-configuration)",
            self.issuer,
            self.shown_clients()
        );
        for (index, (name, may)) in self.personas.iter().enumerate() {
            let label = if index == 0 { "Personas" } else { "" };
            let _ = writeln!(text, "  {label:<9} {}   {}", plain(name), plain(may));
        }
        for (name, auth) in &self.modes {
            let what = match auth {
                guard::Auth::Verify => continue,
                guard::Auth::Presence => "presence: credentials must be there, and are not verified",
                guard::Auth::Off => "off: nobody is asked for credentials",
            };
            let of = if self.apis.len() > 1 { format!("{}, ", plain(name)) } else { String::new() };
            let _ = writeln!(text, "  Auth      {of}{what}");
        }
        if let Some(first) = &self.first {
            text.push_str(&self.commands(first));
        }
        if !self.notes.is_empty() {
            text.push('\n');
        }
        for note in &self.notes {
            let _ = writeln!(text, "  Note      {note}");
        }
        text
    }
}

impl Banner<'_> {
    /// A command that works, and one that is denied where any is.
    fn commands(&self, first: &FirstCall) -> String {
        let at = format!("{}{}", self.url, first.path);
        let elsewhere =
            if self.url.ends_with(":4010") { String::new() } else { format!(" --server {}", self.url) };
        let token = format!(
            "\n  Works     curl -H \"Authorization: Bearer $(lobby token --as {}{elsewhere})\" {at}\n",
            first.persona
        );
        match first.auth {
            guard::Auth::Verify => {
                format!("{token}  Denied    curl -i -H \"Authorization: Bearer garbage\" {at}\n")
            }
            guard::Auth::Presence => format!("{token}  Denied    curl -i {at}\n"),
            guard::Auth::Off => format!("\n  Works     curl {at}\n"),
        }
    }

    fn shown_clients(&self) -> String {
        match self.clients.as_slice() {
            [] => "any client_id".to_owned(),
            few if few.len() <= 5 => plain(&few.join(", ")),
            many => format!("{} in lobby.yaml", many.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn banner(title: &str, auth: guard::Auth) -> String {
        let first = FirstCall { path: "/a".to_owned(), persona: "alice".to_owned(), auth };
        let banner = Banner {
            url: "http://127.0.0.1:4010",
            issuer: "http://127.0.0.1:4010",
            apis: vec![("bad".to_owned(), title.to_owned(), vec![String::new()], 1)],
            modes: vec![("bad".to_owned(), auth)],
            personas: Vec::new(),
            first: Some(first),
            clients: Vec::new(),
            notes: Vec::new(),
        };
        banner.render()
    }

    #[test]
    fn a_documents_title_cannot_write_on_the_terminal() {
        let shown = banner("\u{1b}[2Jgone\nmore", guard::Auth::Verify);
        assert!(!shown.contains('\u{1b}'));
        assert!(!shown.contains("gone\nmore"));
    }

    #[test]
    fn what_is_shown_as_denied_is_denied_however_credentials_are_judged() {
        let verify = banner("t", guard::Auth::Verify);
        assert!(verify.contains("Bearer garbage") && !verify.contains("Auth  "), "{verify}");
        let presence = banner("t", guard::Auth::Presence);
        assert!(presence.contains("Denied    curl -i http://127.0.0.1:4010/a\n"), "{presence}");
        assert!(presence.contains("Auth      presence"), "{presence}");
        let off = banner("t", guard::Auth::Off);
        assert!(off.contains("Works     curl http://127.0.0.1:4010/a\n"), "{off}");
        assert!(off.contains("Auth      off") && !off.contains("Denied"), "{off}");
    }

    #[test]
    fn one_operation_is_not_several() {
        assert!(banner("t", guard::Auth::Verify).contains("1 operation below /"));
    }
}
