//! Starting, saying so, being asked, ending.

use std::{
    io::{Read, Write},
    net::TcpStream,
    os::unix::{fs::PermissionsExt, net::UnixDatagram},
    time::{Duration, Instant},
};

use serde_json::Value;
use testkit::{run, serve};

use super::{ALONE, shared_mock};

#[tokio::test]
async fn an_issuer_is_enough_to_be_an_authorization_server() {
    let lobby = serve(ALONE).await;
    let ready = lobby.ready();
    assert_eq!(ready["issuer"], "https://login.example.com");
    assert_ne!(ready["admin"], ready["url"]);
    assert_eq!(ready["pid"], lobby.pid());
    let metadata = lobby.get("/.well-known/openid-configuration").await;
    assert_eq!(metadata.json()["issuer"], "https://login.example.com");
    lobby.get("/books").await.is(404);
    let database = std::fs::metadata(lobby.folder().join("lobby.db")).unwrap();
    assert_eq!(database.permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn what_was_signed_before_a_restart_is_verified_after_it() {
    let first = serve(ALONE).await;
    let keys = |answer: testkit::Answer| answer.json()["keys"].clone();
    let before = keys(first.get("/_lobby/oauth/jwks").await);
    let kept: Vec<_> = ["lobby.db.key", "lobby.db", "lobby.db-wal"]
        .map(|name| (name, std::fs::read(first.folder().join(name)).unwrap()))
        .to_vec();
    drop(first);
    let again = serve(ALONE);
    for (name, bytes) in kept {
        std::fs::write(again.folder().join(name), bytes).unwrap();
    }
    let again = again.await;
    assert_eq!(keys(again.get("/_lobby/oauth/jwks").await), before);
}

#[test]
fn what_cannot_be_served_is_told_with_its_place() {
    let beyond = "issuer: https://a.example\nlisten: { public: 0.0.0.0:0 }\n";
    let api = "apis: { shop: { contract: api.yaml, backend: 'http://127.0.0.1:3000' } }";
    let forwarding = format!("issuer: https://a.example\n{api}\n");
    for (config, part) in [
        ("store: memory\n", "lobby.yaml:1:1"),
        ("# nothing\n", "`issuer` is missing"),
        ("store: postgres://lobby:s3kret@db/lobby\n", "postgres://lobby:…@db/lobby"),
        ("issuer: login\n", "lobby.yaml:1:9"),
        (beyond, "lobby.yaml:2:19"),
        (beyond, "plain HTTP beyond this machine"),
        ("issuer: https://a.example\nlisten: { admin: '192.0.2.1:9443' }\n", "192.0.2.1:9443"),
        ("issuer: https://a.example\nlisten: 0.0.0.0:0\n", "trusted_proxies"),
        ("issuer: https://a.example\nlisten: { tls: { cert: a.pem } }\n", "listen"),
        (&forwarding, "forwards to no backend yet"),
    ] {
        let start =
            run("serve").file("api.yaml", "openapi: 3.1.0\ninfo: {title: t, version: v}\npaths: {}\n");
        let finished = start.config(config).finish("");
        finished.exits(2);
        assert!(finished.stderr.contains(part), "{config}: {}", finished.stderr);
        assert!(!finished.stderr.contains("s3kret"), "{}", finished.stderr);
    }
    let finished = run("serve").finish("");
    finished.exits(2);
    assert!(finished.stderr.contains("there is no lobby.yaml here"), "{}", finished.stderr);
}

#[tokio::test]
async fn beyond_this_machine_plain_http_is_served_behind_a_proxy() {
    let lobby = serve(
        "issuer: https://a.example\ntrusted_proxies: [127.0.0.0/8]\nlisten: { public: 0.0.0.0:0, admin: 127.0.0.1:0 }\n",
    )
    .await;
    let exposed = lobby.post("/_lobby/oauth/token").header("x-forwarded-for", "192.0.2.1").await;
    exposed.is_denied(403, "transport.insecure");
    let private = lobby
        .post("/_lobby/oauth/token")
        .header("x-forwarded-for", "192.0.2.1")
        .header("x-forwarded-proto", "https")
        .await;
    assert_ne!(private.json()["code"], "transport.insecure");
}

#[tokio::test]
async fn a_second_server_on_the_same_database_is_told_who_has_it() {
    let lobby = serve(ALONE).await;
    let path = lobby.folder().join("lobby.db");
    let second = format!(
        "{ALONE}store: sqlite:{}\nlisten: {{ public: 127.0.0.1:0, admin: 127.0.0.1:0 }}\n",
        path.display()
    );
    let finished = run("serve").config(&second).finish("");
    finished.exits(2);
    let pid = lobby.pid().to_string();
    assert!(finished.stderr.contains(&pid), "{}", finished.stderr);
    let lock = lobby.folder().join("lobby.db.lock");
    assert_eq!(std::fs::metadata(&lock).unwrap().permissions().mode() & 0o777, 0o600);
    let said: Value = serde_json::from_str(&std::fs::read_to_string(&lock).unwrap()).unwrap();
    assert_eq!(said["admin"], lobby.ready()["admin"]);
    let token = said["token"].as_str().unwrap();
    assert!(token.len() >= 43 && !finished.stderr.contains(token));
    drop(lobby);
}

#[tokio::test]
async fn no_command_brings_the_database_of_an_older_server_to_another_form() {
    let lobby = serve(ALONE).await;
    // As an older version has it.
    let database = rusqlite::Connection::open(lobby.folder().join("lobby.db")).unwrap();
    let last = "DELETE FROM migrations WHERE name = (SELECT MAX(name) FROM migrations)";
    database.execute(last, ()).unwrap();
    let config = lobby.folder().join("lobby.yaml");
    for command in ["export", "rekey"] {
        let refused = run(command).arguments(&["--config", config.to_str().unwrap()]).finish("");
        refused.exits(2);
        assert!(refused.stderr.contains("is an older Lobby"), "{refused:?}");
    }
}

#[tokio::test]
async fn the_lock_of_a_server_that_was_killed_holds_nobody_up() {
    let first = serve(ALONE).await;
    let path = first.folder().join("lobby.db");
    first.signal("KILL");
    let config = format!("{ALONE}store: sqlite:{}\n", path.display());
    // Its ready file is proof enough that it serves.
    let second = serve(&config).await;
    second.admin().get("/health/ready").await.is(200);
}

#[tokio::test]
async fn sigterm_drains_and_says_so_meanwhile() {
    let config = format!("{}control: {{ token: '${{CONTROL}}' }}\n", shared_mock());
    let mut lobby = serve(&config).variable("CONTROL", "t0ken").arguments(&["--grace", "20s"]).await;
    let admin = lobby.admin();
    admin.get("/health/ready").await.is(200);
    let mut slow = lobby.raw().await;
    let head = format!(
        "GET /open HTTP/1.1\r\nhost: 127.0.0.1:{}\r\nlobby-scenario: delay:1500ms\r\n\
         authorization: Bearer t0ken\r\n\r\n",
        lobby.port()
    );
    slow.send(head.as_bytes()).await;
    // The delay is far longer than this takes: the request is under way.
    lobby.get("/open").await.is_allowed();
    lobby.signal("TERM");
    let draining = loop {
        let answer = admin.get("/health/ready").await;
        if answer.status() != 200 {
            break answer;
        }
    };
    draining.is(503);
    assert_eq!(draining.json()["status"], "draining");
    admin.get("/health/live").await.is(200);
    let answer = slow.read_to_end().await;
    assert!(String::from_utf8_lossy(&answer).starts_with("HTTP/1.1 200"), "{answer:?}");
    assert_eq!(lobby.ended().await.code(), Some(0));
}

#[tokio::test]
async fn a_change_that_is_under_way_at_the_end_is_made_and_answered() {
    let mut lobby = serve(ALONE).arguments(&["--grace", "20s"]).await;
    let admin = lobby.ready()["admin"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
    let lock = std::fs::read_to_string(lobby.folder().join("lobby.db.lock")).unwrap();
    let lock: Value = serde_json::from_str(&lock).unwrap();
    let body = r#"{"name":"ana"}"#;
    let head = format!(
        "POST /admin/v1/users HTTP/1.1\r\nhost: {admin}\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\
         content-type: application/json\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n",
        lock["token"].as_str().unwrap(),
        body.len()
    );
    let mut call = TcpStream::connect(&admin).unwrap();
    call.write_all(head.as_bytes()).unwrap();
    let mut goes_on = [0; 25];
    call.read_exact(&mut goes_on).unwrap();
    assert_eq!(goes_on, *b"HTTP/1.1 100 Continue\r\n\r\n");
    lobby.signal("TERM");
    let patience = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(&admin).is_ok() {
        assert!(Instant::now() < patience, "it takes calls yet");
    }
    call.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    call.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert_eq!(lobby.ended().await.code(), Some(0));
    assert_eq!(std::fs::metadata(lobby.folder().join("lobby.db-wal")).map_or(0, |log| log.len()), 0);
}

#[tokio::test]
async fn systemd_is_told_of_the_start_the_rereading_and_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let heard = || {
        let mut bytes = [0; 256];
        let length = socket.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    };
    let mut lobby = serve(ALONE).variable("NOTIFY_SOCKET", path.to_str().unwrap()).await;
    assert_eq!(heard(), "READY=1");
    lobby.signal("HUP");
    assert_eq!((heard(), heard()), ("RELOADING=1".to_owned(), "READY=1".to_owned()));
    lobby.signal("TERM");
    assert_eq!(heard(), "STOPPING=1");
    assert_eq!(lobby.ended().await.code(), Some(0));
}

#[tokio::test]
async fn a_changed_file_is_served_and_a_broken_one_is_not() {
    let lobby = serve(&shared_mock()).await;
    lobby.get("/open").await.is_allowed();
    let listen = "listen: { public: 127.0.0.1:0, admin: 127.0.0.1:0 }\n";
    lobby.replace_file("lobby.yaml", &format!("{ALONE}{listen}"));
    while lobby.get("/open").await.status() != 404 {}
    lobby.replace_file("lobby.yaml", "issuer: [\n");
    while !lobby.talk().contains("what was served before goes on") {
        tokio::task::yield_now().await;
    }
    lobby.get("/.well-known/openid-configuration").await.is(200);
}
