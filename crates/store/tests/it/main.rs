//! Every function of the store on the database in memory, and what only a file shows.
#![expect(clippy::unwrap_used, reason = "a test that meets what it did not expect has failed")]

use std::{sync::LazyLock, time::Duration};

use model::{RealmId, Timestamp};
use store::{
    Code, Device, DeviceState, Fault, Grant, Location, Poll, Pushed, Redemption, Rotation, Session, Store,
    Turn,
};
use testkit::Postgres;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const FAMILY: &str = "AAAAAAAAAAAAAAAAAAAAAA";

/// One server for all claims; each has a realm of its own on it.
static SERVER: LazyLock<Postgres> = LazyLock::new(Postgres::start);

/// Each claim about the store, of SQLite and of PostgreSQL.
macro_rules! claims {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            use super::*;
            $(#[tokio::test]
            async fn $name() {
                super::$name(Store::in_memory().unwrap(), RealmId::new("main")).await;
            })*
        }

        mod on_postgresql {
            use super::*;
            $(#[tokio::test]
            async fn $name() {
                let store = Store::open(&store::Location::Postgres(crate::SERVER.url())).await.unwrap();
                super::$name(store, RealmId::new(stringify!($name))).await;
            })*
        }
    };
}

mod factors;
mod keys;
mod mail;
mod moving;
mod secrets;
mod users;

claims!(
    a_record_comes_back_as_it_was_told,
    a_pushed_request_gives_one_code,
    a_code_is_fresh_once_and_then_revokes_its_family,
    a_refresh_token_has_one_successor_within_the_grace_and_burns_after_it,
    the_use_of_either_access_token_ends_the_grace,
    a_refresh_token_ends,
    a_session_that_ends_takes_its_tokens_with_it,
    a_session_that_was_ended_stays_so_when_that_is_no_longer_remembered,
    a_session_replaces_the_one_before_it,
    all_sessions_of_a_realm_end_with_their_tokens_and_say_so_once,
    a_device_is_let_in_once_at_its_pace,
    consent_grows_and_is_its_realms_alone,
    what_has_ended_is_purged_and_what_lives_is_not,
    revocations_that_are_over_are_purged,
    no_family_begins_whose_code_or_session_is_revoked,
    many_at_once_share_commits_and_none_is_lost,
    a_realm_that_is_forgotten_leaves_nothing,
    whoever_refreshes_without_a_pause_is_ended_all_the_same,
);

fn grant() -> Grant {
    Grant {
        client: "app".to_owned(),
        account: "alice".to_owned(),
        scopes: "books:read".parse().unwrap(),
        audience: vec!["api".to_owned()],
        sid: Some("session".to_owned()),
        auth_time: NOW,
        signed_in_at: NOW,
        acr: "pwd".to_owned(),
        methods: vec!["pwd".to_owned()],
        nonce: None,
        id_token_claims: Vec::new(),
        userinfo_claims: Vec::new(),
        thumbprint: None,
        certificate: None,
    }
}

fn turn(sequence: u32, jti: &str) -> Turn {
    Turn {
        family: FAMILY.to_owned(),
        sequence,
        jti: format!("{FAMILY}{jti}"),
        grace: Duration::from_secs(10),
        lifetime: Duration::from_secs(100),
        access_until: NOW.plus(Duration::from_secs(600)),
    }
}

async fn begun(store: &Store, realm: &RealmId) {
    let until = NOW.plus(Duration::from_secs(100));
    assert!(store.begin_family(realm, FAMILY, &grant(), NOW, until).await.unwrap());
}

fn code() -> Code {
    Code {
        family: FAMILY.to_owned(),
        redirect: "https://app.example/cb".to_owned(),
        redirect_given: true,
        challenge: "c".to_owned(),
        grant: grant(),
        expires_at: NOW,
    }
}

