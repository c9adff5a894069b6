//! Values from schemas: a value that holds by construction where that is possible, judged and tried again
//! where it is not, bounded in depth, number of values and bytes.

mod array;
mod height;
mod holds;
mod moment;
mod names;
mod number;
mod object;
mod pattern;
mod resolve;
mod shape;
mod text;
mod words;

#[cfg(test)]
mod proof;

use model::Timestamp;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value};

use self::{
    height::Heights,
    holds::Judge,
    moment::Moment,
    names::{Cast, Subject},
    shape::{Chooser, Shape, Types},
};
pub(crate) use self::{holds::same, names::split, resolve::Resolver, text::escaped};
use super::schema::{Cabinet, Ready};

/// Below this depth what is optional is left out, and the shortest branch is taken.
const SOFT_DEPTH: usize = 7;
/// Below this depth nothing is made.
const HARD_DEPTH: usize = 60;
/// How many values one answer may cost, tries included.
const FUEL: u32 = 40_000;
/// From how many values on what is optional is left out.
const ENOUGH: u32 = 1_500;
/// From how many bytes of text on what is optional is left out.
const ENOUGH_BYTES: usize = 200_000;
/// How often a whole value is made anew when the judge refuses it.
const TRIES: usize = 10;
/// How often one place is made anew.
const LOCAL_TRIES: usize = 10;
/// How much one judgement may cost.
const JUDGEMENT: u32 = 20_000;

/// How values look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Values {
    /// As their names suggest.
    #[default]
    Realistic,
    /// `"string"`, `0`, `true`, as other mocks do.
    Plain,
}

/// What a value is made for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Purpose<'p> {
    pub(crate) values: Values,
    /// Whether examples inside schemas are used.
    pub(crate) examples: bool,
    /// Equal seeds make equal values.
    pub(crate) seed: u64,
    pub(crate) now: Timestamp,
    /// The status of the answer, for the members that repeat it.
    pub(crate) status: Option<u16>,
    /// Path parameters, for the members that repeat them.
    pub(crate) given: &'p [(&'p str, String)],
    /// The name under which the value stands (a header's, a parameter's); empty for a body.
    pub(crate) name: &'p str,
}

/// A value for a schema. It validates, unless the schema contradicts itself or is beyond what can be
/// found in reasonable time: then it is the best that was found.
pub(crate) fn value(ready: &Ready, cabinet: &Cabinet, purpose: &Purpose<'_>) -> Value {
    let mut best: Option<(usize, Value)> = None;
    for attempt in 0..TRIES {
        let made = once(ready, cabinet, purpose, attempt);
        let Some(validator) = ready.validator() else { return made };
        if validator.is_valid(&made) {
            return made;
        }
        let faults = validator.iter_errors(&made).take(100).count();
        if best.as_ref().is_none_or(|(fewest, _)| faults < *fewest) {
            best = Some((faults, made));
        }
    }
    best.map_or(Value::Null, |(_, value)| value)
}

fn once(ready: &Ready, cabinet: &Cabinet, purpose: &Purpose<'_>, attempt: usize) -> Value {
    let resolver = Resolver::new(&ready.schema, ready.indexed);
    let mut rng = ChaCha8Rng::seed_from_u64(purpose.seed.wrapping_add(attempt as u64));
    let cast = Cast::draw(&mut rng);
    let mut generator = Generator {
        judge: Judge { resolver: &resolver, cabinet },
        heights: Heights::default(),
        purpose,
        moment: Moment::at(purpose.now),
        cast,
        fuel: FUEL,
        made: 0,
        bytes: 0,
        attempt,
        // The last tries say as little as they can.
        sparse: attempt >= TRIES - 3,
        open: Vec::new(),
        scope: Vec::new(),
        rng,
    };
    let spot = Spot { name: split(purpose.name), parent: Vec::new(), depth: 0 };
    generator.make(&[&ready.schema], &spot).value
}

/// Where a value stands.
struct Spot {
    /// The words of its property's name; for an item those of the array.
    name: Vec<String>,
    /// The words of the object's name around it.
    parent: Vec<String>,
    depth: usize,
}

/// A value, and whether it holds as far as was judged.
struct Made {
    value: Value,
    good: bool,
}

