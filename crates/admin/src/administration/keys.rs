use std::time::Duration;

use bytes::Bytes;
use http::Response;
use identity::{key_hash, make_key};
use ipnet::IpNet;
use model::{Secret, Timestamp, parse_duration};
use serde_json::{Map, Value};
use store::{Key, KeyKind, Owner};

use super::{Call, Refused, created, next, page, shown, users::scopes};
use crate::{body::Members, refusal::ok};

const MEMBERS: [&str; 7] = ["owner", "kind", "name", "scopes", "plan", "expires", "addresses"];
/// How long a key that was rotated opens beside its successor, where nothing is said.
const OVERLAP: Duration = Duration::from_secs(86_400);

impl Call<'_> {
    pub(super) async fn list_keys(&self) -> Result<Response<Bytes>, Refused> {
        let (office, limit, after) = (self.office, self.limit()?, self.after()?);
        let owner = match self.asked("owner") {
            Some(written) => Some(self.owner(&written).await?.0),
            None => None,
        };
        let after = after.as_ref().map(|(at, id)| (*at, id.as_str()));
        let keys = office.store.keys(&office.realm, owner.as_ref(), after, limit).await?;
        let last = keys.last().map(|key| (key.created_at, key.id.as_str()));
        let next = next(keys.len(), limit, last);
        Ok(page("keys", keys.iter().map(|key| shown::key(key, self.now)).collect(), next))
    }

    pub(super) async fn add_key(&self) -> Result<Response<Bytes>, Refused> {
        let mut members = Members::read(self.request, &MEMBERS)?;
        let told = members.told(&[]);
        let (owner, most) = self.owner(&members.required("owner", r#""alice""#)?).await?;
        self.may_hold(&owner).await?;
        if let Owner::Client(id) = &owner
            && !self.office.clients.contains(id)
            && !self.office.store.clients(&self.office.realm).await?.contains_key(id)
        {
            let id = id.chars().take(100).collect::<String>();
            return Err(Refused::Absent(format!("there is no client {id}")));
        }
        let kind = match members.text("kind")?.as_deref() {
            None | Some("api_key") => KeyKind::ApiKey,
            Some("app_password") if matches!(owner, Owner::User(_)) => KeyKind::AppPassword,
            Some("app_password") => return Err(Refused::wrong("an app password is a user's")),
            Some(_) => return Err(Refused::wrong("`kind` takes `api_key` or `app_password`")),
        };
        let scopes = scopes(&mut members, "scopes")?.unwrap_or_default();
        if let Some(most) = most.filter(|most| !most.contains(identity::EVERY_SCOPE)) {
            let beyond = most.lacking(&scopes.of_apis());
            if !beyond.is_empty() {
                return Err(Refused::wrong(format!("the owner has not the scopes {beyond}")));
            }
        }
        let addresses = members.texts("addresses")?;
        let addresses = addresses.iter().map(|text| network(text)).collect::<Result<_, _>>()?;
        let (id, text) = self.secret()?;
        let key = Key {
            id,
            kind,
            hash: key_hash(text.expose().as_bytes()),
            owner,
            name: members.text("name")?.unwrap_or_default(),
            scopes,
            plan: members.text("plan")?.filter(|plan| !plan.is_empty()).map(Into::into),
            addresses,
            created_at: self.now,
            expires_at: self.end(members.text("expires")?.as_deref())?,
            revoked_at: None,
            replaces: None,
        };
        let store = self.audited("key.add", format!("key:{}", key.id), told);
        if !store.add_key(&self.office.realm, key.clone()).await? {
            return Err(Refused::Fault);
        }
        if let (KeyKind::AppPassword, Owner::User(user)) = (key.kind, &key.owner)
            && let Some(user) = self.office.store.user(&self.office.realm, user).await?
        {
            self.office.postbox.app_password_made(&user, &self.place(), self.now).await?;
        }
        Ok(created(&with_secret(&key, &text, self.now)))
    }

    pub(super) async fn show_key(&self, id: &str) -> Result<Response<Bytes>, Refused> {
        let office = self.office;
        let key = office.store.key(&office.realm, id).await?.ok_or_else(|| absent(id))?;
        let uses = office.store.key_uses(&office.realm, id).await?;
        Ok(ok(&shown::used_key(&key, &uses, self.now)))
    }

    /// A successor with the same terms and a life as long as the old one's whole; the old one opens on for a
    /// while.
    pub(super) async fn rotate_key(&self, id: &str) -> Result<Response<Bytes>, Refused> {
        let mut members = Members::read(self.request, &["overlap", "expires"])?;
        let told = members.told(&[]);
        let overlap = members.duration("overlap")?.unwrap_or(OVERLAP);
        let office = self.office;
        let old = office.store.key(&office.realm, id).await?.ok_or_else(|| absent(id))?;
        self.may_hold(&old.owner).await?;
        let life = old.expires_at.map(|end| end.since(old.created_at));
        let expires_at = match members.text("expires")? {
            Some(written) => self.end(Some(&written))?,
            None => life.map(|life| self.now.plus(life)),
        };
        let (new_id, text) = self.secret()?;
        let successor = Key {
            id: new_id,
            hash: key_hash(text.expose().as_bytes()),
            created_at: self.now,
            expires_at,
            revoked_at: None,
            replaces: Some(id.to_owned()),
            ..(*old).clone()
        };
        let store = self.audited("key.rotate", format!("key:{id}"), told);
        let until = self.now.plus(overlap);
        let rotated = store.rotate_key(&office.realm, id, successor.clone(), self.now, until).await?;
        if rotated.is_none() {
            return Err(Refused::wrong(format!("the key {id} opens nothing any more: add another")));
        }
        Ok(created(&with_secret(&successor, &text, self.now)))
    }

    pub(super) async fn revoke_key(&self, id: &str) -> Result<Response<Bytes>, Refused> {
        let store = self.audited("key.revoke", format!("key:{id}"), Map::new());
        let revoked = store.revoke_key(&self.office.realm, id, self.now).await?;
        revoked.map(|key| ok(&shown::key(&key, self.now))).ok_or_else(|| absent(id))
    }

    /// Whose a key is to be: `alice` (a user by id, name or address), `user:…`, `client:…` or `team:…`; and
    /// the most that they may.
    async fn owner(&self, written: &str) -> Result<(Owner, Option<model::ScopeSet>), Refused> {
        let office = self.office;
        match written.split_once(':') {
            Some(("client", id)) => {
                let clients = office.store.clients(&office.realm).await?;
                // A client of lobby.yaml is not in the store; what it may is seen when the key is used.
                let scopes = clients.get(id).and_then(|client| client.terms.scopes.clone());
                Ok((Owner::Client(id.to_owned()), scopes))
            }
            Some(("team", name)) if !name.is_empty() => Ok((Owner::Team(name.to_owned()), None)),
            Some(("user", named)) => self.user_as_owner(named).await,
            Some(_) | None => self.user_as_owner(written).await,
        }
    }

    /// Refuses who would hold a key of somebody who may do more than they.
    async fn may_hold(&self, owner: &Owner) -> Result<(), Refused> {
        let Owner::User(id) = owner else { return Ok(()) };
        match self.office.store.user(&self.office.realm, id).await? {
            Some(user) => self.actor.may_turn(&*user.roles, &[]),
            None => Ok(()),
        }
    }

    async fn user_as_owner(&self, named: &str) -> Result<(Owner, Option<model::ScopeSet>), Refused> {
        let user = self.user(named).await?;
        Ok((Owner::User(user.id.clone()), Some(user.scopes.clone())))
    }

    fn secret(&self) -> Result<(String, Secret<String>), Refused> {
        let made = make_key(&self.office.prefix, &*self.office.entropy);
        let (id, text) = made.map_err(|error| Refused::wrong(format!("keys.prefix: {error}")))?;
        Ok((id.as_str().to_owned(), text))
    }

    /// When a key ends: after a span, never, or as `keys.expires` says.
    fn end(&self, written: Option<&str>) -> Result<Option<Timestamp>, Refused> {
        match written {
            Some("never") => Ok(None),
            None => Ok(self.office.key_life.map(|life| self.now.plus(life))),
            Some(text) => {
                let span = parse_duration(text).map_err(|error| {
                    Refused::wrong(format!("`expires` takes `never` or a duration: {error}"))
                })?;
                if span.is_zero() {
                    return Err(Refused::wrong("a key that opens for no time is none"));
                }
                Ok(Some(self.now.plus(span)))
            }
        }
    }
}

fn with_secret(key: &Key, text: &Secret<String>, now: Timestamp) -> Value {
    let mut answer = shown::key(key, now);
    if let Some(members) = answer.as_object_mut() {
        members.insert("key".to_owned(), text.expose().as_str().into());
    }
    answer
}

/// `10.0.0.0/8`, or one address.
fn network(text: &str) -> Result<IpNet, Refused> {
    let one = || text.parse::<std::net::IpAddr>().ok().map(IpNet::from);
    let read = text.parse::<IpNet>().ok().or_else(one);
    read.ok_or_else(|| Refused::wrong(format!("`{text}` is no address and no network as 10.0.0.0/8")))
}

fn absent(id: &str) -> Refused {
    Refused::Absent(format!("there is no key {}", id.chars().take(100).collect::<String>()))
}
