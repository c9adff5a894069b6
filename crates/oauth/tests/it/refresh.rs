use std::time::Duration;

use model::Event;

use crate::house::{House, claims, strict};

const APP: &[(&str, &str)] = &[("client_id", "spa"), ("redirect_uri", "https://app.example.com/cb")];

#[tokio::test]
async fn a_refresh_token_is_opaque_names_its_sandbox_and_has_a_successor() {
    let house = House::new();
    let tokens = house.tokens("alice", "openid books:read").await;
    let first = tokens["refresh_token"].as_str().unwrap();
    assert!(!first.contains('.') && !first.starts_with("eyJ"));
    assert_eq!(oauth::sandbox_named(first).unwrap().as_str(), "main");
    let next = house.refresh(first).await.ok();
    assert_ne!(next["refresh_token"], tokens["refresh_token"]);
    assert_ne!(next["access_token"], tokens["access_token"]);
    assert!(next["id_token"].is_string());
    let again = house.refresh(next["refresh_token"].as_str().unwrap()).await.ok();
    assert!(house.is_good(again["access_token"].as_str().unwrap()));
}

#[tokio::test]
async fn within_the_grace_a_used_token_gives_the_same_successor_again() {
    let mut house = House::new();
    let tokens = house.tokens("alice", "books:read").await;
    let first = tokens["refresh_token"].as_str().unwrap();
    let lost = house.refresh(first).await.ok();
    house.advance(10);
    let again = house.refresh(first).await.ok();
    assert_eq!(again["refresh_token"], lost["refresh_token"]);
    assert_ne!(again["access_token"], lost["access_token"]);
    house.refresh(again["refresh_token"].as_str().unwrap()).await.ok();
    assert!(house.events.lock().unwrap().is_empty());
}

#[tokio::test]
async fn after_the_grace_reuse_burns_the_family_and_nobody_elses() {
    let mut house = House::new();
    let other = house.tokens("alice", "books:read").await;
    let tokens = house.tokens("alice", "books:read").await;
    let first = tokens["refresh_token"].as_str().unwrap();
    let next = house.refresh(first).await.ok();
    house.advance(11);
    house.refresh(first).await.fails(400, "invalid_grant");
    house.refresh(next["refresh_token"].as_str().unwrap()).await.fails(400, "invalid_grant");
    assert!(!house.is_good(next["access_token"].as_str().unwrap()));
    assert!(house.is_good(other["access_token"].as_str().unwrap()));
    house.refresh(other["refresh_token"].as_str().unwrap()).await.ok();
    let events = house.events.lock().unwrap();
    let [Event::FamilyBurnt { at, client, subject, session, first_used_at, .. }] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!((&**client, &**subject), ("app", "alice"));
    assert_eq!((*first_used_at, *at), (crate::house::NOW, house.visit.now));
    assert!(session.is_some());
}

#[tokio::test]
async fn reuse_within_the_grace_burns_once_the_successor_was_used() {
    let house = House::new();
    let tokens = house.tokens("alice", "books:read").await;
    let first = tokens["refresh_token"].as_str().unwrap();
    let next = house.refresh(first).await.ok();
    house.refresh(next["refresh_token"].as_str().unwrap()).await.ok();
    house.refresh(first).await.fails(400, "invalid_grant");
}

#[tokio::test]
async fn reuse_within_the_grace_burns_once_the_new_access_token_was_used() {
    let house = House::new();
    let tokens = house.tokens("alice", "books:read").await;
    let first = tokens["refresh_token"].as_str().unwrap();
    let next = house.refresh(first).await.ok();
    // The access token from before the refresh proves nothing.
    let memory = house.store.memory(&house.visit.realm());
    memory.note_use(claims(tokens["access_token"].as_str().unwrap())["jti"].as_str().unwrap());
    let again = house.refresh(first).await.ok();
    memory.note_use(claims(next["access_token"].as_str().unwrap())["jti"].as_str().unwrap());
    house.refresh(first).await.fails(400, "invalid_grant");
    assert!(!house.is_good(again["access_token"].as_str().unwrap()));
}

