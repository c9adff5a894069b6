//! What people show beside a password: in the order in which they meet it.

use std::{collections::BTreeSet, sync::Arc};

use identity::{BuiltIn, Directory, SourceRules, default_personas};
use oauth::{FactorRules, Handle, RequiredFactor, Settings, Unhandled};
use serde_json::{Value, json};
use store::{User, Written};

use crate::house::{Answer, House, NOW, claims, settings};

pub(crate) const ORIGIN: &str = "http://localhost:4010";

/// Alice has an authenticator app, a passkey, or both.
pub(crate) fn with(totp: bool, passkey: bool) -> Settings {
    let scopes = "books:read books:write".parse().unwrap();
    let mut personas = default_personas(&scopes, &BTreeSet::new(), &[]);
    personas[0].built_in = BuiltIn { totp, passkey };
    Settings { directory: Arc::new(Directory::new(personas)), ..settings() }
}

pub(crate) async fn code(house: &House) -> String {
    let told = house.server.handle_authenticator("alice", Handle::Code, &house.visit).await.unwrap();
    told["code"].as_str().unwrap().to_owned()
}

pub(crate) fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let start = text.find(before).unwrap_or_else(|| panic!("no {before} in {text}")) + before.len();
    &text[start..start + text[start..].find(after).unwrap()]
}

pub(crate) fn plain(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&#x2f;", "/").replace("&amp;", "&").replace("&#x27;", "'")
}

/// Answers the passkey form of a page, as its script would.
pub(crate) async fn answer(house: &House, page: &Answer, persona: &str, origin: &str) -> Answer {
    let text = page.text();
    let form = between(&text, "data-passkey=", "</form>");
    let options: Value = serde_json::from_str(&plain(between(form, "data-options=\"", "\""))).unwrap();
    let origin = origin.to_owned();
    let handle = if form.starts_with("\"get\"") {
        Handle::Get { options, origin }
    } else {
        Handle::Create { options, origin }
    };
    let credential = house.server.handle_authenticator(persona, handle, &house.visit).await.unwrap();
    send(house, page, &credential).await
}

pub(crate) async fn send(house: &House, page: &Answer, credential: &Value) -> Answer {
    let text = page.text();
    let form = between(&text, "data-passkey=", "</form>");
    let ceremony = between(form, "name=\"ceremony\" value=\"", "\"").to_owned();
    house.submit(page, &[("ceremony", &ceremony), ("credential", &credential.to_string())]).await
}

pub(crate) async fn password(house: &House, more: &[(&str, &str)]) -> Answer {
    let page = house.authorize(more).await;
    house.submit(&page, &[("username", "alice"), ("password", "alice-password")]).await
}

/// What a code's token says, after consent where it is asked.
pub(crate) async fn said(house: &House, answer: Answer) -> Value {
    let answer = if answer.parameter("code").is_some() {
        answer
    } else {
        house.submit(&answer, &[("decision", "allow")]).await
    };
    let code = answer.parameter("code").unwrap_or_else(|| panic!("{}", answer.text()));
    let tokens = house.redeem(&code).await.ok();
    claims(tokens["id_token"].as_str().unwrap())
}

#[tokio::test]
async fn whoever_has_an_app_is_asked_for_its_code_after_the_password() {
    let house = House::with(with(true, false));
    let page = password(&house, &[]).await;
    page.is_page(200, "autocomplete=\"one-time-code\"");
    assert!(house.cookies.lock().unwrap().keys().all(|name| !name.contains("session")), "not in yet");
    house.submit(&page, &[("code", "000000")]).await.is_page(422, "does not fit");
    let right = code(&house).await;
    let answer = house.submit(&page, &[("code", &right)]).await;
    let said = said(&house, answer).await;
    assert_eq!((&said["acr"], &said["amr"]), (&json!("mfa"), &json!(["pwd", "otp", "mfa"])));
    // The same code once more, in another browser.
    house.cookies.lock().unwrap().clear();
    let page = password(&house, &[]).await;
    house.submit(&page, &[("code", &right)]).await.is_page(422, "does not fit");
}

/// A password opens nothing of somebody who has an app, whatever else a request asks for.
#[tokio::test]
async fn whoever_has_an_app_and_no_passkey_shows_its_code_before_they_are_let_in_to_add_one() {
    let house = House::with(with(true, false));
    let page = password(&house, &[("acr_values", "phr")]).await;
    page.is_page(200, "one-time-code");
    assert!(house.cookies.lock().unwrap().keys().all(|name| !name.contains("session")), "not in yet");
    let right = code(&house).await;
    let page = house.submit(&page, &[("code", &right)]).await;
    page.is_page(403, "Add a passkey");
    assert!(house.get("/_lobby/account/passkeys").await.text().contains("There is none yet"));
}

