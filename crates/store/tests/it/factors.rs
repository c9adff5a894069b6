//! What people have beside a password.

use std::{sync::Arc, time::Duration};

use model::{RealmId, Timestamp};
use serde_json::json;
use store::{Demand, MasterKey, Passkey, Removed, Store, Written};

use crate::{NOW, users::user};

claims!(
    a_passkey_is_its_owners_and_its_realms,
    of_two_factors_that_are_removed_at_once_the_one_that_is_demanded_stays,
    a_passkey_is_used_by_one_of_two_that_have_the_same_counter,
    a_user_has_so_many_passkeys_and_no_id_twice,
    a_seed_comes_back_sealed_and_to_its_realm_alone,
    a_step_is_taken_once_of_many_at_once_and_never_backwards,
    a_recovery_code_is_spent_once_of_many_at_once,
    a_mailed_code_is_spent_once_of_many_at_once_and_in_its_time,
    a_mailed_code_has_so_many_tries_and_the_next_one_new_ones,
    a_remembered_browser_is_one_persons_until_its_end,
    a_passkey_is_offered_once_in_its_time,
    a_ceremony_ends_once_of_many_at_once_and_in_its_time,
    the_factors_of_a_removed_user_go_with_them,
    factors_are_taken_away_together_and_once,
);

const DAY: Duration = Duration::from_secs(86_400);

pub(crate) fn passkey(id: &str, user: &str) -> Passkey {
    Passkey {
        id: id.to_owned(),
        user_id: user.to_owned(),
        name: "phone ☃".to_owned(),
        record: json!({"z": 1, "a": [2]}),
        created_at: NOW,
        used_at: None,
    }
}

const MINUTES: Duration = Duration::from_secs(600);

fn elsewhere() -> RealmId {
    RealmId::new("elsewhere")
}

async fn unlocked(store: &Store) {
    store.unlock(MasterKey::new([7; 32])).await.unwrap();
}

async fn a_passkey_is_its_owners_and_its_realms(store: Store, realm: RealmId) {
    assert!(store.add_passkey(&realm, passkey("one", "u1"), 9).await.unwrap());
    assert_eq!(store.passkey(&realm, "one").await.unwrap().unwrap(), passkey("one", "u1"));
    assert_eq!(store.passkeys_of(&realm, "u1").await.unwrap(), [passkey("one", "u1")]);
    assert!(store.passkeys_of(&realm, "u2").await.unwrap().is_empty());
    assert!(store.passkey(&elsewhere(), "one").await.unwrap().is_none());
    assert!(store.passkeys_of(&elsewhere(), "u1").await.unwrap().is_empty());
    assert!(!store.rename_passkey(&realm, "u2", "one", "mine").await.unwrap());
    assert!(!store.rename_passkey(&elsewhere(), "u1", "one", "mine").await.unwrap());
    assert!(store.rename_passkey(&realm, "u1", "one", "key ring").await.unwrap());
    assert_eq!(store.passkey(&realm, "one").await.unwrap().unwrap().name, "key ring");
    assert_eq!(store.remove_passkey(&realm, "u2", "one", Demand::Nothing).await.unwrap(), Removed::Nothing);
    assert_eq!(
        store.remove_passkey(&elsewhere(), "u1", "one", Demand::Nothing).await.unwrap(),
        Removed::Nothing
    );
    assert!(store.use_passkey(&elsewhere(), "one", NOW, |_| Some(json!(1))).await.unwrap().is_none());
    assert_eq!(store.remove_passkey(&realm, "u1", "one", Demand::Nothing).await.unwrap(), Removed::Done);
    assert!(store.use_passkey(&realm, "one", NOW, |_| Some(json!(1))).await.unwrap().is_none());
    assert!(store.passkeys_of(&realm, "u1").await.unwrap().is_empty());
}

