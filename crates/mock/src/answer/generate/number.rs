//! Numbers between bounds, on a step, near what their name suggests.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "JSON's numbers are mostly doubles; every result is judged against the schema afterwards"
)]

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::{Number, Value};

use super::shape::Shape;

/// Bounds of one place, from all its schemas.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range {
    low: f64,
    low_open: bool,
    high: f64,
    high_open: bool,
    /// Bounds of whole numbers, exact where doubles are not.
    least: i128,
    most: i128,
}

impl Range {
    fn of(shape: &Shape<'_>) -> Self {
        let mut range = Self {
            low: f64::NEG_INFINITY,
            low_open: false,
            high: f64::INFINITY,
            high_open: false,
            least: i128::MIN,
            most: i128::MAX,
        };
        for (word, open) in [("minimum", false), ("exclusiveMinimum", true)] {
            for limit in shape.all(word).filter_map(exact) {
                range.least = range.least.max(limit + i128::from(open));
            }
            for limit in shape.all(word).filter_map(Value::as_f64) {
                if limit > range.low || (open && limit >= range.low) {
                    (range.low, range.low_open) = (limit, open);
                }
            }
        }
        for (word, open) in [("maximum", false), ("exclusiveMaximum", true)] {
            for limit in shape.all(word).filter_map(exact) {
                range.most = range.most.min(limit - i128::from(open));
            }
            for limit in shape.all(word).filter_map(Value::as_f64) {
                if limit < range.high || (open && limit <= range.high) {
                    (range.high, range.high_open) = (limit, open);
                }
            }
        }
        for format in shape.all("format").filter_map(Value::as_str) {
            let (low, high) = match format {
                "int8" => (-128.0, 127.0),
                "uint8" => (0.0, 255.0),
                "int16" => (-32_768.0, 32_767.0),
                "uint16" => (0.0, 65_535.0),
                "int32" => (f64::from(i32::MIN), f64::from(i32::MAX)),
                "uint32" => (0.0, f64::from(u32::MAX)),
                "uint64" => (0.0, 1e18),
                _ => continue,
            };
            range.low = range.low.max(low);
            range.high = range.high.min(high);
        }
        range
    }

    /// The part that is near what is wanted; the whole where there is no such part.
    fn near(self, low: f64, high: f64) -> Self {
        let both = Self {
            low: self.low.max(low),
            low_open: self.low_open && self.low >= low,
            high: self.high.min(high),
            high_open: self.high_open && self.high <= high,
            ..self
        };
        // One point is enough only where one was wanted, or where there is no more.
        let point = low >= high || self.low >= self.high;
        if both.low < both.high || (point && both.low <= both.high && !both.low_open && !both.high_open) {
            return both;
        }
        // Nothing there: a stretch at the bound that exists.
        let span = 1_000_f64.max(self.low.abs().min(self.high.abs()) / 2.0);
        if self.low.is_finite() {
            Self {
                high: self.high.min(self.low + span),
                high_open: self.high_open && self.high <= self.low + span,
                ..self
            }
        } else if self.high.is_finite() {
            Self { low: self.high - span, low_open: false, ..self }
        } else {
            both
        }
    }
}

/// A number for `shape`. `wanted`: bounds that its name suggests; `plain`: zero or what is nearest to it.
pub(super) fn number(
    shape: &Shape<'_>,
    integer: bool,
    wanted: Option<(f64, f64)>,
    plain: bool,
    rng: &mut ChaCha8Rng,
) -> Value {
    let range = Range::of(shape);
    let steps: Vec<f64> =
        shape.all("multipleOf").filter_map(Value::as_f64).filter(|step| *step > 0.0).collect();
    let (low, high) = wanted.unwrap_or(if integer { (1.0, 1_000.0) } else { (1.0, 500.0) });
    let decimals = steps.iter().filter_map(|step| decimals(*step)).max();
    // What the name suggests, else what is near zero, else anything.
    let wanted = if plain { (0.0, 0.0) } else { (low, high) };
    for (low, high) in [wanted, (0.0, 1e4), (-1e4, 1e15), (-1e15, 1e15)] {
        let near = range.near(low, high);
        let fine = if near.high - near.low < 0.05 { 12 } else { 2 };
        let least = if integer || !steps.is_empty() { 0 } else { fine };
        for decimals in [decimals.unwrap_or(least), 4, 9, 12, 15] {
            if let Some(value) = on_grid(near, &steps, integer, decimals, plain, rng) {
                return value;
            }
            if integer {
                break;
            }
        }
    }
    // No grid fits: the middle, or a multiple of the largest step as doubles have it.
    let middle = if range.low.is_finite() && range.high.is_finite() {
        range.low / 2.0 + range.high / 2.0
    } else if range.low.is_finite() {
        range.low
    } else {
        range.high
    };
    let step = steps.iter().copied().fold(0.0, f64::max);
    let middle = if step > 0.0 { (middle / step).ceil() * step } else { middle };
    if integer { whole(middle.ceil() as i128) } else { real(middle) }
}

