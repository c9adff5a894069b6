//! `lobby inspect`

use std::time::{SystemTime, UNIX_EPOCH};

use jose::{Algorithm, SigningKey, jwt};
use serde_json::{Map, Value, json};
use testkit::{Finished, Lobby};

fn inspect(lobby: &Lobby, token: &str, arguments: &[&str]) -> Finished {
    let finished = testkit::run("inspect")
        .argument("--server")
        .argument(&lobby.url())
        .argument(token)
        .arguments(arguments)
        .finish("");
    finished.exits(0);
    finished
}

fn saw(lobby: &Lobby, token: &str) -> Value {
    serde_json::from_str(&inspect(lobby, token, &["--format", "json"]).stdout).expect("JSON")
}

const PATHS: [(&str, &str); 8] = [
    ("openingHours", "/open"),
    ("listBooks", "/books"),
    ("listOrders", "/users/alice/orders"),
    ("whoAmI", "/me"),
    ("getBasket", "/basket"),
    ("recommend", "/recommendations"),
    ("listStock", "/stock"),
    ("listReports", "/reports"),
];

/// What is said of each operation is what it really answers.
async fn agrees(lobby: &Lobby, token: &str) {
    let told = saw(lobby, token);
    let operations = told["operations"].as_array().unwrap();
    // A policy about the path is judged as if it named whom the token stands for.
    let subject = told["claims"]["sub"].as_str().unwrap_or("alice");
    for (name, path) in PATHS {
        let told = operations.iter().find(|operation| operation["operation"] == name).unwrap();
        let answer = lobby.get(&path.replace("alice", subject)).bearer(token).await;
        assert_eq!(told["verdict"], answer.header("lobby-verdict").unwrap(), "{name}: {told:#}");
        if let Some(status) = told["status"].as_u64() {
            assert_eq!(status, u64::from(answer.status()), "{name}");
        }
        assert!(!told["steps"].as_array().unwrap().is_empty(), "{name} without a step");
    }
}

#[tokio::test]
async fn what_is_told_of_each_operation_is_what_it_answers() {
    let lobby = testkit::mock("bookshop.openapi.yaml").await;
    for persona in ["alice", "guest", "suspended"] {
        agrees(&lobby, lobby.token(persona).await.as_str()).await;
    }
    agrees(&lobby, lobby.token("alice").scope("books:read").await.as_str()).await;
    for defect in
        ["expired", "wrong_audience", "wrong_issuer", "bad_signature", "alg_none", "not_yet_valid", "revoked"]
    {
        agrees(&lobby, lobby.token("alice").defect(defect).await.as_str()).await;
    }
    for strange in ["opaque", "eyJub3BlIg", "a.b.c", "alice-badge-key", "a.b.c.d.e"] {
        agrees(&lobby, strange).await;
    }
}

#[tokio::test]
async fn rules_of_lobby_yaml_and_the_sandboxs_clock_are_seen() {
    let document = std::fs::read_to_string(testkit::example("bookshop.openapi.yaml")).unwrap();
    let config = "apis:\n  bookshop:\n    contract: api.yaml\n    audience: urn:shop\n    operations:\n      \
                  whoAmI: { roles: [nobody] }\n      listBooks: { max_age: 1s }\n";
    let lobby = testkit::run("mock").file("api.yaml", &document).config(config).await;
    let alice = lobby.token("alice").await;
    agrees(&lobby, alice.as_str()).await;
    lobby.advance("11m").await;
    let told = saw(&lobby, alice.as_str());
    assert_eq!(told["failure"]["code"], "token.expired");
    agrees(&lobby, alice.as_str()).await;
}