async fn of_two_factors_that_are_removed_at_once_the_one_that_is_demanded_stays(
    store: Store,
    realm: RealmId,
) {
    unlocked(&store).await;
    for round in 0..8 {
        let user = format!("u{round}");
        let id = format!("p{round}");
        assert!(store.add_passkey(&realm, passkey(&id, &user), 9).await.unwrap());
        store.keep_totp(&realm, &user, &[1; 20], NOW).await.unwrap();
        let (one, other) = tokio::join!(
            store.remove_passkey(&realm, &user, &id, Demand::Factor),
            store.remove_totp(&realm, &user, Demand::Factor)
        );
        let mut removed = [one.unwrap(), other.unwrap()];
        removed.sort_by_key(|removed| *removed != Removed::Done);
        assert_eq!(removed, [Removed::Done, Removed::Demanded]);
    }
    assert!(store.add_passkey(&realm, passkey("last", "ben"), 9).await.unwrap());
    store.keep_totp(&realm, "ben", &[1; 20], NOW).await.unwrap();
    let kept = store.remove_passkey(&realm, "ben", "last", Demand::Passkey).await.unwrap();
    assert_eq!(kept, Removed::Demanded);
}

async fn a_passkey_is_used_by_one_of_two_that_have_the_same_counter(store: Store, realm: RealmId) {
    let with_counter = Passkey { record: json!({"counter": 1}), ..passkey("one", "u1") };
    store.add_passkey(&realm, with_counter, 9).await.unwrap();
    let store = Arc::new(store);
    let tries = (0..8).map(|_| {
        let (store, realm) = (store.clone(), realm.clone());
        tokio::spawn(async move {
            let judge = |record: &serde_json::Value| (record["counter"] == 1).then(|| json!({"counter": 2}));
            store.use_passkey(&realm, "one", NOW, judge).await.unwrap()
        })
    });
    let tries: Vec<_> = tries.collect();
    let mut taken = 0;
    for one in tries {
        taken += usize::from(one.await.unwrap() == Some(true));
    }
    assert_eq!(taken, 1);
    let found = store.passkey(&realm, "one").await.unwrap().unwrap();
    assert_eq!((found.record, found.used_at), (json!({"counter": 2}), Some(NOW)));
}

async fn a_user_has_so_many_passkeys_and_no_id_twice(store: Store, realm: RealmId) {
    assert!(store.add_passkey(&realm, passkey("one", "u1"), 2).await.unwrap());
    assert!(!store.add_passkey(&realm, passkey("one", "u2"), 2).await.unwrap(), "it is somebody's");
    assert!(store.add_passkey(&realm, passkey("two", "u1"), 2).await.unwrap());
    assert!(!store.add_passkey(&realm, passkey("three", "u1"), 2).await.unwrap(), "it is one too many");
    assert_eq!(store.passkey(&realm, "one").await.unwrap().unwrap().user_id, "u1");
}

async fn a_seed_comes_back_sealed_and_to_its_realm_alone(store: Store, realm: RealmId) {
    unlocked(&store).await;
    assert!(store.totp(&realm, "u1").await.unwrap().is_none());
    store.keep_totp(&realm, "u1", b"first", NOW).await.unwrap();
    store.keep_totp(&realm, "u1", b"second", NOW.plus(DAY)).await.unwrap();
    assert_eq!(store.totp(&realm, "u1").await.unwrap().unwrap().expose(), b"second");
    assert_eq!(store.totp_since(&realm, "u1").await.unwrap(), Some(NOW.plus(DAY)));
    assert!(store.totp(&elsewhere(), "u1").await.unwrap().is_none());
    assert!(store.totp_since(&realm, "u2").await.unwrap().is_none());
    assert_eq!(store.remove_totp(&elsewhere(), "u1", Demand::Nothing).await.unwrap(), Removed::Nothing);
    assert_eq!(store.remove_totp(&realm, "u1", Demand::Nothing).await.unwrap(), Removed::Done);
    assert_eq!(store.remove_totp(&realm, "u1", Demand::Nothing).await.unwrap(), Removed::Nothing);
    assert!(store.totp(&realm, "u1").await.unwrap().is_none());
}

async fn a_step_is_taken_once_of_many_at_once_and_never_backwards(store: Store, realm: RealmId) {
    let store = Arc::new(store);
    let tries: Vec<_> = (0..32)
        .map(|_| {
            let (store, realm) = (store.clone(), realm.clone());
            tokio::spawn(async move { store.take_totp_step(&realm, "u1", 100).await.unwrap() })
        })
        .collect();
    let mut taken = 0;
    for one in tries {
        taken += usize::from(one.await.unwrap());
    }
    assert_eq!(taken, 1);
    assert!(!store.take_totp_step(&realm, "u1", 99).await.unwrap());
    assert!(store.take_totp_step(&realm, "u1", 101).await.unwrap());
    assert!(store.take_totp_step(&realm, "u2", 99).await.unwrap());
    store.forget_realm(&elsewhere()).await.unwrap();
    assert!(store.take_totp_step(&elsewhere(), "u1", 99).await.unwrap(), "another realm counts its own");
}