#[tokio::test]
async fn wrong_codes_are_counted_and_lock_the_factor() {
    let mut house = House::with(with(true, false));
    let page = password(&house, &[]).await;
    for _ in 0..5 {
        house.submit(&page, &[("code", "000000")]).await.is_page(422, "does not fit");
    }
    let locked = house.submit(&page, &[("code", "000000")]).await;
    locked.is_page(429, "Too many tries");
    assert_eq!(locked.header("retry-after"), "900");
    let right = code(&house).await;
    house.submit(&page, &[("code", &right)]).await.is_page(429, "Too many tries");
    house.advance(900);
    let answer = house.submit(&page, &[("code", &right)]).await;
    assert_eq!(said(&house, answer).await["acr"], "mfa");
}

/// Whoever has the password alone does not keep the owner out of a browser in which they were before.
#[tokio::test]
async fn wrong_codes_elsewhere_lock_nobody_out_of_a_browser_that_is_known() {
    let mut house = House::with(with(true, false));
    let page = password(&house, &[]).await;
    let right = code(&house).await;
    house.submit(&page, &[("code", &right)]).await;
    house.sign_out().await;
    let known = std::mem::take(&mut *house.cookies.lock().unwrap());
    let page = password(&house, &[]).await;
    for _ in 0..6 {
        house.submit(&page, &[("code", "000000")]).await;
    }
    house.submit(&page, &[("code", "000000")]).await.is_page(429, "Too many tries");
    *house.cookies.lock().unwrap() = known;
    house.visit.real = house.visit.real.plus(std::time::Duration::from_secs(60));
    let page = password(&house, &[]).await;
    let right = code(&house).await;
    let answer = house.submit(&page, &[("code", &right)]).await;
    assert_eq!(said(&house, answer).await["acr"], "mfa");
}

#[tokio::test]
async fn wrong_codes_count_where_wrong_passwords_do_though_the_password_was_right() {
    let sources = SourceRules { address: "3/h".parse().ok(), ..SourceRules::default() };
    let mut house = House::with(Settings { sources, ..with(true, false) });
    let page = password(&house, &[]).await;
    for _ in 0..3 {
        house.submit(&page, &[("code", "000000")]).await.is_page(422, "does not fit");
    }
    let right = code(&house).await;
    let waiting = house.submit(&page, &[("code", &right)]).await;
    waiting.is_page(429, "Too many tries");
    assert_eq!(waiting.header("retry-after"), "1200");
    password(&house, &[]).await.is_page(429, "Too many sign-ins have failed");
    house.visit.peer = [127, 0, 0, 2].into();
    let answer = house.submit(&page, &[("code", &right)]).await;
    assert_eq!(said(&house, answer).await["acr"], "mfa");
}

#[tokio::test]
async fn a_passkey_signs_in_without_a_name_and_once() {
    let house = House::with(with(false, true));
    let page = house.authorize(&[]).await;
    page.is_page(200, "username webauthn");
    let text = page.text();
    let options = plain(between(&text, "data-options=\"", "\""));
    let options: Value = serde_json::from_str(&options).unwrap();
    assert_eq!(options["allowCredentials"], json!([]), "nothing tells who is known here");
    assert_eq!((&options["rpId"], &options["userVerification"]), (&json!("localhost"), &json!("required")));
    let handle = Handle::Get { options, origin: ORIGIN.to_owned() };
    let credential = house.server.handle_authenticator("alice", handle, &house.visit).await.unwrap();
    let answer = send(&house, &page, &credential).await;
    let said = said(&house, answer).await;
    assert_eq!((&said["sub"], &said["acr"]), (&json!("alice"), &json!("mfa")));
    assert_eq!(said["amr"], json!(["swk", "user", "mfa"]));
    house.cookies.lock().unwrap().remove("lobby-session-4010");
    send(&house, &page, &credential).await.is_page(422, "does not hold");
}

