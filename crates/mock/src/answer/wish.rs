//! Which answer is wanted: by a scenario, by `Prefer`, else as usual.

use std::collections::BTreeSet;

use contract::{Detail, MediaType};

use super::{Forced, choose};
use crate::prefer::Prefer;

/// How many names of examples are told.
const MOST_NAMES: usize = 8;

/// Which answer is to be given.
pub(super) struct Wish<'a> {
    pub(super) status: u16,
    pub(super) example: Option<&'a str>,
    pub(super) dynamic: bool,
}

/// What is to be answered, and which preferences came true.
pub(super) fn wish<'a>(
    detail: &Detail,
    prefer: &'a Prefer,
    forced: &'a Forced,
    dynamic: bool,
) -> (Wish<'a>, Prefer) {
    let mut applied =
        Prefer { delay: prefer.delay, bare: prefer.bare, dynamic: prefer.dynamic, ..Prefer::default() };
    let mut status = forced.status;
    if status.is_none() && forced.example.is_none() {
        status = prefer.code;
        applied.code = prefer.code;
    }
    let example = forced.example.as_deref().or(prefer.example.as_deref());
    let by_example = example.and_then(|name| match status {
        None => choose::status_with_example(detail, name),
        Some(status) => choose::response(detail, status)
            .is_some_and(|response| {
                response.content.iter().any(|media| choose::example(media, name).is_some())
            })
            .then_some(status),
    });
    let example = example.filter(|_| by_example.is_some());
    if forced.example.is_none() {
        applied.example = example.map(str::to_owned);
    }
    let status = status.or(by_example).unwrap_or_else(|| choose::usual_status(detail));
    let dynamic = example.is_none() && prefer.dynamic.unwrap_or(dynamic);
    (Wish { status, example, dynamic }, applied)
}

/// What was wished for and is not there, in a sentence that says what is.
pub(super) fn unmet(detail: &Detail, prefer: &Prefer, forced: &Forced, wish: &Wish<'_>) -> Option<String> {
    let example = forced.example.as_deref().or(prefer.example.as_deref());
    let status = forced.status.or(prefer.code);
    let missing = example.filter(|_| wish.example.is_none());
    let missing = missing.map(|name| no_example(name, status, &known(detail, status)));
    missing.or_else(|| prefer.misread.map(str::to_owned))
}

/// That there is no example of this name, and which there are.
pub(super) fn no_example(name: &str, status: Option<u16>, known: &[&str]) -> String {
    let of = status.map(|status| format!("of {status} ")).unwrap_or_default();
    if known.is_empty() {
        format!("there is no example `{name}`: the document names none {of}here")
    } else {
        format!("there is no example `{name}` {of}here; there are: {}", known.join(", "))
    }
}

/// The names of the documented examples, of one status or of all.
fn known(detail: &Detail, status: Option<u16>) -> Vec<&str> {
    let of_status = status.map(|status| choose::response(detail, status).into_iter().collect::<Vec<_>>());
    let responses = of_status.unwrap_or_else(|| detail.responses.iter().collect());
    names(responses.into_iter().flat_map(|response| &response.content))
}

/// The names of the examples in these forms of a body.
pub(super) fn names<'a>(content: impl IntoIterator<Item = &'a MediaType>) -> Vec<&'a str> {
    let examples = content.into_iter().flat_map(|media| &media.examples);
    let mut seen = BTreeSet::new();
    let names = examples.map(|example| example.name.as_str());
    names.filter(|name| !name.is_empty() && seen.insert(*name)).take(MOST_NAMES).collect()
}
