use std::collections::{HashMap, HashSet};

use regex::RegexBuilder;

use crate::{
    problems::{Sink, shown},
    source::{
        library::Library,
        survey::Survey,
        view::{At, View},
    },
};

/// What the automaton of one pattern may take, in bytes.
const PATTERN: usize = 1 << 20;
/// Different patterns of one document that are tried when it is read.
const PATTERNS: usize = 1000;
/// A generated value is cut below this, whatever a schema says.
const CHARACTERS: f64 = 1_048_576.0;
const ITEMS: f64 = 10_000.0;

/// Faults in schemas: told, and served without the word that is at fault. Returns the patterns that cannot be run.
pub(crate) fn check(library: &Library, surveys: &[Survey], sink: &mut Sink) -> HashSet<String> {
    for survey in surveys {
        for view in survey.bounded.iter().filter_map(|at| library.view(*at)) {
            bounds(view, sink);
        }
        for view in survey.numbers.iter().filter_map(|at| library.view(*at)) {
            let message = "the number is beyond 64 bits and is not kept exactly";
            sink.warn("number.range", view, message, "write it as a text, or leave it out");
        }
    }
    endless(library, sink);
    patterns(library, surveys, sink)
}

fn bounds(view: View<'_>, sink: &mut Sink) {
    let number = |name: &str| view.get(name).and_then(|value| value.number());
    let pairs = [
        ("minLength", "maxLength"),
        ("minItems", "maxItems"),
        ("minProperties", "maxProperties"),
        ("minimum", "maximum"),
    ];
    for (low, high) in pairs {
        if let (Some(least), Some(most), Some((key, _))) = (number(low), number(high), view.member(low))
            && least > most
        {
            let message = format!("nothing satisfies this schema: `{low}` is greater than `{high}`");
            sink.warn("schema.contradiction", key, message, "");
        }
    }
    for (name, most) in [("minLength", CHARACTERS), ("minItems", ITEMS), ("minProperties", ITEMS)] {
        if let (Some(least), Some((key, _))) = (number(name), view.member(name))
            && least > most
        {
            sink.warn(
                "schema.size",
                key,
                format!("values of this size are not made up: `{name}` is beyond {most}"),
                "",
            );
        }
    }
    if let (Some(step), Some((key, _))) = (number("multipleOf"), view.member("multipleOf"))
        && step <= 0.0
    {
        sink.warn("schema.multiple", key, "`multipleOf` must be greater than 0 and is ignored", "");
    }
}

fn patterns(library: &Library, surveys: &[Survey], sink: &mut Sink) -> HashSet<String> {
    let mut unusable = HashSet::new();
    let mut seen = HashSet::new();
    let views = surveys.iter().flat_map(|survey| &survey.patterns).filter_map(|at| library.view(*at));
    for view in views {
        let Some(pattern) = view.text() else { continue };
        if seen.len() >= PATTERNS || !seen.insert(pattern) {
            continue;
        }
        match usable(pattern) {
            Usable::Yes => {}
            Usable::Backtracking => sink.warn(
                "pattern.backtracking",
                view,
                "the pattern looks around or back, which cannot be matched in linear time; it is matched within a limit of steps",
                "",
            ),
            Usable::No => {
                let message = format!("the pattern `{}` cannot be used; values are not checked against it", shown(pattern));
                sink.warn("pattern.invalid", view, message, "");
                unusable.insert(pattern.to_owned());
            }
        }
    }
    unusable
}

/// Whether a pattern can be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Usable {
    Yes,
    /// Only by backtracking.
    Backtracking,
    /// Not a regular expression, or one that needs too much memory.
    No,
}

/// Tries a pattern with the linear engine.
pub(crate) fn usable(pattern: &str) -> Usable {
    match RegexBuilder::new(pattern).size_limit(PATTERN).build() {
        Ok(_) => Usable::Yes,
        Err(regex::Error::Syntax(text))
            if text.contains("look-around") || text.contains("backreferences") =>
        {
            Usable::Backtracking
        }
        Err(_) => Usable::No,
    }
}

/// Component schemas that every value of which contains another of its kind: no finite value satisfies them.
fn endless(library: &Library, sink: &mut Sink) {
    let Some(schemas) = library.root().and_then(|root| root.get("components")?.get("schemas")) else {
        return;
    };
    // 0: not looked at, 1: on the way, 2: ends.
    let mut state: HashMap<At, u8> = HashMap::new();
    for (_, schema) in schemas.members() {
        let mut path = vec![(schema, needs(schema))];
        if state.insert(schema.at, 1).is_some_and(|known| known != 0) {
            state.insert(schema.at, 2);
            continue;
        }
        while let Some((current, waiting)) = path.last_mut() {
            let Some(next) = waiting.pop() else {
                state.insert(current.at, 2);
                path.pop();
                continue;
            };
            match state.get(&next.at) {
                None => {
                    state.insert(next.at, 1);
                    path.push((next, needs(next)));
                }
                Some(1) => {
                    let place = next.member("required").map_or(next, |(key, _)| key);
                    let message = "no finite value satisfies this schema: each contains another of its kind";
                    sink.warn("schema.endless", place, message, "make a property on the way optional");
                }
                Some(_) => {}
            }
        }
    }
}

/// Schemas of which a value of this one always contains a value.
fn needs(schema: View<'_>) -> Vec<View<'_>> {
    let (Some(required), Some(properties)) = (schema.get("required"), schema.get("properties")) else {
        return Vec::new();
    };
    if schema.get_text("type") != Some("object") {
        return Vec::new();
    }
    let values = required.items().filter_map(|name| properties.get(name.text()?));
    values.filter(|value| value.reference().is_some()).filter_map(|value| value.follow().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_sorted_by_what_it_costs() {
        assert_eq!(usable("^(a+)+$"), Usable::Yes);
        assert_eq!(usable("^(?=a)b"), Usable::Backtracking);
        assert_eq!(usable("(a)\\1"), Usable::Backtracking);
        assert_eq!(usable("["), Usable::No);
        assert_eq!(usable("^((a{1,1000}){1,1000}){1,1000}$"), Usable::No);
    }
}