/// A passkey that did not verify its user is something that one has, and so is a code.
#[tokio::test]
async fn whoever_comes_with_an_unverified_passkey_is_asked_for_the_password_where_it_is_too_little() {
    let mut settings = with(false, false);
    settings.factors.passkeys.verification_required = false;
    let house = House::with(settings);
    let options = |page: &Answer| -> Value {
        serde_json::from_str(&plain(between(&page.text(), "data-options=\"", "\""))).unwrap()
    };
    house.code("alice", &[]).await;
    let page = house.get("/_lobby/account/passkeys").await;
    let mut wish = options(&page);
    wish["authenticatorSelection"]["userVerification"] = json!("discouraged");
    let handle = Handle::Create { options: wish, origin: ORIGIN.to_owned() };
    let credential = house.server.handle_authenticator("alice", handle, &house.visit).await.unwrap();
    send(&house, &page, &credential).await.is_page(200, "Remove this passkey");
    house.cookies.lock().unwrap().clear();
    let page = house.authorize(&[("acr_values", "mfa")]).await;
    let mut wish = options(&page);
    wish["userVerification"] = json!("discouraged");
    let handle = Handle::Get { options: wish, origin: ORIGIN.to_owned() };
    let credential = house.server.handle_authenticator("alice", handle, &house.visit).await.unwrap();
    let asked = send(&house, &page, &credential).await;
    asked.is_page(422, "did not check that it is you");
    let text = asked.text();
    assert!(text.contains("type=\"password\"") && text.contains("value=\"alice\""), "{text}");
}

#[tokio::test]
async fn an_answer_from_another_site_is_refused() {
    let house = House::with(with(false, true));
    let page = house.authorize(&[]).await;
    let text = page.text();
    let options = plain(between(&text, "data-options=\"", "\""));
    let options: Value = serde_json::from_str(&options).unwrap();
    let handle = Handle::Get { options: options.clone(), origin: "https://evil.example".to_owned() };
    let asked = house.server.handle_authenticator("alice", handle, &house.visit).await;
    assert!(matches!(asked, Err(Unhandled::Refused(_))), "no browser asks there");
    let handle = Handle::Get { options, origin: "http://localhost:666".to_owned() };
    let credential = house.server.handle_authenticator("alice", handle, &house.visit).await.unwrap();
    send(&house, &page, &credential).await.is_page(422, "does not hold");
    for junk in ["x", "{}", "[]"] {
        send(&house, &page, &json!(junk)).await.is_page(422, "does not hold");
    }
}

#[tokio::test]
async fn a_passkey_is_registered_used_renamed_and_removed() {
    let house = House::new();
    house.code("alice", &[]).await;
    let page = house.get("/_lobby/account/passkeys").await;
    page.is_page(200, "There is none yet");
    let page = answer(&house, &page, "alice", ORIGIN).await;
    page.is_page(200, "Passkey 2027-01-15");
    let id = house.store.passkeys_of(&house.visit.realm(), "alice").await.unwrap()[0].id.clone();
    let page = house.submit(&page, &[("do", "rename"), ("id", &id), ("label", " key  ring ")]).await;
    page.is_page(200, "key  ring");
    assert!(page.text().contains(&id), "authenticators are told which there are");
    let session = house.cookies.lock().unwrap().remove("lobby-session-4010").unwrap();
    let sign_in = house.authorize(&[]).await;
    let signed_in = answer(&house, &sign_in, "alice", ORIGIN).await;
    assert!(signed_in.parameter("code").is_some(), "{}", signed_in.text());
    house.cookies.lock().unwrap().insert("lobby-session-4010".to_owned(), session);
    let page = house.get("/_lobby/account/passkeys").await;
    house.submit(&page, &[("do", "remove"), ("id", &id)]).await.is_page(200, "There is none yet");
    // The authenticator has it still: it is told.
    house.cookies.lock().unwrap().remove("lobby-session-4010");
    let sign_in = house.authorize(&[]).await;
    let text = sign_in.text();
    let options: Value = serde_json::from_str(&plain(between(&text, "data-options=\"", "\""))).unwrap();
    let mut asked = options;
    asked["allowCredentials"] = json!([{"type": "public-key", "id": id}]);
    let handle = Handle::Get { options: asked, origin: ORIGIN.to_owned() };
    let credential = house.server.handle_authenticator("alice", handle, &house.visit).await.unwrap();
    let told = send(&house, &sign_in, &credential).await;
    told.is_page(422, "no longer registered");
    assert!(plain(&told.text()).contains(&format!("\"credentialId\":\"{id}\"")));
}

