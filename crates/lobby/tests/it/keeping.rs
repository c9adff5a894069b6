//! What is kept, and the commands that work on it: `backup`, `restore`, `export`, `import`, `rekey`.

use std::{fs, path::Path};

use testkit::{Finished, Lobby, Postgres, Start, run};

use crate::app::App;

const SHOP: &str = "openapi: 3.1.0
info: {title: Shop, version: '1'}
paths:
  /books:
    get:
      operationId: listBooks
      security: [{oauth: ['books:read']}]
      responses: {'200': {description: books}}
components:
  securitySchemes:
    oauth:
      type: oauth2
      flows:
        clientCredentials: {tokenUrl: /token, scopes: {'books:read': See, 'orders:read': See}}
";

fn mock(config: &str) -> Start {
    run("mock").document("shop.yaml", SHOP).config(&format!("issuer: https://shop.example\n{config}"))
}

/// A command on the store of `config`.
fn command(arguments: &[&str], config: &Path) -> Finished {
    let start = run(arguments[0]).arguments(&arguments[1..]);
    start.arguments(&["--config", config.to_str().unwrap()]).finish("")
}

async fn stopped(mut lobby: Lobby) {
    lobby.signal("TERM");
    lobby.ended().await;
}

/// A folder with a lobby.yaml that names a store in it.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = format!("store: sqlite:{}\n{more}", folder.path().join("lobby.db").display());
        fs::write(folder.path().join("lobby.yaml"), &config).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn config(&self) -> std::path::PathBuf {
        self.path("lobby.yaml")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.config()).unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Finished {
        command(arguments, &self.config())
    }
}

#[tokio::test]
async fn a_wrong_key_and_a_missing_one_are_told_at_the_start() {
    let folder = Folder::new("");
    let lobby = mock(&folder.text()).await;
    assert!(lobby.talk().contains("lobby.db.key, the key of the store's secrets"), "{}", lobby.talk());
    stopped(lobby).await;
    let key = folder.path("lobby.db.key");
    let kept = fs::read(&key).unwrap();
    fs::remove_file(&key).unwrap();
    let missing = mock(&folder.text()).arguments(&["--port", "0"]).finish("");
    missing.exits(2);
    assert!(missing.stderr.contains("lobby.db.key is missing"), "{missing:?}");
    assert!(!key.exists(), "no other is made in its place");
    fs::write(&key, "fb".repeat(32)).unwrap();
    let wrong = mock(&folder.text()).arguments(&["--port", "0"]).finish("");
    wrong.exits(2);
    assert!(wrong.stderr.contains("is not the key"), "{wrong:?}");
    fs::write(&key, "a password").unwrap();
    let none = mock(&folder.text()).arguments(&["--port", "0"]).finish("");
    none.exits(2);
    assert!(none.stderr.contains("is no key") && none.stderr.contains("openssl rand"), "{none:?}");
    fs::write(&key, kept).unwrap();
    stopped(mock(&folder.text()).await).await;
}

#[tokio::test]
async fn the_key_comes_from_a_variable_or_a_file_where_lobby_yaml_says_so() {
    let folder = Folder::new("secrets: { key: \"${THE_KEY}\" }\n");
    let start = || mock(&folder.text()).arguments(&["--port", "0"]);
    let missing = start().finish("");
    missing.exits(2);
    assert!(missing.stderr.contains("the environment has no THE_KEY"), "{missing:?}");
    let key = "fb".repeat(32);
    let token = {
        let lobby = mock(&folder.text()).variable("THE_KEY", &key).await;
        let token = lobby.token("alice").await;
        stopped(lobby).await;
        token
    };
    start().variable("THE_KEY", &"fa".repeat(32)).finish("").exits(2);
    assert!(!folder.path("lobby.db.key").exists());
    fs::write(folder.path("the.key"), &key).unwrap();
    let config =
        folder.text().replace("\"${THE_KEY}\"", &format!("file:{}", folder.path("the.key").display()));
    let lobby = mock(&config).await;
    lobby.get("/books").bearer(&token).await.is_allowed();
}

#[tokio::test]
async fn nodes_on_one_postgresql_share_their_keys_and_need_the_one_that_seals_them() {
    let server = Postgres::start();
    let config = format!("store: {}\n", server.url());
    let refused = mock(&config).arguments(&["--port", "0"]).finish("");
    refused.exits(2);
    assert!(refused.stderr.contains("lobby.yaml:2:8") && refused.stderr.contains("secrets"), "{refused:?}");
    let config = format!("{config}secrets: {{ key: \"${{THE_KEY}}\" }}\n");
    let start = || mock(&config).variable("THE_KEY", &"fb".repeat(32));
    let (here, there) = tokio::join!(start().into_future(), start().into_future());
    let token = here.token("alice").await;
    there.get("/books").bearer(&token).await.is_allowed();
    let tokens = App::new(&here, "app").tokens("alice").await;
    App::new(&there, "app").refresh(tokens["refresh_token"].as_str().unwrap()).await.is(200);
}

