use minijinja::{Value, context};

use super::{App, Page, Ticket};
use crate::settings::{ADMINISTER, DIRECT};

/// One scope, as a person reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permission<'a> {
    /// The scope's code, such as `books:write`.
    pub scope: &'a str,
    /// The document's words for it. Without them the scopes of `OpenID` Connect have ours, others their code.
    pub text: Option<&'a str>,
    /// Whether it may be left out: then it is a box to tick.
    pub optional: bool,
    /// Whether the box is ticked: nothing is, until the person does it.
    pub ticked: bool,
}

/// The consent page: what the app asks for, and only what is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Consent<'a> {
    /// Who asks.
    pub app: App<'a>,
    /// What the forms carry. The first submit of the form is [`super::Decision::Ask`], so Enter grants nothing.
    pub ticket: Ticket<'a>,
    /// Who is signed in, as they call themselves.
    pub user: &'a str,
    /// What was not allowed before.
    pub new: &'a [Permission<'a>],
    /// What was.
    pub already: &'a [Permission<'a>],
}

impl Page for Consent<'_> {
    fn template(&self) -> &'static str {
        "consent.html"
    }

    fn values(&self) -> Value {
        context! {
            app => self.app.values(),
            ticket => self.ticket.values(),
            user => self.user,
            new => permissions(self.new),
            already => permissions(self.already),
        }
    }

    fn app(&self) -> Option<&App<'_>> {
        Some(&self.app)
    }
}

pub(super) fn permissions(permissions: &[Permission<'_>]) -> Vec<Value> {
    let value = |permission: &Permission<'_>| {
        let is_known = model::Scope::OPENID.contains(&permission.scope)
            || [ADMINISTER, DIRECT].contains(&permission.scope);
        let ours = is_known && permission.text.is_none();
        context! {
            scope => permission.scope,
            text => permission.text,
            standard => ours.then_some(permission.scope),
            optional => permission.optional,
            ticked => permission.ticked,
        }
    };
    permissions.iter().map(value).collect()
}