async fn a_record_comes_back_as_it_was_told(store: Store, realm: RealmId) {
    assert!(store.keep_code(&realm, [1; 32], code(), None, NOW).await.unwrap());
    assert_eq!(store.code(&realm, [1; 32]).await.unwrap(), Some(code()));
    assert_eq!(store.code(&realm, [2; 32]).await.unwrap(), None);
    assert_eq!(store.code(&RealmId::new("other"), [1; 32]).await.unwrap(), None);
    let pushed = Pushed {
        client: "app".to_owned(),
        parameters: vec![("scope".to_owned(), "a b".to_owned())],
        expires_at: NOW,
        spent: false,
    };
    store.keep_pushed(&realm, [3; 32], pushed.clone()).await.unwrap();
    assert_eq!(store.pushed(&realm, [3; 32]).await.unwrap(), Some(pushed));
}

async fn a_pushed_request_gives_one_code(store: Store, realm: RealmId) {
    let pushed = Pushed { client: String::new(), parameters: Vec::new(), expires_at: NOW, spent: false };
    store.keep_pushed(&realm, [3; 32], pushed).await.unwrap();
    assert!(store.keep_code(&realm, [1; 32], code(), Some([3; 32]), NOW).await.unwrap());
    assert!(!store.keep_code(&realm, [2; 32], code(), Some([3; 32]), NOW).await.unwrap());
    assert_eq!(store.code(&realm, [2; 32]).await.unwrap(), None);
    assert!(store.pushed(&realm, [3; 32]).await.unwrap().unwrap().spent);
}

async fn a_code_is_fresh_once_and_then_revokes_its_family(store: Store, realm: RealmId) {
    store.keep_code(&realm, [1; 32], code(), None, NOW).await.unwrap();
    begun(&store, &realm).await;
    let spend = || store.spend_code(&realm, [1; 32], NOW, NOW.plus(Duration::from_secs(600)));
    assert_eq!(spend().await.unwrap(), Redemption::Fresh);
    assert!(!store.is_revoked(&realm, Some(&format!("{FAMILY}first")), None));
    assert_eq!(spend().await.unwrap(), Redemption::Again);
    assert!(store.is_revoked(&realm, Some(&format!("{FAMILY}first")), None));
    assert!(store.family(&realm, FAMILY).await.unwrap().unwrap().revoked);
    let unknown = store.spend_code(&realm, [9; 32], NOW, NOW).await.unwrap();
    assert_eq!(unknown, Redemption::Unknown);
}

async fn a_refresh_token_has_one_successor_within_the_grace_and_burns_after_it(store: Store, realm: RealmId) {
    begun(&store, &realm).await;
    let rotate = |sequence, jti, seconds| {
        store.rotate_refresh(&realm, turn(sequence, jti), NOW.plus(Duration::from_secs(seconds)))
    };
    assert_eq!(rotate(0, "a", 1).await.unwrap(), Rotation::Rotated { sequence: 1 });
    assert_eq!(rotate(0, "b", 11).await.unwrap(), Rotation::Again { sequence: 1 });
    assert_eq!(rotate(5, "c", 11).await.unwrap(), Rotation::Dead, "none has that number yet");
    let burnt = rotate(0, "d", 12).await.unwrap();
    assert_eq!(burnt, Rotation::Burnt { first_used_at: NOW.plus(Duration::from_secs(1)) });
    assert_eq!(rotate(1, "e", 12).await.unwrap(), Rotation::Dead);
}

async fn the_use_of_either_access_token_ends_the_grace(store: Store, _: RealmId) {
    for used in ["a", "b"] {
        let realm = RealmId::new(used);
        begun(&store, &realm).await;
        let rotate = |jti| store.rotate_refresh(&realm, turn(0, jti), NOW);
        rotate("a").await.unwrap();
        rotate("b").await.unwrap();
        store.memory(&realm).note_use(&format!("{FAMILY}first"));
        assert_eq!(rotate("c").await.unwrap(), Rotation::Again { sequence: 1 });
        store.memory(&realm).note_use(&format!("{FAMILY}{used}"));
        assert!(matches!(rotate("d").await.unwrap(), Rotation::Burnt { .. }), "{used}");
    }
}

async fn a_refresh_token_ends(store: Store, realm: RealmId) {
    begun(&store, &realm).await;
    let late = NOW.plus(Duration::from_secs(101));
    assert_eq!(store.rotate_refresh(&realm, turn(0, "a"), late).await.unwrap(), Rotation::Dead);
}

