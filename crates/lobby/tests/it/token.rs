//! `lobby token`

use std::process::Command;

use serde_json::Value;
use testkit::{Finished, Lobby};

fn token(lobby: &Lobby, arguments: &[&str]) -> Finished {
    testkit::run("token").argument("--server").argument(&lobby.url()).arguments(arguments).finish("")
}

fn printed(lobby: &Lobby, arguments: &[&str]) -> String {
    let finished = token(lobby, arguments);
    finished.exits(0);
    finished.stdout.trim_end().to_owned()
}

/// Runs a printed command in a shell, as somebody who copies it does.
fn shell(command: &str) -> String {
    let command = command.replace("curl ", "curl --silent --include --noproxy '*' ");
    let output = Command::new("sh").arg("-c").arg(command).output().expect("there is a shell");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test]
async fn a_token_stands_alone_on_standard_output_and_is_good() {
    let lobby = testkit::mock("bookshop.openapi.yaml").await;
    let alice = printed(&lobby, &["--as", "alice"]);
    assert_eq!(alice.lines().count(), 1);
    lobby.get("/books").bearer(&alice).await.is_allowed();
    let header = printed(&lobby, &["--as", "alice", "--print", "header"]);
    let (name, value) = header.split_once(": ").unwrap();
    lobby.get("/books").header(name, value).await.is_allowed();
}

#[tokio::test]
async fn scopes_lifetime_and_client_are_what_was_asked_for() {
    let lobby = testkit::mock("bookshop.openapi.yaml").await;
    let arguments = [
        "--as",
        "alice",
        "--scope",
        "books:read",
        "--lifetime",
        "1m",
        "--client-id",
        "shop",
        "--print",
        "json",
    ];
    let answer: Value = serde_json::from_str(&printed(&lobby, &arguments)).unwrap();
    assert_eq!(answer["scope"], "books:read");
    assert_eq!(answer["expires_in"], 60);
    let claims = jose::jwt::peek(answer["access_token"].as_str().unwrap()).claims.unwrap();
    assert_eq!(claims["client_id"], "shop");
}

#[tokio::test]
async fn each_defect_earns_the_denial_that_it_is_called_after() {
    let lobby = testkit::mock("bookshop.openapi.yaml").await;
    for (flag, code) in [
        ("--expired", "token.expired"),
        ("--wrong-audience", "token.audience"),
        ("--wrong-issuer", "token.issuer"),
        ("--bad-signature", "token.signature"),
        ("--alg-none", "token.algorithm"),
        ("--not-yet-valid", "token.not_yet_valid"),
        ("--revoked", "token.revoked"),
    ] {
        let wrong = printed(&lobby, &["--as", "alice", flag]);
        // The body is the document's own here: the code is in the header.
        let answer = lobby.get("/books").bearer(&wrong).await;
        assert_eq!((answer.status(), answer.header("lobby-verdict")), (401, Some(code)));
    }
}

#[tokio::test]
async fn a_printed_command_gets_in_by_each_alternative() {
    let lobby = testkit::mock("bookshop.openapi.yaml").await;
    for (operation, schemes) in [
        ("listBooks", &["oauth", "badge"][..]),
        ("getBook", &["oauth", "badge"]),
        ("listOrders", &["oauth"]),
        ("placeOrder", &["oauth and badge"]),
        ("getBasket", &["session"]),
        ("listReports", &["password"]),
        ("createBook", &["oauth"]),
        ("openingHours", &["no credential"]),
    ] {
        let text = printed(&lobby, &["--as", "alice", "--for", operation, "--print", "curl"]);
        let commands: Vec<&str> = text.split("\n\n").collect();
        assert_eq!(commands.len(), schemes.len(), "{text}");
        for (command, scheme) in commands.iter().zip(schemes) {
            assert!(command.starts_with(&format!("# {scheme}\n")), "{command}");
            let answer = shell(command);
            assert!(answer.to_ascii_lowercase().contains("lobby-verdict: allow"), "{command}\n{answer}");
            assert!(answer.starts_with("HTTP/1.1 20"), "{command}\n{answer}");
        }
    }
}