#[tokio::test]
async fn a_developer_sees_at_once_why_there_was_a_401() {
    let lobby = testkit::mock("bookshop.openapi.yaml").await;
    let token = lobby.token("alice").scope("books:read").await;
    lobby.advance("11m").await;
    let text = inspect(&lobby, token.as_str(), &["--for", "listBooks"]).stdout;
    for words in [
        "An access token (RFC 9068), signed with ES256 by the key ",
        "  stands for  alice",
        "  scopes      books:read\n",
        "Does it verify? No: token.expired, the token expired at ",
        "  ok  audience ",
        "  no  times ",
        "  --  signature  not looked at\n",
        "hint: Refresh the token, or sign in again\n",
        "401 token.expired: the token expired at ",
        "  GET /books  listBooks\n",
        "  no  token: token.expired",
        "        no  alternative: oauth (books:read) does not hold: token.expired\n",
    ] {
        assert!(text.contains(words), "{words:?} is not in\n{text}");
    }
    assert!(!text.contains("createBook"), "only the operation that was asked about\n{text}");
}

#[tokio::test]
async fn a_revoked_token_is_told_as_one_whose_signature_is_good() {
    let lobby = testkit::mock("bookshop.openapi.yaml").await;
    let told = saw(&lobby, lobby.token("alice").defect("revoked").await.as_str());
    assert_eq!((&told["verifies"], &told["revoked"]), (&Value::Bool(true), &Value::Bool(true)));
    let told = saw(&lobby, lobby.token("alice").await.as_str());
    assert_eq!((&told["verifies"], &told["revoked"]), (&Value::Bool(true), &Value::Bool(false)));
}

#[tokio::test]
async fn where_clients_are_registered_revocation_is_told_too() {
    let lobby = testkit::mock("bookshop.openapi.yaml")
        .config("clients:\n  shop: { public: true, redirects: [http://127.0.0.1/] }\n")
        .await;
    let token = lobby.token("alice").client_id("shop").await;
    let told = saw(&lobby, token.as_str());
    assert_eq!((&told["verifies"], &told["revoked"]), (&Value::Bool(true), &Value::Bool(false)));
    let revoked = lobby.token("alice").client_id("shop").defect("revoked").await;
    assert_eq!(saw(&lobby, revoked.as_str())["revoked"], true);
    agrees(&lobby, revoked.as_str()).await;
}

const OTHER: &str = "https://id.example.net/realms/shop";
const HIDDEN: &str = "https://legacy.example.net";
const AWAY: &str = "http://127.0.0.1:9/away";

/// Two other issuers, one by its key set and one by a secret, and one whose keys cannot be had.
fn believing(key: &SigningKey, more: &str) -> testkit::Start {
    let document = std::fs::read_to_string(testkit::example("bookshop.openapi.yaml")).unwrap();
    let keys = json!({ "keys": [key.public().to_jwk().unwrap()] }).to_string();
    let config = format!(
        "plans:\n  free: {{ limits: 4/h, scopes: [books:read] }}\n\
         personas:\n  alice: {{ scopes: [books:read, books:write, orders:read], plan: free }}\n\
         apis:\n  bookshop:\n    contract: api.yaml\n{more}    issuers:\n      \
         - {{ url: {OTHER}, jwks: keys.json, audience: the-shop, algorithms: [ES256] }}\n      \
         - {{ url: {HIDDEN}, secret: file:secret, audience: the-shop }}\n      \
         - {{ url: {AWAY}, jwks: {AWAY}/keys, audience: the-shop }}\n"
    );
    testkit::run("mock")
        .file("api.yaml", &document)
        .file("keys.json", &keys)
        .file("secret", SECRET)
        .config(&config)
}

const SECRET: &str = "a secret of the shop that is shared with the legacy system";

fn claims(issuer: &str, audience: &str, life: i64) -> Map<String, Value> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let now = i64::try_from(now).unwrap();
    let claims = json!({
        "iss": issuer, "aud": audience, "sub": "u-77", "client_id": "app", "scope": "books:read orders:read",
        "iat": now - 60, "exp": now + life,
    });
    claims.as_object().unwrap().clone()
}

