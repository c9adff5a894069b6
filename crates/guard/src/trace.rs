use std::{borrow::Cow, fmt};

/// How a decision was come to, step by step: what `--explain`, the console and `lobby inspect` show. It
/// has no secrets and no part of a credential.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace(Vec<Note>);

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What was looked at: `signature`, `scheme badge`.
    pub looked_at: Cow<'static, str>,
    /// What came out.
    pub found: Finding,
    /// In words.
    pub words: String,
}

/// What came out of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// It holds.
    Good,
    /// It does not.
    Bad,
    /// It is only told.
    Told,
}

impl Trace {
    /// Adds a step.
    pub fn push(
        &mut self,
        looked_at: impl Into<Cow<'static, str>>,
        found: Finding,
        words: impl Into<String>,
    ) {
        self.0.push(Note { looked_at: looked_at.into(), found, words: words.into() });
    }

    /// The steps, in their order.
    pub fn notes(&self) -> &[Note] {
        &self.0
    }

    /// The steps as lines of plain words: `ok  signature: by the key k1 (ES256)`.
    pub fn lines(&self) -> impl Iterator<Item = String> + '_ {
        self.0.iter().map(Note::to_string)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.found {
            Finding::Good => "ok",
            Finding::Bad => "no",
            Finding::Told => "  ",
        };
        write!(f, "{mark}  {}: {}", self.looked_at, self.words)
    }
}
