//! Secrets at rest, and the change of the key that they are sealed with.

use model::RealmId;
use store::{Fault, Location, MasterKey, Resealed, Store};

use crate::NOW;

claims!(
    a_secret_comes_back_to_its_realm_and_name_alone,
    the_first_secret_is_everybodys,
    a_value_opens_in_its_row_alone,
);

async fn a_secret_comes_back_to_its_realm_and_name_alone(store: Store, realm: RealmId) {
    unlocked(&store).await;
    store.seal(&realm, "smtp", b"hunter2", NOW).await.unwrap();
    assert_eq!(store.unseal(&realm, "smtp").await.unwrap().unwrap().expose(), b"hunter2");
    assert!(store.unseal(&realm, "other").await.unwrap().is_none());
    assert!(store.unseal(&RealmId::new("elsewhere"), "smtp").await.unwrap().is_none());
    store.seal(&realm, "smtp", b"hunter3", NOW).await.unwrap();
    assert_eq!(store.unseal(&realm, "smtp").await.unwrap().unwrap().expose(), b"hunter3");
    store.drop_secret(&realm, "smtp").await.unwrap();
    assert!(store.unseal(&realm, "smtp").await.unwrap().is_none());
}

async fn the_first_secret_is_everybodys(store: Store, realm: RealmId) {
    unlocked(&store).await;
    let (one, other) = tokio::join!(
        store.seal_first(&realm, "signing", b"one", NOW),
        store.seal_first(&realm, "signing", b"other", NOW),
    );
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(one.expose(), other.expose());
    assert_eq!(store.seal_first(&realm, "signing", b"late", NOW).await.unwrap().expose(), one.expose());
    store.forget_realm(&realm).await.unwrap();
    assert!(store.unseal(&realm, "signing").await.unwrap().is_none());
}

async fn a_value_opens_in_its_row_alone(store: Store, _: RealmId) {
    unlocked(&store).await;
    let sealed = store.seal_value("secrets.sealed", &["main", "a"], b"plain").await.unwrap();
    let open = async |place: &[&str]| store.open_value("secrets.sealed", place, &sealed).await;
    assert_eq!(open(&["main", "a"]).await.unwrap().expose(), b"plain");
    assert!(matches!(open(&["main", "b"]).await, Err(Fault::Sealed(_))));
    assert!(matches!(open(&["other", "a"]).await, Err(Fault::Sealed(_))));
    assert!(matches!(open(&["main"]).await, Err(Fault::Record(_))), "the place has two names");
    assert!(store.seal_value("users.name", &["main", "a"], b"plain").await.is_err(), "it is not declared");
    assert!(store.open_value("secrets.sealed", &["main", "a"], b"junk").await.is_err());
}

const KEY: [u8; 32] = [7; 32];

/// On the server all claims share a database, and so a key; a store in memory needs none.
async fn unlocked(store: &Store) {
    store.unlock(MasterKey::new(KEY)).await.unwrap();
}

fn file(folder: &tempfile::TempDir) -> Location {
    Location::File(folder.path().join("lobby.db"))
}

#[tokio::test]
async fn a_store_in_memory_needs_no_key_and_a_file_does() {
    let realm = RealmId::new("main");
    let memory = Store::in_memory().unwrap();
    memory.seal(&realm, "a", b"plain", NOW).await.unwrap();
    assert_eq!(memory.unseal(&realm, "a").await.unwrap().unwrap().expose(), b"plain");
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&file(&folder)).await.unwrap();
    assert!(matches!(store.seal(&realm, "a", b"plain", NOW).await, Err(Fault::Locked)));
    assert!(!store.is_sealed().await.unwrap());
}

#[tokio::test]
async fn another_key_than_the_first_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let realm = RealmId::new("main");
    let store = Store::open(&file(&folder)).await.unwrap();
    unlocked(&store).await;
    store.seal(&realm, "a", b"plain", NOW).await.unwrap();
    drop(store);
    let store = Store::open(&file(&folder)).await.unwrap();
    assert!(store.is_sealed().await.unwrap());
    assert!(matches!(store.unlock(MasterKey::new([8; 32])).await, Err(Fault::WrongKey)));
    assert!(matches!(store.unseal(&realm, "a").await, Err(Fault::Locked)));
    unlocked(&store).await;
    assert_eq!(store.unseal(&realm, "a").await.unwrap().unwrap().expose(), b"plain");
}

