use mock::scenario::Occasion;
use serde_json::{Value, json};

use super::room::Room;

#[tokio::test]
async fn a_play_is_put_on_listed_given_out_and_taken_off() {
    let room = Room::new();
    let body =
        json!({"play": ["ok", "token.expired+delay:2s"], "persona": "alice", "operation": "GET /books"});
    let added = room.ask("POST /_lobby/scenarios", body).await;
    assert_eq!(added.headers["location"], "/_lobby/scenarios/play-1");
    assert_eq!(added.is(201), json!({"id": "play-1"}));
    room.ask("POST /_lobby/scenarios", json!({"play": "ok, status:503", "repeat": true})).await.is(201);
    let list = Occasion::Api { api: "shop", operation: "listBooks" };
    let plays = room.sandbox("main");
    assert_eq!(plays.plays().take(list, Some("alice")).unwrap().step.to_string(), "ok");
    let expected = json!([
        {"id": "play-1", "play": ["ok", "token.expired+delay:2s"], "persona": "alice", "operation": "GET /books", "repeat": false, "remaining": 1},
        {"id": "play-2", "play": ["ok", "status:503"], "persona": null, "operation": null, "repeat": true, "remaining": 2},
    ]);
    assert_eq!(room.ask("GET /_lobby/scenarios", Value::Null).await.is(200), expected);
    assert_eq!(room.ask_in("t-1", "GET /_lobby/scenarios", Value::Null).await.is(200), json!([]));
    room.ask("DELETE /_lobby/scenarios/play-1", Value::Null).await.is(204);
    room.ask("DELETE /_lobby/scenarios/play-1", Value::Null).await.refuses(404, "operation.unknown");
    room.ask("DELETE /_lobby/scenarios", Value::Null).await.is(204);
    assert_eq!(room.ask("GET /_lobby/scenarios", Value::Null).await.is(200), json!([]));
}

#[tokio::test]
async fn a_play_of_the_authorization_server_takes_its_own_steps() {
    let room = Room::new();
    let body = json!({"play": ["oauth:invalid_grant", "keys:rotate"], "operation": "oauth.token"});
    room.ask("POST /_lobby/scenarios", body).await.is(201);
}

#[tokio::test]
async fn what_is_no_play_is_refused_with_what_was_meant() {
    let room = Room::new();
    for (body, part) in [
        (json!({}), "`play` is missing"),
        (json!({"play": []}), "`play` is empty"),
        (
            json!({"play": "ok", "persona": "alice", "operation": "oauth.jwks"}),
            "nobody knows which persona asks at `oauth.jwks`",
        ),
        (
            json!({"play": "ok, tokn.expired"}),
            "step 2: `tokn.expired` is no step of a play; did you mean `token.expired`?",
        ),
        (json!({"play": 7}), "`play` takes texts"),
        (json!({"play": "ok", "persona": "alce"}), "there is no persona `alce`; there are: alice"),
        (json!({"play": "ok", "operation": "oauth.tokn"}), "did you mean `oauth.token`?"),
        (json!({"play": "ok", "repeat": "yes"}), "`repeat` takes true or false"),
        (json!({"play": "ok", "repeats": true}), "did you mean `repeat`?"),
        (json!({"play": "oauth:access_denied"}), "name one of its operations"),
        (json!({"play": "token.expired", "operation": "oauth.token"}), "not on the authorization server"),
    ] {
        let detail = room.ask("POST /_lobby/scenarios", body.clone()).await.refuses(400, "request.invalid");
        assert!(detail.contains(part), "{body}: {detail}");
    }
    assert_eq!(room.sandbox("main").plays().waiting(), 0);
}
