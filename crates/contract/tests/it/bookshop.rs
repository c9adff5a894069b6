use std::{path::Path, time::Duration};

use contract::{Contract, Face, Location, NormalPath, Routed, SchemeKind, StatusKey};
use http::Method;

use crate::disk;

pub(crate) fn bookshop() -> Contract {
    let file = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/bookshop.openapi.yaml"));
    let reading = disk::read(file, Face::Guard);
    assert!(reading.problems.is_empty(), "{}", disk::told(&reading));
    reading.contract.unwrap()
}

#[test]
fn the_example_is_read_without_a_word() {
    let contract = bookshop();
    assert_eq!((contract.title(), contract.version()), ("Bookshop", "1.4.0"));
    assert_eq!(contract.bases(), ["/bookshop"]);
    assert_eq!(contract.operations().len(), 16);
    assert_eq!(contract.schemes().len(), 7);
    assert_eq!(contract.scopes()["books:read"], "See the catalogue");
}

#[test]
fn requirements_come_with_alternatives_scopes_roles_and_rules() {
    let contract = bookshop();
    let find = |name: &str| contract.find(name).unwrap();
    assert!(find("openingHours").requirement.is_public());
    assert!(find("recommend").requirement.is_optional());
    let list = &find("listBooks").requirement;
    assert_eq!(list.alternatives.len(), 2);
    assert_eq!(list.alternatives[0].demands[0].scopes.to_string(), "books:read");
    assert_eq!(find("placeOrder").requirement.alternatives[0].demands.len(), 2);
    assert!(find("importBooks").requirement.alternatives[0].demands[0].roles.contains("importer"));
    assert!(find("deleteBook").requirement.rules.roles.contains("admin"));
    assert_eq!(find("changePayment").requirement.rules.max_age, Some(Duration::from_secs(300)));
    assert_eq!(
        find("listOrders").requirement.rules.policy.as_ref().unwrap().to_string(),
        "principal.sub == path.userId"
    );
    let scheme = find("openVault").requirement.schemes().next().unwrap();
    assert_eq!(contract.scheme(scheme).unwrap().kind, SchemeKind::MutualTls);
}

#[test]
fn requests_are_routed_to_operations_with_their_captures() {
    let contract = bookshop();
    let path = |text: &str| NormalPath::parse(text).unwrap().strip_base("/bookshop").unwrap();
    let Routed::To { operation, captures } = contract.route(&Method::DELETE, &path("/bookshop/books/b-%31"))
    else {
        panic!()
    };
    assert_eq!((&*operation.name, captures), ("deleteBook", vec![("bookId", "b-1".to_owned())]));
    let Routed::To { operation, .. } = contract.route(&Method::HEAD, &path("/bookshop/books")) else {
        panic!()
    };
    assert_eq!(&*operation.name, "listBooks");
    let Routed::WrongMethod { allow } = contract.route(&Method::PATCH, &path("/bookshop/books")) else {
        panic!()
    };
    assert_eq!(allow, [Method::GET, Method::POST, Method::HEAD]);
    for nowhere in ["/bookshop/books/", "/bookshop/Books", "/bookshop/books/1/2", "/bookshop"] {
        assert!(matches!(contract.route(&Method::GET, &path(nowhere)), Routed::Unknown), "{nowhere}");
    }
}

#[test]
fn a_detail_has_parameters_examples_and_schemas_that_stand_by_themselves() {
    let contract = bookshop();
    let detail = contract.find("listBooks").unwrap().detail(&contract);
    let genre = &detail.parameters[1];
    assert_eq!((genre.name.as_str(), genre.location, genre.explode), ("genre", Location::Query, false));
    let found = &detail.responses[0];
    assert_eq!(found.status, StatusKey::Exact(200));
    assert_eq!(found.content[0].examples[0].name, "two");
    let schema = found.content[0].schema.as_ref().unwrap();
    assert_eq!(schema["$ref"], "#/$defs/BookPage");
    let names: Vec<_> = schema["$defs"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["BookPage", "Book", "NewBook", "BookId", "Genre", "Money"]);
    let again = contract.find("createBook").unwrap().detail(&contract);
    assert_eq!(again.responses[0].links, [("self".to_owned(), "getBook".to_owned())]);
    assert!(again.body.as_ref().unwrap().required);
}
