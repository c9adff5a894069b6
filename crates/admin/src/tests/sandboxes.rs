use serde_json::{Value, json};

use super::room::Room;

#[tokio::test]
async fn sandboxes_are_listed_with_main_first() {
    let room = Room::new();
    room.sandbox("t-42").count_request();
    room.ask_in("t-42", "POST /_lobby/scenarios", json!({"play": "ok"})).await.is(201);
    room.ask_in("t-42", "POST /_lobby/clock", json!({"advance": "1h"})).await.is(200);
    let expected = json!([
        {"name": "main", "issuer": "http://127.0.0.1:4010", "now": "2027-01-15T08:00:00Z", "requests": 0, "plays": 0, "idle_ends": null},
        {"name": "t-42", "issuer": "http://127.0.0.1:4010/_lobby/in/t-42", "now": "2027-01-15T09:00:00Z", "requests": 1, "plays": 1, "idle_ends": "2027-01-15T08:10:00Z"},
    ]);
    assert_eq!(room.ask("GET /_lobby/sandboxes", Value::Null).await.is(200), expected);
}

#[tokio::test]
async fn a_sandbox_that_is_ended_leaves_nothing() {
    let room = Room::new();
    room.sandbox("t-42");
    room.see("t-42", "listBooks", 200, &json!({}));
    room.ask("DELETE /_lobby/sandboxes/t-42", Value::Null).await.is(204);
    assert_eq!(room.clerk.forgotten.lock().unwrap()[0].as_str(), "t-42");
    assert!(room.sandboxes.is_empty() && room.journal.is_empty());
    room.ask("DELETE /_lobby/sandboxes/t-42", Value::Null).await.refuses(404, "operation.unknown");
    room.ask("DELETE /_lobby/sandboxes/T_42", Value::Null).await.refuses(400, "request.invalid");
}

#[tokio::test]
async fn reset_puts_one_sandbox_back_and_so_does_ending_main() {
    for reset in ["POST /_lobby/reset", "DELETE /_lobby/sandboxes/main"] {
        let room = Room::new();
        room.see("main", "listBooks", 200, &json!({}));
        room.see("t-1", "listBooks", 200, &json!({}));
        room.ask("POST /_lobby/scenarios", json!({"play": "status:503"})).await.is(201);
        room.ask("POST /_lobby/clock", json!({"frozen": true})).await.is(200);
        room.ask(reset, Value::Null).await.is(204);
        let clock = room.ask("GET /_lobby/clock", Value::Null).await.is(200);
        assert_eq!(clock["frozen"], false);
        assert_eq!(room.ask("GET /_lobby/scenarios", Value::Null).await.is(200), json!([]));
        assert_eq!(room.journal.len(), 1);
        assert_eq!(room.clerk.forgotten.lock().unwrap()[0].as_str(), "main");
    }
}

#[tokio::test]
async fn reset_takes_no_members_and_no_form() {
    let room = Room::new();
    room.ask("POST /_lobby/reset", json!({})).await.is(204);
    let detail = room.ask("POST /_lobby/reset", json!({"all": true})).await.refuses(400, "request.invalid");
    assert_eq!(detail, "there is no member `all`; this call has none.");
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let near = [127, 0, 0, 1];
    room.knock("POST /_lobby/reset", &form, "", near, "localhost").await.refuses(415, "body.type");
}
