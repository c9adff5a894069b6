use minijinja::{Value, context};
use url::Url;

use super::Language;

/// Names of the fields that the forms send, as `application/x-www-form-urlencoded`.
pub mod field {
    /// The sealed authorization request, unchanged.
    pub const REQUEST: &str = "request";
    /// The form's own token against forged posts (attacks.md A07).
    pub const TOKEN: &str = "token";
    /// The name that was typed.
    pub const NAME: &str = "username";
    /// The password that was typed.
    pub const PASSWORD: &str = "password";
    /// The persona whose button was pressed; a form of its own, without name and password.
    pub const PERSONA: &str = "persona";
    /// What was decided: a [`super::Decision`]. Absent from the password form.
    pub const DECISION: &str = "decision";
    /// A ticked optional scope; may be there several times.
    pub const SCOPE: &str = "scope";
    /// A code of an authenticator app.
    pub const CODE: &str = "code";
    /// A recovery code.
    pub const RECOVERY: &str = "recovery_code";
    /// Ticked: this browser is to be remembered.
    pub const REMEMBER: &str = "remember";
    /// What a browser's authenticator answered, as JSON.
    pub const CREDENTIAL: &str = "credential";
    /// The sealed ceremony that it answers.
    pub const CEREMONY: &str = "ceremony";
    /// What a button of an account's page does.
    pub const DO: &str = "do";
    /// Which passkey is meant.
    pub const ID: &str = "id";
    /// What it is to be called.
    pub const LABEL: &str = "label";
    /// The code of the device flow, as typed.
    pub const USER_CODE: &str = "user_code";
}

/// What the pressed button of a form means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Nothing yet: Enter in a checkbox. Show the page again, with what is ticked.
    Ask,
    /// Yes: consent given, device connected, signed out.
    Allow,
    /// No: back to the app (`access_denied`).
    Deny,
    /// "Not you?": sign in as somebody else, with the same request.
    Switch,
}

impl Decision {
    /// Every decision.
    pub const ALL: [Self; 4] = [Self::Ask, Self::Allow, Self::Deny, Self::Switch];

    /// The value in the form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Switch => "switch",
        }
    }

    /// Reads the value of [`field::DECISION`]; nothing for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|decision| decision.as_str() == text)
    }
}

/// What all pages of one answer share.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// The language of the page, of the brand that the page has: [`super::Brand::language`].
    pub language: Language<'a>,
    /// What stands before `/_lobby/` in links: empty, or `/_lobby/in/t-42`.
    pub base: &'a str,
    /// The sandbox, named in a band above the page; nothing for `main`.
    pub sandbox: Option<&'a str>,
    /// What the service is called.
    pub service: &'a str,
    /// The app that waits, where it is not the page's own: a form may end in a redirect to it.
    pub back: Option<App<'a>>,
    /// Where one signs in.
    pub sign_in: &'a str,
    /// Where one signs out; nothing where nobody is signed in.
    pub sign_out: Option<&'a str>,
}

impl Default for Frame<'_> {
    /// A page of Lobby's own, in English.
    fn default() -> Self {
        Self {
            language: Language::default(),
            base: "",
            sandbox: None,
            service: "Lobby",
            back: None,
            sign_in: "/_lobby/sign-in",
            sign_out: None,
        }
    }
}

/// The client that the person comes from and goes back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct App<'a> {
    /// What it calls itself; anything may stand here.
    pub name: &'a str,
    /// The redirect URI that was proven to be the client's. Its host is shown, and it is what
    /// `form-action` allows beside ourselves. Without one there is no way back to the app.
    pub redirect: Option<&'a str>,
    /// The home page that the client registered; linked only if it is http or https.
    pub home: Option<&'a str>,
}

impl App<'_> {
    /// Where the browser will be sent: `app.example.com`, `127.0.0.1:5173`, or the private-use scheme of
    /// a native app (RFC 8252 7.1). International names are in their ASCII form, so that twins differ.
    pub(super) fn place(&self) -> Option<String> {
        place(&Url::parse(self.redirect?).ok()?)
    }

    /// The source for `form-action`: origin, or scheme of a native app.
    pub(super) fn source(&self) -> Option<String> {
        let url = Url::parse(self.redirect?).ok()?;
        if is_web(&url) {
            // `Url` has percent-encoded or refused whatever could end the directive.
            place(&url).map(|place| format!("{}://{place}", url.scheme()))
        } else {
            Some(format!("{}:", url.scheme()))
        }
    }

    pub(super) fn values(&self) -> Value {
        let home = self.home().map(|(url, place)| context! { url, place });
        let back = self.redirect.and_then(|redirect| Url::parse(redirect).ok()).filter(is_web);
        context! { name => self.name, place => self.place(), back => back.map(String::from), home }
    }

    /// The registered home page with its host, if a browser may be sent there.
    pub(super) fn home(&self) -> Option<(String, String)> {
        let url = Url::parse(self.home?).ok().filter(is_web)?;
        Some((url.to_string(), place(&url)?))
    }
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

fn place(url: &Url) -> Option<String> {
    if !is_web(url) {
        return Some(url.scheme().to_owned());
    }
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// What every form of a page carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket<'a> {
    /// Where the forms are posted: a path of ours, with the sandbox's prefix.
    pub action: &'a str,
    /// The sealed authorization request; empty where none is under way.
    pub request: &'a str,
    /// The token against forged posts.
    pub token: &'a str,
}

impl Ticket<'_> {
    pub(super) fn values(&self) -> Value {
        context! { action => self.action, request => self.request, token => self.token }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(redirect: &str) -> App<'_> {
        App { name: "Bookshop", redirect: Some(redirect), home: None }
    }

    #[test]
    fn a_decision_is_read_back_from_its_word_alone() {
        for decision in Decision::ALL {
            assert_eq!(Decision::parse(decision.as_str()), Some(decision));
        }
        assert_eq!(Decision::parse("Allow"), None);
        assert_eq!(Decision::parse(""), None);
    }

    #[test]
    fn the_place_is_the_host_with_a_port_that_is_not_the_usual_one() {
        assert_eq!(app("https://app.example.com/cb?x=1").place().unwrap(), "app.example.com");
        assert_eq!(app("http://127.0.0.1:5173/cb").place().unwrap(), "127.0.0.1:5173");
        assert_eq!(app("com.example.app:/cb").place().unwrap(), "com.example.app");
    }

    #[test]
    fn a_twin_of_a_name_is_shown_in_ascii() {
        assert_eq!(app("https://bооkshop.example/").place().unwrap(), "xn--bkshop-wqfa.example");
    }

    #[test]
    fn the_place_never_shows_a_user_that_looks_like_a_host() {
        assert_eq!(app("https://bookshop.example@evil.example/").place().unwrap(), "evil.example");
    }

    #[test]
    fn a_home_page_that_is_no_web_page_is_not_linked() {
        let app = App { home: Some("javascript:alert(1)"), ..app("https://a.example/") };
        assert_eq!(app.home(), None);
    }

    #[test]
    fn a_source_is_an_origin_or_a_scheme() {
        assert_eq!(
            app("https://a.example:8443/cb; script-src *").source().unwrap(),
            "https://a.example:8443"
        );
        assert_eq!(app("com.example.app:/cb").source().unwrap(), "com.example.app:");
        assert_eq!(app("no url").source(), None);
    }
}