fn session() -> Session {
    Session {
        sid: "session".to_owned(),
        subject: "alice".to_owned(),
        acr: Some("pwd".to_owned()),
        methods: "pwd".to_owned(),
        auth_time: NOW,
        signed_in_at: NOW,
        seen_at: NOW,
        expires_at: NOW,
        agent: "Firefox".to_owned(),
        address: "192.0.2.1".to_owned(),
        password_version: 1,
    }
}

async fn a_session_that_ends_takes_its_tokens_with_it(store: Store, realm: RealmId) {
    store.open_session(&realm, [1; 32], session(), None).await.unwrap();
    begun(&store, &realm).await;
    let later = NOW.plus(Duration::from_secs(5));
    store.touch_session(&realm, [1; 32], later).await.unwrap();
    let found = store.session(&realm, [1; 32]).await.unwrap().unwrap();
    assert_eq!(*found, Session { seen_at: later, ..session() });
    let halfway = Session { acr: None, sid: "halfway".to_owned(), ..session() };
    store.open_session(&realm, [2; 32], halfway.clone(), None).await.unwrap();
    assert_eq!(*store.session(&realm, [2; 32]).await.unwrap().unwrap(), halfway);
    store.end_session(&realm, "session", NOW, NOW).await.unwrap();
    assert_eq!(store.session(&realm, [1; 32]).await.unwrap(), None);
    assert!(store.is_revoked(&realm, None, Some("session")));
    assert_eq!(store.rotate_refresh(&realm, turn(0, "a"), NOW).await.unwrap(), Rotation::Dead);
}

async fn all_sessions_of_a_realm_end_with_their_tokens_and_say_so_once(store: Store, realm: RealmId) {
    let other = RealmId::new("elsewhere of all");
    for number in 0..=200_u8 {
        let session = Session { sid: format!("s{number}"), ..session() };
        store.open_session(&realm, [number; 32], session, None).await.unwrap();
    }
    store.open_session(&other, [1; 32], session(), None).await.unwrap();
    let later =
        Session { sid: "later".to_owned(), signed_in_at: NOW.plus(Duration::from_secs(60)), ..session() };
    store.open_session(&realm, [201; 32], later, None).await.unwrap();
    begun(&store, &realm).await;
    let seated = Grant { sid: Some("later".to_owned()), ..grant() };
    assert!(
        store.begin_family(&realm, "seated", &seated, NOW, NOW.plus(Duration::from_secs(60))).await.unwrap()
    );
    let entry = store::AuditEntry {
        at: NOW,
        actor: "cli".to_owned(),
        address: String::new(),
        action: "session.end".to_owned(),
        target: "sessions".to_owned(),
        detail: serde_json::Map::new(),
    };
    let audited = store.audited(&realm, entry);
    assert_eq!(audited.end_all_sessions(&realm, NOW, NOW.plus(Duration::from_secs(60))).await.unwrap(), 201);
    assert_eq!(audited.end_all_sessions(&realm, NOW, NOW.plus(Duration::from_secs(60))).await.unwrap(), 0);
    assert_eq!(store.audit(&realm, None, 9).await.unwrap().len(), 1);
    assert!(store.session(&realm, [7; 32]).await.unwrap().is_none());
    assert!(store.is_revoked(&realm, None, Some("s200")));
    assert!(store.session(&realm, [201; 32]).await.unwrap().is_some(), "opened since");
    assert!(store.family(&realm, FAMILY).await.unwrap().unwrap().revoked, "of a session that is gone");
    assert!(!store.family(&realm, "seated").await.unwrap().unwrap().revoked);
    assert!(store.session(&other, [1; 32]).await.unwrap().is_some());
}

async fn a_session_that_was_ended_stays_so_when_that_is_no_longer_remembered(store: Store, realm: RealmId) {
    store.open_session(&realm, [1; 32], session(), None).await.unwrap();
    assert!(store.session(&realm, [1; 32]).await.unwrap().is_some());
    store.end_session(&realm, "session", NOW, NOW.plus(Duration::from_secs(600))).await.unwrap();
    store.purge(&realm, NOW.plus(Duration::from_secs(2 * 86_400))).await.unwrap();
    assert!(!store.is_revoked(&realm, None, Some("session")), "purged");
    assert_eq!(store.session(&realm, [1; 32]).await.unwrap(), None);
}

