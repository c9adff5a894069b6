use identity::{Account, RESERVED_CLAIMS};
use model::ScopeSet;
use serde_json::{Map, Value};

/// What each scope brings (OpenID Connect Core 5.4).
const PROFILE: [&str; 14] = [
    "name",
    "family_name",
    "given_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "updated_at",
];
const EMAIL: [&str; 2] = ["email", "email_verified"];
const PHONE: [&str; 2] = ["phone_number", "phone_number_verified"];
const ADDRESS: [&str; 1] = ["address"];

pub(crate) fn supported() -> Vec<&'static str> {
    let by_scope = [&PROFILE[..], &EMAIL, &PHONE, &ADDRESS].concat();
    ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid"]
        .into_iter()
        .chain(by_scope)
        .collect()
}

/// What is told of an account for these scopes, and for claims that were asked for by name.
pub(crate) fn of_account(account: &Account, scopes: &ScopeSet, by_name: &[String]) -> Map<String, Value> {
    let mut told = Map::new();
    let groups: [(&str, &[&str]); 4] =
        [("profile", &PROFILE), ("email", &EMAIL), ("phone", &PHONE), ("address", &ADDRESS)];
    let by_scope =
        groups.into_iter().filter(|(scope, _)| scopes.contains(scope)).flat_map(|(_, claims)| claims);
    let names = by_scope.copied().chain(by_name.iter().map(String::as_str));
    for name in names.filter(|name| !RESERVED_CLAIMS.contains(name)) {
        if let Some(value) = account.claim(name) {
            told.insert(name.to_owned(), value);
        }
    }
    told.extend(own(account));
    told
}

/// Claims that only the configuration knows: in every token, because no scope brings them.
pub(crate) fn own(account: &Account) -> impl Iterator<Item = (String, Value)> {
    let standard = |name: &str| {
        [&PROFILE[..], &EMAIL, &PHONE, &ADDRESS, &RESERVED_CLAIMS].iter().any(|group| group.contains(&name))
    };
    let own = account.claims.iter().filter(move |(name, _)| !standard(name));
    own.map(|(name, value)| (name.clone(), value.clone()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_scope_brings_its_claims_and_configuration_adds_its_own() {
        let mut alice = identity::default_personas(&ScopeSet::new(), &BTreeSet::new(), &[]).remove(0);
        alice.claims.insert("tenant".to_owned(), "acme".into());
        alice.claims.insert("iss".to_owned(), "https://evil.example".into());
        // Another word for `scope`.
        alice.claims.insert("scp".to_owned(), "books:write".into());
        alice.claims.insert("phone_number".to_owned(), "+1".into());
        let told = |scopes: &str| of_account(&alice, &scopes.parse().unwrap(), &[]);
        assert_eq!(told("openid").keys().collect::<Vec<_>>(), ["tenant"]);
        assert_eq!(told("email")["email"], "alice@example.com");
        assert_eq!(told("profile")["name"], "alice");
        assert!(!told("profile email").contains_key("phone_number"));
        assert_eq!(told("phone")["phone_number"], "+1");
        let named = of_account(&alice, &ScopeSet::new(), &["email".to_owned(), "iss".to_owned()]);
        assert_eq!(named.keys().collect::<Vec<_>>(), ["email", "tenant"]);
    }
}
