use std::collections::BTreeMap;

use model::{Place, Problem, Severity};

use crate::{
    Contract, Face, Operation, Scheme, SchemeId,
    lint::{Lint, place},
    problems::{Sink, quoted},
};

/// Says what is wrong about some operations: the name of the scheme, the operations → a sentence that is right
/// for one and for many.
pub(crate) type Sentence = fn(&str, &str) -> String;

/// What is found, so that a thousand operations with one cause are one finding.
pub(crate) struct Findings<'a> {
    pub(crate) contract: &'a Contract,
    sink: Sink,
    inherited: BTreeMap<(Lint, Option<SchemeId>), Inherited<'a>>,
}

struct Inherited<'a> {
    sentence: Sentence,
    operations: Vec<&'a Operation>,
}

/// What about an operation's requirement is wrong.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cause<'a> {
    /// Which of its alternatives; `None` for all of it.
    pub(crate) alternative: Option<usize>,
    /// Which scheme of it.
    pub(crate) scheme: Option<&'a Scheme>,
}

impl<'a> Findings<'a> {
    pub(crate) fn new(contract: &'a Contract) -> Self {
        Self { contract, sink: Sink::new(Face::Mock), inherited: BTreeMap::new() }
    }

    /// One finding at one place.
    pub(crate) fn add(&mut self, lint: Lint, place: impl FnOnce() -> Option<Place>, message: String) {
        self.add_as(lint.severity(), lint, place, message);
    }

    /// One finding that is worse or milder than usual.
    pub(crate) fn add_as(
        &mut self,
        severity: Severity,
        lint: Lint,
        place: impl FnOnce() -> Option<Place>,
        message: String,
    ) {
        self.sink.add(severity, lint.code(), place, message, Some(lint.help().to_owned()));
    }

    /// A finding that comes of what an operation requires. Where it writes that itself, that is the place;
    /// what comes of the document's default is told once, for all who inherit it.
    pub(crate) fn required(
        &mut self,
        lint: Lint,
        operation: &'a Operation,
        cause: Cause<'_>,
        sentence: Sentence,
    ) {
        if let Some(security) = place::own_security(self.contract, operation) {
            let place = || Some(place::demand(security, cause.alternative, cause.scheme));
            let name = cause.scheme.map_or("", |scheme| scheme.name.as_str());
            self.add(lint, place, sentence(&quoted(name), &subject(&[operation])));
            return;
        }
        let group = self.inherited.entry((lint, cause.scheme.map(|scheme| scheme.id)));
        let group = group.or_insert_with(|| Inherited { sentence, operations: Vec::new() });
        if group.operations.last().is_none_or(|last| last.id != operation.id) {
            group.operations.push(operation);
        }
    }

    /// One finding about several operations, at the first of them.
    pub(crate) fn together(&mut self, lint: Lint, operations: &[&Operation], sentence: Sentence) {
        let Some(first) = operations.first() else { return };
        let contract = self.contract;
        let place = || place::operation(contract, first);
        self.add(lint, place, sentence("", &subject(operations)));
    }

    /// All of them, in the order of files and lines.
    pub(crate) fn finish(mut self) -> Vec<Problem> {
        for ((lint, scheme), group) in std::mem::take(&mut self.inherited) {
            let scheme = scheme.and_then(|id| self.contract.scheme(id));
            let security =
                place::root_security(self.contract).map(|found| place::demand(found, None, scheme));
            let first = group.operations.first();
            let place = security.or_else(|| first.and_then(|first| place::operation(self.contract, first)));
            let name = scheme.map_or("", |scheme| scheme.name.as_str());
            self.add(lint, || place, (group.sentence)(&quoted(name), &subject(&group.operations)));
        }
        self.sink.finish()
    }
}

/// Operations that are named before the rest is counted.
const NAMED: usize = 8;

/// `createBook`, or `createBook`, `replaceBook` and 11 more.
pub(crate) fn subject(operations: &[&Operation]) -> String {
    let names: Vec<String> = operations.iter().take(NAMED).map(|operation| quoted(&operation.name)).collect();
    match (names.as_slice(), operations.len().saturating_sub(NAMED)) {
        ([], _) => String::new(),
        ([only], _) => only.clone(),
        ([first @ .., last], 0) => format!("{} and {last}", first.join(", ")),
        (all, more) => format!("{} and {more} more", all.join(", ")),
    }
}
