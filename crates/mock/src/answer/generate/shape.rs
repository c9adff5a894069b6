//! All schemas that hold at one place, gathered: references followed, `allOf` joined, one branch of each
//! `anyOf`, `oneOf` and `if` chosen.

use serde_json::{Map, Value};

use super::{
    height::Heights,
    holds::names,
    resolve::{Resolver, address},
};

/// A set of JSON Schema's types, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Types(u8);

impl Types {
    pub(super) const NULL: Self = Self(1);
    pub(super) const BOOLEAN: Self = Self(1 << 1);
    pub(super) const INTEGER: Self = Self(1 << 2);
    pub(super) const NUMBER: Self = Self(1 << 3 | 1 << 2);
    pub(super) const STRING: Self = Self(1 << 4);
    pub(super) const ARRAY: Self = Self(1 << 5);
    pub(super) const OBJECT: Self = Self(1 << 6);
    pub(super) const ALL: Self = Self(0x7f);

    pub(super) fn of(kind: &str) -> Self {
        match kind {
            "null" => Self::NULL,
            "boolean" => Self::BOOLEAN,
            "integer" => Self::INTEGER,
            "number" => Self::NUMBER,
            "string" => Self::STRING,
            "array" => Self::ARRAY,
            "object" => Self::OBJECT,
            _ => Self::ALL,
        }
    }

    /// The set of a `type` keyword; everything where there is none.
    pub(super) fn named(word: Option<&Value>) -> Self {
        match word {
            Some(Value::String(kind)) => Self::of(kind),
            Some(Value::Array(kinds)) => {
                let kinds = kinds.iter().filter_map(Value::as_str).map(Self::of);
                kinds.fold(Self(0), |all, kind| Self(all.0 | kind.0))
            }
            _ => Self::ALL,
        }
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// What holds at one place.
pub(super) struct Shape<'a> {
    /// The schema objects, in the order in which they were met.
    pub(super) nodes: Vec<&'a Map<String, Value>>,
    /// The types that are left.
    pub(super) types: Types,
    /// A `false` stands among the schemas, or no type is left.
    pub(super) never: bool,
    /// Some keyword cannot be met by construction: the value must be judged.
    pub(super) judged: bool,
    /// How many branches there were to choose from, all choices multiplied (bounded).
    pub(super) ways: u32,
    /// Properties that may not stand there.
    pub(super) forbidden: Vec<&'a str>,
    /// Properties whose value a discriminator fixes.
    pub(super) fixed: Vec<(&'a str, String)>,
    /// Targets of the references that were followed, by address.
    pub(super) entered: Vec<usize>,
    /// The resources that were entered, for `$dynamicRef`.
    pub(super) scope: Vec<usize>,
    seen: Vec<usize>,
}

/// How branches are chosen.
pub(super) struct Chooser<'p> {
    /// Draws a number below the given one.
    pub(super) draw: &'p mut dyn FnMut(usize) -> usize,
    /// Which try this is, from 0; later ones take other branches.
    pub(super) attempt: usize,
    /// Only the branches that end soonest.
    pub(super) shallow: bool,
    /// Targets that are being generated further up: branches that lead there again come last.
    pub(super) open: &'p [usize],
}

/// How many schema objects may meet at one place.
const MOST_NODES: usize = 400;

impl<'a> Shape<'a> {
    pub(super) fn gather(
        parts: &[&'a Value],
        resolver: &Resolver<'a>,
        heights: &mut Heights,
        chooser: &mut Chooser<'_>,
        scope: &[usize],
    ) -> Self {
        let mut shape = Self {
            nodes: Vec::new(),
            types: Types::ALL,
            never: false,
            judged: false,
            ways: 1,
            forbidden: Vec::new(),
            fixed: Vec::new(),
            entered: Vec::new(),
            scope: scope.to_vec(),
            seen: Vec::new(),
        };
        let mut gatherer = Gatherer { shape: &mut shape, resolver, heights, chooser };
        for part in parts {
            gatherer.add(part, None);
        }
        shape.never |= shape.types.is_empty();
        shape
    }

    /// The values of a keyword in all schemas.
    pub(super) fn all<'s>(&'s self, word: &'s str) -> impl Iterator<Item = &'a Value> + 's {
        self.nodes.iter().filter_map(move |node| node.get(word))
    }

