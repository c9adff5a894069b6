use std::collections::BTreeSet;

use model::{nearest, parse_duration};

use crate::{
    Rules,
    problems::{Sink, quoted},
    source::{document::Kind, view::View},
};

const WORDS: [&str; 5] = ["roles", "plans", "max_age", "acr", "policy"];

/// `x-lobby` of an operation. It is about who may pass, so whatever is not understood is an error.
pub(crate) fn rules(operation: View<'_>, sink: &mut Sink) -> Rules {
    let mut rules = Rules::default();
    let Some((key, extension)) = operation.member("x-lobby") else { return rules };
    if !extension.is_map() {
        let message = format!("`x-lobby` is {} and must be a mapping", extension.what());
        sink.error("x-lobby.form", key, message, "its members are roles, plans, max_age, acr and policy");
        return rules;
    }
    for (key, value) in extension.members() {
        match key.name() {
            "roles" => rules.roles = names(value, sink),
            "plans" => rules.plans = names(value, sink),
            "acr" => rules.acr = text(value, sink).map(ToOwned::to_owned),
            "max_age" => match parse_duration(text(value, sink).unwrap_or("0s")) {
                Ok(span) => rules.max_age = Some(span),
                Err(error) => sink.error("x-lobby.max_age", value, error.to_string(), ""),
            },
            "policy" => match text(value, sink).map(str::parse) {
                Some(Ok(policy)) => rules.policy = Some(policy),
                Some(Err(error)) => {
                    let error: crate::PolicyError = error;
                    sink.error("x-lobby.policy", value, error.to_string(), "");
                }
                None => {}
            },
            other => {
                let near = nearest(other, WORDS);
                let help = near.map_or_else(
                    || format!("known are {}", WORDS.join(", ")),
                    |near| format!("did you mean `{near}`?"),
                );
                sink.error("x-lobby.key", key, format!("{} is no member of `x-lobby`", quoted(other)), &help);
            }
        }
    }
    rules
}

fn text<'a>(value: View<'a>, sink: &mut Sink) -> Option<&'a str> {
    let text = value.scalar().filter(|text| !text.is_empty());
    if text.is_none() {
        sink.error("x-lobby.form", value, format!("{} stands where a text belongs", value.what()), "");
    }
    text
}

fn names(value: View<'_>, sink: &mut Sink) -> BTreeSet<String> {
    if value.kind() == Kind::List {
        let names: BTreeSet<String> =
            value.items().filter_map(|item| text(item, sink)).map(ToOwned::to_owned).collect();
        if names.is_empty() {
            sink.error(
                "x-lobby.form",
                value,
                "the list is empty: it would let nobody in, or everybody",
                "take it out, or name one",
            );
        }
        return names;
    }
    text(value, sink).map(ToOwned::to_owned).into_iter().collect()
}
