use model::RealmId;

use crate::{Fault, User, transaction::Transaction, value::Value};

/// The role of whoever owns a server. Only they make others owners: the last of them who can sign in stays one.
pub const OWNER: &str = "lobby:owner";

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
    let sql = "SELECT id FROM users WHERE realm = $1 AND id <> $2 AND disabled_at = 0 AND roles LIKE $3                AND (password <> '' OR id IN (SELECT user_id FROM passkeys WHERE realm = $1)) LIMIT 1";
    let role = Value::Text(format!("%\"{OWNER}\"%"));
    let arguments = [Value::text(realm.as_str()), Value::text(&user.id), role];
    Ok(transaction.all_rows(sql, &arguments).await?.is_empty())
}
