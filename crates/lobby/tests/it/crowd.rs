//! Many sandboxes at once: what they take while they live, and what is left when they are gone.

use testkit::{Lobby, mock};
use tokio::task::JoinSet;

/// Clients at once.
const SIDE_BY_SIDE: usize = 8;

/// Resident memory in MB.
fn megabytes(lobby: &Lobby) -> u64 {
    lobby.resident() >> 20
}

/// Opens so many sandboxes, each with a token and a clock of its own, and ends them by main's clock.
async fn crowd(sandboxes: usize, living: u64, left: u64) {
    let lobby = mock("bookshop.openapi.yaml").await;
    let mut running = JoinSet::new();
    for first in 0..SIDE_BY_SIDE {
        let client = lobby.another();
        running.spawn(async move {
            for number in (first..sandboxes).step_by(SIDE_BY_SIDE) {
                let name = format!("t-{number}");
                client.advance_in(&name, "20m").await;
                let token = client.token("alice").sandbox(&name).await;
                client.get("/books").sandbox(&name).bearer(&token).await.is_allowed();
            }
        });
    }
    running.join_all().await;
    let count = async || lobby.get("/_lobby/sandboxes").await.json().as_array().unwrap().len();
    assert_eq!(count().await, 1 + sandboxes);
    let alive = megabytes(&lobby);
    assert!(alive < living, "{sandboxes} sandboxes take {alive} MB");
    // A token is good where its sandbox's clock is, and each is what it was.
    let late = lobby.get("/_lobby/clock").sandbox("t-0").await.json();
    assert!(late["offset_seconds"].as_i64().unwrap() >= 1_200, "{late}");
    lobby.advance("11m").await;
    assert_eq!(count().await, 1);
    let after = megabytes(&lobby);
    assert!(after < left, "{sandboxes} sandboxes took {alive} MB, and {after} MB are left");
    lobby.get("/open").await.is_allowed();
}

/// A part of the crowd, with a part of its bounds above the 40 MB that a debug build takes by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sandboxes_by_the_thousand_take_little_and_leave_less() {
    crowd(2_000, 40 + 460 / 5, 40 + 110 / 5).await;
}

/// The whole crowd: `cargo test -p lobby --test it -- --ignored ten_thousand_sandboxes`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a minute in a debug build"]
async fn ten_thousand_sandboxes_take_less_than_500_mb_and_leave_less_than_150() {
    crowd(10_000, 500, 150).await;
}