struct Generator<'a, 'c> {
    judge: Judge<'a, 'c>,
    heights: Heights,
    purpose: &'c Purpose<'c>,
    moment: Moment,
    cast: Cast,
    fuel: u32,
    made: u32,
    bytes: usize,
    attempt: usize,
    sparse: bool,
    /// Targets of references that are being generated, from the outside in.
    open: Vec<usize>,
    scope: Vec<usize>,
    rng: ChaCha8Rng,
}

impl<'a> Generator<'a, '_> {
    /// A value for all of `parts` at once.
    fn make(&mut self, parts: &[&'a Value], spot: &Spot) -> Made {
        let scope = self.scope.len();
        let mut best = None;
        for attempt in 0..LOCAL_TRIES {
            let Some(rest) = self.fuel.checked_sub(1) else { break };
            self.fuel = rest;
            let mut shape = self.gather(parts, attempt, spot);
            if shape.never && shape.ways < 2 {
                break;
            }
            if shape.never {
                continue;
            }
            let entered = std::mem::take(&mut shape.entered);
            let opened = self.open.len();
            self.open.extend(entered);
            self.scope.clone_from(&shape.scope);
            let mut made = self.of_shape(parts, &shape, spot, attempt);
            self.open.truncate(opened);
            self.scope.truncate(scope);
            made.good = made.good && (!shape.judged || self.holds(parts, &made.value));
            if made.good {
                return made;
            }
            best = best.or(Some(made));
            if attempt > 2 && spot.depth > SOFT_DEPTH {
                break;
            }
        }
        best.unwrap_or(Made { value: Value::Null, good: false })
    }

    fn gather(&mut self, parts: &[&'a Value], attempt: usize, spot: &Spot) -> Shape<'a> {
        let shallow = self.is_late(spot);
        let rng = &mut self.rng;
        let mut draw = |below: usize| if below > 1 { rng.random_range(0..below) } else { 0 };
        let mut chooser = Chooser { draw: &mut draw, attempt, shallow, open: &self.open };
        Shape::gather(parts, self.judge.resolver, &mut self.heights, &mut chooser, &self.scope)
    }

    fn holds(&self, parts: &[&'a Value], value: &Value) -> bool {
        let mut fuel = JUDGEMENT;
        parts.iter().all(|part| self.judge.holds(part, value, &mut fuel))
    }

    /// Whether it is time to end: only what is demanded.
    fn is_late(&self, spot: &Spot) -> bool {
        self.sparse || spot.depth > SOFT_DEPTH || self.made > ENOUGH || self.bytes > ENOUGH_BYTES
    }

    fn is_plain(&self) -> bool {
        self.purpose.values == Values::Plain
    }

    fn of_shape(&mut self, parts: &[&'a Value], shape: &Shape<'a>, spot: &Spot, attempt: usize) -> Made {
        self.made += 1;
        if let Some(made) = self.fixed(parts, shape, attempt) {
            return made;
        }
        if self.purpose.examples
            && self.attempt < 2
            && attempt == 0
            && let Some(value) = self.example(parts, shape)
        {
            return Made { value, good: true };
        }
        if spot.depth > HARD_DEPTH {
            return Made { value: Value::Null, good: shape.types.has(Types::NULL) };
        }
        let kind = self.kind(shape, spot, attempt);
        let good = |value| Made { value, good: true };
        if kind == Types::OBJECT {
            self.object(shape, spot)
        } else if kind == Types::ARRAY {
            self.array(shape, spot)
        } else if kind == Types::STRING {
            let value = self.text(parts, shape, spot, attempt);
            self.judged(shape, value)
        } else if kind == Types::NULL {
            good(Value::Null)
        } else if kind == Types::BOOLEAN {
            good(Value::Bool(self.is_plain() || self.rng.random_range(0..3) > 0))
        } else {
            let value = self.number(parts, shape, spot, kind == Types::INTEGER, attempt);
            self.judged(shape, value)
        }
    }

    /// A text or number with what its bounds and patterns say of it: they may contradict each other.
    fn judged(&self, shape: &Shape<'a>, value: Value) -> Made {
        let good = shape.nodes.iter().all(|node| self.judge.scalar_holds(node, &value));
        Made { value, good }
    }

    /// A value out of `const` or `enum`.
    fn fixed(&mut self, parts: &[&'a Value], shape: &Shape<'a>, attempt: usize) -> Option<Made> {
        let first = shape.nodes.iter().find_map(|node| {
            node.get("const").map(std::slice::from_ref).or_else(|| {
                node.get("enum").and_then(Value::as_array).map(Vec::as_slice).filter(|all| !all.is_empty())
            })
        })?;
        let holding: Vec<&Value> = first.iter().take(500).filter(|value| self.holds(parts, value)).collect();
        // A branch that was chosen now may allow fewer.
        let here: Vec<&Value> = holding.into_iter().filter(|value| allows(shape, value)).collect();
        // `null` last, as everywhere.
        let said: Vec<&Value> = here.iter().copied().filter(|value| !value.is_null()).collect();
        let list = if said.is_empty() { here } else { said };
        let place =
            if list.len() < 2 || self.is_plain() { attempt } else { self.rng.random_range(0..list.len()) };
        Some(match list.get(place.min(list.len().saturating_sub(1))) {
            Some(value) => Made { value: Value::clone(value), good: true },
            None => Made { value: first.first().cloned().unwrap_or(Value::Null), good: false },
        })
    }

    /// An example or default of one of the schemas, if it holds in all.
    fn example(&mut self, parts: &[&'a Value], shape: &Shape<'a>) -> Option<Value> {
        let single = shape.all("example");
        let listed = shape.all("examples").filter_map(Value::as_array).flat_map(|list| list.iter().take(1));
        let found = single.chain(listed).chain(shape.all("default").filter(|value| !value.is_null()));
        for value in found.take(6) {
            if self.holds(parts, value) && (value.is_object() || value.is_array() || allows(shape, value)) {
                self.bytes += size(value);
                return Some(value.clone());
            }
        }
        None
    }

    /// The one type to make, of those that are left.
    fn kind(&mut self, shape: &Shape<'a>, spot: &Spot, attempt: usize) -> Types {
        const ORDER: [Types; 6] =
            [Types::OBJECT, Types::ARRAY, Types::STRING, Types::NUMBER, Types::BOOLEAN, Types::NULL];
        let mentioned = |kind: Types| {
            let words: &[&str] = match kind {
                Types::OBJECT => &[
                    "properties",
                    "required",
                    "additionalProperties",
                    "patternProperties",
                    "minProperties",
                    "maxProperties",
                    "propertyNames",
                    "dependentRequired",
                    "discriminator",
                ],
                Types::ARRAY => &["items", "prefixItems", "contains", "minItems", "maxItems", "uniqueItems"],
                Types::STRING => &["pattern", "format", "minLength", "maxLength", "contentEncoding"],
                Types::NUMBER => {
                    &["minimum", "maximum", "multipleOf", "exclusiveMinimum", "exclusiveMaximum"]
                }
                _ => &[],
            };
            shape.nodes.iter().any(|node| words.iter().any(|word| node.contains_key(*word)))
        };
        let left: Vec<Types> = ORDER.into_iter().filter(|kind| shape.types.has(*kind)).collect();
        let named = number::wanted(&spot.name, 0.0, 0.0).is_some();
        let mut ranked: Vec<(usize, Types)> = left
            .into_iter()
            .map(|kind| {
                let rank = if mentioned(kind) && shape.types.has(kind) {
                    0
                } else if kind == Types::NULL {
                    9
                } else if shape.types != Types::ALL {
                    // Of named types the one that the document names first.
                    1 + Self::place(shape, kind)
                } else if kind == Types::STRING || (kind == Types::NUMBER && named) {
                    1
                } else {
                    2
                };
                (rank, kind)
            })
            .collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        if self.is_late(spot) && attempt == 0 && self.open.len() > 40 && shape.types.has(Types::NULL) {
            return Types::NULL;
        }
        // What has not happened to most things.
        if attempt == 0 && shape.types.has(Types::NULL) && names::is_rare(&spot.name) {
            return Types::NULL;
        }
        let kind = ranked.get(attempt % ranked.len().max(1)).map_or(Types::NULL, |(_, kind)| *kind);
        let whole = attempt == 0 && number::is_whole(&spot.name);
        if kind == Types::NUMBER
            && (whole || shape.types.and(Types::NUMBER) == Types::INTEGER || integral(shape))
        {
            return Types::INTEGER;
        }
        kind
    }

    /// The place of a type in the first list of types.
    fn place(shape: &Shape<'a>, kind: Types) -> usize {
        let kinds = shape.all("type").find_map(Value::as_array);
        let place = kinds.and_then(|kinds| {
            kinds.iter().position(|word| word.as_str().is_some_and(|word| Types::of(word).has(kind)))
        });
        place.unwrap_or(0).min(6)
    }

    fn text(&mut self, parts: &[&'a Value], shape: &Shape<'a>, spot: &Spot, attempt: usize) -> Value {
        if spot.depth <= 1
            && let Some(value) = self.given(parts, spot, |text| Some(Value::from(text)))
        {
            return value;
        }
        let subject =
            Subject { words: &spot.name, parent: &spot.parent, cast: self.cast, moment: self.moment };
        let text =
            text::text(shape, &subject, self.is_plain() && attempt < 2, self.judge.cabinet, &mut self.rng);
        self.bytes += text.len();
        Value::from(text)
    }

    fn number(
        &mut self,
        parts: &[&'a Value],
        shape: &Shape<'a>,
        spot: &Spot,
        integer: bool,
        attempt: usize,
    ) -> Value {
        if spot.depth <= 1 {
            let read = |text: &str| text.parse::<i64>().ok().map(Value::from);
            if let Some(value) = self.given(parts, spot, read) {
                return value;
            }
            if let Some(status) = self.purpose.status.filter(|status| *status >= 400)
                && matches!(spot.name.last().map(String::as_str), Some("status" | "code"))
                && self.holds(parts, &Value::from(status))
            {
                return Value::from(status);
            }
        }
        let seconds = i32::try_from(self.moment.seconds()).map_or(2e9, f64::from);
        let wanted = number::wanted(&spot.name, f64::from(self.moment.year()), seconds);
        number::number(shape, integer, wanted, self.is_plain() && attempt < 2, &mut self.rng)
    }

    /// The path parameter that a member of the answer repeats: `/books/{bookId}` has the `id` that was
    /// asked for.
    fn given(&self, parts: &[&'a Value], spot: &Spot, read: impl Fn(&str) -> Option<Value>) -> Option<Value> {
        if self.attempt > 1 || spot.name.is_empty() || spot.depth == 0 {
            return None;
        }
        let exact = self.purpose.given.iter().rev().find(|(name, _)| split(name) == spot.name);
        let own = || {
            self.purpose
                .given
                .last()
                .filter(|(name, _)| spot.name == ["id"] && split(name).contains(&"id".to_owned()))
        };
        let (_, text) = exact.or_else(own)?;
        read(text).filter(|value| self.holds(parts, value))
    }
}

/// Whether every schema of a shape that lists values lists this one.
fn allows(shape: &Shape<'_>, value: &Value) -> bool {
    shape.nodes.iter().all(|node| {
        node.get("const").is_none_or(|wanted| same(wanted, value))
            && node
                .get("enum")
                .and_then(Value::as_array)
                .is_none_or(|all| all.is_empty() || all.iter().any(|wanted| same(wanted, value)))
    })
}

/// Whether a number's format asks for a whole one.
fn integral(shape: &Shape<'_>) -> bool {
    shape
        .all("format")
        .filter_map(Value::as_str)
        .any(|format| format.starts_with("int") || format.starts_with("uint"))
}

/// About how many bytes a value takes.
fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 5,
        Value::String(text) => text.len() + 2,
        Value::Array(items) => 2 + items.iter().map(size).sum::<usize>(),
        Value::Object(members) => members.iter().map(|(name, value)| name.len() + size(value) + 4).sum(),
    }
}

/// The name of a schema: the last part of the reference that leads to it, or its title.
fn schema_name(parts: &[&Value]) -> Vec<String> {
    let named = parts.iter().find_map(|part| {
        let map: &Map<String, Value> = part.as_object()?;
        let reference = map.get("$ref").and_then(Value::as_str).and_then(|to| to.rsplit('/').next());
        reference.or_else(|| map.get("title").and_then(Value::as_str))
    });
    named.map(split).unwrap_or_default()
}
