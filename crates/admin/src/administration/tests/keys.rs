//! Whose keys are made, and by whom.

use super::*;

#[tokio::test]
async fn who_is_no_owner_gets_no_key_of_one_and_no_tokens_by_a_client() {
    let office = office();
    let owner = json!({ "name": "root", "roles": ["lobby:owner"] });
    assert_eq!(ask(&office, "t0ken", "POST /admin/v1/users", owner).await.0, 201);
    ask(&office, "t0ken", "POST /admin/v1/users", json!({ "name": "ben" })).await;
    let key = |owner: &str, kind: &str| json!({ "owner": owner, "kind": kind });
    let keys = "POST /admin/v1/keys";
    for kind in ["api_key", "app_password"] {
        assert_eq!(ask(&office, "a/lobby:admin", keys, key("root", kind)).await.0, 403, "{kind}");
        assert_eq!(ask(&office, "a/lobby:admin", keys, key("ben", kind)).await.0, 201, "{kind}");
    }
    let (status, made) = ask(&office, "o/lobby:owner", keys, key("root", "api_key")).await;
    assert_eq!(status, 201);
    let rotate = format!("POST /admin/v1/keys/{}/rotate", made["id"].as_str().unwrap());
    assert_eq!(ask(&office, "a/lobby:admin", &rotate, json!({})).await.0, 403);
    assert_eq!(ask(&office, "o/lobby:owner", &rotate, json!({})).await.0, 201);

    let client = json!({ "id": "cli", "public": true, "scopes": "openid lobby:admin" });
    let clients = "POST /admin/v1/clients";
    assert_eq!(ask(&office, "a/lobby:admin", clients, client.clone()).await.0, 403);
    assert_eq!(ask(&office, "o/lobby:owner", clients, client).await.0, 201);
    let plain = json!({ "id": "shop", "public": true, "scopes": "books:read" });
    assert_eq!(ask(&office, "a/lobby:admin", clients, plain).await.0, 201);
    let mine = json!({ "redirect_uris": "https://mallory.example/cb" });
    assert_eq!(ask(&office, "a/lobby:admin", "PATCH /admin/v1/clients/cli", mine.clone()).await.0, 403);
    assert_eq!(ask(&office, "a/lobby:admin", "PATCH /admin/v1/clients/shop", mine).await.0, 200);
    let more = json!({ "scopes": "lobby:admin" });
    assert_eq!(ask(&office, "a/lobby:admin", "PATCH /admin/v1/clients/shop", more).await.0, 403);
}

#[tokio::test]
async fn whose_app_password_is_made_is_told_and_an_api_key_is_not() {
    let told = Arc::new(Told::default());
    let office = Administration { postbox: told.clone(), ..office() };
    ask(&office, "t0ken", "POST /admin/v1/users", json!({ "name": "alice" })).await;
    for kind in ["api_key", "app_password"] {
        let key = json!({ "owner": "alice", "kind": kind });
        assert_eq!(ask(&office, "t0ken", "POST /admin/v1/keys", key).await.0, 201);
    }
    assert_eq!(*told.0.lock().unwrap(), ["app password alice 127.0.0.1"]);
}

#[tokio::test]
async fn a_key_is_somebodys_who_is_there() {
    let office = office();
    ask(
        &office,
        "t0ken",
        "POST /admin/v1/clients",
        json!({ "id": "kept", "redirect_uris": "https://a.example" }),
    )
    .await;
    for (owner, status) in
        [("client:nope", 404), ("client:kept", 201), ("client:written", 201), ("nope", 404)]
    {
        let call = ask(&office, "t0ken", "POST /admin/v1/keys", json!({ "owner": owner })).await;
        assert_eq!(call.0, status, "{owner}: {}", call.1);
    }
}
