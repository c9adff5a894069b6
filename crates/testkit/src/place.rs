use std::path::{Path, PathBuf};

/// The repository's root.
pub fn repository() -> PathBuf {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR"));
    crates.ancestors().nth(2).expect("testkit lies two folders below the root").to_owned()
}

/// A file of `examples/`.
pub fn example(name: &str) -> PathBuf {
    repository().join("examples").join(name)
}

/// A file of the test data that lies beside the repository (`../shared/data`).
pub fn shared(path: &str) -> PathBuf {
    repository().join("../shared/data").join(path)
}