async fn a_recovery_code_is_spent_once_of_many_at_once(store: Store, realm: RealmId) {
    store.replace_recovery_codes(&realm, "u1", vec![[9; 32]]).await.unwrap();
    store.replace_recovery_codes(&realm, "u1", vec![[1; 32], [2; 32]]).await.unwrap();
    assert_eq!(store.recovery_codes_left(&realm, "u1").await.unwrap(), 2);
    assert_eq!(store.recovery_codes_left(&elsewhere(), "u1").await.unwrap(), 0);
    assert!(!store.spend_recovery_code(&realm, "u1", [9; 32], NOW).await.unwrap(), "it was replaced");
    assert!(!store.spend_recovery_code(&realm, "u2", [1; 32], NOW).await.unwrap());
    assert!(!store.spend_recovery_code(&elsewhere(), "u1", [1; 32], NOW).await.unwrap());
    let store = Arc::new(store);
    let tries: Vec<_> = (0..32)
        .map(|_| {
            let (store, realm) = (store.clone(), realm.clone());
            tokio::spawn(async move { store.spend_recovery_code(&realm, "u1", [1; 32], NOW).await.unwrap() })
        })
        .collect();
    let mut spent = 0;
    for one in tries {
        spent += usize::from(one.await.unwrap());
    }
    assert_eq!(spent, 1);
    assert_eq!(store.recovery_codes_left(&realm, "u1").await.unwrap(), 1);
}

async fn a_mailed_code_is_spent_once_of_many_at_once_and_in_its_time(store: Store, realm: RealmId) {
    let end = NOW.plus(MINUTES);
    store.keep_email_code(&realm, "u1", [1; 32], end).await.unwrap();
    assert!(!store.try_email_code(&realm, "u2", [1; 32], 99, NOW).await.unwrap());
    assert!(!store.try_email_code(&elsewhere(), "u1", [1; 32], 99, NOW).await.unwrap());
    assert!(!store.try_email_code(&realm, "u1", [1; 32], 99, end).await.unwrap(), "it is over");
    let tries: Vec<_> = (0..8)
        .map(|_| {
            let (store, realm) = (store.clone(), realm.clone());
            tokio::spawn(async move { store.try_email_code(&realm, "u1", [1; 32], 99, NOW).await.unwrap() })
        })
        .collect();
    let mut right = 0;
    for one in tries {
        right += usize::from(one.await.unwrap());
    }
    assert_eq!(right, 1);
}

async fn a_mailed_code_has_so_many_tries_and_the_next_one_new_ones(store: Store, realm: RealmId) {
    let end = NOW.plus(MINUTES);
    store.keep_email_code(&realm, "u1", [1; 32], end).await.unwrap();
    for _ in 0..3 {
        assert!(!store.try_email_code(&realm, "u1", [9; 32], 3, NOW).await.unwrap());
    }
    assert!(!store.try_email_code(&realm, "u1", [1; 32], 3, NOW).await.unwrap(), "its tries are used up");
    store.keep_email_code(&realm, "u1", [2; 32], end).await.unwrap();
    assert!(!store.try_email_code(&realm, "u1", [1; 32], 3, NOW).await.unwrap(), "another was sent");
    assert!(store.try_email_code(&realm, "u1", [2; 32], 3, NOW).await.unwrap());
}

async fn a_remembered_browser_is_one_persons_until_its_end(store: Store, realm: RealmId) {
    store.remember_browser(&realm, "u1", [1; 32], NOW.plus(DAY)).await.unwrap();
    let store = &store;
    let is = async |realm: &RealmId, user: &str, at: Timestamp| {
        store.is_browser_remembered(realm, user, [1; 32], at).await.unwrap()
    };
    assert!(is(&realm, "u1", NOW).await);
    assert!(!is(&realm, "u2", NOW).await);
    assert!(!is(&elsewhere(), "u1", NOW).await);
    assert!(!is(&realm, "u1", NOW.plus(DAY)).await);
    store.forget_browsers(&elsewhere(), "u1").await.unwrap();
    assert!(is(&realm, "u1", NOW).await);
    store.forget_browsers(&realm, "u1").await.unwrap();
    assert!(!is(&realm, "u1", NOW).await);
}

