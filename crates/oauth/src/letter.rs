//! Mails: what is written to somebody, in their language. They are kept in the store; whoever sends them is the
//! roof's.

use std::time::Duration;

use identity::{Account, Cookie, LINK_LIFE, names::compared};
use model::{RealmId, Timestamp};
use store::{Mail, Store};

use crate::{
    accounts::{AccountRules, Mails},
    activity::Activity,
    pages::{Language, mail},
    server::Call,
};

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Letter<'a> {
    /// The link that makes an account.
    Confirm { link: &'a str },
    /// Somebody wanted an account where there is one.
    Taken { link: &'a str },
    /// The link to choose another password.
    Reset { link: &'a str },
    /// Somebody asked to choose another password where there is no account.
    Unknown,
    /// The password was changed.
    PasswordChanged { link: &'a str },
    /// The link that makes an address theirs.
    ConfirmEmail { link: &'a str },
    /// To the address before: another one is theirs now.
    EmailChanged { link: &'a str },
    /// The account was deleted by whoever was signed in.
    Deleted,
    /// So many wrong passwords came that none is taken for a while.
    Locked { link: &'a str },
    /// The link of an invitation.
    Invitation { link: &'a str },
    /// What somebody signs in with is another than before.
    Factor { what: Activity, link: &'a str },
    /// The code that is a second factor.
    Code { code: &'a str, link: &'a str },
    /// Somebody signed in from a browser that was not seen before.
    NewDevice { link: &'a str, agent: &'a str },
    /// Somebody knew the password, and did not show what is asked for beside it.
    Unfinished { link: &'a str, agent: &'a str },
    /// A key of theirs ends soon: which, and when.
    KeyEnds { link: &'a str, what: &'a str },
    /// A key of theirs was found in public, and is revoked.
    KeyLeaked { link: &'a str, name: &'a str },
}

impl Letter<'_> {
    fn parts(&self) -> (&'static str, Option<&str>, &str) {
        match self {
            Self::Confirm { link } => ("confirm", Some(link), ""),
            Self::Taken { link } => ("taken", Some(link), ""),
            Self::Reset { link } => ("reset", Some(link), ""),
            Self::Unknown => ("unknown", None, ""),
            Self::PasswordChanged { link } => ("password_changed", Some(link), ""),
            Self::ConfirmEmail { link } => ("confirm_email", Some(link), ""),
            Self::EmailChanged { link } => ("email_changed", Some(link), ""),
            Self::Deleted => ("deleted", None, ""),
            Self::Locked { link } => ("locked", Some(link), ""),
            Self::Invitation { link } => ("invitation", Some(link), ""),
            Self::Factor { what, link } => ("factor", Some(link), what.as_str()),
            Self::Code { code, link } => ("code", Some(link), code),
            Self::NewDevice { link, agent } => ("new_device", Some(link), agent),
            Self::Unfinished { link, agent } => ("unfinished", Some(link), agent),
            Self::KeyEnds { link, what } => ("key_ends", Some(link), what),
            Self::KeyLeaked { link, name } => ("key_leaked", Some(link), name),
        }
    }
}

const DAY: Duration = Duration::from_secs(86_400);
/// How often somebody is told of sign-ins that are not finished.
const UNFINISHED: guard::lockout::Settings =
    guard::lockout::Settings { failures: 3, window: DAY, lock: DAY, grow: 1.0, max: DAY };

/// Where letters are written.
pub(crate) struct Desk<'a> {
    pub(crate) store: &'a Store,
    pub(crate) realm: &'a RealmId,
    pub(crate) rules: &'a AccountRules,
    pub(crate) language: Language<'a>,
    /// By the realm's clock.
    pub(crate) now: Timestamp,
    /// By the machine's.
    pub(crate) real: Timestamp,
}

impl Desk<'_> {
    /// Writes a letter; false: to nobody, because there are no mails here, or no address.
    pub(crate) async fn write(
        &self,
        recipient: &str,
        letter: &Letter<'_>,
        id: [u8; 16],
    ) -> Result<bool, store::Fault> {
        let Some((mail, due)) = self.mail(recipient, letter, id).filter(|_| !recipient.is_empty()) else {
            return Ok(false);
        };
        self.store.keep_mail(self.realm, mail, due).await?;
        Ok(true)
    }

    /// A mail, and when it is due in real time: never, in an outbox. `None` where there are no mails.
    pub(crate) fn mail(
        &self,
        recipient: &str,
        letter: &Letter<'_>,
        id: [u8; 16],
    ) -> Option<(Mail, Option<Timestamp>)> {
        let due = match self.rules.mails {
            Mails::Off => return None,
            Mails::Outbox => None,
            Mails::Sent => Some(self.real),
        };
        let (kind, link, detail) = letter.parts();
        let text = mail(self.language, kind, &self.rules.name, link, detail).ok()?;
        let mail = Mail {
            id: jose::base64url::encode(id),
            recipient: recipient.to_owned(),
            subject: text.subject,
            plain: text.plain,
            html: text.html,
            created_at: self.now,
        };
        Some((mail, due))
    }
}

/// Whom a link is about that nobody gets: what was typed, in a form that is no longer than a name.
pub(crate) fn nobody(typed: &str) -> String {
    format!("nobody {}", compared(typed))
}

impl Call<'_> {
    /// Writes to somebody; where there are no mails, to nobody.
    pub(crate) async fn write_to(&self, recipient: &str, letter: &Letter<'_>) -> Result<(), store::Fault> {
        self.desk().write(recipient, letter, self.server.random()).await.map(drop)
    }

    /// The same work where there is nobody to write to, so that time does not tell (attacks.md, G03).
    pub(crate) async fn write_to_nobody(&self, letter: &Letter<'_>) -> Result<(), store::Fault> {
        match self.desk().mail("nobody@example.com", letter, self.server.random()) {
            Some((mail, due)) => self.server.store.keep_no_mail(&self.realm, mail, due).await,
            None => Ok(()),
        }
    }

    fn desk(&self) -> Desk<'_> {
        Desk {
            store: &self.server.store,
            realm: &self.realm,
            rules: &self.settings.accounts,
            language: self.language(None),
            now: self.visit.now,
            real: self.visit.real,
        }
    }

    /// An account was locked: its owner is told, once a lock. The same is written for a name that nobody has, so
    /// that the last try takes as long.
    pub(crate) async fn told_of_lock(&self, account: Option<&Account>, typed: &str) {
        match account {
            Some(account) => self.note(&account.id, Activity::Locked).await,
            None => drop(self.keep_link("nothing", &nobody(typed), String::new()).await),
        }
        let link = self.another_password();
        let letter = Letter::Locked { link: &link };
        let _ = match account.and_then(|account| account.email.as_ref()) {
            Some((email, _)) => self.write_to(email, &letter).await,
            None => self.write_to_nobody(&letter).await,
        };
    }

    /// A password was right, and something else is asked for: its owner is told where that does not come from this
    /// browser while a link lives (OWASP ASVS 5.0, 6.3.5). The letter waits until then; an outbox has nobody who
    /// would wait.
    pub(crate) async fn expect_factor(&self, account: &Account) {
        let (Some(id), Some((email, _))) = (self.expected(account), &account.email) else { return };
        let (guesses, now, name) = (&self.server.guesses, self.visit.now, unfinished(account));
        if guesses.locked_for(&self.realm, &name, now).is_some() {
            return;
        }
        guesses.fail(&self.realm, &name, &UNFINISHED, now);
        let desk = Desk { real: self.visit.real.plus(LINK_LIFE), ..self.desk() };
        let letter = Letter::Unfinished { link: &self.another_password(), agent: self.agent() };
        let _ = desk.write(email, &letter, id).await;
    }

    /// It came: nobody is told.
    pub(crate) async fn factor_came(&self, account: &Account) {
        let Some(id) = self.expected(account) else { return };
        self.server.guesses.succeed(&self.realm, &unfinished(account));
        let _ = self.server.store.drop_mail(&self.realm, &jose::base64url::encode(id)).await;
    }

    /// What the letter is called that waits for this browser; `None`: none does.
    fn expected(&self, account: &Account) -> Option<[u8; 16]> {
        let browser = self.cookie(Cookie::Form).filter(|_| self.settings.accounts.mails == Mails::Sent)?;
        let name = format!("{browser}\0{}", account.id);
        jose::digest::hmac_sha256(&self.key("unfinished"), name).first_chunk().copied()
    }

    /// What an account is signed in with was changed, or used up: noted, and its owner is told, who may be
    /// somebody else than who did it.
    pub(crate) async fn told_of_factor(&self, account: &str, what: Activity) {
        self.note(account, what).await;
        let Ok(Some(account)) = self.people().of_id(account).await else { return };
        if let Some((email, _)) = &account.email {
            let _ = self.write_to(email, &Letter::Factor { what, link: &self.another_password() }).await;
        }
    }

    /// Somebody signed in from a browser in which they never did: a user is told. Personas are a mock's, and sign
    /// in from new browsers in each test.
    pub(crate) async fn told_of_device(&self, account: &Account) {
        let is_persona = self.settings.directory.account(&account.id).is_some();
        if is_persona || self.has_been_here(account) {
            return;
        }
        let before = self.server.store.activities(&self.realm, &account.id).await.unwrap_or_default();
        let has_signed_in = before.iter().any(|activity| activity.what == Activity::SignIn.as_str());
        if let (true, Some((email, _))) = (has_signed_in, &account.email) {
            let link = self.another_password();
            let _ = self.write_to(email, &Letter::NewDevice { link: &link, agent: self.agent() }).await;
        }
    }

    /// Whether one more mail may go to an address now: strangers can ask for them.
    pub(crate) fn may_write_to(&self, key: &str) -> bool {
        let rules = guard::lockout::Settings::default();
        let (guesses, now): (_, Timestamp) = (&self.server.guesses, self.visit.now);
        let name = format!("mail {key}");
        if guesses.locked_for(&self.realm, &name, now).is_some() {
            return false;
        }
        guesses.fail(&self.realm, &name, &rules, now);
        true
    }
}

/// Under which name sign-ins that were not finished are counted.
fn unfinished(account: &Account) -> String {
    format!("unfinished {}", account.id)
}
