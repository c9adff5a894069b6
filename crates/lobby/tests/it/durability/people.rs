use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use serde_json::{Value, json};
use testkit::{Lobby, serve};
use tokio::{sync::Notify, task::JoinSet};

use super::post;

const DOCUMENT: &str = r#"
openapi: 3.1.0
info: { title: Shop, version: "1" }
paths:
  /keyed:
    get: { operationId: keyed, security: [{ key: [] }], responses: { "200": { description: fine } } }
components:
  securitySchemes:
    key: { type: apiKey, in: header, name: X-API-Key }
"#;

/// How many clients administer at once.
const CLIENTS: usize = 6;

async fn started(store: &str) -> Lobby {
    let config = format!(
        "issuer: https://login.example.com\napis: {{ shop: {{ contract: shop.yaml }} }}\n\
         store: \"{store}\"\nsecrets: {{ key: \"${{THE_KEY}}\" }}\n"
    );
    let start = serve(&config).file("shop.yaml", DOCUMENT).variable("THE_KEY", &"fb".repeat(32));
    start.variable("LOBBY_ADMIN_TOKEN", "t0ken-of-sixteen").await
}

/// What was said to be done.
#[derive(Default)]
struct Acknowledged {
    users: Vec<String>,
    keys: Vec<String>,
    count: AtomicUsize,
}

/// Adds users and a key for each until an answer fails to come, or one says that the store is away.
async fn administers(port: u16, named: String, told: Arc<Notify>, all: Arc<Mutex<Acknowledged>>) {
    let fields = "Content-Type: application/json\r\nAuthorization: Bearer t0ken-of-sixteen";
    for number in 0.. {
        let name = format!("{named}-{number}");
        let user = json!({ "name": name }).to_string();
        let Some((201, _)) = post(port, "/admin/v1/users", fields, &user).await else { return };
        all.lock().unwrap().users.push(name.clone());
        let key = json!({ "owner": name }).to_string();
        let Some((201, made)) = post(port, "/admin/v1/keys", fields, &key).await else { return };
        let mut all = all.lock().unwrap();
        all.keys.push(made["key"].as_str().unwrap().to_owned());
        all.count.fetch_add(1, Relaxed);
        told.notify_one();
    }
}

/// Lets clients work until so much was acknowledged, then does `blow`, and waits for the clients' end.
async fn under_load(lobby: &mut Lobby, round: usize, blow: impl AsyncFnOnce(&mut Lobby)) -> Acknowledged {
    let port = url::Url::parse(lobby.ready()["admin"].as_str().unwrap()).unwrap().port().unwrap();
    let (told, all) = (Arc::new(Notify::new()), Arc::default());
    let mut load = JoinSet::new();
    for client in 0..CLIENTS {
        load.spawn(administers(port, format!("r{round}-c{client}"), told.clone(), Arc::clone(&all)));
    }
    while all.lock().unwrap().count.load(Relaxed) < 10 + round * 7 % 40 {
        told.notified().await;
    }
    blow(lobby).await;
    load.join_all().await;
    std::mem::take(&mut *all.lock().unwrap())
}

/// Looks for everything that was said to be done.
async fn account_for(lobby: &Lobby, acknowledged: &Acknowledged) {
    for name in &acknowledged.users {
        let user: Value =
            lobby.admin().get(&format!("/admin/v1/users/{name}")).bearer("t0ken-of-sixteen").await.json();
        assert_eq!(user["name"], **name);
    }
    for key in &acknowledged.keys {
        lobby.get("/keyed").header("x-api-key", key).await.is_allowed();
    }
}

#[tokio::test]
async fn users_and_keys_are_there_after_fifty_kills_under_load() {
    let folder = tempfile::tempdir().unwrap();
    let store = format!("sqlite:{}", folder.path().join("lobby.db").display());
    let mut lobby = started(&store).await;
    for round in 0..50 {
        let killed = async |lobby: &mut Lobby| {
            lobby.signal("KILL");
            lobby.ended().await;
        };
        let acknowledged = under_load(&mut lobby, round, killed).await;
        lobby = started(&store).await;
        account_for(&lobby, &acknowledged).await;
    }
}

#[tokio::test]
async fn a_database_that_is_killed_under_load_keeps_what_it_said_and_is_found_again() {
    let mut server = testkit::Postgres::start();
    let mut lobby = started(&server.url()).await;
    for round in 0..5 {
        let acknowledged = under_load(&mut lobby, round, async |_: &mut Lobby| server.stop()).await;
        let away = lobby.admin().get("/admin/v1/users/nobody").bearer("t0ken-of-sixteen").await;
        away.is_refused(503, "busy");
        assert_eq!(away.header("retry-after"), Some("1"));
        server.restart();
        account_for(&lobby, &acknowledged).await;
    }
}
