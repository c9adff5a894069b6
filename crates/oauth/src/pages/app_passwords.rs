use minijinja::{Value, context};

use super::{App, Page, Permission, Ticket};

/// A password of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppPasswordLine<'a> {
    /// Its public name.
    pub id: &'a str,
    /// What its owner calls it.
    pub name: &'a str,
    /// What it may do.
    pub scopes: &'a str,
    /// Since which day there is it.
    pub since: &'a str,
    /// Until which day.
    pub until: Option<&'a str>,
}

/// The passwords of somebody's programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppPasswords<'a> {
    /// What the forms carry.
    pub ticket: Ticket<'a>,
    /// Whose, by the name that goes with each.
    pub user: &'a str,
    /// Those that there are.
    pub passwords: &'a [AppPasswordLine<'a>],
    /// The one that was made just now: shown this once.
    pub made: Option<&'a str>,
    /// What a new one may do; none: there are too many already.
    pub scopes: Option<&'a [Permission<'a>]>,
}

impl Page for AppPasswords<'_> {
    fn template(&self) -> &'static str {
        "app_passwords.html"
    }

    fn values(&self) -> Value {
        let line = |line: &AppPasswordLine<'_>| {
            context! {
                id => line.id, name => if line.name.is_empty() { line.id } else { line.name },
                scopes => line.scopes, since => line.since, until => line.until,
            }
        };
        let scope = |scope: &Permission<'_>| context! { scope => scope.scope, text => scope.text };
        context! {
            ticket => self.ticket.values(), user => self.user, made => self.made,
            passwords => self.passwords.iter().map(line).collect::<Vec<_>>(),
            scopes => self.scopes.map(|scopes| scopes.iter().map(scope).collect::<Vec<_>>()),
        }
    }

    fn has_script(&self) -> bool {
        self.made.is_some()
    }

    fn app(&self) -> Option<&App<'_>> {
        None
    }
}
