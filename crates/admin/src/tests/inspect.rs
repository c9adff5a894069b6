use serde_json::{Value, json};

use super::room::Room;

#[tokio::test]
async fn a_token_is_told_with_its_checks_and_what_would_do() {
    let room = Room::new();
    let jwt = json!({"token": "a.b.c", "operation": "GET /books"});
    let told = room.ask("POST /_lobby/inspect", jwt).await.is(200);
    assert_eq!((&told["verifies"], &told["failure"]["code"]), (&json!(false), &json!("token.audience")));
    assert_eq!(told["accepted"]["issuers"], json!(["https://id.example", "https://away.example"]));
    let held: Vec<&Value> = told["checks"].as_array().unwrap().iter().map(|check| &check["held"]).collect();
    let (yes, no, open) = (&json!(true), &json!(false), &Value::Null);
    assert_eq!(held, [yes, yes, yes, yes, yes, no, open, open]);
    let operation = &told["operations"][0];
    assert_eq!((&operation["verdict"], &operation["status"]), (&json!("token.audience"), &json!(401)));
    assert_eq!(operation["assumed"], "id = alice");
    assert_eq!(operation["steps"][0]["words"], "about listBooks");
}

#[tokio::test]
async fn of_an_opaque_text_nothing_is_claimed() {
    let told = Room::new().ask("POST /_lobby/inspect", json!({"token": "opaque"})).await.is(200);
    assert_eq!((&told["verifies"], &told["checks"]), (&Value::Null, &json!([])));
}

#[tokio::test]
async fn an_operation_that_is_not_there_is_told_with_the_nearest() {
    let wrong = json!({"token": "opaque", "operation": "listBoks"});
    let detail = Room::new().ask("POST /_lobby/inspect", wrong).await.refuses(400, "request.invalid");
    assert_eq!(detail, "there is no operation `listBoks`; did you mean `listBooks`?");
}
