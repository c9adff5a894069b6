//! Whether what `docs/asvs.md` claims can be looked up: every requirement of the two chapters has its row, and
//! every test that a row names is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::shell;

const PAGE: &str = "docs/asvs.md";

/// The sections of OWASP ASVS 5.0, V6 and V7, each with the number of its requirements.
const SECTIONS: [(u8, u8, u8); 14] = [
    (6, 1, 3),
    (6, 2, 12),
    (6, 3, 8),
    (6, 4, 6),
    (6, 5, 8),
    (6, 6, 4),
    (6, 7, 2),
    (6, 8, 4),
    (7, 1, 3),
    (7, 2, 4),
    (7, 3, 2),
    (7, 4, 5),
    (7, 5, 3),
    (7, 6, 2),
];

const STATES: [&str; 4] = ["met", "partly", "not met", "not applicable"];

/// Refuses a page that claims what nobody can look up.
pub(crate) fn check() -> Result<()> {
    let text = fs::read_to_string(shell::root().join(PAGE)).with_context(|| format!("{PAGE} is missing"))?;
    let faults = faults(&text, &|path| fs::read_to_string(shell::root().join(path)).ok());
    if faults.is_empty() {
        return Ok(());
    }
    bail!("{}", faults.join("\n"))
}

/// What is wrong with the page; `read` brings a file of the repository.
fn faults(text: &str, read: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let wanted: BTreeSet<String> = SECTIONS
        .iter()
        .flat_map(|(chapter, section, count)| (1..=*count).map(move |n| format!("{chapter}.{section}.{n}")))
        .collect();
    let mut met = BTreeSet::new();
    let mut faults = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut fault = |words: String| faults.push(format!("{PAGE}:{}: {words}", index + 1));
        for name in line.split('`').skip(1).step_by(2).filter(|name| name.contains("::")) {
            if let Err(words) = look_up(name, read) {
                fault(words);
            }
        }
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let is_row = cells.first().is_some_and(|cell| cell.starts_with(|c: char| c.is_ascii_digit()));
        let [number, _, asks, state, how, shown] = cells[..] else {
            if is_row && line.starts_with('|') {
                fault("a row has six columns".to_owned());
            }
            continue;
        };
        if !is_row {
            continue;
        }
        if !wanted.contains(number) {
            fault(format!("{number} is no requirement of V6 or V7"));
        } else if !met.insert(number.to_owned()) {
            fault(format!("{number} is here twice"));
        }
        if !STATES.contains(&state) {
            fault(format!("{number} is `{state}`, which is none of: {}", STATES.join(", ")));
        }
        if asks.is_empty() || how.is_empty() {
            fault(format!("{number} does not say what is asked, or how it is met"));
        }
        if state == "met" && !shown.contains("::") && !shown.contains("](") {
            fault(format!("{number} is met, and neither a test nor a page shows it"));
        }
    }
    let missing = wanted.difference(&met).map(|number| format!("{PAGE}: {number} has no row"));
    faults.extend(missing);
    faults
}

/// Whether a test is there: `crates/…/file.rs::name`, `judges/…/file.py::name` or `judges/…/file.mjs::title`.
fn look_up(claim: &str, read: &dyn Fn(&str) -> Option<String>) -> Result<(), String> {
    let Some((path, name)) = claim.split_once("::") else { return Ok(()) };
    let Some(text) = read(path) else { return Err(format!("there is no file {path}")) };
    let ending = Path::new(path).extension().unwrap_or_default().to_string_lossy().into_owned();
    let is_there = match ending.as_str() {
        "rs" => is_rust_test(&text, name),
        "py" => text.lines().any(|line| line.starts_with(&format!("def {name}("))),
        "mjs" => text.contains(&format!("test(\"{name}\"")),
        _ => return Err(format!("{path} is no file with tests")),
    };
    if is_there { Ok(()) } else { Err(format!("{path} has no test `{name}`")) }
}

/// A function of that name under a `#[test]` or `#[tokio::test]`, other attributes between.
fn is_rust_test(text: &str, name: &str) -> bool {
    let mut is_marked = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[") {
            is_marked |= line == "#[test]" || line.starts_with("#[tokio::test");
            continue;
        }
        let function = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
        if is_marked && function.and_then(|rest| rest.split_once('(')).is_some_and(|(own, _)| own == name) {
            return true;
        }
        is_marked &= line.starts_with("//");
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    const TESTS: &str = "#[test]\nfn it_holds() {}\n\n#[tokio::test(flavor = \"x\")]\n#[ignore]\n// why\nasync fn it_holds_later() {}\n\nfn it_helps() {}\n";

    fn read(path: &str) -> Option<String> {
        match path {
            "crates/a.rs" => Some(TESTS.to_owned()),
            "judges/b.py" => Some("def test_it():\n    def inner():\n".to_owned()),
            "judges/c.mjs" => Some("test(\"a title\", async () => {});\n".to_owned()),
            _ => None,
        }
    }

    /// A page with every requirement, all of them shown by `shown`.
    fn page(shown: &str) -> String {
        let numbers =
            SECTIONS.iter().flat_map(|(c, s, count)| (1..=*count).map(move |n| format!("{c}.{s}.{n}")));
        let rows = numbers.map(|number| format!("| {number} | 1 | asks | met | how | {shown} |"));
        rows.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_page_whose_tests_are_all_there_is_good() {
        for shown in [
            "`crates/a.rs::it_holds`",
            "`crates/a.rs::it_holds_later`",
            "`judges/b.py::test_it`",
            "`judges/c.mjs::a title`",
            "[a page](a.md)",
        ] {
            assert_eq!(faults(&page(shown), &read), Vec::<String>::new(), "{shown}");
        }
    }

    #[test]
    fn a_test_that_is_not_there_is_refused_with_its_line() {
        for (shown, words) in [
            ("`crates/a.rs::it_fails`", "crates/a.rs has no test `it_fails`"),
            ("`crates/a.rs::it_helps`", "crates/a.rs has no test `it_helps`"),
            ("`crates/a.rs::it`", "crates/a.rs has no test `it`"),
            ("`crates/gone.rs::it_holds`", "there is no file crates/gone.rs"),
            ("`judges/b.py::inner`", "judges/b.py has no test `inner`"),
            ("`judges/c.mjs::a`", "judges/c.mjs has no test `a`"),
            ("nothing", "6.1.1 is met, and neither a test nor a page shows it"),
        ] {
            let found = faults(&page(shown), &read);
            assert_eq!(found[0], format!("docs/asvs.md:1: {words}"));
        }
    }

    #[test]
    fn every_requirement_has_one_row() {
        let all = page("`crates/a.rs::it_holds`");
        let lacking = all.replace("| 7.4.5 |", "| 7.4.6 |");
        let found = faults(&lacking, &read);
        assert!(found.iter().any(|fault| fault.ends_with("7.4.5 has no row")), "{found:?}");
        assert!(found.iter().any(|fault| fault.contains("7.4.6 is no requirement")), "{found:?}");
        let twice = all.replace("| 6.2.2 |", "| 6.2.1 |");
        assert!(faults(&twice, &read).iter().any(|fault| fault.contains("6.2.1 is here twice")));
        let state = all.replacen("| met |", "| done |", 1);
        assert!(faults(&state, &read)[0].contains("`done`"));
    }
}
