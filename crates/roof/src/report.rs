//! What is said on standard error.

mod event;

use std::io::{IsTerminal, Write};

use model::{Clock, Event, Problem, Severity, Timestamp};
use serde_json::{Map, Value, json};

use crate::{
    cli::{Color, Global, LogFormat},
    exit::Failure,
    system::SystemClock,
};

/// Writes for people or for programs, as the global flags say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reporter {
    format: LogFormat,
    color: bool,
    loud: bool,
}

impl Reporter {
    pub(crate) fn new(global: &Global) -> Self {
        let color = match global.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                std::io::stderr().is_terminal()
                    && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty())
            }
        };
        Self { format: global.log_format, color, loud: global.verbose > 0 }
    }

    /// Whether each request is told (`-v`).
    pub(crate) fn is_loud(self) -> bool {
        self.loud
    }

    /// Lines for people; programs read the ready file.
    pub(crate) fn text(self, text: &str) {
        if self.format == LogFormat::Text {
            let _ = std::io::stderr().lock().write_all(text.as_bytes());
        }
    }

    /// One thing that happened.
    pub(crate) fn line(self, message: &str) {
        self.told(Severity::Note, "note", message, json!({}));
    }

    /// One thing that happened, with what a program may want of it.
    pub(crate) fn told(self, severity: Severity, event: &str, message: &str, mut more: Value) {
        let line = match (self.format, more.as_object_mut()) {
            (LogFormat::Json, Some(members)) => {
                let mut line = head(level(severity), event, SystemClock.now());
                line.insert("message".to_owned(), message.into());
                line.append(members);
                format!("{}\n", Value::Object(line))
            }
            (LogFormat::Text | LogFormat::Json, _) => format!("{message}\n"),
        };
        let _ = std::io::stderr().lock().write_all(line.as_bytes());
    }

    /// One thing that happened which the banner tells people.
    pub(crate) fn told_to_programs(self, event: &str, message: &str, more: Value) {
        if self.format == LogFormat::Json {
            self.told(Severity::Note, event, message, more);
        }
    }

    /// Problems with their places.
    pub(crate) fn problems(self, problems: &[Problem]) {
        let text = match self.format {
            LogFormat::Text => contract::report::text(problems, self.color),
            LogFormat::Json if problems.is_empty() => String::new(),
            LogFormat::Json => {
                let worst = problems.iter().map(|problem| problem.severity).max().unwrap_or(Severity::Note);
                let mut line = head(level(worst), "problems", SystemClock.now());
                if let Value::Object(mut members) = contract::report::json(problems) {
                    line.append(&mut members);
                }
                format!("{}\n", Value::Object(line))
            }
        };
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
    }

    /// Something that happened in the house: a request (`-v`), a decision (`--explain`), a warning.
    pub(crate) fn event(self, event: &Event) {
        if matches!(event, Event::Request(_) | Event::SignIn(_)) && !self.loud {
            return;
        }
        let line = match self.format {
            LogFormat::Text => event::text(event),
            LogFormat::Json => format!("{}\n", event::json(event)),
        };
        // Names come from documents and clients: what a terminal would obey is left out.
        let line: String =
            line.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect();
        let _ = std::io::stderr().lock().write_all(line.as_bytes());
    }

    /// Why a command failed.
    pub(crate) fn failure(self, failure: &Failure) {
        match failure {
            Failure::Problems(problems) => self.problems(problems),
            Failure::Message { message, hint } => {
                let text = match (self.format, hint) {
                    (LogFormat::Text, Some(hint)) => format!("error: {message}\nhint: {hint}\n"),
                    (LogFormat::Text, None) => format!("error: {message}\n"),
                    (LogFormat::Json, hint) => {
                        let mut line = head("error", "failure", SystemClock.now());
                        line.insert("message".to_owned(), message.as_str().into());
                        line.insert("hint".to_owned(), hint.as_deref().into());
                        format!("{}\n", Value::Object(line))
                    }
                };
                let _ = std::io::stderr().lock().write_all(text.as_bytes());
            }
        }
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "info",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// What each line for programs begins with; `at` is real time, so that lines are in order.
fn head(level: &str, event: &str, at: Timestamp) -> Map<String, Value> {
    let mut line = Map::new();
    for (name, value) in [("level", level), ("event", event), ("at", &at.to_string())] {
        line.insert(name.to_owned(), value.into());
    }
    line
}
