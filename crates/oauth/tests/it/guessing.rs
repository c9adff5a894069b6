//! Guessing, whatever is typed and wherever it is typed (attacks.md, G).

use oauth::{AccountRules, Mails, Settings, SignUp};

use crate::house::{Answer, House, settings};

const PASSWORD: &str = "violin tuesday cactus marble";
const ANOTHER: &str = "lantern copper orbit thursday";

fn open() -> Settings {
    let accounts = AccountRules { sign_up: SignUp::Open, mails: Mails::Outbox, ..AccountRules::default() };
    Settings { accounts, ..settings() }
}

/// The subjects of the mails to somebody, and the newest one's link, without the origin.
async fn mails(house: &House, to: &str) -> (Vec<String>, String) {
    let mails = house.store.mails(&house.visit.realm(), Some(to), 99).await.unwrap();
    let newest = mails.first().map(|mail| mail.plain.clone()).unwrap_or_default();
    let link = newest.lines().find_map(|line| line.strip_prefix("http://127.0.0.1:4010")).unwrap_or_default();
    (mails.into_iter().map(|mail| mail.subject).collect(), link.to_owned())
}

/// Follows the newest link to somebody.
async fn follow(house: &House, to: &str, more: &[(&str, &str)]) -> Answer {
    let page = house.get(&mails(house, to).await.1).await;
    let link = crate::house::value_of(&page.text(), "link");
    let mut form = vec![("link", link.as_str())];
    form.extend_from_slice(more);
    house.submit(&page, &form).await
}

/// Ana, signed in.
async fn ana(house: &mut House) {
    let page = house.get("/_lobby/sign-up").await;
    house.submit(&page, &[("email", "ana@example.com"), ("new", PASSWORD)]).await;
    follow(house, "ana@example.com", &[]).await;
    house.advance(1);
}

async fn sign_in(house: &House, name: &str, password: &str) -> u16 {
    let page = house.get("/_lobby/sign-in").await;
    house.submit(&page, &[("username", name), ("password", password)]).await.status().as_u16()
}

/// G03: else the page would warn, or lock, at another try where there is an account.
#[tokio::test]
async fn a_name_counts_alike_however_it_is_written_whether_somebody_has_it_or_not() {
    let mut house = House::with(open());
    ana(&mut house).await;
    for name in ["ana@example.com", "eve@example.com"] {
        let mut tried = Vec::new();
        for typed in [name, &name.to_uppercase(), name, &name.to_uppercase(), name] {
            house.cookies.lock().unwrap().clear();
            tried.push(sign_in(&house, typed, "wrong").await);
        }
        assert_eq!(tried, [422, 422, 422, 422, 429], "{name}");
    }
}

#[tokio::test]
async fn a_browser_that_knew_an_earlier_password_is_no_longer_known() {
    let mut house = House::with(open());
    ana(&mut house).await;
    let before = house.cookies.lock().unwrap().clone();
    house.cookies.lock().unwrap().clear();
    let page = house.get("/_lobby/reset").await;
    house.submit(&page, &[("username", "ana@example.com")]).await;
    follow(&house, "ana@example.com", &[("new", ANOTHER)]).await.is_page(200, "The password is changed");
    for _ in 0..5 {
        house.cookies.lock().unwrap().clear();
        sign_in(&house, "ana@example.com", "wrong").await;
    }
    *house.cookies.lock().unwrap() = before;
    assert_eq!(sign_in(&house, "ana@example.com", ANOTHER).await, 429);
}

#[tokio::test]
async fn whoever_changes_a_password_is_not_told_of_their_own_browser() {
    let mut house = House::with(open());
    ana(&mut house).await;
    let page = house.get("/_lobby/account/password").await;
    house.submit(&page, &[("current", PASSWORD), ("new", ANOTHER)]).await;
    house.advance(1);
    house.sign_out().await;
    assert_eq!(sign_in(&house, "ana@example.com", ANOTHER).await, 303);
    let (subjects, _) = mails(&house, "ana@example.com").await;
    assert!(!subjects.iter().any(|subject| subject.contains("browser")), "{subjects:?}");
    // It is known by the new password: nobody else locks it out.
    let own = house.cookies.lock().unwrap().clone();
    for _ in 0..5 {
        house.cookies.lock().unwrap().clear();
        sign_in(&house, "ana@example.com", "wrong").await;
    }
    *house.cookies.lock().unwrap() = own;
    house.sign_out().await;
    assert_eq!(sign_in(&house, "ana@example.com", ANOTHER).await, 303);
}

/// G01: of many at once no more are answered than one after the other.
#[tokio::test]
async fn the_password_that_the_own_page_asks_for_is_not_guessed_in_a_burst() {
    let mut house = House::with(open());
    ana(&mut house).await;
    let page = house.get("/_lobby/account/delete").await;
    let guess = async || house.submit(&page, &[("current", "guessed")]).await.text();
    let answered: [String; 8] =
        tokio::join!(guess(), guess(), guess(), guess(), guess(), guess(), guess(), guess()).into();
    let wrong = answered.iter().filter(|text| text.contains("not the password")).count();
    assert!(wrong <= 5, "{wrong} guesses were answered");
}

/// Wherever a password is guessed that locks the account, its owner hears of it.
#[tokio::test]
async fn a_lock_is_told_to_the_owner_whose_password_was_guessed_beside_the_sign_in_page() {
    let told = async |house: &House| {
        mails(house, "ana@example.com").await.0.iter().filter(|subject| subject.contains("paused")).count()
    };
    let mut house = House::with(open());
    ana(&mut house).await;
    let page = house.get("/_lobby/account/delete").await;
    for _ in 0..7 {
        house.submit(&page, &[("current", "guessed")]).await;
    }
    assert_eq!(told(&house).await, 1);

    let mut api = crate::house::bookshop();
    api.flows = [oauth::GrantKind::Password].into();
    let grants = oauth::GrantKind::usual(&[api]);
    let mut house = House::with(Settings { grants, lockout_everywhere: true, ..open() });
    ana(&mut house).await;
    house.cookies.lock().unwrap().clear();
    let form = |password| {
        let name = "ana@example.com";
        [("grant_type", "password"), ("client_id", "app"), ("username", name), ("password", password)]
    };
    for _ in 0..7 {
        house.token(&form("guessed")).await.fails(400, "invalid_grant");
    }
    house.token(&form(PASSWORD)).await.fails(400, "invalid_grant");
    assert_eq!(told(&house).await, 1);
}

/// G05
#[tokio::test]
async fn a_mailbox_is_not_filled_by_writing_its_address_in_other_ways() {
    let mut house = House::with(open());
    for typed in
        ["eve@example.com", "Eve@example.com", "EVE@example.com", "eve@EXAMPLE.com", "eVe@example.com"]
    {
        for _ in 0..2 {
            house.advance(1);
            let page = house.get("/_lobby/reset").await;
            house.submit(&page, &[("username", typed)]).await.is_page(200, "Look into your mail");
        }
    }
    let mails = house.store.mails(&house.visit.realm(), None, 99).await.unwrap();
    assert_eq!(mails.len(), 5);
}
