//! Values written by style (OpenAPI 3.1.1 4.8.12.3, RFC 6570) read back.

use contract::Style;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::coerce::Wanted;

/// How deep `a[b][c]` goes.
const DEEP: usize = 8;

/// Reads a value that stands in one text: a path segment, a header's or cookie's value, one query value.
/// `decode` turns a piece into its text, after the cut at separators.
pub(super) fn single(
    text: &str,
    name: &str,
    style: Style,
    explode: bool,
    wanted: Wanted<'_>,
    decode: &dyn Fn(&str) -> String,
) -> Value {
    let kinds = wanted.kinds();
    let (body, separator) = match style {
        Style::Matrix => (text.strip_prefix(';').unwrap_or(text), if explode { ";" } else { "," }),
        Style::Label => (text.strip_prefix('.').unwrap_or(text), if explode { "." } else { "," }),
        Style::SpaceDelimited => (text, " "),
        Style::PipeDelimited => (text, "|"),
        Style::Simple | Style::Form | Style::DeepObject | Style::Cookie => (text, ","),
    };
    let own = format!("{name}=");
    // `;color=a` names the parameter; an exploded object names its members instead.
    let named = style == Style::Matrix && !(kinds.object && explode);
    let body = if named && !explode { body.strip_prefix(&own).unwrap_or(body) } else { body };
    let pieces = || pieces(body, separator).into_iter();
    if kinds.array {
        if body.is_empty() {
            return Value::Array(Vec::new());
        }
        let bare = |piece: &str| {
            let piece = if named { piece.strip_prefix(&own).unwrap_or(piece) } else { piece };
            decode(piece)
        };
        let items = pieces().enumerate().map(|(place, piece)| wanted.item(place).scalar(&bare(&piece)));
        return Value::Array(items.collect());
    }
    if kinds.object {
        let mut members = Map::new();
        if explode && style != Style::Form {
            for piece in pieces() {
                let (name, value) = piece.split_once('=').unwrap_or((&piece, ""));
                insert(&mut members, wanted, &decode(name), &decode(value));
            }
        } else {
            let mut pieces = pieces();
            while let (Some(name), Some(value)) = (pieces.next(), pieces.next()) {
                insert(&mut members, wanted, &decode(&name), &decode(&value));
            }
        }
        return Value::Object(members);
    }
    let body = if named { body.strip_prefix(&own).unwrap_or(body) } else { body };
    wanted.scalar(&decode(body))
}

/// Cuts at a separator, however it is written: `|` and `%7C`, space, `+` and `%20`.
fn pieces(text: &str, separator: &str) -> Vec<String> {
    let text = match separator {
        "|" => text.replace("%7C", "|").replace("%7c", "|"),
        " " => text.replace("%20", " ").replace('+', " "),
        _ => text.to_owned(),
    };
    text.split(separator).map(str::to_owned).collect()
}

fn insert(members: &mut Map<String, Value>, wanted: Wanted<'_>, name: &str, text: &str) {
    members.insert(name.to_owned(), wanted.member(name).scalar(text));
}

/// The pairs of a query or form body, as written.
#[derive(Debug, Clone)]
pub(super) struct Pairs<'a> {
    pairs: Vec<(String, &'a str)>,
}

/// How many pairs are read.
const MOST_PAIRS: usize = 2_000;

impl<'a> Pairs<'a> {
    pub(super) fn read(text: &'a str) -> Self {
        let parts = text.split('&').filter(|part| !part.is_empty()).take(MOST_PAIRS);
        let pairs = parts.map(|part| part.split_once('=').unwrap_or((part, "")));
        Self { pairs: pairs.map(|(name, value)| (decoded(name, true), value)).collect() }
    }

