//! Backups, exports and imports, and nodes that migrate at once.

use std::path::Path;

use model::{RealmId, Timestamp};
use store::{Fault, Location, MasterKey, Refused, Session, Store, Written};

use crate::{FAMILY, NOW, begun, code, session, users::user};

const KEY: [u8; 32] = [7; 32];
const OTHER: [u8; 32] = [8; 32];

async fn open(folder: &Path, name: &str, key: [u8; 32]) -> Store {
    let store = Store::open(&Location::File(folder.join(name))).await.unwrap();
    store.unlock(MasterKey::new(key)).await.unwrap();
    store
}

/// A store with something of every kind, and more of one than is in memory at once.
async fn full(folder: &Path) -> Store {
    let store = open(folder, "full.db", KEY).await;
    let realm = RealmId::new("main");
    for number in 0..1100 {
        let id = format!("user {number:04}");
        let written = store.add_user(&realm, user(&id, &format!("ana {number}"))).await.unwrap();
        assert!(matches!(written, Written::Done(())));
    }
    store.seal(&realm, "signing", b"a signing key", NOW).await.unwrap();
    store
        .open_session(&realm, [1; 32], Session { agent: "\"quoted\" ☃".to_owned(), ..session() }, None)
        .await
        .unwrap();
    store.record_consent(&realm, "app", "user 0001", &"a b".parse().unwrap(), NOW).await.unwrap();
    begun(&store, &realm).await;
    store.keep_code(&realm, [2; 32], code(), None, NOW).await.unwrap();
    store.revoke_token(&realm, "jti", Timestamp::MAX).await.unwrap();
    store
}

async fn exported(store: &Store, folder: &Path) -> Vec<String> {
    let path = folder.join("export.jsonl");
    store.export(std::fs::File::create(&path).unwrap()).await.unwrap();
    std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

async fn import(store: &Store, source: Option<[u8; 32]>, lines: &[String]) -> Result<(), Refused> {
    let mut import = store.import(source.map(MasterKey::new)).await.unwrap();
    for line in lines {
        import.line(line).await?;
    }
    import.finish().await.map(drop)
}

/// Without what differs by the key.
fn plain(lines: &[String]) -> Vec<&String> {
    lines.iter().filter(|line| !line.contains("sealing_key") && !line.contains("\"secret\"")).collect()
}

#[tokio::test]
async fn what_is_exported_from_sqlite_is_the_same_on_postgresql_under_another_key() {
    let folder = tempfile::tempdir().unwrap();
    let lines = exported(&full(folder.path()).await, folder.path()).await;
    let server = testkit::Postgres::start();
    let target = Store::open(&Location::Postgres(server.url())).await.unwrap();
    target.unlock(MasterKey::new(OTHER)).await.unwrap();
    // Twice is once.
    for _ in 0..2 {
        import(&target, Some(KEY), &lines).await.unwrap();
        assert_eq!(plain(&exported(&target, folder.path()).await), plain(&lines));
    }
    let realm = RealmId::new("main");
    let secret = target.unseal(&realm, "signing").await.unwrap().unwrap();
    assert_eq!(secret.expose(), b"a signing key");
    assert_eq!(target.user(&realm, "user 1099").await.unwrap().unwrap().password.expose(), "$argon2id$1");
    assert!(target.family(&realm, FAMILY).await.unwrap().is_some());
    // And back again.
    let back = open(folder.path(), "back.db", KEY).await;
    let lines = exported(&target, folder.path()).await;
    import(&back, Some(OTHER), &lines).await.unwrap();
    assert_eq!(plain(&exported(&back, folder.path()).await), plain(&lines));
    assert_eq!(back.unseal(&realm, "signing").await.unwrap().unwrap().expose(), b"a signing key");
}

#[tokio::test]
async fn a_secret_is_imported_only_with_the_key_that_it_was_sealed_with() {
    let folder = tempfile::tempdir().unwrap();
    let lines = exported(&full(folder.path()).await, folder.path()).await;
    let target = open(folder.path(), "target.db", OTHER).await;
    let refused = import(&target, None, &lines).await.unwrap_err();
    assert!(refused.why.contains("--source-key"), "{refused}");
    assert!(lines[usize::try_from(refused.line).unwrap() - 1].contains("\"secret\""), "{refused}");
    let same = open(folder.path(), "same.db", KEY).await;
    import(&same, None, &lines).await.unwrap();
}

#[tokio::test]
async fn a_line_that_cannot_be_taken_is_named_with_the_reason() {
    let head = r#"{"lobby":"export","version":1,"migrations":["0001_authorization_server"]}"#;
    let consent = r#"{"kind":"consent","realm":"main","client":"a","subject":"b","scopes":"","given_at":1}"#;
    let user = |id: &str| {
        format!(
            r#"{{"kind":"user","realm":"main","id":"{id}","name":"","name_key":"same","email":"","email_key":"","email_verified_at":0,"password":"","password_version":0,"must_change":0,"roles":"","scopes":"","plan":"","claims":"{{}}","disabled_at":0,"created_at":0,"seen_at":0}}"#
        )
    };
    for (lines, line, why) in [
        (vec!["nonsense".to_owned()], 1, "no JSON"),
        (vec![consent.to_owned()], 1, "no export of Lobby"),
        (vec![head.replace(":1,", ":2,")], 1, "version 1 alone"),
        (vec![head.replace("0001", "9999")], 1, "9999_authorization_server"),
        (vec![head.to_owned(), "[]".to_owned()], 2, "no JSON object"),
        (vec![head.to_owned(), consent.replace("consent", "table")], 2, "no kind `table`"),
        (vec![head.to_owned(), consent.replace("kind", "sort")], 2, "no `kind`"),
        (vec![head.to_owned(), consent.replace("scopes", "scope")], 2, "no `scope`"),
        (vec![head.to_owned(), consent.replace(",\"given_at\":1", "")], 2, "`given_at` is missing"),
        (vec![head.to_owned(), consent.replace(":1}", ":1.5}")], 2, "no whole number"),
        (vec![head.to_owned(), consent.replace("\"b\"", "\"b\\u0000\"")], 2, "NUL"),
        (vec![head.to_owned(), String::new(), user("1"), user("2")], 4, "only one may"),
    ] {
        let store = Store::in_memory().unwrap();
        let refused = import(&store, None, &lines).await.unwrap_err();
        assert_eq!(refused.line, line, "{refused}");
        assert!(
            refused.why.contains(why) || refused.why.contains(&why.replace("no ", "not a ")),
            "{refused}"
        );
    }
}

#[tokio::test]
async fn a_batch_is_taken_whole_or_not_at_all() {
    let head = r#"{"lobby":"export","version":1,"migrations":[]}"#.to_owned();
    let consent = |number: u32, scopes: &str| {
        format!(
            r#"{{"kind":"consent","realm":"main","client":"{number}","subject":"b","scopes":{scopes},"given_at":1}}"#
        )
    };
    let mut lines = vec![head];
    lines.extend((0..1500).map(|number| consent(number, "\"a\"")));
    lines.push(consent(1500, "5"));
    let store = Store::in_memory().unwrap();
    let refused = import(&store, None, &lines).await.unwrap_err();
    assert_eq!(refused.line, 1502);
    let realm = RealmId::new("main");
    let has = async |client: &str| !store.consent(&realm, client, "b").await.unwrap().is_empty();
    assert!(has("0").await && has("999").await);
    assert!(!has("1000").await && !has("1499").await);
}

#[tokio::test]
async fn a_backup_is_whole_while_the_store_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let store = full(folder.path()).await;
    let realm = RealmId::new("main");
    let writing = tokio::spawn({
        let (store, realm) = (store.clone(), realm.clone());
        async move {
            for number in 0..500 {
                // Two records that are there together or not at all, by the order in which they are written.
                for half in ["one", "other"] {
                    let (client, scopes) = (format!("{half} {number}"), "a".parse().unwrap());
                    store.record_consent(&realm, &client, "b", &scopes, NOW).await.unwrap();
                }
            }
        }
    });
    let copy = folder.path().join("copy.db");
    let from = folder.path().join("full.db");
    let backing = {
        let (from, copy) = (from.clone(), copy.clone());
        tokio::task::spawn_blocking(move || store::back_up(&from, &copy).unwrap())
    };
    backing.await.unwrap();
    writing.await.unwrap();
    store::check(&copy).unwrap();
    let copied = open(folder.path(), "copy.db", KEY).await;
    assert_eq!(copied.unseal(&realm, "signing").await.unwrap().unwrap().expose(), b"a signing key");
    assert!(copied.user(&realm, "user 1099").await.unwrap().is_some());
    for number in 0..500 {
        let has = async |half: &str| {
            !copied.consent(&realm, &format!("{half} {number}"), "b").await.unwrap().is_empty()
        };
        assert!(has("one").await || !has("other").await, "{number}: the second without the first");
    }
}

