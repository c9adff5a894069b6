//! What is demanded of passkeys, in the binary.

use serde_json::{Value, json};
use testkit::{Answer, Lobby, run};

use crate::browser::{attribute, sign_in, value_of};

const SHOP: &str = "openapi: 3.1.0\ninfo: {title: Shop, version: '1'}\npaths: {}\n";

async fn mock(config: &str) -> Lobby {
    let issuer = ["--issuer", "http://localhost:4010"];
    run("mock").document("shop.yaml", SHOP).config(config).arguments(&issuer).await
}

/// What the account's page asks an authenticator to make.
fn options(page: &Answer) -> Value {
    serde_json::from_str(&attribute(page.text(), "data-options=\"")).unwrap()
}

/// Makes a passkey with alice's software authenticator, and brings it to the page.
async fn register(lobby: &Lobby) -> Answer {
    sign_in(lobby, "alice").await;
    let page = lobby.get("/_lobby/account/passkeys").await;
    let asked = json!({"as": "alice", "options": options(&page), "origin": "http://localhost:4010"});
    let made = lobby.post("/_lobby/authenticator/passkey/create").json(&asked).await;
    made.is(200);
    let text = page.text();
    let form = text.split("<form").find(|form| form.contains("data-passkey=\"create\"")).unwrap();
    let fields = [
        ("request", value_of(form, "request")),
        ("token", value_of(form, "token")),
        ("ceremony", value_of(form, "ceremony")),
        ("credential", made.text().to_owned()),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    lobby.post(&attribute(form, "action=\"")).form(&fields).await
}

#[tokio::test]
async fn a_passkey_without_its_makers_word_is_refused_where_it_is_demanded() {
    let lobby = mock("factors: { passkeys: { attestation: direct } }\n").await;
    let refused = register(&lobby).await;
    refused.is(422);
    let page = lobby.get("/_lobby/account/passkeys").await;
    assert_eq!(options(&page)["attestation"], "direct");
    assert!(refused.text().contains("There is none yet"), "{}", refused.text());

    let lobby = mock("factors: { passkeys: { attestation: none } }\n").await;
    let made = register(&lobby).await;
    assert!(made.text().contains("Passkey 20"), "{}", made.text());
}

#[test]
fn a_list_of_makes_that_cannot_be_meant_is_an_error_with_its_place() {
    for (config, place, words) in [
        (
            "factors: { passkeys: { aaguids: [876ca4f5-2071-c3e9-b255-09ef2cdf7ed6] } }\n",
            "1:33",
            "attestation: direct",
        ),
        (
            "factors: { passkeys: { attestation: direct, aaguids: [yubikey] } }\n",
            "1:55",
            "`yubikey` is no AAGUID",
        ),
        (
            "factors: { passkeys: { attestation: direct, aaguids: [876ca4f52071c3e9b25509ef2cdf7ed6] } }\n",
            "1:55",
            "is no AAGUID",
        ),
        ("factors: { passkeys: { roots: shop.yaml } }\n", "1:31", "attestation: direct"),
        (
            "factors: { passkeys: { attestation: direct, roots: shop.yaml } }\n",
            "1:52",
            "shop.yaml holds no certificates",
        ),
        ("factors: { passkeys: { attestation: direct, roots: makers.pem } }\n", "1:52", "cannot read"),
    ] {
        let start = run("mock").document("shop.yaml", SHOP).config(config).arguments(&["--port", "0"]);
        let finished = start.finish("");
        finished.exits(2);
        assert!(finished.stderr.contains(&format!("lobby.yaml:{place}\n")), "{config}: {}", finished.stderr);
        assert!(finished.stderr.contains(words), "{config}: {}", finished.stderr);
    }
}
