//! Where tries come from that fail, whosever accounts they are at: so many from one address and one network are
//! looked at, and where many accounts are being tried strangers are slowed down (attacks.md, G02, G09). A browser
//! that is known for the account goes on (`known_device`), and so do passkeys: nobody guesses one.

use std::time::Duration;

use identity::{Sources, Try};
use model::Event;

use crate::{
    answer::{Answer, Refusal},
    known_device::Whose,
    pages::FailureKind,
    server::Call,
};

impl Call<'_> {
    /// Whether a try at an account may be looked at; else after how long to come again.
    pub(crate) fn admits(&self, whose: &Whose) -> Result<(), Duration> {
        if self.known_device(whose).is_some() {
            return Ok(());
        }
        self.sources().admit(&self.attempt(&whose.name), &self.settings.sources)
    }

    /// The same, asked once more after something was looked at: others may have failed meanwhile, so many at once
    /// as they liked.
    pub(crate) fn admits_still(&self, whose: &Whose) -> Result<(), Duration> {
        if self.known_device(whose).is_some() {
            return Ok(());
        }
        self.sources().wait(&self.attempt(&whose.name), &self.settings.sources).map_or(Ok(()), Err)
    }

    /// Counts a try that failed.
    pub(crate) fn failed(&self, whose: &Whose) {
        if self.known_device(whose).is_some() {
            return;
        }
        if let Some(accounts) = self.sources().fail(&self.attempt(&whose.name), &self.settings.sources) {
            self.server.tell(Event::Spraying {
                at: self.visit.now,
                sandbox: self.visit.sandbox.clone(),
                peer: self.visit.peer,
                accounts,
            });
        }
    }

    /// Remembers that somebody signed in.
    pub(crate) fn succeeded(&self, account: &str) {
        self.sources().succeed(&self.attempt(account), &self.settings.sources);
    }

    /// Counts a mail that somebody asks for who is not signed in, or an account that they were invited to; where it
    /// is one too many, the page that says when to come again. The same whether there is somebody to write to or not.
    pub(crate) fn too_many(&self) -> Option<Answer> {
        let counted = self.sources().mail(&self.attempt(""), &self.settings.sources);
        counted.err().map(|wait| self.failure(FailureKind::TooMany { wait }))
    }

    fn sources(&self) -> &Sources {
        self.server.attempts.sources()
    }

    fn attempt<'a>(&'a self, account: &'a str) -> Try<'a> {
        Try { realm: &self.realm, from: self.visit.peer, account, now: self.visit.now }
    }
}

impl Refusal {
    /// Too many failures come from there.
    pub(crate) fn limited(wait: Duration) -> Self {
        Self {
            status: http::StatusCode::TOO_MANY_REQUESTS,
            retry_after: Some(wait),
            ..Self::new("temporarily_unavailable", "too many sign-ins failed; try again later")
        }
    }
}