#[tokio::test]
async fn what_is_no_whole_database_of_ours_is_no_backup() {
    let folder = tempfile::tempdir().unwrap();
    let store = full(folder.path()).await;
    let from = folder.path().join("full.db");
    let copy = folder.path().join("copy.db");
    store::back_up(&from, &copy).unwrap();
    assert!(store::back_up(&from, &copy).is_err(), "a copy is never written over");
    let whole = std::fs::read(&copy).unwrap();
    let fault = |bytes: &[u8]| {
        std::fs::write(&copy, bytes).unwrap();
        store::check(&copy).unwrap_err()
    };
    fault(&whole[..whole.len() / 2]);
    let mut damaged = whole.clone();
    damaged[4096 * 10..4096 * 40].fill(0x55);
    fault(&damaged);
    fault(b"a text");
    assert!(matches!(fault(b""), Fault::Record(_)), "empty: no database of ours");
    std::fs::write(&copy, &whole).unwrap();
    store::check(&copy).unwrap();
    let connection = rusqlite::Connection::open(&copy).unwrap();
    connection.execute("INSERT INTO migrations (name) VALUES ('9999_tomorrow')", []).unwrap();
    assert!(matches!(store::check(&copy).unwrap_err(), Fault::Newer(_)));
    // In use, and then not.
    assert!(store::let_go(&from).is_err());
    drop(store);
    store::let_go(&from).unwrap();
    assert!(!folder.path().join("full.db-wal").exists());
}

#[tokio::test]
async fn nodes_that_migrate_an_empty_database_at_once_all_find_it_migrated() {
    let folder = tempfile::tempdir().unwrap();
    let server = testkit::Postgres::start();
    for location in [Location::File(folder.path().join("lobby.db")), Location::Postgres(server.url())] {
        let mut all = Vec::new();
        for _ in 0..6 {
            let location = location.clone();
            // On threads of their own: SQLite waits for the lock where it is asked for.
            all.push(std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async {
                    let store = Store::open(&location).await.unwrap();
                    let realm = RealmId::new("main");
                    store.record_consent(&realm, "app", "b", &"a".parse().unwrap(), NOW).await.unwrap();
                });
            }));
        }
        for one in all {
            one.join().unwrap();
        }
    }
}
