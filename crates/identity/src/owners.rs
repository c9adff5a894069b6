use model::{RealmId, Timestamp};
use store::{Fault, Store, User};

/// The role of whoever owns the server: only they make others owners.
pub const OWNER: &str = "lobby:owner";

/// How many users are read at a time.
const PAGE: u32 = 200;

/// Whether this is the only owner who can sign in: without them nobody could make another. Owners are among the
/// first who are found.
pub async fn is_last_owner(store: &Store, realm: &RealmId, user: &User) -> Result<bool, Fault> {
    let is_owner = |user: &User| user.disabled_at.is_none() && user.roles.contains(OWNER);
    let mut after = None::<(Timestamp, String)>;
    while is_owner(user) {
        let from = after.as_ref().map(|(at, id)| (*at, id.as_str()));
        let users = store.users(realm, from, PAGE).await?;
        if users.iter().any(|other| other.id != user.id && is_owner(other)) {
            return Ok(false);
        }
        let Some(last) = users.last() else { return Ok(true) };
        after = Some((last.created_at, last.id.clone()));
    }
    Ok(false)
}
