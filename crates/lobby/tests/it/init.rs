//! `lobby init`

use std::fs;

use testkit::{example, run};

fn bookshop() -> String {
    fs::read_to_string(example("bookshop.openapi.yaml")).unwrap()
}

#[tokio::test]
async fn the_written_file_is_served_and_its_personas_are_who_it_says() {
    let written =
        run("init").document("bookshop.openapi.yaml", &bookshop()).arguments(&["-o", "-"]).finish("");
    written.exits(0);
    let lobby = run("mock").file("bookshop.openapi.yaml", &bookshop()).config(&written.stdout).await;
    let alice = lobby.token("alice").await;
    lobby.get("/books").bearer(&alice).await.is_allowed();
    let refused = lobby.delete("/books/b-1001").bearer(&alice).await;
    assert_eq!((refused.status(), refused.header("lobby-verdict")), (403, Some("scope.insufficient")));
    let admin = lobby.token("admin").await;
    lobby.delete("/books/b-1001").bearer(&admin).await.is_allowed();
    let suspended = lobby.token("suspended").await;
    let refused = lobby.get("/books").bearer(&suspended).await;
    assert_eq!((refused.status(), refused.header("lobby-verdict")), (403, Some("account.disabled")));
}

#[test]
fn it_overwrites_nothing() {
    let start = run("init").document("api.yaml", &bookshop()).file("lobby.yaml", "# mine\n");
    let finished = start.finish("");
    finished.exits(2);
    assert!(finished.stderr.contains("lobby.yaml is there already"), "{}", finished.stderr);
    assert!(finished.stderr.contains("hint: "), "{}", finished.stderr);
}

#[test]
fn a_file_in_another_folder_names_the_document_from_there() {
    let folder = tempfile();
    fs::create_dir_all(folder.join("conf")).unwrap();
    fs::write(folder.join("api.yaml"), bookshop()).unwrap();
    let (document, output) = (folder.join("api.yaml"), folder.join("conf/lobby.yaml"));
    let output = output.to_str().unwrap();
    testkit::once(&["init", document.to_str().unwrap(), "--output", output]).exits(0);
    let text = fs::read_to_string(output).unwrap();
    let named = text.lines().find_map(|line| line.trim().strip_prefix("contract: ")).unwrap();
    assert!(folder.join("conf").join(named.trim_matches('"')).exists(), "{named}");
    testkit::once(&["init", document.to_str().unwrap(), "--output", output]).exits(2);
    fs::remove_dir_all(folder).unwrap();
}

fn tempfile() -> std::path::PathBuf {
    std::env::temp_dir().join(format!("lobby-init-{}", std::process::id()))
}

#[test]
fn what_is_no_document_is_told_with_its_place() {
    let finished = run("init").document("api.yaml", "openapi: 3.1.0\npaths: [\n").finish("");
    finished.exits(2);
    assert!(finished.stderr.contains("api.yaml:"), "{}", finished.stderr);
    testkit::once(&["init", "nowhere.yaml"]).exits(2);
}
