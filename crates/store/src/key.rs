use std::sync::Arc;

use ipnet::IpNet;
use model::{RealmId, ScopeSet, Timestamp};

use crate::{
    Fault, Hash, Store,
    cache::Known,
    memory::Changed,
    transaction::Transaction,
    value::{Row, Value, page},
};

/// What a key opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// It stands in the place of an `apiKey` scheme.
    ApiKey,
    /// It stands for a user's password, in Basic.
    AppPassword,
}

/// Whose a key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// A user's (or a persona's), by their id.
    User(String),
    /// A client's, by its id.
    Client(String),
    /// That of a team, which is but a name.
    Team(String),
}

/// An API key or an app password. The secret itself is with its holder alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its public name, which is part of what the holder has.
    pub id: String,
    /// What it opens.
    pub kind: KeyKind,
    /// SHA-256 of what the holder has, all of it.
    pub hash: Hash,
    /// Whose it is.
    pub owner: Owner,
    /// What its owner calls it.
    pub name: String,
    /// What it may do, as far as its owner may.
    pub scopes: ScopeSet,
    /// Its subscription tier, where it is not its owner's.
    pub plan: Option<Arc<str>>,
    /// From where it may be used; none: from everywhere.
    pub addresses: Vec<IpNet>,
    /// Since when there is this key.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was withdrawn.
    pub revoked_at: Option<Timestamp>,
    /// The key in whose place it came.
    pub replaces: Option<String>,
}

impl KeyKind {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ApiKey => "api_key",
            Self::AppPassword => "app_password",
        }
    }

    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        let known = [Self::ApiKey, Self::AppPassword].into_iter().find(|kind| kind.as_str() == text);
        known.ok_or(Fault::Record("a kind of key"))
    }
}

impl Owner {
    /// What sort of owner, as it is written.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Client(_) => "client",
            Self::Team(_) => "team",
        }
    }

    /// Its id, or a team's name.
    pub fn id(&self) -> &str {
        match self {
            Self::User(id) | Self::Client(id) | Self::Team(id) => id,
        }
    }

    /// Reads [`Self::kind`] and [`Self::id`].
    pub fn new(kind: &str, id: &str) -> Option<Self> {
        Some(match kind {
            "user" => Self::User(id.to_owned()),
            "client" => Self::Client(id.to_owned()),
            "team" => Self::Team(id.to_owned()),
            _ => return None,
        })
    }
}

pub(crate) const COLUMNS: &str = "id, kind, hash, owner_kind, owner, name, scopes, plan, addresses, created_at, expires_at, \
                       revoked_at, replaces";

impl Store {
    /// Keeps a key that was just made. False: there is one of this id.
    pub async fn add_key(&self, realm: &RealmId, key: Key) -> Result<bool, Fault> {
        let of = realm.clone();
        self.write(async move |transaction| insert(transaction, &of, &key).await).await
    }

    /// The key of an id; from memory where it was asked for before.
    pub async fn key(&self, realm: &RealmId, id: &str) -> Result<Option<Arc<Key>>, Fault> {
        let memory = self.memory(realm);
        if let Known::Record(key) = memory.keys.get(id) {
            return Ok(Some(key));
        }
        let before = memory.keys.before();
        let (of, wanted) = (realm.clone(), id.to_owned());
        let read = self.read(async move |transaction| by_id(transaction, &of, &wanted).await).await?;
        let read = read.map(Arc::new);
        // Anybody can make up ids: that there is no such key is not worth remembering.
        if read.is_some() {
            memory.keys.keep(id.into(), read.clone(), before);
        }
        Ok(read)
    }

    /// Keys from the oldest to the newest, at most so many, after the one that the list before this one ended
    /// with; of one owner, or of all.
    pub async fn keys(
        &self,
        realm: &RealmId,
        owner: Option<&Owner>,
        after: Option<(Timestamp, &str)>,
        most: u32,
    ) -> Result<Vec<Key>, Fault> {
        let mut arguments = page(realm, after, most).to_vec();
        let mut whose = "";
        if let Some(owner) = owner {
            whose = "AND owner_kind = $5 AND owner = $6";
            arguments.extend([Value::text(owner.kind()), Value::text(owner.id())]);
        }
        let sql = format!(
            "SELECT {COLUMNS} FROM keys WHERE realm = $1 AND (created_at, id) > ($2, $3) {whose} \
             ORDER BY created_at, id LIMIT $4"
        );
        self.read(async move |transaction| {
            transaction.rows(&sql, &arguments).await?.iter().map(read).collect()
        })
        .await
    }

