use serde_json::{Value, json};

use super::room::Room;

fn seen() -> Room {
    let room = Room::new();
    room.see("main", "listBooks", 200, &json!({"title": "Dune", "password": "x"}));
    room.see("main", "createBook", 401, &json!({"title": "Emma"}));
    room.see("t-1", "listBooks", 503, &json!({}));
    room
}

#[tokio::test]
async fn the_journal_shows_what_this_sandbox_saw_without_secrets() {
    let room = seen();
    let page = room.ask("GET /_lobby/journal", Value::Null).await.is(200);
    assert_eq!(page["entries"].as_array().unwrap().len(), 2);
    assert_eq!(page["next"], page["entries"][1]["id"]);
    let first = &page["entries"][0];
    assert_eq!(first["request"]["body"], json!({"title": "Dune", "password": "***"}));
    assert_eq!(first["request"]["headers"]["x-badge"], "***");
    room.ask("DELETE /_lobby/journal", Value::Null).await.is(204);
    let page = room.ask("GET /_lobby/journal", Value::Null).await.is(200);
    assert_eq!(page, json!({"entries": [], "next": null}));
    assert_eq!(
        room.ask_in("t-1", "GET /_lobby/journal", Value::Null).await.is(200)["entries"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn words_limit_and_after_choose_entries() {
    let room = seen();
    for (query, count) in [
        ("operation=listBooks", 1),
        ("operation=POST%20/books", 1),
        ("operation=oauth.revoke", 0),
        ("denial=token.expired&status=401&persona=alice&method=POST&path=/books&api=shop", 1),
        ("status=401&status=200", 0),
        ("header=X-Trace:2", 1),
        ("body=/title:Dune", 1),
        ("limit=1", 1),
        ("after=010101010101010101010101", 1),
        ("after=020202020202020202020202", 0),
        ("wait=1ms&status=500", 0),
    ] {
        let page = room.ask(&format!("GET /_lobby/journal?{query}"), Value::Null).await.is(200);
        assert_eq!(page["entries"].as_array().unwrap().len(), count, "{query}");
    }
    let page = room.ask("GET /_lobby/journal?after=020202020202020202020202", Value::Null).await.is(200);
    assert_eq!(page["next"], "020202020202020202020202");
}

#[tokio::test]
async fn a_filter_that_means_nothing_is_refused() {
    let room = seen();
    for (query, part) in [
        ("statsu=401", "did you mean `status`?"),
        ("operation=listBook", "did you mean `listBooks`?"),
        ("persona=bob", "there is no persona `bob`; there are: alice"),
        ("denial=token.expird", "did you mean `token.expired`?"),
        ("limit=0", "`limit` takes a number from 1"),
        ("limit=x", "`limit` takes a number"),
        ("after=7", "`after` takes the id"),
        ("after=%C3%A90101010101010101010101", "`after` takes the id"),
        ("wait=soon", "`wait`: "),
        ("wait=1h", "at most 5m"),
        ("header=X", "`header` does not take `X`"),
    ] {
        let call = format!("GET /_lobby/journal?{query}");
        let detail = room.ask(&call, Value::Null).await.refuses(400, "request.invalid");
        assert!(detail.contains(part), "{query}: {detail}");
    }
}

#[tokio::test]
async fn a_reader_that_waits_is_answered_by_the_first_entry_that_matches() {
    let room = seen();
    let call = "GET /_lobby/journal?status=500&wait=5m";
    let write = async {
        room.see("main", "listBooks", 200, &json!({}));
        tokio::task::yield_now().await;
        room.see("t-1", "listBooks", 500, &json!({}));
        tokio::task::yield_now().await;
        room.see("main", "listBooks", 500, &json!({}));
    };
    let (answer, ()) = tokio::join!(room.ask(call, Value::Null), write);
    let page = answer.is(200);
    assert_eq!((page["entries"].as_array().unwrap().len(), &page["entries"][0]["status"]), (1, &json!(500)));
    assert_eq!(page["next"], page["entries"][0]["id"]);
}

#[tokio::test]
async fn who_waits_is_let_go_when_the_server_stops() {
    let room = Room::new();
    let stop = async { room.control.close() };
    let (answer, ()) = tokio::join!(room.ask("GET /_lobby/journal?wait=5m", Value::Null), stop);
    assert_eq!(answer.is(200), json!({"entries": [], "next": null}));
}

#[tokio::test]
async fn an_assertion_that_holds_tells_the_count_and_one_that_does_not_the_nearest() {
    let room = seen();
    for body in [
        json!({"match": {"operation": "listBooks"}, "count": 1}),
        json!({"match": {"status": 401, "denial": "token.expired"}, "count": {"min": 1, "max": 3}}),
        json!({"match": {"status": ["4XX", 401]}, "count": {"min": 1}}),
        json!({"match": {"body": "/title:Emma", "header": "X-Trace:2"}, "count": {"max": 1}}),
    ] {
        let verified = room.ask("POST /_lobby/verify", body.clone()).await.is(200);
        assert_eq!(verified, json!({"count": 1}), "{body}");
    }
    let order = json!({"order": [{"status": 200}, {"operation": "createBook"}]});
    assert_eq!(room.ask("POST /_lobby/verify", order).await.is(200), json!({"count": 2}));
    let wrong = json!({"match": {"operation": "createBook", "status": 201}, "count": 1});
    let mismatch = room.ask("POST /_lobby/verify", wrong).await;
    assert_eq!((&mismatch.body["count"], &mismatch.body["nearest"][0]["status"]), (&json!(0), &json!(401)));
    let detail = mismatch.refuses(409, "verify.mismatch");
    assert!(detail.contains("it has 401 where status=201 is wanted"), "{detail}");
    let turned = json!({"order": [{"operation": "createBook"}, {"status": 200}]});
    room.ask("POST /_lobby/verify", turned).await.refuses(409, "verify.mismatch");
}

#[tokio::test]
async fn an_assertion_that_means_nothing_is_refused() {
    let room = seen();
    for body in [
        json!({}),
        json!({"match": {}}),
        json!({"count": 1}),
        json!({"order": []}),
        json!({"match": {}, "count": -1}),
        json!({"match": {}, "count": {}}),
        json!({"match": {}, "count": {"min": 3, "max": 1}}),
        json!({"match": {}, "count": 1, "order": [{}]}),
        json!({"match": {"statsu": 1}, "count": 1}),
        json!({"match": {"status": true}, "count": 1}),
        json!({"match": {"operation": "nothing"}, "count": 0}),
        json!({"match": {"persona": "bob"}, "count": 0}),
    ] {
        let detail = room.ask("POST /_lobby/verify", body.clone()).await.refuses(400, "request.invalid");
        assert!(!detail.is_empty(), "{body}");
    }
}
