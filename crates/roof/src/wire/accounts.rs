//! `accounts:`, `recovery:` and `mail:` → who may make an account, and what becomes of mails.

use std::{sync::Arc, time::Duration};

use identity::password::Policy;
use oauth::{AccountRules, Mails, Names, SignUp};

use crate::{
    config::{Config, accounts, pages::Mail},
    gather::Footing,
};

const WEEK: Duration = Duration::from_secs(7 * 86_400);

/// The rules of accounts: in a mock everybody makes one, and mails are kept for whoever tests.
pub(crate) fn rules(config: &Config, footing: Footing, passwords: Arc<Policy>) -> AccountRules {
    let is_mock = footing == Footing::Mock;
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
    let ways = config.recovery.as_ref();
    let resets = ways.is_none_or(|ways| ways.iter().any(|way| matches!(way, accounts::Recovery::Email)));
    let reminder = config.keys.as_ref().and_then(|keys| keys.remind).map_or(WEEK, |span| span.0);
    let names = match config.accounts.as_ref().and_then(|accounts| accounts.names) {
        Some(accounts::Names::Email) => Names::Email,
        Some(accounts::Names::Name) => Names::Name,
        Some(accounts::Names::Either) | None => Names::Either,
    };
    AccountRules { name, sign_up, names, mails, resets, reminder, passwords }
}
