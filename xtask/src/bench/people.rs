use std::fs;

use anyhow::Result;

use super::page::Page;
use crate::shell;

/// What the store takes among few users and among many (`crates/identity/examples/people`). A million take some
/// 10 GB and half an hour.
pub(super) fn measure(users: u64, write: bool) -> Result<()> {
    let folder = shell::target()?.join("bench-people");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let example = ["run", "--release", "--quiet", "--package", "identity", "--example", "people", "--"];
    let tables = shell::output(shell::cargo(example).arg(&folder).arg(users.to_string()));
    fs::remove_dir_all(&folder)?;
    let page = Page { rows: Vec::new(), notes: vec![tables?.trim_end().to_owned()] };
    page.print();
    if write { page.write(&shell::root().join("docs/store.md")) } else { Ok(()) }
}