#[tokio::test]
async fn a_backup_brings_back_what_was_there_and_is_private() {
    let folder = Folder::new("");
    let lobby = mock(&folder.text()).await;
    let tokens = App::new(&lobby, "app").tokens("alice").await;
    let refresh = tokens["refresh_token"].as_str().unwrap().to_owned();
    let copy = folder.path("copy.db");
    let copied = folder.run(&["backup", copy.to_str().unwrap()]);
    copied.exits(0);
    assert!(copied.stderr.contains("lobby.db.key"), "{copied:?}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    }
    folder.run(&["backup", copy.to_str().unwrap()]).exits(2);
    // In use, it is not replaced, whatever is said.
    folder.run(&["restore", copy.to_str().unwrap()]).exits(2);
    let used = folder.run(&["restore", copy.to_str().unwrap(), "--force"]);
    used.exits(2);
    assert!(used.stderr.contains("stop the servers"), "{used:?}");
    stopped(lobby).await;
    let log = fs::metadata(folder.path("lobby.db-wal")).map_or(0, |log| log.len());
    assert_eq!(log, 0, "whoever copies lobby.db alone has all of it");
    folder.run(&["restore", copy.to_str().unwrap()]).exits(2);
    let junk = folder.path("junk.db");
    fs::write(&junk, "junk").unwrap();
    folder.run(&["restore", junk.to_str().unwrap(), "--force"]).exits(2);
    // A disk died.
    fs::write(folder.path("lobby.db"), "nothing that was a database").unwrap();
    let key = fs::read(folder.path("lobby.db.key")).unwrap();
    fs::write(folder.path("lobby.db.key"), "fb".repeat(32)).unwrap();
    folder.run(&["restore", copy.to_str().unwrap(), "--force"]).exits(2);
    assert!(fs::read_to_string(folder.path("lobby.db")).unwrap().starts_with("nothing"), "as it was");
    fs::write(folder.path("lobby.db.key"), key).unwrap();
    folder.run(&["restore", copy.to_str().unwrap(), "--force"]).exits(0);
    let lobby = mock(&folder.text()).await;
    App::new(&lobby, "app").refresh(&refresh).await.is(200);
}

/// What `backup` makes of a store in which somebody was.
async fn backed_up(folder: &Folder) -> String {
    stopped(mock(&folder.text()).await).await;
    let copy = folder.path("copy.db").to_str().unwrap().to_owned();
    folder.run(&["backup", &copy]).exits(0);
    copy
}

#[tokio::test]
async fn nobody_restores_a_store_that_somebody_holds_however_damaged_it_is() {
    let folder = Folder::new("");
    let copy = backed_up(&folder).await;
    fs::write(folder.path("lobby.db"), "nothing that was a database").unwrap();
    let lock = fs::File::create(folder.path("lobby.db.lock")).unwrap();
    lock.lock().unwrap();
    let held = folder.run(&["restore", &copy, "--force"]);
    held.exits(2);
    assert!(held.stderr.contains("lobby.db.lock is held by"), "{held:?}");
    assert!(fs::read_to_string(folder.path("lobby.db")).unwrap().starts_with("nothing"), "as it was");
    drop(lock);
    folder.run(&["restore", &copy, "--force"]).exits(0);
}

#[cfg(unix)]
#[tokio::test]
async fn a_database_behind_a_link_is_restored_where_it_is() {
    let folder = Folder::new("");
    let copy = backed_up(&folder).await;
    let (named, elsewhere) = (folder.path("lobby.db"), folder.path("elsewhere.db"));
    fs::rename(&named, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &named).unwrap();
    fs::write(&elsewhere, "nothing that was a database").unwrap();
    folder.run(&["restore", &copy, "--force"]).exits(0);
    assert!(fs::symlink_metadata(&named).unwrap().is_symlink());
    assert!(fs::read(&elsewhere).unwrap().starts_with(b"SQLite format 3"));
    stopped(mock(&folder.text()).await).await;
}

#[tokio::test]
async fn an_export_moves_a_store_from_sqlite_to_postgresql() {
    let folder = Folder::new("");
    let lobby = mock(&folder.text()).await;
    let tokens = App::new(&lobby, "app").tokens("alice").await;
    let access = lobby.token("alice").await;
    let file = folder.path("all.jsonl");
    folder.run(&["export", file.to_str().unwrap()]).exits(0);
    stopped(lobby).await;
    let piped = folder.run(&["export"]);
    piped.exits(0);
    assert_eq!(piped.stdout, fs::read_to_string(&file).unwrap());
    let server = Postgres::start();
    let target = tempfile::tempdir().unwrap();
    let (key, config) = (target.path().join("the.key"), target.path().join("lobby.yaml"));
    fs::write(&key, "fb".repeat(32)).unwrap();
    let store = format!("store: {}\nsecrets: {{ key: file:{} }}\n", server.url(), key.display());
    fs::write(&config, &store).unwrap();
    let refused = command(&["import", file.to_str().unwrap()], &config);
    refused.exits(2);
    assert!(
        refused.stderr.contains("all.jsonl:3: ") && refused.stderr.contains("--source-key"),
        "{refused:?}"
    );
    let source = format!("file:{}", folder.path("lobby.db.key").display());
    let taken = command(&["import", file.to_str().unwrap(), "--source-key", &source], &config);
    taken.exits(0);
    assert!(taken.stderr.contains("1 × family"), "{taken:?}");
    let lobby = mock(&store).await;
    lobby.get("/books").bearer(&access).await.is_allowed();
    App::new(&lobby, "app").refresh(tokens["refresh_token"].as_str().unwrap()).await.is(200);
    command(&["backup", target.path().join("no").to_str().unwrap()], &config).exits(2);
}

#[tokio::test]
async fn the_key_is_changed_under_a_server_that_is_used() {
    let folder = Folder::new("");
    let lobby = mock(&folder.text()).await;
    let before = fs::read(folder.path("lobby.db.key")).unwrap();
    let app = App::new(&lobby, "app");
    let mut refresh = app.tokens("alice").await["refresh_token"].as_str().unwrap().to_owned();
    let config = folder.config();
    let changing = tokio::task::spawn_blocking(move || command(&["rekey"], &config));
    let mut count = 0;
    while !changing.is_finished() {
        let answer = app.refresh(&refresh).await;
        answer.is(200);
        answer.json()["refresh_token"].as_str().unwrap().clone_into(&mut refresh);
        count += 1;
    }
    let changed = changing.await.unwrap();
    changed.exits(0);
    assert!(changed.stderr.contains("sealed 2 values anew"), "{changed:?}");
    assert!(count > 10, "{count} refreshes while it was changed");
    assert_ne!(fs::read(folder.path("lobby.db.key")).unwrap(), before);
    app.refresh(&refresh).await.is(200);
    stopped(lobby).await;
    let lobby = mock(&folder.text()).await;
    App::new(&lobby, "app").refresh(&refresh).await.is(200);
    stopped(lobby).await;
    fs::write(folder.path("lobby.db.key"), before).unwrap();
    mock(&folder.text()).arguments(&["--port", "0"]).finish("").exits(2);
}

#[test]
fn a_command_without_a_store_says_so() {
    for command in ["export", "rekey"] {
        let finished = run(command).finish("");
        finished.exits(2);
        assert!(finished.stderr.contains("no store is named"), "{finished:?}");
    }
    let memory = run("export").config("store: memory\n").finish("");
    memory.exits(2);
    assert!(memory.stderr.contains("in memory"), "{memory:?}");
}

#[test]
fn what_failed_leaves_no_file_that_looks_like_an_export() {
    let folder = Folder::new("");
    fs::write(folder.path("lobby.db"), "this is no database ".repeat(500)).unwrap();
    let to = folder.path("all.ndjson");
    folder.run(&["export", to.to_str().unwrap()]).exits(2);
    let left = fs::read_dir(to.parent().unwrap()).unwrap().map(|file| file.unwrap().file_name());
    let left: Vec<_> = left.filter(|name| name.to_string_lossy().starts_with("all")).collect();
    assert!(left.is_empty(), "{left:?}");
}

const KEYCLOAK: &str = r#"{"realm":"shop","users":[
  {"id":"b4f5c1a2-0000-4000-8000-000000000001","username":"Ana","email":"ana@example.com","emailVerified":true,
   "enabled":true,"createdTimestamp":1700000000000,"firstName":"Ana","realmRoles":["default-roles-shop","admin","lobby:owner","director"],
   "credentials":[{"type":"otp"},{"type":"password",
     "secretData":"{\"value\":\"u7yR4tGbH+RGlSXqJZQzAnAgOmmBBqGsF5I8cMrJjv0=\",\"salt\":\"c2FsdHNhbHRzYWx0c2FsdA==\"}",
     "credentialData":"{\"hashIterations\":27500,\"algorithm\":\"pbkdf2-sha256\"}"}]},
  {"id":"b4f5c1a2-0000-4000-8000-000000000002","username":"bob@example.com","enabled":false,
   "credentials":[{"type":"password","secretData":"{\"value\":\"AAAA\",\"salt\":\"AAAA\"}",
     "credentialData":"{\"hashIterations\":1,\"algorithm\":\"rot13\"}"}]}]}"#;

