use std::{
    fs,
    process::Command,
    time::{Duration, Instant},
};

use contract::Face;
use serde_json::Value;

use crate::{disk, hostile::outcome};

/// Outcomes that the manifest calls as good: an alias limit, nesting that is refused where it is read.
const AS_GOOD: [(&str, &str); 1] = [("many-aliases.yaml", "served")];

/// Two seconds are promised of a release build; one for debugging is ten times as slow, and shares the machine
/// with other tests.
const BOUND: Duration = Duration::from_secs(if cfg!(debug_assertions) { 30 } else { 2 });

/// In a process of its own, so that what it takes at most is of these documents alone.
#[test]
fn big_documents_are_read_within_bounds_of_time_and_memory() {
    let test =
        ["big::big_documents_end_in_time_as_their_manifest_says", "--exact", "--ignored", "--nocapture"];
    let done = Command::new(std::env::current_exe().unwrap()).args(test).output().unwrap();
    let told = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success() && String::from_utf8_lossy(&done.stdout).contains("1 passed"), "{told}");
}

#[test]
#[ignore = "run by the test above"]
#[expect(clippy::disallowed_methods, reason = "the bound on time is what is tested")]
fn big_documents_end_in_time_as_their_manifest_says() {
    let folder = tempfile::tempdir().unwrap();
    let script = disk::data("openapi-hostile/make_big.py");
    let Ok(made) = Command::new("python3").arg(script).arg(folder.path()).status() else {
        eprintln!("skipped: python3 writes the documents, and there is none");
        return;
    };
    assert!(made.success(), "the script that writes the documents");
    let manifest: Value =
        serde_json::from_slice(&fs::read(folder.path().join("manifest.json")).unwrap()).unwrap();
    for entry in manifest["documents"].as_array().unwrap() {
        let file = entry["file"].as_str().unwrap();
        let begun = Instant::now();
        let reading = disk::read(&folder.path().join(file), Face::Mock);
        assert!(begun.elapsed() < BOUND, "{file}: {:?}", begun.elapsed());
        let as_good = AS_GOOD.iter().find(|(name, _)| *name == file).map(|(_, outcome)| *outcome);
        let expected = as_good.unwrap_or(entry["outcome"].as_str().unwrap());
        assert_eq!(outcome(&reading), expected, "{file}\n{}", disk::told(&reading));
        let longest = reading.problems.iter().map(|problem| problem.message.len()).max();
        assert!(longest.unwrap_or(0) < 500 && reading.problems.len() < 200, "{file}");
        if let Some(contract) = reading.contract {
            let _ = contract.operations()[0].detail(&contract);
        }
        println!("{file}: {:?}", begun.elapsed());
    }
    if let Some(peak) = peak() {
        assert!(peak < 300 << 10, "{peak} KiB at most were in use");
    }
}

/// The most memory that this process, with every test in it, ever had, in KiB.
fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