#[tokio::test]
async fn nothing_of_a_secret_or_of_a_key_is_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&file(&folder)).await.unwrap();
    unlocked(&store).await;
    store.seal(&RealmId::new("main"), "a", b"a plain secret", NOW).await.unwrap();
    drop(store);
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for plain in [b"plain secret".as_slice(), &KEY] {
            assert!(!bytes.windows(plain.len()).any(|window| window == plain));
        }
    }
}

#[tokio::test]
async fn two_nodes_that_begin_at_once_agree_on_their_keys() {
    for round in 0..5 {
        let server = testkit::Postgres::start();
        let location = Location::Postgres(server.url());
        let (here, there) = tokio::join!(Store::open(&location), Store::open(&location));
        let (here, there) = (here.unwrap(), there.unwrap());
        let (one, other) = tokio::join!(here.unlock(MasterKey::new(KEY)), there.unlock(MasterKey::new(KEY)));
        one.unwrap();
        other.unwrap();
        let realm = RealmId::new("main");
        let (one, other) = tokio::join!(
            here.seal_first(&realm, "signing", b"one", NOW),
            there.seal_first(&realm, "signing", b"other", NOW),
        );
        assert_eq!(one.unwrap().expose(), other.unwrap().expose(), "round {round}");
        here.seal(&realm, "b", b"plain", NOW).await.unwrap();
        assert_eq!(there.unseal(&realm, "b").await.unwrap().unwrap().expose(), b"plain");
    }
}

#[tokio::test]
async fn a_node_goes_on_through_two_changes_of_the_key_on_a_file() {
    let folder = tempfile::tempdir().unwrap();
    through_two_changes(file(&folder)).await;
}

#[tokio::test]
async fn a_node_goes_on_through_two_changes_of_the_key_on_postgresql() {
    let server = testkit::Postgres::start();
    through_two_changes(Location::Postgres(server.url())).await;
}

/// A node that never hears of a new master key seals and opens while the key is changed twice under it.
async fn through_two_changes(location: Location) {
    let node = Store::open(&location).await.unwrap();
    unlocked(&node).await;
    let realm = RealmId::new("main");
    for number in 0..600 {
        node.seal(&realm, &format!("old {number}"), b"plain", NOW).await.unwrap();
    }
    for (old, key) in [(KEY, [8; 32]), ([8; 32], [9; 32])] {
        let new = MasterKey::new(key);
        let command = Store::open(&location).await.unwrap();
        command.unlock(MasterKey::new(old)).await.unwrap();
        command.begin_rekey(&new).await.unwrap();
        // Between the two, whoever starts may have either key.
        for key in [old, key] {
            let third = Store::open(&location).await.unwrap();
            third.unlock(MasterKey::new(key)).await.unwrap();
            assert_eq!(third.unseal(&realm, "old 5").await.unwrap().unwrap().expose(), b"plain");
        }
        node.seal(&realm, &format!("during {key:?}"), b"plain", NOW).await.unwrap();
        let first = command.reseal().await.unwrap();
        assert!(first.values >= 600 && first.lost == 0, "{first:?}");
        assert_eq!(command.reseal().await.unwrap(), Resealed::default());
        node.seal(&realm, &format!("after {key:?}"), b"plain", NOW).await.unwrap();
        command.finish_rekey().await.unwrap();
    }
    for name in ["old 0", "old 599", &format!("during {:?}", [8; 32]), &format!("after {:?}", [9; 32])] {
        assert_eq!(node.unseal(&realm, name).await.unwrap().unwrap().expose(), b"plain", "{name}");
    }
    for old in [KEY, [8; 32]] {
        let late = Store::open(&location).await.unwrap();
        assert!(matches!(late.unlock(MasterKey::new(old)).await, Err(Fault::WrongKey)));
    }
    let restarted = Store::open(&location).await.unwrap();
    restarted.unlock(MasterKey::new([9; 32])).await.unwrap();
    assert_eq!(restarted.unseal(&realm, "old 7").await.unwrap().unwrap().expose(), b"plain");
}

#[tokio::test]
async fn of_two_who_change_the_key_at_once_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) =
        (Store::open(&file(&folder)).await.unwrap(), Store::open(&file(&folder)).await.unwrap());
    unlocked(&one).await;
    unlocked(&other).await;
    one.begin_rekey(&MasterKey::new([8; 32])).await.unwrap();
    other.begin_rekey(&MasterKey::new([9; 32])).await.unwrap();
    assert!(matches!(one.finish_rekey().await, Err(Fault::Sealed(_))));
    other.finish_rekey().await.unwrap();
    assert!(one.begin_rekey(&MasterKey::new([8; 32])).await.is_err(), "it has that key already");
}