    /// The first text of a keyword.
    pub(super) fn text(&self, word: &str) -> Option<&'a str> {
        self.nodes.iter().find_map(|node| node.get(word).and_then(Value::as_str))
    }
}

struct Gatherer<'a, 's, 'p> {
    shape: &'s mut Shape<'a>,
    resolver: &'s Resolver<'a>,
    heights: &'s mut Heights,
    chooser: &'s mut Chooser<'p>,
}

impl<'a> Gatherer<'a, '_, '_> {
    /// Adds a schema. `via`: the reference that led to it.
    fn add(&mut self, node: &'a Value, via: Option<&'a str>) {
        let map = match node {
            Value::Bool(truth) => {
                self.shape.never |= !truth;
                return;
            }
            Value::Object(map) => map,
            Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) => return,
        };
        if self.shape.seen.contains(&address(node)) || self.shape.seen.len() > MOST_NODES {
            return;
        }
        self.shape.seen.push(address(node));
        self.shape.nodes.push(map);
        self.shape.types = self.shape.types.and(Types::named(map.get("type")));
        self.shape.judged |=
            ["unevaluatedProperties", "unevaluatedItems", "contains", "propertyNames", "const", "enum"]
                .iter()
                .any(|word| map.contains_key(*word));
        self.follow(node, map);
        for part in map.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.add(part, None);
        }
        self.discriminate_self(map, via);
        for word in ["anyOf", "oneOf"] {
            if let Some(Value::Array(branches)) = map.get(word) {
                self.branch(map, branches);
                self.shape.judged |= word == "oneOf" && branches.len() > 1;
            }
        }
        self.condition(map);
        self.negation(map);
        self.dependents(map);
    }

    fn follow(&mut self, node: &'a Value, map: &'a Map<String, Value>) {
        let plain = map.get("$ref").and_then(Value::as_str);
        let dynamic = map.get("$dynamicRef").and_then(Value::as_str);
        let plain_target = plain.and_then(|to| self.resolver.target(node, to).map(|found| (to, found)));
        let dynamic_target = dynamic
            .and_then(|to| self.resolver.dynamic(node, to, &self.shape.scope).map(|found| (to, found)));
        for (to, (target, resource)) in plain_target.into_iter().chain(dynamic_target) {
            self.shape.entered.push(address(target));
            if self.shape.scope.last() != Some(&resource) {
                self.shape.scope.push(resource);
            }
            self.add(target, Some(to));
        }
    }

    fn branch(&mut self, map: &'a Map<String, Value>, branches: &'a [Value]) {
        let fitting: Vec<&'a Value> = branches.iter().filter(|branch| self.is_open(branch)).collect();
        if fitting.is_empty() {
            self.shape.never |= !branches.is_empty();
            return;
        }
        self.shape.ways = self.shape.ways.saturating_mul(u32::try_from(fitting.len()).unwrap_or(u32::MAX));
        let Some(chosen) = self.pick(&fitting) else { return };
        let via = chosen.get("$ref").and_then(Value::as_str);
        if let Some(discriminator) = map.get("discriminator")
            && let Some(name) = discriminator.get("propertyName").and_then(Value::as_str)
            && let Some(value) = via.and_then(|to| mapped(discriminator, to))
            && self.shape.fixed.iter().all(|(known, _)| *known != name)
        {
            self.shape.fixed.push((name, value));
        }
        self.add(chosen, via);
    }

    /// Whether a branch can hold at all beside what is there already, as far as can be seen cheaply.
    fn is_open(&self, branch: &'a Value) -> bool {
        let mut node = branch;
        for _ in 0..8 {
            if node == &Value::Bool(false) {
                return false;
            }
            if !self.shape.types.has(Types::named(node.get("type"))) {
                return false;
            }
            let Some(to) = node.get("$ref").and_then(Value::as_str) else { break };
            let Some((target, _)) = self.resolver.target(node, to) else { break };
            node = target;
        }
        true
    }

    fn pick(&mut self, branches: &[&'a Value]) -> Option<&'a Value> {
        let mut order: Vec<(u32, &'a Value)> = Vec::with_capacity(branches.len());
        for branch in branches {
            let target =
                branch.get("$ref").and_then(Value::as_str).and_then(|to| self.resolver.target(branch, to));
            let again = target.is_some_and(|(target, _)| self.chooser.open.contains(&address(target)));
            let height = if self.chooser.shallow { self.heights.of(self.resolver, branch) } else { 0 };
            // `null` is the last thing to show.
            let null = branch.get("type").and_then(Value::as_str) == Some("null");
            let null = u32::from(null && !self.chooser.shallow);
            order.push((height.saturating_mul(4) + 2 * u32::from(again) + null, branch));
        }
        order.sort_by_key(|(rank, _)| *rank);
        let best = order.first()?.0;
        let equal = order.iter().take_while(|(rank, _)| *rank == best).count();
        let first = (self.chooser.draw)(equal.max(1));
        let place = if self.chooser.attempt < order.len() {
            // Each try another branch, beginning with the one that was drawn.
            (first + self.chooser.attempt) % order.len()
        } else {
            (self.chooser.draw)(order.len())
        };
        order.get(place).map(|(_, branch)| *branch)
    }

    fn condition(&mut self, map: &'a Map<String, Value>) {
        let Some(condition) = map.get("if") else { return };
        if !map.contains_key("then") && !map.contains_key("else") {
            return;
        }
        self.shape.judged = true;
        self.shape.ways = self.shape.ways.saturating_mul(2);
        let otherwise = ((self.chooser.draw)(2) + self.chooser.attempt) % 2 == 1;
        if otherwise {
            if let Some(part) = map.get("else") {
                self.add(part, None);
            }
        } else {
            self.add(condition, None);
            if let Some(part) = map.get("then") {
                self.add(part, None);
            }
        }
    }

    fn negation(&mut self, map: &'a Map<String, Value>) {
        let Some(not) = map.get("not") else { return };
        self.shape.judged = true;
        let Some(not) = not.as_object() else {
            self.shape.never |= not == &Value::Bool(true);
            return;
        };
        let only = |words: &[&str]| not.keys().all(|word| words.contains(&word.as_str()));
        self.shape.never |= not.is_empty();
        if only(&["type"]) {
            self.shape.types = self.shape.types.without(Types::named(not.get("type")));
        }
        if only(&["required", "type"]) {
            let mut required = names(not.get("required"));
            if let (Some(name), None) = (required.next(), required.next()) {
                self.shape.forbidden.push(name);
            }
        }
    }

    fn dependents(&mut self, map: &'a Map<String, Value>) {
        let Some(Value::Object(dependents)) = map.get("dependentSchemas") else { return };
        self.shape.judged = true;
        for (name, part) in dependents {
            let required = self.shape.all("required").any(|list| names(Some(list)).any(|one| one == name));
            self.shape.ways = self.shape.ways.saturating_mul(2);
            if required || self.chooser.attempt.is_multiple_of(2) {
                self.add(part, None);
            } else {
                self.shape.forbidden.push(name);
            }
        }
    }

    /// A base schema with a discriminator and without branches: its value names the schema itself.
    fn discriminate_self(&mut self, map: &'a Map<String, Value>, via: Option<&'a str>) {
        let Some(discriminator) = map.get("discriminator") else { return };
        if map.contains_key("oneOf") || map.contains_key("anyOf") {
            return;
        }
        let Some(name) = discriminator.get("propertyName").and_then(Value::as_str) else { return };
        if self.shape.fixed.iter().any(|(known, _)| *known == name) {
            return;
        }
        let entered = self.outermost(via);
        if let Some(value) = entered.and_then(|to| mapped(discriminator, to)) {
            self.shape.fixed.push((name, value));
        }
    }

    /// The reference through which this place was entered first: for `Cat: allOf [Pet, …]` it is the one to
    /// `Cat` that counts, not the one to `Pet`.
    fn outermost(&self, via: Option<&'a str>) -> Option<&'a str> {
        let first = self.shape.nodes.first()?;
        first.get("$ref").and_then(Value::as_str).or(via)
    }
}

/// The discriminator's value for a schema: a key of the mapping, else the schema's own name.
fn mapped(discriminator: &Value, to: &str) -> Option<String> {
    let name = to.rsplit('/').next().filter(|name| !name.is_empty())?;
    let mapping = discriminator.get("mapping").and_then(Value::as_object);
    let key = mapping.and_then(|mapping| {
        let exact = mapping.iter().find(|(_, target)| target.as_str() == Some(to));
        let tail = |target: &str| target.rsplit(['/', '#']).next() == Some(name);
        exact.or_else(|| mapping.iter().find(|(_, target)| target.as_str().is_some_and(tail)))
    });
    Some(key.map_or_else(|| name.to_owned(), |(key, _)| key.clone()))
}
