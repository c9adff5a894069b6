//! Where tries come from that fail, whosever accounts they are at: so many from one address and one network are
//! looked at, and where many accounts are being tried strangers are slowed down (attacks.md, G02, G09). A browser
//! that is known for the account goes on (`known_device`), and so do passkeys: nobody guesses one.

use std::time::Duration;

use identity::{Account, Sources, Try};
use model::{Event, SignInEvent, SignInOutcome};

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

    /// A password was wrong: counts the try, for its account and for where it came from. Where that locks the account,
    /// its owner is told, and the lock's time is the answer.
    pub(crate) async fn wrong_password(
        &self,
        (whose, counted): (&Whose, &str),
        account: Option<&Account>,
        typed: &str,
    ) -> Option<Duration> {
        self.failed(whose);
        let (now, rules) = (self.visit.now, &self.settings.lockout);
        let left = self.server.attempts.fail(&self.realm, counted, rules, now);
        if left.is_some() {
            self.tell_sign_in(SignInOutcome::LockedNow, None);
            self.told_of_lock(account, typed).await;
        } else {
            self.tell_sign_in(SignInOutcome::Wrong, None);
        }
        left
    }

    /// Tells whoever listens how a sign-in went.
    pub(crate) fn tell_sign_in(&self, outcome: SignInOutcome, subject: Option<&Account>) {
        self.server.tell(Event::SignIn(SignInEvent {
            at: self.visit.now,
            sandbox: self.visit.sandbox.clone(),
            peer: self.visit.peer,
            subject: subject.map(|account| account.id.as_str().into()),
            outcome,
        }));
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
