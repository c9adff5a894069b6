//! `accounts:` and `mail:` → who may make an account, and what becomes of mails.

use std::sync::Arc;

use identity::password::Policy;
use oauth::{AccountRules, Mails, SignUp};

use crate::{
    config::{accounts, pages::Mail},
    gather::{Footing, Gathering},
};

/// The rules of accounts: in a mock everybody makes one, and mails are kept for whoever tests.
pub(super) fn rules(gathering: &Gathering, passwords: Policy) -> AccountRules {
    let config = &gathering.config;
    let is_mock = gathering.footing == Footing::Mock;
    let sign_up = match config.accounts.as_ref().and_then(|accounts| accounts.sign_up) {
        Some(accounts::SignUp::Open) => SignUp::Open,
        Some(accounts::SignUp::Invitation) => SignUp::Invitation,
        None if is_mock => SignUp::Open,
        Some(accounts::SignUp::Closed) | None => SignUp::Closed,
    };
    let mails = match &config.mail {
        Some(Mail::Outbox) => Mails::Outbox,
        // No mock writes to strangers.
        Some(Mail::Smtp(_)) | None if is_mock => Mails::Outbox,
        Some(Mail::Smtp(_)) => Mails::Sent,
        // What needs a mail is not offered.
        None => Mails::Off,
    };
    let name = config.pages.as_ref().and_then(|pages| pages.name.clone());
    let name = name.unwrap_or_else(|| "Lobby".to_owned());
    AccountRules { name, sign_up, mails, passwords: Arc::new(passwords) }
}