#[tokio::test]
async fn an_app_is_set_up_with_a_code_and_recovery_codes_stand_in_for_it() {
    let house = House::new();
    house.code("alice", &[]).await;
    let page = house.get("/_lobby/account/authenticator").await;
    page.is_page(200, "<svg class=\"qr\"");
    let text = page.text();
    let fours = between(&text, "translate=\"no\" dir=\"ltr\">", "</code>").replace(' ', "");
    let seed = base32(&fours);
    house.submit(&page, &[("do", "confirm"), ("code", "000000")]).await.is_page(422, "not the code");
    assert!(house.store.totp(&house.visit.realm(), "alice").await.unwrap().is_none());
    let (right, _) = identity::totp_code(&seed, house.visit.real);
    let next = house.submit(&page, &[("do", "confirm"), ("code", &right)]).await;
    assert_eq!(next.header("location"), "/_lobby/account/codes");
    // Now it counts, and this browser has shown it: another one would be refused for half a minute.
    let page = house.get("/_lobby/account/codes").await;
    page.is_page(200, "0 codes are left");
    let page = house.submit(&page, &[("do", "new")]).await;
    let text = page.text();
    let codes: Vec<&str> =
        text.split("<li><code>").skip(1).map(|rest| rest.split('<').next().unwrap()).collect();
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), 10);
    house.submit(&page, &[("do", "keep"), ("recovery_code", "aaaa")]).await.is_page(422, "none of the ten");
    house.submit(&page, &[("do", "keep"), ("recovery_code", codes[3])]).await;
    house.get("/_lobby/account/codes").await.is_page(200, "10 codes are left");
    house.cookies.lock().unwrap().clear();
    for (status, left) in [(303, "9 codes"), (422, "9 codes")] {
        let page = password(&house, &[]).await;
        let answer = house.submit(&page, &[("recovery_code", &codes[0].to_uppercase())]).await;
        assert_eq!(answer.status(), status, "{}", answer.text());
        if status == 303 {
            house.get("/_lobby/account/codes").await.is_page(200, left);
        }
        house.cookies.lock().unwrap().clear();
    }
}

pub(crate) fn base32(text: &str) -> Vec<u8> {
    let mut bits = Vec::new();
    for c in text.bytes() {
        let value = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".bytes().position(|other| other == c).unwrap();
        bits.extend((0..5).rev().map(|place| value >> place & 1));
    }
    bits.chunks_exact(8)
        .map(|byte| byte.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit == 1)))
        .collect()
}

#[tokio::test]
async fn factors_are_changed_only_by_whoever_signed_in_a_short_while_ago() {
    let mut house = House::new();
    house.get("/_lobby/account/passkeys").await.is_page(200, "type=\"password\"");
    house.code("alice", &[]).await;
    house.get("/_lobby/account/passkeys").await.is_page(200, "There is none yet");
    house.advance(901);
    let page = house.get("/_lobby/account/passkeys").await;
    page.is_page(200, "readonly");
    let answer = house.submit(&page, &[("username", "alice"), ("password", "alice-password")]).await;
    assert_eq!(answer.header("location"), "/_lobby/account/passkeys");
    let page = house.get("/_lobby/account/passkeys").await;
    house.cookies.lock().unwrap().remove("lobby-form-4010");
    house.submit(&page, &[("do", "remove"), ("id", "x")]).await.is_page(403, "");
}

pub(crate) async fn ana(house: &House) {
    let cost = identity::Cost { memory: 8, passes: 1, lanes: 1, workers: 1, queue: 1 };
    let passwords = identity::Passwords::new(cost, &[9; 32]);
    let hash = passwords.hash_again("correct horse battery", [5; 16]).await.unwrap().as_str().to_owned();
    let user = User {
        id: "AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        name: "ana".to_owned(),
        name_key: "ana".to_owned(),
        email: String::new(),
        email_key: String::new(),
        email_verified_at: None,
        password: model::Secret::new(hash),
        password_version: 1,
        must_change: false,
        roles: Arc::default(),
        scopes: "books:read".parse().unwrap(),
        plan: None,
        claims: serde_json::Map::new(),
        disabled_at: None,
        created_at: NOW,
        seen_at: None,
    };
    assert!(matches!(house.store.add_user(&house.visit.realm(), user).await.unwrap(), Written::Done(())));
}

pub(crate) async fn ana_signs_in(house: &House, more: &[(&str, &str)]) -> Answer {
    let page = house.authorize(more).await;
    house.submit(&page, &[("username", "ana"), ("password", "correct horse battery")]).await
}

#[tokio::test]
async fn a_user_is_offered_a_passkey_once_in_thirty_days() {
    let mut house = House::new();
    ana(&house).await;
    let offer = ana_signs_in(&house, &[]).await;
    offer.is_page(200, "Next time, sign in with your fingerprint");
    let consent = house.submit(&offer, &[("do", "later")]).await;
    consent.is_page(200, "value=\"allow\"");
    house.cookies.lock().unwrap().clear();
    ana_signs_in(&house, &[]).await.is_page(200, "value=\"allow\"");
    house.cookies.lock().unwrap().clear();
    house.advance(30 * 86_400);
    ana_signs_in(&house, &[]).await.is_page(200, "Next time");
}

