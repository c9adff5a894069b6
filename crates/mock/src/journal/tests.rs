//! The journal as its writers and readers meet it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use guard::Code;
use http::{HeaderMap, HeaderValue, Method, header};
use model::{RequestId, SandboxName, Timestamp};
use serde_json::json;

use super::*;
use crate::{
    scenario::Named,
    verify::{self, Wanted},
};

#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn journal(settings: Settings) -> Journal {
    Journal::new(settings, Masking::new([], []), Arc::new(Bell::default()))
}

fn sandbox(name: &str) -> SandboxName {
    name.parse().unwrap()
}

fn id(number: usize) -> RequestId {
    let mut bytes = [0; 12];
    bytes[4..].copy_from_slice(&(number as u64).to_be_bytes());
    RequestId(bytes)
}

/// A request to `GET /books/NUMBER` with a JSON body.
fn write(journal: &Journal, name: &str, number: usize, status: u16, body: &str) {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer s3cret"));
    headers.insert("x-trace", HeaderValue::from(number));
    let operation = "getBook".into();
    journal.write(Sighting {
        id: id(number),
        at: Timestamp::from_seconds(1_800_000_000),
        sandbox: &sandbox(name),
        api: &"shop".into(),
        operation: Some(&operation),
        method: &Method::GET,
        path: &format!("/books/{number}"),
        query: Some("access_token=s3cret&page=2"),
        persona: Some(&"alice".into()),
        status,
        denial: (status == 401).then(|| Code::parse("token.expired").unwrap()),
        scenario: (status == 503).then_some("status:503"),
        request_headers: &headers,
        request_body: body.as_bytes(),
        answer_headers: &headers,
        answer_body: br#"{"title":"Dune"}"#,
        took: Duration::from_micros(42),
    });
}

fn wanted(conditions: &[(&str, &str)]) -> Match {
    let mut wanted = Match::default();
    for (word, value) in conditions {
        let resolve = |name: &str| {
            let named = Named { api: "shop".into(), operation: name.into() };
            Ok([named].into())
        };
        wanted.add(word, value, resolve).unwrap();
    }
    wanted
}

fn paths(page: &Page) -> Vec<&str> {
    page.entries.iter().map(|entry| entry.exchange.path.as_str()).collect()
}

