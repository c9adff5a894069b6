//! By which names people sign up and sign in (`accounts.names`).

use http::StatusCode;
use identity::SourceRules;
use oauth::{AccountRules, Settings};

use crate::{
    accounts::{PASSWORD, follow, mail, member, open, sign_in},
    house::{House, settings},
};

fn names(names: oauth::Names) -> Settings {
    let Settings { accounts, .. } = open();
    Settings { accounts: AccountRules { names, ..accounts }, ..settings() }
}

#[tokio::test]
async fn where_people_have_names_they_choose_one_and_sign_in_with_it() {
    let house = House::with(names(oauth::Names::Name));
    let page = house.get("/_lobby/sign-up").await;
    let with = |name| [("name", name), ("email", "ana@example.com"), ("new", PASSWORD)];
    house.submit(&page, &with("a b")).await.is_page(422, "cannot be a name");
    house.submit(&page, &with("alice")).await.is_page(422, "That name is taken");
    house.submit(&page, &with("Ana")).await.is_page(200, "Look into your mail");
    let (_, link) = mail(&house, "ana@example.com").await;
    assert_eq!(follow(&house, &link, &[]).await.status(), StatusCode::SEE_OTHER);
    let page = sign_in(&house, "ana@example.com", PASSWORD).await;
    page.is_page(422, "do not go together");
    assert!(page.text().contains("<label for=\"name\">Name</label>"), "{}", page.text());
    assert_eq!(sign_in(&house, "ana", PASSWORD).await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn names_that_are_taken_are_found_out_no_faster_than_mails_are_asked_for() {
    let sources = SourceRules { address: "3/h".parse().ok(), ..SourceRules::default() };
    let house = House::with(Settings { sources, ..names(oauth::Names::Name) });
    let page = house.get("/_lobby/sign-up").await;
    let form = [("name", "alice"), ("email", "ana@example.com"), ("new", PASSWORD)];
    for _ in 0..3 {
        house.submit(&page, &form).await.is_page(422, "That name is taken");
    }
    house.submit(&page, &form).await.is_page(429, "");
}

#[tokio::test]
async fn where_people_have_addresses_a_name_signs_in_whoever_has_none() {
    let mut house = House::with(names(oauth::Names::Email));
    member(&mut house, "ana@example.com").await;
    let user = house.store.users(&house.visit.realm(), None, 1).await.unwrap().remove(0);
    for (email, status) in [(true, 422), (false, 303)] {
        let change = move |user: &mut store::User| {
            user.name = "ana".to_owned();
            user.name_key = "ana".to_owned();
            if !email {
                user.email = String::new();
                user.email_key = String::new();
            }
        };
        house.store.change_user(&house.visit.realm(), &user.id, change).await.unwrap();
        let answer = sign_in(&house, "ana", PASSWORD).await;
        assert_eq!(answer.status().as_u16(), status, "{}", answer.text());
        if email {
            assert!(answer.text().contains("<label for=\"name\">E-mail</label>"));
            assert_eq!(sign_in(&house, "ana@example.com", PASSWORD).await.status(), StatusCode::SEE_OTHER);
        }
    }
}
