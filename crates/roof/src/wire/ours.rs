//! What we serve ourselves, as APIs that the guard judges.

use std::sync::Arc;

use gateway::Cors;
use mock::answer::{self, Answerer};
use model::Problem;

use super::dpop;
use crate::config::Config;

/// User info as an API of its own, so that the guard judges who asks.
const USER_INFO: &str = r#"{
    "openapi": "3.1.0",
    "info": {"title": "User info", "version": "1"},
    "components": {"securitySchemes": {
        "openid": {"type": "openIdConnect", "openIdConnectUrl": "/.well-known/openid-configuration"}
    }},
    "security": [{"openid": ["openid"]}],
    "paths": {"/_lobby/oauth/userinfo": {"get": {
        "operationId": "oauth.userinfo",
        "responses": {"200": {"description": "Who signed in"}}
    }}}
}"#;

/// What tokens of people with a role of ours open, as an API of its own: the guard judges them as any.
const OWN: &str = r#"{
    "openapi": "3.1.0",
    "info": {"title": "Lobby", "version": "1"},
    "components": {"securitySchemes": {
        "openid": {"type": "openIdConnect", "openIdConnectUrl": "/.well-known/openid-configuration"}
    }},
    "paths": {
        "/admin/v1": {"get": {
            "operationId": "lobby:admin", "security": [{"openid": ["lobby:admin"]}],
            "responses": {"200": {"description": "Administration"}}
        }},
        "/_lobby": {"get": {
            "operationId": "lobby:direct", "security": [{"openid": ["lobby:direct"]}],
            "responses": {"200": {"description": "The control API"}}
        }}
    }
}"#;

pub(super) fn user_info(config: &Config, cors: Cors, problems: &mut Vec<Problem>) -> Option<gateway::Api> {
    Some(gateway::Api { is_own: true, ..of_ours("oauth", USER_INFO, config, cors, problems)? })
}

pub(super) fn own(config: &Config, problems: &mut Vec<Problem>) -> Option<gateway::Api> {
    of_ours("_lobby", OWN, config, Cors::Off, problems)
}

/// An API that we have ourselves.
fn of_ours(
    name: &str,
    document: &str,
    config: &Config,
    cors: Cors,
    problems: &mut Vec<Problem>,
) -> Option<gateway::Api> {
    let reading = contract::read_text("ours.json", document.as_bytes(), &contract::Options::default());
    problems.extend(reading.problems);
    let contract = Arc::new(reading.contract?);
    Some(gateway::Api {
        name: name.into(),
        answerer: Answerer::new(contract.clone(), answer::Settings::default()),
        guarding: guard::Settings { dpop: dpop(config), ..guard::Settings::default() },
        contract,
        cors,
        basic_hidden: false,
        base: String::new(),
        audiences: Vec::new(),
        is_own: false,
        others: Vec::new(),
        unavailable: Vec::new(),
        trusts: gateway::Trusts::default(),
    })
}
