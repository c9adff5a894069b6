use model::{RealmId, Timestamp};

use super::{User, Written, arguments, by};
use crate::{
    Fault, KeyKind, Memory, Owner, Store,
    key::remove_of,
    memory::Changed,
    owner::{is_last_owner, owns},
    session::end_sessions,
    transaction::Transaction,
    value::Value,
};

/// What ends with another password, or where somebody is suspended: everywhere that they are signed in.
#[derive(Debug, Clone)]
pub struct Ends {
    /// But for this session.
    pub but: Option<String>,
    /// When.
    pub now: Timestamp,
    /// Until when that must be remembered.
    pub until: Timestamp,
}

impl Store {
    /// Changes a user; `change` may be asked more than once. A change of the password counts it, and app passwords
    /// end with the password that they stood for.
    pub async fn change_user(
        &self,
        realm: &RealmId,
        id: &str,
        change: impl Fn(&mut User) + Send + 'static,
    ) -> Result<Written<User>, Fault> {
        self.rewrite(realm, id, change, None).await
    }

    /// The same, together with what ends by it: either both happen, or neither.
    pub async fn change_user_and_end(
        &self,
        realm: &RealmId,
        id: &str,
        change: impl Fn(&mut User) + Send + 'static,
        ends: Ends,
    ) -> Result<Written<User>, Fault> {
        self.rewrite(realm, id, change, Some(ends)).await
    }

    async fn rewrite(
        &self,
        realm: &RealmId,
        id: &str,
        change: impl Fn(&mut User) + Send + 'static,
        ends: Option<Ends>,
    ) -> Result<Written<User>, Fault> {
        let (memory, of, wanted) = (self.memory(realm), realm.clone(), id.to_owned());
        self.write(async move |transaction| {
            let Some(before) = by(transaction, "id", &of, &wanted).await? else {
                return Ok(Written::Unknown);
            };
            let mut user = before.clone();
            change(&mut user);
            user.id.clone_from(&before.id);
            if user.password.expose() != before.password.expose() {
                user.password_version = before.password_version.saturating_add(1);
            }
            if let Some(refused) = update(transaction, &of, (&before, &user)).await? {
                return Ok(refused);
            }
            end_with(transaction, &memory, &of, (&before, &user), ends.as_ref()).await?;
            Ok(Written::Done(user))
        })
        .await
    }

    /// Puts another hash of the same password in the place of the one that was there, unless the password was
    /// changed since: nobody is signed out by it.
    pub async fn rehash_user(
        &self,
        realm: &RealmId,
        id: &str,
        before: &str,
        after: &str,
    ) -> Result<(), Fault> {
        let arguments =
            [Value::text(realm.as_str()), Value::text(id), Value::text(before), Value::text(after)];
        let (of, user) = (realm.clone(), id.to_owned());
        self.write(async move |transaction| {
            let sql = "UPDATE users SET password = $4 WHERE realm = $1 AND id = $2 AND password = $3";
            transaction.rows(sql, &arguments).await?;
            transaction.announce_change(&of, Changed::User, &user).await
        })
        .await
    }
}

/// Writes a user in the place of what was there, where anything is another; what came of it where that cannot be.
async fn update(
    transaction: &mut Transaction<'_>,
    realm: &RealmId,
    (before, user): (&User, &User),
) -> Result<Option<Written<User>>, Fault> {
    let row = arguments(realm, user)?;
    if row == arguments(realm, before)? {
        return Ok(None);
    }
    if let Some(taken) = taken(transaction, realm, user).await? {
        return Ok(Some(taken));
    }
    if !owns(transaction, realm, user).await? && is_last_owner(transaction, realm, before).await? {
        return Ok(Some(Written::LastOwner));
    }
    let sql = "UPDATE users SET name = $3, name_key = $4, email = $5, email_key = $6, \
               email_verified_at = $7, password = $8, password_version = $9, must_change = $10, \
               roles = $11, scopes = $12, plan = $13, claims = $14, disabled_at = $15, \
               created_at = $16, seen_at = $17 WHERE realm = $1 AND id = $2";
    transaction.rows(sql, &row).await?;
    transaction.announce_change(realm, Changed::User, &user.id).await?;
    Ok(None)
}

/// Ends what a change takes the ground from.
async fn end_with(
    transaction: &mut Transaction<'_>,
    memory: &Memory,
    realm: &RealmId,
    (before, user): (&User, &User),
    ends: Option<&Ends>,
) -> Result<(), Fault> {
    let is_another = user.password_version != before.password_version;
    // What was mailed on the strength of another password or address opens nothing now.
    if is_another || user.email_key != before.email_key {
        let sql = "DELETE FROM links WHERE realm = $1 AND subject = $2";
        transaction.rows(sql, &[Value::text(realm.as_str()), Value::text(&user.id)]).await?;
    }
    let is_suspended = user.disabled_at.is_some() && before.disabled_at.is_none();
    if let Some(Ends { but, now, until }) = ends
        && (is_another || is_suspended)
    {
        end_sessions(transaction, memory, realm, &user.id, but.as_deref(), (*now, *until)).await?;
    }
    if !is_another {
        return Ok(());
    }
    remove_of(transaction, realm, &Owner::User(user.id.clone()), &[KeyKind::AppPassword]).await
}

/// Whether somebody else has the name or the address.
pub(super) async fn taken<T>(
    transaction: &mut Transaction<'_>,
    realm: &RealmId,
    user: &User,
) -> Result<Option<Written<T>>, Fault> {
    let handles = [
        ("name_key", &user.name_key, Written::NameTaken),
        ("email_key", &user.email_key, Written::EmailTaken),
    ];
    for (column, key, taken) in handles {
        if key.is_empty() {
            continue;
        }
        let sql = format!(
            "SELECT id FROM users WHERE realm = $1 AND {column} = $2 AND {column} <> '' AND id <> $3"
        );
        let arguments = [Value::text(realm.as_str()), Value::text(key), Value::text(&user.id)];
        if !transaction.rows(&sql, &arguments).await?.is_empty() {
            return Ok(Some(taken));
        }
    }
    Ok(None)
}