async fn a_passkey_is_offered_once_in_its_time(store: Store, realm: RealmId) {
    let month = 30 * DAY;
    assert!(store.offer_passkey(&realm, "u1", NOW, month).await.unwrap());
    assert!(!store.offer_passkey(&realm, "u1", NOW.plus(29 * DAY), month).await.unwrap());
    assert!(store.offer_passkey(&realm, "u2", NOW, month).await.unwrap());
    assert!(store.offer_passkey(&realm, "u1", NOW.plus(month), month).await.unwrap());
    assert!(!store.offer_passkey(&realm, "u1", NOW.plus(month), month).await.unwrap());
}

async fn a_ceremony_ends_once_of_many_at_once_and_in_its_time(store: Store, realm: RealmId) {
    let store = Arc::new(store);
    let spend = |realm: &RealmId, id: u8, now| {
        let (store, realm) = (store.clone(), realm.clone());
        async move { store.spend_ceremony(&realm, [id; 32], NOW.plus(DAY), now).await.unwrap() }
    };
    let tries: Vec<_> = (0..8).map(|_| tokio::spawn(spend(&realm, 1, NOW))).collect();
    let mut taken = 0;
    for one in tries {
        taken += usize::from(one.await.unwrap());
    }
    assert_eq!(taken, 1);
    store.forget_realm(&elsewhere()).await.unwrap();
    assert!(spend(&elsewhere(), 1, NOW).await, "another realm's is another one");
    assert!(!spend(&realm, 2, NOW.plus(DAY)).await, "it is over");
    assert!(!spend(&realm, 1, NOW.plus(DAY)).await, "and stays so when it is dropped");
}

const ANA: &str = "u1";
const BOB: &str = "u2";

/// Two who have everything.
async fn two(store: &Store, realm: &RealmId) {
    unlocked(store).await;
    for id in [ANA, BOB] {
        assert!(matches!(store.add_user(realm, user(id, id)).await.unwrap(), Written::Done(())));
        store.add_passkey(realm, passkey(id, id), 9).await.unwrap();
        store.keep_totp(realm, id, b"seed", NOW).await.unwrap();
        store.replace_recovery_codes(realm, id, vec![[1; 32]]).await.unwrap();
        store.keep_email_code(realm, id, [1; 32], NOW.plus(MINUTES)).await.unwrap();
        store.remember_browser(realm, id, [*id.as_bytes().last().unwrap(); 32], NOW.plus(DAY)).await.unwrap();
    }
}

/// The first has nothing left, and the second everything.
async fn is_bobs_alone(store: &Store, realm: &RealmId) {
    for (id, left) in [(ANA, 0), (BOB, 1)] {
        assert_eq!(store.passkeys_of(realm, id).await.unwrap().len(), left);
        assert_eq!(usize::from(store.totp(realm, id).await.unwrap().is_some()), left);
        assert_eq!(store.recovery_codes_left(realm, id).await.unwrap(), left);
        let mailed = store.try_email_code(realm, id, [1; 32], 9, NOW).await.unwrap();
        assert_eq!(usize::from(mailed), left);
        let remembered = store.is_browser_remembered(realm, id, [*id.as_bytes().last().unwrap(); 32], NOW);
        assert_eq!(usize::from(remembered.await.unwrap()), left);
    }
}

async fn the_factors_of_a_removed_user_go_with_them(store: Store, realm: RealmId) {
    two(&store, &realm).await;
    assert!(matches!(store.remove_user(&realm, ANA, NOW, NOW.plus(DAY)).await.unwrap(), Written::Done(())));
    is_bobs_alone(&store, &realm).await;
}

async fn factors_are_taken_away_together_and_once(store: Store, realm: RealmId) {
    two(&store, &realm).await;
    assert_eq!(store.remove_factors(&elsewhere(), ANA).await.unwrap(), Removed::Nothing);
    assert_eq!(store.remove_factors(&realm, ANA).await.unwrap(), Removed::Done);
    assert_eq!(store.remove_factors(&realm, ANA).await.unwrap(), Removed::Nothing);
    is_bobs_alone(&store, &realm).await;
    assert!(store.user(&realm, ANA).await.unwrap().is_some());
}
