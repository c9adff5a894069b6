//! What is kept for somebody is theirs: links until they are used, and everything to take away.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use identity::{Cost, Passwords};
use model::{Entropy, Secret};
use oauth::{AccountRules, Mails, Parts, Server, Settings, SignUp};
use serde_json::Value;
use store::{Key, KeyKind, Owner, Passkey};

use crate::house::{Answer, House, NOW, settings, value_of};

const ANOTHER: &str = "lantern copper orbit thursday";

fn bookshop() -> Settings {
    let accounts = AccountRules {
        name: "Bookshop".to_owned(),
        sign_up: SignUp::Open,
        mails: Mails::Outbox,
        ..AccountRules::default()
    };
    Settings { accounts, ..settings() }
}

/// Numbers that no other house of this test has.
struct Counting(AtomicU64);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let next = self.0.fetch_add(1, Ordering::Relaxed);
            chunk.copy_from_slice(&next.to_be_bytes()[..chunk.len()]);
        }
    }
}

/// The same house once more, which hashes with these passwords.
fn again(house: &House, passwords: Arc<Passwords>, first: u64) -> Server {
    Server::new(Parts {
        settings: bookshop(),
        store: house.store.clone(),
        entropy: Arc::new(Counting(AtomicU64::new(first))),
        key: None,
        master: [7; 32],
        passwords,
        listener: None,
    })
}

async fn choose(house: &House) -> Answer {
    let mails = house.store.mails(&house.visit.realm(), Some("alice@example.com"), 9).await.unwrap();
    let link = mails[0].plain.lines().find_map(|line| line.strip_prefix("http://127.0.0.1:4010")).unwrap();
    let page = house.get(link).await;
    let link = value_of(&page.text(), "link");
    house.submit(&page, &[("link", &link), ("new", ANOTHER)]).await
}

#[tokio::test]
async fn a_link_that_came_while_we_were_busy_is_good_yet() {
    let mut house = House::with(bookshop());
    let page = house.get("/_lobby/reset").await;
    house.submit(&page, &[("username", "alice")]).await;
    let passwords = |memory, passes| {
        let cost = Cost { memory, passes, lanes: 1, workers: 1, queue: 0 };
        Arc::new(Passwords::new(cost, &[9; 32]))
    };
    // Somebody else's sign-in has the one place there is, and takes its time.
    let slow = passwords(64 * 1024, 8);
    house.server = again(&house, slow.clone(), 1 << 41);
    let (_, busy) = tokio::join!(slow.check(None, "whatever it is"), choose(&house));
    assert_eq!(busy.status(), 503);
    house.server = again(&house, passwords(8, 1), 1 << 42);
    choose(&house).await.is_page(200, "The password is changed");
}

#[tokio::test]
async fn who_takes_their_data_away_has_all_that_opens_the_account_too() {
    let house = House::with(bookshop());
    let realm = house.visit.realm();
    let page = house.get("/_lobby/sign-in").await;
    house.submit(&page, &[("persona", "alice")]).await;
    let passkey = Passkey {
        id: "credential".to_owned(),
        user_id: "alice".to_owned(),
        name: "My phone".to_owned(),
        record: Value::Null,
        created_at: NOW,
        used_at: None,
    };
    assert!(house.store.add_passkey(&realm, passkey, identity::PASSKEYS).await.unwrap());
    for (id, kind, owner) in [
        ("k1", KeyKind::ApiKey, "alice"),
        ("k2", KeyKind::AppPassword, "alice"),
        ("k3", KeyKind::ApiKey, "bob"),
    ] {
        let key = Key {
            id: id.to_owned(),
            kind,
            hash: jose::digest::sha256(id),
            owner: Owner::User(owner.to_owned()),
            name: format!("key {id}"),
            scopes: "books:read".parse().unwrap(),
            plan: None,
            addresses: Vec::new(),
            created_at: NOW,
            expires_at: None,
            revoked_at: None,
            replaces: None,
        };
        assert!(house.store.add_key(&realm, key).await.unwrap());
    }
    let told = house.get("/_lobby/account/data").await.ok();
    assert_eq!(told["passkeys"][0]["name"], "My phone");
    let keys = told["keys"].as_array().unwrap();
    let mut kinds: Vec<_> = keys.iter().map(|key| key["kind"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["api_key", "app_password"], "{told}");
    assert!(!told.to_string().contains("hash"), "{told}");
}

#[tokio::test]
async fn a_browser_that_calls_itself_a_book_is_told_of_in_a_line() {
    let house = House::with(bookshop());
    let realm = house.visit.realm();
    let user = store::User {
        name: "ben".to_owned(),
        name_key: "ben".to_owned(),
        email: "ben@example.com".to_owned(),
        email_key: "ben@example.com".to_owned(),
        // A vector of `crypt_blowfish`.
        password: Secret::new("$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a".to_owned()),
        password_version: 1,
        ..store::User::new("ben".repeat(7), NOW)
    };
    house.store.add_user(&realm, user).await.unwrap();
    let agent = "book ".repeat(1000);
    for _ in 0..2 {
        house.cookies.lock().unwrap().clear();
        let page = house.get("/_lobby/sign-in").await.text();
        let (request, token) = (value_of(&page, "request"), value_of(&page, "token"));
        let form = [("request", &*request), ("token", &token), ("username", "ben"), ("password", "U*U*U")];
        house.post_with("/_lobby/sign-in", &form, &[("user-agent", &agent)]).await;
    }
    let mails = house.store.mails(&realm, Some("ben@example.com"), 9).await.unwrap();
    assert_eq!(mails.len(), 1);
    let books = mails[0].plain.matches("book").count();
    assert!((1..60).contains(&books), "{books} in {}", mails[0].plain);
}

#[tokio::test]
async fn authenticators_know_the_service_by_its_name() {
    let mut house = House::with(bookshop());
    "http://localhost:4010".clone_into(&mut house.visit.issuer);
    let page = house.get("/_lobby/sign-in").await;
    house.submit(&page, &[("persona", "alice")]).await;
    let page = house.get("/_lobby/account/passkeys").await;
    let options = page.text().replace("&quot;", "\"");
    assert!(options.contains(r#""name":"Bookshop""#), "{options}");
}