    /// The values of a name, as written.
    pub(super) fn of(&self, name: &str) -> Vec<&'a str> {
        self.pairs.iter().filter(|(known, _)| known == name).map(|(_, value)| *value).collect()
    }

    /// Every name, in order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.pairs.iter().map(|(name, _)| name.as_str())
    }

    /// Reads one parameter; `None` when nothing of it is there. `claimed`: names that belong to others.
    pub(super) fn value(
        &self,
        name: &str,
        style: Style,
        explode: bool,
        reserved: bool,
        wanted: Wanted<'_>,
        claimed: &[&str],
    ) -> Option<Value> {
        let decode = |piece: &str| decoded(piece, !reserved);
        let kinds = wanted.kinds();
        if style == Style::DeepObject {
            return self.deep(name, wanted, &decode);
        }
        if kinds.object && explode {
            let members = wanted.members();
            let open = wanted.is_map();
            let mut object = Map::new();
            for (key, text) in &self.pairs {
                let own = members.contains(&key.as_str()) || (open && !claimed.contains(&key.as_str()));
                if own && !object.contains_key(key) {
                    let part = wanted.member(key);
                    let value = if part.kinds().array {
                        let items = self.of(key).into_iter().enumerate();
                        Value::Array(items.map(|(at, text)| part.item(at).scalar(&decode(text))).collect())
                    } else {
                        part.scalar(&decode(text))
                    };
                    object.insert(key.clone(), value);
                }
            }
            return (!object.is_empty()).then_some(Value::Object(object));
        }
        let mut texts = self.of(name);
        if texts.is_empty() {
            // `tags[]=a`, as many clients write arrays.
            texts = self.of(&format!("{name}[]"));
        }
        let first = texts.first()?;
        if kinds.array && (explode || texts.len() > 1) {
            let items = texts.into_iter().enumerate();
            return Some(Value::Array(
                items.map(|(at, text)| wanted.item(at).scalar(&decode(text))).collect(),
            ));
        }
        Some(single(first, name, style, explode, wanted, &decode))
    }

    /// `filter[a]=1&filter[b][c]=2`.
    fn deep(&self, name: &str, wanted: Wanted<'_>, decode: &dyn Fn(&str) -> String) -> Option<Value> {
        let mut object = Map::new();
        for (key, text) in &self.pairs {
            let Some(rest) = key.strip_prefix(name).filter(|rest| rest.starts_with('[')) else { continue };
            let path: Vec<&str> = rest.split('[').skip(1).map(|part| part.trim_end_matches(']')).collect();
            if path.len() <= DEEP {
                plant(&mut object, &path, wanted, &decode(text));
            }
        }
        (!object.is_empty()).then_some(Value::Object(object))
    }
}

fn plant(object: &mut Map<String, Value>, path: &[&str], wanted: Wanted<'_>, text: &str) {
    let Some((name, rest)) = path.split_first() else { return };
    let part = wanted.member(name);
    match rest {
        [] if part.kinds().array => push(object, name, part, text),
        [""] => push(object, name, part, text),
        [] => {
            object.insert((*name).to_owned(), part.scalar(text));
        }
        deeper => {
            let inner = object.entry(*name).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                plant(inner, deeper, part, text);
            }
        }
    }
}

fn push(object: &mut Map<String, Value>, name: &str, wanted: Wanted<'_>, text: &str) {
    let list = object.entry(name).or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(items) = list {
        let item = wanted.item(items.len()).scalar(text);
        items.push(item);
    }
}