async fn a_session_replaces_the_one_before_it(store: Store, realm: RealmId) {
    store.open_session(&realm, [1; 32], session(), None).await.unwrap();
    store.open_session(&realm, [2; 32], session(), Some([1; 32])).await.unwrap();
    assert_eq!(store.session(&realm, [1; 32]).await.unwrap(), None);
    assert_eq!(store.session(&realm, [2; 32]).await.unwrap().as_deref(), Some(&session()));
}

async fn a_device_is_let_in_once_at_its_pace(store: Store, realm: RealmId) {
    let device = |user_code: &str| Device {
        user_code: user_code.to_owned(),
        grant: grant(),
        expires_at: NOW.plus(Duration::from_secs(600)),
        state: DeviceState::Pending,
        asked_from: "127.0.0.1".to_owned(),
    };
    let pace = Duration::from_secs(5);
    assert!(store.keep_device(&realm, [1; 32], device("BBBBCCCC"), pace).await.unwrap());
    assert!(!store.keep_device(&realm, [2; 32], device("BBBBCCCC"), pace).await.unwrap(), "taken");
    assert_eq!(store.device(&realm, "BBBBCCCC").await.unwrap(), Some(device("BBBBCCCC")));
    let poll =
        |seconds| store.poll_device(&realm, [1; 32], "app", NOW, NOW.plus(Duration::from_secs(seconds)));
    assert_eq!(poll(0).await.unwrap(), Poll::Pending);
    assert_eq!(poll(4).await.unwrap(), Poll::SlowDown);
    assert_eq!(poll(14).await.unwrap(), Poll::Pending);
    assert_eq!(store.poll_device(&realm, [1; 32], "another", NOW, NOW).await.unwrap(), Poll::Unknown);
    assert!(store.decide_device(&realm, "BBBBCCCC", Some(&grant()), NOW).await.unwrap());
    assert!(!store.decide_device(&realm, "BBBBCCCC", None, NOW).await.unwrap(), "decided already");
    assert_eq!(poll(30).await.unwrap(), Poll::Allowed(Box::new(grant())));
    assert_eq!(poll(60).await.unwrap(), Poll::Unknown);
    store.keep_device(&realm, [3; 32], device("CCCCDDDD"), pace).await.unwrap();
    assert!(store.decide_device(&realm, "CCCCDDDD", None, NOW).await.unwrap());
    assert_eq!(store.poll_device(&realm, [3; 32], "app", NOW, NOW).await.unwrap(), Poll::Denied);
    let late = NOW.plus(Duration::from_secs(601));
    assert_eq!(store.poll_device(&realm, [3; 32], "app", late, late).await.unwrap(), Poll::Expired);
}

async fn consent_grows_and_is_its_realms_alone(store: Store, realm: RealmId) {
    store.record_consent(&realm, "app", "alice", &"a".parse().unwrap(), NOW).await.unwrap();
    store.record_consent(&realm, "app", "alice", &"b".parse().unwrap(), NOW).await.unwrap();
    assert_eq!(store.consent(&realm, "app", "alice").await.unwrap().to_string(), "a b");
    assert!(store.consent(&RealmId::new("other"), "app", "alice").await.unwrap().is_empty());
}

async fn what_has_ended_is_purged_and_what_lives_is_not(store: Store, realm: RealmId) {
    store.keep_code(&realm, [1; 32], code(), None, NOW).await.unwrap();
    begun(&store, &realm).await;
    store.purge(&realm, NOW.plus(Duration::from_secs(3600))).await.unwrap();
    assert!(store.code(&realm, [1; 32]).await.unwrap().is_some(), "a day is left");
    store.purge(&realm, NOW.plus(Duration::from_secs(86_401))).await.unwrap();
    assert!(store.code(&realm, [1; 32]).await.unwrap().is_none());
    assert!(store.family(&realm, FAMILY).await.unwrap().is_some());
}

