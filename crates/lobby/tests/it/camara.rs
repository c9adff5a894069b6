//! The test definitions that CAMARA publishes with its API definitions: the scenarios about the access token,
//! read from the Gherkin files and played against the mock of the document that they belong to.

use std::fs;

use http::Method;
use serde_json::Value;
use testkit::{Answer, Lobby, run, shared};

/// One scenario: its steps as written, those of the background first.
struct Scenario {
    name: String,
    steps: Vec<String>,
}

/// What stands in the `Authorization` field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presented {
    Nothing,
    NoToken,
    Malformed,
    Invalid,
    Expired,
    WithoutScope,
}

fn scenarios(feature: &str) -> Vec<Scenario> {
    let mut background = Vec::new();
    let mut all: Vec<Scenario> = Vec::new();
    for line in feature.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("Scenario") {
            all.push(Scenario {
                name: name.trim_start_matches([' ', ':']).to_owned(),
                steps: background.clone(),
            });
        } else if let Some((word, step)) = line.split_once(' ')
            && matches!(word, "Given" | "When" | "Then" | "And" | "*")
        {
            all.last_mut().map_or(&mut background, |scenario| &mut scenario.steps).push(step.to_owned());
        }
    }
    all
}

/// The texts between quotes.
fn quoted(step: &str) -> Vec<&str> {
    step.split('"').skip(1).step_by(2).collect()
}

impl Scenario {
    fn presented(&self) -> Option<Presented> {
        let about = |step: &&String| step.to_ascii_lowercase().contains("authorization\"");
        let step = self.steps.iter().rfind(about)?;
        let says = |words: &str| step.contains(words);
        Some(if says("without the required scope") {
            Presented::WithoutScope
        } else if says("expired") {
            Presented::Expired
        } else if says("malformed") {
            Presented::Malformed
        } else if says("without a token") {
            Presented::NoToken
        } else if says("an invalid access token") || says("not set to valid token") {
            Presented::Invalid
        } else if says("removed") || says("not sent") || says("does not include") || says("not included") {
            Presented::Nothing
        } else {
            return None;
        })
    }

    fn operation(&self) -> Option<&str> {
        let sent =
            self.steps.iter().find(|step| step.starts_with("the request \"") && step.ends_with("sent"))?;
        quoted(sent).first().copied()
    }

    /// What the answer has that it should not, or lacks.
    fn faults(&self, answer: &Answer) -> Vec<String> {
        let body = answer.json();
        let wrong = |step: &&String| !holds(step, answer, &body);
        self.steps.iter().filter(|step| step.contains("response ")).filter(wrong).cloned().collect()
    }
}

/// Whether one `Then` is true.
fn holds(step: &str, answer: &Answer, body: &Value) -> bool {
    if step.contains("response status code") {
        return step.contains(&answer.status().to_string());
    }
    let texts = quoted(step);
    if step.contains("response header \"Content-Type\"") {
        return answer
            .header("content-type")
            .is_some_and(|kind| texts.iter().any(|text| kind.starts_with(text)));
    }
    let Some(member) = texts.first().and_then(|path| path.strip_prefix("$.")) else { return true };
    let value = &body[member];
    if step.contains("user friendly text") || step.contains("user-friendly text") {
        return value.as_str().is_some_and(|text| text.contains(' '));
    }
    let said = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    texts.iter().skip(1).any(|text| *text == said) || step.ends_with(&format!(" is {said}"))
}

/// The method and path of an operation, in the document that the mock serves.
async fn place(lobby: &Lobby, operation: &str) -> Option<(Method, String)> {
    let document = lobby.get("/_lobby/openapi.json").await.json();
    let base = document["servers"][0]["url"].as_str().unwrap_or_default().to_owned();
    for (path, item) in document["paths"].as_object()? {
        for (method, found) in item.as_object()? {
            if found["operationId"] == operation {
                let path = path.split('/').map(|part| if part.starts_with('{') { "1" } else { part });
                let path = path.collect::<Vec<_>>().join("/");
                let base = base
                    .split_once("://")
                    .map_or(&*base, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
                let below = format!("/{}{path}", base.trim_matches('/')).replace("//", "/");
                return Some((method.to_uppercase().parse().ok()?, below));
            }
        }
    }
    None
}

async fn play(lobby: &Lobby, scenario: &Scenario, presented: Presented) -> Vec<String> {
    let Some(operation) = scenario.operation() else { return Vec::new() };
    let Some((method, path)) = place(lobby, operation).await else {
        return vec![format!("no operation {operation}")];
    };
    let call = lobby.request(method, &path);
    let answer = match presented {
        Presented::Nothing => call.await,
        Presented::NoToken => call.header("authorization", "Bearer").await,
        Presented::Malformed => call.bearer("eyJhbGciOiJFUzI1NiJ9.!.!").await,
        Presented::Invalid => call.bearer(lobby.token("alice").defect("bad_signature").await).await,
        Presented::Expired => call.bearer(lobby.token("alice").defect("expired").await).await,
        Presented::WithoutScope => call.bearer(lobby.token("guest").await).await,
    };
    let told = |fault: String| {
        let asked = format!("{} ({presented:?})", scenario.name);
        format!("{asked}: {fault}\n  {} {}", answer.status(), answer.text())
    };
    scenario.faults(&answer).into_iter().map(told).collect()
}

#[tokio::test]
async fn the_token_scenarios_of_camara_hold() {
    let documents = [
        ("NumberVerification", "number-verification", "number-verification-phoneNumberShare"),
        ("SimSwap", "sim-swap", "sim-swap-retrieveSimSwapDate"),
        ("KnowYourCustomerMatch", "kyc-match", "kyc-match"),
        ("OTPValidation", "one-time-password-sms", "one-time-password-sms-sendCode"),
        ("DeviceLocation", "location-verification", "location-verification"),
        ("DeviceLocation", "geofencing-subscriptions", "geofencing-subscriptions"),
    ];
    let mut played = 0;
    let mut faults = Vec::new();
    for (folder, document, feature) in documents {
        let root = shared(&format!("camara/{folder}"));
        let file = root.join(format!("API_definitions/{document}.yaml"));
        let root = root.to_str().unwrap();
        let lobby = run("mock").argument(file.to_str().unwrap()).arguments(&["--root", root]).await;
        let text = fs::read_to_string(shared(&format!("camara/{folder}/Test_definitions/{feature}.feature")))
            .unwrap();
        for scenario in scenarios(&text) {
            if let Some(presented) = scenario.presented() {
                faults.extend(play(&lobby, &scenario, presented).await);
                played += 1;
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(played >= 20, "only {played} scenarios are about the token");
}
