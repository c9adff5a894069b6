use std::time::Duration;

use http::StatusCode;
use minijinja::{Value, context};

use super::{App, Page, Permission, Ticket, consent::permissions, words::Span};

/// Why a code leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeProblem {
    /// No device waits for it: mistyped, used, or run out. The three read alike.
    Unknown,
    /// Too many codes were tried (RFC 8628 5.1).
    TooMany {
        /// How long until codes are taken again.
        wait: Duration,
    },
    /// The form's token did not fit.
    Forged,
}

/// Where the code on a device's screen is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceCode<'a> {
    /// What the form carries.
    pub ticket: Ticket<'a>,
    /// The code, as typed or as the link brought it (`verification_uri_complete`): filled in, never confirmed.
    pub code: Option<&'a str>,
    /// What went wrong.
    pub problem: Option<CodeProblem>,
}

impl Page for DeviceCode<'_> {
    fn template(&self) -> &'static str {
        "device_code.html"
    }

    fn values(&self) -> Value {
        let problem = self.problem.map(|problem| match problem {
            CodeProblem::Unknown => context! { kind => "unknown" },
            CodeProblem::TooMany { wait } => context! { kind => "too_many", wait => Span::of(wait).values() },
            CodeProblem::Forged => context! { kind => "forged" },
        });
        context! { ticket => self.ticket.values(), code => self.code.unwrap_or_default(), problem }
    }

    fn app(&self) -> Option<&App<'_>> {
        None
    }

    fn status(&self) -> StatusCode {
        match self.problem {
            None => StatusCode::OK,
            Some(CodeProblem::Unknown) => StatusCode::UNPROCESSABLE_ENTITY,
            Some(CodeProblem::TooMany { .. }) => StatusCode::TOO_MANY_REQUESTS,
            Some(CodeProblem::Forged) => StatusCode::FORBIDDEN,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self.problem {
            Some(CodeProblem::TooMany { wait }) => Some(wait),
            None | Some(CodeProblem::Unknown | CodeProblem::Forged) => None,
        }
    }
}

/// What waits behind a code, before it is connected: always asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceConfirm<'a> {
    /// The client on the device; it has no redirect.
    pub app: App<'a>,
    /// What the forms carry.
    pub ticket: Ticket<'a>,
    /// The code, to compare with the screen.
    pub code: &'a str,
    /// Who is signed in.
    pub user: &'a str,
    /// How long ago the device asked.
    pub asked: Duration,
    /// The address that it asked from.
    pub from: Option<&'a str>,
    /// What it asks for.
    pub scopes: &'a [Permission<'a>],
}

impl Page for DeviceConfirm<'_> {
    fn template(&self) -> &'static str {
        "device_confirm.html"
    }

    fn values(&self) -> Value {
        context! {
            app => self.app.values(),
            ticket => self.ticket.values(),
            code => self.code,
            user => self.user,
            asked => Span::of(self.asked).values(),
            from => self.from,
            scopes => permissions(self.scopes),
        }
    }

    fn app(&self) -> Option<&App<'_>> {
        Some(&self.app)
    }
}

/// After the decision: look at the device again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceDone<'a> {
    /// The client on the device.
    pub app: App<'a>,
    /// Whether it was connected.
    pub connected: bool,
}

impl Page for DeviceDone<'_> {
    fn template(&self) -> &'static str {
        "notice.html"
    }

    fn values(&self) -> Value {
        let kind = if self.connected { "device_connected" } else { "device_refused" };
        context! { app => self.app.values(), kind }
    }

    fn app(&self) -> Option<&App<'_>> {
        Some(&self.app)
    }
}
