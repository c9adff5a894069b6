use serde_json::json;
use testkit::{Lobby, mock};

use super::{
    BADGE, BASIC, COOKIE, INVALID, ORDERS, TIMES,
    row::{Row, row},
};
use crate::browser;

/// What the bookshop earns as it stands.
pub(super) async fn plain() -> Vec<Row> {
    let lobby = mock("bookshop.openapi.yaml").await;
    let mut rows = credentials(&lobby).await;
    rows.extend(tokens(&lobby).await);
    rows.extend(requests(&lobby).await);
    rows.extend(moved(&lobby).await);
    rows
}

async fn credentials(lobby: &Lobby) -> Vec<Row> {
    let offered = &[r#"Bearer realm="bookshop", scope="orders:read", resource_metadata="M""#];
    let both = &[
        r#"Bearer realm="bookshop", scope="books:read", resource_metadata="M""#,
        r#"ApiKey realm="bookshop", in="header", name="X-API-Key""#,
    ];
    let twice =
        &[r#"Bearer realm="bookshop", error="invalid_request", scope="orders:read", resource_metadata="M""#];
    let token = lobby.token("alice").await;
    let two = || lobby.get(ORDERS).bearer(&token).bearer(&token);
    let client = lobby.another();
    browser::sign_in(&client, "alice").await;
    let session = client.cookie(&format!("lobby-session-{}", lobby.port())).unwrap();
    let basket = || lobby.get("/basket").cookie("bookshop_session", &session);
    basket().await.is_allowed();
    browser::sign_out(&client).await;
    let ended = basket().await;
    vec![
        row(lobby, "credential.missing", 401, offered, lobby.get(ORDERS).await),
        row(lobby, "credential.missing", 401, both, lobby.get("/books").await).documented(),
        row(lobby, "credential.malformed", 401, INVALID, lobby.get(ORDERS).bearer("eyJ.no.token").await),
        row(
            lobby,
            "credential.malformed",
            401,
            BASIC,
            lobby.get("/reports").header("authorization", "Basic ?").await,
        ),
        row(lobby, "request.ambiguous", 400, twice, two().await),
        row(lobby, "key.unknown", 401, BADGE, lobby.get("/stock").header("x-api-key", "nobody").await),
        row(lobby, "key.unknown", 401, COOKIE, lobby.get("/basket").cookie("bookshop_session", "no").await),
        row(lobby, "key.revoked", 401, COOKIE, ended),
        row(lobby, "password.wrong", 401, BASIC, lobby.get("/reports").basic("alice", "wrong").await),
        row(lobby, "password.wrong", 401, BASIC, lobby.get("/reports").basic("nobody", "wrong").await),
        row(
            lobby,
            "account.disabled",
            403,
            &[],
            lobby.get("/stock").header("x-api-key", "suspended-badge-key").await,
        ),
    ]
}

async fn tokens(lobby: &Lobby) -> Vec<Row> {
    let mut rows = Vec::new();
    for (defect, code, challenge) in [
        ("bad_signature", "token.signature", INVALID),
        ("alg_none", "token.algorithm", INVALID),
        ("expired", "token.expired", TIMES),
        ("not_yet_valid", "token.not_yet_valid", TIMES),
        ("wrong_issuer", "token.issuer", INVALID),
        ("wrong_audience", "token.audience", INVALID),
        ("revoked", "token.revoked", INVALID),
    ] {
        let token = lobby.token("alice").defect(defect).await;
        rows.push(row(lobby, code, 401, challenge, lobby.get(ORDERS).bearer(&token).await));
    }
    let twin = mock("bookshop.openapi.yaml").arguments(&["--issuer", lobby.issuer()]).await;
    let foreign = twin.token("alice").await;
    rows.push(row(lobby, "token.key", 401, INVALID, lobby.get(ORDERS).bearer(&foreign).await));
    rows.push(row(lobby, "token.unknown", 401, INVALID, lobby.get(ORDERS).bearer("opaque").await));

    let client = lobby.another();
    let issued = browser::tokens(&client, "alice", "openid orders:read orders:write").await;
    let access = issued["access_token"].as_str().unwrap();
    lobby.get(ORDERS).bearer(access).await.is_allowed();
    let id_token = issued["id_token"].as_str().unwrap();
    rows.push(row(lobby, "token.type", 401, INVALID, lobby.get(ORDERS).bearer(id_token).await));
    let form = [("token", access), ("client_id", "app")];
    lobby.post("/_lobby/oauth/revoke").form(&form).await.is(200);
    rows.push(row(lobby, "token.revoked", 401, INVALID, lobby.get(ORDERS).bearer(access).await));

    let insufficient = &[
        r#"Bearer realm="bookshop", error="insufficient_scope", scope="orders:read", resource_metadata="M""#,
    ];
    let narrow = lobby.token("alice").scope("orders:write").await;
    let answer = lobby.get(ORDERS).bearer(&narrow).await;
    rows.push(row(lobby, "scope.insufficient", 403, insufficient, answer).documented());
    let alice = lobby.token("alice").await;
    let answer = lobby.get("/users/bob/orders").bearer(&alice).await;
    rows.push(row(lobby, "policy.forbidden", 403, &[], answer).documented());
    rows
}

async fn requests(lobby: &Lobby) -> Vec<Row> {
    let alice = lobby.token("alice").await;
    let wrong = lobby.put("/open").await;
    assert_eq!(wrong.header("allow"), Some("GET, HEAD"));
    let import = || lobby.post("/imports").bearer(&alice);
    vec![
        row(lobby, "operation.unknown", 404, &[], lobby.get("/nowhere").await),
        row(lobby, "method.unknown", 405, &[], wrong),
        row(lobby, "path.invalid", 400, &[], lobby.get("/books/%2e%2e/open%00").await),
        row(lobby, "request.invalid", 422, &[], lobby.get(&format!("{ORDERS}?limit=0")).bearer(&alice).await),
        row(lobby, "request.invalid", 422, &[], import().json(&json!([])).await),
        row(lobby, "body.type", 415, &[], import().body("text/plain", "books").await),
        row(lobby, "answer.none", 406, &[], lobby.get("/open").accept("image/png").await),
        row(lobby, "sandbox.ambiguous", 400, &[], lobby.get("/_lobby/in/a/open").sandbox("b").await),
    ]
}

/// What only time brings; last, since the clock stays moved.
async fn moved(lobby: &Lobby) -> Vec<Row> {
    let client = lobby.another();
    browser::sign_in(&client, "alice").await;
    let session = client.cookie(&format!("lobby-session-{}", lobby.port())).unwrap();
    let alice = lobby.token("alice").scope("books:read profile").await;
    let pay = || lobby.post("/payment").bearer(&alice).json(&json!({"iban": "DE02120300000000202051"}));
    pay().await.is_allowed();
    lobby.advance("6m").await;
    let stale = &[
        r#"Bearer realm="bookshop", error="insufficient_user_authentication", error_description="…", max_age="300", scope="profile", resource_metadata="M""#,
    ];
    let step_up = row(lobby, "auth.step_up", 401, stale, pay().await).documented();
    lobby.advance("5m").await;
    let expired = row(lobby, "token.expired", 401, TIMES, lobby.get(ORDERS).bearer(&alice).await);
    lobby.advance("15d").await;
    let old = lobby.get("/basket").cookie("bookshop_session", &session).await;
    vec![step_up, expired, row(lobby, "key.expired", 401, COOKIE, old)]
}
