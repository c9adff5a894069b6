use serde_json::{Value, json};

use super::room::{NOON, Room};

#[tokio::test]
async fn the_clock_is_moved_frozen_set_and_reset() {
    let room = Room::new();
    let start = room.ask("GET /_lobby/clock", Value::Null).await.is(200);
    assert_eq!(start, json!({"now": "2027-01-15T08:00:00Z", "offset_seconds": 0, "frozen": false}));
    for (body, now, offset, frozen) in [
        (json!({"advance": "15m"}), "2027-01-15T08:15:00Z", 900, false),
        (json!({"frozen": true}), "2027-01-15T08:15:00Z", 900, true),
        (json!({"advance": "500ms"}), "2027-01-15T08:15:00.5Z", 901, true),
        (json!({"set": "2027-01-01T00:00:00+01:00"}), "2026-12-31T23:00:00Z", -1_242_000, true),
        (json!({"frozen": false}), "2026-12-31T23:00:00Z", -1_242_000, false),
        (json!({"reset": true}), "2027-01-15T08:00:00Z", 0, false),
    ] {
        let shown = room.ask("POST /_lobby/clock", body.clone()).await.is(200);
        assert_eq!(shown, json!({"now": now, "offset_seconds": offset, "frozen": frozen}), "{body}");
    }
}

#[tokio::test]
async fn exactly_one_way_of_moving_is_taken() {
    let room = Room::new();
    for body in [
        json!({}),
        json!({"advance": "1m", "frozen": true}),
        json!({"reset": false}),
        json!({"advance": 15}),
        json!({"advance": "soon"}),
        json!({"set": "tomorrow"}),
        json!({"set": "9999-12-31T23:59:59Z"}),
        json!([]),
    ] {
        let detail = room.ask("POST /_lobby/clock", body.clone()).await.refuses(400, "request.invalid");
        assert!(!detail.is_empty(), "{body}");
    }
    let late = json!({"set": "9999-12-31T23:59:59Z"});
    let detail = room.ask("POST /_lobby/clock", late).await.refuses(400, "request.invalid");
    assert!(detail.contains("none after 9999-12-30T22:00:00Z"), "{detail}");
    let detail =
        room.ask("POST /_lobby/clock", json!({"advanse": "1m"})).await.refuses(400, "request.invalid");
    assert_eq!(detail, "there is no member `advanse`; did you mean `advance`?");
    assert_eq!(room.sandboxes.main_now(NOON), NOON);
}

#[tokio::test]
async fn a_sandbox_moves_its_own_time_alone() {
    let room = Room::new();
    room.ask_in("t-1", "POST /_lobby/clock", json!({"advance": "1h"})).await.is(200);
    let main = room.ask("GET /_lobby/clock", Value::Null).await.is(200);
    assert_eq!(main["offset_seconds"], 0);
    assert!(room.clerk.forgotten.lock().unwrap().is_empty());
}

#[tokio::test]
async fn moving_mains_clock_ends_idle_sandboxes_at_once() {
    let room = Room::new();
    room.see("t-1", "listBooks", 200, &json!({}));
    room.sandbox("t-1");
    room.sandbox("t-2");
    room.ask("POST /_lobby/clock", json!({"advance": "10m"})).await.is(200);
    let names: Vec<_> = room.clerk.forgotten.lock().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(names, ["t-1", "t-2"]);
    assert!(room.sandboxes.is_empty() && room.journal.is_empty());
}
