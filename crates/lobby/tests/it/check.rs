use serde_json::Value;
use testkit::{Finished, run};

const SHOP: &str = "openapi: 3.1.0
info: {title: Shop, version: '1'}
paths:
  /books:
    post:
      operationId: createBook
      security: [{key: []}]
      responses: {'201': {description: made}, '401': {description: no}}
  /users/{userId}:
    get:
      operationId: getUser
      security: [{oauth: [profile]}]
      x-lobby: {roles: [staff]}
      parameters: [{name: userId, in: path, required: true, schema: {type: string}}]
      responses: {'200': {description: ok}, default: {description: no}}
components:
  securitySchemes:
    key: {type: apiKey, in: query, name: api_key}
    oauth: {type: oauth2, flows: {clientCredentials: {tokenUrl: /token, scopes: {profile: See}}}}
";

const CLEAN: &str = "openapi: 3.1.0
info: {title: Clean, version: '1'}
paths:
  /open: {get: {responses: {'200': {description: ok}}}}
";

fn check(arguments: &[&str]) -> Finished {
    run("check").document("shop.yaml", SHOP).arguments(arguments).finish("")
}

fn json(finished: &Finished) -> Value {
    serde_json::from_str(&finished.stdout).unwrap_or_else(|error| panic!("{error}\n{}", finished.stdout))
}

/// Whether there is a page, with a section for what it names behind `#`.
fn is_explained(place: &str) {
    let (page, section) = place.split_once('#').unwrap_or((place, ""));
    let text = std::fs::read_to_string(testkit::repository().join(page)).expect(place);
    assert!(section.is_empty() || text.contains(&format!("<a id=\"{section}\"></a>")), "{place}");
}

#[test]
fn every_code_leads_to_an_explanation() {
    let text = "openapi: 3.1\ninfo: {title: T}\npahts: {}\nsecurity: [{k: []}]\npaths:\n  /a/{id}: {post: {tags: x}}\n\
                components: {securitySchemes: {k: {type: apiKey, in: query, name: k}, o: {type: oauth2}}}\n";
    for config in ["tokens: {access: 8h}\n", "tokns: {}\n"] {
        let start = run("check").document("a.yaml", text).config(config).arguments(&["--format", "json"]);
        let finished = start.finish("");
        let value = json(&finished);
        let problems = value["problems"].as_array().unwrap();
        assert!(problems.len() > 3, "{}", finished.stdout);
        for problem in problems {
            is_explained(problem["explanation"].as_str().unwrap());
        }
    }
}

#[test]
fn findings_are_shown_with_their_lines_and_fail() {
    let finished = check(&[]);
    finished.exits(1);
    let expected = "warning[key.write]: the key `key` alone suffices to change something with `createBook`
 --> shop.yaml:7:19
  |
7 |       security: [{key: []}]
  |                   ^^^ ask for a token with a scope, or for a key together with one

warning[key.query]: the key `key` travels in the URL as `api_key`: it stands in logs, histories and referrers
  --> shop.yaml:18:29
   |
18 |     key: {type: apiKey, in: query, name: api_key}
   |                             ^^^^^ move it to a header: `in: header`

2 warnings
";
    assert_eq!(finished.stdout, expected);
    assert!(finished.stderr.contains("docs/lints/"), "{}", finished.stderr);
}

#[test]
fn a_clean_document_leaves_standard_output_empty() {
    let finished = run("check").document("clean.yaml", CLEAN).finish("");
    finished.exits(0);
    assert_eq!(finished.stdout, "");
    assert_eq!(finished.stderr, "nothing found in 1 operation\n");
}

#[test]
fn what_it_fails_for_can_be_chosen() {
    check(&["--fail-on", "error"]).exits(0);
    check(&["--fail-on", "never"]).exits(0);
    check(&["--fail-on", "note"]).exits(1);
    run("check").document("clean.yaml", CLEAN).arguments(&["--fail-on", "note"]).finish("").exits(0);
}

#[test]
fn what_cannot_be_read_ends_with_two_and_is_told_in_every_format() {
    for format in ["text", "json", "sarif"] {
        let broken =
            run("check").document("a.yaml", "openapi: [").arguments(&["--format", format]).finish("");
        broken.exits(2);
        assert!(broken.stdout.contains("yaml.syntax"), "{}", broken.stdout);
    }
    run("check").arguments(&["missing.yaml", "--fail-on", "never"]).finish("").exits(2);
}

