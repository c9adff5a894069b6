//! Bodies for fuzzing: plain functions that must return, whatever they are given.

use std::net::{IpAddr, Ipv4Addr};

use crate::{Door, Knock, Origin};

/// Judges `Host`, a line end, and `Origin`. Who is turned away for the name stays so without an origin.
///
/// # Panics
/// When an origin opens the door to a name that is not ours.
pub fn admission(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (host, origin) = text.split_once('\n').unwrap_or((&text, "null"));
    let door = Door { token: None, hosts: &[], origins: &[] };
    let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let bare = Knock { host: Some(host), peer, ..Knock::default() };
    let from_page = Knock { origin: Origin::One(origin), ..bare };
    assert!(door.admit(&bare).is_ok() || door.admit(&from_page).is_err());
}
