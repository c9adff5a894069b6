//! Somebody knows the password, and does not show what is asked for beside it.

use std::time::Duration;

use oauth::{AccountRules, Mails, Settings};

use crate::{
    factors::{ORIGIN, answer, code, password, with},
    house::House,
};

const QUARTER: Duration = Duration::from_secs(900);

/// Alice has an app and a passkey, and mails are sent.
fn house() -> House {
    let accounts = AccountRules { mails: Mails::Sent, ..AccountRules::default() };
    House::with(Settings { accounts, ..with(true, true) })
}

/// What waits to be sent, by now and in a quarter of an hour.
async fn waiting(house: &House) -> (usize, usize) {
    let due = async |at| {
        let due = house.store.due_mails(at, 99).await.unwrap();
        due.iter().filter(|due| due.mail.subject == "Sign-in to Lobby not finished").count()
    };
    let end = house.visit.real.plus(QUARTER);
    (due(end.minus(Duration::from_secs(1))).await, due(end).await)
}

#[tokio::test]
async fn whose_password_was_right_without_more_is_told_after_a_quarter_of_an_hour() {
    let house = house();
    let page = password(&house, &[]).await;
    assert_eq!(waiting(&house).await, (0, 1));
    house.submit(&page, &[("code", "000000")]).await.is_page(422, "does not fit");
    assert_eq!(waiting(&house).await, (0, 1), "a wrong code is none");
    let mail = house.store.due_mails(house.visit.real.plus(QUARTER), 9).await.unwrap().remove(0).mail;
    assert_eq!(mail.recipient, "alice@example.com");
    assert!(
        mail.plain.contains("within 15 minutes") && mail.plain.contains("/_lobby/reset"),
        "{}",
        mail.plain
    );
}

#[tokio::test]
async fn who_shows_the_rest_hears_nothing_and_another_browser_is_told_of_all_the_same() {
    let house = house();
    password(&house, &[]).await;
    let stranger = std::mem::take(&mut *house.cookies.lock().unwrap());
    let page = password(&house, &[]).await;
    assert_eq!(waiting(&house).await, (0, 2));
    let right = code(&house).await;
    house.submit(&page, &[("code", &right)]).await;
    assert_eq!(waiting(&house).await, (0, 1), "the stranger's");
    *house.cookies.lock().unwrap() = stranger;
    // A passkey in the place of all is enough, too.
    let page = house.authorize(&[]).await;
    answer(&house, &page, "alice", ORIGIN).await;
    assert_eq!(waiting(&house).await, (0, 0));
}

#[tokio::test]
async fn nobody_is_told_of_it_without_end() {
    let mut house = house();
    for _ in 0..2 {
        password(&house, &[]).await;
    }
    assert_eq!(waiting(&house).await, (0, 1), "once for a browser");
    for _ in 0..5 {
        house.cookies.lock().unwrap().clear();
        password(&house, &[]).await;
    }
    assert_eq!(waiting(&house).await, (0, 2));
    house.advance(86_400);
    house.cookies.lock().unwrap().clear();
    password(&house, &[]).await;
    assert_eq!(waiting(&house).await, (0, 3));
}
