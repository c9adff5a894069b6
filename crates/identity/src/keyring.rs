use std::{collections::BTreeSet, net::IpAddr, sync::Arc};

use ipnet::IpNet;
use model::{Kind, Principal, ScopeSet, Timestamp};
use store::{Fault, Key, KeyKind, Owner};
use subtle::ConstantTimeEq;

use crate::{KeyText, People, account::has_of, key_hash};

/// What a text that somebody showed is.
#[derive(Debug, Clone)]
pub enum Found {
    /// Nobody's key: not one by its form, or its secret was made up.
    Nobodys,
    /// A key that opens, and whom it stands for.
    Good(Arc<Key>, Arc<Principal>),
    /// One that opened until then.
    Expired(Timestamp),
    /// One that was withdrawn, or whose owner is gone.
    Revoked,
    /// One that does not open from this address.
    Elsewhere,
}

/// The API keys and app passwords of a realm.
#[derive(Clone, Copy)]
pub struct Keyring<'a> {
    /// Whose they are.
    pub people: People<'a>,
    /// From where they are shown.
    pub address: IpAddr,
    /// When.
    pub now: Timestamp,
}

impl Keyring<'_> {
    /// What stands in the place of an `apiKey` scheme. Junk costs no look-up (attacks.md, G07).
    pub async fn api_key(&self, value: &[u8], hash: store::Hash) -> Result<Found, Fault> {
        let Some(key) = self.known(value, hash, KeyKind::ApiKey).await? else { return Ok(Found::Nobodys) };
        if let Some(ended) = self.ended(&key) {
            return Ok(ended);
        }
        let principal = match &key.owner {
            // Of a persona a realm changes neither name nor scopes, and of a user both are as they are stored: no
            // account is built for each request.
            Owner::User(id) => match self.people.directory.account(id) {
                Some(persona) => of_user(&key, persona.subject(), &persona.scopes, Kind::Key),
                None => match self.people.store.user(self.people.realm, id).await? {
                    Some(user) => of_user(&key, &user.id, &user.scopes, Kind::Key),
                    None => return Ok(Found::Revoked),
                },
            },
            Owner::Client(id) => of_machine(&key, Kind::Client, id),
            Owner::Team(name) => of_machine(&key, Kind::Key, &format!("team:{name}")),
        };
        Ok(Found::Good(key, Arc::new(principal)))
    }

    /// What stands in the place of the password of whoever has this name. The name is looked for only where
    /// the secret is right, so a name that nobody has cannot be told from one that somebody has.
    pub async fn app_password(&self, name: &str, password: &str) -> Result<Found, Fault> {
        let value = password.as_bytes();
        let Some(key) = self.known(value, key_hash(value), KeyKind::AppPassword).await? else {
            return Ok(Found::Nobodys);
        };
        if let Some(ended) = self.ended(&key) {
            return Ok(ended);
        }
        let Owner::User(id) = &key.owner else { return Ok(Found::Nobodys) };
        let Some(account) = self.people.of_id(id).await? else { return Ok(Found::Revoked) };
        let is_named = account.name == name || account.email.as_ref().is_some_and(|(email, _)| email == name);
        if !is_named && self.people.named(name).await?.is_none_or(|named| named.id != account.id) {
            return Ok(Found::Nobodys);
        }
        let principal = of_user(&key, account.subject(), &account.scopes, Kind::User);
        Ok(Found::Good(key, Arc::new(principal)))
    }

    /// The key whose secret this is.
    async fn known(&self, value: &[u8], hash: store::Hash, kind: KeyKind) -> Result<Option<Arc<Key>>, Fault> {
        let Ok(text) = KeyText::parse(value) else { return Ok(None) };
        let key = self.people.store.key(self.people.realm, text.id()).await?;
        Ok(key.filter(|key| key.kind == kind && bool::from(key.hash.ct_eq(&hash))))
    }

    fn ended(&self, key: &Key) -> Option<Found> {
        if key.revoked_at.is_some() {
            return Some(Found::Revoked);
        }
        if let Some(since) = key.expires_at.filter(|end| *end <= self.now) {
            return Some(Found::Expired(since));
        }
        let admits = |net: &IpNet| net.contains(&self.address);
        let is_elsewhere = !key.addresses.is_empty() && !key.addresses.iter().any(admits);
        is_elsewhere.then_some(Found::Elsewhere)
    }
}

/// A user by a key of theirs: never more than they may themselves. Their roles, and their plan where the key
/// has none, are those of the moment: whoever decides asks for them.
fn of_user(key: &Key, subject: &str, scopes: &ScopeSet, kind: Kind) -> Principal {
    Principal {
        kind,
        subject: subject.into(),
        client: None,
        scopes: has_of(scopes, &key.scopes),
        roles: BTreeSet::new(),
        plan: key.plan.clone(),
        acr: None,
        signed_in_at: None,
    }
}

fn of_machine(key: &Key, kind: Kind, subject: &str) -> Principal {
    Principal {
        kind,
        subject: subject.into(),
        client: (kind == Kind::Client).then(|| subject.into()),
        scopes: key.scopes.clone(),
        roles: BTreeSet::new(),
        plan: key.plan.clone(),
        acr: None,
        signed_in_at: None,
    }
}
