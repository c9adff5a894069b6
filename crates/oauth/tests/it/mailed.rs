//! Codes by mail: the second factor of whoever has nothing stronger.

use model::Secret;
use oauth::{AccountRules, FactorRules, Mails, RequiredFactor, Settings};
use store::{User, Written};

use crate::house::{Answer, House, NOW, claims, settings};

const PASSWORD: &str = "correct horse battery";
const ADDRESS: &str = "ana@example.com";

fn with(required: RequiredFactor) -> Settings {
    let accounts = AccountRules { mails: Mails::Outbox, ..AccountRules::default() };
    Settings { accounts, factors: FactorRules { required, ..FactorRules::default() }, ..settings() }
}

/// A house with Ana in it, whose address is known to be hers, or not.
async fn house(settings: Settings, verified: bool) -> House {
    let house = House::with(settings);
    let cost = identity::Cost { memory: 8, passes: 1, lanes: 1, workers: 1, queue: 1 };
    let hash = identity::Passwords::new(cost, &[9; 32]).hash_again(PASSWORD, [5; 16]).await.unwrap();
    let user = User {
        name: "ana".to_owned(),
        name_key: "ana".to_owned(),
        email: ADDRESS.to_owned(),
        email_key: ADDRESS.to_owned(),
        email_verified_at: verified.then_some(NOW),
        password: Secret::new(hash.as_str().to_owned()),
        password_version: 1,
        scopes: "books:read".parse().unwrap(),
        ..User::new("AAAAAAAAAAAAAAAAAAAAAA".to_owned(), NOW)
    };
    assert!(matches!(house.store.add_user(&house.visit.realm(), user).await.unwrap(), Written::Done(())));
    house
}

async fn password(house: &House, more: &[(&str, &str)]) -> Answer {
    let page = house.authorize(more).await;
    house.submit(&page, &[("username", "ana"), ("password", PASSWORD)]).await
}

/// The newest code in her mailbox.
async fn code(house: &House) -> String {
    let mails = house.store.mails(&house.visit.realm(), Some(ADDRESS), 99).await.unwrap();
    let mail = mails.iter().find(|mail| mail.subject == "Your code for Lobby").unwrap();
    let code: String = mail.plain.chars().take_while(char::is_ascii_digit).collect();
    assert!(mail.html.contains(&code) && !mail.subject.contains(&code));
    code
}

async fn count(house: &House) -> usize {
    house.store.mails(&house.visit.realm(), Some(ADDRESS), 99).await.unwrap().len()
}

