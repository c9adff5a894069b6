mod change;

use std::{collections::BTreeSet, sync::Arc};

use model::{RealmId, ScopeSet, Secret, Timestamp};
use serde_json::{Map, Value as Json};

use crate::{
    Fault, KeyKind, Owner, Store,
    cache::Known,
    key::remove_of,
    memory::Changed,
    owner::{Removed, is_last_owner, needs_passkeys},
    session::end_sessions,
    transaction::Transaction,
    value::{Row, Value, page},
};

use change::taken;

pub use change::Ends;

/// Somebody with an account. What makes a name, an address or a password good is for `identity` to say.
#[derive(Debug, Clone)]
pub struct User {
    /// What tokens name them by (`sub`), for ever: names and addresses change.
    pub id: String,
    /// The name that they sign in with, as they write it; empty: none.
    pub name: String,
    /// The name as names are compared.
    pub name_key: String,
    /// The e-mail address, as they write it; empty: none.
    pub email: String,
    /// The address as addresses are compared.
    pub email_key: String,
    /// When they showed that the address is theirs.
    pub email_verified_at: Option<Timestamp>,
    /// The password's hash, a PHC string; empty: none.
    pub password: Secret<String>,
    /// Counts the passwords: a session that was opened with another one ends.
    pub password_version: u32,
    /// Whether the next sign-in has to choose another password.
    pub must_change: bool,
    /// What they may be.
    pub roles: Arc<BTreeSet<String>>,
    /// What they may give to clients, of the APIs' scopes.
    pub scopes: ScopeSet,
    /// Their subscription tier.
    pub plan: Option<Arc<str>>,
    /// Claims that replace or add to the usual ones.
    pub claims: Map<String, Json>,
    /// Since when they are suspended.
    pub disabled_at: Option<Timestamp>,
    /// Since when there is this account.
    pub created_at: Timestamp,
    /// When they last signed in.
    pub seen_at: Option<Timestamp>,
}

impl User {
    /// Somebody of whom nothing is known but since when there is the account.
    pub fn new(id: String, created_at: Timestamp) -> Self {
        Self {
            id,
            name: String::new(),
            name_key: String::new(),
            email: String::new(),
            email_key: String::new(),
            email_verified_at: None,
            password: Secret::new(String::new()),
            password_version: 0,
            must_change: false,
            roles: Arc::default(),
            scopes: ScopeSet::new(),
            plan: None,
            claims: Map::new(),
            disabled_at: None,
            created_at,
            seen_at: None,
        }
    }
}

