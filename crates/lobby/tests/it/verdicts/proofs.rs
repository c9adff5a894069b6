use serde_json::json;
use testkit::{mock, run, trusting};

use super::{
    INVALID, ORDERS,
    prover::Prover,
    row::{Row, row},
};

/// The bookshop describes its 401 on `/books`: what is looked at here are the challenges.
pub(super) async fn proofs() -> Vec<Row> {
    let lobby = mock("bookshop.openapi.yaml").await;
    let prover = Prover::new();
    let token = prover.token(&lobby).await;
    let uri = format!("{}/books", lobby.url());
    let good = |jti: &str| prover.proof(jti, "GET", &uri, Some(&token), None);
    let ask = |proof: &str| lobby.get("/books").dpop(&token, proof);
    let once = good("once");
    ask(&once).await.is_allowed();
    let bad = &[
        r#"DPoP realm="bookshop", error="invalid_dpop_proof", scope="books:read", algs="…", resource_metadata="M""#,
        r#"ApiKey realm="bookshop", in="header", name="X-API-Key""#,
    ];
    let downgraded = &[
        r#"Bearer realm="bookshop", error="invalid_token", scope="books:read", resource_metadata="M""#,
        r#"DPoP realm="bookshop", scope="books:read", algs="…", resource_metadata="M""#,
        r#"ApiKey realm="bookshop", in="header", name="X-API-Key""#,
    ];
    let other_key = &[
        r#"DPoP realm="bookshop", error="invalid_token", scope="books:read", algs="…", resource_metadata="M""#,
        r#"ApiKey realm="bookshop", in="header", name="X-API-Key""#,
    ];
    let naked = lobby.get("/books").header("authorization", &format!("DPoP {token}")).await;
    let stranger = Prover::new().proof("other", "GET", &uri, Some(&token), None);
    let mut rows = vec![
        row(&lobby, "proof.missing", 401, bad, naked).documented(),
        row(&lobby, "proof.missing", 401, downgraded, lobby.get("/books").bearer(&token).await).documented(),
        row(&lobby, "proof.replayed", 401, bad, ask(&once).await).documented(),
        row(&lobby, "proof.invalid", 401, other_key, ask(&stranger).await).documented(),
    ];
    let wrong = [
        prover.proof("method", "POST", &uri, Some(&token), None),
        prover.proof("uri", "GET", &format!("{uri}/b-1001"), Some(&token), None),
        prover.proof("ath", "GET", &uri, Some("another"), None),
        prover.proof("no-ath", "GET", &uri, None, None),
        "no.proof.atall".to_owned(),
    ];
    for proof in wrong {
        rows.push(row(&lobby, "proof.invalid", 401, bad, ask(&proof).await).documented());
    }
    let lobby = mock("bookshop.openapi.yaml").config("oauth: { dpop: { nonce: on } }\n").await;
    let token = prover.token(&lobby).await;
    let uri = format!("{}/books", lobby.url());
    let first = prover.proof("first", "GET", &uri, Some(&token), None);
    let handshake = lobby.get("/books").dpop(&token, &first).await;
    let nonce = handshake.header("dpop-nonce").unwrap().to_owned();
    let second = prover.proof("second", "GET", &uri, Some(&token), Some(&nonce));
    lobby.get("/books").dpop(&token, &second).await.is_allowed();
    let nonce = &[
        r#"DPoP realm="bookshop", error="use_dpop_nonce", scope="books:read", algs="…", resource_metadata="M""#,
        r#"ApiKey realm="bookshop", in="header", name="X-API-Key""#,
    ];
    rows.push(row(&lobby, "proof.nonce", 401, nonce, handshake).documented());
    rows
}

pub(super) async fn certificates() -> Vec<Row> {
    let folders = tempfile::tempdir().unwrap();
    let ours = folders.path().join("ours");
    let ours = ours.to_str().unwrap();
    let other = folders.path().join("other");
    let lobby = mock("bookshop.openapi.yaml").arguments(&["--tls", "--ca-dir", ours]).await;
    let print = |arguments: &[&str]| run("ca").arguments(arguments).finish("").stdout;
    let authority = print(&["--print", "--ca-dir", ours]);
    let alice = print(&["--client", "alice", "--ca-dir", ours]);
    let stranger = print(&["--client", "alice", "--ca-dir", other.to_str().unwrap()]);
    let anonymous = lobby.another().with_tls(trusting(&authority, None));
    let known = lobby.another().with_tls(trusting(&authority, Some(&alice)));
    let unknown = lobby.another().with_tls(trusting(&authority, Some(&stranger)));
    known.get("/vault").await.is_allowed();
    let challenge = &[r#"MutualTLS realm="bookshop""#];
    let mut rows = vec![
        row(&lobby, "certificate.missing", 401, challenge, anonymous.get("/vault").await),
        row(&lobby, "certificate.untrusted", 401, challenge, unknown.get("/vault").await),
    ];
    let sha256 = jose::digest::sha256_base64url(testkit::certificate_der(&alice));
    let bound = anonymous.token("alice").claims(json!({"cnf": {"x5t#S256": sha256}})).await;
    known.get(ORDERS).bearer(&bound).await.is_allowed();
    rows.push(row(&lobby, "proof.missing", 401, INVALID, anonymous.get(ORDERS).bearer(&bound).await));
    let claimed = unknown.get(ORDERS).bearer(&bound).header("x-forwarded-client-cert", "any").await;
    rows.push(row(&lobby, "proof.invalid", 401, INVALID, claimed));
    rows
}