#[tokio::test]
async fn what_everybody_must_show_is_asked_of_users() {
    let required = FactorRules { required: RequiredFactor::Any, ..FactorRules::default() };
    let house = House::with(Settings { factors: required, ..settings() });
    ana(&house).await;
    let needed = ana_signs_in(&house, &[]).await;
    needed.is_page(403, "has only a password yet");
    house.submit(&needed, &[("decision", "deny")]).await.is_redirect("access_denied");
}

pub(crate) fn link_to(page: &Answer, path: &str) -> String {
    let text = plain(&page.text());
    let links = text.split("href=\"").filter_map(|rest| rest.split('"').next());
    links.map(str::to_owned).find(|link| link.starts_with(path)).unwrap_or_else(|| panic!("{path}: {text}"))
}

#[tokio::test]
async fn related_sites_are_named_where_there_are_any() {
    assert_eq!(House::new().get("/.well-known/webauthn").await.status(), 404);
    let mut rules = FactorRules::default();
    rules.passkeys.related_origins = vec!["https://shop.example.net".to_owned()];
    let house = House::with(Settings { factors: rules, ..settings() });
    let told = house.get("/.well-known/webauthn").await.ok();
    assert_eq!(told, json!({"origins": ["https://shop.example.net"]}));
}

/// What happened to alice, the newest first, and what she was told of it.
async fn told(house: &House) -> (Vec<String>, Vec<String>) {
    let realm = house.visit.realm();
    let happened = house.store.activities(&realm, "alice").await.unwrap();
    let what = happened.into_iter().map(|activity| activity.what).filter(|what| what != "sign-in").collect();
    let mails = house.store.mails(&realm, Some("alice@example.com"), 99).await.unwrap();
    let is_told = |mail: &store::Mail| mail.subject == "How you sign in to Lobby was changed";
    let mails = mails.iter().filter(|mail| is_told(mail));
    (what, mails.map(|mail| mail.plain.split('.').next().unwrap().to_owned()).collect())
}

#[tokio::test]
async fn whatever_somebody_signs_in_with_changes_and_they_are_told() {
    let accounts = oauth::AccountRules { mails: oauth::Mails::Outbox, ..oauth::AccountRules::default() };
    let mut house = House::with(Settings { accounts, ..settings() });
    house.code("alice", &[]).await;
    let page = house.get("/_lobby/account/passkeys").await;
    let page = answer(&house, &page, "alice", ORIGIN).await;
    let id = house.store.passkeys_of(&house.visit.realm(), "alice").await.unwrap()[0].id.clone();
    house.advance(1);
    house.submit(&page, &[("do", "remove"), ("id", "of nobody")]).await;
    house.submit(&page, &[("do", "remove"), ("id", &id)]).await;
    house.advance(1);
    let page = house.get("/_lobby/account/codes").await;
    let page = house.submit(&page, &[("do", "new")]).await;
    let recovery = between(&page.text(), "<li><code>", "<").to_owned();
    house.submit(&page, &[("do", "keep"), ("recovery_code", "aaaa")]).await.is_page(422, "none of the ten");
    house.submit(&page, &[("do", "keep"), ("recovery_code", &recovery)]).await;
    house.advance(1);
    let page = house.get("/_lobby/account/authenticator").await;
    let fours = between(&page.text(), "translate=\"no\" dir=\"ltr\">", "</code>").replace(' ', "");
    let (right, _) = identity::totp_code(&base32(&fours), house.visit.real);
    house.submit(&page, &[("do", "confirm"), ("code", &right)]).await;
    house.advance(1);
    house.cookies.lock().unwrap().clear();
    let page = password(&house, &[]).await;
    house.submit(&page, &[("recovery_code", &recovery)]).await;
    house.advance(1);
    let page = house.get("/_lobby/account/authenticator").await;
    house.submit(&page, &[("do", "remove")]).await;
    let (what, mails) = told(&house).await;
    let wanted = [
        "authenticator-removed",
        "recovery-code-used",
        "authenticator-added",
        "recovery-codes-made",
        "passkey-removed",
        "passkey-added",
    ];
    assert_eq!(what, wanted);
    let wanted = [
        "Authenticator app removed",
        "Recovery code used",
        "Authenticator app set up",
        "New recovery codes made",
        "Passkey removed",
        "Passkey added",
    ];
    assert_eq!(mails, wanted);
    let page = house.get("/_lobby/account/").await.text();
    assert!(wanted.iter().all(|text| page.contains(text)), "{page}");
}