/// HS256 over a token of the issuer that shares a secret.
fn shared(secret: &str, claims: &Map<String, Value>) -> String {
    let part = |value: &Value| jose::base64url::encode(value.to_string().as_bytes());
    let head = part(&json!({ "alg": "HS256", "typ": "JWT" }));
    let signed = format!("{head}.{}", part(&Value::Object(claims.clone())));
    let tag = jose::digest::hmac_sha256(secret.as_bytes(), signed.as_bytes());
    format!("{signed}.{}", jose::base64url::encode(tag))
}

#[tokio::test]
async fn tokens_of_other_issuers_are_judged_as_the_mock_does() {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let lobby = believing(&key, "").await;
    let good = jwt::sign(&key, "at+jwt", &claims(OTHER, "the-shop", 600)).unwrap();
    agrees(&lobby, &good).await;
    let told = saw(&lobby, &good);
    assert_eq!((&told["verifies"], &told["revoked"]), (&Value::Bool(true), &Value::Bool(false)));
    let listed = told["operations"].as_array().unwrap();
    assert_eq!(listed.iter().find(|one| one["operation"] == "listBooks").unwrap()["verdict"], "allow");
    let text = inspect(&lobby, &good, &[]).stdout;
    assert!(text.contains(&format!("{OTHER}, somebody else who is believed here")), "{text}");
    let stranger = SigningKey::generate(Algorithm::Es256).unwrap();
    for (wrong, code) in [
        (jwt::sign(&key, "at+jwt", &claims(OTHER, "another", 600)).unwrap(), "token.audience"),
        (jwt::sign(&key, "at+jwt", &claims(OTHER, "the-shop", -5)).unwrap(), "token.expired"),
        (jwt::sign(&key, "logout+jwt", &claims(OTHER, "the-shop", 600)).unwrap(), "token.type"),
        (jwt::sign(&stranger, "at+jwt", &claims(OTHER, "the-shop", 600)).unwrap(), "token.key"),
        (
            jwt::sign(&key, "at+jwt", &claims("https://nobody.example", "the-shop", 600)).unwrap(),
            "token.issuer",
        ),
        (jwt::sign(&key, "at+jwt", &claims(AWAY, "the-shop", 600)).unwrap(), "upstream.keys"),
        (shared(SECRET, &claims(OTHER, "the-shop", 600)), "token.algorithm"),
    ] {
        assert_eq!(saw(&lobby, &wrong)["failure"]["code"], code);
        agrees(&lobby, &wrong).await;
    }
}

#[tokio::test]
async fn a_shared_secret_decides_and_is_never_told() {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let lobby = believing(&key, "").await;
    let good = shared(SECRET, &claims(HIDDEN, "the-shop", 600));
    assert_eq!(saw(&lobby, &good)["verifies"], true);
    agrees(&lobby, &good).await;
    let forged =
        shared("a secret that somebody thought of, and long enough", &claims(HIDDEN, "the-shop", 600));
    assert_eq!(saw(&lobby, &forged)["failure"]["code"], "token.signature");
    agrees(&lobby, &forged).await;
    let answer = lobby.post("/_lobby/inspect").json(&json!({ "token": good })).await;
    assert!(!answer.text().contains(SECRET), "{}", answer.text());
}

#[tokio::test]
async fn presence_and_off_are_seen() {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    for auth in ["presence", "off"] {
        let lobby = believing(&key, &format!("    auth: {auth}\n")).await;
        for token in ["opaque", "a.b.c"] {
            agrees(&lobby, token).await;
        }
        agrees(&lobby, lobby.token("alice").defect("expired").await.as_str()).await;
        agrees(&lobby, &jwt::sign(&key, "at+jwt", &claims("https://nobody.example", "x", 600)).unwrap())
            .await;
    }
}

