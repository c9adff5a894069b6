use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use model::{ScopeSet, Secret};
use serde_json::Map;

use crate::{Account, BuiltIn, password::Stored};

/// The password of a persona that has none written.
pub fn default_password(name: &str) -> String {
    format!("{name}-password")
}

/// The e-mail address of a persona, unless its claims say otherwise: verified.
pub fn default_email(name: &str) -> (String, bool) {
    (format!("{name}@example.com"), true)
}

/// The key or cookie value of a persona for a scheme, where none is written.
pub fn default_key(name: &str, scheme: &str) -> String {
    format!("{name}-{scheme}-key")
}

/// Who there is when nobody is configured (control.md, default 6): `alice` with every scope and role, `guest`
/// with none, `suspended` as alice but switched off. `schemes` are the names of the schemes that want a key.
pub fn default_personas(scopes: &ScopeSet, roles: &BTreeSet<String>, schemes: &[&str]) -> Vec<Account> {
    let persona = |name: &str, scopes: &ScopeSet, roles: &BTreeSet<String>, disabled: bool| {
        let keys: BTreeMap<_, _> = schemes
            .iter()
            .map(|scheme| ((*scheme).to_owned(), Secret::new(default_key(name, scheme))))
            .collect();
        Account {
            id: name.to_owned(),
            name: name.to_owned(),
            email: Some(default_email(name)),
            password: Stored::Written(Secret::new(default_password(name))),
            keys,
            roles: Arc::new(roles.clone()),
            scopes: scopes.clone(),
            plan: None,
            claims: Map::new(),
            disabled,
            scenario: None,
            built_in: BuiltIn::default(),
            must_change: false,
            password_version: 0,
        }
    };
    vec![
        persona("alice", scopes, roles, false),
        persona("guest", &ScopeSet::new(), &BTreeSet::new(), false),
        persona("suspended", scopes, roles, true),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alice_has_everything_guest_nothing_and_suspended_is_switched_off() {
        let scopes: ScopeSet = "books:read books:write".parse().unwrap();
        let roles = BTreeSet::from(["admin".to_owned()]);
        let personas = default_personas(&scopes, &roles, &["badge"]);
        assert_eq!(personas[0].scopes, scopes);
        assert_eq!(*personas[0].roles, roles);
        assert!(personas[0].keys["badge"].matches(b"alice-badge-key"));
        assert!(personas[1].scopes.is_empty() && personas[1].roles.is_empty() && !personas[1].disabled);
        assert!(personas[2].disabled && personas[2].scopes == scopes);
        assert_eq!(personas[2].password, Stored::Written(Secret::new("suspended-password".to_owned())));
    }

    #[test]
    fn a_claim_that_is_written_replaces_the_one_that_is_made_up() {
        let mut alice = default_personas(&ScopeSet::new(), &BTreeSet::new(), &[]).remove(0);
        assert_eq!(alice.subject(), "alice");
        assert_eq!(alice.claim("email").unwrap(), "alice@example.com");
        assert_eq!(alice.claim("phone_number"), None);
        alice.claims.insert("sub".to_owned(), "user-1".into());
        assert_eq!(alice.subject(), "user-1");
    }
}
