use std::time::Duration;

use http::StatusCode;
use minijinja::{Value, context};

use super::{App, Page, words::Span};

/// What keeps Lobby from sending the browser back to the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind<'a> {
    /// `redirect_uri` is none that the client registered, or may use.
    RedirectUnregistered {
        /// What was asked for, shown as text and never linked.
        redirect: &'a str,
    },
    /// `client_id` is missing or nobody's.
    ClientUnknown {
        /// What was asked for.
        client: &'a str,
    },
    /// The request cannot be read at all, or contradicts itself.
    Request {
        /// What is wrong with it, for the app's developer, as one sentence.
        detail: &'a str,
    },
    /// A form came without its token: from another site, or from a browser that keeps no cookies.
    Forged,
    /// Nothing is at this address.
    Missing,
    /// Too much at once, or the store is away; later it works.
    Busy,
    /// Too many such requests came from there.
    TooMany {
        /// After how long to come again.
        wait: Duration,
    },
    /// A fault of ours.
    Fault,
}

/// The error page: for what must not, or cannot, be told to the app by a redirect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure<'a> {
    /// The app, as far as it is known. Its `redirect` is nothing here: none was proven.
    pub app: Option<App<'a>>,
    /// What happened.
    pub kind: FailureKind<'a>,
    /// What finds this request in the journal: its request id.
    pub reference: &'a str,
}

impl Page for Failure<'_> {
    fn template(&self) -> &'static str {
        "problem.html"
    }

    fn values(&self) -> Value {
        let (kind, detail) = match self.kind {
            FailureKind::RedirectUnregistered { redirect } => ("redirect", Some(redirect)),
            FailureKind::ClientUnknown { client } => ("client", Some(client)),
            FailureKind::Request { detail } => ("request", Some(detail)),
            FailureKind::Forged => ("forged", None),
            FailureKind::Missing => ("missing", None),
            FailureKind::Busy => ("busy", None),
            FailureKind::TooMany { .. } => ("too_many", None),
            FailureKind::Fault => ("fault", None),
        };
        let wait = self.retry_after().map(|wait| Span::of(wait).values());
        context! { app => self.app.map(|app| app.values()), kind, detail, wait, reference => self.reference }
    }

    fn app(&self) -> Option<&App<'_>> {
        self.app.as_ref()
    }

    fn status(&self) -> StatusCode {
        match self.kind {
            FailureKind::RedirectUnregistered { .. }
            | FailureKind::ClientUnknown { .. }
            | FailureKind::Request { .. } => StatusCode::BAD_REQUEST,
            FailureKind::Forged => StatusCode::FORBIDDEN,
            FailureKind::Missing => StatusCode::NOT_FOUND,
            FailureKind::Busy => StatusCode::SERVICE_UNAVAILABLE,
            FailureKind::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            FailureKind::Fault => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self.kind {
            FailureKind::Busy => Some(Duration::ZERO),
            FailureKind::TooMany { wait } => Some(wait),
            FailureKind::RedirectUnregistered { .. }
            | FailureKind::ClientUnknown { .. }
            | FailureKind::Request { .. }
            | FailureKind::Forged
            | FailureKind::Missing
            | FailureKind::Fault => None,
        }
    }
}

/// A form that lay about for too long; the same request starts again from its link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waited<'a> {
    /// The app.
    pub app: App<'a>,
    /// Where the same request starts again: an authorization URL of ours, as a path.
    pub again: &'a str,
}

impl Page for Waited<'_> {
    fn template(&self) -> &'static str {
        "notice.html"
    }

    fn values(&self) -> Value {
        context! { app => self.app.values(), kind => "waited", again => self.again }
    }

    fn app(&self) -> Option<&App<'_>> {
        Some(&self.app)
    }

    /// Not 408: browsers send such a request again by themselves (RFC 9110 15.5.9).
    fn status(&self) -> StatusCode {
        StatusCode::CONFLICT
    }
}
