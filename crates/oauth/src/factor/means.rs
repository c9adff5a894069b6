use identity::{Account, PasskeyError, RelyingParty, SoftAuthenticator};
use jose::digest;
use model::Secret;
use store::{Fault, Passkey};

use crate::{accounts::Mails, server::Call};

/// What somebody can show beside a password.
pub(crate) struct Means {
    /// Codes of an authenticator.
    pub(crate) totp: bool,
    /// So many recovery codes.
    pub(crate) codes: usize,
    /// Passkeys, the oldest first.
    pub(crate) passkeys: Vec<Passkey>,
    /// Where a code may be mailed to: an address that is theirs, of whoever has nothing stronger.
    pub(crate) mailbox: Option<String>,
}

impl Means {
    pub(crate) async fn of(call: &Call<'_>, account: &Account) -> Result<Self, Fault> {
        let (store, realm) = (&call.server.store, &call.realm);
        let mut passkeys = built_in(call, account).into_iter().collect::<Vec<_>>();
        passkeys.extend(store.passkeys_of(realm, &account.id).await?);
        let totp = account.built_in.totp || store.totp_since(realm, &account.id).await?.is_some();
        let writes = call.settings.factors.email_code && call.settings.accounts.mails != Mails::Off;
        let mailbox = account.email.as_ref().filter(|(_, verified)| *verified && writes);
        Ok(Self {
            totp,
            mailbox: mailbox.filter(|_| !totp && passkeys.is_empty()).map(|(email, _)| email.clone()),
            codes: if call.settings.factors.codes {
                store.recovery_codes_left(realm, &account.id).await?
            } else {
                0
            },
            passkeys,
        })
    }

    /// Whether nothing was set up that is a second factor. Recovery codes stand in for one.
    pub(crate) fn is_bare(&self) -> bool {
        !self.totp && self.passkeys.is_empty()
    }

    /// Whether there is nothing that a second factor could be.
    pub(crate) fn is_empty(&self) -> bool {
        self.is_bare() && self.mailbox.is_none()
    }
}

/// The service as authenticators know it.
pub(crate) fn party(call: &Call<'_>) -> Result<RelyingParty, PasskeyError> {
    RelyingParty::new(
        &call.settings.accounts.name,
        call.visit.origin(),
        call.settings.factors.passkeys.clone(),
    )
}

/// The authenticator of a mock's persona.
pub(crate) fn soft_authenticator(call: &Call<'_>, account: &str) -> SoftAuthenticator {
    SoftAuthenticator::new(&call.key("authenticators"), account)
}

/// The seed of an account's codes.
pub(crate) async fn totp_seed(call: &Call<'_>, account: &Account) -> Result<Option<Secret<Vec<u8>>>, Fault> {
    match call.server.store.totp(&call.realm, &account.id).await? {
        None if account.built_in.totp => {
            let seed = digest::hmac_sha256(&call.key("authenticators"), format!("seed\0{}", account.id));
            Ok(Some(Secret::new(seed.get(..identity::SEED_BYTES).unwrap_or_default().to_vec())))
        }
        found => Ok(found),
    }
}

/// The passkey of a credential's id: one that was registered, or that a persona has from the start.
pub(super) async fn passkey(call: &Call<'_>, id: &str) -> Result<Option<Passkey>, Fault> {
    if let Some(found) = call.server.store.passkey(&call.realm, id).await? {
        return Ok(Some(found));
    }
    let personas = call.settings.directory.accounts().iter();
    let mut passkeys = personas.filter_map(|account| built_in(call, account));
    Ok(passkeys.find(|passkey| passkey.id == id))
}

fn built_in(call: &Call<'_>, account: &Account) -> Option<Passkey> {
    if !account.built_in.passkey {
        return None;
    }
    soft_authenticator(call, &account.id).built_in(&party(call).ok()?).ok()
}
