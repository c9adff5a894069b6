use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail};

use crate::metadata::Metadata;
use crate::{licence, shell};

/// Signatures and TLS are aws-lc-rs' alone; these would bring another one, or a C library of the machine's.
const BANNED: [&str; 4] = ["openssl", "openssl-sys", "native-tls", "ring"];

/// Names of ours that others bring in a second version, each with the reason that it is borne.
const DOUBLES: [(&str, &str); 3] = [
    ("argon2", "webauthn-rs' crypto-glue is a version behind us"),
    ("base64", "sqlx is a version behind hyper-util and us"),
    ("thiserror", "webauthn-rs-core is a version behind us"),
];

/// Refuses banned crates, git sources, licences that are not on the list, and second versions of what our own
/// manifests name. It looks at what is built, for every platform; `Cargo.lock` also names what no feature
/// switches on.
pub(crate) fn check() -> Result<()> {
    let edges = "normal,build,dev";
    let format = "{p}|{l}";
    let tree = shell::output(&mut shell::cargo([
        "tree",
        "--locked",
        "--workspace",
        "--target",
        "all",
        "--edges",
        edges,
        "--prefix",
        "none",
        "--format",
        format,
    ]))?;
    let lines: BTreeSet<_> = tree.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    let crates = lines
        .iter()
        .filter(|line| !line.is_empty())
        .map(|line| Crate::read(line).with_context(|| format!("cargo tree wrote `{line}`")))
        .collect::<Result<Vec<_>>>()?;
    let metadata = Metadata::read()?;
    let named =
        metadata.members().flat_map(|room| &room.dependencies).map(|used| used.name.as_str()).collect();
    let root = shell::root().to_string_lossy();
    let mut faults: Vec<_> = crates.iter().filter_map(|one| fault(one, &root)).collect();
    faults.extend(doubles(&crates, &named));
    if faults.is_empty() {
        return Ok(());
    }
    bail!("{}\nhint: `cargo tree --target all --invert NAME` shows who brings it", faults.join("\n"))
}

/// A line of `cargo tree`: `name v1.2.3 (source)|licence`.
#[derive(Debug)]
struct Crate<'a> {
    name: &'a str,
    version: &'a str,
    /// Nothing for a registry's, else a folder or an address.
    source: Option<&'a str>,
    licence: &'a str,
}

impl<'a> Crate<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let (package, licence) = line.split_once('|')?;
        let (name, rest) = package.split_once(" v")?;
        let (version, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let source = rest.trim_start_matches("(proc-macro)").trim();
        let source = source.strip_prefix('(').and_then(|source| source.strip_suffix(')'));
        Some(Self { name, version, source, licence: licence.trim() })
    }
}

fn fault(one: &Crate<'_>, root: &str) -> Option<String> {
    let name = format!("`{}` {}", one.name, one.version);
    if BANNED.contains(&one.name) {
        return Some(format!("{name} is banned"));
    }
    match one.source {
        Some(source) if source.starts_with(root) => return None,
        Some(source) => return Some(format!("{name} comes from {source}, which is no registry")),
        None => {}
    }
    if one.licence.is_empty() {
        return Some(format!("{name} names no licence"));
    }
    (!licence::is_allowed(one.licence))
        .then(|| format!("{name} has a licence that is not on the list: {}", one.licence))
}

fn doubles(crates: &[Crate<'_>], named: &BTreeSet<&str>) -> Vec<String> {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for one in crates.iter().filter(|one| named.contains(one.name)) {
        versions.entry(one.name).or_default().insert(one.version);
    }
    versions
        .iter()
        .filter(|(name, versions)| versions.len() > 1 && DOUBLES.iter().all(|(known, _)| known != *name))
        .map(|(name, versions)| {
            let list = versions.iter().copied().collect::<Vec<_>>().join(", ");
            format!("`{name}` is ours, and is there more than once: {list}")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(line: &str) -> Option<String> {
        fault(&Crate::read(line).unwrap(), "/repository")
    }

    #[test]
    fn rooms_and_crates_of_the_registry_with_a_known_licence_are_welcome() {
        assert_eq!(faults("serde v1.0.0|MIT OR Apache-2.0"), None);
        assert_eq!(faults("serde_derive v1.0.0 (proc-macro)|MIT OR Apache-2.0"), None);
        assert_eq!(faults("model v0.1.0 (/repository/crates/model)|Apache-2.0 OR MIT"), None);
    }

    #[test]
    fn banned_names_other_sources_and_unknown_licences_are_refused() {
        for line in [
            "ring v0.17.0|MIT",
            "serde v1.0.0 (https://example.com/serde#0123)|MIT",
            "serde v1.0.0 (/elsewhere)|MIT",
            "serde v1.0.0|SSPL-1.0",
            "serde v1.0.0|",
        ] {
            assert!(faults(line).is_some(), "{line}");
        }
    }

    #[test]
    fn a_second_version_is_refused_only_of_what_we_name_ourselves() {
        let lines = ["url v1.0.0|MIT", "url v2.0.0|MIT", "itoa v1.0.0|MIT", "itoa v2.0.0|MIT"];
        let crates = lines.map(|line| Crate::read(line).unwrap());
        let faults = doubles(&crates, &BTreeSet::from(["url"]));
        assert_eq!(faults, ["`url` is ours, and is there more than once: 1.0.0, 2.0.0"]);
    }
}