/// Percent-decoded; `+` is a space in a form, and itself where reserved characters stand as they are.
pub(super) fn decoded(text: &str, form: bool) -> String {
    let spaced = if form { text.replace('+', " ") } else { text.to_owned() };
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ARRAY: &str = r#"{"type": "array", "items": {"type": "integer"}}"#;
    const OBJECT: &str =
        r#"{"type": "object", "properties": {"R": {"type": "integer"}, "G": {"type": "integer"}}}"#;

    #[test]
    fn a_single_text_is_read_by_style_and_explode() {
        let plain = |piece: &str| decoded(piece, false);
        for (text, style, explode, schema, value) in [
            ("5", Style::Simple, false, r#"{"type": "integer"}"#, json!(5)),
            ("1,2", Style::Simple, false, ARRAY, json!([1, 2])),
            ("R,100,G,200", Style::Simple, false, OBJECT, json!({"R": 100, "G": 200})),
            ("R=100,G=200", Style::Simple, true, OBJECT, json!({"R": 100, "G": 200})),
            (".5", Style::Label, false, r#"{"type": "integer"}"#, json!(5)),
            (".1,2", Style::Label, false, ARRAY, json!([1, 2])),
            (".1.2", Style::Label, true, ARRAY, json!([1, 2])),
            (".R=100.G=200", Style::Label, true, OBJECT, json!({"R": 100, "G": 200})),
            (";color=5", Style::Matrix, false, r#"{"type": "integer"}"#, json!(5)),
            (";color=1,2", Style::Matrix, false, ARRAY, json!([1, 2])),
            (";color=1;color=2", Style::Matrix, true, ARRAY, json!([1, 2])),
            (";color=R,100,G,200", Style::Matrix, false, OBJECT, json!({"R": 100, "G": 200})),
            (";R=100;G=200", Style::Matrix, true, OBJECT, json!({"R": 100, "G": 200})),
        ] {
            let schema: Value = serde_json::from_str(schema).unwrap();
            assert_eq!(single(text, "color", style, explode, Wanted::of(&schema), &plain), value, "{text}");
        }
    }

    #[test]
    fn a_query_is_read_by_style_and_explode() {
        for (query, style, explode, schema, value) in [
            ("color=5", Style::Form, true, r#"{"type": "integer"}"#, Some(json!(5))),
            ("color=1&color=2", Style::Form, true, ARRAY, Some(json!([1, 2]))),
            ("color[]=1&color[]=2", Style::Form, true, ARRAY, Some(json!([1, 2]))),
            ("color=1,2", Style::Form, false, ARRAY, Some(json!([1, 2]))),
            ("color=1%202", Style::SpaceDelimited, false, ARRAY, Some(json!([1, 2]))),
            ("color=1+2", Style::SpaceDelimited, false, ARRAY, Some(json!([1, 2]))),
            ("color=1|2", Style::PipeDelimited, false, ARRAY, Some(json!([1, 2]))),
            ("color=1%7C2", Style::PipeDelimited, false, ARRAY, Some(json!([1, 2]))),
            ("R=100&G=200&x=1", Style::Form, true, OBJECT, Some(json!({"R": 100, "G": 200}))),
            ("color=R,100,G,200", Style::Form, false, OBJECT, Some(json!({"R": 100, "G": 200}))),
            ("color[R]=100&color[G]=200", Style::DeepObject, true, OBJECT, Some(json!({"R": 100, "G": 200}))),
            ("color%5BR%5D=100", Style::DeepObject, true, OBJECT, Some(json!({"R": 100}))),
            ("other=1", Style::Form, true, ARRAY, None),
        ] {
            let schema: Value = serde_json::from_str(schema).unwrap();
            let read = Pairs::read(query).value("color", style, explode, false, Wanted::of(&schema), &[]);
            assert_eq!(read, value, "{query}");
        }
    }

    #[test]
    fn a_comma_that_is_encoded_does_not_part_items() {
        let schema = json!({"type": "array", "items": {"type": "string"}});
        let read = Pairs::read("a=x%2Cy,z").value("a", Style::Form, false, false, Wanted::of(&schema), &[]);
        assert_eq!(read, Some(json!(["x,y", "z"])));
    }

    #[test]
    fn a_plus_is_itself_where_reserved_characters_are_allowed() {
        let schema = json!({"type": "string"});
        let read = |reserved| {
            Pairs::read("a=1+2/3").value("a", Style::Form, true, reserved, Wanted::of(&schema), &[])
        };
        assert_eq!(read(true), Some(json!("1+2/3")));
        assert_eq!(read(false), Some(json!("1 2/3")));
    }
}
