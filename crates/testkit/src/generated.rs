use std::fs;

use crate::repository;

/// Expects that the file at `path` (from the repository's root) says `text`: how a page that is generated
/// from code is kept fresh. `cargo xtask generate` writes such files in place of checking them. The test that
/// calls this has `generated` in its name.
#[track_caller]
pub fn generated(path: &str, text: &str) {
    let file = repository().join(path);
    if std::env::var_os("LOBBY_GENERATE").is_some() {
        fs::create_dir_all(file.parent().expect("generated files lie in the repository")).expect("a folder");
        fs::write(&file, text).expect("the file can be written");
        return;
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    if kept == text {
        return;
    }
    let line = kept.lines().zip(text.lines()).take_while(|(old, new)| old == new).count();
    panic!(
        "{path} is stale from line {}: `{}`, now `{}`; run `cargo xtask generate`",
        line + 1,
        kept.lines().nth(line).unwrap_or_default(),
        text.lines().nth(line).unwrap_or_default(),
    );
}
