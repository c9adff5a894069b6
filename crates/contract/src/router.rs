use std::collections::BTreeMap;

use http::Method;

use crate::{NormalPath, Operation, OperationId, Part, Segment, Template};

/// Templates as a tree by segments; at each level a literal wins over a mixed segment, and that over a
/// parameter (OpenAPI 3.1.1 4.8.8.2: "concrete before templated").
#[derive(Debug, Default)]
pub(crate) struct Router {
    nodes: Vec<Node>,
}

#[derive(Debug, Default)]
struct Node {
    literals: BTreeMap<String, u32>,
    /// The one with more literal text first.
    mixed: Vec<(Vec<Part>, u32)>,
    parameter: Option<u32>,
    /// By method, in the document's order; of two operations with one method the first.
    here: Vec<(Method, OperationId)>,
}

/// Two templates of which neither is the more specific one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ambiguity {
    pub(crate) first: OperationId,
    pub(crate) second: OperationId,
}

fn literal_length(parts: &[Part]) -> usize {
    let length = |part: &Part| match part {
        Part::Literal(text) => text.len(),
        Part::Parameter(_) => 0,
    };
    parts.iter().map(length).sum()
}

/// The same parts whatever their parameters are called.
fn same(left: &[Part], right: &[Part]) -> bool {
    left.len() == right.len()
        && left.iter().zip(right).all(|pair| match pair {
            (Part::Literal(a), Part::Literal(b)) => a == b,
            (Part::Parameter(_), Part::Parameter(_)) => true,
            (Part::Literal(_), Part::Parameter(_)) | (Part::Parameter(_), Part::Literal(_)) => false,
        })
}

impl Router {
    pub(crate) fn new() -> Self {
        Self { nodes: vec![Node::default()] }
    }

    fn make(&mut self) -> u32 {
        self.nodes.push(Node::default());
        crate::source::narrow(self.nodes.len() - 1)
    }

    fn child(&mut self, at: u32, segment: &Segment) -> u32 {
        let fresh = self.make();
        let Some(node) = self.nodes.get_mut(at as usize) else { return fresh };
        let child = match segment {
            Segment::Literal(text) => *node.literals.entry(text.clone()).or_insert(fresh),
            Segment::Parameter(_) => *node.parameter.get_or_insert(fresh),
            Segment::Mixed(parts) => {
                if let Some((_, child)) = node.mixed.iter().find(|(other, _)| same(other, parts)) {
                    *child
                } else {
                    let length = literal_length(parts);
                    let place = node.mixed.partition_point(|(other, _)| literal_length(other) >= length);
                    node.mixed.insert(place, (parts.clone(), fresh));
                    fresh
                }
            }
        };
        if child != fresh {
            self.nodes.pop();
        }
        child
    }

    /// Adds an operation; the one that has this path and method already, if any, stays.
    pub(crate) fn insert(
        &mut self,
        template: &Template,
        method: &Method,
        id: OperationId,
    ) -> Result<(), OperationId> {
        let mut at = 0;
        for segment in &template.segments {
            at = self.child(at, segment);
        }
        let Some(node) = self.nodes.get_mut(at as usize) else { return Ok(()) };
        if let Some((_, other)) = node.here.iter().find(|(other, _)| other == method) {
            return Err(*other);
        }
        node.here.push((method.clone(), id));
        Ok(())
    }

    /// An operation whose template differs from `template` in the names of parameters only.
    pub(crate) fn twin(&self, template: &Template) -> Option<OperationId> {
        let mut node = self.nodes.first()?;
        for segment in &template.segments {
            let next = match segment {
                Segment::Literal(text) => *node.literals.get(text)?,
                Segment::Parameter(_) => node.parameter?,
                Segment::Mixed(parts) => node.mixed.iter().find(|(other, _)| same(other, parts))?.1,
            };
            node = self.nodes.get(next as usize)?;
        }
        node.here.first().map(|(_, id)| *id)
    }

    /// The methods at the most specific template that `path` matches and that has an operation `among` those that
    /// are meant.
    pub(crate) fn find(
        &self,
        path: &NormalPath,
        among: &dyn Fn(OperationId) -> bool,
    ) -> Option<&[(Method, OperationId)]> {
        // A tree: no node is visited twice, whatever the path.
        let mut waiting: Vec<(u32, usize)> = vec![(0, 0)];
        while let Some((at, depth)) = waiting.pop() {
            let Some(node) = self.nodes.get(at as usize) else { continue };
            let Some(segment) = path.segments().get(depth) else {
                if !node.here.iter().any(|(_, id)| among(*id)) {
                    continue;
                }
                return Some(&node.here);
            };
            if let Some(parameter) = node.parameter.filter(|_| !segment.is_empty()) {
                waiting.push((parameter, depth + 1));
            }
            for (parts, child) in node.mixed.iter().rev() {
                if capture(parts, segment).is_some() {
                    waiting.push((*child, depth + 1));
                }
            }
            if let Some(literal) = node.literals.get(segment.as_str()) {
                waiting.push((*literal, depth + 1));
            }
        }
        None
    }

