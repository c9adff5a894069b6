//! Keys that were found in public, as a partner reports them: `POST /_lobby/report-leak`.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jose::{Algorithm, SigningKey};
use serde_json::{Value, json};
use testkit::{Answer, Lobby, serve};

use crate::admin::{DOCUMENT, add_alice, done, json as read};

const CONFIG: &str = "issuer: https://login.example.com\napis: { shop: { contract: shop.yaml } }\nmail: outbox\n\
                      keys: { partners: { github: partner.json } }\ncontrol: { token: '${CONTROL}' }\n";

/// A partner who has published its key as GitHub does.
struct Partner {
    key: SigningKey,
}

impl Partner {
    fn new() -> Self {
        Self { key: SigningKey::generate(Algorithm::Es256).unwrap() }
    }

    fn published(&self) -> String {
        let der = STANDARD.encode(self.key.public().to_spki().unwrap());
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{der}\n-----END PUBLIC KEY-----\n");
        json!({"public_keys": [{"key_identifier": "k-1", "key": pem, "is_current": true}]}).to_string()
    }

    /// An ECDSA signature in DER, in base64.
    fn sign(&self, body: &str) -> String {
        let signature = self.key.sign(body.as_bytes()).unwrap();
        let number = |bytes: &[u8]| {
            let digits: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
            let sign: &[u8] = if digits[0] & 0x80 == 0 { &[] } else { &[0] };
            [&[2, u8::try_from(sign.len() + digits.len()).unwrap()], sign, &digits].concat()
        };
        let numbers = [number(&signature[..32]), number(&signature[32..])].concat();
        STANDARD.encode([&[0x30, u8::try_from(numbers.len()).unwrap()], numbers.as_slice()].concat())
    }

    async fn report(&self, lobby: &Lobby, body: &Value) -> Answer {
        let body = body.to_string();
        let signature = self.sign(&body);
        lobby
            .post("/_lobby/report-leak")
            .header("github-public-key-identifier", "k-1")
            .header("github-public-key-signature", &signature)
            .body("application/json", body)
            .await
    }
}

async fn server(partner: &Partner) -> Lobby {
    let start = serve(CONFIG).file("shop.yaml", DOCUMENT).file("partner.json", &partner.published());
    let lobby = start.variable("CONTROL", "c0ntrol").await;
    add_alice(lobby.folder());
    lobby
}

fn found(token: &str) -> Value {
    json!({"token": token, "type": "lobby_api_key", "url": "https://github.com/a/b/blob/main/c", "source": "content"})
}

