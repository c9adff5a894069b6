use std::sync::Arc;

use model::{Entropy, RealmId, Timestamp};
use store::{Fault, Store, User};

use crate::{
    accounts::{AccountRules, Mails, SignUp},
    activity::Activity,
    letter::{Desk, Letter},
    pages::Brand,
};

/// How many keys are looked at between two questions.
const AT_ONCE: u32 = 100;

/// Writes to people of what no browser of theirs did: an administrator, perhaps where no server runs.
pub struct Postbox {
    /// Where mails are kept, and what happened.
    pub store: Store,
    /// Of which realm.
    pub realm: RealmId,
    /// Who may make an account, and what becomes of mails.
    pub rules: AccountRules,
    /// How mails look and speak.
    pub brand: Arc<Brand>,
    /// Where the pages are; empty: nobody knows.
    pub issuer: String,
}

impl Postbox {
    /// Where an invitation leads; `None`: nobody is invited here.
    pub fn invitation(&self, token: &str) -> Option<String> {
        match self.rules.sign_up {
            SignUp::Open | SignUp::Invitation if self.issuer.is_empty() => None,
            SignUp::Open | SignUp::Invitation => Some(self.page(&format!("/_lobby/sign-up?link={token}"))),
            SignUp::Closed => None,
        }
    }

    /// Mails an invitation; false: there are no mails here.
    pub async fn invite(
        &self,
        to: &str,
        link: &str,
        language: Option<&str>,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<bool, Fault> {
        self.desk(language, now).write(to, &Letter::Invitation { link }, id(entropy)).await
    }

    /// Where the link leads by which a user chooses another password, and whether it is mailed to them: else
    /// somebody has to hand it over. `None`: nobody knows where the pages are.
    pub fn reset(&self, user: &User, token: &str) -> Option<(String, bool)> {
        let is_mailed = self.rules.mails != Mails::Off && self.rules.resets && !user.email.is_empty();
        let link = || self.page(&format!("/_lobby/reset?link={token}"));
        (!self.issuer.is_empty()).then(|| (link(), is_mailed))
    }

    /// Mails that link.
    pub async fn send_reset(
        &self,
        to: &User,
        link: &str,
        language: Option<&str>,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<(), Fault> {
        self.desk(language, now).write(&to.email, &Letter::Reset { link }, id(entropy)).await.map(drop)
    }

    /// Notes that an app password of somebody's was made, and tells them, where they have an address.
    pub async fn app_password_made(
        &self,
        user: &User,
        address: &str,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<(), Fault> {
        self.tell(user, Activity::AppPasswordMade, address, now, entropy).await
    }

    /// Notes that everything that somebody showed beside a password was taken away, and tells them.
    pub async fn factors_removed(
        &self,
        user: &User,
        address: &str,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<(), Fault> {
        self.tell(user, Activity::FactorsRemoved, address, now, entropy).await
    }

    /// Tells users of keys of theirs that end soon, each once.
    pub async fn remind_of_keys(&self, now: Timestamp, entropy: &dyn Entropy) -> Result<(), Fault> {
        let (store, realm, within) = (&self.store, &self.realm, self.rules.reminder);
        if within.is_zero() || self.rules.mails == Mails::Off {
            return Ok(());
        }
        loop {
            let keys = store.ending_keys(realm, now, within, AT_ONCE).await?;
            for key in &keys {
                let owner = store.user(realm, key.owner.id()).await?;
                let name = if key.name.is_empty() { &key.id } else { &key.name };
                let end = key.expires_at.map_or_else(String::new, |end| end.to_string());
                let what = format!("{name}, {}", end.split('T').next().unwrap_or_default());
                let letter = Letter::KeyEnds { link: &self.page("/_lobby/account/"), what: &what };
                let owner = owner.filter(|owner| !owner.email.is_empty() && owner.disabled_at.is_none());
                let mail =
                    owner.and_then(|owner| self.desk(None, now).mail(&owner.email, &letter, id(entropy)));
                store.remind_of_key(realm, &key.id, now, mail).await?;
            }
            if keys.len() < AT_ONCE as usize {
                return Ok(());
            }
        }
    }

    async fn tell(
        &self,
        user: &User,
        what: Activity,
        address: &str,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<(), Fault> {
        let activity = store::Activity {
            at: now,
            id: jose::base64url::encode(id(entropy)),
            what: what.as_str().to_owned(),
            agent: self.rules.name.clone(),
            address: address.to_owned(),
        };
        self.store.record_activity(&self.realm, &user.id, activity).await?;
        let path = if self.rules.resets { "/_lobby/reset" } else { "/_lobby/account/password" };
        let link = self.page(path);
        let letter = Letter::Factor { what, link: &link };
        self.desk(None, now).write(&user.email, &letter, id(entropy)).await.map(drop)
    }

    fn page(&self, path: &str) -> String {
        format!("{}{path}", self.issuer.trim_end_matches('/'))
    }

    fn desk(&self, language: Option<&str>, now: Timestamp) -> Desk<'_> {
        let language = self.brand.language(language, None);
        Desk { store: &self.store, realm: &self.realm, rules: &self.rules, language, now, real: now }
    }
}

fn id(entropy: &dyn Entropy) -> [u8; 16] {
    let mut id = [0; 16];
    entropy.fill(&mut id);
    id
}
