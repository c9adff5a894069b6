use std::time::Duration;

use jose::forge::Defect;
use serde_json::{Value, json};

use super::room::Room;

#[tokio::test]
async fn a_token_is_ordered_as_it_was_asked_for() {
    let room = Room::new();
    let plain = room.ask("POST /_lobby/token", json!({"as": "alice"})).await.is(200);
    let expected = json!({"access_token": "token-of-alice", "token_type": "Bearer", "expires_in": 600,
        "scope": "books:read books:write", "defect": null});
    assert_eq!(plain, expected);
    let body = json!({"as": "alice", "scope": "books:read", "audience": "https://a", "client_id": "spa",
        "lifetime": "1h", "claims": {"tenant": "t"}, "defect": "wrong_audience"});
    let full = room.ask("POST /_lobby/token", body).await.is(200);
    assert_eq!((&full["defect"], &full["expires_in"]), (&json!("wrong_audience"), &json!(3600)));
    let expired = json!({"as": "alice", "defect": "expired"});
    let expired = room.ask("POST /_lobby/token", expired).await.is(200);
    assert_eq!(expired["expires_in"], 0, "it is good for no time");
    let orders = room.clerk.orders.lock().unwrap();
    let order = &orders[1];
    assert_eq!(
        (order.audience.as_slice(), order.client_id.as_deref()),
        (&["https://a".to_owned()][..], Some("spa"))
    );
    assert_eq!(
        (order.lifetime, order.defect),
        (Some(Duration::from_secs(3600)), Some(Defect::WrongAudience))
    );
    assert_eq!(order.claims["tenant"], "t");
}

#[tokio::test]
async fn what_cannot_be_issued_is_refused_with_what_there_is() {
    let room = Room::new();
    for (body, part) in [
        (json!({}), "`as` is missing"),
        (json!({"as": "bob"}), "there is no persona `bob`; there are: alice, guest, suspended"),
        (
            json!({"as": "alice", "scope": "vault:open"}),
            "no API declares the scope vault; `alice` has: books:read books:write",
        ),
        (json!({"as": "alice", "defect": "expird"}), "did you mean `expired`?"),
        (json!({"as": "alice", "defect": "wrong-audience"}), "did you mean `wrong_audience`?"),
        (json!({"as": "alice", "defect": "zebra"}), "there are: expired, wrong_audience"),
        (json!({"as": "alice", "scop": "x"}), "did you mean `scope`?"),
        (json!({"as": 7}), "`as` takes a text, not a number"),
        (json!({"as": "alice", "claims": []}), "`claims` takes an object"),
        (json!({"as": "alice", "lifetime": "long"}), "`lifetime`: "),
    ] {
        let detail = room.ask("POST /_lobby/token", body.clone()).await.refuses(400, "request.invalid");
        assert!(detail.contains(part), "{body}: {detail}");
    }
}

#[tokio::test]
async fn personas_are_listed_with_their_passwords() {
    let room = Room::new();
    let personas = room.ask("GET /_lobby/personas", Value::Null).await.is(200);
    let alice = json!({"name": "alice", "password": "alice-password", "scopes": ["books:read", "books:write"],
        "roles": ["admin"], "plan": null, "disabled": false});
    assert_eq!(personas[0], alice);
    assert_eq!(personas[2]["disabled"], true);
}

#[tokio::test]
async fn each_alternative_of_an_operation_is_met_and_those_that_nobody_meets_are_left_out() {
    let room = Room::new();
    let ask = async |operation: &str| {
        let body = json!({"as": "alice", "operation": operation});
        room.ask("POST /_lobby/credentials", body).await.is(200)["alternatives"].clone()
    };
    let bearer = json!({"Authorization": "Bearer token-of-alice"});
    let ways = json!([
        {"schemes": ["oauth"], "headers": bearer, "query": {}, "cookies": {}},
        {"schemes": ["badge", "visit"], "headers": {"X-Badge": "alice-badge-key"}, "query": {}, "cookies": {"visit": "alice-visit-key"}},
        {"schemes": [], "headers": {}, "query": {}, "cookies": {}},
    ]);
    assert_eq!(ask("listBooks").await, ways);
    assert_eq!(ask("get /books").await, ways);
    // A bearer token and a Basic pair cannot both stand in `Authorization`.
    let basic = json!({"Authorization": "Basic YWxpY2U6YWxpY2UtcGFzc3dvcmQ="});
    let ways = json!([{"schemes": ["login", "link"], "headers": basic, "query": {"link": "alice-link-key"}, "cookies": {}}]);
    assert_eq!(ask("createBook").await, ways);
    let open = json!([{"schemes": [], "headers": {}, "query": {}, "cookies": {}}]);
    assert_eq!(ask("GET /books/{id}").await, open);
}

#[tokio::test]
async fn without_an_operation_each_scheme_is_a_way() {
    let room = Room::new();
    let all = room.ask("POST /_lobby/credentials", json!({"as": "guest"})).await.is(200);
    let schemes: Vec<_> =
        all["alternatives"].as_array().unwrap().iter().map(|way| way["schemes"][0].clone()).collect();
    assert_eq!(schemes, ["badge", "visit", "link", "login", "oauth"]);
    assert_eq!(room.clerk.orders.lock().unwrap()[0].api.as_deref(), Some("shop"));
}

#[tokio::test]
async fn an_unknown_operation_is_told_with_the_nearest() {
    let room = Room::new();
    let body = json!({"as": "alice", "operation": "listBook"});
    let detail = room.ask("POST /_lobby/credentials", body).await.refuses(400, "request.invalid");
    assert_eq!(detail, "there is no operation `listBook`; did you mean `listBooks`?");
}
