use std::time::Duration;

use jose::forge::Defect;
use oauth::{IssueError, IssueRequest};

use crate::house::{House, claims};

fn request(account: &str) -> IssueRequest {
    IssueRequest { account: account.to_owned(), ..IssueRequest::default() }
}

#[tokio::test]
async fn a_token_on_demand_has_all_that_the_persona_has() {
    let house = House::new();
    let issued = house.server.issue(&request("alice"), &house.visit).await.unwrap();
    assert_eq!(issued.scope.to_string(), "books:read books:write");
    assert_eq!(issued.expires_in, Duration::from_secs(600));
    assert!(house.is_good(&issued.access_token));
    let mut narrow = request("alice");
    narrow.scope = Some("books:read openid".to_owned());
    narrow.lifetime = Some(Duration::from_secs(5));
    narrow.claims.insert("tenant".to_owned(), "acme".into());
    let issued = house.server.issue(&narrow, &house.visit).await.unwrap();
    let said = claims(&issued.access_token);
    assert_eq!((said["scope"].as_str(), said["tenant"].as_str()), (Some("books:read openid"), Some("acme")));
    assert_eq!(said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap(), 5);
}

#[tokio::test]
async fn what_there_is_is_named_when_something_is_not() {
    let house = House::new();
    let error = house.server.issue(&request("bob"), &house.visit).await.unwrap_err();
    assert_eq!(error.to_string(), "there is no persona `bob`; there are: alice, guest, suspended");
    let mut wide = request("guest");
    wide.scope = Some("books:read".to_owned());
    let error = house.server.issue(&wide, &house.visit).await.unwrap_err();
    assert!(matches!(error, IssueError::Scope { .. }), "{error}");
    wide.scope = Some("books:burn".to_owned());
    assert!(matches!(house.server.issue(&wide, &house.visit).await, Err(IssueError::Request(_))));
    let mut elsewhere = request("alice");
    elsewhere.audience = vec!["https://elsewhere.example".to_owned()];
    assert!(matches!(house.server.issue(&elsewhere, &house.visit).await, Err(IssueError::Request(_))));
}

#[tokio::test]
async fn a_defect_makes_a_token_that_is_refused() {
    let house = House::new();
    for defect in
        [Defect::Expired, Defect::WrongIssuer, Defect::BadSignature, Defect::NotYetValid, Defect::Revoked]
    {
        let defective = IssueRequest { defect: Some(defect), ..request("alice") };
        let issued = house.server.issue(&defective, &house.visit).await.unwrap();
        assert!(!house.is_good(&issued.access_token), "{defect}");
    }
    assert!(
        house.is_good(&house.server.issue(&request("suspended"), &house.visit).await.unwrap().access_token)
    );
}
