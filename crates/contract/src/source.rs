//! Bytes of documents → trees whose every node knows where it stands.

pub(crate) mod builder;
pub(crate) mod decode;
pub(crate) mod dialect;
pub(crate) mod document;
pub(crate) mod json;
pub(crate) mod library;
pub(crate) mod loader;
pub(crate) mod survey;
pub(crate) mod view;
pub(crate) mod yaml;

/// Offsets and indices are 32 bits: a document is bounded well below that.
pub(crate) fn narrow(wide: usize) -> u32 {
    u32::try_from(wide).unwrap_or(u32::MAX)
}

/// Why a text is no tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ParseError {
    /// Byte offset in the decoded text.
    pub(crate) at: u32,
    /// Stable name of the problem.
    pub(crate) code: &'static str,
    /// What is wrong.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) help: Option<String>,
}