#[test]
fn an_entry_is_shown_as_the_paper_says_and_without_secrets() {
    let journal = journal(Settings::default());
    write(&journal, "main", 1, 401, r#"{"password":"s3cret","title":"x"}"#);
    let entry = journal.all(&sandbox("main"))[0].to_json();
    assert!(!entry.to_string().contains("s3cret"));
    let head = json!({"content-type": "application/json", "authorization": "Bearer ***", "x-trace": "1"});
    let mut answer_head = head.clone();
    answer_head["lobby-request-id"] = json!("000000000000000000000001");
    let expected = json!({
        "id": "000000000000000000000001", "at": "2027-01-15T08:00:00Z", "api": "shop", "operation": "getBook",
        "method": "GET", "path": "/books/1", "query": "access_token=***&page=2", "persona": "alice",
        "status": 401, "denial": "token.expired", "scenario": null,
        "request": {"headers": head, "body": {"password": "***", "title": "x"}},
        "answer": {"headers": answer_head, "body": {"title": "Dune"}},
        "micros": 42,
    });
    assert_eq!(entry, expected);
}

#[test]
fn every_word_of_a_filter_finds_its_entries() {
    let journal = journal(Settings::default());
    write(&journal, "main", 1, 200, r#"{"author":{"name":"Herbert"},"n":7}"#);
    write(&journal, "main", 2, 401, "{}");
    write(&journal, "main", 3, 503, "");
    for (word, value, expected) in [
        ("api", "shop", 3),
        ("api", "oauth", 0),
        ("operation", "getBook", 3),
        ("operation", "listBooks", 0),
        ("persona", "alice", 3),
        ("method", "get", 3),
        ("path", "/books/2", 1),
        ("status", "401", 1),
        ("status", "5XX", 1),
        ("denial", "token.expired", 1),
        ("scenario", "status:503", 1),
        ("header", "X-Trace: 2", 1),
        ("header", "authorization:Bearer s3cret", 0),
        ("body", "/author/name:Herbert", 1),
        ("body", "/n:7", 1),
        ("body", "/n:8", 0),
    ] {
        let page = journal.read(&sandbox("main"), Cursor::Start, 10, &wanted(&[(word, value)]));
        assert_eq!(page.entries.len(), expected, "{word}={value}");
    }
    let both = wanted(&[("status", "401"), ("status", "200")]);
    assert!(journal.read(&sandbox("main"), Cursor::Start, 10, &both).entries.is_empty());
}

#[test]
fn pages_follow_one_another_without_gap_or_double() {
    let journal = journal(Settings::default());
    (1..=700).for_each(|number| write(&journal, "main", number, if number % 2 == 0 { 200 } else { 401 }, ""));
    let denied = wanted(&[("status", "401")]);
    let (mut after, mut seen) = (Cursor::Start, 0);
    loop {
        let page = journal.read(&sandbox("main"), after, 100, &denied);
        seen += page.entries.len();
        match page.next {
            Some(next) if !page.entries.is_empty() => after = Cursor::Id(next),
            _ => break,
        }
    }
    assert_eq!(seen, 350);
    let page = journal.read(&sandbox("main"), Cursor::Start, 1000, &denied);
    assert_eq!(page.next, Some(id(700)));
    write(&journal, "main", 701, 401, "");
    assert_eq!(paths(&journal.read(&sandbox("main"), page.cursor, 10, &denied)), ["/books/701"]);
}

#[test]
fn a_reader_that_was_too_slow_goes_on_with_what_is_left() {
    let journal = journal(Settings { entries: 3, ..Settings::default() });
    write(&journal, "main", 1, 200, "");
    let page = journal.read(&sandbox("main"), Cursor::Start, 10, &Match::default());
    (2..=9).for_each(|number| write(&journal, "main", number, 200, ""));
    let after = Cursor::Id(page.next.unwrap());
    assert_eq!(
        paths(&journal.read(&sandbox("main"), after, 10, &Match::default())),
        ["/books/7", "/books/8", "/books/9"]
    );
    assert_eq!(paths(&journal.read(&sandbox("main"), page.cursor, 10, &Match::default())).len(), 3);
}

#[test]
fn who_is_alone_has_all_that_is_written_and_who_shares_has_half() {
    let journal = journal(Settings::new(50, 1 << 20));
    (1..=60).for_each(|number| write(&journal, "main", number, 200, ""));
    assert_eq!(journal.all(&sandbox("main")).len(), 50);
    write(&journal, "t-1", 61, 200, "");
    (62..=99).for_each(|number| write(&journal, "main", number, 200, ""));
    assert_eq!((journal.all(&sandbox("main")).len(), journal.all(&sandbox("t-1")).len()), (25, 1));
}

#[test]
fn the_oldest_of_all_goes_when_the_journal_is_full() {
    let journal = journal(Settings { entries: 4, ..Settings::default() });
    write(&journal, "a", 1, 200, "");
    (2..=5).for_each(|number| write(&journal, "b", number, 200, ""));
    assert_eq!((journal.len(), journal.all(&sandbox("a")).len()), (4, 0));
    write(&journal, "a", 6, 200, "");
    assert_eq!((journal.all(&sandbox("a")).len(), journal.all(&sandbox("b")).len()), (1, 3));
}

#[test]
fn a_noisy_sandbox_does_not_push_out_the_others() {
    let journal = journal(Settings::new(10, 1 << 20));
    (1..=3).for_each(|number| write(&journal, "quiet", number, 200, ""));
    (4..=100).for_each(|number| write(&journal, "noisy", number, 200, ""));
    assert_eq!((journal.all(&sandbox("quiet")).len(), journal.all(&sandbox("noisy")).len()), (3, 5));
}

#[test]
fn bytes_are_bounded_too() {
    let settings = Settings { bytes: 100_000, sandbox_bytes: 60_000, ..Settings::default() };
    let journal = journal(settings);
    let body = format!("{{\"x\":\"{}\"}}", "y".repeat(10_000));
    (1..=20).for_each(|number| write(&journal, "a", number, 200, &body));
    assert!(journal.bytes() <= 100_000 && journal.len() == 9, "{} {}", journal.bytes(), journal.len());
    (1..=20).for_each(|number| write(&journal, "b", number, 200, &body));
    assert!(journal.bytes() <= 100_000 && journal.len() == 9, "{} {}", journal.bytes(), journal.len());
    journal.clear(&sandbox("a"));
    journal.clear(&sandbox("b"));
    assert_eq!((journal.bytes(), journal.len()), (0, 0));
}

#[test]
fn a_cleared_sandbox_is_not_the_oldest_any_more() {
    let journal = journal(Settings { entries: 3, ..Settings::default() });
    write(&journal, "a", 1, 200, "");
    write(&journal, "b", 2, 200, "");
    write(&journal, "a", 3, 200, "");
    journal.clear(&sandbox("a"));
    (4..=6).for_each(|number| write(&journal, "c", number, 200, ""));
    assert_eq!((journal.all(&sandbox("b")).len(), journal.all(&sandbox("c")).len()), (0, 3));
    write(&journal, "a", 7, 200, "");
    assert_eq!((journal.all(&sandbox("a")).len(), journal.all(&sandbox("c")).len()), (1, 2));
}

#[test]
fn clearing_one_sandbox_leaves_the_others() {
    let journal = journal(Settings::default());
    write(&journal, "a", 1, 200, "");
    write(&journal, "b", 2, 200, "");
    journal.clear(&sandbox("a"));
    assert_eq!((journal.all(&sandbox("a")).len(), journal.all(&sandbox("b")).len()), (0, 1));
    write(&journal, "a", 3, 200, "");
    assert_eq!(journal.all(&sandbox("a")).len(), 1);
}

#[test]
fn a_journal_of_no_entries_keeps_none() {
    let journal = journal(Settings::new(0, 1 << 20));
    write(&journal, "main", 1, 200, "");
    assert!(journal.is_empty());
}

#[test]
fn whoever_waits_is_told_of_each_entry() {
    let bell = Arc::new(Bell::default());
    let journal = Journal::new(Settings::default(), Masking::new([], []), bell.clone());
    (0..3).for_each(|number| write(&journal, "main", number, 200, ""));
    assert_eq!(bell.0.load(Ordering::Relaxed), 3);
}

#[test]
fn equal_exchanges_heads_and_bodies_are_kept_once() {
    let journal = journal(Settings::default());
    let body = r#"{"title":"Dune"}"#;
    write(&journal, "main", 7, 200, body);
    write(&journal, "main", 7, 200, body);
    let entries = journal.all(&sandbox("main"));
    assert!(Arc::ptr_eq(&entries[0].exchange, &entries[1].exchange));
    write(&journal, "main", 7, 401, body);
    let denied = &journal.all(&sandbox("main"))[2].exchange;
    let allowed = &entries[0].exchange;
    assert!(!Arc::ptr_eq(denied, allowed));
    assert!(Arc::ptr_eq(&denied.request.head.0, &allowed.request.head.0));
    assert!(Arc::ptr_eq(denied.request.body.bytes().unwrap(), allowed.answer.body.bytes().unwrap()));
    assert!(size_of::<Entry>() <= 40, "{}", size_of::<Entry>());
}

#[test]
fn a_count_that_does_not_hold_is_told_with_the_nearest_entries() {
    let journal = journal(Settings::default());
    write(&journal, "main", 1, 200, "");
    write(&journal, "main", 2, 401, "");
    let entries = journal.all(&sandbox("main"));
    let denied = wanted(&[("path", "/books/1"), ("status", "401"), ("method", "GET")]);
    assert_eq!(verify::count(&entries, &denied, Wanted::exactly(0)), Ok(0));
    let mismatch = verify::count(&entries, &denied, Wanted::exactly(1)).unwrap_err();
    assert_eq!((mismatch.count, mismatch.nearest.len()), (0, 2));
    assert_eq!(mismatch.nearest[0].exchange.path.as_str(), "/books/2");
    let detail = "0 requests match, wanted 1; nearest is 000000000000000000000002: it has /books/2 where path=/books/1 is wanted";
    assert_eq!(mismatch.detail, detail);
    let all = Match::default();
    assert_eq!(verify::count(&entries, &all, Wanted { min: 1, max: Some(3) }), Ok(2));
    let many = verify::count(&entries, &all, Wanted::exactly(1)).unwrap_err();
    assert_eq!((many.count, many.nearest[0].exchange.path.as_str()), (2, "/books/2"));
    let none = verify::count(&[], &all, Wanted { min: 1, max: None }).unwrap_err();
    assert_eq!(none.detail, "0 requests match, wanted at least 1; the journal has no other request");
}

#[test]
fn an_order_may_have_others_between_but_not_be_turned_round() {
    let journal = journal(Settings::default());
    (1..=4).for_each(|number| write(&journal, "main", number, 200, ""));
    let entries = journal.all(&sandbox("main"));
    let path = |path| wanted(&[("path", path)]);
    assert_eq!(verify::order(&entries, &[path("/books/1"), path("/books/4")]), Ok(2));
    let turned = verify::order(&entries, &[path("/books/4"), path("/books/1")]).unwrap_err();
    assert_eq!((turned.count, turned.nearest[0].exchange.path.as_str()), (1, "/books/1"));
    let twice = verify::order(&entries, &[path("/books/1"), path("/books/1")]).unwrap_err();
    assert_eq!(twice.detail, "number 2 of the order came, but before number 1, or as it");
    let missing = verify::order(&entries, &[path("/books/1"), path("/books/9")]).unwrap_err();
    assert!(
        missing.detail.starts_with("number 2 of the order did not come; nearest is "),
        "{}",
        missing.detail
    );
}