#[tokio::test]
async fn a_plan_is_seen_and_looking_takes_nothing_of_it() {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let lobby = believing(&key, "    operations:\n      listBooks: { limits: 2/h }\n").await;
    let alice = lobby.token("alice").await;
    let verdict = |name: &str| {
        let told = saw(&lobby, alice.as_str());
        let listed = told["operations"].as_array().unwrap().clone();
        listed.into_iter().find(|one| one["operation"] == name).unwrap()
    };
    for left in [1, 0] {
        let told = verdict("listBooks");
        assert_eq!(told["verdict"], "allow");
        let limits = format!("listBooks: {left} of 2 in 1h are left");
        assert!(told["steps"].to_string().contains(&limits), "{told:#}");
        lobby.get("/books").bearer(alice.as_str()).await.is(200);
    }
    assert_eq!(
        (&verdict("listBooks")["verdict"], &verdict("listBooks")["status"]),
        (&json!("rate.limited"), &json!(429))
    );
    lobby.get("/books").bearer(alice.as_str()).await.is_denied(429, "rate.limited");
    // The plan includes no other scope, and what another operation has left is its own.
    agrees(&lobby, alice.as_str()).await;
    assert_eq!(verdict("listOrders")["verdict"], "policy.forbidden");
}

#[tokio::test]
async fn what_an_address_may_ask_is_part_of_the_verdict() {
    let lobby = testkit::mock("bookshop.openapi.yaml").config("limits: { per_address: 1/h }\n").await;
    let alice = lobby.token("alice").await;
    assert_eq!(saw(&lobby, alice.as_str())["operations"][0]["verdict"], "allow");
    lobby.get("/open").await.is(200);
    agrees(&lobby, alice.as_str()).await;
    assert_eq!(saw(&lobby, alice.as_str())["operations"][0]["verdict"], "rate.limited");
}

#[tokio::test]
async fn it_is_read_from_standard_input_and_out_of_a_whole_field() {
    let lobby = testkit::mock("bookshop.openapi.yaml").await;
    let token = lobby.token("alice").await;
    let run = || testkit::run("inspect").argument("--server").argument(&lobby.url());
    let finished = run().argument("-").finish(&format!("Authorization: Bearer {}\n", token.as_str()));
    finished.exits(0);
    assert!(finished.stdout.contains("Does it verify? Yes, and it is not revoked"), "{}", finished.stdout);
    run().argument("-").finish("\n").exits(2);
}

#[tokio::test]
async fn a_token_of_a_sandbox_with_its_own_issuer_is_judged_there() {
    let lobby = testkit::mock("bookshop.openapi.yaml").await;
    let answer = lobby.post("/_lobby/in/t-42/_lobby/token").json(&json!({ "as": "alice" })).await;
    let token = answer.string("/access_token");
    let finished = inspect(&lobby, &token, &[]);
    assert!(finished.stderr.contains("sandbox t-42"), "{}", finished.stderr);
    assert!(finished.stdout.contains("Does it verify? Yes"), "{}", finished.stdout);
}

#[tokio::test]
async fn an_operation_that_is_not_there_is_an_error_with_the_nearest() {
    let lobby = testkit::mock("bookshop.openapi.yaml").await;
    let token = lobby.token("alice").await;
    let finished = testkit::run("inspect")
        .arguments(&["--server", &lobby.url(), token.as_str(), "--for", "listBoks"])
        .finish("");
    finished.exits(2);
    assert!(finished.stderr.contains("did you mean `listBooks`?"), "{}", finished.stderr);
}

#[tokio::test]
async fn without_a_server_it_says_what_the_token_says() {
    let lobby = testkit::mock("bookshop.openapi.yaml").await;
    let token = lobby.token("alice").await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = format!("http://{free}");
    let finished = testkit::once(&["inspect", "--server", &server, token.as_str()]);
    finished.exits(0);
    assert!(finished.stderr.contains("no Lobby answers at"), "{}", finished.stderr);
    for words in ["An access token (RFC 9068)", "stands for  alice", "only a running Lobby can say"] {
        assert!(finished.stdout.contains(words), "{}", finished.stdout);
    }
    let none = lobby.token("alice").defect("alg_none").await;
    let finished = testkit::once(&["inspect", "--server", &server, "--format", "json", none.as_str()]);
    finished.exits(0);
    let told: Value = serde_json::from_str(&finished.stdout).unwrap();
    assert_eq!(told["failure"]["code"], "token.algorithm");
    assert_eq!(told["verifies"], Value::Null);
}
