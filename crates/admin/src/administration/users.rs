use std::{collections::BTreeSet, sync::Arc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::Response;
use identity::{
    EVERY_SCOPE, RESERVED_CLAIMS,
    names::{email_key, name_key},
    password::About,
};
use model::{ScopeSet, Secret, Timestamp};
use serde_json::{Map, Value};
use store::{Ends, Handle, User, Written};

use super::{Call, Refused, created, next, page, shown};
use crate::{
    body::Members,
    refusal::{done, ok},
};

const MEMBERS: [&str; 10] = [
    "name",
    "email",
    "email_verified",
    "password",
    "must_change_password",
    "roles",
    "scopes",
    "plan",
    "claims",
    "disabled",
];

/// What is written of a user; `None`: it stays as it is.
#[derive(Debug, Clone, Default)]
pub(super) struct Wish {
    pub(super) name: Option<(String, String)>,
    pub(super) email: Option<(String, String)>,
    pub(super) email_verified: Option<bool>,
    pub(super) password: Option<String>,
    pub(super) must_change: Option<bool>,
    pub(super) roles: Option<BTreeSet<String>>,
    pub(super) scopes: Option<ScopeSet>,
    pub(super) plan: Option<String>,
    pub(super) claims: Option<Map<String, Value>>,
    pub(super) disabled: Option<bool>,
}

impl Wish {
    /// Reads it, and what of it may be told in the audit trail.
    pub(super) fn read(mut members: Members) -> Result<(Self, Map<String, Value>), Refused> {
        let told = members.told(&["password"]);
        let wrong = |name: &str, error: &dyn std::fmt::Display| Refused::wrong(format!("`{name}`: {error}"));
        let name = members.text("name")?.map(|name| {
            let key = if name.is_empty() {
                String::new()
            } else {
                name_key(&name).map_err(|error| wrong("name", &error))?.as_str().to_owned()
            };
            Ok::<_, Refused>((name, key))
        });
        let email = members.text("email")?.map(|email| {
            let key = if email.is_empty() {
                String::new()
            } else {
                email_key(&email).map_err(|error| wrong("email", &error))?.as_str().to_owned()
            };
            Ok::<_, Refused>((email, key))
        });
        let roles = members.has("roles").then(|| members.texts("roles")).transpose()?;
        let claims = match members.take("claims") {
            None => None,
            Some(Value::Object(claims)) => {
                match RESERVED_CLAIMS.iter().find(|name| claims.contains_key(**name)) {
                    None => Some(claims),
                    Some(name) => {
                        return Err(Refused::wrong(format!("`claims`: `{name}` is not a user's to have")));
                    }
                }
            }
            Some(_) => return Err(Refused::wrong("`claims` takes an object")),
        };
        let wish = Self {
            name: name.transpose()?,
            email: email.transpose()?,
            email_verified: members.flag("email_verified")?,
            password: members.text("password")?,
            must_change: members.flag("must_change_password")?,
            roles: roles.map(|roles| roles.into_iter().filter(|role| !role.is_empty()).collect()),
            scopes: scopes(&mut members, "scopes")?,
            plan: members.text("plan")?,
            claims,
            disabled: members.flag("disabled")?,
        };
        Ok((wish, told))
    }

    /// Writes it over a user.
    fn over(self, user: &mut User, password: Option<&Secret<String>>, now: Timestamp) {
        if let Some((name, key)) = self.name {
            (user.name, user.name_key) = (name, key);
        }
        if let Some((email, key)) = self.email {
            if key != user.email_key {
                user.email_verified_at = None;
            }
            (user.email, user.email_key) = (email, key);
        }
        match self.email_verified {
            Some(true) => user.email_verified_at = user.email_verified_at.or(Some(now)),
            Some(false) => user.email_verified_at = None,
            None => {}
        }
        if let Some(password) = password {
            user.password = password.clone();
            user.must_change = false;
        }
        user.must_change = self.must_change.unwrap_or(user.must_change);
        if let Some(roles) = self.roles {
            user.roles = Arc::new(roles);
        }
        user.scopes = self.scopes.unwrap_or_else(|| user.scopes.clone());
        if let Some(plan) = self.plan {
            user.plan = Some(plan).filter(|plan| !plan.is_empty()).map(Into::into);
        }
        user.claims = self.claims.unwrap_or_else(|| std::mem::take(&mut user.claims));
        match self.disabled {
            Some(true) => user.disabled_at = user.disabled_at.or(Some(now)),
            Some(false) => user.disabled_at = None,
            None => {}
        }
    }
}

/// A list of scopes, or a text of them with spaces between.
pub(super) fn scopes(members: &mut Members, name: &str) -> Result<Option<ScopeSet>, Refused> {
    if !members.has(name) {
        return Ok(None);
    }
    let text = members.texts(name)?.join(" ");
    let read: Result<ScopeSet, _> = text.parse();
    read.map(Some).map_err(|error| Refused::wrong(format!("`{name}`: {error}")))
}

impl Call<'_> {
    pub(super) async fn list_users(&self) -> Result<Response<Bytes>, Refused> {
        let (office, limit, after) = (self.office, self.limit()?, self.after()?);
        let after = after.as_ref().map(|(at, id)| (*at, id.as_str()));
        let users = office.store.users(&office.realm, after, limit).await?;
        let last = users.last().map(|user| (user.created_at, user.id.as_str()));
        let next = next(users.len(), limit, last);
        Ok(page("users", users.iter().map(shown::user).collect(), next))
    }

    pub(super) async fn add_user(&self) -> Result<Response<Bytes>, Refused> {
        let (wish, told) = Wish::read(Members::read(self.request, &MEMBERS)?)?;
        let user = self.make_user(wish, told).await?;
        Ok(created(&shown::user(&user)))
    }

    /// Makes a user: somebody has a name, an address, or both.
    pub(super) async fn make_user(&self, wish: Wish, told: Map<String, Value>) -> Result<User, Refused> {
        let is_named =
            |named: &Option<(String, String)>| named.as_ref().is_some_and(|(_, key)| !key.is_empty());
        if !is_named(&wish.name) && !is_named(&wish.email) {
            return Err(Refused::wrong("a user has a `name`, an `email`, or both"));
        }
        self.actor.may_turn(&[], wish.roles.iter().flatten())?;
        let password = self.hashed(&wish, "", "").await?;
        let mut user = User {
            password_version: 1,
            // What the APIs declare, all of it, unless it is said: roles and plans say who may what.
            scopes: EVERY_SCOPE.parse().unwrap_or_default(),
            ..User::new(URL_SAFE_NO_PAD.encode(self.random::<16>()), self.now)
        };
        wish.over(&mut user, password.as_ref(), self.now);
        let store = self.audited("user.add", format!("user:{}", user.id), told);
        match store.add_user(&self.office.realm, user.clone()).await? {
            Written::Done(()) => Ok(user),
            Written::NameTaken => Err(Refused::Taken(format!("somebody has the name {}", user.name))),
            Written::EmailTaken => Err(Refused::Taken(format!("somebody has the address {}", user.email))),
            Written::Unknown | Written::LastOwner => Err(Refused::Fault),
        }
    }

    pub(super) async fn show_user(&self, named: &str) -> Result<Response<Bytes>, Refused> {
        Ok(ok(&shown::user(&*self.user(named).await?)))
    }

    pub(super) async fn change_user(&self, named: &str) -> Result<Response<Bytes>, Refused> {
        let (mut wish, told) = Wish::read(Members::read(self.request, &MEMBERS)?)?;
        let user = self.user(named).await?;
        let roles = wish.roles.as_ref().unwrap_or(&user.roles);
        self.actor.may_turn(&*user.roles, roles)?;
        // A password or an address of somebody is a way to be them.
        self.actor.may_turn(&*user.roles, &[])?;
        let password = self.hashed(&wish, &user.name, &user.email).await?;
        // What somebody else chose is good until they sign in with it (OWASP ASVS 5.0, 6.4.6).
        let is_chosen = password.as_ref().is_some_and(|password| !password.expose().is_empty());
        wish.must_change = wish.must_change.or(is_chosen.then_some(true));
        let now = self.now;
        let ends = Ends { but: None, now, until: self.office.until(now) };
        let store = self.audited("user.change", format!("user:{}", user.id), told);
        let realm = &self.office.realm;
        let change = move |user: &mut User| wish.clone().over(user, password.as_ref(), now);
        let changed = match store.change_user_and_end(realm, &user.id, change, ends).await? {
            Written::Done(changed) => changed,
            Written::NameTaken => return Err(Refused::Taken("somebody has that name".to_owned())),
            Written::EmailTaken => return Err(Refused::Taken("somebody has that address".to_owned())),
            Written::Unknown => return Err(absent(named)),
            Written::LastOwner => return Err(Refused::LastOwner),
        };
        Ok(ok(&shown::user(&changed)))
    }

    pub(super) async fn remove_user(&self, named: &str) -> Result<Response<Bytes>, Refused> {
        let user = self.user(named).await?;
        self.actor.may_turn(&*user.roles, &[])?;
        let mut told = Map::new();
        told.insert("name".to_owned(), user.name.as_str().into());
        let store = self.audited("user.remove", format!("user:{}", user.id), told);
        let until = self.office.until(self.now);
        match store.remove_user(&self.office.realm, &user.id, self.now, until).await? {
            Written::Done(()) => Ok(done()),
            Written::LastOwner => Err(Refused::LastOwner),
            Written::Unknown | Written::NameTaken | Written::EmailTaken => Err(absent(named)),
        }
    }

    /// The user of an id, a name or an address.
    pub(super) async fn user(&self, named: &str) -> Result<Arc<User>, Refused> {
        let office = self.office;
        if let Some(user) = office.store.user(&office.realm, named).await? {
            return Ok(user);
        }
        let found = if named.contains('@') {
            let Ok(key) = email_key(named) else { return Err(absent(named)) };
            office.store.find_user(&office.realm, Handle::Email(key.as_str())).await?
        } else {
            let Ok(key) = name_key(named) else { return Err(absent(named)) };
            office.store.find_user(&office.realm, Handle::Name(key.as_str())).await?
        };
        found.map(Arc::new).ok_or_else(|| absent(named))
    }

    /// The hash of the password that is wished for; an empty one takes it away.
    async fn hashed(&self, wish: &Wish, name: &str, email: &str) -> Result<Option<Secret<String>>, Refused> {
        let Some(password) = &wish.password else { return Ok(None) };
        if password.is_empty() {
            return Ok(Some(Secret::new(String::new())));
        }
        let name = wish.name.as_ref().map_or(name, |(name, _)| name);
        let email = wish.email.as_ref().map_or(email, |(email, _)| email);
        let about = About { name, email: Some(email).filter(|email| !email.is_empty()), also: &[] };
        let accepted = self.office.policy.judge(password, &about).await.map_err(Refused::Password)?;
        let phc = self.office.passwords.hash(&accepted, self.random()).await?;
        Ok(Some(Secret::new(phc.as_str().to_owned())))
    }
}

fn absent(named: &str) -> Refused {
    Refused::Absent(format!("there is no user {}", named.chars().take(100).collect::<String>()))
}