#[tokio::test]
async fn of_many_at_once_one_family_survives_with_one_successor() {
    let house = std::sync::Arc::new(House::new());
    let tokens = house.tokens("alice", "books:read").await;
    let first = tokens["refresh_token"].as_str().unwrap().to_owned();
    let mut racing = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (house, first) = (house.clone(), first.clone());
        racing.spawn(async move {
            house.refresh(&first).await.ok()["refresh_token"].as_str().unwrap().to_owned()
        });
    }
    let successors = racing.join_all().await;
    assert!(successors.iter().all(|token| *token == successors[0]));
    house.refresh(&successors[0]).await.ok();
}

#[tokio::test]
async fn a_refresh_token_ends_and_each_successor_lives_anew() {
    let mut house = House::new();
    let days = |count: u64| count * 86_400;
    let tokens = house.tokens("alice", "books:read").await;
    house.advance(days(29));
    let next = house.refresh(tokens["refresh_token"].as_str().unwrap()).await.ok();
    house.advance(days(29));
    let last = house.refresh(next["refresh_token"].as_str().unwrap()).await.ok();
    house.visit.now = house.visit.now.plus(Duration::from_secs(days(31)));
    house.refresh(last["refresh_token"].as_str().unwrap()).await.fails(400, "invalid_grant");
}

#[tokio::test]
async fn a_refresh_gives_fewer_scopes_but_never_more() {
    let house = House::new();
    let tokens = house.tokens("alice", "books:read books:write").await;
    let ask = |token: String, scope: &'static str| {
        let house = &house;
        async move {
            let form = [
                ("grant_type", "refresh_token"),
                ("client_id", "app"),
                ("refresh_token", &*token),
                ("scope", scope),
            ];
            house.token(&form).await
        }
    };
    let first = tokens["refresh_token"].as_str().unwrap().to_owned();
    let narrow = ask(first, "books:read").await.ok();
    assert_eq!(narrow["scope"], "books:read");
    let next = narrow["refresh_token"].as_str().unwrap().to_owned();
    let wide = ask(next, "books:read books:write").await.ok();
    assert_eq!(wide["scope"], "books:read books:write", "the grant itself is as wide as it was");
    let tokens = house.tokens("alice", "books:read").await;
    let first = tokens["refresh_token"].as_str().unwrap().to_owned();
    ask(first.clone(), "books:write").await.fails(400, "invalid_scope");
    ask(first, "books:read").await.ok();
}

#[tokio::test]
async fn another_clients_refresh_token_is_refused_and_not_burnt() {
    let house = House::with(strict());
    let code = house.code("alice", APP).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "spa"),
        ("code", &code),
        ("code_verifier", crate::house::VERIFIER),
    ];
    let tokens = house.token(&form).await.ok();
    let token = tokens["refresh_token"].as_str().unwrap();
    let stolen = [
        ("grant_type", "refresh_token"),
        ("client_id", "web"),
        ("client_secret", "web-secret"),
        ("refresh_token", token),
    ];
    house.token(&stolen).await.fails(400, "invalid_grant");
    house
        .token(&[("grant_type", "refresh_token"), ("client_id", "spa"), ("refresh_token", token)])
        .await
        .ok();
}

#[tokio::test]
async fn a_made_up_refresh_token_is_refused() {
    let house = House::new();
    for token in ["x", "lr_main_AAAA", "lr_main_", "lr_t-42_AAAA", "eyJ.a.b"] {
        house.refresh(token).await.fails(400, "invalid_grant");
    }
}

#[tokio::test]
async fn a_suspended_account_gets_nothing_more() {
    let house = House::new();
    let tokens = house.tokens("alice", "books:read").await;
    let mut settings = crate::house::settings();
    let mut accounts: Vec<_> =
        settings.directory.accounts().iter().map(|account| (**account).clone()).collect();
    accounts[0].disabled = true;
    settings.directory = std::sync::Arc::new(identity::Directory::new(accounts));
    house.server.replace(settings);
    house.refresh(tokens["refresh_token"].as_str().unwrap()).await.fails(400, "invalid_grant");
}
