//! The rules of accounts that people make and keep themselves, and what their pages have in common.

use std::{sync::Arc, time::Duration};

use http::StatusCode;
use identity::{
    Account, LINK_LIFE,
    password::{About, Accepted, Breaches, Phc, Policy, Rules},
};
use jose::{base64url, digest};
use store::{Ends, Link, Session, Written};

use crate::{
    activity::Activity,
    answer::Answer,
    page::Opened,
    pages::{App, Notice, NoticeKind, Text},
    parameters::Parameters,
    seal::Errand,
    server::Call,
};

/// Who may make an account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SignUp {
    /// Everybody.
    Open,
    /// Who was invited.
    Invitation,
    /// Nobody: somebody else makes them.
    #[default]
    Closed,
}

/// What people sign in with. Whoever has only the other signs in with that.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Names {
    /// A name or an address.
    #[default]
    Either,
    /// An address.
    Email,
    /// A name.
    Name,
}

impl Names {
    /// What the field is called.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Either => "sign_in.name",
            Self::Email => "account.email",
            Self::Name => "account.name",
        }
    }

    fn admits(self, account: &Account, typed: &str) -> bool {
        match self {
            Self::Either => true,
            Self::Email => typed.contains('@') || account.email.is_none(),
            // Whoever has no name is called by the address.
            Self::Name => !typed.contains('@') || account.name.contains('@'),
        }
    }
}

/// What becomes of mails.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mails {
    /// There are none: what needs one is not offered.
    #[default]
    Off,
    /// They are kept, for whoever tests to read.
    Outbox,
    /// They are kept until they are sent.
    Sent,
}

const FRESH: Duration = Duration::from_secs(900);

/// What accounts may be and do.
#[derive(Debug, Clone)]
pub struct AccountRules {
    /// What the service is called, on pages and in mails.
    pub name: String,
    /// Who may make one.
    pub sign_up: SignUp,
    /// What people sign in with.
    pub names: Names,
    /// What becomes of mails.
    pub mails: Mails,
    /// Whether whoever forgot a password chooses another one by mail.
    pub resets: bool,
    /// How long before their end owners hear of keys; none: they do not.
    pub reminder: Duration,
    /// What a new password must be.
    pub passwords: Arc<Policy>,
}

impl Default for AccountRules {
    /// Nobody makes an account and no mail is written; where one is, it may be for another password.
    fn default() -> Self {
        let passwords = Policy { rules: Rules::default(), breaches: Breaches::Off };
        Self {
            name: "Lobby".to_owned(),
            sign_up: SignUp::Closed,
            names: Names::Either,
            mails: Mails::Off,
            resets: true,
            reminder: Duration::ZERO,
            passwords: Arc::new(passwords),
        }
    }
}

/// The ways beside the sign-in form.
pub(crate) struct Ways {
    pub(crate) sign_up: Option<String>,
    pub(crate) reset: Option<String>,
}

