//! `docs/problems.md`, from the tables of what can be wrong with documents and with lobby.yaml.

use std::fmt::Write;

use contract::Kind;

use crate::kind;

pub(super) fn page() -> String {
    let mut out = String::from(
        "# Problems\n\nWhat can be wrong with a document or with lobby.yaml, as `lobby mock` and `lobby check` tell it: with file, line and\n\
         column, the line itself, and what to do. An *error* keeps the document from being served; a *warning* says what\n\
         became of it. The codes are stable, and the same in `--format json` and `sarif`.\n\n\
         Findings about security have [pages of their own](lints/README.md), and answers to requests are\n\
         [denials](denials.md).\n",
    );
    section(&mut out, "Documents", Kind::ALL);
    section(&mut out, "lobby.yaml, and documents together", &kind::OWN);
    out
}

fn section(out: &mut String, title: &str, kinds: &[Kind]) {
    let _ = write!(out, "\n## {title}\n");
    for kind in kinds {
        // A heading's own anchor would leave the dots out.
        let _ = write!(
            out,
            "\n<a id=\"{0}\"></a>\n\n### {0}\n\n{1}. To do: {2}.\n",
            kind.code, kind.meaning, kind.cure
        );
    }
}
