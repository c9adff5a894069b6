use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::load::Load;

const BEGIN: &str = "<!-- bench: begin -->";
const END: &str = "<!-- bench: end -->";

/// What a subject showed.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) load: Load,
    /// From the start to the first 200; zero where it was not measured.
    pub(super) first: Duration,
    /// Memory before any load, in bytes.
    pub(super) idle: u64,
    /// The most memory held under load, in bytes.
    pub(super) loaded: u64,
}

/// All that a run found.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) rows: Vec<Row>,
    pub(super) notes: Vec<String>,
}

impl Page {
    /// Shows it to the developer.
    pub(super) fn print(&self) {
        println!("\n{}", self.text());
    }

    /// Puts it between the markers of a page, which it gets at its end when it has none.
    pub(super) fn write(&self, file: &Path) -> Result<()> {
        let old = fs::read_to_string(file).unwrap_or_default();
        let text = format!("{BEGIN}\n\n{}\n{END}", self.text().trim());
        let new = match (old.find(BEGIN), old.find(END)) {
            (Some(begin), Some(end)) if begin < end => {
                let (before, rest) = old.split_at(begin);
                let after = rest.split_at(end - begin + END.len()).1;
                format!("{before}{text}{after}")
            }
            _ => format!("{old}\n{text}\n"),
        };
        fs::create_dir_all(file.parent().context("the page lies in a folder")?)?;
        fs::write(file, new).with_context(|| format!("cannot write {}", file.display()))
    }

    fn text(&self) -> String {
        let ours = self.rows.iter().find(|row| row.name == "Lobby, token verified").map(|row| row.load);
        let mut text = String::new();
        if !self.rows.is_empty() {
            text += "| `GET /books` | requests/s | Lobby is | p50 | p99 | first 200 | idle | loaded |\n";
            text += "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n";
        }
        for row in &self.rows {
            let ratio = match ours {
                Some(ours) if !row.name.starts_with("Lobby") => {
                    format!("{:.1} ×", ours.requests / row.load.requests)
                }
                Some(_) | None => String::new(),
            };
            let first = if row.first.is_zero() { String::new() } else { milliseconds(row.first) };
            let Load { requests, median, slow } = row.load;
            let (idle, loaded) = (megabytes(row.idle), megabytes(row.loaded));
            let line = format!(
                "| {} | {requests:.0} | {ratio} | {median:.2} ms | {slow:.2} ms | {first} | {idle} | {loaded} |",
                row.name
            );
            text += &line;
            text.push('\n');
        }
        for note in &self.notes {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "\n{note}");
        }
        text
    }
}

/// One line on how a start went.
pub(super) fn start_line(name: &str, first: Duration, memory: u64) -> String {
    format!("- {name}: {}, {}", milliseconds(first), megabytes(memory))
}

/// `12 ms`.
pub(super) fn milliseconds(span: Duration) -> String {
    format!("{:.0} ms", span.as_secs_f64() * 1e3)
}

fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, requests: f64) -> Row {
        let load = Load { requests, median: 1.0, slow: 2.0 };
        Row { name: name.to_owned(), load, first: Duration::ZERO, idle: 0, loaded: 0 }
    }

    #[test]
    fn a_peer_is_compared_with_us() {
        let rows = vec![row("Lobby, token verified", 60_000.0), row("Prism", 2_000.0)];
        let text = Page { rows, notes: Vec::new() }.text();
        assert!(text.contains("| Prism | 2000 | 30.0 × |"), "{text}");
    }

    #[test]
    fn a_page_keeps_what_stands_around_the_tables() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("page.md");
        fs::write(&file, format!("before\n{BEGIN}\nold\n{END}\nafter\n")).unwrap();
        Page { rows: Vec::new(), notes: vec!["new".to_owned()] }.write(&file).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("before\n") && text.ends_with("\nafter\n"), "{text}");
        assert!(text.contains("new") && !text.contains("old"), "{text}");
    }
}
