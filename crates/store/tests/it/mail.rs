//! Links, mails, and what happened to an account.

use std::time::Duration;

use model::{RealmId, Timestamp};
use store::{Activity, Link, Mail, Store};

use crate::NOW;

claims!(
    a_link_is_good_once_and_until_it_ends,
    a_newer_link_takes_the_place_of_the_one_before,
    links_of_a_purpose_are_listed_and_withdrawn_in_their_realm,
    mails_are_kept_and_given_to_one_sender_at_a_time,
    an_account_tells_what_happened_to_it,
);

fn link(subject: &str) -> Link {
    let expires_at = NOW.plus(Duration::from_secs(900));
    Link { purpose: "reset".to_owned(), subject: subject.to_owned(), record: "{}".to_owned(), expires_at }
}

async fn a_link_is_good_once_and_until_it_ends(store: Store, realm: RealmId) {
    store.keep_link(&realm, [1; 32], link("u1")).await.unwrap();
    assert_eq!(store.link(&realm, [1; 32], NOW).await.unwrap(), Some(link("u1")));
    assert_eq!(store.link(&RealmId::new("another"), [1; 32], NOW).await.unwrap(), None);
    assert_eq!(store.spend_link(&RealmId::new("another"), [1; 32], NOW).await.unwrap(), None);
    assert_eq!(store.link(&realm, [1; 32], link("u1").expires_at).await.unwrap(), None);
    assert_eq!(store.spend_link(&realm, [1; 32], NOW).await.unwrap(), Some(link("u1")));
    assert_eq!(store.spend_link(&realm, [1; 32], NOW).await.unwrap(), None);
    store.keep_link(&realm, [2; 32], link("u1")).await.unwrap();
    assert_eq!(store.spend_link(&realm, [2; 32], link("u1").expires_at).await.unwrap(), None);
}

async fn a_newer_link_takes_the_place_of_the_one_before(store: Store, realm: RealmId) {
    store.keep_link(&realm, [1; 32], link("u1")).await.unwrap();
    store.keep_link(&realm, [2; 32], link("u2")).await.unwrap();
    store.keep_link(&realm, [3; 32], link("u1")).await.unwrap();
    let found =
        [store.link(&realm, [1; 32], NOW).await.unwrap(), store.link(&realm, [2; 32], NOW).await.unwrap()];
    assert_eq!(found, [None, Some(link("u2"))]);
}

async fn links_of_a_purpose_are_listed_and_withdrawn_in_their_realm(store: Store, realm: RealmId) {
    let of = |purpose: &str, subject| Link { purpose: purpose.to_owned(), ..link(subject) };
    for (token, link) in [(1, of("a", "u1")), (2, of("a", "u2")), (3, of("b", "u1"))] {
        store.keep_link(&realm, [token; 32], link).await.unwrap();
    }
    let listed = async |realm: &RealmId, after, most, now| {
        let links = store.links(realm, "a", after, most, now).await.unwrap();
        links.into_iter().map(|link| link.subject).collect::<Vec<_>>()
    };
    let another = RealmId::new("another");
    assert_eq!(listed(&realm, "", 9, NOW).await, ["u1", "u2"]);
    assert_eq!(listed(&realm, "", 1, NOW).await, ["u1"]);
    assert_eq!(listed(&realm, "u1", 9, NOW).await, ["u2"]);
    assert!(listed(&another, "", 9, NOW).await.is_empty());
    assert!(listed(&realm, "", 9, link("u1").expires_at).await.is_empty());
    assert!(!store.withdraw_link(&another, "a", "u1", NOW).await.unwrap());
    assert!(!store.withdraw_link(&realm, "a", "u1", link("u1").expires_at).await.unwrap());
    assert!(store.withdraw_link(&realm, "a", "u1", NOW).await.unwrap());
    assert!(!store.withdraw_link(&realm, "a", "u1", NOW).await.unwrap());
    assert_eq!(store.link(&realm, [1; 32], NOW).await.unwrap(), None);
    assert!(store.link(&realm, [3; 32], NOW).await.unwrap().is_some(), "of another purpose");
}

fn mail(id: &str, recipient: &str, second: u64) -> Mail {
    Mail {
        id: id.to_owned(),
        recipient: recipient.to_owned(),
        subject: "Hello".to_owned(),
        plain: "text".to_owned(),
        html: "<p>text</p>".to_owned(),
        created_at: NOW.plus(Duration::from_secs(second)),
    }
}

async fn mails_are_kept_and_given_to_one_sender_at_a_time(store: Store, realm: RealmId) {
    let (first, second) = (mail("a", "a@x.example", 0), mail("b", "b@x.example", 1));
    store.keep_mail(&realm, first.clone(), None).await.unwrap();
    store.keep_mail(&realm, second.clone(), Some(Timestamp::from_micros(7))).await.unwrap();
    assert_eq!(store.mails(&realm, None, 9).await.unwrap(), [second.clone(), first.clone()]);
    assert_eq!(store.mails(&realm, Some("a@x.example"), 9).await.unwrap(), [first]);
    assert!(store.mails(&RealmId::new("another"), None, 9).await.unwrap().is_empty());
    let due = store.due_mails(Timestamp::from_micros(7), 1000).await.unwrap();
    let due = due.into_iter().find(|due| due.realm == realm).unwrap();
    assert_eq!((&due.mail, due.tries), (&second, 0));
    assert!(store.try_mail(&realm, "b", 0, NOW).await.unwrap());
    assert!(!store.try_mail(&realm, "b", 0, NOW).await.unwrap(), "it is tried already");
    let due = store.due_mails(Timestamp::from_micros(8), 1000).await.unwrap();
    assert!(due.iter().all(|due| due.realm != realm));
    store.postpone_mail(&realm, "b", Timestamp::from_micros(8)).await.unwrap();
    let due = store.due_mails(Timestamp::from_micros(8), 1000).await.unwrap();
    assert!(due.iter().any(|due| due.realm == realm && due.tries == 1));
    store.drop_mail(&realm, "b").await.unwrap();
    assert_eq!(store.mails(&realm, None, 9).await.unwrap().len(), 1);
}

async fn an_account_tells_what_happened_to_it(store: Store, realm: RealmId) {
    let activity = |second: u64| Activity {
        at: NOW.plus(Duration::from_secs(second)),
        id: "x".to_owned(),
        what: format!("sign-in {second}"),
        agent: "Firefox".to_owned(),
        address: "192.0.2.1".to_owned(),
    };
    for second in 0..105 {
        store.record_activity(&realm, "u1", activity(second)).await.unwrap();
    }
    let told = store.activities(&realm, "u1").await.unwrap();
    assert_eq!((told.len(), told.first().unwrap().what.as_str()), (100, "sign-in 104"));
    assert!(store.activities(&realm, "u2").await.unwrap().is_empty());
    assert!(store.activities(&RealmId::new("another"), "u1").await.unwrap().is_empty());
}
