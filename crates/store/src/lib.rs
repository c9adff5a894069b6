//! What is remembered: realms and their records. SQLite behind one writer thread that takes closures over a
//! bounded channel and commits them in groups; a mock's database lives in memory, with the same SQL.
//!
//! The store keeps what it is told and knows no rules but one kind: what must be atomic (a code is spent
//! once, a refresh token has one successor) is one function here and one transaction. Secrets reach it as
//! SHA-256 hashes only; times are microseconds since the epoch. No row leaves this crate.
//!
//! ```
//! use model::{RealmId, Timestamp};
//! use store::{Location, Store};
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
//! # runtime.block_on(async {
//! let store = Store::open(&Location::Memory).await.unwrap();
//! let realm = RealmId::new("main");
//! let scopes = "books:read".parse().unwrap();
//! store.record_consent(&realm, "app", "alice", &scopes, Timestamp::from_seconds(0)).await.unwrap();
//! assert_eq!(store.consent(&realm, "app", "alice").await.unwrap(), scopes);
//! # });
//! ```

mod activity;
mod app_password;
mod audit;
mod backup;
mod cache;
mod ceremony;
mod claim;
mod client;
mod code;
mod consent;
mod device;
mod email_code;
mod export;
mod grant;
mod import;
mod key;
mod key_reminder;
mod key_use;
mod link;
mod lock;
mod mail;
mod memories;
mod memory;
mod migration;
mod owner;
mod passkey;
#[cfg(debug_assertions)]
mod plan;
mod postgres;
mod pushed;
mod realm;
mod recovery;
mod refresh;
mod rekey;
mod seal;
mod secrets;
mod session;
mod setup;
mod sqlite;
mod store;
mod tables;
mod timings;
mod totp;
mod transaction;
mod user;
mod value;

pub use activity::Activity;
pub use audit::{AuditEntry, AuditReport, Audited};
pub use backup::{back_up, check, is_newest, let_go};
pub use claim::{Claim, Use};
pub use client::{Client, ClientBook, ClientTerms};
pub use code::{Code, Redemption};
pub use device::{Device, DeviceState, Poll};
pub use grant::Grant;
pub use import::{Import, Refused, Taken};
pub use key::{Key, KeyKind, Owner};
pub use key_use::KeyUse;
pub use link::Link;
pub use mail::{DueMail, Mail};
pub use memory::{FAMILY_LENGTH, Memory};
pub use owner::{Demand, OWNER, Removed};
pub use passkey::Passkey;
pub use pushed::Pushed;
pub use refresh::{Family, Rotation, Turn};
pub use rekey::Resealed;
pub use seal::MasterKey;
pub use secrets::{KEYS_EVERY, WHOLE_STORE};
pub use session::Session;
pub use store::{Location, Store};
pub use timings::Timing;
pub use user::{Ends, Handle, User, Written};
pub use value::Fault;

/// The SHA-256 of a secret: all that is ever stored of one.
pub type Hash = [u8; 32];
