//! The doors of a server: the admin listener's, and whither a browser is led that names no page.

use testkit::{Answer, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::ALONE;
use crate::{
    admin::{PASSWORD, add_alice},
    browser::submit,
};

#[tokio::test]
async fn only_names_of_ours_are_answered_on_the_admin_listener() {
    let lobby = serve(&format!("{ALONE}control: {{ hosts: [lobby.internal] }}\n")).await;
    let admin = lobby.admin();
    for path in ["/health/live", "/health/ready", "/metrics"] {
        admin.get(path).await.is(200);
        admin.get(path).header("host", "lobby.internal:9443").await.is(200);
        admin.get(path).header("host", "evil.example").await.is(421);
    }
    admin.get("/_lobby/sandboxes").await.is(404);
    admin.post("/metrics").await.is(405);
}

#[tokio::test]
async fn a_request_line_that_others_may_read_otherwise_is_refused_on_the_admin_listener_too() {
    let lobby = serve(ALONE).await;
    let address = lobby.ready()["admin"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
    for head in [
        "GET /metrics HTTP/1.1\r\nhost: localhost\r\nhost: evil.example",
        "get /metrics HTTP/1.1\r\nhost: localhost",
        "CONNECT localhost:1 HTTP/1.1\r\nhost: localhost:1",
        "GET http://localhost/metrics HTTP/1.1\r\nhost: 127.0.0.1",
    ] {
        let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
        stream.write_all(format!("{head}\r\n\r\n").as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 "), "{head}: {answer}");
    }
}

#[tokio::test]
async fn what_operators_ask_is_not_on_the_public_listener() {
    let lobby = serve(ALONE).await;
    for path in ["/health/live", "/health/ready", "/metrics", "/admin/v1/users"] {
        lobby.get(path).await.is(404);
    }
}

#[tokio::test]
async fn requests_are_counted_by_operation_verdict_and_denial() {
    let lobby = serve(&super::shared_mock()).await;
    lobby.get("/open").await.is_allowed();
    lobby.get("/open").await.is_allowed();
    lobby.get("/books").await.is_denied(401, "credential.missing");
    lobby.get("/nowhere").await.is(404);
    lobby.get("/.well-known/openid-configuration").await.is(200);
    let metrics = lobby.admin().get("/metrics").await;
    assert!(metrics.header("content-type").is_some_and(|kind| kind.starts_with("text/plain; version=0.0.4")));
    let text = metrics.text();
    let operations = lobby.get("/open").await;
    let open = operations.header("lobby-operation").unwrap();
    for line in [
        &format!(r#"lobby_requests_total{{api="bookshop",operation="{open}",verdict="allow",denial=""}} 2"#),
        r#"lobby_requests_total{api="bookshop",operation="listBooks",verdict="deny",denial="credential.missing"} 1"#,
        r#"lobby_requests_total{api="oauth",operation="oauth.discovery",verdict="allow",denial=""} 1"#,
        r#"lobby_request_duration_seconds_count{api="bookshop",operation="listBooks"} 1"#,
        "lobby_generation 1",
        "lobby_hashing_queue 0",
        "lobby_hashing_turned_away_total 0",
        r#"lobby_sign_ins_total{outcome="done"} 0"#,
        "lobby_store_write_faults_total 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(text.contains(r#"denial="operation.unknown"} 1"#), "{text}");
}

#[tokio::test]
async fn the_store_is_counted_each_time_that_it_is_asked() {
    let lobby = serve(ALONE).await;
    let count = async || -> f64 {
        let metrics = lobby.admin().get("/metrics").await;
        let line = metrics.text().lines().find_map(|line| line.strip_prefix("lobby_store_reads_total "));
        line.unwrap().parse().unwrap()
    };
    let before = count().await;
    lobby.admin().get("/health/ready").await.is(200);
    assert!(count().await > before);
}

#[tokio::test]
async fn a_fault_of_the_store_is_in_the_log_with_the_id_of_the_request() {
    let lobby = serve(ALONE).await;
    add_alice(lobby.folder());
    let database = rusqlite::Connection::open(lobby.folder().join("lobby.db")).unwrap();
    database.execute("UPDATE users SET roles = 'no JSON'", ()).unwrap();
    let told = async |answer: Answer| {
        assert!(answer.status() >= 500, "{answer:?}");
        let id = answer.header("lobby-request-id").unwrap();
        let line = format!("the store failed at request {id}: a stored record is no JSON of its kind\n");
        while !lobby.talk().contains(&line) {
            tokio::task::yield_now().await;
        }
    };
    let lock = std::fs::read(lobby.folder().join("lobby.db.lock")).unwrap();
    let lock: serde_json::Value = serde_json::from_slice(&lock).unwrap();
    told(lobby.admin().get("/admin/v1/users").bearer(lock["token"].as_str().unwrap()).await).await;
    let page = lobby.get("/_lobby/sign-in").await;
    told(submit(&lobby, &page, &[("username", "alice"), ("password", PASSWORD)]).await).await;
}

#[tokio::test]
async fn a_browser_at_the_bare_origin_is_led_to_its_persons_page() {
    let lobby = serve(ALONE).await;
    let led = lobby.get("/").accept("text/html,*/*;q=0.8").await;
    led.is(303);
    assert_eq!(led.header("location"), Some("/_lobby/account/"));
    lobby.get("/_lobby/account/").await.is(200);
    lobby.get("/").accept("application/json").await.is_denied(404, "operation.unknown");
    lobby.post("/").accept("text/html").await.is_denied(404, "operation.unknown");
}

#[tokio::test]
async fn a_store_in_memory_is_told_at_the_start() {
    let lobby = serve("issuer: http://127.0.0.1:8443\nstore: memory\n").await;
    assert!(lobby.talk().contains("`store: memory` keeps nothing"), "{}", lobby.talk());
}

#[tokio::test]
async fn proxies_that_are_everybody_are_told_and_keys_may_live_without_an_end() {
    let lobby = serve(&format!("{ALONE}trusted_proxies: [0.0.0.0/0]\nkeys: {{ expires: never }}\n")).await;
    assert!(lobby.talk().contains("trusts everybody"), "{}", lobby.talk());
}
