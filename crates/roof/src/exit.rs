//! How a command ends.

use std::error::Error;

use model::Problem;

/// The exit codes of every command (product.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0
    Done,
    /// 1: there is something to look at.
    Findings,
}

impl Exit {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Findings => 1,
        }
    }
}

/// Why a command could not do what it was asked: exit code 2.
#[derive(Debug)]
pub(crate) enum Failure {
    /// One sentence, and what to do.
    Message {
        /// What happened and where.
        message: String,
        /// What to do next.
        hint: Option<String>,
    },
    /// Places in files.
    Problems(Vec<Problem>),
}

impl Failure {
    /// A sentence with what to do next.
    pub(crate) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Message { message: message.into(), hint: Some(hint.into()) }
    }

    /// An error with its causes, as one sentence.
    pub(crate) fn from_error(error: impl Error) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            message.push_str(": ");
            message.push_str(&inner.to_string());
            cause = inner.source();
        }
        Self::Message { message, hint: None }
    }
}