async fn revocations_that_are_over_are_purged(store: Store, realm: RealmId) {
    let hour = |count: u64| NOW.plus(Duration::from_secs(count * 3600));
    // More than one transaction takes.
    for number in 0..700 {
        store.revoke_token(&realm, &format!("short {number}"), hour(1)).await.unwrap();
    }
    store.revoke_token(&realm, "long", hour(100)).await.unwrap();
    store.purge(&realm, hour(20)).await.unwrap();
    assert!(store.is_revoked(&realm, Some("short 0"), None), "a day is left");
    store.purge(&realm, hour(26)).await.unwrap();
    for number in [0, 499, 500, 699] {
        assert!(!store.is_revoked(&realm, Some(&format!("short {number}")), None));
    }
    assert!(store.is_revoked(&realm, Some("long"), None));
}

/// A code that was fetched before a sign-out, or is spent twice at once, brings nothing (attacks.md, A02).
async fn no_family_begins_whose_code_or_session_is_revoked(store: Store, realm: RealmId) {
    let until = NOW.plus(Duration::from_secs(600));
    let begin = |family: &str| {
        let (store, realm, family) = (store.clone(), realm.clone(), family.to_owned());
        async move { store.begin_family(&realm, &family, &grant(), NOW, until).await.unwrap() }
    };
    store.revoke_family(&realm, FAMILY, NOW, until).await.unwrap();
    assert!(!begin(FAMILY).await);
    assert!(begin("BBBBBBBBBBBBBBBBBBBBBB").await);
    store.end_session(&realm, "session", NOW, until).await.unwrap();
    assert!(!begin("CCCCCCCCCCCCCCCCCCCCCC").await);
    assert!(store.family(&realm, "CCCCCCCCCCCCCCCCCCCCCC").await.unwrap().is_none());
}

async fn many_at_once_share_commits_and_none_is_lost(store: Store, realm: RealmId) {
    let mut all = tokio::task::JoinSet::new();
    for number in 0..500_u32 {
        let (store, realm) = (store.clone(), realm.clone());
        all.spawn(async move {
            let scopes = "a".parse().unwrap();
            store.record_consent(&realm, &number.to_string(), "alice", &scopes, NOW).await.unwrap();
        });
    }
    all.join_all().await;
    for number in [0, 250, 499] {
        assert!(!store.consent(&realm, &number.to_string(), "alice").await.unwrap().is_empty());
    }
}

async fn a_realm_that_is_forgotten_leaves_nothing(store: Store, realm: RealmId) {
    let other = RealmId::new("other");
    store.keep_code(&realm, [1; 32], code(), None, NOW).await.unwrap();
    store.revoke_token(&realm, "jti", NOW).await.unwrap();
    store.revoke_token(&other, "jti", NOW).await.unwrap();
    let kept = store.memory(&realm);
    store.forget_realm(&realm).await.unwrap();
    assert_eq!(store.code(&realm, [1; 32]).await.unwrap(), None);
    assert!(!kept.is_revoked(Some("jti"), None), "also for whoever held on to it");
    assert!(!store.is_revoked(&realm, Some("jti"), None));
    assert!(store.is_revoked(&other, Some("jti"), None));
}

#[tokio::test]
async fn a_file_remembers_across_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::File(folder.path().join("lobby.db"));
    let realm = RealmId::new("main");
    {
        let store = Store::open(&location).await.unwrap();
        begun(&store, &realm).await;
        store.revoke_token(&realm, "jti", NOW).await.unwrap();
    }
    let store = Store::open(&location).await.unwrap();
    assert!(store.family(&realm, FAMILY).await.unwrap().is_some());
    assert!(store.is_revoked(&realm, Some("jti"), None));
}

#[tokio::test]
async fn nodes_on_one_database_hear_of_each_others_revocations() {
    let location = Location::Postgres(SERVER.url());
    let (here, there) = (Store::open(&location).await.unwrap(), Store::open(&location).await.unwrap());
    let realm = RealmId::new("two nodes");
    begun(&here, &realm).await;
    let until = NOW.plus(Duration::from_secs(600));
    here.revoke_family(&realm, FAMILY, NOW, until).await.unwrap();
    let jti = format!("{FAMILY}first");
    let heard = async {
        while !there.is_revoked(&realm, Some(&jti), None) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(1), heard).await.expect("within a second");
}