    /// Pairs of templates that one path matches while each is the more specific one somewhere. Bounded: of
    /// a document that is all ambiguity only some are found.
    pub(crate) fn ambiguities(&self) -> Vec<Ambiguity> {
        let mut found = Vec::new();
        let mut steps = 200_000_u32;
        for node in &self.nodes {
            let Some(general) = node.parameter else { continue };
            let special = node.literals.values().copied().chain(node.mixed.iter().map(|(_, child)| *child));
            for special in special {
                self.overlap(special, general, &mut found, &mut steps);
                if steps == 0 || found.len() >= 1000 {
                    return found;
                }
            }
        }
        found
    }

    /// Paths below `special` (which wins) and `general` at once, where `general` is the more specific one later.
    fn overlap(&self, special: u32, general: u32, found: &mut Vec<Ambiguity>, steps: &mut u32) {
        let mut waiting = vec![(special, general, false)];
        while let Some((left, right, crossed)) = waiting.pop() {
            let (Some(a), Some(b)) = (self.nodes.get(left as usize), self.nodes.get(right as usize)) else {
                continue;
            };
            *steps = steps.saturating_sub(1);
            if *steps == 0 {
                return;
            }
            if let (true, Some((_, first)), Some((_, second))) = (crossed, a.here.first(), b.here.first()) {
                found.push(Ambiguity { first: *first, second: *second });
            }
            if let Some(parameter) = a.parameter {
                waiting.extend(b.literals.values().map(|child| (parameter, *child, true)));
                waiting.extend(b.mixed.iter().map(|(_, child)| (parameter, *child, true)));
                waiting.extend(b.parameter.map(|child| (parameter, child, crossed)));
            }
            for (text, child) in &a.literals {
                waiting.extend(b.literals.get(text).map(|other| (*child, *other, crossed)));
                waiting.extend(b.parameter.map(|other| (*child, other, crossed)));
            }
        }
    }
}

/// The values of a mixed segment's parameters; each takes as little as it can, the last the rest.
pub(crate) fn capture<'a>(parts: &[Part], segment: &'a str) -> Option<Vec<&'a str>> {
    let mut values = Vec::new();
    let mut rest = segment;
    let mut pending = false;
    for (index, part) in parts.iter().enumerate() {
        match part {
            Part::Parameter(_) => pending = true,
            Part::Literal(text) if pending => {
                let last = index + 1 == parts.len();
                let first = rest.chars().next()?.len_utf8();
                let at = if last {
                    rest.len()
                        .checked_sub(text.len())
                        .filter(|at| *at >= first && rest.ends_with(text.as_str()))?
                } else {
                    rest.get(first..)?.find(text.as_str())? + first
                };
                values.push(rest.get(..at)?);
                rest = rest.get(at + text.len()..)?;
                pending = false;
            }
            Part::Literal(text) => rest = rest.strip_prefix(text.as_str())?,
        }
    }
    if pending {
        if rest.is_empty() {
            return None;
        }
        values.push(rest);
        rest = "";
    }
    rest.is_empty().then_some(values)
}

/// The path parameters of `operation`, whose template `path` matches.
pub(crate) fn captures<'a>(operation: &'a Operation, path: &NormalPath) -> Vec<(&'a str, String)> {
    let mut found = Vec::new();
    for (segment, value) in operation.template.segments.iter().zip(path.segments()) {
        match segment {
            Segment::Literal(_) => {}
            Segment::Parameter(name) => found.push((name.as_str(), value.clone())),
            Segment::Mixed(parts) => {
                let names = parts.iter().filter_map(|part| match part {
                    Part::Parameter(name) => Some(name.as_str()),
                    Part::Literal(_) => None,
                });
                let values = capture(parts, value).unwrap_or_default();
                found.extend(names.zip(values.into_iter().map(ToOwned::to_owned)));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mixed_segment_takes_as_little_as_it_can() {
        let parts = [Part::Parameter("a".into()), Part::Literal("-".into()), Part::Parameter("b".into())];
        assert_eq!(capture(&parts, "1-2-3"), Some(vec!["1", "2-3"]));
        assert_eq!(capture(&parts, "-2"), None);
        assert_eq!(capture(&parts, "1-"), None);
        let json = [Part::Parameter("a".into()), Part::Literal(".json".into())];
        assert_eq!(capture(&json, "x.json.json"), Some(vec!["x.json"]));
        assert_eq!(capture(&json, ".json"), None);
    }
}