impl Call<'_> {
    /// Whom our own pages belong to, where no app asked.
    pub(crate) fn house(&self) -> App<'_> {
        App { name: &self.settings.accounts.name, redirect: None, home: None }
    }

    /// Who signs in with what was typed. Personas do with whatever they have.
    pub(crate) async fn who(&self, typed: &str) -> Result<Option<Arc<Account>>, store::Fault> {
        let (names, personas) = (self.settings.accounts.names, &self.settings.directory);
        let found = self.people().named(typed).await?;
        Ok(found.filter(|who| names.admits(who, typed) || personas.account(&who.id).is_some()))
    }

    /// What a sign-in page offers beside its form. Whoever makes an account goes on with what was under way.
    pub(crate) fn ways(&self, form: &crate::page::Form) -> Ways {
        let rules = &self.settings.accounts;
        let mails = rules.mails != Mails::Off;
        let request = form.ticket().request.to_owned();
        let sign_up = (mails && rules.sign_up == SignUp::Open).then(|| {
            let path = self.visit.path("/_lobby/sign-up");
            let mark = if path.contains('?') { '&' } else { '?' };
            format!("{path}{mark}{}={request}", crate::pages::field::REQUEST)
        });
        Ways { sign_up, reset: (mails && rules.resets).then(|| self.visit.path("/_lobby/reset")) }
    }

    /// Where a mail sends whoever wants another password.
    pub(crate) fn another_password(&self) -> String {
        let path = if self.settings.accounts.resets { "/_lobby/reset" } else { "/_lobby/account/password" };
        self.visit.url(path)
    }

    /// Whether a password may become somebody's; else why not, in words for a page.
    pub(crate) async fn judged(&self, password: &str, about: &About<'_>) -> Result<Accepted, Vec<Text>> {
        let judged = self.settings.accounts.passwords.judge(password, about).await;
        judged.map_err(|refusals| refusals.iter().map(Text::of_refusal).collect())
    }

    /// Sends a link: its token is in the mail alone, its hash here.
    pub(crate) async fn keep_link(
        &self,
        purpose: &str,
        subject: &str,
        record: String,
    ) -> Result<String, store::Fault> {
        let token = base64url::encode(self.server.random::<32>());
        let link = Link {
            purpose: purpose.to_owned(),
            subject: subject.to_owned(),
            record,
            expires_at: self.visit.now.plus(LINK_LIFE),
        };
        self.server.store.keep_link(&self.realm, digest::sha256(&token), link).await?;
        Ok(token)
    }

    /// Where a mail's link leads.
    pub(crate) fn link_url(&self, path: &str, token: &str) -> String {
        let path = self.visit.path(path);
        let mark = if path.contains('?') { '&' } else { '?' };
        format!("{}{path}{mark}link={token}", self.visit.origin())
    }

    /// The link of a purpose, while it is good.
    pub(crate) async fn link(&self, purpose: &str, token: &str) -> Result<Option<Link>, store::Fault> {
        let found = self.server.store.link(&self.realm, digest::sha256(token), self.visit.now).await?;
        Ok(found.filter(|link| link.purpose == purpose))
    }

    pub(crate) async fn spend_link(&self, purpose: &str, token: &str) -> Result<Option<Link>, store::Fault> {
        if self.link(purpose, token).await?.is_none() {
            return Ok(None);
        }
        self.server.store.spend_link(&self.realm, digest::sha256(token), self.visit.now).await
    }

    /// Notes what happened to an account, for its owner to see; what cannot be noted holds nothing up.
    pub(crate) async fn note(&self, account: &str, what: Activity) {
        let activity = store::Activity {
            at: self.visit.now,
            id: base64url::encode(self.server.random::<8>()),
            what: what.as_str().to_owned(),
            agent: self.agent().to_owned(),
            address: self.visit.peer.to_string(),
        };
        let _ = self.server.store.record_activity(&self.realm, account, activity).await;
    }

    /// A page that only tells something.
    pub(crate) fn notice(&self, kind: NoticeKind, status: StatusCode) -> Answer {
        self.page(&Notice { app: self.house(), kind, status }, None, None)
    }

    /// What a form carries, where it is one of ours from this browser.
    pub(crate) fn own_errand(&self, form: &Parameters) -> Option<Errand> {
        if !self.is_own_form(form) {
            return None;
        }
        match self.opened(form) {
            Opened::Errand(errand) | Opened::Waited(errand) => Some(errand),
            Opened::Forged => None,
        }
    }

    /// Who is signed in here, with the account as it is now.
    pub(crate) async fn signed_in(&self) -> Result<Option<(Arc<Session>, Arc<Account>)>, store::Fault> {
        let Some(session) = self.session().await? else { return Ok(None) };
        let account = self.people().of_id(&session.subject).await?;
        Ok(account.filter(|account| !account.disabled).map(|account| (session, account)))
    }

    /// Gives an account another password: whoever is signed in with the old one is signed out, but for the one
    /// session that is named.
    pub(crate) async fn set_password(
        &self,
        account: &Account,
        hash: &Phc,
        but: Option<&str>,
    ) -> Result<(), Unset> {
        let text = hash.as_str().to_owned();
        let ends = Ends { but: but.map(str::to_owned), now: self.visit.now, until: self.revoked_until() };
        let change = move |user: &mut store::User| {
            user.password = model::Secret::new(text.clone());
            user.must_change = false;
        };
        match self.change(account, Some(ends), change).await? {
            Written::Done(_) => Ok(()),
            Written::NameTaken | Written::EmailTaken | Written::Unknown | Written::LastOwner => {
                Err(Unset::Gone)
            }
        }
    }

    /// Changes what is stored of an account. A persona's change is kept in this realm alone.
    pub(crate) async fn change(
        &self,
        account: &Account,
        ends: Option<Ends>,
        change: impl Fn(&mut store::User) + Clone + Send + 'static,
    ) -> Result<Written<store::User>, store::Fault> {
        let store = &self.server.store;
        let write = async || match ends.clone() {
            Some(ends) => store.change_user_and_end(&self.realm, &account.id, change.clone(), ends).await,
            None => store.change_user(&self.realm, &account.id, change.clone()).await,
        };
        let written = write().await?;
        if !matches!(written, Written::Unknown) || self.settings.directory.account(&account.id).is_none() {
            return Ok(written);
        }
        let added = store.add_user(&self.realm, store::User::new(account.id.clone(), self.visit.now)).await?;
        if let Written::NameTaken | Written::EmailTaken = added {
            return Ok(Written::NameTaken);
        }
        write().await
    }

    /// Whether somebody signed in so short a while ago that they may change what they sign in with (OWASP ASVS 5.0,
    /// 7.5.1).
    pub(crate) fn is_fresh(&self, session: &Session) -> bool {
        self.visit.now.since(session.signed_in_at) < FRESH
    }

    /// Until when what is revoked now must be remembered.
    pub(crate) fn revoked_until(&self) -> model::Timestamp {
        let longest = self.settings.lifetimes.access.max(self.settings.sessions.absolute);
        self.visit.now.plus(longest)
    }
}

/// Why a password was not set.
#[derive(Debug)]
pub(crate) enum Unset {
    /// The account is gone.
    Gone,
    Fault(store::Fault),
}

impl From<store::Fault> for Unset {
    fn from(fault: store::Fault) -> Self {
        Self::Fault(fault)
    }
}
