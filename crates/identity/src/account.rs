use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use model::{Scope, ScopeSet, Secret};
use serde_json::{Map, Value};
use store::User;

use crate::password::{Phc, Stored};

/// Among the scopes of a user: every one that the APIs declare.
pub const EVERY_SCOPE: &str = "*";

/// Claims that say what a token is, not who somebody is: nothing written of an account replaces them, but for the
/// `sub` of a persona.
pub const RESERVED_CLAIMS: [&str; 21] = [
    "iss",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "sub",
    "azp",
    "nonce",
    "at_hash",
    "c_hash",
    "acr",
    "amr",
    "auth_time",
    "sid",
    "cnf",
    "scope",
    "scp",
    "client_id",
    "lobby_at",
    "roles",
];

/// What a persona has beside its password from the start, without anybody having registered it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BuiltIn {
    /// An authenticator app.
    pub totp: bool,
    /// A passkey.
    pub passkey: bool,
}

/// Somebody who can sign in: a persona of a mock, or a user.
#[derive(Debug, Clone)]
pub struct Account {
    /// By which the rest of the house knows it: a persona's name, a user's [`User::id`].
    pub id: String,
    /// What it is called: what a persona types, a user's name or else e-mail address.
    pub name: String,
    /// Its e-mail address, and whether it is known to be its own.
    pub email: Option<(String, bool)>,
    /// Its password.
    pub password: Stored,
    /// The API key, or the cookie's value, for each scheme of the document, by the scheme's name.
    pub keys: BTreeMap<String, Secret<String>>,
    /// What it may be.
    pub roles: Arc<BTreeSet<String>>,
    /// What it may give to clients, of the APIs' scopes.
    pub scopes: ScopeSet,
    /// Its subscription tier.
    pub plan: Option<String>,
    /// Claims that replace or add to the ones that are made up (control.md, default 6).
    pub claims: Map<String, Value>,
    /// Whether it is suspended.
    pub disabled: bool,
    /// The play that its requests are given, as it is written.
    pub scenario: Option<String>,
    /// What a persona has beside its password.
    pub built_in: BuiltIn,
    /// Whether the next sign-in has to choose another password.
    pub must_change: bool,
    /// Counts a user's passwords: a session that was opened with another one is over.
    pub password_version: u32,
}

impl Account {
    /// A user's account.
    pub fn of_user(user: &User) -> Self {
        let mut claims = user.claims.clone();
        // Only a persona has another subject than its id: a user with somebody's would be them.
        claims.remove("sub");
        Self {
            id: user.id.clone(),
            name: if user.name.is_empty() { user.email.clone() } else { user.name.clone() },
            email: (!user.email.is_empty()).then(|| (user.email.clone(), user.email_verified_at.is_some())),
            password: stored(user),
            keys: BTreeMap::new(),
            roles: user.roles.clone(),
            scopes: user.scopes.clone(),
            plan: user.plan.as_deref().map(str::to_owned),
            claims,
            disabled: user.disabled_at.is_some(),
            scenario: None,
            built_in: BuiltIn::default(),
            must_change: user.must_change,
            password_version: user.password_version,
        }
    }

    /// The account of a persona who changed something of it in this realm: kept as a user of the same id.
    pub(crate) fn of_persona(persona: &Self, changed: &User) -> Self {
        let password = match stored(changed) {
            Stored::None => persona.password.clone(),
            password => password,
        };
        let email =
            (!changed.email.is_empty()).then(|| (changed.email.clone(), changed.email_verified_at.is_some()));
        Self {
            password,
            password_version: changed.password_version,
            email: email.or_else(|| persona.email.clone()),
            ..persona.clone()
        }
    }

    /// `sub`: the id, unless `claims` say otherwise.
    pub fn subject(&self) -> &str {
        self.claims.get("sub").and_then(Value::as_str).unwrap_or(&self.id)
    }

    /// Whether it has whatever the APIs declare.
    pub fn has_every_scope(&self) -> bool {
        self.scopes.contains(EVERY_SCOPE)
    }

    /// What it has of these scopes, which are the APIs'.
    pub fn has_of(&self, scopes: &ScopeSet) -> ScopeSet {
        has_of(&self.scopes, scopes)
    }

    /// What a key or a password of it holds: nothing was asked for, so its own scopes, and those of OpenID
    /// Connect, which are everyone's (control.md, default 6).
    pub fn held_scopes(&self) -> ScopeSet {
        let openid = Scope::OPENID.iter().filter_map(|scope| scope.parse().ok()).collect();
        self.scopes.joined(&openid)
    }

    /// The password as it is written: a persona's. Empty for whoever has none that could be shown.
    pub fn written_password(&self) -> &str {
        match &self.password {
            Stored::Written(written) => written.expose(),
            Stored::Hashed(_) | Stored::None => "",
        }
    }

    /// The value of a standard claim (OpenID Connect Core 5.1): what `claims` say, else what is known; `None` for what it has not.
    pub fn claim(&self, name: &str) -> Option<Value> {
        if let Some(written) = self.claims.get(name) {
            return Some(written.clone());
        }
        match name {
            "sub" => Some(Value::from(self.subject())),
            "name" | "preferred_username" => Some(Value::from(self.name.as_str())),
            "email" => self.email.as_ref().map(|(email, _)| Value::from(email.as_str())),
            "email_verified" => self.email.as_ref().map(|(_, verified)| Value::Bool(*verified)),
            _ => None,
        }
    }
}

/// What whoever has `own` has of these scopes, which are the APIs'.
pub(crate) fn has_of(own: &ScopeSet, scopes: &ScopeSet) -> ScopeSet {
    let every = own.contains(EVERY_SCOPE);
    let has = |scope: &&Scope| !scope.is_openid() && (every || own.contains(scope.as_str()));
    scopes.iter().filter(has).cloned().collect()
}

/// How a user's password is kept. A hash that cannot be read is nobody's password.
fn stored(user: &User) -> Stored {
    Phc::parse(user.password.expose()).map_or(Stored::None, Stored::Hashed)
}

#[cfg(test)]
mod tests {
    use model::Timestamp;

    use super::*;

    #[test]
    fn a_user_has_no_other_subject_than_the_id_whatever_is_written() {
        let mut user = User::new("mallory".to_owned(), Timestamp::from_seconds(1));
        user.claims.insert("sub".to_owned(), "owner".into());
        user.claims.insert("tenant".to_owned(), "acme".into());
        let account = Account::of_user(&user);
        assert_eq!((account.subject(), account.claim("sub")), ("mallory", Some("mallory".into())));
        assert_eq!(account.claim("tenant"), Some("acme".into()));
    }
}
