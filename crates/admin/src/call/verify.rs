use bytes::Bytes;
use http::Response;
use mock::{
    journal::{Match, WORDS},
    verify::{self, Mismatch, Wanted},
};
use serde_json::{Value, json};

use crate::{
    body::{Members, as_number, kind},
    catalogue::Catalogue,
    control::Call,
    refusal::{Refusal, ok},
};

/// Each is looked for from where the one before was found.
const LONGEST_ORDER: usize = 1_000;
const FORM: &str = "the body is {\"match\":{…},\"count\":2}, {\"match\":{…},\"count\":{\"min\":1,\"max\":3}} or {\"order\":[{…},{…}]}";

/// `POST /_lobby/verify`
pub(crate) fn post(call: &Call<'_>) -> Result<Response<Bytes>, Refusal> {
    let mut members = Members::read(call.request, &["match", "count", "order"])?;
    let catalogue = Catalogue::of(&*call.control.rooms.desk);
    let entries = || call.control.rooms.journal.all(call.visit.sandbox.name());
    let verified = match (members.take("match"), members.take("count"), members.take("order")) {
        (Some(matching), Some(count), None) => {
            let matching = read_match(&catalogue, "match", matching)?;
            let wanted = read_count(count)?;
            verify::count(&entries(), &matching, wanted)
        }
        (None, None, Some(Value::Array(order))) if (1..=LONGEST_ORDER).contains(&order.len()) => {
            let each = order.into_iter().map(|matching| read_match(&catalogue, "order", matching));
            let order = each.collect::<Result<Vec<_>, _>>()?;
            verify::order(&entries(), &order)
        }
        _ => return Err(Refusal::wrong(FORM)),
    };
    let mismatch = |Mismatch { count, nearest, detail }| Refusal::Mismatch { count, nearest, detail };
    Ok(ok(&json!({ "count": verified.map_err(mismatch)? })))
}

fn read_match(catalogue: &Catalogue<'_>, name: &str, value: Value) -> Result<Match, Refusal> {
    let mut matching = Match::default();
    for (word, value) in Members::within(name, value, &WORDS)?.into_iter() {
        let values = match value {
            Value::Array(values) => values,
            value => vec![value],
        };
        for value in values {
            let text = match value {
                Value::String(text) => text,
                Value::Number(number) => number.to_string(),
                other => return Err(Refusal::wrong(format!("`{word}` takes a text, not {}", kind(&other)))),
            };
            if word == "persona" {
                catalogue.persona(&text).map_err(Refusal::wrong)?;
            }
            let added = matching.add(&word, &text, |name| catalogue.seen(name));
            added.map_err(|error| Refusal::wrong(error.to_string()))?;
        }
    }
    Ok(matching)
}

fn read_count(value: Value) -> Result<Wanted, Refusal> {
    if value.is_number() {
        return Ok(Wanted::exactly(as_number("count", &value)?));
    }
    let mut members = Members::within("count", value, &["min", "max"])?;
    if members.len() == 0 {
        return Err(Refusal::wrong("`count` takes a number, or {\"min\":1,\"max\":3}"));
    }
    let min = members.number("min")?.unwrap_or(0);
    let max = members.number("max")?;
    if max.is_some_and(|max| max < min) {
        return Err(Refusal::wrong("`count` has a `max` below its `min`"));
    }
    Ok(Wanted { min, max })
}
