use std::sync::Arc;

use model::{RealmId, Timestamp};
use store::{Fault, Handle, Store, User};

use crate::{
    Account, Directory,
    names::{compared, email_key, name_key},
};

/// Who there is in a realm: personas, who are written in the configuration of a mock, and users, who are in the
/// store. Where both have a name it is the persona's.
#[derive(Clone, Copy)]
pub struct People<'a> {
    /// The personas.
    pub directory: &'a Directory,
    /// The users.
    pub store: &'a Store,
    /// Of which realm.
    pub realm: &'a RealmId,
}

impl People<'_> {
    /// Who signs in with this name or e-mail address, as it was typed.
    pub async fn named(&self, typed: &str) -> Result<Option<Arc<Account>>, Fault> {
        if let Some(persona) = self.directory.account(typed) {
            return self.persona(persona).await.map(Some);
        }
        let user = if typed.contains('@') {
            let Ok(key) = email_key(typed) else { return Ok(None) };
            if let Some(persona) = self.directory.of_email(&key) {
                return self.persona(persona).await.map(Some);
            }
            self.store.find_user(self.realm, Handle::Email(key.as_str())).await?
        } else {
            let Ok(key) = name_key(typed) else { return Ok(None) };
            self.store.find_user(self.realm, Handle::Name(key.as_str())).await?
        };
        // Where there is nobody as much is done, so that time does not tell (attacks.md, G03).
        let nobody = || User::new(String::new(), Timestamp::from_micros(0));
        let is_there = user.is_some();
        let account = Arc::new(Account::of_user(&user.unwrap_or_else(nobody)));
        Ok(is_there.then_some(account))
    }

    /// Under which name tries at somebody are counted: the account's id, by whichever of its names it was asked for;
    /// what nobody is called by the form in which it would be compared, so that it counts alike however it is
    /// written (attacks.md, G03).
    pub fn counted(found: Option<&Account>, typed: &str) -> String {
        found.map_or_else(|| compared(typed), |account| account.id.clone())
    }

    /// Whom the rest of the house knows by this id.
    pub async fn of_id(&self, id: &str) -> Result<Option<Arc<Account>>, Fault> {
        match self.directory.account(id) {
            Some(persona) => self.persona(persona).await.map(Some),
            None => self.user(id).await,
        }
    }

    /// Whom tokens name by this `sub`.
    pub async fn of_subject(&self, subject: &str) -> Result<Option<Arc<Account>>, Fault> {
        match self.directory.of_subject(subject) {
            Some(persona) => self.persona(persona).await.map(Some),
            None => self.user(subject).await,
        }
    }

    /// A persona as it is in this realm: whoever signs in as one may have changed the password there.
    async fn persona(&self, persona: &Arc<Account>) -> Result<Arc<Account>, Fault> {
        Ok(match self.store.user(self.realm, &persona.id).await? {
            Some(changed) => Arc::new(Account::of_persona(persona, &changed)),
            None => persona.clone(),
        })
    }

    async fn user(&self, id: &str) -> Result<Option<Arc<Account>>, Fault> {
        let user = self.store.user(self.realm, id).await?;
        Ok(user.map(|user| Arc::new(Account::of_user(&user))))
    }
}