    /// Puts `successor` in the place of a key, which still opens until `until`, or until its own end if that
    /// comes before. The key as it is then; `None` where there is none of this id, or it is good no more.
    pub async fn rotate_key(
        &self,
        realm: &RealmId,
        id: &str,
        successor: Key,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Key>, Fault> {
        let (of, wanted) = (realm.clone(), id.to_owned());
        self.write(async move |transaction| {
            let Some(mut old) = by_id(transaction, &of, &wanted).await? else { return Ok(None) };
            if old.revoked_at.is_some() || old.expires_at.is_some_and(|end| end <= now) {
                return Ok(None);
            }
            old.expires_at = Some(old.expires_at.map_or(until, |end| end.min(until)));
            let mut successor = successor.clone();
            successor.replaces = Some(wanted.clone());
            if !insert(transaction, &of, &successor).await? {
                return Err(Fault::Record("two keys of one id"));
            }
            // Who has the successor is not reminded of this one.
            let sets = "expires_at = $3, reminded_at = $3";
            end_at(transaction, &of, &wanted, sets, old.expires_at.unwrap_or(until)).await?;
            Ok(Some(old))
        })
        .await
    }

    /// Withdraws a key, here at once and elsewhere as soon as it is told. The key as it is then; `None` where
    /// there is none of this id. One that was withdrawn before keeps its time.
    pub async fn revoke_key(&self, realm: &RealmId, id: &str, now: Timestamp) -> Result<Option<Key>, Fault> {
        let (of, wanted) = (realm.clone(), id.to_owned());
        self.write(async move |transaction| {
            let Some(mut key) = by_id(transaction, &of, &wanted).await? else { return Ok(None) };
            if key.revoked_at.is_none() {
                key.revoked_at = Some(now);
                end_at(transaction, &of, &wanted, "revoked_at = $3", now).await?;
            }
            Ok(Some(key))
        })
        .await
    }
}

pub(crate) async fn insert(
    transaction: &mut Transaction<'_>,
    realm: &RealmId,
    key: &Key,
) -> Result<bool, Fault> {
    if by_id(transaction, realm, &key.id).await?.is_some() {
        return Ok(false);
    }
    let since = |at: Option<Timestamp>| Value::Integer(at.map_or(0, Timestamp::as_micros));
    let arguments = [
        Value::text(realm.as_str()),
        Value::text(&key.id),
        Value::text(key.kind.as_str()),
        Value::bytes(&key.hash),
        Value::text(key.owner.kind()),
        Value::text(key.owner.id()),
        Value::text(&key.name),
        Value::Text(key.scopes.to_string()),
        Value::text(key.plan.as_deref().unwrap_or_default()),
        Value::Text(key.addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")),
        Value::Integer(key.created_at.as_micros()),
        since(key.expires_at),
        since(key.revoked_at),
        Value::text(key.replaces.as_deref().unwrap_or_default()),
    ];
    let sql = format!(
        "INSERT INTO keys (realm, {COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
    );
    transaction.rows(&sql, &arguments).await?;
    Ok(true)
}

async fn end_at(
    transaction: &mut Transaction<'_>,
    realm: &RealmId,
    id: &str,
    sets: &str,
    at: Timestamp,
) -> Result<(), Fault> {
    let sql = format!("UPDATE keys SET {sets} WHERE realm = $1 AND id = $2");
    let arguments = [Value::text(realm.as_str()), Value::text(id), Value::Integer(at.as_micros().max(1))];
    transaction.rows(&sql, &arguments).await?;
    transaction.announce_change(realm, Changed::Key, id).await
}

/// Removes what an owner has of these kinds.
pub(crate) async fn remove_of(
    transaction: &mut Transaction<'_>,
    realm: &RealmId,
    owner: &Owner,
    kinds: &[KeyKind],
) -> Result<(), Fault> {
    for kind in kinds {
        let whose = [realm.as_str(), owner.kind(), owner.id(), kind.as_str()].map(Value::text);
        let sql =
            "DELETE FROM keys WHERE realm = $1 AND owner_kind = $2 AND owner = $3 AND kind = $4 RETURNING id";
        for row in transaction.rows(sql, &whose).await? {
            let id = row.text(0)?;
            let sql = "DELETE FROM key_uses WHERE realm = $1 AND id = $2";
            transaction.rows(sql, &[Value::text(realm.as_str()), Value::text(id)]).await?;
            transaction.announce_change(realm, Changed::Key, id).await?;
        }
    }
    Ok(())
}

async fn by_id(transaction: &mut Transaction<'_>, realm: &RealmId, id: &str) -> Result<Option<Key>, Fault> {
    let sql = format!("SELECT {COLUMNS} FROM keys WHERE realm = $1 AND id = $2");
    let rows = transaction.rows(&sql, &[Value::text(realm.as_str()), Value::text(id)]).await?;
    rows.first().map(read).transpose()
}

pub(crate) fn read(row: &Row) -> Result<Key, Fault> {
    let since = |column| {
        let at = row.integer(column)?;
        Ok::<_, Fault>((at != 0).then_some(Timestamp::from_micros(at)))
    };
    let given = |column| Ok::<_, Fault>(Some(row.text(column)?).filter(|text| !text.is_empty()));
    let addresses = row.text(8)?.split_whitespace().map(str::parse);
    Ok(Key {
        id: row.text(0)?.to_owned(),
        kind: KeyKind::parse(row.text(1)?)?,
        hash: row.bytes(2)?.try_into().map_err(|_| Fault::Record("a hash"))?,
        owner: Owner::new(row.text(3)?, row.text(4)?).ok_or(Fault::Record("an owner"))?,
        name: row.text(5)?.to_owned(),
        scopes: row.text(6)?.parse().map_err(|_| Fault::Record("scopes"))?,
        plan: given(7)?.map(Into::into),
        addresses: addresses.collect::<Result<_, _>>().map_err(|_| Fault::Record("an address"))?,
        created_at: Timestamp::from_micros(row.integer(9)?),
        expires_at: since(10)?,
        revoked_at: since(11)?,
        replaces: given(12)?.map(str::to_owned),
    })
}