/// A number with so many decimals that all steps are whole ones.
fn on_grid(
    range: Range,
    steps: &[f64],
    integer: bool,
    decimals: u32,
    plain: bool,
    rng: &mut ChaCha8Rng,
) -> Option<Value> {
    let scale = 10_i128.checked_pow(decimals)?;
    let mut grid: i128 = if integer { scale } else { 1 };
    for step in steps {
        let scaled = (step * scale as f64).round();
        if !(1.0..1e30).contains(&scaled) || (scaled / scale as f64 - step).abs() > step * 1e-12 {
            return None;
        }
        grid = lcm(grid, scaled as i128)?;
    }
    let unit = grid as f64 / scale as f64;
    let low =
        if range.low.is_finite() { (range.low / unit).ceil() } else { (range.high / unit).floor() - 1_000.0 };
    let high = if range.high.is_finite() { (range.high / unit).floor() } else { low + 1_000.0 };
    if low.abs() > 1e30 || high.abs() > 1e30 {
        return None;
    }
    let (mut low, mut high) = (low as i128, high as i128);
    // Rounding may have gone either way; the open ends are left out.
    let value = |place: i128| place as f64 * grid as f64 / scale as f64;
    while low <= high && (value(low) < range.low || (range.low_open && value(low) <= range.low)) {
        low += ((range.low - value(low)) / unit).abs().clamp(1.0, 1e30) as i128;
    }
    while high >= low && (value(high) > range.high || (range.high_open && value(high) >= range.high)) {
        high -= ((value(high) - range.high) / unit).abs().clamp(1.0, 1e30) as i128;
    }
    if integer && grid % scale == 0 {
        let step = grid / scale;
        if range.least > i128::MIN {
            low = low.max(-((-range.least).div_euclid(step)));
        }
        if range.most < i128::MAX {
            high = high.min(range.most.div_euclid(step));
        }
        // Where doubles are too coarse the exact bound may have passed the other one.
        high = high.max(low.min(range.most.div_euclid(step)));
    }
    if low > high {
        return None;
    }
    let place = if plain { 0.clamp(low, high) } else { rng.random_range(low..=high) };
    let scaled = place.checked_mul(grid)?;
    if scaled % scale == 0 {
        return Some(whole(scaled / scale));
    }
    // Through text, so that 1999 hundredths are 19.99 and not the double beside it.
    let places = decimals as usize;
    let sign = if scaled < 0 { "-" } else { "" };
    let (front, back) = ((scaled / scale).abs(), (scaled % scale).abs());
    format!("{sign}{front}.{back:0places$}").parse().ok().map(real)
}

/// How many decimals a number is written with; `None` above 15.
fn decimals(number: f64) -> Option<u32> {
    let places = (0_i32..=15).find(|places| {
        let scaled = number * 10_f64.powi(*places);
        (scaled - scaled.round()).abs() <= scaled.abs() * 1e-12 && scaled.round() >= 1.0
    });
    places.map(i32::unsigned_abs)
}

fn lcm(a: i128, b: i128) -> Option<i128> {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    (a / x.max(1)).checked_mul(b)
}

/// A limit that is a whole number, exactly.
fn exact(limit: &Value) -> Option<i128> {
    limit.as_i64().map(i128::from).or_else(|| limit.as_u64().map(i128::from))
}

fn whole(number: i128) -> Value {
    if let Ok(small) = i64::try_from(number) {
        Value::from(small)
    } else if let Ok(large) = u64::try_from(number) {
        Value::from(large)
    } else {
        real(number as f64)
    }
}

fn real(number: f64) -> Value {
    Number::from_f64(number).map_or(Value::from(0), Value::Number)
}

/// Bounds that a property's name suggests, if it suggests any: `(words, low, high)`.
const WANTED: &[(&[&str], f64, f64)] = &[
    (&["latitude", "lat"], -60.0, 70.0),
    (&["longitude", "lng", "lon", "long"], -170.0, 170.0),
    (&["age"], 18.0, 80.0),
    (&["rating", "stars", "score"], 1.0, 5.0),
    (&["percent", "percentage", "pct", "progress", "discount"], 0.0, 100.0),
    (
        &["price", "amount", "cost", "total", "subtotal", "fee", "balance", "salary", "tax", "value"],
        5.0,
        250.0,
    ),
    (&["quantity", "qty", "count", "stock", "copies"], 1.0, 20.0),
    (&["page", "offset", "index", "position", "rank", "level", "order", "priority", "version"], 1.0, 5.0),
    (&["pages"], 90.0, 700.0),
    (&["limit", "size", "per"], 10.0, 50.0),
    (&["port"], 1024.0, 65_535.0),
    (&["weight", "height", "width", "length", "depth", "distance"], 1.0, 200.0),
    (&["duration", "seconds", "timeout", "minutes"], 10.0, 600.0),
    (&["ms", "millis", "milliseconds"], 1_000.0, 300_000.0),
    (&["bytes"], 1_000.0, 5_000_000.0),
    (&["digits", "decimals"], 0.0, 4.0),
    (&["temperature", "temp"], -5.0, 35.0),
    (&["month"], 1.0, 12.0),
    (&["day"], 1.0, 28.0),
    (&["hour"], 0.0, 23.0),
    (&["minute"], 0.0, 59.0),
    (&["id"], 1.0, 10_000.0),
];

