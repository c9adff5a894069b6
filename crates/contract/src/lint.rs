//! What a security reviewer would say of a document: pure functions from a [`Contract`] to problems with their
//! places. Every finding is one [`Lint`], which has its code, what to do, and a page that explains it.
//!
//! The document's own faults (a scope that no flow declares, a scheme that nobody can meet) are told when it is
//! read and not once more here.

mod access;
mod answer;
mod code;
mod findings;
mod object;
mod parameter;
mod place;
mod scheme;
mod scope;
mod server;
mod settings;
mod subject;

use model::Problem;

pub use code::Lint;
pub use settings::{ACCESS_TOKEN, cross_origin, optional_proof_key, outdated_grant, token_lifetime};

use crate::{Contract, lint::findings::Findings};

/// Everything that is to be said about the security of a contract, in the order of files and lines. Of one kind,
/// 40 are written out and the rest is counted; what comes of the document's default requirement is one finding,
/// whatever number of operations inherits it.
pub fn lint(contract: &Contract) -> Vec<Problem> {
    let mut findings = Findings::new(contract);
    for operation in contract.operations() {
        access::look(operation, &mut findings);
        object::look(operation, &mut findings);
    }
    scope::look(&mut findings);
    scheme::look(&mut findings);
    server::look(&mut findings);
    parameter::look(&mut findings);
    answer::look(&mut findings);
    findings.finish()
}
