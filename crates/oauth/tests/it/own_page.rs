//! The page of one's own account: what is shown there, changed and taken away.

use std::{collections::BTreeSet, sync::Arc};

use http::StatusCode;
use store::{Passkey, User};

use crate::{
    accounts::{PASSWORD, follow, mail, member, open, sign_in, sign_up},
    house::{House, NOW},
};

#[tokio::test]
async fn the_own_page_shows_browsers_and_apps_and_ends_them() {
    let mut house = House::with(open());
    let tokens = house.tokens("alice", "books:read").await;
    let access = tokens["access_token"].as_str().unwrap();
    let first = std::mem::take(&mut *house.cookies.lock().unwrap());
    sign_in(&house, "alice", "alice-password").await;
    let page = house.get("/_lobby/account/").await;
    page.is_page(200, "this browser");
    assert!(page.text().contains("books:read"), "the app's permission");
    house.advance(1);
    let ended = house.submit(&page, &[("do", "end-others")]).await;
    assert_eq!(ended.header("location"), "/_lobby/account/");
    assert!(!house.is_good(access), "the tokens of the other browser are over");
    *house.cookies.lock().unwrap() = first;
    house.get("/_lobby/account/").await.is_page(200, "name=\"password\"");
}

#[tokio::test]
async fn sessions_are_ended_only_by_whoever_signed_in_a_short_while_ago() {
    let mut house = House::with(open());
    sign_in(&house, "alice", "alice-password").await;
    let other = house.cookies.lock().unwrap().clone();
    sign_in(&house, "alice", "alice-password").await;
    house.advance(900);
    let page = house.get("/_lobby/account/").await;
    for wish in ["end", "end-others", "end-all"] {
        house.submit(&page, &[("do", wish)]).await.is_page(200, "readonly");
    }
    let mine = std::mem::replace(&mut *house.cookies.lock().unwrap(), other.clone());
    house.get("/_lobby/account/").await.is_page(200, "this browser");
    *house.cookies.lock().unwrap() = mine;
    let again = house.submit(&page, &[("do", "end-others")]).await;
    let answer = house.submit(&again, &[("username", "alice"), ("password", "alice-password")]).await;
    assert_eq!(answer.header("location"), "/_lobby/account/");
    let page = house.get("/_lobby/account/").await;
    house.submit(&page, &[("do", "end-others")]).await;
    *house.cookies.lock().unwrap() = other;
    house.get("/_lobby/account/").await.is_page(200, "name=\"password\"");
}

#[tokio::test]
async fn the_way_out_is_on_every_page_of_somebody_signed_in_and_on_no_other() {
    const OUT: &str = "<p class=\"out\">";
    let house = House::with(open());
    let sign_in_page = house.authorize(&[]).await;
    assert!(!sign_in_page.text().contains(OUT));
    let consent = house.submit(&sign_in_page, &[("persona", "alice")]).await;
    consent.is_page(200, "See the books");
    assert!(consent.text().contains(OUT));
    for path in ["/", "/password", "/email", "/delete", "/passkeys", "/authenticator", "/codes"] {
        let page = house.get(&format!("/_lobby/account{path}")).await;
        assert!(page.text().contains(OUT), "{path}: {}", page.text());
    }
    assert!(house.get("/_lobby/account/nowhere").await.text().contains(OUT), "a failure, too");
    let out = house.sign_out().await;
    assert!(!out.text().contains(OUT));
    assert!(!house.get("/_lobby/account/").await.text().contains(OUT));
}

#[tokio::test]
async fn an_app_that_is_removed_loses_its_access() {
    let house = House::with(open());
    let tokens = house.tokens("alice", "books:read").await;
    let page = house.get("/_lobby/account/").await;
    house.submit(&page, &[("do", "withdraw"), ("which", "app")]).await;
    house.refresh(tokens["refresh_token"].as_str().unwrap()).await.fails(400, "invalid_grant");
    house.get("/_lobby/account/").await.is_page(200, "No app has your permission");
}

#[tokio::test]
async fn nobody_ends_the_session_of_another() {
    let house = House::with(open());
    let tokens = house.tokens("guest", "").await;
    let sid =
        crate::house::claims(tokens["access_token"].as_str().unwrap())["sid"].as_str().unwrap().to_owned();
    sign_in(&house, "alice", "alice-password").await;
    let page = house.get("/_lobby/account/").await;
    house.submit(&page, &[("do", "end"), ("which", &sid)]).await;
    assert!(house.is_good(tokens["access_token"].as_str().unwrap()));
}

