//! The control API as its callers meet it. Every answer is checked against the document.

mod authenticator;
mod clock;
mod credentials;
mod document;
mod inspect;
mod journal;
mod outbox;
mod room;
mod sandboxes;
mod scenarios;
