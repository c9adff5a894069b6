//! `limits:`, `lockout:`, `control:`, `journal:` and `sandboxes:`

use serde::Deserialize;

use super::value::{Rate, SecretReference, Size, Span};

/// Sizes and counts that a request may reach.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Limits {
    /// A request's body; default 10 MB.
    pub(crate) body: Option<Size>,
    /// From a request's head until all of its body is there, however steadily it trickles; default 30s.
    pub(crate) body_timeout: Option<Span>,
    /// A request's head; default 64 KB.
    pub(crate) head: Option<Size>,
    /// Open connections; default 10,000. One address, other than of this machine and of proxies, has half of them at most.
    pub(crate) connections: Option<usize>,
    /// Requests of one address (IPv6: of one /64), of pages too; none in a mock, 600/min in `serve`.
    pub(crate) per_address: Option<Rate>,
}

/// Failures until an account is locked.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Lockout {
    /// How many; default 5.
    pub(crate) failures: Option<u32>,
    /// In how long; default 15m.
    pub(crate) window: Option<Span>,
    /// For how long; default 15m.
    pub(crate) lock: Option<Span>,
    /// By what each further lock is longer; default 1.
    pub(crate) grow: Option<f64>,
    /// How long a lock is at most; default 1d.
    pub(crate) max: Option<Span>,
    /// Failed sign-ins of one address (IPv6: of one /64), at whatever accounts; none in a mock, 60/h in `serve`.
    pub(crate) per_address: Option<Rate>,
    /// The same of one network (/24, IPv6: /48); none in a mock, 300/h in `serve`.
    pub(crate) per_network: Option<Rate>,
    /// How many accounts must fail within a few minutes for strangers to be slowed down; 0: never; never in a mock, 50 in `serve`.
    pub(crate) spraying: Option<u32>,
}

/// Who may direct a mock.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Control {
    /// What a caller that is not on this machine shows.
    pub(crate) token: Option<SecretReference>,
    /// Names by which the control API may be called, besides those of loopback.
    pub(crate) hosts: Vec<String>,
}

/// How much of what was asked is remembered.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Journal {
    /// Entries in all; default 100,000.
    pub(crate) entries: Option<usize>,
    /// Bytes in all; default 64 MB.
    pub(crate) bytes: Option<Size>,
}

/// How many sandboxes there may be, and for how long.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Sandboxes {
    /// Gone so long after their last use, by main's clock; default 10m.
    pub(crate) idle: Option<Span>,
    /// At once; default 10,000.
    pub(crate) max: Option<usize>,
}
