//! The process: starting wrongly, ending, rereading.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::Value;
use testkit::{Client, example, mock, once, run};

fn bookshop() -> String {
    example("bookshop.openapi.yaml").to_str().unwrap().to_owned()
}

#[test]
fn a_wrong_command_line_is_one_clear_error() {
    for arguments in [
        &["mock", "--prot", "1"][..],
        &["mok"],
        &["mock", "--port", "x", "a.yaml"],
        &["mock", "--auth", "maybe", "a.yaml"],
        &["mock", "--host", "nowhere", "a.yaml"],
        &["mock", "--grace", "soon", "a.yaml"],
        &["mock", "--port", "0"],
        &["mock", "nowhere.yaml"],
        &["mock", "."],
        &["mock", "--port", "0", "--config", "nowhere.yaml", "a.yaml"],
        &["mock", "--port", "0", "https://example.com/openapi.yaml"],
    ] {
        let finished = once(arguments);
        finished.exits(2);
        assert!(!finished.stderr.trim().is_empty(), "{arguments:?}");
        assert!(finished.stdout.is_empty(), "{arguments:?}: standard output is for results");
        assert!(!finished.stderr.contains("panicked"), "{arguments:?}: {}", finished.stderr);
    }
    let typo = once(&["mock", "--prot", "1"]);
    assert!(typo.stderr.contains("--port"), "{}", typo.stderr);
}

#[test]
fn an_unreadable_document_is_named_with_its_place() {
    for (text, part) in [
        ("openapi: 3.1.0\ninfo: {title: t, version: v}\npaths: [\n", "api.yaml:"),
        ("", "api.yaml"),
        ("hello", "api.yaml:1"),
        ("{\"openapi\": \"3.1.0\", \"paths\": }", "api.yaml:1"),
        ("openapi: 4.0.0\npaths: {}\n", "api.yaml:1"),
        ("openapi: \"\"\npaths: {}\n", "the version is an empty text"),
    ] {
        let finished = run("mock")
            .document("api.yaml", text)
            .arguments(&["--port", "0", "--ready-file", "r"])
            .finish("");
        finished.exits(2);
        assert!(finished.stderr.contains(part), "{text:?}: {}", finished.stderr);
    }
}

#[test]
fn an_unknown_key_of_lobby_yaml_is_named_with_the_nearest() {
    for (config, near) in [
        ("lockot: { failures: 5 }\n", "lockout"),
        ("tokens: { acess: 10m }\n", "access"),
        ("personas: { alice: { scope: [a] } }\n", "scopes"),
        ("oauth: { pkce: maybe }\n", "pkce"),
        ("lockout: { window: soon }\n", "lobby.yaml:1"),
        ("apis: { shop: { contract: nowhere.yaml } }\n", "nowhere.yaml"),
        ("plans: { free: { limits: 60 } }\n", "lobby.yaml:1"),
        ("personas: { alice: { plan: gold } }\n", "gold"),
        ("a: [\n", "lobby.yaml"),
    ] {
        let finished =
            run("mock").argument(&bookshop()).config(config).arguments(&["--port", "0"]).finish("");
        finished.exits(2);
        assert!(finished.stderr.contains(near), "{config}: {}", finished.stderr);
    }
}

#[test]
fn a_port_in_use_is_said_and_nothing_is_half_started() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let start = run("mock").arguments(&[&bookshop(), "--port", &port, "--ready-file", "ready.json"]);
    let ready = start.folder().join("ready.json");
    let finished = start.finish("");
    finished.exits(2);
    assert!(finished.stderr.contains(&port), "{}", finished.stderr);
    assert!(!ready.exists());
}

#[test]
fn a_ready_file_that_cannot_be_written_is_said_before_anything_starts() {
    for place in ["nowhere/ready.json", "."] {
        let finished = run("mock").arguments(&[&bookshop(), "--port", "0", "--ready-file", place]).finish("");
        finished.exits(2);
        assert!(finished.stderr.contains("--ready-file"), "{}", finished.stderr);
        assert!(!finished.stderr.contains("http://"), "no banner: {}", finished.stderr);
    }
}