#[test]
fn without_a_file_the_apis_of_the_configuration_are_judged_together() {
    let config = "apis:
  shop: {contract: shop.yaml, operations: {getUser: {plans: [pro], roles: []}}}
  clean: {contract: clean.yaml, base: /clean}
plans: {pro: {scopes: [profile]}, free: {scopes: []}}
personas:
  boss: {scopes: [profile], roles: [staff], plan: pro}
  clerk: {scopes: [profile], roles: [staff], plan: free}
";
    let start = run("check").file("shop.yaml", SHOP).file("clean.yaml", CLEAN);
    let finished = start.config(config).arguments(&["--table", "--format", "json"]).finish("");
    finished.exits(1);
    let value = json(&finished);
    let problems = value["problems"].as_array().unwrap();
    let codes: Vec<&str> = problems.iter().filter_map(|problem| problem["code"].as_str()).collect();
    assert_eq!(codes, ["key.write", "key.query"]);
    assert_eq!(problems[0]["file"], "shop.yaml");
    let rows = value["table"].as_array().unwrap();
    assert_eq!(rows.len(), 3);
    let user = rows.iter().find(|row| row["operation"] == "getUser").unwrap();
    assert_eq!(user["verdicts"]["boss"], "allow");
    assert_ne!(user["verdicts"]["clerk"], "allow");

    // The one in the folder is found, and its mistakes are told.
    let broken = config.replace("getUser", "getUsr");
    let start = run("check").file("shop.yaml", SHOP).file("clean.yaml", CLEAN);
    let finished = start.file("lobby.yaml", &broken).finish("");
    finished.exits(1);
    assert!(finished.stdout.contains("did you mean `getUser`?"), "{}", finished.stdout);
    // What clashes only when it is served together is told, too.
    let twice = "apis: {one: {contract: clean.yaml}, two: {contract: copy.yaml}}\n";
    let start = run("check").file("clean.yaml", CLEAN).file("copy.yaml", CLEAN);
    let finished = start.config(twice).finish("");
    finished.exits(1);
    assert!(finished.stdout.contains("path.clash"), "{}", finished.stdout);
}

#[test]
fn nothing_to_check_is_said_in_one_clear_error() {
    let finished = run("check").finish("");
    finished.exits(2);
    assert!(
        finished.stderr.contains("no FILE was given and there is no lobby.yaml here"),
        "{}",
        finished.stderr
    );
    let finished = run("check").file("lobby.yaml", "tokens: {access: 5m}\n").finish("");
    finished.exits(2);
    assert!(finished.stderr.contains("lobby.yaml names no API"), "{}", finished.stderr);
    let finished = run("check").arguments(&["--config", "elsewhere.yaml"]).finish("");
    finished.exits(2);
    let told = format!("{}{}", finished.stdout, finished.stderr);
    assert!(told.contains("elsewhere.yaml"), "{told}");
}

#[test]
fn an_error_within_a_document_is_a_finding() {
    let text = CLEAN.replace("{get: {", "{get: {security: yes, ");
    let finished = run("check").document("a.yaml", &text).arguments(&["--fail-on", "error"]).finish("");
    finished.exits(1);
    assert!(finished.stdout.contains("error[security.form]"), "{}", finished.stdout);
}

#[test]
fn programs_read_problems_and_table_as_json() {
    let finished = check(&["--format", "json", "--table"]);
    finished.exits(1);
    let value = json(&finished);
    assert_eq!(
        (value["errors"].as_u64(), value["warnings"].as_u64(), value["notes"].as_u64()),
        (Some(0), Some(2), Some(0))
    );
    assert_eq!(value["problems"][0]["explanation"], "docs/lints/key.write.md");
    let rows = value["table"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[1]["requirement"], "oauth (profile); role staff");
    let verdicts = &rows[1]["verdicts"];
    assert_eq!(verdicts["alice"], "allow");
    assert_eq!(verdicts["guest"], "role.forbidden");
    assert_eq!(verdicts["suspended"], "account.disabled");
    assert_eq!(finished.stderr, "");
}

#[test]
fn the_table_shows_the_personas_of_the_configuration() {
    let config = "personas:\n  boss: {scopes: [profile], roles: [staff]}\n  clerk: {scopes: [profile]}\n";
    let finished = run("check").document("shop.yaml", SHOP).config(config).arguments(&["--table"]).finish("");
    let line = finished.stdout.lines().find(|line| line.contains("getUser")).unwrap();
    let cells: Vec<&str> = line.split('|').map(str::trim).filter(|cell| !cell.is_empty()).collect();
    assert_eq!(
        cells,
        ["getUser", "GET /users/{userId}", "oauth (profile); role staff", "allow", "role.forbidden"]
    );
}

#[test]
fn the_configuration_is_judged_with_its_places() {
    let config = "tokens:\n  access: 8h\noauth: {pkce: optional, grants: [password]}\n";
    let finished =
        run("check").document("clean.yaml", CLEAN).config(config).arguments(&["--format", "json"]).finish("");
    finished.exits(1);
    let value = json(&finished);
    let told: Vec<(&str, u64)> = value["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| (problem["code"].as_str().unwrap(), problem["line"].as_u64().unwrap()))
        .collect();
    assert_eq!(told, [("token.lifetime", 2), ("pkce.optional", 3), ("flow.password", 3)]);
}

#[test]
fn several_documents_need_not_be_served_together() {
    let finished = run("check").document("one/api.yaml", CLEAN).document("two/api.yaml", CLEAN).finish("");
    finished.exits(0);
    assert_eq!(finished.stderr, "nothing found in 2 operations\n");
}

#[test]
fn the_sarif_log_has_what_code_scanning_needs() {
    let finished = check(&["--format", "sarif"]);
    finished.exits(1);
    let log = json(&finished);
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        let rule = &rules[index];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(rule.get("helpUri").is_none(), "a relative one is against the standard");
        is_explained(rule["properties"]["page"].as_str().unwrap());
        assert_eq!(result["level"], "warning");
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "shop.yaml");
        let region = &place["region"];
        assert!(
            region["startLine"].as_u64() > Some(0)
                && region["endColumn"].as_u64() > region["startColumn"].as_u64()
        );
    }
}

#[test]
fn the_bookshop_passes() {
    let bookshop = testkit::example("bookshop.openapi.yaml");
    let finished = run("check").argument(bookshop.to_str().unwrap()).finish("");
    finished.exits(0);
    assert!(!finished.stdout.contains("warning["), "{}", finished.stdout);
}
