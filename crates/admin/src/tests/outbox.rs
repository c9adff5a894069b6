use serde_json::{Value, json};

use super::room::Room;

#[tokio::test]
async fn mails_are_shown_with_their_links() {
    let room = Room::new();
    let mails = room.ask("GET /_lobby/outbox?to=ben%40example.com", Value::Null).await.is(200);
    assert_eq!(mails[0]["to"], "ben@example.com");
    assert_eq!(mails[0]["links"], json!(["http://127.0.0.1:4010/_lobby/sign-up?link=x"]));
    assert_eq!(mails[0]["at"], "2027-01-15T08:00:00Z");
}

#[tokio::test]
async fn a_parameter_that_is_none_is_told() {
    let room = Room::new();
    room.ask("GET /_lobby/outbox?recipient=a", Value::Null).await.refuses(400, "request.invalid");
}
