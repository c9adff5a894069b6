use std::borrow::Cow;

use contract::{KeyPlace, SchemeId};
use http::header;
use percent_encoding::percent_decode;

use super::{Head, LONGEST};

/// What stands in the place of one `apiKey` scheme.
pub(crate) struct Key<'a> {
    pub(crate) scheme: SchemeId,
    pub(crate) value: Value<'a>,
}

/// The value itself.
pub(crate) enum Value<'a> {
    One(Cow<'a, [u8]>),
    /// Two or more; where.
    Several(&'static str),
    Malformed(&'static str),
}

pub(super) fn find<'a>(place: KeyPlace, name: &str, head: &Head<'a>) -> Option<Value<'a>> {
    match place {
        KeyPlace::Header => {
            let fields = head.headers.get_all(name).iter().map(|field| Cow::Borrowed(field.as_bytes()));
            single(fields, "two header fields")
        }
        KeyPlace::Query => single(query_values(head.query, name), "two query parameters"),
        KeyPlace::Cookie => {
            // RFC 9113 8.2.3: a cookie field may come in pieces; RFC 6265 5.2: spaces around do not count.
            let fields = head.headers.get_all(header::COOKIE).iter();
            let pairs = fields.flat_map(|field| field.as_bytes().split(|byte| *byte == b';'));
            let values = pairs.filter_map(|pair| {
                let at = pair.iter().position(|byte| *byte == b'=')?;
                let (key, value) = pair.split_at(at);
                (key.trim_ascii() == name.as_bytes())
                    .then(|| Cow::Borrowed(value.get(1..).unwrap_or_default().trim_ascii()))
            });
            single(values, "two cookies")
        }
    }
}

fn single<'a>(mut values: impl Iterator<Item = Cow<'a, [u8]>>, several: &'static str) -> Option<Value<'a>> {
    let first = values.next()?;
    Some(if values.next().is_some() {
        Value::Several(several)
    } else if first.is_empty() {
        Value::Malformed("it is empty")
    } else if first.len() > LONGEST {
        Value::Malformed("it is longer than 16 KiB")
    } else {
        Value::One(first)
    })
}

/// The one value of a query parameter; `None` where there is none or more than one.
pub(crate) fn query_value<'a>(query: Option<&'a str>, name: &str) -> Option<Cow<'a, [u8]>> {
    let mut values = query_values(query, name);
    let first = values.next()?;
    values.next().is_none().then_some(first)
}

fn query_values<'a, 'n>(
    query: Option<&'a str>,
    name: &'n str,
) -> impl Iterator<Item = Cow<'a, [u8]>> + use<'a, 'n> {
    let pairs = query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    pairs.filter_map(move |pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (*decoded(key) == *name.as_bytes()).then(|| decoded(value))
    })
}

/// A name or value of a query (`application/x-www-form-urlencoded`, URL Standard 5.1); what needs no
/// decoding is not copied.
fn decoded(text: &str) -> Cow<'_, [u8]> {
    if text.contains('+') {
        let spaced = text.replace('+', " ");
        return Cow::Owned(percent_decode(spaced.as_bytes()).collect());
    }
    percent_decode(text.as_bytes()).into()
}