#[tokio::test]
async fn nodes_on_one_database_hear_of_each_others_changes() {
    let location = Location::Postgres(SERVER.url());
    let (here, there) = (Store::open(&location).await.unwrap(), Store::open(&location).await.unwrap());
    let realm = RealmId::new("two nodes and a user");
    here.add_user(&realm, users::user("u1", "ana")).await.unwrap();
    assert!(there.user(&realm, "u1").await.unwrap().unwrap().disabled_at.is_none());
    here.change_user(&realm, "u1", |user| user.disabled_at = Some(NOW)).await.unwrap();
    let heard = async {
        while there.user(&realm, "u1").await.unwrap().unwrap().disabled_at.is_none() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(1), heard).await.expect("within a second");
}

#[tokio::test]
async fn of_two_nodes_that_rotate_at_once_one_gives_the_successor_and_the_other_the_same() {
    let location = Location::Postgres(SERVER.url());
    let (here, there) = (Store::open(&location).await.unwrap(), Store::open(&location).await.unwrap());
    for round in 0..20 {
        let realm = RealmId::new(&format!("race {round}"));
        begun(&here, &realm).await;
        let (one, other) = tokio::join!(
            here.rotate_refresh(&realm, turn(0, "a"), NOW),
            there.rotate_refresh(&realm, turn(0, "b"), NOW),
        );
        let mut came = [one.unwrap(), other.unwrap()];
        came.sort_by_key(|came| matches!(came, Rotation::Again { .. }));
        assert_eq!(came, [Rotation::Rotated { sequence: 1 }, Rotation::Again { sequence: 1 }]);
    }
}

#[tokio::test]
async fn a_database_that_was_lost_is_found_again() {
    let mut server = Postgres::start();
    let store = Store::open(&Location::Postgres(server.url())).await.unwrap();
    let realm = RealmId::new("main");
    begun(&store, &realm).await;
    server.stop();
    let fault = store.family(&realm, FAMILY).await.unwrap_err();
    assert!(fault.is_passing(), "{fault:?}");
    server.restart();
    assert!(store.family(&realm, FAMILY).await.unwrap().is_some());
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::File(folder.path().join("lobby.db"));
    drop(Store::open(&location).await.unwrap());
    let connection = rusqlite::Connection::open(folder.path().join("lobby.db")).unwrap();
    connection.execute("INSERT INTO migrations (name) VALUES ('9999_tomorrow')", []).unwrap();
    drop(connection);
    let fault = Store::open(&location).await.err().unwrap();
    assert!(matches!(&fault, Fault::Newer(name) if name == "9999_tomorrow"), "{fault:?}");
}

async fn whoever_refreshes_without_a_pause_is_ended_all_the_same(store: Store, realm: RealmId) {
    let (store, until) = (std::sync::Arc::new(store), NOW.plus(Duration::from_secs(100)));
    let mut chains = tokio::task::JoinSet::new();
    for chain in 0..8 {
        let family = format!("{chain}{}", &FAMILY[1..]);
        let (store, realm) = (store.clone(), realm.clone());
        assert!(store.begin_family(&realm, &family, &grant(), NOW, until).await.unwrap());
        chains.spawn(async move {
            let mut sequence = 0;
            loop {
                let turn = Turn { family: family.clone(), ..turn(sequence, "a") };
                match store.rotate_refresh(&realm, turn, NOW).await {
                    Ok(Rotation::Dead) => return sequence,
                    Ok(_) => sequence += 1,
                    // It gives way at times.
                    Err(_) => {}
                }
            }
        });
        // Each is under way before it is ended.
        tokio::task::yield_now().await;
    }
    for _ in 0..50 {
        store.consent(&realm, "app", "alice").await.unwrap();
    }
    store.end_sessions_of(&realm, "alice", None, NOW, until).await.unwrap();
    assert!(chains.join_all().await.iter().all(|refreshes| *refreshes > 0));
}
