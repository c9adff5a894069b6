//! An invitation: the account that waits for whoever has an address, in the record of the link that is mailed
//! there.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use model::{ScopeSet, Secret, Timestamp};
use serde::{Deserialize, Serialize};
use store::User;

use crate::names::{EmailKey, email_key};

/// What the link of an invitation is for.
pub const INVITATION: &str = "invitation";
/// How long one is good: somebody may be on holiday.
pub const INVITATION_LIFE: Duration = Duration::from_secs(7 * 86_400);

/// What the link to another password is for.
pub const RESET: &str = "reset";
/// How long a link is good that is about an account that there is.
pub const LINK_LIFE: Duration = Duration::from_secs(900);

/// What somebody gets who follows the link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// The address, as it was written; whoever follows the link has shown that it is theirs.
    pub email: String,
    /// What they may be.
    pub roles: BTreeSet<String>,
    /// What they may give to clients, of the APIs' scopes.
    pub scopes: String,
    /// Their subscription tier; empty: none.
    pub plan: String,
}

impl Invitation {
    /// Reads the record of a link; `None`: it is none of ours.
    pub fn read(record: &str) -> Option<(Self, EmailKey)> {
        let invitation: Self = serde_json::from_str(record).ok()?;
        let key = email_key(&invitation.email).ok()?;
        Some((invitation, key))
    }

    /// The account, under a new id and with the hash of the password that was chosen.
    pub fn user(&self, key: &EmailKey, id: String, password: Secret<String>, now: Timestamp) -> User {
        User {
            email: self.email.clone(),
            email_key: key.as_str().to_owned(),
            email_verified_at: Some(now),
            password,
            password_version: 1,
            roles: Arc::new(self.roles.clone()),
            // A scope that cannot be read is none that could be given.
            scopes: self.scopes.parse::<ScopeSet>().unwrap_or_default(),
            plan: Some(&*self.plan).filter(|plan| !plan.is_empty()).map(Into::into),
            ..User::new(id, now)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_what_the_invitation_said_and_its_address_is_theirs() {
        let record = r#"{"email":"Ana@Example.com","roles":["reader"],"scopes":"a b","plan":"pro"}"#;
        let (invitation, key) = Invitation::read(record).unwrap();
        let now = Timestamp::from_seconds(5);
        let user = invitation.user(&key, "id".to_owned(), Secret::new("$hash".to_owned()), now);
        assert_eq!((&*user.email, &*user.email_key), ("Ana@Example.com", "ana@example.com"));
        assert_eq!((user.email_verified_at, user.plan.as_deref()), (Some(now), Some("pro")));
        assert_eq!(user.scopes.to_string(), "a b");
        assert!(user.roles.contains("reader"));
    }

    #[test]
    fn what_is_no_record_invites_nobody() {
        for record in ["", "{}", r#"{"email":"nobody","roles":[],"scopes":"","plan":""}"#] {
            assert!(Invitation::read(record).is_none(), "{record}");
        }
    }
}
