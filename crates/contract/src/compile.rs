//! One operation's parameters, bodies and responses, compiled when it is first asked for.

pub(crate) mod bodies;
mod parameters;
pub(crate) mod responses;

use crate::{Contract, Detail, Operation, source::view::View};

/// Everything of `operation`. Never fails: what cannot be read was told when the document was, and is left out.
pub(crate) fn detail(operation: &Operation, contract: &Contract) -> Detail {
    let Some(view) = contract.library.view(operation.at) else { return Detail::default() };
    let body = view.get("requestBody").and_then(|body| body.follow().ok());
    Detail {
        parameters: parameters::all(operation, view, contract),
        body: body.filter(View::is_map).map(|body| bodies::request(body, contract)),
        responses: responses::all(view, contract),
    }
}

/// `example`, or the value of the first of `examples`.
pub(crate) fn first_example(owner: View<'_>) -> Option<serde_json::Value> {
    bodies::examples(owner).into_iter().next().map(|example| example.value)
}

/// A member that is true or false.
pub(crate) fn flag(owner: View<'_>, name: &str) -> Option<bool> {
    owner.get(name)?.boolean()
}
