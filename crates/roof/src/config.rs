//! lobby.yaml: what may be written, read with places; each section in its file. The rooms never see this:
//! [`crate::wire`] turns it into their own settings.

pub(crate) mod accounts;
pub(crate) mod apis;
pub(crate) mod limits;
pub(crate) mod listen;
pub(crate) mod oauth;
pub(crate) mod pages;
pub(crate) mod people;
mod places;
pub(crate) mod read;
pub(crate) mod store;
pub(crate) mod value;

use std::collections::BTreeMap;

use serde::Deserialize;

use self::{
    accounts::{Accounts, Factors, Keys, Passwords, Recovery},
    apis::Api,
    limits::{Control, Journal, Limits, Lockout, Sandboxes},
    listen::Listen,
    oauth::{Client, Oauth, Sessions, Tokens},
    pages::{Mail, Pages},
    people::{Persona, Plan},
    store::{Counters, Secrets, Store},
};

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// The issuer's URL; a mock's default is the URL it listens on, `serve` has none.
    pub(crate) issuer: Option<String>,
    /// Where records are kept: `memory`, `sqlite:PATH` or `postgres://…`; default `memory` in a mock, `sqlite:lobby.db` in `serve`.
    pub(crate) store: Option<Store>,
    /// Where limits are counted: `memory` (default) or `valkey://…`.
    pub(crate) counters: Option<Counters>,
    /// What records are sealed with.
    pub(crate) secrets: Secrets,
    /// Where it listens: an address with its port, or a mapping. `--host`, `--port` and `--tls` win over it.
    pub(crate) listen: Listen,
    /// Whose `Forwarded` and `X-Forwarded-For` are believed: networks as `10.0.0.0/8`.
    pub(crate) trusted_proxies: Vec<ipnet::IpNet>,
    /// Sizes and counts that a request may reach.
    pub(crate) limits: Limits,
    /// The APIs, by name.
    pub(crate) apis: BTreeMap<String, Api>,
    /// Subscription tiers, by name.
    pub(crate) plans: BTreeMap<String, Plan>,
    /// How long credentials live, and how they are signed.
    pub(crate) tokens: Tokens,
    /// What the authorization server demands.
    pub(crate) oauth: Oauth,
    /// Registered clients, by id; none: every `client_id` is somebody.
    pub(crate) clients: BTreeMap<String, Client>,
    /// A mock's named principals; none: `alice`, `guest`, `suspended`.
    pub(crate) personas: BTreeMap<String, Persona>,
    /// Failures until an account is locked. Written: for Basic and the password grant too.
    pub(crate) lockout: Option<Lockout>,
    /// How long a sign-in lasts.
    pub(crate) sessions: Sessions,
    /// What a password must be.
    pub(crate) passwords: Option<Passwords>,
    /// Who may have an account.
    pub(crate) accounts: Option<Accounts>,
    /// What else than a password signs in.
    pub(crate) factors: Option<Factors>,
    /// The ways back into an account: `email`, `codes`.
    pub(crate) recovery: Option<Vec<Recovery>>,
    /// Where mails go: `outbox` (default in a mock), or a server.
    pub(crate) mail: Option<Mail>,
    /// API keys.
    pub(crate) keys: Option<Keys>,
    /// How the pages look.
    pub(crate) pages: Option<Pages>,
    /// Who may direct a mock.
    pub(crate) control: Control,
    /// How much of what was asked is remembered.
    pub(crate) journal: Journal,
    /// How many sandboxes there may be, and for how long.
    pub(crate) sandboxes: Sandboxes,
}

impl Config {
    /// Every key that is written, is read and checked, and does nothing yet, by its path.
    pub(crate) fn idle(&self) -> Vec<Vec<&str>> {
        let mut idle = Vec::new();
        let mut say = |written: bool, path: &[&'static str]| {
            if written {
                idle.push(path.to_vec());
            }
        };
        say(self.counters == Some(Counters::Valkey), &["counters"]);
        idle
    }
}
