//! Accounts that somebody was invited to: by their link alone.

use identity::{INVITATION, INVITATION_LIFE, Invitation};
use jose::digest;
use oauth::{AccountRules, FactorRules, Mails, Postbox, RequiredFactor, Settings, SignUp};
use store::Link;

use crate::house::{Answer, House, settings, value_of};

const PASSWORD: &str = "violin tuesday cactus marble";
const ADDRESS: &str = "Ana@example.com";
const TOKEN: &str = "t0ken";
const PATH: &str = "/_lobby/sign-up?link=t0ken";

fn by(sign_up: SignUp) -> Settings {
    let accounts = AccountRules { sign_up, mails: Mails::Outbox, ..AccountRules::default() };
    Settings { accounts, ..settings() }
}

/// A house in which Ana is invited.
async fn house(settings: Settings) -> House {
    let house = House::with(settings);
    let invitation = Invitation {
        email: ADDRESS.to_owned(),
        roles: ["reader".to_owned()].into(),
        scopes: "books:read".to_owned(),
        plan: "pro".to_owned(),
    };
    let link = Link {
        purpose: INVITATION.to_owned(),
        subject: ADDRESS.to_lowercase(),
        record: serde_json::to_string(&invitation).unwrap(),
        expires_at: house.visit.now.plus(INVITATION_LIFE),
    };
    house.store.keep_link(&house.visit.realm(), digest::sha256(TOKEN), link).await.unwrap();
    house
}

async fn follow(house: &House, password: &str) -> Answer {
    let page = house.get(PATH).await;
    let token = value_of(&page.text(), "link");
    house.submit(&page, &[("link", &token), ("new", password)]).await
}

#[tokio::test]
async fn whoever_is_invited_chooses_a_password_and_has_the_account_that_waited() {
    let house = house(by(SignUp::Invitation)).await;
    house.get("/_lobby/sign-up").await.is_page(403, "made by others");
    assert!(!house.get("/_lobby/sign-in").await.text().contains("Make an account"));
    let page = house.get(PATH).await;
    page.is_page(200, "Welcome to Lobby");
    assert!(page.text().contains("value=\"Ana@example.com\"") && page.text().contains("new-password"));
    house.get(PATH).await.is_page(200, "Welcome to Lobby");
    follow(&house, "short").await.is_page(422, "at least 12 characters");
    let offer = follow(&house, PASSWORD).await;
    let answer = house.submit(&offer, &[("do", "later")]).await;
    assert_eq!(answer.header("location"), "/_lobby/account/");
    house.get("/_lobby/account/").await.is_page(200, "Account made");
    let user = house.store.users(&house.visit.realm(), None, 9).await.unwrap().remove(0);
    assert_eq!((&*user.email, &*user.email_key), (ADDRESS, "ana@example.com"));
    assert!(user.email_verified_at.is_some() && user.roles.contains("reader"));
    assert_eq!((user.scopes.to_string().as_str(), user.plan.as_deref()), ("books:read", Some("pro")));
    house.get(PATH).await.is_page(410, "This link is over");
}

