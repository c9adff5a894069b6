//! One file for each call of control.md.

pub(crate) mod authenticator;
pub(crate) mod clock;
pub(crate) mod credentials;
pub(crate) mod denials;
pub(crate) mod document;
pub(crate) mod health;
pub(crate) mod inspect;
pub(crate) mod journal;
pub(crate) mod outbox;
pub(crate) mod personas;
pub(crate) mod reset;
pub(crate) mod sandboxes;
pub(crate) mod scenarios;
pub(crate) mod token;
pub(crate) mod verify;
