//! Who an account is to the guard.

use identity::Account;
use model::{Kind, Principal, ScopeSet};

/// The principal of an account that showed a key, a password, a certificate or its session's cookie.
pub fn of_account(account: &Account, kind: Kind) -> Principal {
    Principal {
        kind,
        subject: account.subject().into(),
        client: None,
        scopes: account.held_scopes(),
        roles: (*account.roles).clone(),
        plan: account.plan.as_deref().map(Into::into),
        acr: None,
        signed_in_at: None,
    }
}

/// Whoever held a credential that is good no more, and whose name went with it.
pub(crate) fn nobody() -> Principal {
    Principal {
        kind: Kind::User,
        subject: "".into(),
        client: None,
        scopes: ScopeSet::new(),
        roles: std::collections::BTreeSet::new(),
        plan: None,
        acr: None,
        signed_in_at: None,
    }
}
