use minijinja::{Value, context};

use super::{App, Page, Ticket};

/// Asks before signing out, when the app could not prove that the person wants it
/// (`OpenID` Connect RP-Initiated Logout 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignOut<'a> {
    /// The app that asks, if it is known.
    pub app: Option<App<'a>>,
    /// What the forms carry.
    pub ticket: Ticket<'a>,
    /// Who is signed in.
    pub user: &'a str,
}

impl Page for SignOut<'_> {
    fn template(&self) -> &'static str {
        "sign_out.html"
    }

    fn values(&self) -> Value {
        context! {
            app => self.app.map(|app| app.values()),
            ticket => self.ticket.values(),
            user => self.user,
        }
    }

    fn app(&self) -> Option<&App<'_>> {
        self.app.as_ref()
    }
}

/// Nobody is signed in here any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedOut<'a> {
    /// The app that asked; its `redirect`, if given, was proven and is linked as the way back.
    pub app: Option<App<'a>>,
}

impl Page for SignedOut<'_> {
    fn template(&self) -> &'static str {
        "notice.html"
    }

    fn values(&self) -> Value {
        context! { app => self.app.map(|app| app.values()), kind => "signed_out" }
    }

    fn app(&self) -> Option<&App<'_>> {
        self.app.as_ref()
    }
}
