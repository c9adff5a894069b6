//! Documents and references on other hosts: only where `--allow-remote-refs` allows them, and within bounds.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

use serde_json::Value;
use testkit::{Finished, Start, run};

/// What a host answers to a path.
#[derive(Clone)]
enum Page {
    /// 200 with this text.
    Text(String),
    /// 302 to this place.
    Leads(String),
    /// 200, and spaces without end.
    Endless,
    /// 200, and the promise of very much.
    Huge,
    /// 500.
    Broken,
}

/// A host on a free port of this machine, with the paths that it was asked for.
struct Host {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Host {
    fn open(pages: impl FnOnce(&str) -> BTreeMap<&'static str, Page>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let pages = Arc::new(pages(&url));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = asked.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (pages, heard) = (pages.clone(), heard.clone());
                std::thread::spawn(move || answer(stream, &pages, &heard));
            }
        });
        Self { url, asked }
    }

    fn asked(&self) -> Vec<String> {
        let mut asked = self.asked.lock().unwrap().clone();
        asked.sort();
        asked
    }
}

/// Answers one request, and closes.
fn answer(mut stream: TcpStream, pages: &BTreeMap<&str, Page>, heard: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let Some(Ok(first)) = lines.next() else { return };
    // All of the head is read: a close with bytes unread would be a reset.
    while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let page = pages.get(path.as_str()).cloned();
    heard.lock().unwrap().push(path);
    let begin = |status: &str, more: &str| format!("HTTP/1.1 {status}\r\nConnection: close\r\n{more}\r\n");
    let _ = match page {
        None => stream.write_all(begin("404 Not Found", "Content-Length: 0\r\n").as_bytes()),
        Some(Page::Broken) => stream.write_all(begin("500 Oops", "Content-Length: 0\r\n").as_bytes()),
        Some(Page::Leads(to)) => {
            stream.write_all(begin("302 Found", &format!("Location: {to}\r\n")).as_bytes())
        }
        Some(Page::Text(text)) => stream.write_all((begin("200 OK", "") + &text).as_bytes()),
        Some(Page::Huge) => stream.write_all(begin("200 OK", "Content-Length: 9000000000\r\n").as_bytes()),
        Some(Page::Endless) => {
            let _ = stream.write_all(begin("200 OK", "").as_bytes());
            let spaces = vec![b' '; 1 << 20];
            while stream.write_all(&spaces).is_ok() {}
            Ok(())
        }
    };
}

/// What refers to `reference` for the one answer that it has.
fn document(reference: &str) -> String {
    format!(
        "openapi: 3.1.0\ninfo: {{title: T, version: '1'}}\npaths:\n  /a:\n    get:\n      operationId: a\n      responses:\n        \
         '200':\n          description: ok\n          content: {{application/json: {{schema: {{$ref: '{reference}'}}}}}}\n"
    )
}

/// No proxy of the machine stands between.
fn direct(start: Start) -> Start {
    start.variable("NO_PROXY", "127.0.0.1").variable("no_proxy", "127.0.0.1")
}

fn check(document: &str, arguments: &[&str]) -> (Finished, Vec<Value>) {
    let start = direct(run("check").document("a.yaml", document));
    let finished = start.arguments(&["--format", "json"]).arguments(arguments).finish("");
    let value: Value = serde_json::from_str(&finished.stdout).unwrap_or_default();
    let problems = value["problems"].as_array().cloned().unwrap_or_default();
    (finished, problems)
}

fn pets(_: &str) -> BTreeMap<&'static str, Page> {
    let text = |text: &str| Page::Text(text.to_owned());
    BTreeMap::from([
        // A circle through a second file, and a way up.
        (
            "/deep/pet.yaml",
            text(
                "type: object\nrequired: [owner, name]\nproperties:\n  owner: {$ref: people/owner.json}\n  name: {$ref: '../words.yaml#/Name'}\n",
            ),
        ),
        (
            "/deep/people/owner.json",
            text(
                r#"{"type": "object", "required": ["id"], "properties": {"id": {"const": 7}, "pet": {"$ref": "../pet.yaml"}}}"#,
            ),
        ),
        ("/words.yaml", text("Name: {const: Rex}\n")),
        ("/moved.yaml", Page::Leads("/deep/pet.yaml".to_owned())),
    ])
}

