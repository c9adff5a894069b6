//! The first owner, and the last.

use super::*;

/// What a browser sends to the setup page, and what it is shown.
async fn browse(office: &Administration, call: &str, form: &[(&str, &str)]) -> String {
    let (method, path) = call.split_once(' ').unwrap();
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let mut request = Request::builder().method(method).uri(path).header("accept", "text/html,*/*;q=0.8");
    if method == "POST" {
        // A page that tells no other whence it comes has no origin either (Fetch 3.2).
        request =
            request.header("content-type", "application/x-www-form-urlencoded").header("origin", "null");
    }
    let caller = Caller { peer: [127, 0, 0, 1].into(), secure: false, id: RequestId([0; 12]) };
    let answer = office.answer(request.body(Bytes::from(body)).unwrap(), caller).await;
    String::from_utf8(answer.body().to_vec()).unwrap()
}

#[tokio::test]
async fn a_person_makes_the_first_owner_on_a_page_that_says_everything_that_is_wrong() {
    let office = office();
    let hash = super::super::shown::secret_hash("t");
    let end = NOW.plus(std::time::Duration::from_secs(3600));
    let opened = office.store.open_setup(&office.realm, move |_| hash, (NOW, end)).await;
    assert_eq!(opened.unwrap(), Some(end));
    assert_eq!(browse(&office, "GET /setup/other", &[]).await, "over");
    assert_eq!(browse(&office, "GET /setup/t", &[]).await, "form /setup/t   []");
    let wrong = [("name", "a b"), ("email", "nobody"), ("new", "short")];
    let told = browse(&office, "POST /setup/t", &wrong).await;
    assert!(told.starts_with("form /setup/t a b nobody [Name, Email, Password("), "{told}");
    let told = browse(&office, "POST /setup/t", &[("new", "violet-harbour-19-otter")]).await;
    assert!(told.ends_with("[Nobody]"), "{told}");
    let strength = browse(&office, "POST /setup/t/strength", &[("new", "violet-harbour-19-otter")]).await;
    assert_eq!(strength, "strength 4");
    let good = [("name", "root"), ("email", ""), ("new", "violet-harbour-19-otter")];
    assert_eq!(browse(&office, "POST /setup/other", &good).await, "over");
    assert_eq!(browse(&office, "POST /setup/t", &good).await, "done");
    for call in ["GET /setup/t", "POST /setup/t", "POST /setup/t/strength"] {
        assert_eq!(browse(&office, call, &good).await, "over", "{call}");
    }
    let users = office.store.users(&office.realm, None, 9).await.unwrap();
    assert_eq!((users.len(), &*users[0].name, users[0].roles.contains("lobby:owner")), (1, "root", true));
    let (_, trail) = ask(&office, "t0ken", "GET /admin/v1/audit", Value::Null).await;
    assert_eq!((&trail["entries"][0]["actor"], &trail["entries"][1]), (&json!("setup"), &Value::Null));
}

#[tokio::test]
async fn the_last_owner_stays_one() {
    let office = office();
    let owner = json!(["lobby:owner"]);
    let call = async |call: &str, body: Value| ask(&office, "t0ken", call, body).await;
    call(
        "POST /admin/v1/users",
        json!({ "name": "ann", "roles": owner, "password": "violet-harbour-19-otter" }),
    )
    .await;
    for wish in [json!({ "roles": [] }), json!({ "roles": ["lobby:admin"] }), json!({ "disabled": true })] {
        let (status, answer) = call("PATCH /admin/v1/users/ann", wish).await;
        assert_eq!((status, &answer["code"]), (409, &json!("admin.last_owner")), "{answer}");
    }
    assert_eq!(call("DELETE /admin/v1/users/ann", Value::Null).await.0, 409);
    assert_eq!(call("PATCH /admin/v1/users/ann", json!({ "plan": "free" })).await.0, 200);
    call("POST /admin/v1/users", json!({ "name": "ben", "roles": owner })).await;
    for wish in
        [json!({ "disabled": true, "password": "copper-lantern-27-fjord" }), json!({ "disabled": false })]
    {
        assert_eq!(call("DELETE /admin/v1/users/ann", Value::Null).await.0, 409, "ben cannot sign in");
        call("PATCH /admin/v1/users/ben", wish).await;
    }
    assert_eq!(call("PATCH /admin/v1/users/ann", json!({ "roles": ["reader"] })).await.0, 200);
    assert_eq!(call("DELETE /admin/v1/users/ann", Value::Null).await.0, 204);
    assert_eq!(call("DELETE /admin/v1/users/ben", Value::Null).await.0, 409);
}
