use serde_json::json;
use testkit::{Token, mock};

use super::row::{Row, row};

/// What has to be asked for in lobby.yaml.
pub(super) async fn configured() -> Vec<Row> {
    let lobby = mock("bookshop.openapi.yaml")
        .config(
            "trusted_proxies: [127.0.0.1/32]\n\
             limits: { body: 1KB, body_timeout: 100ms }\n\
             lockout: { failures: 5 }\n\
             plans:\n  slow: { limits: 1/min }\n  small: { quota: 1/day }\n\
             personas:\n  \
               alice: { scopes: [books:write], roles: [importer] }\n  \
               bob: { plan: slow }\n  \
               carol: { plan: small }\n",
        )
        .await;
    let mut rows = Vec::new();
    let alice = lobby.token("alice").await;
    let delete = lobby.delete("/books/b-1001").bearer(&alice).await;
    rows.push(row(&lobby, "role.forbidden", 403, &[], delete).documented());
    for (code, persona) in [("rate.limited", "bob"), ("quota.exceeded", "carol")] {
        let stock = || lobby.get("/stock").header("x-api-key", &format!("{persona}-badge-key"));
        let first = stock().await;
        first.is_allowed();
        let over = stock().await;
        for answer in [&first, &over] {
            let (left, policy) = (answer.header("ratelimit"), answer.header("ratelimit-policy"));
            assert!(left.is_some_and(|left| left.contains(";r=0;t=")), "{code}: {left:?}");
            assert!(policy.is_some_and(|policy| policy.contains(";q=1;w=")), "{code}: {policy:?}");
        }
        rows.push(row(&lobby, code, 429, &[], over));
    }
    for _ in 0..5 {
        lobby.get("/reports").basic("alice", "wrong").await.is_denied(401, "password.wrong");
    }
    let locked = lobby.get("/reports").basic("alice", "alice-password").await;
    rows.push(row(&lobby, "account.locked", 429, &[], locked));
    for _ in 0..5 {
        lobby.get("/reports").basic("nobody", "wrong").await.is_denied(401, "password.wrong");
    }
    let locked = lobby.get("/reports").basic("nobody", "wrong").await;
    rows.push(row(&lobby, "account.locked", 429, &[], locked));
    let big = lobby.post("/imports").bearer(&alice).json(&json!(["x".repeat(2000)])).await;
    rows.push(row(&lobby, "body.size", 413, &[], big));
    // A scenario replaces the verdict, and a denial is the answer however the body came.
    let big = || lobby.post("/imports").bearer(&alice).json(&json!(["x".repeat(2000)]));
    big().scenario("token.expired").await.is_denied(401, "token.expired");
    big().scenario("status:503").await.is(503);
    big().prefer("code=403").await.is(403);
    let mut silent = lobby.raw().await;
    silent.send(announcement(&alice, "Content-Length: 2")).await;
    rows.push(row(&lobby, "request.slow", 408, &[], silent.answer_to("a body that never comes").await));
    let far = lobby.get("/stock").header("x-forwarded-for", "203.0.113.9");
    rows.push(row(&lobby, "transport.insecure", 403, &[], far.await));
    let far = lobby.get("/open").header("x-forwarded-for", "203.0.113.9").header("x-api-key", "any").await;
    rows.push(row(&lobby, "transport.insecure", 403, &[], far));
    lobby.get("/open").header("x-forwarded-for", "203.0.113.9").await.is_allowed();
    rows
}

/// The head of a request whose body is still to come, as long as the field `length` says.
pub(crate) fn announcement(token: &Token, length: &str) -> String {
    format!(
        "POST /imports HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Authorization: Bearer {}\r\n{length}\r\n\r\n",
        token.as_str()
    )
}