#[tokio::test]
async fn a_key_that_a_partner_found_opens_nothing_more_and_its_owner_is_told() {
    let partner = Partner::new();
    let lobby = server(&partner).await;
    let key = done(lobby.folder(), &["key", "add", "--owner", "alice", "--name", "ci"]);
    let other = done(lobby.folder(), &["key", "add", "--owner", "team:ops"]);
    let open = async |key: &str| lobby.get("/keyed").header("x-api-key", key).await;
    open(&key).await.is_allowed();
    let made_up = format!("{}{}", &key[..20], &other[20..]);
    let report = json!([found(&key), found("ghp_something"), found(&made_up), found(&other)]);
    let answer = partner.report(&lobby, &report).await;
    answer.is(200);
    let labels: Vec<_> =
        answer.json().as_array().unwrap().iter().map(|judged| judged["label"].clone()).collect();
    assert_eq!(labels, ["true_positive", "false_positive", "false_positive", "true_positive"]);
    assert_eq!(answer.json()[0]["token_raw"], key);
    assert_eq!(answer.json()[0]["token_type"], "lobby_api_key");
    open(&key).await.is_denied(401, "key.revoked");
    open(&other).await.is_denied(401, "key.revoked");
    // The same once more changes nothing, and is told to nobody.
    partner.report(&lobby, &json!([found(&key)])).await.is(200);
    let trail = read(lobby.folder(), &["audit", "list"]);
    let revoked: Vec<_> = trail["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["action"] == "key.revoke" && entry["actor"] == "partner:github")
        .collect();
    assert_eq!(revoked.len(), 2);
    assert!(revoked.iter().all(|entry| entry["detail"]["reason"] == "leak"), "{revoked:?}");
    assert!(!trail.to_string().contains(&key), "the key itself is nowhere");
    let mails = lobby.get("/_lobby/outbox").bearer("c0ntrol").await.json();
    let mails = mails.as_array().unwrap();
    assert_eq!(mails.len(), 1, "a team has no mailbox: {mails:?}");
    assert_eq!((&mails[0]["to"], mails[0].to_string().contains(&key)), (&json!("alice@example.com"), false));
    assert!(mails[0]["text"].as_str().unwrap().contains("The key “ci” was found"), "{mails:?}");
}

#[tokio::test]
async fn what_no_partner_signed_is_not_even_read() {
    let (partner, stranger) = (Partner::new(), Partner::new());
    let lobby = server(&partner).await;
    let key = done(lobby.folder(), &["key", "add", "--owner", "alice"]);
    let body = json!([found(&key)]);
    stranger.report(&lobby, &body).await.is_oauth_error(401, "invalid_signature");
    let text = body.to_string();
    let signature = partner.sign(&text);
    let send = |identifier: Option<&str>, signature: Option<&str>, body: String| {
        let mut call = lobby.post("/_lobby/report-leak");
        for (name, value) in
            [("github-public-key-identifier", identifier), ("github-public-key-signature", signature)]
        {
            if let Some(value) = value {
                call = call.header(name, value);
            }
        }
        call.body("application/json", body)
    };
    let right = Some(signature.as_str());
    for (identifier, signature, body) in [
        (None, None, text.clone()),
        (Some("k-1"), None, text.clone()),
        (None, right, text.clone()),
        (Some("k-2"), right, text.clone()),
        (Some("k-1"), Some("AAAA"), text.clone()),
        (Some("k-1"), Some("not base64"), text.clone()),
        (Some("k-1"), right, format!("{text} ")),
    ] {
        send(identifier, signature, body).await.is_oauth_error(401, "invalid_signature");
    }
    lobby.get("/keyed").header("x-api-key", &key).await.is_allowed();
    for wrong in [json!({"token": key}), json!([{"type": "a"}]), json!([1])] {
        partner.report(&lobby, &wrong).await.is_oauth_error(400, "invalid_request");
    }
    let many: Vec<Value> = (0..1001).map(|_| found("x")).collect();
    partner.report(&lobby, &json!(many)).await.is_oauth_error(400, "invalid_request");
    let long = json!([found(&"x".repeat(1 << 20))]);
    partner.report(&lobby, &long).await.is_oauth_error(413, "invalid_request");
    lobby.get("/_lobby/report-leak").await.is(405);
    send(Some("k-1"), right, text).await.is(200);
    lobby.get("/keyed").header("x-api-key", &key).await.is_denied(401, "key.revoked");
}

#[tokio::test]
async fn without_partners_there_is_nothing_and_keys_that_cannot_be_are_told_with_their_place() {
    let lobby = serve("issuer: https://login.example.com\n").await;
    lobby.post("/_lobby/report-leak").json(&json!([])).await.is(404);
    for (name, text, part) in [
        ("github: nowhere.json", "", "cannot read"),
        ("github: partner.json", "{}", "has no public key"),
        ("github: partner.json", "{ \"public_keys\": [] }", "has no public key"),
        ("'a b': partner.json", "{}", "is no name of a partner"),
    ] {
        let config = format!("issuer: https://a.example\nkeys: {{ partners: {{ {name} }} }}\n");
        let finished = testkit::run("serve").config(&config).file("partner.json", text).finish("");
        finished.exits(2);
        assert!(
            finished.stderr.contains(part) && finished.stderr.contains("lobby.yaml:2:"),
            "{}",
            finished.stderr
        );
    }
}
