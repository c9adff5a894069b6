//! Inviting people.

use super::*;

#[tokio::test]
async fn an_invitation_is_mailed_or_its_link_is_told_and_only_one_is_good() {
    let told = Arc::new(Told::default());
    let office = Administration { postbox: told.clone(), ..office() };
    let invite =
        async |token: &str, body: Value| ask(&office, token, "POST /admin/v1/invitations", body).await;
    let (status, answer) = invite("t0ken", json!({ "email": "ana@example.com", "language": "de" })).await;
    assert_eq!((status, &answer["mailed"], &answer["link"]), (201, &json!(true), &Value::Null), "{answer}");
    assert_eq!((&answer["scopes"], &answer["plan"]), (&json!(["*"]), &Value::Null));
    let roles = json!({ "email": "zoe@example.com", "roles": ["reader"], "scopes": "a b", "plan": "pro" });
    let (_, first) = invite("a/lobby:admin", roles.clone()).await;
    let (_, second) = invite("a/lobby:admin", roles).await;
    let link = |answer: &Value| {
        let link = answer["link"].as_str().unwrap();
        super::super::shown::secret_hash(link.split_once("link=").unwrap().1)
    };
    let found = async |hash| office.store.link(&office.realm, hash, NOW).await.unwrap();
    assert!(found(link(&first)).await.is_none(), "the newer one took its place");
    let kept = found(link(&second)).await.unwrap();
    let (invitation, _) = identity::Invitation::read(&kept.record).unwrap();
    assert_eq!((&*invitation.scopes, &*invitation.plan), ("a b", "pro"));
    assert_eq!(kept.expires_at, NOW.plus(std::time::Duration::from_secs(7 * 86_400)));
    assert_eq!(
        *told.0.lock().unwrap(),
        ["invite ana@example.com de", "invite zoe@example.com -", "invite zoe@example.com -"]
    );
    let (_, trail) = ask(&office, "t0ken", "GET /admin/v1/audit", Value::Null).await;
    assert_eq!(trail["entries"][0]["action"], "invitation.add");
    let trail = trail.to_string();
    assert!(!trail.contains(second["link"].as_str().unwrap().split_once("link=").unwrap().1), "{trail}");
}

#[tokio::test]
async fn nobody_is_invited_to_be_more_or_where_there_is_an_account() {
    let office = office();
    let invite = async |token: &str, body: Value| {
        let (status, answer) = ask(&office, token, "POST /admin/v1/invitations", body).await;
        (status, answer["code"].clone())
    };
    let owner = json!({ "email": "eve@example.com", "roles": ["lobby:owner"] });
    assert_eq!(invite("a/lobby:admin", owner.clone()).await, (403, json!("admin.role")));
    assert_eq!(invite("a/lobby:support", json!({ "email": "eve@example.com" })).await.0, 403);
    assert_eq!(invite("o/lobby:owner", owner).await.0, 201);
    assert_eq!(invite("t0ken", json!({ "email": "nobody" })).await, (400, json!("request.invalid")));
    let user = json!({ "email": "ben@example.com" });
    ask(&office, "t0ken", "POST /admin/v1/users", user).await;
    assert_eq!(invite("t0ken", json!({ "email": "BEN@example.com" })).await, (409, json!("admin.taken")));
    let (status, _) =
        ask(&office, "t0ken", "DELETE /admin/v1/invitations/ben@example.com", Value::Null).await;
    assert_eq!(status, 404);
}