const AUTH0: &str = r#"{"_id":{"$oid":"60425dc43519d90068f82973"},"email":"cleo@example.com","email_verified":true,"passwordHash":"$2b$10$CZ9vYyZ2Q4u4pE6yEnWwOuJ1PpIm5R.o3bq1lVzHpQyJ5Oqk6l9YK","tenant":"shop","connection":"users"}
{"_id":{"$oid":"60425dc43519d90068f82974"},"email":"dora@example.com","username":"dora"}
"#;

const FIREBASE: &str = r#"{"users":[{"localId":"u1","email":"eve@example.com","emailVerified":false,
  "passwordHash":"lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==",
  "salt":"42xEC+ixf3L2lw==","displayName":"Eve","createdAt":"1700000000000","disabled":false}]}"#;

const HASH_CONFIG: &str = "hash_config {
  algorithm: SCRYPT,
  base64_signer_key: jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==,
  base64_salt_separator: Bw==,
  rounds: 8,
  mem_cost: 14,
}
";

#[test]
fn users_of_other_products_come_with_their_hashes() {
    let folder = Folder::new("");
    let file = |name: &str, text: &str| {
        fs::write(folder.path(name), text).unwrap();
        folder.path(name).to_str().unwrap().to_owned()
    };
    let (keycloak, auth0) = (file("realm.json", KEYCLOAK), file("users.ndjson", AUTH0));
    let (firebase, config) = (file("users.json", FIREBASE), file("hash.txt", HASH_CONFIG));
    // Twice is once.
    for told in ["took 2 × user", "2 were there already"] {
        let taken = folder.run(&["import", &keycloak, "--from", "keycloak"]);
        taken.exits(0);
        assert!(taken.stderr.contains(told), "{taken:?}");
        folder.run(&["user", "disable", "ana"]).exits(0);
        assert!(taken.stderr.contains("user 1 (Ana) comes without the role lobby:owner"), "{taken:?}");
        assert!(taken.stderr.contains("user 2 (bob@example.com) comes without a password"), "{taken:?}");
        folder.run(&["import", &auth0, "--from", "auth0"]).exits(0);
        folder.run(&["import", &firebase, "--from", "firebase", "--hash-config", &config]).exits(0);
    }
    let exported = folder.run(&["export"]);
    exported.exits(0);
    let users: Vec<serde_json::Value> = exported
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|line: &serde_json::Value| line["kind"] == "user")
        .collect();
    assert_eq!(users.len(), 5);
    let of = |key: &str| users.iter().find(|user| user["email_key"] == key).unwrap();
    let ana = of("ana@example.com");
    assert_eq!((&ana["name"], &ana["name_key"]), (&"Ana".into(), &"ana".into()));
    assert_eq!(ana["roles"], "[\"admin\"]", "nobody comes as an administrator of this server");
    assert_eq!(ana["scopes"], "*", "as who signs up: roles and plans say who may what");
    assert_eq!(ana["claims"], "{\"given_name\":\"Ana\"}");
    assert_eq!(ana["created_at"], 1_700_000_000_000_000_i64);
    assert!(ana["password"].as_str().unwrap().starts_with("$pbkdf2-sha256$i=27500"), "{ana}");
    assert!(ana["email_verified_at"] != 0 && ana["disabled_at"] != 0, "who was taken in stays suspended");
    let bob = of("bob@example.com");
    assert!(bob["name"] == "" && bob["password"] == "" && bob["disabled_at"] != 0, "{bob}");
    assert!(of("cleo@example.com")["password"].as_str().unwrap().starts_with("$2b$10$"));
    assert!(of("dora@example.com")["password"] == "" && of("dora@example.com")["name_key"] == "dora");
    assert!(of("eve@example.com")["password"].as_str().unwrap().starts_with("$firebase-scrypt$ln=14,r=8"));
    let bad = file("bad.json", &KEYCLOAK.replace("\"Ana\",\"email\"", "\"a:b\",\"email\""));
    let refused = folder.run(&["import", &bad, "--from", "keycloak"]);
    refused.exits(2);
    assert!(refused.stderr.contains("bad.json: user 1: `a:b`"), "{refused:?}");
}
