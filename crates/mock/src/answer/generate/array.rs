//! Arrays: fixed places first, then as many items as their counts and `contains` demand.

use rand::RngExt;
use serde_json::{Map, Value};

use super::{
    Generator, Made, Spot,
    holds::{are_unique, bound, same},
    names::split,
    schema_name,
    shape::Shape,
};

/// How many items are made at all, whatever a schema demands.
const LIMIT: usize = 2_000;
/// In how many places an item for `contains` is tried.
const MOST_PLACES: usize = 8;
/// How often another item is tried where no two may be the same.
const UNIQUE_TRIES: usize = 12;
/// How many values beside another one are tried.
const MOST_BESIDE: usize = 8;

impl<'a> Generator<'a, '_> {
    pub(super) fn array(&mut self, shape: &Shape<'a>, spot: &Spot) -> Made {
        let count = |word: &'static str| shape.nodes.iter().filter_map(move |node| bound(node, word));
        let least = count("minItems").max().map_or(0, |least| usize::try_from(least).unwrap_or(LIMIT));
        let most = count("maxItems").min().map_or(LIMIT, |most| usize::try_from(most).unwrap_or(LIMIT));
        let prefix = fixed_places(shape);
        let unique = shape.all("uniqueItems").any(|word| word == &Value::Bool(true));
        let wanted = self.wanted(shape, spot, prefix).clamp(least.min(LIMIT), most.max(least).min(LIMIT));
        let mut items: Vec<Value> = Vec::new();
        let mut good = true;
        while items.len() < wanted {
            let Some(parts) = parts_at(shape, items.len()) else { break };
            let made = self.item(&parts, spot, unique.then_some(items.as_slice()));
            let made = if unique { made } else { self.told_apart(&parts, made, &items) };
            if !made.good && items.len() >= least {
                break;
            }
            good &= made.good;
            items.push(made.value);
        }
        let items = self.contain_all(shape, spot, &items, most.min(LIMIT));
        good &= items.len() >= least && items.len() <= most && (!unique || are_unique(&items));
        Made { value: Value::Array(items), good }
    }

    /// How many items it would be nice to have.
    fn wanted(&mut self, shape: &Shape<'a>, spot: &Spot, prefix: usize) -> usize {
        if self.is_late(spot) {
            return 0;
        }
        let items = parts_at(shape, prefix);
        let circle = items.as_ref().is_none_or(|parts| self.is_circle(parts));
        if circle {
            return prefix;
        }
        prefix
            + match spot.depth {
                _ if self.is_plain() => 1,
                0..=1 => self.rng.random_range(2..=3),
                2..=4 => self.rng.random_range(1..=2),
                _ => 1,
            }
    }

    /// One item; another one as long as it must differ from those that are there.
    fn item(&mut self, parts: &[&'a Value], spot: &Spot, others: Option<&[Value]>) -> Made {
        let mut name = singular(&spot.name);
        if name.is_empty() {
            name = schema_name(parts);
        }
        let inner = Spot { name, parent: spot.parent.clone(), depth: spot.depth + 1 };
        let mut made = self.make(parts, &inner);
        let Some(others) = others else { return made };
        let taken = |value: &Value| others.iter().any(|other| same(other, value));
        let mut tries = 0;
        while taken(&made.value) && tries < UNIQUE_TRIES {
            tries += 1;
            made = self.make(parts, &inner);
            if tries > UNIQUE_TRIES / 2 && taken(&made.value) {
                made.value = self.other(parts, &made.value, others.len() + tries - UNIQUE_TRIES / 2 - 1);
            }
        }
        made.good &= !taken(&made.value) && self.holds(parts, &made.value);
        made
    }

    /// An item with identifiers of its own: where several are made from one example, they would be one thing
    /// several times to whoever looks at their keys. What would no longer hold stays as it was.
    fn told_apart(&self, parts: &[&'a Value], made: Made, others: &[Value]) -> Made {
        let Value::Object(members) = &made.value else { return made };
        let same_as = |name: &str, value: &Value| {
            !value.is_null() && others.iter().any(|other| other.get(name) == Some(value))
        };
        let keys: Vec<&String> = members.keys().filter(|name| is_identifier(name)).collect();
        let own = keys.iter().any(|name| split(name).len() == 1);
        let mut changed = members.clone();
        for name in keys.into_iter().filter(|name| !own || split(name).len() == 1) {
            let Some(value) = members.get(name).filter(|value| same_as(name, value)) else { continue };
            let Some(next) = numbered(value, others.len()) else { continue };
            changed.insert(name.clone(), next);
            if !self.holds(parts, &Value::Object(changed.clone())) {
                changed.insert(name.clone(), value.clone());
            }
        }
        Made { value: Value::Object(changed), good: made.good }
    }

    /// A value beside another one: the next of an `enum`, else one that differs in one place.
    fn other(&self, parts: &[&'a Value], value: &Value, step: usize) -> Value {
        let listed = parts.iter().find_map(|part| part.get("enum").and_then(Value::as_array));
        if let Some(list) = listed {
            return list.get(step % list.len().max(1)).cloned().unwrap_or(Value::Null);
        }
        beside(value, step.max(1))
            .into_iter()
            .find(|one| self.holds(parts, one))
            .unwrap_or_else(|| value.clone())
    }

    /// Sees to it that every schema's `contains` is satisfied. One that comes early may take the only place of
    /// a later one, so each may be the first.
    fn contain_all(&mut self, shape: &Shape<'a>, spot: &Spot, items: &[Value], most: usize) -> Vec<Value> {
        let mut nodes: Vec<_> =
            shape.nodes.iter().copied().filter(|node| node.contains_key("contains")).collect();
        let mut tried = items.to_vec();
        for _ in 0..nodes.len().min(MOST_PLACES) {
            items.clone_into(&mut tried);
            for node in &nodes {
                self.contain(node, shape, spot, &mut tried, most);
            }
            if nodes.iter().all(|node| self.contains_enough(node, &tried, most)) {
                break;
            }
            nodes.rotate_left(1);
        }
        tried
    }

    /// Whether as many items as needed satisfy the schema's `contains`.
    fn contains_enough(&self, node: &'a Map<String, Value>, items: &[Value], most: usize) -> bool {
        let Some(contains) = node.get("contains") else { return true };
        items.iter().filter(|item| self.holds(&[contains], item)).count() >= needed(node, most)
    }

    /// Sees to it that as many items as needed satisfy one schema's `contains`: in the place of others behind
    /// the fixed ones, else behind all, else in a fixed place.
    fn contain(
        &mut self,
        node: &'a Map<String, Value>,
        shape: &Shape<'a>,
        spot: &Spot,
        items: &mut Vec<Value>,
        most: usize,
    ) {
        let Some(contains) = node.get("contains") else { return };
        let all = shape.nodes.iter().filter_map(|node| Some((node.get("contains")?, needed(node, most))));
        let all: Vec<(&'a Value, usize)> = all.collect();
        let needed = needed(node, most);
        let prefix = fixed_places(shape);
        let wanted: Vec<&'a Value> = shape.all("contains").collect();
        let unique = shape.all("uniqueItems").any(|word| word == &Value::Bool(true));
        for _ in 0..needed {
            let fits: Vec<bool> = items.iter().map(|item| self.holds(&[contains], item)).collect();
            if fits.iter().filter(|fits| **fits).count() >= needed {
                return;
            }
            let next = items.len();
            let free = |place: &usize| {
                let item = items.get(*place);
                item.is_some_and(|item| !wanted.iter().any(|part| self.holds(&[part], item)))
            };
            let room = (next < most && parts_at(shape, next).is_some()).then_some(next);
            let mut places: Vec<usize> = (prefix..next).filter(free).chain(room).collect();
            places.extend((0..prefix.min(next)).filter(free));
            let shared = (0..next).filter(|place| fits.get(*place) == Some(&false));
            let shared: Vec<usize> = shared.filter(|place| !places.contains(place)).collect();
            places.extend(shared);
            let found = places.into_iter().take(MOST_PLACES).find_map(|place| {
                let mut parts = parts_at(shape, place)?;
                if let Some(item) = items.get(place) {
                    // What the item satisfied must still be satisfied, unless enough others do.
                    let fitting =
                        |part: &'a Value| items.iter().filter(|one| self.holds(&[part], one)).count();
                    let needs = |(part, needed): &&(&'a Value, usize)| {
                        self.holds(&[part], item) && fitting(part) <= *needed
                    };
                    parts.extend(all.iter().filter(needs).map(|(part, _)| *part));
                }
                parts.push(contains);
                let made = self.item(&parts, spot, unique.then_some(items.as_slice()));
                made.good.then_some((place, made.value))
            });
            let Some((place, value)) = found else { return };
            match items.get_mut(place) {
                Some(item) => *item = value,
                None => items.push(value),
            }
        }
    }
}

/// Values that differ from this one in one place: the next number, a longer text, a list or an object with
/// such another value inside.
fn beside(value: &Value, step: usize) -> Vec<Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Bool(truth) => vec![Value::Bool(!truth)],
        Value::Number(number) => {
            let (whole, step) = (number.as_i64(), i64::try_from(step).unwrap_or(1));
            let ways = [
                whole.and_then(|n| n.checked_add(step)),
                whole.and_then(|n| n.checked_sub(step)),
                whole.and_then(|n| n.checked_add(1)),
            ];
            ways.into_iter().flatten().map(Value::from).collect()
        }
        Value::String(text) => vec![Value::from(format!("{text}{step}"))],
        Value::Array(items) => {
            let changed = items.iter().enumerate().flat_map(|(place, item)| {
                beside(item, step).into_iter().map(move |one| {
                    let mut list = items.clone();
                    if let Some(spot) = list.get_mut(place) {
                        *spot = one;
                    }
                    Value::Array(list)
                })
            });
            changed.take(MOST_BESIDE).collect()
        }
        Value::Object(members) => {
            let changed = members.iter().flat_map(|(name, member)| {
                beside(member, step).into_iter().map(move |one| {
                    let mut object = members.clone();
                    object.insert(name.clone(), one);
                    Value::Object(object)
                })
            });
            changed.take(MOST_BESIDE).collect()
        }
    }
}

/// Whether a member tells its object from others of its kind.
fn is_identifier(name: &str) -> bool {
    split(name)
        .last()
        .is_some_and(|last| matches!(last.as_str(), "id" | "uuid" | "guid" | "uid" | "sku" | "slug"))
}

/// The identifier that is `place` places behind this one: 7 and 8, `b-1001` and `b-1002`, `dune` and `dune-2`.
fn numbered(value: &Value, place: usize) -> Option<Value> {
    match value {
        Value::Number(number) => number.as_i64()?.checked_add(i64::try_from(place).ok()?).map(Value::from),
        Value::String(text) => Some(Value::from(next_text(text, place))),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn next_text(text: &str, place: usize) -> String {
    let is_uuid = text.len() == 36 && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
    let (radix, longest) = if is_uuid { (16, 4) } else { (10, 9) };
    let tail = text.chars().rev().take(longest).take_while(|letter| letter.is_digit(radix)).count();
    let (head, digits) = text.split_at_checked(text.len().saturating_sub(tail)).unwrap_or((text, ""));
    let Ok(number) = u32::from_str_radix(digits, radix) else { return format!("{text}-{}", place + 1) };
    let number = number.wrapping_add(u32::try_from(place).unwrap_or(0));
    if is_uuid { format!("{head}{:0tail$x}", number & 0xffff) } else { format!("{head}{number:0tail$}") }
}

/// How many items must satisfy the schema's `contains`.
fn needed(node: &Map<String, Value>, most: usize) -> usize {
    usize::try_from(bound(node, "minContains").unwrap_or(1)).unwrap_or(LIMIT).min(most)
}

/// How many places have schemas of their own.
fn fixed_places(shape: &Shape<'_>) -> usize {
    shape.all("prefixItems").filter_map(Value::as_array).map(Vec::len).max().unwrap_or(0)
}

/// The schemas of the item at `place`; `None` when none may stand there.
fn parts_at<'a>(shape: &Shape<'a>, place: usize) -> Option<Vec<&'a Value>> {
    let mut all = Vec::new();
    let mut known = false;
    for node in &shape.nodes {
        let fixed = node.get("prefixItems").and_then(Value::as_array).and_then(|list| list.get(place));
        if let Some(part) = fixed.or_else(|| node.get("items")) {
            known = true;
            all.push(part);
        }
    }
    if !known {
        all.extend(shape.all("unevaluatedItems"));
    }
    (!all.contains(&&Value::Bool(false))).then_some(all)
}

/// The name of one item of an array: `tags` holds a tag.
fn singular(words: &[String]) -> Vec<String> {
    let mut words = words.to_vec();
    if let Some(last) = words.last_mut() {
        let one = if let Some(stem) = last.strip_suffix("ies") {
            format!("{stem}y")
        } else if last.ends_with("ss") || last.ends_with("us") || last.len() < 4 {
            last.clone()
        } else {
            last.strip_suffix('s').unwrap_or(last).to_owned()
        };
        *last = one;
    }
    words
}