/// Whether what a name counts has no fractions, even where its schema would take some.
pub(super) fn is_whole(words: &[String]) -> bool {
    const WHOLE: [&str; 42] = [
        "limit",
        "offset",
        "count",
        "counts",
        "page",
        "pages",
        "size",
        "index",
        "rank",
        "digits",
        "decimals",
        "quantity",
        "qty",
        "stock",
        "copies",
        "year",
        "port",
        "height",
        "width",
        "version",
        "ms",
        "seconds",
        "minutes",
        "timestamp",
        "id",
        "number",
        "position",
        "level",
        "order",
        "iat",
        "exp",
        "day",
        "days",
        "month",
        "hour",
        "minute",
        "bytes",
        "items",
        "results",
        "age",
        "priority",
        "status",
    ];
    words.last().is_some_and(|last| WHOLE.contains(&last.as_str()))
}

/// What the words of a name suggest for a number; `year` is the one that the clock shows.
pub(super) fn wanted(words: &[String], year: f64, seconds: f64) -> Option<(f64, f64)> {
    let last = words.last()?;
    match last.as_str() {
        "year" => return Some((year - 40.0, year)),
        "timestamp" | "at" | "time" | "epoch" | "iat" | "created" | "updated" => {
            // As with dates: what begins lies before what changes.
            let says = |word: &str| words.iter().any(|one| one == word);
            let (far, near) = match () {
                () if says("created") || says("started") => (30.0, 16.0),
                () if says("updated") || says("modified") || says("completed") || says("finished") => {
                    (14.0, 0.0)
                }
                () => (30.0, 0.0),
            };
            return Some((seconds - far * 86_400.0, seconds - near * 86_400.0));
        }
        "exp" | "expires" | "expiry" => return Some((seconds, seconds + 2_592_000.0)),
        _ => {}
    }
    let suits = |(known, _, _): &&(&[&str], f64, f64)| known.contains(&last.as_str());
    WANTED.iter().find(suits).map(|(_, low, high)| (*low, *high))
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use serde_json::json;

    use super::super::{height::Heights, resolve::Resolver, shape::Chooser};
    use super::*;

    fn check(schema: &Value, integer: bool) {
        let resolver = Resolver::new(schema, false);
        let mut draw = |_| 0;
        let mut chooser = Chooser { draw: &mut draw, attempt: 0, shallow: false, open: &[] };
        let shape = Shape::gather(&[schema], &resolver, &mut Heights::default(), &mut chooser, &[]);
        let validator = jsonschema::validator_for(schema).unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        for round in 0..50 {
            let value = number(&shape, integer, None, round == 0, &mut rng);
            assert!(validator.is_valid(&value), "{value} for {schema}");
        }
    }

    #[test]
    fn numbers_keep_their_bounds_and_steps() {
        for schema in [
            json!({"type": "number"}),
            json!({"type": "number", "multipleOf": 0.01}),
            json!({"type": "number", "multipleOf": 0.01, "exclusiveMinimum": 0, "exclusiveMaximum": 0.03}),
            json!({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.0001}),
            json!({"type": "number", "minimum": 1e15, "maximum": 1.1e15}),
            json!({"type": "number", "minimum": 5, "maximum": 5}),
            json!({"type": "number", "maximum": -5}),
            json!({"type": "number", "multipleOf": 2.5, "allOf": [{"multipleOf": 1.5}]}),
            json!({"type": "number", "multipleOf": 1e-8}),
        ] {
            check(&schema, false);
        }
        for schema in [
            json!({"type": "integer", "multipleOf": 7, "minimum": 100, "maximum": 106}),
            json!({"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 5}),
            json!({"type": "integer", "minimum": 9_007_199_254_740_993_i64}),
            json!({"type": "integer", "multipleOf": 0.5}),
            json!({"type": "integer", "multipleOf": 1.5, "minimum": -10, "maximum": -1}),
            json!({"type": "integer", "minimum": 2.5, "maximum": 3.5}),
            json!({"type": "integer", "multipleOf": 100_000}),
            json!({"type": "integer", "exclusiveMaximum": i64::MIN + 2}),
            json!({"type": "integer", "minimum": u64::MAX}),
        ] {
            check(&schema, true);
        }
    }
}