/// By what somebody is looked for: a name or an address, as they are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handle<'a> {
    /// [`User::name_key`].
    Name(&'a str),
    /// [`User::email_key`].
    Email(&'a str),
}

/// What came of writing a user.
#[derive(Debug)]
pub enum Written<T> {
    /// It is written.
    Done(T),
    /// Somebody else has the name.
    NameTaken,
    /// Somebody else has the address.
    EmailTaken,
    /// There is nobody of this id.
    Unknown,
    /// Nobody else who can sign in owns the server ([`crate::OWNER`]): this one goes on to.
    LastOwner,
}

/// Where the records of a user lie, and in which column their id: all go with the account, and so do mails and
/// links to its address.
const OF_USER: [(&str, &str); 10] = [
    ("consents", "subject"),
    ("links", "subject"),
    ("activities", "subject"),
    ("passkeys", "user_id"),
    ("totp", "user_id"),
    ("totp_steps", "user_id"),
    ("recovery_codes", "user_id"),
    ("email_codes", "user_id"),
    ("remembered_browsers", "user_id"),
    ("passkey_offers", "user_id"),
];

/// Of those, what somebody shows beside a password, and where they need not.
const FACTORS: [&str; 5] = ["passkeys", "totp", "recovery_codes", "email_codes", "remembered_browsers"];

const COLUMNS: &str = "id, name, name_key, email, email_key, email_verified_at, password, password_version, \
                       must_change, roles, scopes, plan, claims, disabled_at, created_at, seen_at";

/// [`COLUMNS`] of nobody, as long as those of most.
const NOBODY: &str = "'0123456789abcdefghijkl', 'nobody', 'nobody', 'nobody@example.com', 'nobody@example.com', 1, \
                      '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2E$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g', \
                      1, 0, '[\"reader\"]', '*', '', '{}', 0, 1, 1";

impl Store {
    /// Adds somebody.
    pub async fn add_user(&self, realm: &RealmId, user: User) -> Result<Written<()>, Fault> {
        let of = realm.clone();
        self.write(async move |transaction| {
            if let Some(taken) = taken(transaction, &of, &user).await? {
                return Ok(taken);
            }
            let sql = format!(
                "INSERT INTO users (realm, {COLUMNS}) VALUES \
                 ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"
            );
            transaction.rows(&sql, &arguments(&of, &user)?).await?;
            // Who was removed was remembered as nobody, and as revoked.
            transaction.announce_change(&of, Changed::User, &user.id).await?;
            crate::session::forgive(transaction, &of, &user.id).await?;
            Ok(Written::Done(()))
        })
        .await
    }

    /// The user of an id; from memory where it was asked for before.
    pub async fn user(&self, realm: &RealmId, id: &str) -> Result<Option<Arc<User>>, Fault> {
        let memory = self.memory(realm);
        match memory.users.get(id) {
            Known::Record(user) => return Ok(Some(user)),
            Known::Absent => return Ok(None),
            Known::Nothing => {}
        }
        let before = memory.users.before();
        let (of, wanted) = (realm.clone(), id.to_owned());
        let read = self.read(async move |transaction| by(transaction, "id", &of, &wanted).await).await?;
        let read = read.map(Arc::new);
        memory.users.keep(id.into(), read.clone(), before);
        Ok(read)
    }

    /// The user of a name or an address. Where there is none as much is read, so that time does not tell
    /// (attacks.md, G03).
    pub async fn find_user(&self, realm: &RealmId, handle: Handle<'_>) -> Result<Option<User>, Fault> {
        let (is_email, key) = match handle {
            Handle::Name(key) => (false, key.to_owned()),
            Handle::Email(key) => (true, key.to_owned()),
        };
        if key.is_empty() {
            return Ok(None);
        }
        let realm = realm.clone();
        self.read(async move |transaction| {
            let column = if is_email { "email_key" } else { "name_key" };
            // The index leaves out whoever has none, and is not used of a statement that doesn't.
            let sql = format!(
                "SELECT CAST(1 AS BIGINT), {COLUMNS} FROM users WHERE realm = $1 AND {column} = $2 \
                 AND {column} <> '' UNION ALL SELECT CAST(0 AS BIGINT), {NOBODY} ORDER BY 1 DESC LIMIT 1"
            );
            let mut rows = transaction.rows(&sql, &[Value::text(realm.as_str()), Value::text(&key)]).await?;
            let Some(row) = rows.first_mut() else { return Ok(None) };
            let is_there = row.flag(0)?;
            row.0.remove(0);
            let user = read(row)?;
            Ok(is_there.then_some(user))
        })
        .await
    }

    /// Users from the oldest account to the newest, at most so many, after the one that the list before this
    /// one ended with.
    pub async fn users(
        &self,
        realm: &RealmId,
        after: Option<(Timestamp, &str)>,
        most: u32,
    ) -> Result<Vec<User>, Fault> {
        let arguments = page(realm, after, most);
        self.read(async move |transaction| {
            let sql = format!(
                "SELECT {COLUMNS} FROM users WHERE realm = $1 AND (created_at, id) > ($2, $3) \
                 ORDER BY created_at, id LIMIT $4"
            );
            transaction.rows(&sql, &arguments).await?.iter().map(read).collect()
        })
        .await
    }

    /// Removes somebody with everything of theirs: sessions end, and what was issued is revoked until `until`.
    pub async fn remove_user(
        &self,
        realm: &RealmId,
        id: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Written<()>, Fault> {
        let memory = self.memory(realm);
        let (of, wanted) = (realm.clone(), id.to_owned());
        self.write(async move |transaction| {
            let Some(user) = by(transaction, "id", &of, &wanted).await? else {
                return Ok(Written::Unknown);
            };
            if is_last_owner(transaction, &of, &user).await? {
                return Ok(Written::LastOwner);
            }
            let named = [Value::text(of.as_str()), Value::text(&wanted)];
            transaction.rows("DELETE FROM users WHERE realm = $1 AND id = $2", &named).await?;
            for (table, column, address) in
                [("mails", "recipient", &user.email), ("links", "subject", &user.email_key)]
            {
                let sql = format!("DELETE FROM {table} WHERE realm = $1 AND {column} = $2");
                transaction.rows(&sql, &[Value::text(of.as_str()), Value::text(address)]).await?;
            }
            for (table, column) in OF_USER {
                let sql = format!("DELETE FROM {table} WHERE realm = $1 AND {column} = $2");
                transaction.rows(&sql, &named).await?;
            }
            let owner = Owner::User(wanted.clone());
            remove_of(transaction, &of, &owner, &[KeyKind::ApiKey, KeyKind::AppPassword]).await?;
            end_sessions(transaction, &memory, &of, &wanted, None, (now, until)).await?;
            crate::session::record_revocation(transaction, &of, &wanted, until).await?;
            memory.revoke(&wanted, until);
            transaction.announce_change(&of, Changed::User, &wanted).await?;
            Ok(Written::Done(()))
        })
        .await
    }

    /// Takes away everything that a user shows beside a password, and every browser in which they need not.
    pub async fn remove_factors(&self, realm: &RealmId, user: &str) -> Result<Removed, Fault> {
        let key = [Value::text(realm.as_str()), Value::text(user)];
        let (of, id) = (realm.clone(), user.to_owned());
        self.write(async move |transaction| {
            if needs_passkeys(transaction, &of, &id).await? {
                return Ok(Removed::LastOwner);
            }
            let before = transaction.changes().await?;
            for table in FACTORS {
                let sql = format!("DELETE FROM {table} WHERE realm = $1 AND user_id = $2");
                transaction.rows(&sql, &key).await?;
            }
            let is_changed = transaction.changes().await? != before;
            Ok(if is_changed { Removed::Done } else { Removed::Nothing })
        })
        .await
    }
}

pub(crate) async fn by(
    transaction: &mut Transaction<'_>,
    column: &str,
    realm: &RealmId,
    key: &str,
) -> Result<Option<User>, Fault> {
    let sql = format!("SELECT {COLUMNS} FROM users WHERE realm = $1 AND {column} = $2");
    let rows = transaction.rows(&sql, &[Value::text(realm.as_str()), Value::text(key)]).await?;
    rows.first().map(read).transpose()
}

fn arguments(realm: &RealmId, user: &User) -> Result<Vec<Value>, Fault> {
    let since = |at: Option<Timestamp>| Value::Integer(at.map_or(0, Timestamp::as_micros));
    Ok(vec![
        Value::text(realm.as_str()),
        Value::text(&user.id),
        Value::text(&user.name),
        Value::text(&user.name_key),
        Value::text(&user.email),
        Value::text(&user.email_key),
        since(user.email_verified_at),
        Value::text(user.password.expose()),
        Value::Integer(user.password_version.into()),
        Value::flag(user.must_change),
        Value::Text(serde_json::to_string(&*user.roles)?),
        Value::Text(user.scopes.to_string()),
        Value::text(user.plan.as_deref().unwrap_or_default()),
        Value::Text(serde_json::to_string(&user.claims)?),
        since(user.disabled_at),
        Value::Integer(user.created_at.as_micros()),
        since(user.seen_at),
    ])
}

fn read(row: &Row) -> Result<User, Fault> {
    let since = |column| {
        let at = row.integer(column)?;
        Ok::<_, Fault>((at != 0).then_some(Timestamp::from_micros(at)))
    };
    let text = |column| row.text(column).map(str::to_owned);
    let roles: BTreeSet<String> = serde_json::from_str(row.text(9)?)?;
    Ok(User {
        id: text(0)?,
        name: text(1)?,
        name_key: text(2)?,
        email: text(3)?,
        email_key: text(4)?,
        email_verified_at: since(5)?,
        password: Secret::new(text(6)?),
        password_version: u32::try_from(row.integer(7)?).map_err(|_| Fault::Record("a version"))?,
        must_change: row.flag(8)?,
        roles: Arc::new(roles),
        scopes: row.text(10)?.parse().map_err(|_| Fault::Record("scopes"))?,
        plan: Some(row.text(11)?).filter(|plan| !plan.is_empty()).map(Into::into),
        claims: serde_json::from_str(row.text(12)?)?,
        disabled_at: since(13)?,
        created_at: Timestamp::from_micros(row.integer(14)?),
        seen_at: since(15)?,
    })
}