#[tokio::test]
async fn a_policy_about_the_path_is_met_for_whoever_asks() {
    let lobby = testkit::mock("bookshop.openapi.yaml")
        .config("personas:\n  \"it's me\": { scopes: [orders:read] }\n")
        .await;
    let command = printed(&lobby, &["--as", "it's me", "--for", "listOrders", "--print", "curl"]);
    assert!(command.contains("/users/it%27s%20me/orders"), "{command}");
    let answer = shell(&command);
    assert!(answer.to_ascii_lowercase().contains("lobby-verdict: allow"), "{command}\n{answer}");
}

#[tokio::test]
async fn a_command_can_be_wrong_on_purpose_and_name_its_sandbox() {
    let lobby = testkit::mock("bookshop.openapi.yaml").await;
    let arguments = ["--as", "alice", "--expired", "--in", "t-42", "--for", "createBook", "--print", "curl"];
    let command = printed(&lobby, &arguments);
    assert!(command.contains("Lobby-Sandbox: t-42"), "{command}");
    assert!(shell(&command).to_ascii_lowercase().contains("lobby-verdict: token.expired"), "{command}");
}

#[tokio::test]
async fn what_cannot_be_had_is_one_clear_sentence_and_exit_2() {
    let lobby = testkit::mock("bookshop.openapi.yaml").await;
    for (arguments, words) in [
        (&["--as", "alise"][..], "alice"),
        (&["--as", "alice", "--scope", "books:raed"], "books:raed"),
        (&["--as", "alice", "--for", "listBoks", "--print", "curl"], "listBooks"),
        (&["--as", "alice", "--print", "curl"], "--for"),
        (&["--as", "alice", "--for", "listStock"], "badge"),
        (&["--as", "alice", "--for", "listStock", "--expired"], "takes no token"),
    ] {
        let finished = token(&lobby, arguments);
        finished.exits(2);
        assert_eq!(finished.stdout, "", "{arguments:?}");
        assert!(finished.stderr.contains(words), "{arguments:?}: {}", finished.stderr);
    }
}

#[test]
fn where_nobody_answers_the_cure_is_named() {
    // A port that was free a moment ago: nobody listens there.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = format!("http://{free}");
    let finished = testkit::once(&["token", "--as", "alice", "--server", &server]);
    finished.exits(2);
    assert_eq!(finished.stdout, "");
    assert_eq!(
        finished.stderr,
        format!(
            "error: no Lobby answers at {server}\nhint: start one: lobby mock FILE, or name it with --server\n"
        )
    );
    let finished = testkit::once(&["token", "--as", "alice", "--server", "localhost"]);
    finished.exits(2);
    assert!(finished.stderr.contains("http://127.0.0.1:4010"), "{}", finished.stderr);
}

#[tokio::test]
async fn several_documents_are_told_apart() {
    let lobby = testkit::mock("bookshop.openapi.yaml")
        .document(
            "tills.yaml",
            "openapi: 3.1.0\ninfo: {title: Tills, version: '1'}\nservers: [{url: /tills}]\npaths:\n  /rolls/{n}:\n    get:\n      \
             operationId: getRoll\n      parameters: [{name: n, in: path, required: true, schema: {type: integer, examples: [7]}}]\n      \
             security: [{o: [rolls]}]\n      responses: {'200': {description: ok}}\n\
             components:\n  securitySchemes:\n    o: {type: oauth2, flows: {clientCredentials: {tokenUrl: /t, scopes: {rolls: x}}}}\n",
        )
        .await;
    for arguments in [&["--as", "alice"][..], &["--as", "alice", "--scope", "rolls", "--lifetime", "1m"]] {
        let arguments = [arguments, &["--for", "getRoll", "--print", "curl"]].concat();
        let command = printed(&lobby, &arguments);
        assert!(command.contains("/tills/rolls/7"), "{command}");
        let answer = shell(&command);
        assert!(answer.to_ascii_lowercase().contains("lobby-verdict: allow"), "{command}\n{answer}");
    }
}
