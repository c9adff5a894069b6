use std::sync::{Arc, OnceLock};

use http::Method;

use crate::{Contract, Detail, Requirement, compile, source::view::At};

/// Which operation of a contract: an index into [`crate::Contract::operations`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationId(pub u32);

/// One method on one path template.
#[derive(Debug)]
pub struct Operation {
    /// Its place in the contract.
    pub id: OperationId,
    /// How it is named everywhere: its `operationId`, else (or where that is taken already)
    /// `GET /books/{id}`.
    pub name: Arc<str>,
    /// The method.
    pub method: Method,
    /// The path, without the server's.
    pub template: Template,
    /// What it demands.
    pub requirement: Arc<Requirement>,
    /// The document's one-line summary.
    pub summary: Option<String>,
    /// The document's tags.
    pub tags: Vec<String>,
    /// The paths of its own servers, or of its path's; `None` where the document's hold.
    pub(crate) bases: Option<Arc<[String]>>,
    pub(crate) detail: OnceLock<Arc<Detail>>,
    /// Where it stands.
    pub(crate) at: At,
    /// Where its path item stands, and what that refers to.
    pub(crate) items: Vec<At>,
}

impl Operation {
    /// Everything that an answer or a validation needs, compiled when first asked for. `contract` is the one
    /// that the operation is of.
    pub fn detail(&self, contract: &Contract) -> Arc<Detail> {
        Arc::clone(self.detail.get_or_init(|| Arc::new(compile::detail(self, contract))))
    }
}

/// A path template, cut at its slashes and braces: `/books/{id}.json`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// As written.
    pub text: String,
    /// Between the slashes.
    pub segments: Vec<Segment>,
}

/// One segment of a template: literal and parameter parts in turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// A text that must be the same, percent-decoded.
    Literal(String),
    /// One parameter fills the segment.
    Parameter(String),
    /// Texts and parameters mixed, as `{id}.json` or `{a}-{b}`.
    Mixed(Vec<Part>),
}

/// A part of a mixed segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A text that must be the same.
    Literal(String),
    /// A parameter: at least one character.
    Parameter(String),
}
