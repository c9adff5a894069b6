//! `lobby serve`: what it demands, where it stands, what is shut there that a mock leaves open.

mod door;
mod guessing;
mod leak;
mod life;
mod mail;
mod proxies;
mod shut;
mod tls;

/// A lobby.yaml without APIs: an authorization server alone.
const ALONE: &str = "issuer: https://login.example.com\n";

/// The bookshop, mocked for a team.
fn shared_mock() -> String {
    let document = testkit::example("bookshop.openapi.yaml");
    format!("{ALONE}apis: {{ bookshop: {{ contract: {} }} }}\n", document.display())
}
