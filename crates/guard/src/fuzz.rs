//! Fuzz bodies: they must return, whatever the bytes.

use contract::{KeyPlace, Scheme, SchemeId, SchemeKind};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::{Head, collect::collect_for};

/// The credential collector: each line is a field (`name: value`), the first one a query.
pub fn credentials(data: &[u8]) {
    let kinds = [
        SchemeKind::Bearer,
        SchemeKind::Basic,
        SchemeKind::ApiKey { place: KeyPlace::Header, name: "x-api-key".to_owned() },
        SchemeKind::ApiKey { place: KeyPlace::Header, name: "bad name\n".to_owned() },
        SchemeKind::ApiKey { place: KeyPlace::Query, name: "key".to_owned() },
        SchemeKind::ApiKey { place: KeyPlace::Cookie, name: "session".to_owned() },
        SchemeKind::MutualTls,
    ];
    let schemes: Vec<Scheme> = (0..)
        .zip(kinds)
        .map(|(id, kind)| Scheme { id: SchemeId(id), name: String::new(), kind, description: None })
        .collect();
    let mut lines = data.split(|byte| *byte == b'\n');
    let query = lines.next().and_then(|line| std::str::from_utf8(line).ok());
    let mut headers = HeaderMap::new();
    for line in lines.take(64) {
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let (name, value) = line.split_at(colon);
        let field = HeaderName::from_bytes(name)
            .ok()
            .zip(HeaderValue::from_bytes(value.get(1..).unwrap_or_default()).ok());
        if let Some((name, value)) = field {
            headers.append(name, value);
        }
    }
    let head = Head { headers: &headers, query, certificate: None };
    let collected = collect_for(schemes.iter(), &head);
    assert!(!format!("{collected:?}").is_empty());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_collector_returns_whatever_the_bytes(data in proptest::collection::vec(any::<u8>(), 0..400)) {
            super::credentials(&data);
        }

        #[test]
        fn the_collector_returns_whatever_the_credentials(
            query in "(key=[a-z%+&=]{0,9}&?){0,3}",
            fields in proptest::collection::vec("(authorization: ?(bearer|basic|dpop) ?[A-Za-z0-9=:., ]{0,30}|cookie: ?[session=; ]{0,30}|dpop: ?[a-z.]{0,9})", 0..4),
        ) {
            super::credentials(format!("{query}\n{}", fields.join("\n")).as_bytes());
        }
    }
}
