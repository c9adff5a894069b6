//! What is done for somebody who lost something.

use super::*;

const RESET: &str = "POST /admin/v1/users/zoe/reset";

/// An office whose postbox tells what it was asked.
fn heard() -> (Administration, Arc<Told>) {
    let told = Arc::new(Told::default());
    (Administration { postbox: told.clone(), ..office() }, told)
}

#[tokio::test]
async fn a_reset_is_mailed_by_support_and_a_link_is_handed_over_by_an_admin_alone() {
    let (office, told) = heard();
    let user = json!({ "name": "zoe", "email": "zoe@example.com" });
    ask(&office, "t0ken", "POST /admin/v1/users", user).await;
    assert_eq!(ask(&office, "a/lobby:auditor", RESET, Value::Null).await.0, 403);
    let (status, answer) = ask(&office, "s/lobby:support", RESET, json!({ "language": "de" })).await;
    assert_eq!((status, &answer["mailed"], &answer["link"]), (200, &json!(true), &Value::Null), "{answer}");
    assert_eq!(told.0.lock().unwrap().len(), 1);
    ask(&office, "t0ken", "PATCH /admin/v1/users/zoe", json!({ "email": "" })).await;
    assert_eq!(ask(&office, "s/lobby:support", RESET, Value::Null).await.0, 403);
    let (_, first) = ask(&office, "a/lobby:admin", RESET, Value::Null).await;
    let (_, second) = ask(&office, "a/lobby:admin", RESET, Value::Null).await;
    let found = async |answer: &Value| {
        let token = answer["link"].as_str().unwrap().split_once("link=").unwrap().1;
        office.store.link(&office.realm, super::super::shown::secret_hash(token), NOW).await.unwrap()
    };
    assert!(found(&first).await.is_none(), "the newer one took its place");
    let kept = found(&second).await.unwrap();
    assert_eq!((&*kept.purpose, kept.expires_at), ("reset", NOW.plus(std::time::Duration::from_secs(900))));
    assert_eq!(told.0.lock().unwrap().len(), 1, "nobody is written to where there is no address");
    // Whoever has the link of somebody can be them.
    ask(&office, "t0ken", "PATCH /admin/v1/users/zoe", json!({ "roles": ["lobby:support"] })).await;
    assert_eq!(ask(&office, "a/lobby:admin", RESET, Value::Null).await.0, 403);
    assert_eq!(ask(&office, "o/lobby:owner", RESET, Value::Null).await.0, 200);
    let (_, trail) = ask(&office, "t0ken", "GET /admin/v1/audit", Value::Null).await;
    let actions: Vec<_> = trail["entries"].as_array().unwrap().iter().map(|it| &it["action"]).collect();
    assert_eq!(actions.iter().filter(|action| **action == "user.reset").count(), 4, "{trail}");
    assert!(!trail.to_string().contains(second["link"].as_str().unwrap().split_once("link=").unwrap().1));
}

#[tokio::test]
async fn a_password_that_somebody_else_wrote_must_be_another_one_after_the_sign_in() {
    let (office, _) = heard();
    ask(&office, "t0ken", "POST /admin/v1/users", json!({ "name": "zoe" })).await;
    let change = async |body: Value| ask(&office, "t0ken", "PATCH /admin/v1/users/zoe", body).await.1;
    let changed = change(json!({ "password": "violet-harbour-19-otter" })).await;
    assert_eq!(changed["must_change_password"], true, "{changed}");
    let changed =
        change(json!({ "password": "copper-orbit-7-lantern", "must_change_password": false })).await;
    assert_eq!(changed["must_change_password"], false, "{changed}");
    assert_eq!(change(json!({ "password": "" })).await["must_change_password"], false);
}

#[tokio::test]
async fn what_was_lost_is_taken_away_by_an_admin_who_is_told_apart_and_once() {
    let (office, told) = heard();
    ask(&office, "t0ken", "POST /admin/v1/users", json!({ "name": "zoe" })).await;
    let id = office.store.users(&office.realm, None, 1).await.unwrap()[0].id.clone();
    let lost = async || office.store.replace_recovery_codes(&office.realm, &id, vec![[1; 32]]).await.unwrap();
    let factors = "DELETE /admin/v1/users/zoe/factors";
    lost().await;
    assert_eq!(ask(&office, "s/lobby:support", factors, Value::Null).await.0, 403);
    for _ in 0..2 {
        assert_eq!(ask(&office, "a/lobby:admin", factors, Value::Null).await.0, 204);
    }
    assert_eq!(*told.0.lock().unwrap(), ["factors zoe 127.0.0.1"], "what takes nothing away is not told");
    let (_, trail) = ask(&office, "t0ken", "GET /admin/v1/audit", Value::Null).await;
    let entries = trail["entries"].as_array().unwrap();
    assert_eq!((entries.len(), &entries[0]["action"]), (2, &json!("user.factors.remove")), "{trail}");
    ask(&office, "t0ken", "PATCH /admin/v1/users/zoe", json!({ "roles": ["lobby:admin"] })).await;
    lost().await;
    assert_eq!(ask(&office, "a/lobby:admin", factors, Value::Null).await.0, 403);
    assert_eq!(office.store.recovery_codes_left(&office.realm, &id).await.unwrap(), 1);
}

#[tokio::test]
async fn the_passkey_of_the_last_owner_stays_and_whoever_asked_hears_why() {
    let (office, told) = heard();
    ask(&office, "t0ken", "POST /admin/v1/users", json!({ "name": "zoe", "roles": ["lobby:owner"] })).await;
    let user_id = office.store.users(&office.realm, None, 1).await.unwrap()[0].id.clone();
    let passkey = store::Passkey {
        id: "p1".to_owned(),
        user_id,
        name: "key ring".to_owned(),
        record: json!({}),
        created_at: NOW,
        used_at: None,
    };
    assert!(office.store.add_passkey(&office.realm, passkey, 9).await.unwrap());
    let (status, answer) = ask(&office, "t0ken", "DELETE /admin/v1/users/zoe/factors", Value::Null).await;
    assert_eq!((status, &answer["code"]), (409, &json!("admin.last_owner")), "{answer}");
    assert!(told.0.lock().unwrap().is_empty());
    assert!(office.store.passkey(&office.realm, "p1").await.unwrap().is_some());
}
