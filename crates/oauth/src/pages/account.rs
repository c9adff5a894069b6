use std::time::Duration;

use minijinja::{Value, context};

use super::{App, Page, Ticket, words::Span};

/// A browser in which somebody is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device<'a> {
    /// The session's name.
    pub sid: &'a str,
    /// What the browser says that it is.
    pub agent: &'a str,
    /// From where it signed in.
    pub address: &'a str,
    /// How long ago it was used.
    pub seen: Duration,
    /// Whether it is the one that the page is shown in.
    pub is_this: bool,
}

/// Something that happened to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Happened<'a> {
    /// What: the end of a text's id.
    pub what: &'a str,
    /// How long ago.
    pub ago: Duration,
    /// In which browser.
    pub agent: &'a str,
    /// From where.
    pub address: &'a str,
}

/// A person's own page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountPage<'a> {
    /// What the forms carry.
    pub ticket: Ticket<'a>,
    /// Where its further pages lie.
    pub own: &'a str,
    /// Whose it is.
    pub name: &'a str,
    /// The address, and whether it is known to be theirs.
    pub email: Option<(&'a str, bool)>,
    /// How many passkeys they have.
    pub passkeys: usize,
    /// Whether they have an authenticator app; none: there are none here.
    pub totp: Option<bool>,
    /// How many recovery codes are left; none: there are none here.
    pub codes: Option<usize>,
    /// Whether programs have passwords of their own here.
    pub app_passwords: bool,
    /// Where they are signed in.
    pub devices: &'a [Device<'a>],
    /// The apps that they allowed something: id, name and scopes.
    pub apps: &'a [(&'a str, &'a str, &'a str)],
    /// What happened, the newest first.
    pub happened: &'a [Happened<'a>],
}

impl Page for AccountPage<'_> {
    fn template(&self) -> &'static str {
        "account.html"
    }

    fn values(&self) -> Value {
        let device = |device: &Device<'_>| {
            let seen = Span::of(device.seen).values();
            context! {
                sid => device.sid, agent => browser(device.agent), address => device.address,
                seen, is_this => device.is_this,
            }
        };
        let app = |(id, name, scopes): &(&str, &str, &str)| {
            context! { id => *id, name => *name, scopes => *scopes }
        };
        let happened = |happened: &Happened<'_>| {
            context! {
                what => happened.what, ago => Span::of(happened.ago).values(),
                agent => browser(happened.agent), address => happened.address,
            }
        };
        context! {
            ticket => self.ticket.values(),
            // A sandbox that is named in the query stays there.
            own => self.own.split('?').next(),
            query => self.own.split_once('?').map(|(_, query)| query),
            passkeys => self.passkeys, totp => self.totp, codes => self.codes,
            app_passwords => self.app_passwords,
            name => self.name,
            email => self.email.map(|(email, verified)| context! { email, verified }),
            devices => self.devices.iter().map(device).collect::<Vec<_>>(),
            apps => self.apps.iter().map(app).collect::<Vec<_>>(),
            happened => self.happened.iter().map(happened).collect::<Vec<_>>(),
        }
    }

    fn app(&self) -> Option<&App<'_>> {
        None
    }
}

/// What people call a browser that calls itself by a long name.
fn browser(agent: &str) -> &str {
    let known = ["Firefox", "Edg", "OPR", "Chrome", "Safari", "curl"];
    match known.into_iter().find(|name| agent.contains(&format!("{name}/"))) {
        Some("Edg") => "Edge",
        Some("OPR") => "Opera",
        Some(name) => name,
        None => agent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_called_as_people_call_it() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36";
        assert_eq!(browser(chrome), "Chrome");
        assert_eq!(browser(&format!("{chrome} Edg/120.0")), "Edge");
        assert_eq!(browser("bookshop-cli 1.0"), "bookshop-cli 1.0");
    }
}
