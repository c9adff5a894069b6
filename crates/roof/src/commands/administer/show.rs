//! Answers for people.

use comfy_table::{Table, presets};
use serde_json::Value;

use super::calls::Shown;

pub(super) fn text(shown: &Shown, answer: &Value) -> String {
    match shown {
        Shown::Secret(name) => format!("{}\n", answer.get(*name).and_then(Value::as_str).unwrap_or_default()),
        Shown::Record => record(answer),
        Shown::Table(name, columns) => table(answer.get(*name), columns),
        Shown::Said(said) => format!("{said}\n"),
        Shown::Link(said) => format!("{}\n", answer.get("link").and_then(Value::as_str).unwrap_or(said)),
        Shown::Ended => match answer.get("ended").and_then(Value::as_u64) {
            Some(1) => "1 session is ended\n".to_owned(),
            count => format!("{} sessions are ended\n", count.unwrap_or(0)),
        },
        Shown::Proof => proof(answer),
    }
}

fn record(answer: &Value) -> String {
    let members = answer.as_object().into_iter().flatten();
    let mut table = bare();
    for (name, value) in members {
        table.add_row([name.replace('_', " "), word(value)]);
    }
    format!("{}\n", table.trim_fmt())
}

fn table(records: Option<&Value>, columns: &[&str]) -> String {
    let records = records.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if records.is_empty() {
        return String::new();
    }
    let mut table = bare();
    table.set_header(columns.iter().map(|column| column.replace('_', " ")));
    for record in records {
        table.add_row(columns.iter().map(|column| record.get(*column).map_or_else(String::new, word)));
    }
    format!("{}\n", table.trim_fmt())
}

fn bare() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table
}

fn word(value: &Value) -> String {
    let shown = match value {
        Value::Null => "-".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(values) if values.is_empty() => "-".to_owned(),
        Value::Array(values) => values.iter().map(word).collect::<Vec<_>>().join(" "),
        Value::Object(members) if members.is_empty() => "-".to_owned(),
        Value::Object(_) => value.to_string(),
    };
    // What somebody named themselves must not move the cursor of whoever looks.
    shown.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}

fn proof(answer: &Value) -> String {
    let count = answer.get("entries").and_then(Value::as_u64).unwrap_or(0);
    let head = answer.get("head").and_then(Value::as_str).unwrap_or_default();
    match answer.get("broken").and_then(Value::as_u64) {
        Some(broken) => format!("entry {broken} does not fit: it was changed, or one before it is gone\n"),
        None => format!("{count} entries fit; the last has the hash {head}\n"),
    }
}