/// Another code than this one.
fn other(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

/// What the app is told in the end, past the offer of a passkey and the consent.
async fn said(house: &House, mut answer: Answer) -> serde_json::Value {
    for (part, field) in [("value=\"later\"", ("do", "later")), ("value=\"allow\"", ("decision", "allow"))] {
        if answer.parameter("code").is_none() && answer.text().contains(part) {
            answer = house.submit(&answer, &[field]).await;
        }
    }
    let code = answer.parameter("code").unwrap_or_else(|| panic!("{}", answer.text()));
    claims(house.redeem(&code).await.ok()["id_token"].as_str().unwrap())
}

#[tokio::test]
async fn a_code_by_mail_is_the_second_factor_of_whoever_has_none() {
    let house = house(with(RequiredFactor::Any), true).await;
    let page = password(&house, &[]).await;
    page.is_page(200, "A code of six digits can come to a…@example.com.");
    assert!(!page.text().contains("one-time-code"), "none was sent yet");
    assert_eq!(count(&house).await, 0);
    let page = house.submit(&page, &[("do", "mail")]).await;
    page.is_page(200, "autocomplete=\"one-time-code\"");
    assert!(house.cookies.lock().unwrap().keys().all(|name| !name.contains("session")), "not in yet");
    let code = code(&house).await;
    let wrong = house.submit(&page, &[("code", &other(&code))]).await;
    wrong.is_page(422, "That code does not fit, or is over.");
    let (first, rest) = code.split_at(3);
    let answer = house.submit(&wrong, &[("code", &format!(" {first} {rest} "))]).await;
    let said = said(&house, answer).await;
    assert_eq!((&said["acr"], &said["amr"]), (&"mfa".into(), &serde_json::json!(["pwd", "otp", "mfa"])));
    // Once more, in another browser that has the same page.
    house.cookies.lock().unwrap().retain(|name, _| !name.contains("session"));
    house.submit(&page, &[("code", &code)]).await.is_page(422, "does not fit");
}

#[tokio::test]
async fn step_up_takes_a_code_by_mail_and_asks_for_no_password() {
    let house = house(with(RequiredFactor::None), true).await;
    let answer = password(&house, &[]).await;
    assert_eq!(said(&house, answer).await["acr"], "pwd");
    let page = house.authorize(&[("acr_values", "mfa")]).await;
    page.is_page(200, "Mail me a code");
    assert!(!page.text().contains("type=\"password\""));
    let page = house.submit(&page, &[("do", "mail")]).await;
    let answer = house.submit(&page, &[("code", &code(&house).await)]).await;
    assert_eq!(said(&house, answer).await["acr"], "mfa");
}

#[tokio::test]
async fn a_code_is_good_for_ten_minutes_and_until_the_next_one() {
    let mut house = house(with(RequiredFactor::Any), true).await;
    let page = password(&house, &[]).await;
    let page = house.submit(&page, &[("do", "mail")]).await;
    let first = code(&house).await;
    house.advance(1);
    let page = house.submit(&page, &[("do", "mail")]).await;
    let second = code(&house).await;
    if first != second {
        house.submit(&page, &[("code", &first)]).await.is_page(422, "does not fit");
    }
    house.advance(600);
    house.submit(&page, &[("code", &second)]).await.is_page(422, "does not fit");
}

/// Whoever has the password and the code, but not the page that asked for it, has nothing.
#[tokio::test]
async fn a_code_is_bound_to_the_sign_in_that_asked_for_it() {
    let house = house(with(RequiredFactor::Any), true).await;
    let page = password(&house, &[]).await;
    house.submit(&page, &[("do", "mail")]).await;
    let code = code(&house).await;
    house.submit(&page, &[("code", &code)]).await.is_page(422, "Wait for the next one");
    house.cookies.lock().unwrap().clear();
    let elsewhere = password(&house, &[]).await;
    house.submit(&elsewhere, &[("code", &code)]).await.is_page(422, "Wait for the next one");
}

#[tokio::test]
async fn five_wrong_codes_end_it_whatever_the_lockout_says() {
    let mut settings = with(RequiredFactor::Any);
    settings.lockout.failures = 1000;
    let house = house(settings, true).await;
    let page = password(&house, &[]).await;
    let page = house.submit(&page, &[("do", "mail")]).await;
    let code = code(&house).await;
    for _ in 0..5 {
        house.submit(&page, &[("code", &other(&code))]).await.is_page(422, "does not fit");
    }
    house.submit(&page, &[("code", &code)]).await.is_page(422, "does not fit");
}

#[tokio::test]
async fn wrong_codes_by_mail_lock_the_factor_and_another_mail_gives_no_new_tries() {
    let house = house(with(RequiredFactor::Any), true).await;
    let mut page = password(&house, &[]).await;
    for _ in 0..5 {
        page = house.submit(&page, &[("do", "mail")]).await;
        let wrong = other(&code(&house).await);
        house.submit(&page, &[("code", &wrong)]).await.is_page(422, "does not fit");
    }
    let right = code(&house).await;
    house.submit(&page, &[("code", &other(&right))]).await.is_page(429, "Too many tries");
    house.submit(&page, &[("code", &right)]).await.is_page(429, "Too many tries");
}

#[tokio::test]
async fn only_so_many_codes_are_mailed_and_no_stranger_uses_them_up() {
    let mut house = house(with(RequiredFactor::Any), true).await;
    // Mails that anybody can ask for are counted apart.
    for _ in 0..9 {
        let page = house.get("/_lobby/reset").await;
        house.submit(&page, &[("username", "ana")]).await;
    }
    let others = count(&house).await;
    let page = password(&house, &[]).await;
    let mut page = house.submit(&page, &[("do", "mail")]).await;
    for _ in 0..4 {
        page = house.submit(&page, &[("do", "mail")]).await;
        page.is_page(200, "on its way");
        house.advance(1);
    }
    assert_eq!(count(&house).await - others, 5);
    let last = house.submit(&page, &[("do", "mail")]).await;
    last.is_page(429, "So many codes were mailed");
    assert_eq!(count(&house).await - others, 5);
    let answer = house.submit(&last, &[("code", &code(&house).await)]).await;
    assert_eq!(said(&house, answer).await["acr"], "mfa", "the last one is good yet");
}

#[tokio::test]
async fn who_has_something_stronger_is_asked_for_that() {
    let house = house(with(RequiredFactor::Any), true).await;
    let page = password(&house, &[]).await;
    let sent = house.submit(&page, &[("do", "mail")]).await;
    let code = code(&house).await;
    let realm = house.visit.realm();
    house.store.keep_totp(&realm, "AAAAAAAAAAAAAAAAAAAAAA", &[1; 20], NOW).await.unwrap();
    house.submit(&sent, &[("code", &code)]).await.is_page(422, "does not fit");
    let page = password(&house, &[]).await;
    page.is_page(200, "Code of your authenticator app");
    assert!(!page.text().contains("value=\"mail\""));
    let before = count(&house).await;
    house.submit(&page, &[("do", "mail")]).await.is_page(200, "Code of your authenticator app");
    assert_eq!(count(&house).await, before);
}

#[tokio::test]
async fn a_code_by_mail_is_no_passkey() {
    let house = house(with(RequiredFactor::Passkey), true).await;
    password(&house, &[]).await.is_page(403, "has no passkey that would do");
    let house = self::house(with(RequiredFactor::Any), true).await;
    for class in ["phr", "phrh"] {
        let page = password(&house, &[("acr_values", class)]).await;
        page.is_page(403, "has no passkey that would do");
        assert!(!page.text().contains("value=\"mail\""));
        house.submit(&page, &[("do", "mail")]).await.is_page(403, "has no passkey that would do");
    }
    assert_eq!(count(&house).await, 0);
}

#[tokio::test]
async fn no_code_goes_to_an_address_that_may_be_anybodys_or_where_none_are_mailed() {
    let off = FactorRules { email_code: false, required: RequiredFactor::Any, ..FactorRules::default() };
    let silent = AccountRules::default();
    for (settings, verified) in [
        (with(RequiredFactor::Any), false),
        (Settings { factors: off, ..with(RequiredFactor::Any) }, true),
        (Settings { accounts: silent, ..with(RequiredFactor::Any) }, true),
    ] {
        let house = house(settings, verified).await;
        let page = password(&house, &[]).await;
        page.is_page(403, "has only a password yet");
        house.submit(&page, &[("do", "mail")]).await.is_page(403, "has only a password yet");
        assert_eq!(count(&house).await, 0);
    }
}

#[tokio::test]
async fn who_has_nothing_yet_sets_it_up_with_the_password_and_gets_nowhere_else() {
    let off = FactorRules { email_code: false, required: RequiredFactor::Any, ..FactorRules::default() };
    let house = house(Settings { factors: off, ..with(RequiredFactor::Any) }, true).await;
    password(&house, &[]).await.is_page(403, "href=\"/_lobby/account/authenticator?request=");
    house.get("/_lobby/account/authenticator").await.is_page(200, "Turn on");
    house.get("/_lobby/account/").await.is_page(403, "has only a password yet");
    house.get("/_lobby/account/email").await.is_page(403, "has only a password yet");
    house.authorize(&[]).await.is_page(403, "has only a password yet");
}

#[tokio::test]
async fn who_must_have_a_passkey_shows_the_code_by_mail_before_adding_one() {
    let house = house(with(RequiredFactor::Passkey), true).await;
    let page = house.get("/_lobby/account/passkeys").await;
    let page = house.submit(&page, &[("username", "ana"), ("password", PASSWORD)]).await;
    let page = house.submit(&page, &[("do", "mail")]).await;
    let answer = house.submit(&page, &[("code", &code(&house).await)]).await;
    assert_eq!(answer.header("location"), "/_lobby/account/passkeys");
    house.get("/_lobby/account/passkeys").await.is_page(200, "There is none yet");
    house.get("/_lobby/account/").await.is_page(403, "has no passkey that would do");
}

#[tokio::test]
async fn nobody_chooses_a_password_by_mail_where_that_is_no_way_back() {
    let mut settings = with(RequiredFactor::None);
    settings.accounts.resets = false;
    let house = house(settings, true).await;
    house.get("/_lobby/reset").await.is_page(403, "No password is chosen by mail here");
    assert!(!house.get("/_lobby/sign-in").await.text().contains("Forgot it?"));
    house.post("/_lobby/account/reset", &[("username", "ana")]).await.is_page(403, "No password is chosen");
    assert_eq!(count(&house).await, 0);
}

#[tokio::test]
async fn a_persona_that_has_nothing_stands_for_whatever_is_asked() {
    let house = House::with(with(RequiredFactor::Any));
    let page = house.authorize(&[("acr_values", "mfa")]).await;
    let answer = house.submit(&page, &[("username", "alice"), ("password", "alice-password")]).await;
    assert_eq!(said(&house, answer).await["acr"], "mfa");
    house.get("/_lobby/account/").await.is_page(200, "this browser");
}
