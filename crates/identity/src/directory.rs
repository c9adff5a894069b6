use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;

use crate::{
    Account,
    names::{EmailKey, email_key},
};

/// Who there is. Names are as they were written; a directory is replaced whole when the configuration is.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    accounts: Vec<Arc<Account>>,
    by_name: BTreeMap<String, usize>,
    by_subject: BTreeMap<String, usize>,
    by_email: BTreeMap<String, usize>,
}

impl Directory {
    /// These accounts, in this order. Of two with one name the first counts.
    pub fn new(accounts: Vec<Account>) -> Self {
        let mut directory = Self::default();
        for account in accounts {
            if directory.by_name.contains_key(&account.name) {
                continue;
            }
            let place = directory.accounts.len();
            directory.by_name.insert(account.name.clone(), place);
            directory.by_subject.entry(account.subject().to_owned()).or_insert(place);
            let email = account.claim("email");
            let key = email.as_ref().and_then(Value::as_str).and_then(|email| email_key(email).ok());
            if let Some(key) = key {
                directory.by_email.entry(key.as_str().to_owned()).or_insert(place);
            }
            directory.accounts.push(Arc::new(account));
        }
        directory
    }

    /// Each, in the order in which they were written.
    pub fn accounts(&self) -> &[Arc<Account>] {
        &self.accounts
    }

    /// The account of a name.
    pub fn account(&self, name: &str) -> Option<&Arc<Account>> {
        self.accounts.get(*self.by_name.get(name)?)
    }

    /// The account of an e-mail address.
    pub fn of_email(&self, key: &EmailKey) -> Option<&Arc<Account>> {
        self.accounts.get(*self.by_email.get(key.as_str())?)
    }

    /// The account of a token's `sub`.
    pub fn of_subject(&self, subject: &str) -> Option<&Arc<Account>> {
        self.accounts.get(*self.by_subject.get(subject)?)
    }
}
