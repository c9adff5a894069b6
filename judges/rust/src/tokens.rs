use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use p256::pkcs8::{EncodePrivateKey as _, LineEnding};
use serde_json::{Value, json};

use crate::{Desk, send, verdict};

/// `jsonwebtoken` takes our tokens, and refuses those that are wrong on purpose.
pub(crate) fn ours(desk: &Desk) -> Result<()> {
    let keys = fetch(&format!("{}/.well-known/openid-configuration", desk.issuer))?;
    let keys: JwkSet = serde_json::from_value(fetch(keys["jwks_uri"].as_str().context("no key set")?)?)?;
    let judge = |token: &str| -> Result<Value> {
        let kid = decode_header(token)?.kid.context("a token without a key's name")?;
        let key = DecodingKey::from_jwk(keys.find(&kid).context("a key that is not in the set")?)?;
        let mut demands = Validation::new(Algorithm::ES256);
        demands.set_issuer(&[&desk.issuer]);
        demands.set_audience(&[format!("{}/bookshop", desk.issuer)]);
        demands.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        demands.validate_nbf = true;
        demands.leeway = 0;
        Ok(decode::<Value>(token, &key, &demands)?.claims)
    };
    let issue = |body: Value| -> Result<String> {
        let issued = desk.control("token", &body)?;
        Ok(issued["access_token"].as_str().context("no token was issued")?.to_owned())
    };
    let claims = judge(&issue(json!({ "as": "alice", "scope": "books:read" }))?)?;
    ensure!(claims["sub"] == "alice" && claims["scope"] == "books:read", "unexpected claims: {claims}");
    for defect in ["expired", "wrong_audience", "wrong_issuer", "bad_signature", "not_yet_valid", "alg_none"]
    {
        let token = issue(json!({ "as": "alice", "defect": defect }))?;
        ensure!(judge(&token).is_err(), "jsonwebtoken takes a token that is wrong on purpose: {defect}");
    }
    Ok(())
}

/// We take tokens of `jsonwebtoken`, and refuse wrong ones.
pub(crate) fn theirs() -> Result<()> {
    // Any scalar below the order of the curve is a key.
    let secret = p256::SecretKey::from_slice(&[0x5a; 32])?;
    let mut jwk: Value = serde_json::from_str(&secret.public_key().to_jwk_string())?;
    for (name, value) in [("kid", "theirs"), ("alg", "ES256"), ("use", "sig")] {
        jwk[name] = json!(value);
    }
    serde_json::from_value::<Jwk>(jwk.clone()).context("jsonwebtoken reads the key as well")?;
    let key = EncodingKey::from_ec_pem(secret.to_pkcs8_pem(LineEnding::LF)?.as_bytes())?;
    let (url, _believer) = believer(&json!({ "keys": [jwk] }))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let judge = |changes: Value| -> Result<String> {
        let mut claims = json!({
            "iss": "https://id.example.net", "aud": "bookshop", "sub": "zoe", "client_id": "partner",
            "scope": "books:read", "iat": now, "exp": now + 300, "jti": "1",
        });
        if let (Some(claims), Some(changes)) = (claims.as_object_mut(), changes.as_object()) {
            claims.extend(changes.clone());
        }
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some("at+jwt".to_owned());
        header.kid = Some("theirs".to_owned());
        verdict(&url, &encode(&header, &claims, &key)?)
    };
    for (changes, expected) in [
        (json!({}), "allow"),
        (json!({ "aud": "elsewhere" }), "token.audience"),
        (json!({ "iss": "https://other.example" }), "token.issuer"),
        (json!({ "exp": now - 120 }), "token.expired"),
        (json!({ "nbf": now + 120 }), "token.not_yet_valid"),
        (json!({ "scope": "profile" }), "scope.insufficient"),
    ] {
        let found = judge(changes.clone())?;
        ensure!(found == expected, "a token of theirs with {changes}: {found}, not {expected}");
    }
    Ok(())
}

fn fetch(url: &str) -> Result<Value> {
    let answer = send(http::Request::get(url).body(Vec::new())?)?;
    ensure!(answer.status() == 200, "{url}: {}", answer.status());
    Ok(serde_json::from_slice(answer.body())?)
}

/// A mock that believes an issuer with these keys; killed when dropped.
struct Believer {
    child: Child,
    _folder: tempfile::TempDir,
}

impl Drop for Believer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn believer(keys: &Value) -> Result<(String, Believer)> {
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("keys.json"), keys.to_string())?;
    let issuer = json!({ "url": "https://id.example.net", "jwks": "keys.json", "audience": "bookshop", "algorithms": ["ES256"] });
    let document = std::env::var("LOBBY_DOCUMENT").context("LOBBY_DOCUMENT names no document")?;
    let config =
        json!({ "apis": { "bookshop": { "contract": document, "backend": "mock", "issuers": [issuer] } } });
    // JSON is YAML.
    fs::write(folder.path().join("lobby.yaml"), config.to_string())?;
    let binary = std::env::var("LOBBY_BIN").context("LOBBY_BIN names no binary")?;
    let flags = ["mock", "--config", "lobby.yaml", "--port", "0", "--ready-file", "ready.json"];
    let child = Command::new(binary).args(flags).current_dir(folder.path()).stdout(Stdio::null()).spawn()?;
    let ready = folder.path().join("ready.json");
    let mut believer = Believer { child, _folder: folder };
    loop {
        let text = fs::read_to_string(&ready).unwrap_or_default();
        if text.ends_with('\n') {
            let ready: Value = serde_json::from_str(&text)?;
            let url = ready["url"].as_str().context("the ready file names no URL")?;
            return Ok((url.trim_end_matches('/').to_owned(), believer));
        }
        ensure!(believer.child.try_wait()?.is_none(), "the believing mock ended at its start");
        std::thread::sleep(Duration::from_millis(5));
    }
}
