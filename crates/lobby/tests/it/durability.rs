//! What was answered is kept: through a process that is killed under load, and through a disk that is full.

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use testkit::{Lobby, mock};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Notify,
};
use url::form_urlencoded;

use crate::app::{App, sent};

mod people;

/// How many clients refresh at once.
const CLIENTS: usize = 6;

async fn started(store: &Path) -> Lobby {
    let config = format!("issuer: https://shop.example\nstore: sqlite:{}\n", store.display());
    mock("bookshop.openapi.yaml").config(&config).await
}

/// One call with a body on a connection of its own; `None` where no whole answer came.
async fn post(port: u16, path: &str, fields: &str, body: &str) -> Option<(u16, serde_json::Value)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n{fields}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, serde_json::from_str(body).ok()?))
}

/// One refresh; `None` where no whole answer came.
async fn refresh(port: u16, token: &str) -> Option<String> {
    let form = [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", token)];
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let fields = "Content-Type: application/x-www-form-urlencoded";
    let (status, body) = post(port, "/_lobby/oauth/token", fields, &form).await?;
    assert_eq!(status, 200, "{body}");
    body["refresh_token"].as_str().map(str::to_owned)
}

/// Kills the server `rounds` times while it writes, and looks each time for everything that it said was done.
async fn survives(rounds: usize) {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("lobby.db");
    let mut lobby = started(&store).await;
    let mut tokens = Vec::new();
    for _ in 0..CLIENTS {
        let answer = App::new(&lobby, "app").tokens("alice").await;
        tokens.push(answer["refresh_token"].as_str().unwrap().to_owned());
    }
    let mut acknowledged = 0;
    for round in 0..rounds {
        // Somebody signs in and consents to a client that nobody knew, among the refreshes of others.
        let client: &'static str = Box::leak(format!("app-{round}").into_boxed_str());
        let app = App::new(&lobby, client);
        let code = app.code("alice", &[]).await;
        assert!(!code.is_empty());
        let (told, count) = (Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)));
        let port = lobby.port();
        let mut load = tokio::task::JoinSet::new();
        let last = Arc::new(Mutex::new(tokens.clone()));
        for (place, token) in tokens.iter().cloned().enumerate() {
            let (told, count, last) = (told.clone(), count.clone(), last.clone());
            load.spawn(async move {
                let mut token = token;
                while let Some(next) = refresh(port, &token).await {
                    last.lock().unwrap()[place].clone_from(&next);
                    token = next;
                    count.fetch_add(1, Relaxed);
                    told.notify_one();
                }
            });
        }
        // Each round at another moment.
        while count.load(Relaxed) < 15 + round * 7 % 40 {
            told.notified().await;
        }
        lobby.signal("KILL");
        lobby.ended().await;
        load.join_all().await;
        acknowledged += count.load(Relaxed);
        tokens.clone_from(&last.lock().unwrap());
        lobby = started(&store).await;
        for token in &mut tokens {
            // The one that was given last; where a later one was on its way, it is given again.
            *token = refresh(lobby.port(), token).await.expect("the last token that was given is good");
        }
        // A cookie is named after the port, which is another one now.
        let session = app.browser.cookie(&format!("lobby-session-{port}")).unwrap();
        let target = format!("/_lobby/oauth/authorize?{}", app.query(&[("prompt", "none")]));
        let answer = lobby.get(&target).cookie(&format!("lobby-session-{}", lobby.port()), &session).await;
        assert!(sent(&answer, "code").is_some(), "round {round}: session and consent are there: {answer:?}");
    }
    assert!(acknowledged >= rounds * 15, "{acknowledged} refreshes were acknowledged");
}

#[tokio::test]
async fn whatever_was_acknowledged_is_there_after_fifty_kills_under_load() {
    survives(50).await;
}

/// The files of a process may grow to so many bytes each: beyond it a write fails as on a full disk.
#[cfg(target_os = "linux")]
fn may_write(lobby: &Lobby, bytes: &str) {
    let (pid, limit) = (format!("--pid={}", lobby.pid()), format!("--fsize={bytes}:"));
    let status = std::process::Command::new("prlimit").args([pid, limit]).status();
    assert!(status.expect("prlimit is installed").success());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_is_a_503_for_a_while_and_nothing_that_was_promised_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("lobby.db");
    let config = format!("issuer: https://shop.example\nstore: sqlite:{}\n", store.display());
    // The signal that goes with such a write would end the process; a full disk sends none.
    let start = mock("bookshop.openapi.yaml").config(&config).through(&[
        "sh",
        "-c",
        "trap '' XFSZ; exec \"$@\"",
        "sh",
    ]);
    let lobby = start.await;
    let app = App::new(&lobby, "app");
    let token = app.tokens("alice").await["refresh_token"].as_str().unwrap().to_owned();
    let access = lobby.token("alice").await;
    let log = std::fs::metadata(folder.path().join("lobby.db-wal")).unwrap().len();
    may_write(&lobby, &log.to_string());
    for _ in 0..3 {
        let refused = app.refresh(&token).await;
        refused.is_oauth_error(503, "temporarily_unavailable");
        assert_eq!(refused.header("retry-after"), Some("1"));
        // What writes nothing goes on.
        lobby.get("/books").bearer(&access).await.is_allowed();
    }
    may_write(&lobby, "unlimited");
    let answer = app.refresh(&token).await;
    answer.is(200);
    let next = answer.json()["refresh_token"].as_str().unwrap().to_owned();
    app.refresh(&next).await.is(200);
}
