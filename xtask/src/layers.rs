use std::collections::BTreeMap;

use anyhow::{Result, bail};

use crate::metadata::{Metadata, Package};

/// The house, from the ground up: a room uses rooms of lower storeys only.
const STOREYS: [&[&str]; 7] = [
    &["model"],
    &["contract", "jose"],
    &["guard", "store"],
    &["identity", "mock", "watch"],
    &["gateway", "oauth", "admin", "probe"],
    &["roof"],
    &["lobby"],
];

/// Development only: they may use every room, and no room is linked with them.
const WORKSHOP: [&str; 3] = ["testkit", "xtask", "fuzz"];

/// Rooms that can be read and tested as plain functions …
const QUIET: [&str; 5] = ["model", "contract", "jose", "guard", "mock"];

/// … because none of these is linked into them, by whatever way.
const LOUD: [&str; 5] = ["tokio", "axum", "hyper", "sqlx", "reqwest"];

/// Rooms that know nothing of some that lie below them: the probe is an honest stranger, which sees only
/// HTTP, contract, jose and the codes of guard.
const STRANGERS: [(&str, &[&str]); 1] = [("probe", &["store", "identity", "mock", "watch"])];

/// Refuses every arrow between rooms that the floor plan does not have.
pub(crate) fn check() -> Result<()> {
    let metadata = Metadata::read()?;
    let mut faults = Vec::new();
    for room in metadata.members() {
        faults.extend(arrows(&room.name, &uses(room)));
        if QUIET.contains(&room.name.as_str()) {
            faults.extend(noise(&room.name, &metadata.linked(room)));
        }
    }
    if faults.is_empty() {
        return Ok(());
    }
    bail!(
        "{}\nhint: the floor plan is in ARCHITECTURE.md; move the code to the storey that may do this",
        faults.join("\n")
    )
}

/// The rooms and workshops that a manifest names, with the kind of the dependency.
fn uses(room: &Package) -> Vec<(&str, bool)> {
    room.dependencies
        .iter()
        .map(|used| (used.name.as_str(), used.kind.as_deref() == Some("dev")))
        .filter(|(name, _)| storey(name).is_some() || WORKSHOP.contains(name))
        .collect()
}

/// What is wrong with what `room` uses: names, and whether for its tests alone.
fn arrows(room: &str, uses: &[(&str, bool)]) -> Vec<String> {
    if WORKSHOP.contains(&room) {
        return Vec::new();
    }
    let Some(from) = storey(room) else {
        return vec![format!("`{room}` is no room of the house: give it a storey in xtask/src/layers.rs")];
    };
    let strangers = STRANGERS.iter().find(|(name, _)| *name == room).map_or(&[][..], |(_, them)| them);
    let mut faults = Vec::new();
    for (used, for_tests) in uses {
        match storey(used) {
            None if *for_tests => {}
            None => faults.push(format!("`{room}` is linked with `{used}`, which is for development only")),
            Some(to) if to > from => faults.push(format!("`{room}` uses `{used}`, which lies above it")),
            Some(to) if to == from => faults.push(format!("`{room}` uses `{used}`, on its own storey")),
            Some(_) if strangers.contains(used) => {
                faults.push(format!("`{room}` is a stranger and uses the server room `{used}`"));
            }
            Some(_) => {}
        }
    }
    faults
}

/// The loud crates that are linked into the quiet `room`.
fn noise(room: &str, linked: &BTreeMap<&str, Vec<&str>>) -> Vec<String> {
    LOUD.iter()
        .filter_map(|loud| linked.get(loud))
        .map(|way| format!("`{room}` is quiet, but is linked with {}", way.join(" → ")))
        .collect()
}

fn storey(room: &str) -> Option<usize> {
    STOREYS.iter().position(|rooms| rooms.contains(&room))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_uses_what_lies_below_it() {
        assert_eq!(arrows("gateway", &[("guard", false), ("model", false), ("testkit", true)]), [""; 0]);
        assert_eq!(arrows("xtask", &[("lobby", false)]), [""; 0]);
    }

    #[test]
    fn a_room_uses_none_above_it_nor_on_its_own_storey_even_in_tests() {
        assert_eq!(arrows("guard", &[("mock", true)]), ["`guard` uses `mock`, which lies above it"]);
        assert_eq!(arrows("oauth", &[("gateway", false)]), ["`oauth` uses `gateway`, on its own storey"]);
    }

    #[test]
    fn no_room_is_linked_with_the_workshop() {
        let faults = arrows("lobby", &[("testkit", false)]);
        assert_eq!(faults, ["`lobby` is linked with `testkit`, which is for development only"]);
    }

    #[test]
    fn a_crate_without_a_storey_is_refused() {
        assert_eq!(arrows("helpers", &[]).len(), 1);
    }

    #[test]
    fn a_quiet_room_hears_of_a_runtime_however_far_away() {
        let linked = BTreeMap::from([("tokio", vec!["mock", "something", "tokio"]), ("serde", vec!["mock"])]);
        assert_eq!(noise("mock", &linked), ["`mock` is quiet, but is linked with mock → something → tokio"]);
    }
}
