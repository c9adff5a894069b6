//! Passwords that came from elsewhere, are known from leaks, or must be other ones.

use http::StatusCode;

use crate::{
    accounts::{PASSWORD, member, open, past_the_offer, sign_in},
    house::{House, NOW},
};

/// A user of the store with a hash, and perhaps a demand.
async fn stored(house: &House, name: &str, hash: &str, must_change: bool) {
    let user = store::User {
        name: name.to_owned(),
        name_key: name.to_owned(),
        password: model::Secret::new(hash.to_owned()),
        password_version: 1,
        must_change,
        scopes: "*".parse().unwrap(),
        ..store::User::new(format!("{name:0>22}"), NOW)
    };
    house.store.add_user(&house.visit.realm(), user).await.unwrap();
}

/// A vector of `crypt_blowfish`.
const BCRYPT: &str = "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a";
const OF_BCRYPT: &str = "U*U*U";

#[tokio::test]
async fn a_hash_from_elsewhere_is_made_anew_at_the_next_sign_in_and_signs_nobody_out() {
    let house = House::with(open());
    stored(&house, "ben", BCRYPT, false).await;
    assert_eq!(sign_in(&house, "ben", OF_BCRYPT).await.status(), StatusCode::SEE_OTHER);
    let user = house.store.users(&house.visit.realm(), None, 1).await.unwrap().remove(0);
    assert!(user.password.expose().starts_with("$argon2id$"), "{:?}", user.password.expose());
    assert_eq!(user.password_version, 1);
    house.get("/_lobby/account/").await.is_page(200, "this browser");
    assert_eq!(sign_in(&house, "ben", OF_BCRYPT).await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn who_must_choose_another_password_does_so_before_the_app_hears_anything() {
    let house = House::with(open());
    stored(&house, "ben", BCRYPT, true).await;
    let page = house.authorize(&[]).await;
    let demanded = house.submit(&page, &[("username", "ben"), ("password", OF_BCRYPT)]).await;
    demanded.is_page(200, "First choose another password");
    // No other tab gets round it, and no silent request.
    house.authorize(&[]).await.is_page(200, "First choose another password");
    house.authorize(&[("prompt", "none")]).await.is_redirect("interaction_required");
    house.submit(&demanded, &[("new", "short")]).await.is_page(422, "at least 12");
    let consent = past_the_offer(&house, house.submit(&demanded, &[("new", PASSWORD)]).await).await;
    consent.is_page(200, "See the books");
    assert!(house.submit(&consent, &[("decision", "allow")]).await.parameter("code").is_some());
    sign_in(&house, "ben", OF_BCRYPT).await.is_page(422, "do not go together");
}

#[tokio::test]
async fn a_password_that_is_known_from_leaks_must_be_another_one_after_the_sign_in() {
    let policy = identity::password::Policy {
        rules: identity::password::Rules::default(),
        breaches: identity::password::Breaches::embedded().unwrap(),
    };
    let mut settings = open();
    settings.accounts.passwords = std::sync::Arc::new(policy);
    let house = House::with(settings);
    let cost = identity::Cost { memory: 8, passes: 1, lanes: 1, workers: 1, queue: 1 };
    let rules = identity::password::Rules { min_length: 1, score: 0, ..identity::password::Rules::default() };
    let nobody = identity::password::About::default();
    let leaked =
        identity::password::judge("password1", &nobody, &rules, identity::password::Leaked::No).unwrap();
    let hash = identity::Passwords::new(cost, &[1; 32]).hash(&leaked, [2; 16]).await.unwrap();
    stored(&house, "ben", hash.as_str(), false).await;
    let page = house.authorize(&[]).await;
    let demanded = house.submit(&page, &[("username", "ben"), ("password", "password1")]).await;
    demanded.is_page(200, "First choose another password");
    let consent = past_the_offer(&house, house.submit(&demanded, &[("new", PASSWORD)]).await).await;
    consent.is_page(200, "See the books");
}

#[tokio::test]
async fn a_password_is_not_changed_to_itself() {
    let mut house = House::with(open());
    member(&mut house, "ana@example.com").await;
    let page = house.get("/_lobby/account/password").await;
    let same = house.submit(&page, &[("current", PASSWORD), ("new", PASSWORD)]).await;
    same.is_page(422, "That is the password that there is");
}
