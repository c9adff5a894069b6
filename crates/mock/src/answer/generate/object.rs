//! Objects: what is required, what is optional as long as there is room, and what their counts demand.

use std::collections::BTreeSet;

use rand::RngExt;
use serde_json::{Map, Value};

use super::{
    Generator, Made, Spot,
    height::ENDLESS,
    holds::{bound, names},
    names::{Cast, pick, split},
    pattern::Pattern,
    resolve::address,
    schema_name,
    shape::{Shape, Types},
    words,
};

/// How many members an object has at most, unless its schema demands more.
const MOST_MEMBERS: usize = 100;
/// How many members are made at all.
const LIMIT: usize = 2_000;

impl<'a> Generator<'a, '_> {
    pub(super) fn object(&mut self, shape: &Shape<'a>, spot: &Spot) -> Made {
        let cast = self.cast;
        if spot.depth > 0 {
            self.cast = Cast::draw(&mut self.rng);
        }
        let parent = Self::title(shape, spot);
        let mut object = Building { members: Map::new(), good: true, parent };
        let required = closure(shape, shape.all("required").flat_map(|list| names(Some(list))).collect());
        let most = shape.nodes.iter().filter_map(|node| bound(node, "maxProperties")).min();
        let most = most.map_or(MOST_MEMBERS, |most| usize::try_from(most).unwrap_or(LIMIT));
        // In the document's order, whether required or not.
        let declared: Vec<&'a str> = declared(shape);
        for name in declared.iter().copied().chain(required.iter().copied()) {
            if object.members.contains_key(name) || object.members.len() >= LIMIT {
                continue;
            }
            if required.contains(name) {
                self.required(shape, &mut object, name, spot);
            } else if !self.is_late(spot) {
                let room = most.saturating_sub(required.len().max(object.members.len()));
                let missing = required.iter().filter(|one| !object.members.contains_key(**one)).count();
                if object.members.len() + missing < most && room > 0 {
                    self.optional(shape, &mut object, name, spot, most - missing);
                }
            }
        }
        self.fill(shape, &mut object, spot, most, &declared);
        self.cast = cast;
        Made { value: Value::Object(object.members), good: object.good }
    }

    /// What the members' parent is called.
    fn title(shape: &Shape<'a>, spot: &Spot) -> Vec<String> {
        let reference = shape.text("$ref");
        let title = shape.text("title");
        let mut name =
            reference.and_then(|to| to.rsplit('/').next()).or(title).map(split).unwrap_or_default();
        name.extend(spot.name.iter().cloned());
        name
    }

    fn required(&mut self, shape: &Shape<'a>, object: &mut Building, name: &'a str, spot: &Spot) {
        let parts = self.parts_of(shape, name).unwrap_or_default();
        let endless =
            |this: &mut Self| parts.iter().any(|part| this.heights.of(this.judge.resolver, part) >= ENDLESS);
        if self.is_circle(&parts) && endless(self) {
            // No value holds: the circle has to be cut somewhere.
            object.good = false;
            return;
        }
        let made = self.member(shape, name, spot, &object.parent);
        object.good &= made.good && !shape.forbidden.contains(&name);
        object.members.insert(name.to_owned(), made.value);
    }

    /// An optional member with what it brings along, or nothing.
    fn optional(
        &mut self,
        shape: &Shape<'a>,
        object: &mut Building,
        name: &'a str,
        spot: &Spot,
        most: usize,
    ) {
        let Some(parts) = self.parts_of(shape, name) else { return };
        if shape.forbidden.contains(&name) || !self.may_be_called(shape, name) || self.is_circle(&parts) {
            return;
        }
        // A later try says less.
        if self.attempt > 1 && self.rng.random_range(0..TRY_WEIGHT) < self.attempt {
            return;
        }
        let mut brought: BTreeSet<&'a str> = closure(shape, BTreeSet::from([name]));
        brought.retain(|one| !object.members.contains_key(*one));
        if object.members.len() + brought.len() > most {
            return;
        }
        let mut made = Vec::new();
        for one in std::iter::once(name).chain(brought.into_iter().filter(|one| *one != name)) {
            let member = self.member(shape, one, spot, &object.parent);
            if !member.good || shape.forbidden.contains(&one) {
                return;
            }
            made.push((one, member.value));
        }
        for (one, value) in made {
            object.members.insert(one.to_owned(), value);
        }
    }

    fn member(&mut self, shape: &Shape<'a>, name: &str, spot: &Spot, parent: &[String]) -> Made {
        let Some(parts) = self.parts_of(shape, name) else {
            return Made { value: Value::Null, good: false };
        };
        if let Some((_, value)) = shape.fixed.iter().find(|(fixed, _)| *fixed == name) {
            let value = Value::from(value.as_str());
            if self.holds(&parts, &value) {
                return Made { value, good: true };
            }
        }
        let inner = Spot { name: split(name), parent: parent.to_vec(), depth: spot.depth + 1 };
        self.make(&parts, &inner)
    }

    /// The schemas of a member; `None` when it may not stand there.
    fn parts_of(&self, shape: &Shape<'a>, name: &str) -> Option<Vec<&'a Value>> {
        let mut all = Vec::new();
        let mut known = false;
        for node in &shape.nodes {
            let (parts, here) = self.judge.parts(node, name);
            known |= here;
            all.extend(parts);
        }
        if !known {
            all.extend(shape.all("unevaluatedProperties"));
        }
        (!all.contains(&&Value::Bool(false))).then_some(all)
    }

    fn may_be_called(&self, shape: &Shape<'a>, name: &str) -> bool {
        let name = Value::from(name);
        shape.all("propertyNames").all(|part| self.holds(&[part], &name))
    }

    /// Whether a member leads to a schema that is being made further up for the second time.
    pub(super) fn is_circle(&self, parts: &[&'a Value]) -> bool {
        let target = |part: &&'a Value| {
            let plain = part.get("$ref").and_then(Value::as_str);
            let found = plain.and_then(|to| self.judge.resolver.target(part, to));
            let dynamic = part.get("$dynamicRef").and_then(Value::as_str);
            let found =
                found.or_else(|| dynamic.and_then(|to| self.judge.resolver.dynamic(part, to, &self.scope)));
            found.map(|(target, _)| address(target))
        };
        let times = |place: usize| self.open.iter().filter(|open| **open == place).count();
        parts.iter().filter_map(target).any(|place| times(place) >= 2)
    }

    /// Members with names of our own, where the schema is a map or demands more than it names.
    fn fill(
        &mut self,
        shape: &Shape<'a>,
        object: &mut Building,
        spot: &Spot,
        most: usize,
        declared: &[&'a str],
    ) {
        let least = shape.nodes.iter().filter_map(|node| bound(node, "minProperties")).max().unwrap_or(0);
        let least = usize::try_from(least).unwrap_or(LIMIT).min(LIMIT);
        // Declared names that were left out come first.
        for name in declared {
            if object.members.len() >= least || object.members.contains_key(*name) {
                continue;
            }
            self.optional(shape, object, name, spot, most);
        }
        let is_map = declared.is_empty()
            && ["additionalProperties", "patternProperties"].iter().any(|word| {
                shape.all(word).any(|part| part.as_object().is_some_and(|part| !part.is_empty()))
            });
        let wanted = if is_map && !self.is_late(spot) { 2.max(least) } else { least }.min(most);
        let mut tries = 0;
        while object.members.len() < wanted && tries < wanted * 4 + 20 {
            tries += 1;
            let Some(name) = self.invent(shape, tries) else { continue };
            if object.members.contains_key(&name) || !self.may_be_called(shape, &name) {
                continue;
            }
            let Some(parts) = self.parts_of(shape, &name) else { continue };
            if object.members.len() >= least && self.is_circle(&parts) {
                break;
            }
            let mut inner = schema_name(&parts);
            if inner.is_empty() {
                inner.clone_from(&spot.name);
            }
            let made = self
                .make(&parts, &Spot { name: inner, parent: object.parent.clone(), depth: spot.depth + 1 });
            if made.good {
                object.members.insert(name, made.value);
            } else if object.members.len() >= least {
                break;
            }
        }
        object.good &= object.members.len() >= least;
    }

    /// A name that the schema does not write out.
    fn invent(&mut self, shape: &Shape<'a>, tries: usize) -> Option<String> {
        let names: Vec<&'a Value> = shape.all("propertyNames").collect();
        if !names.is_empty() {
            let spot = Spot { name: Vec::new(), parent: Vec::new(), depth: super::SOFT_DEPTH };
            // What a name must be is said of texts only, so the type is ours to add.
            let shape = self.gather(&names, tries, &spot);
            if !shape.types.has(Types::STRING) {
                return None;
            }
            let made = self.fixed(&names, &shape, tries).map(|made| made.value);
            return match made {
                Some(value) => value.as_str().map(str::to_owned),
                None => self.text(&names, &shape, &spot, tries).as_str().map(str::to_owned),
            };
        }
        let patterns: Vec<&'a String> = shape
            .all("patternProperties")
            .filter_map(Value::as_object)
            .flat_map(|patterns| {
                patterns.iter().filter(|(_, part)| *part != &Value::Bool(false)).map(|(name, _)| name)
            })
            .collect();
        if !patterns.is_empty() && !tries.is_multiple_of(3) {
            let pattern = patterns.get(tries % patterns.len())?;
            let sample =
                Pattern::read(pattern)?.sample(u32::try_from(tries % 5).unwrap_or(0) + 1, &mut self.rng)?;
            // Most patterns are open at their end: what stands there makes another name of the shortest.
            let longer = format!("{sample}{}", pick(words::WORD, &mut self.rng));
            let is_open = tries.is_multiple_of(2) && self.judge.cabinet.matches(pattern, &longer);
            return Some(if is_open { longer } else { sample });
        }
        let word = pick(words::WORD, &mut self.rng).to_owned();
        Some(if tries > 12 { format!("{word}{tries}") } else { word })
    }
}

/// Of how many tries each leaves out a little more.
const TRY_WEIGHT: usize = 10;

struct Building {
    members: Map<String, Value>,
    good: bool,
    parent: Vec<String>,
}

/// Names of `properties`, each once, in the order of the schemas.
fn declared<'a>(shape: &Shape<'a>) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    let properties = shape.all("properties").filter_map(Value::as_object);
    properties.flat_map(Map::keys).map(String::as_str).filter(|name| seen.insert(*name)).collect()
}

/// The names with all that `dependentRequired` adds to them.
fn closure<'a>(shape: &Shape<'a>, mut names_found: BTreeSet<&'a str>) -> BTreeSet<&'a str> {
    let mut open: Vec<&'a str> = names_found.iter().copied().collect();
    while let Some(name) = open.pop() {
        for dependent in shape.all("dependentRequired") {
            for needed in names(dependent.get(name)) {
                if names_found.insert(needed) {
                    open.push(needed);
                }
            }
        }
    }
    names_found
}