/// A07
#[tokio::test]
async fn a_form_from_elsewhere_changes_nothing() {
    let house = House::with(open());
    sign_in(&house, "alice", "alice-password").await;
    for path in
        ["/_lobby/account/", "/_lobby/account/password", "/_lobby/account/delete", "/_lobby/account/reset"]
    {
        house
            .post(path, &[("do", "end-all"), ("current", "alice-password")])
            .await
            .is_page(403, "cannot be believed");
    }
    house.get("/_lobby/account/").await.is_page(200, "this browser");
}

#[tokio::test]
async fn an_address_is_changed_by_its_own_mail_and_the_old_one_is_told() {
    let mut house = House::with(open());
    member(&mut house, "ana@example.com").await;
    house.advance(1);
    let page = house.get("/_lobby/account/email").await;
    let asked = house.submit(&page, &[("email", "ana@new.example"), ("current", PASSWORD)]).await;
    asked.is_page(200, "Look into your mail");
    sign_in(&house, "ana@new.example", PASSWORD).await.is_page(422, "do not go together");
    let (_, link) = mail(&house, "ana@new.example").await;
    house.advance(1);
    follow(&house, &link, &[]).await.is_page(200, "Your address is changed");
    assert_eq!(mail(&house, "ana@example.com").await.0, "Your address at Lobby was changed");
    assert_eq!(sign_in(&house, "ana@new.example", PASSWORD).await.status(), StatusCode::SEE_OTHER);
    sign_in(&house, "ana@example.com", PASSWORD).await.is_page(422, "do not go together");
}

#[tokio::test]
async fn the_last_link_that_was_mailed_confirms_another_address_though_more_were_asked_for() {
    let mut house = House::with(open());
    member(&mut house, "ana@example.com").await;
    for _ in 0..9 {
        house.advance(1);
        let page = house.get("/_lobby/account/email").await;
        let form = [("email", "ana@example.net"), ("current", PASSWORD)];
        house.submit(&page, &form).await.is_page(200, "Look into your mail");
    }
    let (_, link) = mail(&house, "ana@example.net").await;
    house.get(&link).await.is_page(200, "Is this your address?");
}

#[tokio::test]
async fn an_address_that_an_administrator_wrote_is_confirmed_by_its_owner() {
    let mut house = House::with(open());
    member(&mut house, "ana@example.com").await;
    let realm = house.visit.realm();
    let ana = house.store.users(&realm, None, 1).await.unwrap().remove(0);
    house.store.change_user(&realm, &ana.id, |user| user.email_verified_at = None).await.unwrap();
    house.get("/_lobby/account/").await.is_page(200, "not confirmed");
    house.advance(1);
    let page = house.get("/_lobby/account/email").await;
    page.is_page(200, "name=\"email\" type=\"email\" value=\"ana@example.com\"");
    house.submit(&page, &[("email", "Ana@Example.com"), ("current", PASSWORD)]).await;
    let (subject, link) = mail(&house, "Ana@Example.com").await;
    assert_eq!(subject, "Is this your address at Lobby?");
    let count = house.store.mails(&realm, None, 99).await.unwrap().len();
    follow(&house, &link, &[]).await.is_page(200, "Your address is confirmed");
    assert!(!house.get("/_lobby/account/").await.text().contains("not confirmed"));
    assert_eq!(house.store.mails(&realm, None, 99).await.unwrap().len(), count, "nothing was changed");
}

