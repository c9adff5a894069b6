use std::fmt::Write;

use serde_json::json;

use crate::{banner::plain, house::House, report::Reporter};

/// What whoever starts a server is told.
pub(super) struct Notice<'a> {
    pub(super) url: &'a str,
    pub(super) admin: &'a str,
    pub(super) issuer: &'a str,
    pub(super) house: &'a House,
}

impl Notice<'_> {
    /// Tells it, people and programs.
    pub(super) fn tell(&self, reporter: Reporter, notes: &[String]) {
        reporter.text(&self.render(notes));
        let here = json!({
            "url": self.url, "admin": self.admin, "issuer": self.issuer, "version": env!("CARGO_PKG_VERSION"),
        });
        reporter.told_to_programs("ready", "serving", here);
    }

    /// The lines for standard error.
    fn render(&self, notes: &[String]) -> String {
        let mut text = format!("\n  Lobby {}   {}\n\n", env!("CARGO_PKG_VERSION"), self.url);
        for (name, title, bases, operations) in self.house.apis() {
            let bases: Vec<&str> =
                bases.iter().map(|base| if base.is_empty() { "/" } else { base }).collect();
            let _ = writeln!(
                text,
                "  API       {}: {}, {operations} operation{} below {}, as a mock",
                plain(&name),
                plain(&title),
                if operations == 1 { "" } else { "s" },
                plain(&bases.join(" and "))
            );
        }
        let _ = writeln!(text, "  Issuer    {}", self.issuer);
        let _ = writeln!(text, "  Admin     {}   (/health/ready, /metrics)", self.admin);
        let notes: Vec<String> = self.house.notes().into_iter().chain(notes.iter().cloned()).collect();
        for (index, note) in notes.iter().enumerate() {
            let before = if index == 0 { "\n" } else { "" };
            let _ = writeln!(text, "{before}  Note      {note}");
        }
        text
    }
}