#[test]
fn nothing_is_fetched_unless_the_flag_is_given() {
    let host = Host::open(pets);
    let reference = format!("{}/deep/pet.yaml", host.url);
    let (_, problems) = check(&document(&reference), &[]);
    assert_eq!(problems[0]["code"], "reference.broken");
    assert_eq!(problems[0]["line"], 10);
    let help = problems[0]["help"].as_str().unwrap();
    assert!(help.contains("--allow-remote-refs"), "{help}");
    // Neither is a document that is named itself.
    let finished = direct(run("check").argument(&reference)).finish("");
    finished.exits(2);
    assert!(finished.stdout.contains("--allow-remote-refs"), "{}", finished.stdout);
    assert!(host.asked().is_empty(), "{:?}", host.asked());
}

#[tokio::test]
async fn references_in_a_remote_file_are_relative_to_its_url() {
    let host = Host::open(pets);
    for reference in ["deep/pet.yaml", "moved.yaml"] {
        host.asked.lock().unwrap().clear();
        let text = document(&format!("{}/{reference}", host.url));
        let lobby = direct(run("mock").document("a.yaml", &text)).argument("--allow-remote-refs").await;
        let answer = lobby.get("/a").await.json();
        assert_eq!((&answer["owner"]["id"], &answer["name"]), (&Value::from(7), &Value::from("Rex")));
        // Each once, though two of them refer to one another.
        let mut expected = vec!["/deep/people/owner.json", "/deep/pet.yaml", "/words.yaml"];
        if reference == "moved.yaml" {
            expected.insert(2, "/moved.yaml");
        }
        assert_eq!(host.asked(), expected, "{}", lobby.talk());
    }
}

#[tokio::test]
async fn a_document_is_served_from_its_url() {
    let host = Host::open(|_| {
        let mut pages = pets("");
        pages.insert("/deep/api.yaml", Page::Text(document("pet.yaml")));
        pages
    });
    let lobby =
        direct(run("mock")).arguments(&[&format!("{}/deep/api.yaml", host.url), "--allow-remote-refs"]).await;
    assert_eq!(lobby.get("/a").await.json()["name"], "Rex");
}

#[test]
fn an_answer_that_cannot_be_had_is_told_where_it_is_asked_for() {
    let host = Host::open(|url| {
        let leads = |to: &str| Page::Leads(to.to_owned());
        BTreeMap::from([
            ("/broken", Page::Broken),
            ("/file", leads("file:///etc/hostname")),
            ("/circle", leads("/circle")),
            ("/chain", leads(&format!("{url}/file"))),
            ("/endless", Page::Endless),
            ("/huge", Page::Huge),
            ("/page", Page::Text("<html>: [".to_owned())),
        ])
    });
    for (path, told) in [
        ("/nothing", "its host answers 404"),
        ("/broken", "its host answers 500"),
        ("/file", "its host leads to `file:///etc/hostname`, which is not followed"),
        ("/chain", "its host leads to `file:///etc/hostname`, which is not followed"),
        ("/circle", "its host leads through more than 3 others"),
        ("/endless", "its host answers with more than 64 MiB"),
        ("/huge", "its host answers with more than 64 MiB"),
        ("/page", "it has errors of its own"),
    ] {
        let (finished, problems) = check(&document(&format!("{}{path}", host.url)), &["--allow-remote-refs"]);
        finished.exits(1);
        let broken = problems.iter().find(|problem| problem["code"] == "reference.broken").unwrap();
        let message = broken["message"].as_str().unwrap();
        assert!(message.ends_with(told), "{path}: {message}");
        assert_eq!((&broken["file"], &broken["line"]), (&Value::from("a.yaml"), &Value::from(10)), "{path}");
    }
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (_, problems) = check(&document(&format!("http://{gone}/x")), &["--allow-remote-refs"]);
    assert!(problems[0]["message"].as_str().unwrap().ends_with("its host does not answer"), "{problems:?}");
}
