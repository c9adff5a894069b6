use std::collections::BTreeMap;

use model::{Place, Problem, Severity};

use crate::{Face, source::view::View};

/// Problems of one kind that are written out; the rest is counted.
const SHOWN: u32 = 40;

/// Collects problems, so that a document with ten thousand faults is told in a page.
#[derive(Debug)]
pub(crate) struct Sink {
    pub(crate) face: Face,
    found: Vec<Problem>,
    counts: BTreeMap<(Severity, &'static str), u32>,
}

impl Sink {
    pub(crate) fn new(face: Face) -> Self {
        Self { face, found: Vec::new(), counts: BTreeMap::new() }
    }

    /// Whether anything cannot be served.
    pub(crate) fn failed(&self) -> bool {
        self.counts.keys().any(|(severity, _)| *severity == Severity::Error)
    }

    pub(crate) fn add(
        &mut self,
        severity: Severity,
        code: &'static str,
        place: impl FnOnce() -> Option<Place>,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        debug_assert!(
            crate::Kind::parse(code).is_some() || crate::lint::Lint::parse(code).is_some(),
            "{code} is explained nowhere"
        );
        let count = self.counts.entry((severity, code)).or_insert(0);
        *count += 1;
        if *count <= SHOWN {
            let problem = Problem { severity, code, message: message.into(), place: place(), help };
            if !self.found.contains(&problem) {
                self.found.push(problem);
            }
        }
    }

    pub(crate) fn error(&mut self, code: &'static str, at: View<'_>, message: impl Into<String>, help: &str) {
        self.add(Severity::Error, code, || Some(at.place()), message, text(help));
    }

    pub(crate) fn warn(&mut self, code: &'static str, at: View<'_>, message: impl Into<String>, help: &str) {
        self.add(Severity::Warning, code, || Some(at.place()), message, text(help));
    }

    /// What a mock serves nevertheless and a guard refuses.
    pub(crate) fn strict(
        &mut self,
        code: &'static str,
        at: View<'_>,
        message: impl Into<String>,
        help: &str,
    ) {
        match self.face {
            Face::Guard => self.error(code, at, message, help),
            Face::Mock => self.warn(code, at, message, help),
        }
    }

    /// All of them: by file in the order that files were met, by line within one; what has no place comes last.
    pub(crate) fn finish(mut self) -> Vec<Problem> {
        for ((severity, code), count) in &self.counts {
            if *count > SHOWN {
                let message = format!("{} more of the kind `{code}` are not shown", count - SHOWN);
                self.found.push(Problem {
                    severity: (*severity).min(Severity::Note),
                    code,
                    message,
                    place: None,
                    help: None,
                });
            }
        }
        let mut files = Vec::new();
        for place in self.found.iter().filter_map(|problem| problem.place.as_ref()) {
            if !files.contains(&place.file) {
                files.push(place.file.clone());
            }
        }
        self.found.sort_by_key(|problem| {
            let place = problem.place.as_ref();
            let file = place.and_then(|place| files.iter().position(|file| *file == place.file));
            (file.unwrap_or(usize::MAX), place.map(|place| (place.line, place.column)))
        });
        self.found
    }
}

fn text(help: &str) -> Option<String> {
    (!help.is_empty()).then(|| help.to_owned())
}

/// A name of the document in a message: short, and without line breaks that would tear it.
pub(crate) fn shown(name: &str) -> String {
    let mut text: String = name.chars().take(60).flat_map(char::escape_debug).collect();
    if name.chars().nth(60).is_some() {
        text.push('…');
    }
    text
}

/// `name` quoted and shortened for a message.
pub(crate) fn quoted(name: &str) -> String {
    format!("`{}`", shown(name))
}
