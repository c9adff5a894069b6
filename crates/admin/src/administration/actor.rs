use std::{fmt, net::IpAddr};

use http::{HeaderMap, header};
use identity::Try;
use model::Secret;

use super::{Administration, Refused};
use crate::Pending;

/// What somebody may do here, from the least to the most. A user has one by a role of theirs: `lobby:owner`,
/// `lobby:admin`, `lobby:support`, `lobby:auditor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Reads everything, and changes nothing.
    Auditor,
    /// Ends sessions, revokes keys and has resets mailed, too.
    Support,
    /// Changes everything, but who has one of these roles.
    Admin,
    /// Everything.
    Owner,
}

/// What begins the names of our own roles among a user's.
pub(super) const OURS: &str = "lobby:";

/// The role of who may direct the mocks of a server that people have accounts at.
pub const DIRECTOR: &str = "director";

impl Role {
    /// All of them, from the least to the most.
    pub const ALL: [Self; 4] = [Self::Auditor, Self::Support, Self::Admin, Self::Owner];

    /// As it stands among a user's roles.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auditor => "lobby:auditor",
            Self::Support => "lobby:support",
            Self::Admin => "lobby:admin",
            Self::Owner => store::OWNER,
        }
    }

    /// The most that a user's roles give.
    pub fn of<'a>(roles: impl IntoIterator<Item = &'a String>) -> Option<Self> {
        let read = |role: &String| Self::ALL.into_iter().find(|known| known.as_str() == role);
        roles.into_iter().filter_map(read).max()
    }
}

/// Whose an access token is.
#[derive(Debug, Clone)]
pub struct Holder {
    /// The user, by their id.
    pub user: String,
    /// What they may be.
    pub roles: Vec<String>,
}

/// Says whose access token one is: our own guard.
pub trait Badges: Send + Sync {
    /// The holder of a token that is good now, of a user who is not suspended.
    fn holder<'a>(&'a self, token: &'a str) -> Pending<'a, Option<Holder>>;
}

/// Who does something.
#[derive(Debug, Clone)]
pub(super) struct Actor {
    name: String,
    role: Role,
}

impl Actor {
    /// Somebody who is no user, and may everything.
    pub(super) fn machine(name: &str) -> Self {
        Self { name: name.to_owned(), role: Role::Owner }
    }

    pub(super) fn must_be(&self, needed: Role) -> Result<(), Refused> {
        if self.role >= needed { Ok(()) } else { Err(Refused::Role(needed)) }
    }

    /// Refuses who would make somebody more than they are themselves, or less somebody who is more.
    pub(super) fn may_turn<'a>(
        &self,
        before: impl IntoIterator<Item = &'a String>,
        after: impl IntoIterator<Item = &'a String>,
    ) -> Result<(), Refused> {
        let ours = |roles: &mut dyn Iterator<Item = &'a String>| {
            let mut ours: Vec<&String> = roles.filter(|role| role.starts_with(OURS)).collect();
            ours.sort_unstable();
            ours
        };
        let (before, after) = (ours(&mut before.into_iter()), ours(&mut after.into_iter()));
        if before == after { Ok(()) } else { self.must_be(Role::Owner) }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Administration {
    /// Whose call it is, by its `Authorization`, and from where.
    pub(super) async fn recognise(&self, headers: &HeaderMap, from: IpAddr) -> Result<Actor, Refused> {
        let mut fields = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(field), None) = (fields.next(), fields.next()) else { return Err(Refused::Token) };
        let token = field.to_str().ok().and_then(|text| text.split_once(' '));
        let (_, token) =
            token.filter(|(word, _)| word.eq_ignore_ascii_case("bearer")).ok_or(Refused::Token)?;
        let token = token.trim();
        let is_ours = |own: &Option<Secret<String>>| {
            own.as_ref().is_some_and(|own| !own.expose().is_empty() && own.matches(token.as_bytes()))
        };
        if is_ours(&self.lock_token) {
            return Ok(Actor::machine("token"));
        }
        if let Some(badges) = &self.badges
            && let Some(holder) = badges.holder(token).await
        {
            let role = Role::of(&holder.roles).ok_or(Refused::Role(Role::Auditor))?;
            return Ok(Actor { name: format!("user:{}", holder.user), role });
        }
        // What somebody chose may be guessed at: from where too many fail, nobody hears whether one is right.
        let guess = Try { realm: &self.realm, from, account: "LOBBY_ADMIN_TOKEN", now: self.clock.now() };
        if let Some((attempts, rules)) = &self.guesses {
            attempts.sources().wait(&guess, rules).map_or(Ok(()), |wait| Err(Refused::Limited(wait)))?;
        }
        if is_ours(&self.admin_token) {
            return Ok(Actor::machine("token"));
        }
        if let Some((attempts, rules)) = &self.guesses {
            let _ = attempts.sources().fail(&guess, rules);
        }
        Err(Refused::Token)
    }
}

/// No page of another site calls here, whatever it found out.
pub(super) fn refuse_pages(headers: &HeaderMap) -> Result<(), Refused> {
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let host = headers.get(header::HOST).map(header::HeaderValue::as_bytes);
    let of =
        origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, host)| host.as_bytes());
    if of.is_some() && of == host { Ok(()) } else { Err(Refused::Origin) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_of_several_roles_counts_and_others_are_none() {
        let roles = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(Role::of(&roles(&["lobby:auditor", "lobby:admin", "owner"])), Some(Role::Admin));
        assert_eq!(Role::of(&roles(&["admin", "lobby:", "lobby:Owner"])), None);
    }

    #[test]
    fn who_is_no_owner_makes_none_and_unmakes_none() {
        let admin = Actor { name: "user:a".to_owned(), role: Role::Admin };
        let (reader, owner) = (vec!["reader".to_owned()], vec!["lobby:owner".to_owned()]);
        assert!(admin.may_turn(&[], &reader).is_ok());
        assert!(admin.may_turn(&reader, &owner).is_err());
        assert!(admin.may_turn(&owner, &reader).is_err());
        assert!(Actor::machine("cli").may_turn(&reader, &owner).is_ok());
    }
}
