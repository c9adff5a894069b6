//! API keys and app passwords.

use std::{future::poll_fn, pin::pin, sync::Arc, task::Poll, time::Duration};

use model::{RealmId, Timestamp};
use store::{Key, KeyKind, Location, Mail, Owner, Store};

use crate::{NOW, users::user};

claims!(
    a_key_comes_back_as_it_was_told_and_in_its_realm_alone,
    a_key_that_is_withdrawn_is_seen_at_once,
    what_is_written_is_seen_after_some_who_wrote_have_gone,
    a_key_is_withdrawn_in_memory_although_who_asked_for_it_has_gone,
    a_key_and_its_successor_both_open_for_a_while,
    keys_are_listed_by_owner_a_page_at_a_time,
    uses_are_counted_by_operation_and_added_to_what_was_written,
    a_user_that_is_removed_takes_their_keys_along,
    an_app_password_ends_with_the_password_that_it_stands_for,
    app_passwords_that_open_are_listed_however_many_keys_there_are,
    of_many_app_passwords_that_are_made_at_once_no_more_open_than_may,
    a_key_that_ends_is_told_of_once_by_one_of_many,
);

pub(crate) fn key(id: &str, owner: Owner) -> Key {
    Key {
        id: id.to_owned(),
        kind: KeyKind::ApiKey,
        hash: [7; 32],
        owner,
        name: "the build".to_owned(),
        scopes: "books:read".parse().unwrap(),
        plan: Some("free".into()),
        addresses: vec!["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()],
        created_at: NOW,
        expires_at: Some(later(100)),
        revoked_at: None,
        replaces: None,
    }
}

fn alice() -> Owner {
    Owner::User("alice".to_owned())
}

fn later(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

async fn a_key_comes_back_as_it_was_told_and_in_its_realm_alone(store: Store, realm: RealmId) {
    assert_eq!(store.key(&realm, "k1").await.unwrap(), None);
    assert!(store.add_key(&realm, key("k1", alice())).await.unwrap());
    assert!(!store.add_key(&realm, key("k1", alice())).await.unwrap());
    assert_eq!(store.key(&realm, "k1").await.unwrap().as_deref(), Some(&key("k1", alice())));
    let bare = Key {
        kind: KeyKind::AppPassword,
        plan: None,
        addresses: Vec::new(),
        expires_at: None,
        ..key("k2", Owner::Team("ops".to_owned()))
    };
    assert!(store.add_key(&realm, bare.clone()).await.unwrap());
    assert_eq!(store.key(&realm, "k2").await.unwrap().as_deref(), Some(&bare));
    let other = RealmId::new(&format!("not {}", realm.as_str()));
    assert_eq!(store.key(&other, "k1").await.unwrap(), None);
    assert!(store.keys(&other, None, None, 10).await.unwrap().is_empty());
    assert_eq!(store.revoke_key(&other, "k1", NOW).await.unwrap(), None);
    let successor = key("k3", alice());
    assert_eq!(store.rotate_key(&other, "k1", successor, NOW, later(10)).await.unwrap(), None);
    store.memory(&realm).note_key_use("k1", "a/b", [127, 0, 0, 1].into(), NOW);
    assert!(store.key_uses(&other, "k1").await.unwrap().is_empty());
    store.forget_realm(&realm).await.unwrap();
    assert_eq!(store.key(&realm, "k1").await.unwrap(), None);
}

async fn a_key_that_is_withdrawn_is_seen_at_once(store: Store, realm: RealmId) {
    store.add_key(&realm, key("k1", alice())).await.unwrap();
    assert_eq!(store.key(&realm, "k1").await.unwrap().unwrap().revoked_at, None);
    assert_eq!(store.revoke_key(&realm, "k1", NOW).await.unwrap().unwrap().revoked_at, Some(NOW));
    assert_eq!(store.key(&realm, "k1").await.unwrap().unwrap().revoked_at, Some(NOW));
    let again = store.revoke_key(&realm, "k1", later(5)).await.unwrap().unwrap();
    assert_eq!(again.revoked_at, Some(NOW), "it keeps its time");
}

/// Also those that hang up while their transactions begin: nobody is lent a connection within one.
async fn what_is_written_is_seen_after_some_who_wrote_have_gone(store: Store, realm: RealmId) {
    let store = Arc::new(store);
    for wakes in 0..8 {
        let mut gone: Vec<_> =
            (0..16).map(|_| Some(Box::pin(store.revoke_key(&realm, "none", NOW)))).collect();
        let mut left = wakes;
        poll_fn(|context| {
            for one in &mut gone {
                if one.as_mut().is_some_and(|one| one.as_mut().poll(context).is_ready()) {
                    *one = None;
                }
            }
            left -= 1;
            if left < 0 || gone.iter().all(Option::is_none) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        drop(gone);
        for id in ["one", "two"].map(|id| format!("{id}{wakes}")) {
            store.add_key(&realm, key(&id, alice())).await.unwrap();
            let seen = (0..16).map(|_| {
                let (store, realm) = (store.clone(), realm.clone());
                tokio::spawn(async move { store.keys(&realm, None, None, 99).await.unwrap() })
            });
            for seen in seen.collect::<Vec<_>>() {
                assert!(seen.await.unwrap().iter().any(|key| key.id == id), "{id}");
            }
        }
    }
}

/// A client that hangs up drops what its request waits for, at whatever point that is.
async fn a_key_is_withdrawn_in_memory_although_who_asked_for_it_has_gone(store: Store, realm: RealmId) {
    let revoked_at = async |id: &str| store.key(&realm, id).await.unwrap().unwrap().revoked_at;
    for waits in 0..40 {
        let id = format!("k{waits:02}");
        store.add_key(&realm, key(&id, alice())).await.unwrap();
        assert_eq!(revoked_at(&id).await, None);
        let mut left = waits;
        let mut revocation = pin!(store.revoke_key(&realm, &id, NOW));
        poll_fn(|context| match revocation.as_mut().poll(context) {
            Poll::Pending if left > 0 => {
                left -= 1;
                Poll::Pending
            }
            Poll::Pending | Poll::Ready(_) => Poll::Ready(()),
        })
        .await;
    }
    let agrees = async {
        for stored in store.keys(&realm, None, None, 1000).await.unwrap() {
            while revoked_at(&stored.id).await != stored.revoked_at {
                tokio::task::yield_now().await;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(1), agrees).await.unwrap();
}

async fn a_key_and_its_successor_both_open_for_a_while(store: Store, realm: RealmId) {
    store.add_key(&realm, key("k1", alice())).await.unwrap();
    assert!(store.key(&realm, "k1").await.unwrap().is_some());
    let old = store.rotate_key(&realm, "k1", key("k2", alice()), NOW, later(10)).await.unwrap().unwrap();
    assert_eq!(old.expires_at, Some(later(10)));
    assert_eq!(store.key(&realm, "k1").await.unwrap().unwrap().expires_at, Some(later(10)));
    assert_eq!(store.key(&realm, "k2").await.unwrap().unwrap().replaces.as_deref(), Some("k1"));
    let beyond = store.rotate_key(&realm, "k2", key("k3", alice()), NOW, later(1000)).await.unwrap().unwrap();
    assert_eq!(beyond.expires_at, Some(later(100)), "its own end came before");
    let ended = store.rotate_key(&realm, "k1", key("k4", alice()), later(10), later(20)).await.unwrap();
    assert_eq!(ended, None);
    assert_eq!(store.key(&realm, "k4").await.unwrap(), None);
}

async fn keys_are_listed_by_owner_a_page_at_a_time(store: Store, realm: RealmId) {
    for (place, (id, owner)) in
        [("c", alice()), ("a", Owner::Client("alice".to_owned())), ("b", alice())].into_iter().enumerate()
    {
        let created_at = later(place as u64 / 2);
        store.add_key(&realm, Key { created_at, ..key(id, owner) }).await.unwrap();
    }
    let ids = |keys: &[Key]| keys.iter().map(|key| key.id.clone()).collect::<Vec<_>>();
    let first = store.keys(&realm, None, None, 2).await.unwrap();
    assert_eq!(ids(&first), ["a", "c"]);
    let rest = store.keys(&realm, None, Some((NOW, "c")), 2).await.unwrap();
    assert_eq!(ids(&rest), ["b"]);
    assert_eq!(ids(&store.keys(&realm, Some(&alice()), None, 10).await.unwrap()), ["c", "b"]);
}

async fn uses_are_counted_by_operation_and_added_to_what_was_written(store: Store, realm: RealmId) {
    store.add_key(&realm, key("k1", alice())).await.unwrap();
    let memory = store.memory(&realm);
    let from = [127, 0, 0, 1].into();
    assert!(memory.note_key_use("k1", "shop/list", from, NOW), "the first that waits");
    assert!(!memory.note_key_use("k1", "shop/list", from, later(1)));
    memory.note_key_use("k1", "shop/add", from, later(2));
    memory.note_key_use("gone", "shop/add", from, NOW);
    let uses = store.key_uses(&realm, "k1").await.unwrap();
    let told: Vec<_> = uses.iter().map(|it| (&*it.operation, it.uses, it.used_at, &*it.address)).collect();
    assert_eq!(told, [("shop/add", 1, later(2), "127.0.0.1"), ("shop/list", 2, later(1), "127.0.0.1")]);
    assert!(memory.note_key_use("k1", "shop/list", from, later(3)), "the first since");
    store.write_key_uses(&realm).await.unwrap();
    assert_eq!(store.key_uses(&realm, "k1").await.unwrap().first().unwrap().uses, 3);
    assert!(store.key_uses(&realm, "gone").await.unwrap().is_empty(), "no key, no counts");
}

#[tokio::test]
async fn uses_that_could_not_be_written_are_written_with_the_next() {
    let mut server = testkit::Postgres::start();
    let store = Store::open(&Location::Postgres(server.url())).await.unwrap();
    let (realm, from) = (RealmId::new("main"), [127, 0, 0, 1].into());
    store.add_key(&realm, key("k1", alice())).await.unwrap();
    let memory = store.memory(&realm);
    assert!(memory.note_key_use("k1", "shop/list", from, later(2)));
    server.stop();
    store.write_key_uses(&realm).await.unwrap_err();
    server.restart();
    assert!(memory.note_key_use("k1", "shop/list", from, later(1)), "somebody must see to them");
    let uses = store.key_uses(&realm, "k1").await.unwrap();
    assert_eq!(uses.iter().map(|it| (it.uses, it.used_at)).collect::<Vec<_>>(), [(2, later(2))]);
}

#[tokio::test]
async fn uses_that_were_counted_are_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::File(folder.path().join("lobby.db"));
    let realm = RealmId::new("main");
    {
        let store = Store::open(&location).await.unwrap();
        store.add_key(&realm, key("k1", alice())).await.unwrap();
        store.memory(&realm).note_key_use("k1", "shop/list", [127, 0, 0, 1].into(), NOW);
        store.fold_log().await.unwrap();
    }
    let store = Store::open(&location).await.unwrap();
    assert_eq!(store.key_uses(&realm, "k1").await.unwrap().first().unwrap().uses, 1);
}

async fn a_user_that_is_removed_takes_their_keys_along(store: Store, realm: RealmId) {
    store.add_user(&realm, user("alice", "alice")).await.unwrap();
    store.add_key(&realm, key("k1", alice())).await.unwrap();
    store.add_key(&realm, key("k2", Owner::Client("alice".to_owned()))).await.unwrap();
    assert!(store.key(&realm, "k1").await.unwrap().is_some());
    assert!(matches!(store.remove_user(&realm, "alice", NOW, NOW).await.unwrap(), store::Written::Done(())));
    assert_eq!(store.key(&realm, "k1").await.unwrap(), None);
    assert!(store.key(&realm, "k2").await.unwrap().is_some(), "a client of that id is somebody else");
}

async fn a_key_that_ends_is_told_of_once_by_one_of_many(store: Store, realm: RealmId) {
    let week = Duration::from_secs(7 * 86_400);
    let made = |id: &str, owner, life, left: Duration| Key {
        created_at: NOW.plus(left).minus(life),
        expires_at: Some(NOW.plus(left)),
        ..key(id, owner)
    };
    let (year, day) = (52 * week, week / 7);
    for key in [
        made("soon", alice(), year, 6 * day),
        made("sooner", alice(), year, day),
        made("later", alice(), year, 8 * day),
        made("over", alice(), year, Duration::ZERO),
        made("short", alice(), 6 * day, 5 * day),
        made("client", Owner::Client("app".to_owned()), year, day),
        made("revoked", alice(), year, day),
        made("rotated", alice(), year, day),
        Key { expires_at: None, ..key("endless", alice()) },
    ] {
        assert!(store.add_key(&realm, key).await.unwrap());
    }
    store.revoke_key(&realm, "revoked", NOW).await.unwrap();
    store.rotate_key(&realm, "rotated", key("next", alice()), NOW, NOW.plus(week)).await.unwrap().unwrap();
    let ending = async |most| {
        let keys = store.ending_keys(&realm, NOW, week, most).await.unwrap();
        keys.into_iter().map(|key| key.id).collect::<Vec<_>>()
    };
    assert_eq!(ending(9).await, ["sooner", "soon"]);
    assert_eq!(ending(1).await, ["sooner"]);
    assert!(store.ending_keys(&RealmId::new("elsewhere"), NOW, week, 9).await.unwrap().is_empty());
    let mail = |id: String| Mail {
        id,
        recipient: "alice@example.com".to_owned(),
        subject: String::new(),
        plain: String::new(),
        html: String::new(),
        created_at: NOW,
    };
    let mut told = tokio::task::JoinSet::new();
    for node in 0..8 {
        let (store, realm, mail) = (store.clone(), realm.clone(), mail(format!("m{node}")));
        told.spawn(
            async move { store.remind_of_key(&realm, "soon", NOW, Some((mail, None))).await.unwrap() },
        );
    }
    assert_eq!(told.join_all().await.into_iter().filter(|first| *first).count(), 1);
    assert_eq!(store.mails(&realm, None, 99).await.unwrap().len(), 1);
    assert!(store.remind_of_key(&realm, "sooner", NOW, None).await.unwrap());
    assert!(ending(9).await.is_empty());
}

async fn an_app_password_ends_with_the_password_that_it_stands_for(store: Store, realm: RealmId) {
    store.add_user(&realm, user("alice", "alice")).await.unwrap();
    store.add_user(&realm, user("bob", "bob")).await.unwrap();
    let app = |id: &str, owner: Owner| Key { kind: KeyKind::AppPassword, ..key(id, owner) };
    let bob = Owner::User("bob".to_owned());
    for key in [app("a1", alice()), key("k1", alice()), app("b1", bob)] {
        assert!(store.add_key(&realm, key).await.unwrap());
    }
    let opens = async |id: &str| store.key(&realm, id).await.unwrap().is_some();
    store.change_user(&realm, "alice", |user| "Alice".clone_into(&mut user.name)).await.unwrap();
    assert!(opens("a1").await && opens("k1").await && opens("b1").await);
    let another = |user: &mut store::User| user.password = model::Secret::new("$argon2id$9".to_owned());
    store.change_user(&realm, "alice", another).await.unwrap();
    assert!(!opens("a1").await && opens("k1").await && opens("b1").await);
    // Of whoever signed in by a passkey alone until now, too.
    store.add_user(&realm, store::User::new("carol".to_owned(), NOW)).await.unwrap();
    store.add_key(&realm, app("c1", Owner::User("carol".to_owned()))).await.unwrap();
    assert!(opens("c1").await);
    store.change_user(&realm, "carol", another).await.unwrap();
    assert!(!opens("c1").await);
}

async fn app_passwords_that_open_are_listed_however_many_keys_there_are(store: Store, realm: RealmId) {
    let app = |id: &str| Key { kind: KeyKind::AppPassword, ..key(id, alice()) };
    let others = [
        Key { revoked_at: Some(NOW), ..app("revoked") },
        Key { expires_at: Some(NOW), ..app("over") },
        key("api", alice()),
        Key { owner: Owner::User("bob".to_owned()), ..app("bobs") },
    ];
    let last = Key { created_at: later(5), expires_at: None, ..app("last") };
    for key in others.into_iter().chain([last, app("first")]) {
        assert!(store.add_key(&realm, key).await.unwrap());
    }
    let open = store.app_passwords(&realm, &alice(), NOW, 9).await.unwrap();
    assert_eq!(open.iter().map(|key| &*key.id).collect::<Vec<_>>(), ["first", "last"]);
}

async fn of_many_app_passwords_that_are_made_at_once_no_more_open_than_may(store: Store, realm: RealmId) {
    let app = |id: &str| Key { kind: KeyKind::AppPassword, ..key(id, alice()) };
    store.add_key(&realm, Key { expires_at: Some(NOW), ..app("over") }).await.unwrap();
    let store = Arc::new(store);
    let made = (0..8).map(|nth| {
        let (store, realm, key) = (store.clone(), realm.clone(), app(&nth.to_string()));
        tokio::spawn(async move { store.add_app_password(&realm, key, 3).await.unwrap() })
    });
    let mut opened = 0;
    for made in made.collect::<Vec<_>>() {
        opened += usize::from(made.await.unwrap());
    }
    assert_eq!(opened, 3);
    assert_eq!(store.app_passwords(&realm, &alice(), NOW, 9).await.unwrap().len(), 3);
    let bobs = Key { owner: Owner::User("bob".to_owned()), ..app("bobs") };
    assert!(store.add_app_password(&realm, bobs, 3).await.unwrap());
}
