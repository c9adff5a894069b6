//! People and what is theirs.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use model::{RealmId, Secret};
use store::{Demand, Ends, Grant, Handle, Link, OWNER, Removed, Session, Store, User, Written};

use crate::{FAMILY, NOW, begun, factors::passkey, grant, session};

claims!(
    a_user_comes_back_as_they_were_written_and_in_their_realm_alone,
    a_name_and_an_address_are_one_persons,
    a_change_is_seen_at_once_and_counts_passwords,
    a_user_that_is_removed_leaves_nothing_and_holds_nothing,
    the_last_owner_who_can_sign_in_stays_one,
    what_hangs_on_a_password_ends_in_the_same_transaction,
    users_are_listed_from_the_oldest_a_page_at_a_time,
    consent_that_is_withdrawn_takes_its_tokens_with_it,
    a_client_that_is_removed_takes_all_its_refresh_tokens_along_and_says_so_once,
    all_sessions_of_a_user_end_but_one,
    refresh_tokens_end_with_all_sessions_whatever_they_came_from,
    a_mailed_link_ends_with_the_password_or_the_address_it_was_mailed_for,
    whoever_is_new_is_not_refused_for_who_had_the_name,
);

pub(crate) fn user(id: &str, name: &str) -> User {
    User {
        id: id.to_owned(),
        name: name.to_uppercase(),
        name_key: name.to_owned(),
        email: String::new(),
        email_key: String::new(),
        email_verified_at: None,
        password: Secret::new("$argon2id$1".to_owned()),
        password_version: 1,
        must_change: false,
        roles: Arc::new(BTreeSet::from(["a role".to_owned(), "b".to_owned()])),
        scopes: "books:read".parse().unwrap(),
        plan: Some("free".into()),
        claims: serde_json::from_str(r#"{"tenant":"acme"}"#).unwrap(),
        disabled_at: None,
        created_at: NOW,
        seen_at: None,
    }
}

fn with_email(id: &str, email: &str) -> User {
    User { email: email.to_owned(), email_key: email.to_owned(), ..user(id, "") }
}

async fn add(store: &Store, realm: &RealmId, user: User) {
    assert!(matches!(store.add_user(realm, user).await.unwrap(), Written::Done(())));
}

async fn a_user_comes_back_as_they_were_written_and_in_their_realm_alone(store: Store, realm: RealmId) {
    assert!(store.user(&realm, "u1").await.unwrap().is_none());
    add(&store, &realm, user("u1", "ana")).await;
    let found = store.user(&realm, "u1").await.unwrap().unwrap();
    assert_eq!(format!("{found:?}"), format!("{:?}", user("u1", "ana")));
    assert_eq!(found.password.expose(), "$argon2id$1");
    assert_eq!(store.find_user(&realm, Handle::Name("ana")).await.unwrap().unwrap().id, "u1");
    assert!(store.find_user(&realm, Handle::Name("")).await.unwrap().is_none());
    assert!(store.find_user(&realm, Handle::Email("ana")).await.unwrap().is_none());
    let other = RealmId::new(&format!("not {}", realm.as_str()));
    assert!(store.user(&other, "u1").await.unwrap().is_none());
    assert!(store.find_user(&other, Handle::Name("ana")).await.unwrap().is_none());
    assert!(store.users(&other, None, 10).await.unwrap().is_empty());
    assert!(matches!(store.change_user(&other, "u1", |_| ()).await.unwrap(), Written::Unknown));
    assert!(matches!(store.remove_user(&other, "u1", NOW, NOW).await.unwrap(), Written::Unknown));
    assert!(store.sessions_of(&other, "u1").await.unwrap().is_empty());
    assert!(store.consents(&other, "u1").await.unwrap().is_empty());
    assert!(store.user(&realm, "u1").await.unwrap().is_some());
}

async fn a_name_and_an_address_are_one_persons(store: Store, realm: RealmId) {
    add(&store, &realm, user("u1", "ana")).await;
    assert!(matches!(store.add_user(&realm, user("u2", "ana")).await.unwrap(), Written::NameTaken));
    add(&store, &realm, with_email("u2", "a@b.example")).await;
    let again = store.add_user(&realm, with_email("u3", "a@b.example")).await.unwrap();
    assert!(matches!(again, Written::EmailTaken));
    add(&store, &realm, with_email("u3", "")).await;
    add(&store, &realm, with_email("u4", "")).await;
    let stolen = store.change_user(&realm, "u3", |user| "ana".clone_into(&mut user.name_key)).await.unwrap();
    assert!(matches!(stolen, Written::NameTaken));
    assert_eq!(store.user(&realm, "u3").await.unwrap().unwrap().name_key, "");
}

async fn a_change_is_seen_at_once_and_counts_passwords(store: Store, realm: RealmId) {
    add(&store, &realm, user("u1", "ana")).await;
    assert_eq!(store.user(&realm, "u1").await.unwrap().unwrap().password_version, 1);
    let changed = store
        .change_user(&realm, "u1", |user| {
            user.password = Secret::new("$argon2id$2".to_owned());
            user.disabled_at = Some(NOW);
            "else".clone_into(&mut user.id);
        })
        .await;
    assert!(matches!(changed.unwrap(), Written::Done(user) if user.password_version == 2));
    let found = store.user(&realm, "u1").await.unwrap().unwrap();
    assert_eq!((found.password_version, found.disabled_at), (2, Some(NOW)));
    assert!(store.user(&realm, "else").await.unwrap().is_none());
}

async fn a_user_that_is_removed_leaves_nothing_and_holds_nothing(store: Store, realm: RealmId) {
    add(&store, &realm, user("alice", "alice")).await;
    begun(&store, &realm).await;
    store.open_session(&realm, [1; 32], session(), None).await.unwrap();
    store.record_consent(&realm, "app", "alice", &"a".parse().unwrap(), NOW).await.unwrap();
    assert!(store.user(&realm, "alice").await.unwrap().is_some());
    assert!(store.session(&realm, [1; 32]).await.unwrap().is_some());
    let until = NOW.plus(Duration::from_secs(600));
    assert!(matches!(store.remove_user(&realm, "alice", NOW, until).await.unwrap(), Written::Done(())));
    assert!(store.user(&realm, "alice").await.unwrap().is_none());
    assert!(store.session(&realm, [1; 32]).await.unwrap().is_none());
    assert!(store.consents(&realm, "alice").await.unwrap().is_empty());
    assert!(store.family(&realm, FAMILY).await.unwrap().unwrap().revoked);
    assert!(store.is_revoked(&realm, Some(&format!("{FAMILY}jti")), None));
    assert!(store.is_revoked(&realm, None, Some("alice")), "whatever names them");
    assert!(matches!(store.remove_user(&realm, "alice", NOW, until).await.unwrap(), Written::Unknown));
}

async fn the_last_owner_who_can_sign_in_stays_one(store: Store, realm: RealmId) {
    let owner = |id: &str| User { roles: Arc::new([OWNER.to_owned()].into()), ..user(id, id) };
    let without = |id: &str| User { password: Secret::new(String::new()), ..owner(id) };
    add(&store, &realm, owner("ana")).await;
    add(&store, &realm, user("reader", "reader")).await;
    add(&store, &realm, without("invited")).await;
    add(&store, &realm, User { disabled_at: Some(NOW), ..owner("suspended") }).await;
    add(&store, &realm, User { roles: Arc::new(["Lobby:Owner".to_owned()].into()), ..user("loud", "loud") })
        .await;
    let remove = async |id: &str| store.remove_user(&realm, id, NOW, NOW).await.unwrap();
    assert!(matches!(remove("ana").await, Written::LastOwner));
    for change in [
        |user: &mut User| user.roles = Arc::default(),
        |user: &mut User| user.disabled_at = Some(NOW),
        |user: &mut User| user.password = Secret::new(String::new()),
    ] {
        let changed = store.change_user(&realm, "ana", change).await.unwrap();
        assert!(matches!(changed, Written::LastOwner), "{changed:?}");
    }
    let renamed = store.change_user(&realm, "ana", |user| "Ana".clone_into(&mut user.name)).await.unwrap();
    assert!(matches!(renamed, Written::Done(_)));
    // Who has a passkey alone can sign in.
    store.add_passkey(&realm, passkey("p1", "invited"), 9).await.unwrap();
    // Of two who go at once one stays.
    let (one, other) = tokio::join!(remove("ana"), remove("invited"));
    let last = if matches!(one, Written::LastOwner) { "ana" } else { "invited" };
    let gone = [one, other].iter().filter(|removed| matches!(removed, Written::Done(()))).count();
    assert_eq!(gone, 1);
    assert!(matches!(remove("reader").await, Written::Done(())));
    // Who has nothing but passkeys keeps the last of them.
    let to_passkeys = |user: &mut User| user.password = Secret::new(String::new());
    for id in ["p2", "p3"] {
        store.add_passkey(&realm, passkey(id, last), 9).await.unwrap();
    }
    assert!(matches!(store.change_user(&realm, last, to_passkeys).await.unwrap(), Written::Done(_)));
    assert_eq!(store.remove_factors(&realm, last).await.unwrap(), Removed::LastOwner);
    let mut ids: Vec<String> =
        store.passkeys_of(&realm, last).await.unwrap().into_iter().map(|passkey| passkey.id).collect();
    let kept = ids.pop().unwrap();
    for id in ids {
        assert_eq!(
            store.remove_passkey(&realm, last, &id, Demand::Nothing).await.unwrap(),
            Removed::Done,
            "{id}"
        );
    }
    assert_eq!(
        store.remove_passkey(&realm, last, "another's", Demand::Nothing).await.unwrap(),
        Removed::Nothing
    );
    assert_eq!(store.remove_passkey(&realm, last, &kept, Demand::Nothing).await.unwrap(), Removed::LastOwner);
}

async fn what_hangs_on_a_password_ends_in_the_same_transaction(store: Store, realm: RealmId) {
    add(&store, &realm, user("alice", "Alice")).await;
    store.open_session(&realm, [1; 32], session(), None).await.unwrap();
    let ends = |but: Option<&str>| Ends {
        but: but.map(str::to_owned),
        now: NOW,
        until: NOW.plus(Duration::from_secs(100)),
    };
    let change = async |but: Option<&str>, change: fn(&mut User)| {
        let changed = store.change_user_and_end(&realm, "alice", change, ends(but)).await.unwrap();
        assert!(matches!(changed, Written::Done(_)));
        !store.is_revoked(&realm, None, Some("session"))
    };
    assert!(change(None, |user| user.plan = Some("free".into())).await, "nothing hangs on that");
    let another = |user: &mut User| user.password = Secret::new("$argon2id$9".to_owned());
    assert!(change(Some("session"), another).await);
    assert!(!change(None, |user| user.disabled_at = Some(NOW)).await);
    assert!(store.sessions_of(&realm, "alice").await.unwrap().is_empty());
}

async fn users_are_listed_from_the_oldest_a_page_at_a_time(store: Store, realm: RealmId) {
    for (place, id) in ["c", "a", "b"].into_iter().enumerate() {
        let created_at = NOW.plus(Duration::from_secs(place as u64 / 2));
        add(&store, &realm, User { created_at, ..user(id, id) }).await;
    }
    let ids = |users: &[User]| users.iter().map(|user| user.id.clone()).collect::<Vec<_>>();
    let first = store.users(&realm, None, 2).await.unwrap();
    assert_eq!(ids(&first), ["a", "c"]);
    let last = first.last().unwrap();
    let rest = store.users(&realm, Some((last.created_at, &last.id)), 2).await.unwrap();
    assert_eq!(ids(&rest), ["b"]);
}

async fn consent_that_is_withdrawn_takes_its_tokens_with_it(store: Store, realm: RealmId) {
    begun(&store, &realm).await;
    for client in ["app", "other"] {
        store.record_consent(&realm, client, "alice", &"a".parse().unwrap(), NOW).await.unwrap();
    }
    store.withdraw_consent(&realm, "other", "alice", NOW, NOW).await.unwrap();
    assert!(!store.family(&realm, FAMILY).await.unwrap().unwrap().revoked, "another client's");
    store.withdraw_consent(&realm, &grant().client, "alice", NOW, NOW).await.unwrap();
    assert!(store.family(&realm, FAMILY).await.unwrap().unwrap().revoked);
    assert!(store.consents(&realm, "alice").await.unwrap().is_empty());
}

async fn all_sessions_of_a_user_end_but_one(store: Store, realm: RealmId) {
    for (number, sid) in [(1, "one"), (2, "two"), (3, "three")] {
        let session = Session { sid: sid.to_owned(), ..session() };
        store.open_session(&realm, [number; 32], session, None).await.unwrap();
    }
    store.end_sessions_of(&realm, "alice", Some("two"), NOW, NOW).await.unwrap();
    let left = store.sessions_of(&realm, "alice").await.unwrap();
    assert_eq!(left.iter().map(|session| session.sid.as_str()).collect::<Vec<_>>(), ["two"]);
    assert!(store.session(&realm, [1; 32]).await.unwrap().is_none());
    assert!(store.session(&realm, [2; 32]).await.unwrap().is_some());
}

/// Those of a session that is gone, and of a device, which never had one.
async fn refresh_tokens_end_with_all_sessions_whatever_they_came_from(store: Store, realm: RealmId) {
    let until = NOW.plus(Duration::from_secs(600));
    for (family, sid) in [("of a device", None), ("of one gone", Some("gone")), ("kept", Some("kept"))] {
        let grant = Grant { sid: sid.map(str::to_owned), ..grant() };
        assert!(store.begin_family(&realm, family, &grant, NOW, until).await.unwrap());
    }
    store.end_sessions_of(&realm, "alice", Some("kept"), NOW, until).await.unwrap();
    for (family, revoked) in [("of a device", true), ("of one gone", true), ("kept", false)] {
        assert_eq!(store.family(&realm, family).await.unwrap().unwrap().revoked, revoked, "{family}");
    }
}

/// What is done to a user.
type Change = fn(&mut User);

async fn a_mailed_link_ends_with_the_password_or_the_address_it_was_mailed_for(store: Store, realm: RealmId) {
    add(&store, &realm, with_email("u1", "a@b.example")).await;
    let changes: [(bool, Change); 3] = [
        (true, |user| user.plan = None),
        (false, |user| user.password = Secret::new("$argon2id$2".to_owned())),
        (false, |user| "c@d.example".clone_into(&mut user.email_key)),
    ];
    for (stays, change) in changes {
        for (token, subject) in [(1, "u1"), (2, "u2")] {
            let link = Link {
                purpose: "email".to_owned(),
                subject: subject.to_owned(),
                record: "{}".to_owned(),
                expires_at: NOW.plus(Duration::from_secs(900)),
            };
            store.keep_link(&realm, [token; 32], link).await.unwrap();
        }
        store.change_user(&realm, "u1", change).await.unwrap();
        assert_eq!(store.link(&realm, [1; 32], NOW).await.unwrap().is_some(), stays);
        assert!(store.link(&realm, [2; 32], NOW).await.unwrap().is_some(), "another's");
    }
}

async fn whoever_is_new_is_not_refused_for_who_had_the_name(store: Store, realm: RealmId) {
    let until = NOW.plus(Duration::from_secs(600));
    add(&store, &realm, user("alice", "alice")).await;
    assert!(matches!(store.remove_user(&realm, "alice", NOW, until).await.unwrap(), Written::Done(())));
    assert!(store.is_revoked(&realm, None, Some("alice")));
    add(&store, &realm, user("alice", "alice")).await;
    assert!(!store.is_revoked(&realm, None, Some("alice")));
}

async fn a_client_that_is_removed_takes_all_its_refresh_tokens_along_and_says_so_once(
    store: Store,
    realm: RealmId,
) {
    let client = store::Client {
        id: grant().client,
        secret: None,
        terms: store::ClientTerms::default(),
        created_at: NOW,
        disabled_at: None,
    };
    assert!(store.add_client(&realm, client).await.unwrap());
    let until = NOW.plus(Duration::from_secs(100));
    for number in 0..=400 {
        assert!(store.begin_family(&realm, &format!("{number:022}"), &grant(), NOW, until).await.unwrap());
        let subject = format!("u{number}");
        store.record_consent(&realm, &grant().client, &subject, &grant().scopes, NOW).await.unwrap();
    }
    let other = Grant { client: "other".to_owned(), ..grant() };
    assert!(store.begin_family(&realm, FAMILY, &other, NOW, until).await.unwrap());
    let entry = store::AuditEntry {
        at: NOW,
        actor: "cli".to_owned(),
        address: String::new(),
        action: "client.remove".to_owned(),
        target: "client:app".to_owned(),
        detail: serde_json::Map::new(),
    };
    let audited = store.audited(&realm, entry);
    assert!(audited.remove_client(&realm, &grant().client, NOW, until).await.unwrap());
    assert!(!audited.remove_client(&realm, &grant().client, NOW, until).await.unwrap());
    assert_eq!(store.audit(&realm, None, 9).await.unwrap().len(), 1);
    assert!(store.clients(&realm).await.unwrap().is_empty());
    for number in [0, 199, 200, 400] {
        let family = format!("{number:022}");
        assert!(store.family(&realm, &family).await.unwrap().unwrap().revoked, "{number}");
        assert!(store.is_revoked(&realm, Some(&family), None));
        let subject = format!("u{number}");
        assert!(store.consent(&realm, &grant().client, &subject).await.unwrap().is_empty());
    }
    assert!(!store.family(&realm, FAMILY).await.unwrap().unwrap().revoked, "another client's");
}