#[tokio::test]
async fn an_invitation_is_good_for_seven_days_and_one_account() {
    let mut house = house(by(SignUp::Open)).await;
    let page = house.get(PATH).await;
    house.advance(7 * 86_400 - 1);
    house.get(PATH).await.is_page(200, "Welcome");
    house.advance(1);
    house.get(PATH).await.is_page(410, "This link is over");
    house.submit(&page, &[("link", TOKEN), ("new", PASSWORD)]).await.is_page(410, "This link is over");
    assert!(house.store.users(&house.visit.realm(), None, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn who_got_the_address_otherwise_is_not_made_twice_or_taken_over() {
    let house = house(by(SignUp::Invitation)).await;
    let user = store::User {
        email: ADDRESS.to_owned(),
        email_key: ADDRESS.to_lowercase(),
        ..store::User::new("u1".to_owned(), house.visit.now)
    };
    house.store.add_user(&house.visit.realm(), user).await.unwrap();
    follow(&house, PASSWORD).await.is_page(410, "This link is over");
    let users = house.store.users(&house.visit.realm(), None, 9).await.unwrap();
    assert!(users.len() == 1 && users[0].roles.is_empty() && users[0].password.expose().is_empty());
}

/// A07
#[tokio::test]
async fn a_forged_form_a_closed_house_and_a_link_for_something_else_make_nobody() {
    let house = house(by(SignUp::Invitation)).await;
    house
        .post("/_lobby/sign-up", &[("link", TOKEN), ("new", PASSWORD)])
        .await
        .is_page(403, "cannot be believed");
    let reset = Link {
        purpose: "reset".to_owned(),
        subject: "alice".to_owned(),
        record: String::new(),
        expires_at: house.visit.now.plus(INVITATION_LIFE),
    };
    house.store.keep_link(&house.visit.realm(), digest::sha256("other"), reset).await.unwrap();
    house.get("/_lobby/sign-up?link=other").await.is_page(410, "This link is over");
    let closed = self::house(by(SignUp::Closed)).await;
    closed.get(PATH).await.is_page(403, "made by others");
    for house in [house, closed] {
        assert!(house.store.users(&house.visit.realm(), None, 9).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn whoever_is_invited_shows_a_second_factor_where_everybody_does() {
    let factors = FactorRules { required: RequiredFactor::Any, ..FactorRules::default() };
    let house = house(Settings { factors, ..by(SignUp::Invitation) }).await;
    follow(&house, PASSWORD).await.is_page(200, "A code of six digits can come to A…@example.com.");
}

#[tokio::test]
async fn an_invitation_is_mailed_in_the_language_that_is_asked_for() {
    let house = House::with(by(SignUp::Invitation));
    let settings = by(SignUp::Invitation);
    let postbox = |rules: AccountRules| Postbox {
        store: house.store.clone(),
        realm: house.visit.realm(),
        rules,
        brand: oauth::pages::Brand::shared(),
        issuer: "https://login.example.com/".to_owned(),
    };
    let open = postbox(settings.accounts.clone());
    let link = open.invitation(TOKEN).unwrap();
    assert_eq!(link, format!("https://login.example.com{PATH}"));
    for (language, subject) in
        [(None, "You are invited to Lobby"), (Some("de-AT"), "Sie sind zu Lobby eingeladen")]
    {
        assert!(open.invite(ADDRESS, &link, language, house.visit.now, &Counting).await.unwrap());
        let mails = house.store.mails(&house.visit.realm(), None, 9).await.unwrap();
        let mail = mails.iter().find(|mail| mail.subject == subject).unwrap();
        assert!(mail.plain.contains(&link) && mail.plain.contains('7'), "{}", mail.plain);
    }
    let silent = postbox(AccountRules { mails: Mails::Off, ..settings.accounts.clone() });
    assert!(!silent.invite(ADDRESS, &link, None, house.visit.now, &Counting).await.unwrap());
    let closed = postbox(AccountRules { sign_up: SignUp::Closed, ..settings.accounts });
    assert_eq!(closed.invitation(TOKEN), None);
}

#[tokio::test]
async fn who_signs_in_otherwise_by_an_administrator_reads_of_it() {
    let house = House::with(by(SignUp::Open));
    let realm = house.visit.realm();
    let user = store::User {
        name: "ana".to_owned(),
        email: ADDRESS.to_owned(),
        ..store::User::new("u1".to_owned(), house.visit.now)
    };
    let rules = by(SignUp::Open).accounts;
    let postbox = Postbox {
        store: house.store.clone(),
        realm: realm.clone(),
        rules,
        brand: oauth::pages::Brand::shared(),
        issuer: "https://login.example.com".to_owned(),
    };
    postbox.app_password_made(&user, "203.0.113.7", house.visit.now, &Counting).await.unwrap();
    let happened = house.store.activities(&realm, "u1").await.unwrap();
    assert_eq!((&*happened[0].what, &*happened[0].address), ("app-password-made", "203.0.113.7"));
    let mails = house.store.mails(&realm, Some(ADDRESS), 9).await.unwrap();
    assert_eq!(mails[0].subject, "How you sign in to Lobby was changed");
    assert!(mails[0].plain.starts_with("App password made. If it was not you"), "{}", mails[0].plain);
    let later = house.visit.now.plus(std::time::Duration::from_secs(1));
    postbox.factors_removed(&user, "", later, &Counting).await.unwrap();
    assert_eq!(house.store.activities(&realm, "u1").await.unwrap()[0].what, "factors-removed");
    let mails = house.store.mails(&realm, Some(ADDRESS), 9).await.unwrap();
    assert!(mails[0].plain.contains("recovery codes removed by an administrator"), "{}", mails[0].plain);
}

#[tokio::test]
async fn whose_key_ends_soon_is_told_once() {
    let house = House::with(by(SignUp::Open));
    let (realm, now) = (house.visit.realm(), house.visit.now);
    let day = std::time::Duration::from_secs(86_400);
    let user = store::User {
        email: ADDRESS.to_owned(),
        email_key: ADDRESS.to_lowercase(),
        ..store::User::new("u1".to_owned(), now)
    };
    assert!(matches!(house.store.add_user(&realm, user).await.unwrap(), store::Written::Done(())));
    for (id, owner) in [("k1", "u1"), ("k2", "gone")] {
        let key = store::Key {
            id: id.to_owned(),
            kind: store::KeyKind::ApiKey,
            hash: [1; 32],
            owner: store::Owner::User(owner.to_owned()),
            name: "build".to_owned(),
            scopes: "a".parse().unwrap(),
            plan: None,
            addresses: Vec::new(),
            created_at: now.minus(80 * day),
            expires_at: Some(now.plus(6 * day)),
            revoked_at: None,
            replaces: None,
        };
        assert!(house.store.add_key(&realm, key).await.unwrap());
    }
    let postbox = |reminder| Postbox {
        store: house.store.clone(),
        realm: realm.clone(),
        rules: AccountRules { reminder, ..by(SignUp::Open).accounts },
        brand: oauth::pages::Brand::shared(),
        issuer: "https://login.example.com".to_owned(),
    };
    for (within, count) in [(std::time::Duration::ZERO, 0), (5 * day, 0), (7 * day, 1), (7 * day, 1)] {
        postbox(within).remind_of_keys(now, &Counting).await.unwrap();
        assert_eq!(house.store.mails(&realm, None, 9).await.unwrap().len(), count, "{within:?}");
    }
    let mail = house.store.mails(&realm, Some(ADDRESS), 9).await.unwrap().remove(0);
    assert_eq!(mail.subject, "A key of your account at Lobby ends soon");
    assert!(mail.plain.contains("from its end on: build, 2027-01-21."), "{}", mail.plain);
    assert!(mail.plain.contains("https://login.example.com/_lobby/account/"), "{}", mail.plain);
}

struct Counting;

impl model::Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        use std::sync::atomic::{AtomicU8, Ordering};
        static NEXT: AtomicU8 = AtomicU8::new(1);
        bytes.fill(NEXT.fetch_add(1, Ordering::Relaxed));
    }
}
