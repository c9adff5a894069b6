use serde_json::{Value, json};

use super::room::Room;
use crate::Handle;

#[tokio::test]
async fn the_code_of_a_personas_app_is_told() {
    let room = Room::new();
    let told = room.ask("POST /_lobby/authenticator/totp", json!({"as": "alice"})).await.is(200);
    assert_eq!(told, json!({"code": "012345", "valid_seconds": 7}));
    let ask = async |body: Value| {
        room.ask("POST /_lobby/authenticator/totp", body).await.refuses(400, "request.invalid")
    };
    assert_eq!(ask(json!({"as": "guest"})).await, "`guest` has no app.");
    assert!(ask(json!({"as": "bob"})).await.contains("alice"), "it names who there is");
    assert!(ask(json!({})).await.contains("`as` is missing"));
    assert!(ask(json!({"as": "alice", "origin": "x"})).await.contains("no member `origin`"));
}

#[tokio::test]
async fn passkeys_are_made_and_shown_for_an_origin() {
    let room = Room::new();
    let (options, origin) = (json!({"challenge": "AAAA"}), "http://localhost:4010".to_owned());
    for (call, handle) in [
        ("create", Handle::Create { options: options.clone(), origin: origin.clone() }),
        ("get", Handle::Get { options: options.clone(), origin: origin.clone() }),
    ] {
        let target = format!("POST /_lobby/authenticator/passkey/{call}");
        let body = json!({"as": "alice", "options": options, "origin": origin});
        let credential = room.ask(&target, body).await.is(200);
        assert_eq!(credential["type"], "public-key");
        assert_eq!(room.clerk.handled.lock().unwrap().pop(), Some(("alice".to_owned(), handle)));
        for wrong in [
            json!({"as": "alice", "options": options}),
            json!({"as": "alice", "origin": origin}),
            json!({"as": "alice", "options": "x", "origin": origin}),
        ] {
            room.ask(&target, wrong).await.refuses(400, "request.invalid");
        }
    }
    room.ask("GET /_lobby/authenticator/totp", Value::Null).await.is(405);
    room.ask("POST /_lobby/authenticator/passkey/steal", json!({})).await.is(404);
}
