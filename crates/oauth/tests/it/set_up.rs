//! Whoever lacks a factor that is demanded sets it up, and is let in nowhere else until then.

use oauth::{FactorRules, RequiredFactor, Settings};
use serde_json::Value;
use store::User;

use crate::{
    factors::{ORIGIN, ana, ana_signs_in, base32, between, link_to, plain, send},
    house::{House, NOW, settings},
};

#[tokio::test]
async fn whoever_adds_what_is_asked_for_goes_on_to_the_app() {
    for makes_codes in [true, false] {
        let required = FactorRules { required: RequiredFactor::Any, ..FactorRules::default() };
        let house = House::with(Settings { factors: required, ..settings() });
        ana(&house).await;
        let needed = ana_signs_in(&house, &[]).await;
        // Nobody asks for the password again.
        let page = house.get(&link_to(&needed, "/_lobby/account/authenticator")).await;
        let fours = between(&page.text(), "translate=\"no\" dir=\"ltr\">", "</code>").replace(' ', "");
        let (right, _) = identity::totp_code(&base32(&fours), house.visit.real);
        let codes = house.submit(&page, &[("do", "confirm"), ("code", &right)]).await;
        let page = house.get(codes.header("location")).await;
        let consent = if makes_codes {
            let page = house.submit(&page, &[("do", "new")]).await;
            let recovery = between(&page.text(), "<li><code>", "<").to_owned();
            let page = house.submit(&page, &[("do", "keep"), ("recovery_code", "aaaa")]).await;
            house.submit(&page, &[("do", "keep"), ("recovery_code", &recovery)]).await
        } else {
            house.submit(&page, &[("do", "later")]).await
        };
        consent.is_page(200, "value=\"allow\"");
    }
}

/// Else Basic would open what the second factor is demanded for.
#[tokio::test]
async fn who_has_yet_to_set_up_a_factor_or_to_choose_a_password_makes_no_app_password() {
    const PAGE: &str = "/_lobby/account/app-passwords";
    for (required, must_change, refusal) in [
        (RequiredFactor::Any, false, "has only a password yet"),
        (RequiredFactor::None, true, "First choose another password"),
    ] {
        let factors = FactorRules { required, ..FactorRules::default() };
        let rules = oauth::AppPasswordRules { prefix: "shop".to_owned(), life: None };
        let house = House::with(Settings { factors, app_passwords: Some(rules), ..settings() });
        ana(&house).await;
        let realm = house.visit.realm();
        let change = move |user: &mut User| user.must_change = must_change;
        house.store.change_user(&realm, "AAAAAAAAAAAAAAAAAAAAAA", change).await.unwrap();
        ana_signs_in(&house, &[]).await;
        let page = house.get(PAGE).await;
        assert!(page.text().contains(refusal), "{}", page.text());
        house.submit(&page, &[("label", "x"), ("do", "make")]).await;
        let form = [("label", "x"), ("do", "make")];
        house.post(PAGE, &form).await;
        let whose = store::Owner::User("AAAAAAAAAAAAAAAAAAAAAA".to_owned());
        assert!(house.store.app_passwords(&realm, &whose, NOW, 9).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn who_would_rather_not_set_one_up_is_not_signed_in() {
    let house = House::with(settings());
    ana(&house).await;
    let needed = ana_signs_in(&house, &[("acr_values", "mfa")]).await;
    needed.is_page(403, "has only a password yet");
    house.submit(&needed, &[("decision", "deny")]).await.is_redirect("access_denied");
    house.get("/_lobby/account/").await.is_page(200, "name=\"password\"");
}

#[tokio::test]
async fn who_has_yet_to_set_up_a_factor_connects_no_device() {
    let required = FactorRules { required: RequiredFactor::Any, ..FactorRules::default() };
    let house = House::with(Settings { factors: required, ..settings() });
    ana(&house).await;
    let form = [("client_id", "tv"), ("scope", "books:read")];
    let device = house.post("/_lobby/oauth/device", &form).await.ok();
    ana_signs_in(&house, &[]).await;
    let code = device["user_code"].as_str().unwrap();
    house.get(&format!("/_lobby/device?user_code={code}")).await.is_page(403, "has only a password yet");
    let form = [("user_code", code), ("decision", "allow")];
    house.post("/_lobby/device", &form).await.is_page(403, "has only a password yet");
}

#[tokio::test]
async fn a_passkey_that_was_just_made_is_shown_and_the_app_goes_on() {
    let required = FactorRules { required: RequiredFactor::Passkey, ..FactorRules::default() };
    let mut house = House::with(Settings { factors: required, ..settings() });
    house.visit.issuer = ORIGIN.into();
    ana(&house).await;
    let needed = ana_signs_in(&house, &[]).await;
    let page = house.get(&link_to(&needed, "/_lobby/account/passkeys")).await;
    // Chromium holds the redirect to the app against the policy of the page whose form was sent.
    let policy = page.header("content-security-policy");
    assert!(policy.contains("form-action 'self' http://127.0.0.1:"), "{policy}");
    let text = page.text();
    let options = plain(between(&text, "data-options=\"", "\""));
    let options: Value = serde_json::from_str(&options).unwrap();
    let device = identity::SoftAuthenticator::new(&[3; 32], "ana");
    let made = device.create(&options, ORIGIN, &[], [1; 16]).unwrap();
    send(&house, &page, &made).await.is_page(200, "value=\"allow\"");
}

/// They would outlive the factor that its owner sets up one day.
#[tokio::test]
async fn who_has_yet_to_set_up_a_factor_makes_no_recovery_codes() {
    for required in [RequiredFactor::Any, RequiredFactor::None] {
        let factors = FactorRules { required, ..FactorRules::default() };
        let house = House::with(Settings { factors, ..settings() });
        ana(&house).await;
        ana_signs_in(&house, &[]).await;
        house.get("/_lobby/account/codes").await.is_page(403, "has only a password yet");
        house.get("/_lobby/account/authenticator").await.is_page(200, "Turn on");
    }
}