/// Whoever had the password asked for another address; its owner chose another password before that was followed.
#[tokio::test]
async fn a_link_for_another_address_ends_with_the_password_it_was_asked_by() {
    let mut house = House::with(open());
    member(&mut house, "ana@example.com").await;
    house.advance(1);
    let page = house.get("/_lobby/account/email").await;
    house.submit(&page, &[("email", "thief@example.com"), ("current", PASSWORD)]).await;
    let (_, stolen) = mail(&house, "thief@example.com").await;
    house.advance(1);
    house.cookies.lock().unwrap().clear();
    let page = house.get("/_lobby/reset").await;
    house.submit(&page, &[("username", "ana@example.com")]).await;
    let (_, link) = mail(&house, "ana@example.com").await;
    follow(&house, &link, &[("new", "another good passphrase")]).await;
    house.get(&stolen).await.is_page(410, "This link is over");
    let signed_in = sign_in(&house, "ana@example.com", "another good passphrase").await;
    assert_eq!(signed_in.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_account_is_taken_away_and_deleted_by_its_owner() {
    let mut house = House::with(open());
    member(&mut house, "ana@example.com").await;
    // Somebody asks once more: its link has a password's hash.
    sign_up(&mut house, "ana@example.com").await.is_page(200, "Look into your mail");
    let data = house.get("/_lobby/account/data").await;
    assert!(data.header("content-disposition").contains("attachment"));
    assert_eq!(data.ok()["email"], "ana@example.com");
    let page = house.get("/_lobby/account/delete").await;
    house.submit(&page, &[("current", "wrong")]).await.is_page(422, "not the password");
    house.submit(&page, &[("current", PASSWORD)]).await.is_page(200, "Your account is deleted");
    sign_in(&house, "ana@example.com", PASSWORD).await.is_page(422, "do not go together");
    assert!(house.store.users(&house.visit.realm(), None, 9).await.unwrap().is_empty());
    let mails = house.store.mails(&house.visit.realm(), None, 9).await.unwrap();
    let subjects: Vec<&str> = mails.iter().map(|mail| &*mail.subject).collect();
    assert_eq!(subjects, ["Your account at Lobby is deleted"], "nothing but that is kept");
    let links = house.store.links(&house.visit.realm(), "sign-up", "", 9, NOW).await.unwrap();
    assert!(links.is_empty(), "{links:?}");
}

#[tokio::test]
async fn the_last_passkey_of_the_last_owner_stays_and_the_page_says_why() {
    let mut house = House::with(open());
    member(&mut house, "ana@example.com").await;
    let realm = house.visit.realm();
    let ana = house.store.users(&realm, None, 1).await.unwrap().remove(0);
    house
        .store
        .change_user(&realm, &ana.id, |user| user.roles = Arc::new(["lobby:owner".to_owned()].into()))
        .await
        .unwrap();
    for id in ["p1", "p2"] {
        let passkey = Passkey {
            id: id.to_owned(),
            user_id: ana.id.clone(),
            name: "key ring".to_owned(),
            record: serde_json::json!({}),
            created_at: NOW,
            used_at: None,
        };
        assert!(house.store.add_passkey(&realm, passkey, 9).await.unwrap());
    }
    // She signs in by them alone from now on, and stays signed in.
    house.store.rehash_user(&realm, &ana.id, ana.password.expose(), "").await.unwrap();
    let page = house.get("/_lobby/account/passkeys").await;
    let page = house.submit(&page, &[("do", "remove"), ("id", "p1")]).await;
    assert!(!page.text().contains("only owner"), "{}", page.text());
    let page = house.submit(&page, &[("do", "remove"), ("id", "p2")]).await;
    page.is_page(422, "the only owner");
    assert!(house.store.passkey(&realm, "p2").await.unwrap().is_some());
}

#[tokio::test]
async fn the_last_owner_of_the_server_cannot_go() {
    let mut house = House::with(open());
    member(&mut house, "ana@example.com").await;
    let realm = house.visit.realm();
    let ana = house.store.users(&realm, None, 1).await.unwrap().remove(0);
    let roles = Arc::new(BTreeSet::from(["lobby:owner".to_owned()]));
    let owner = roles.clone();
    house.store.change_user(&realm, &ana.id, move |user| user.roles = owner.clone()).await.unwrap();
    let page = house.get("/_lobby/account/delete").await;
    let kept = house.submit(&page, &[("current", PASSWORD)]).await;
    kept.is_page(422, "the only owner");
    let password = model::Secret::new("a hash".to_owned());
    let another = User { roles, password, ..User::new("ben".to_owned(), NOW) };
    house.store.add_user(&realm, another).await.unwrap();
    house.submit(&kept, &[("current", PASSWORD)]).await.is_page(200, "Your account is deleted");
}

#[tokio::test]
async fn who_comes_without_an_app_is_at_their_own_page() {
    let house = House::new();
    let answer = sign_in(&house, "alice", "alice-password").await;
    assert_eq!(answer.header("location"), "/_lobby/account/");
    let again = house.get("/_lobby/sign-in").await;
    assert_eq!((again.status().as_u16(), again.header("location")), (303, "/_lobby/account/"));
}
