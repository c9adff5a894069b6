use std::{path::PathBuf, sync::Arc};

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Served nevertheless; something is not as it was meant.
    Warning,
    /// Cannot be served.
    Error,
}

/// Where in a file something stands. Lines and columns count from 1; columns count characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, as the person named it.
    pub file: Arc<PathBuf>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// How many characters of the line are meant; at least 1.
    pub length: u32,
    /// The line itself, without its end and cut to a readable length, so that the problem can be shown
    /// after the file has changed.
    pub text: String,
}

/// Something that a person must change in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// Stable name, as in `docs/problems.md`: `scheme.undefined`.
    pub code: &'static str,
    /// What is wrong, as a lower-case fragment without a full stop.
    pub message: String,
    /// Where; `None` for what concerns no single place.
    pub place: Option<Place>,
    /// What to do about it.
    pub help: Option<String>,
}