#[test]
fn help_is_a_command_too() {
    let finished = once(&["help", "mock"]);
    finished.exits(0);
    assert!(finished.stdout.contains("--ready-file"), "{}", finished.stdout);
}

#[tokio::test]
async fn the_banner_says_that_it_listens_beyond_this_machine_and_what_that_means() {
    let banner = async |arguments: &[&str]| {
        let lobby = mock("bookshop.openapi.yaml").arguments(arguments).await;
        lobby.get("/open").await;
        lobby.talk()
    };
    let open = banner(&["--host", "0.0.0.0"]).await;
    assert!(open.contains("beyond this machine") && open.contains("transport.insecure"), "{open}");
    let presence = banner(&["--auth", "presence"]).await;
    assert!(presence.contains("presence") && !presence.contains("garbage"), "{presence}");
    assert!(!presence.contains("beyond this machine"), "{presence}");
}

#[test]
fn help_is_quick_and_reads_like_a_page() {
    let began = Instant::now();
    let finished = once(&["--help"]);
    let took = began.elapsed();
    finished.exits(0);
    assert!(finished.stdout.contains("Example") && finished.stdout.contains("mock"), "{}", finished.stdout);
    // 10 ms is asked of the release, alone on the machine; this is a debug build among other tests.
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[tokio::test]
async fn the_ready_file_says_where_and_the_port_is_the_same_on_both_families() {
    let lobby = mock("bookshop.openapi.yaml").await;
    let ready = lobby.ready();
    assert_eq!(ready["url"], format!("http://127.0.0.1:{}", lobby.port()));
    assert_eq!(ready["issuer"], ready["url"]);
    assert_eq!(ready["pid"], lobby.pid());
    assert!(ready.get("admin").is_some(), "{ready}");
    let six = Client::new(&format!("http://[::1]:{}", lobby.port()));
    six.get("/open").await.is_allowed();
    let name = Client::new(&format!("http://localhost:{}", lobby.port()));
    let metadata = name.get("/.well-known/openid-configuration").await;
    assert_eq!(metadata.json()["issuer"], lobby.issuer());
    assert!(metadata.header("lobby-hint").is_some_and(|hint| hint.contains("--issuer")), "{metadata:?}");
}

#[tokio::test]
async fn the_banner_shows_urls_personas_and_a_command_that_works_and_one_that_does_not() {
    let lobby = mock("bookshop.openapi.yaml").await;
    let talk = lobby.talk();
    for part in [lobby.url().as_str(), "alice", "guest", "suspended", "curl"] {
        assert!(talk.contains(part), "{part} in {talk}");
    }
    assert!(lobby.results().is_empty(), "standard output is for results");
    assert!(!talk.contains('\u{1b}'), "no colour where nobody sees it");
}

#[tokio::test]
async fn sigterm_ends_an_idle_process_at_once_with_zero() {
    let mut lobby = mock("bookshop.openapi.yaml").await;
    lobby.get("/open").await.is_allowed();
    let _idle = lobby.raw().await;
    let began = Instant::now();
    lobby.signal("TERM");
    let status = lobby.ended().await;
    let took = began.elapsed();
    assert_eq!(status.code(), Some(0));
    // 100 ms is asked; a machine that runs other tests beside takes its share.
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[tokio::test]
async fn sigterm_lets_a_running_request_finish_and_a_second_one_does_not() {
    let mut lobby = mock("bookshop.openapi.yaml").await;
    let slow = lobby.get("/open").scenario("delay:300ms");
    let slow = tokio::spawn(async move { slow.await });
    let seen = lobby.get("/_lobby/health");
    seen.await.is(200);
    begun(&lobby).await;
    lobby.signal("TERM");
    slow.await.unwrap().is_allowed();
    assert_eq!(lobby.ended().await.code(), Some(0));

    let mut lobby = mock("bookshop.openapi.yaml").await;
    let mut raw = lobby.raw().await;
    raw.send("GET /open HTTP/1.1\r\nHost: localhost\r\nLobby-Scenario: delay:1m\r\n\r\n").await;
    begun(&lobby).await;
    lobby.signal("TERM");
    // The first has been taken once nobody listens any more: two at once are one to the kernel.
    while tokio::net::TcpStream::connect(("127.0.0.1", lobby.port())).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(lobby.is_running());
    lobby.signal("TERM");
    let began = Instant::now();
    lobby.ended().await;
    assert!(began.elapsed() < Duration::from_secs(2));
}

/// The kernel hands over what was sent on another connection before this answer came.
async fn begun(lobby: &Client) {
    for _ in 0..5 {
        lobby.get("/_lobby/health").await.is(200);
    }
}

#[tokio::test]
async fn sighup_rereads_the_document() {
    let document = |path: &str| {
        format!(
            "openapi: 3.1.0\ninfo: {{title: t, version: v}}\npaths: {{{path}: {{get: {{responses: {{'200': {{description: d}}}}}}}}}}\n"
        )
    };
    let lobby = run("mock").document("api.yaml", &document("/a")).await;
    lobby.get("/a").await.is(200);
    std::fs::write(lobby.folder().join("api.yaml"), document("/b")).unwrap();
    lobby.signal("HUP");
    generation(&lobby, 2).await;
    lobby.get("/b").await.is(200);
    lobby.get("/a").await.is(404);
}

/// Asks until so many generations were served.
pub(crate) async fn generation(lobby: &Client, number: u64) {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let health: Value = lobby.get("/_lobby/health").await.json();
        if health["generation"].as_u64().unwrap() >= number {
            return;
        }
        assert!(Instant::now() < deadline, "generation {number} never came: {health}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_document_comes_by_standard_input_too() {
    let finished = run("mock").arguments(&["-", "--port", "0"]).finish("nonsense: [");
    finished.exits(2);
    assert!(finished.stderr.contains(":1"), "{}", finished.stderr);
}

#[tokio::test]
async fn a_database_out_of_reach_is_a_503_for_a_while_and_no_more() {
    let mut server = testkit::Postgres::start();
    let config = format!("store: \"{}\"\nsecrets: {{ key: \"${{THE_KEY}}\" }}\n", server.url());
    let start = mock("bookshop.openapi.yaml").config(&config);
    let lobby = start.variable("THE_KEY", &"fb".repeat(32)).await;
    let alice = lobby.token("alice").await;
    let form = [("client_id", "app"), ("scope", "books:read")];
    let ask = || lobby.post("/_lobby/oauth/device").form(&form);
    ask().await.is(200);
    server.stop();
    let lost = ask().await;
    lost.is_oauth_error(503, "temporarily_unavailable");
    assert_eq!(lost.header("retry-after"), Some("1"));
    lobby.get("/books").bearer(&alice).await.is_allowed();
    let with_session = || lobby.get("/basket").cookie("bookshop_session", "nobodys");
    let unknown = with_session().await;
    unknown.is_refused(503, "busy");
    assert_eq!(unknown.header("retry-after"), Some("1"));
    // Nobody is told that they are signed out, or that a link is over, by a server that cannot know.
    let cookie = format!("lobby-session-{}", lobby.port());
    lobby.get("/_lobby/sign-in").cookie(&cookie, "nobodys").await.is(503);
    lobby.get("/_lobby/account/").cookie(&cookie, "nobodys").await.is(503);
    lobby.get("/_lobby/reset?link=nobodys").await.is(503);
    let pushed = "urn:ietf:params:oauth:request_uri:main_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    lobby.get(&format!("/_lobby/oauth/authorize?client_id=app&request_uri={pushed}")).await.is(503);
    let silent = "response_type=code&client_id=app&redirect_uri=http://127.0.0.1/cb&prompt=none\
                  &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
    let told = lobby.get(&format!("/_lobby/oauth/authorize?{silent}")).cookie(&cookie, "nobodys").await;
    assert!(told.header("location").unwrap().contains("error=temporarily_unavailable"), "{told:?}");
    server.restart();
    ask().await.is(200);
    with_session().await.is_refused(401, "key.unknown");
}
