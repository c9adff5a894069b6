//! OpenAPI documents → [`Contract`]: operations, requirements, parameters, schemas, responses, and the
//! problems of the document with their places. Files come through a loader that is passed in; nothing
//! here touches a disk or a network.
//!
//! ```
//! use contract::{NormalPath, Options, Routed};
//!
//! let text = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths:\n  /a/{id}:\n    get: {}\n";
//! let contract = contract::read_text("api.yaml", text.as_bytes(), &Options::default()).contract.unwrap();
//! let path = NormalPath::parse("/a/7").unwrap();
//! assert!(matches!(contract.route(&http::Method::GET, &path), Routed::To { .. }));
//! ```

mod compile;
mod contract;
mod detail;
#[doc(hidden)]
pub mod fuzz;
mod kind;
pub mod lint;
mod naming;
mod openapi;
mod operation;
mod path;
mod policy;
mod problems;
mod read;
pub mod report;
mod requirement;
mod router;
mod schema;
mod scheme;
mod served;
mod source;

pub use contract::{Contract, Routed, UnknownOperation};
pub use detail::{
    Detail, Example, HeaderField, Location, MediaType, Parameter, RequestBody, Response, Schema, StatusKey,
    Style,
};
pub use kind::Kind;
pub use naming::{Named, named};
pub use operation::{Operation, OperationId, Part, Segment, Template};
pub use path::{NormalPath, PathError};
pub use policy::{Comparison, Operand, Policy, PolicyError};
pub use read::{Face, Options, Reading, read, read_text};
pub use requirement::{Alternative, Demand, Requirement, Rules};
pub use scheme::{Flow, FlowKind, KeyPlace, Scheme, SchemeId, SchemeKind};
pub use served::Pointers;
pub use source::loader::{Address, LoadError, Loaded, Loader};
