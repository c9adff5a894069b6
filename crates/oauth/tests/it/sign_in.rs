use std::time::Duration;

use http::header;
use identity::SessionRules;
use model::Event;
use oauth::Settings;

use crate::house::{Answer, House, settings};

async fn typed(house: &House, page: &Answer, name: &str, password: &str) -> Answer {
    house.submit(page, &[("username", name), ("password", password)]).await
}

#[tokio::test]
async fn name_and_password_sign_in_as_a_personas_button_does() {
    let house = House::new();
    let page = house.authorize(&[]).await;
    let answer = typed(&house, &page, "alice", "alice-password").await;
    answer.is_page(200, "value=\"allow\"");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_read_alike() {
    let house = House::new();
    let page = house.authorize(&[]).await;
    let known = typed(&house, &page, "alice", "wrong").await;
    let unknown = typed(&house, &page, "nobody", "wrong").await;
    assert_eq!((known.status().as_u16(), unknown.status().as_u16()), (422, 422));
    let strip = |answer: &Answer| {
        let mut text = answer.text().replace("nobody", "alice");
        // What is sealed, and what is random: nothing else may differ.
        for before in ["name=\"request\" value=\"", "name=\"ceremony\" value=\"", "challenge&quot;:&quot;"] {
            while let Some(start) = text.find(before) {
                let from = start + before.len();
                let end = text[from..].find(['"', '&']).unwrap() + from;
                text.replace_range(start..end, "");
            }
        }
        text
    };
    assert_eq!(strip(&known), strip(&unknown));
    let empty = typed(&house, &page, "alice", "").await;
    assert_eq!(empty.status().as_u16(), 422);
}

/// G01: after the fifth failure even the right password is turned away, alike for names that nobody has.
#[tokio::test]
async fn five_failures_lock_the_name_for_a_quarter_of_an_hour() {
    for name in ["alice", "nobody"] {
        let mut house = House::new();
        let page = house.authorize(&[]).await;
        for _ in 0..4 {
            assert_eq!(typed(&house, &page, name, "wrong").await.status().as_u16(), 422);
        }
        let locked = typed(&house, &page, name, "wrong").await;
        assert_eq!(locked.status().as_u16(), 429);
        assert!(locked.header("retry-after").parse::<u64>().unwrap() >= 900);
        assert_eq!(typed(&house, &page, name, &format!("{name}-password")).await.status().as_u16(), 429);
        house.advance(901);
        let after = typed(&house, &page, name, &format!("{name}-password")).await;
        assert_eq!(after.status().as_u16(), if name == "alice" { 200 } else { 422 });
        let events = house.events.lock().unwrap();
        let told = events.iter().filter_map(|event| match event {
            Event::SignIn(tried) => Some((tried.outcome.as_str(), tried.subject.as_deref())),
            _ => None,
        });
        let last = if name == "alice" { ("done", Some("alice")) } else { ("wrong", None) };
        let wrong = ("wrong", None);
        let expected = [wrong, wrong, wrong, wrong, ("locked_now", None), ("locked", None), last];
        assert_eq!(told.collect::<Vec<_>>(), expected);
    }
}

/// G01, G04: the browser in which alice signed in before has a counter of its own, which can be locked too.
#[tokio::test]
async fn a_known_device_still_signs_in_while_the_account_is_locked() {
    let house = House::new();
    let page = house.authorize(&[]).await;
    assert_eq!(typed(&house, &page, "alice", "alice-password").await.status().as_u16(), 200);
    let own = std::mem::take(&mut *house.cookies.lock().unwrap());
    assert!(own.contains_key("lobby-device-4010"));
    let strange = house.authorize(&[]).await;
    for _ in 0..6 {
        typed(&house, &strange, "alice", "wrong").await;
    }
    assert_eq!(typed(&house, &strange, "alice", "alice-password").await.status().as_u16(), 429);
    let forged = own["lobby-device-4010"].replace('.', "x.");
    house.cookies.lock().unwrap().insert("lobby-device-4010".to_owned(), forged);
    assert_eq!(typed(&house, &strange, "alice", "alice-password").await.status().as_u16(), 429);
    *house.cookies.lock().unwrap() = own;
    assert_eq!(typed(&house, &page, "alice", "alice-password").await.status().as_u16(), 200);
    for _ in 0..5 {
        typed(&house, &page, "alice", "wrong").await;
    }
    assert_eq!(typed(&house, &page, "alice", "alice-password").await.status().as_u16(), 429);
}

#[tokio::test]
async fn a_suspended_account_is_told_so_only_after_its_password() {
    let house = House::new();
    let page = house.authorize(&[]).await;
    assert_eq!(typed(&house, &page, "suspended", "wrong").await.status().as_u16(), 422);
    assert_eq!(typed(&house, &page, "suspended", "suspended-password").await.status().as_u16(), 403);
    assert_eq!(house.submit(&page, &[("persona", "suspended")]).await.status().as_u16(), 403);
}

/// A16
#[tokio::test]
async fn a_sign_in_opens_a_session_under_a_new_name_with_every_flag() {
    let mut house = House::new();
    house.cookies.lock().unwrap().insert("lobby-session-4010".to_owned(), "planted".to_owned());
    let page = house.authorize(&[]).await;
    let answer = house.submit(&page, &[("persona", "alice")]).await;
    let cookie = answer
        .0
        .headers()
        .get_all(header::SET_COOKIE)
        .iter()
        .map(|cookie| cookie.to_str().unwrap())
        .find(|cookie| cookie.starts_with("lobby-session-"))
        .unwrap()
        .to_owned();
    assert!(cookie.starts_with("lobby-session-4010=") && !cookie.contains("planted"), "{cookie}");
    for flag in ["; Path=/", "; HttpOnly", "; SameSite=Lax"] {
        assert!(cookie.contains(flag), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "plain HTTP on loopback has neither");
    let first = house.cookies.lock().unwrap()["lobby-session-4010"].clone();
    let page = house.authorize(&[("prompt", "login")]).await;
    house.submit(&page, &[("persona", "alice")]).await;
    assert_ne!(house.cookies.lock().unwrap()["lobby-session-4010"], first);
    house.cookies.lock().unwrap().clear();
    house.cookies.lock().unwrap().insert("lobby-session-4010".to_owned(), first);
    house.authorize(&[("prompt", "none")]).await.is_redirect("login_required");

    house.visit.secure = true;
    house.cookies.lock().unwrap().clear();
    let page = house.authorize(&[]).await;
    let answer = house.submit(&page, &[("persona", "alice")]).await;
    let cookie = answer
        .0
        .headers()
        .get_all(header::SET_COOKIE)
        .iter()
        .map(|cookie| cookie.to_str().unwrap())
        .find(|cookie| cookie.contains("session"))
        .unwrap()
        .to_owned();
    assert!(cookie.starts_with("__Host-lobby-session=") && cookie.contains("; Secure"), "{cookie}");
}

#[tokio::test]
async fn a_mock_tells_why_a_code_or_a_refresh_token_is_not_taken_and_production_does_not() {
    let mut settings = settings();
    for (personas, why) in [(true, "redeemed before"), (false, "unknown, used, too old, or another")] {
        settings.personas = personas;
        let house = House::with(settings.clone());
        let page = house.authorize(&[("scope", "books:read")]).await;
        let typed = typed(&house, &page, "alice", "alice-password").await;
        let answer = house.submit(&typed, &[("decision", "allow")]).await;
        let code = answer.parameter("code").unwrap();
        let refresh = house.redeem(&code).await.ok()["refresh_token"].as_str().unwrap().to_owned();
        let again = house.redeem(&code).await;
        again.fails(400, "invalid_grant");
        assert!(again.json()["error_description"].as_str().unwrap().contains(why), "{}", again.text());
        let told = house.refresh(&refresh).await.text();
        assert_eq!(told.contains("its session ended, or one of it was used twice"), personas, "{told}");
    }
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle_and_at_last_in_any_case() {
    let mut house = House::new();
    house.code("alice", &[]).await;
    for _ in 0..40 {
        house.advance(7 * 3600);
        assert!(house.authorize(&[("prompt", "none")]).await.parameter("code").is_some());
    }
    let mut idle = House::new();
    idle.code("alice", &[]).await;
    idle.advance(8 * 3600);
    idle.authorize(&[("prompt", "none")]).await.is_redirect("login_required");
    house.advance(7 * 3600 * 8);
    house.authorize(&[("prompt", "none")]).await.is_redirect("login_required");
}

#[tokio::test]
async fn the_page_alone_leads_to_the_account() {
    let house = House::new();
    let page = house.get("/_lobby/sign-in").await;
    page.is_page(200, "name=\"persona\"");
    let answer = house.submit(&page, &[("persona", "alice")]).await;
    assert_eq!(answer.header("location"), "/_lobby/account/");
    assert_eq!(house.get("/_lobby/sign-in").await.header("location"), "/_lobby/account/");
}

#[tokio::test]
async fn a_session_that_is_used_goes_on_however_short_its_idle_time_is() {
    let sessions = SessionRules { idle: Duration::from_secs(40), ..SessionRules::default() };
    let mut house = House::with(Settings { sessions, ..settings() });
    house.code("alice", &[]).await;
    for _ in 0..10 {
        house.advance(15);
        house.get("/_lobby/account/").await.is_page(200, "You are alice.");
    }
    house.advance(40);
    assert!(!house.get("/_lobby/account/").await.text().contains("You are alice."));
}
