use model::RealmId;

use crate::{Fault, User, transaction::Transaction, user::by, value::Value};

/// The role of whoever owns a server. Only they make others owners: the last of them who can sign in stays one.
pub const OWNER: &str = "lobby:owner";

/// What came of taking away what somebody signs in with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removed {
    /// It is gone.
    Done,
    /// There was nothing of theirs to take.
    Nothing,
    /// The last owner of the server ([`OWNER`]) could not sign in without it: it stays.
    LastOwner,
    /// Nothing would be left of what is demanded ([`Demand`]): it stays.
    Demanded,
}

/// What a user must have left who takes something away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// Nothing.
    Nothing,
    /// A passkey or an authenticator.
    Factor,
    /// A passkey.
    Passkey,
}

/// Whether somebody owns the server and can sign in.
pub(crate) async fn owns(
    transaction: &mut Transaction<'_>,
    realm: &RealmId,
    user: &User,
) -> Result<bool, Fault> {
    if user.disabled_at.is_some() || !user.roles.contains(OWNER) {
        return Ok(false);
    }
    if !user.password.expose().is_empty() {
        return Ok(true);
    }
    let sql = "SELECT id FROM passkeys WHERE realm = $1 AND user_id = $2 LIMIT 1";
    let passkeys = transaction.rows(sql, &[Value::text(realm.as_str()), Value::text(&user.id)]).await?;
    Ok(!passkeys.is_empty())
}

/// Whether somebody does, and nobody else.
pub(crate) async fn is_last_owner(
    transaction: &mut Transaction<'_>,
    realm: &RealmId,
    user: &User,
) -> Result<bool, Fault> {
    if !owns(transaction, realm, user).await? {
        return Ok(false);
    }
    let sql = "SELECT roles FROM users WHERE realm = $1 AND id <> $2 AND disabled_at = 0 AND roles LIKE $3 AND \
               (password <> '' OR id IN (SELECT user_id FROM passkeys WHERE realm = $1))";
    let quoted = format!("\"{OWNER}\"");
    let role = Value::Text(format!("%{quoted}%"));
    let arguments = [Value::text(realm.as_str()), Value::text(&user.id), role];
    for row in transaction.all_rows(sql, &arguments).await? {
        // SQLite finds it in capitals, too, which are no such role.
        if row.text(0)?.contains(&quoted) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether the server would have no owner who can sign in if this user had no passkeys.
pub(crate) async fn needs_passkeys(
    transaction: &mut Transaction<'_>,
    realm: &RealmId,
    id: &str,
) -> Result<bool, Fault> {
    let Some(user) = by(transaction, "id", realm, id).await? else { return Ok(false) };
    Ok(user.password.expose().is_empty() && is_last_owner(transaction, realm, &user).await?)
}
