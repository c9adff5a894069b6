//! Which of the documented responses is given, and which example of it.

use contract::{Detail, Example, MediaType, Response, StatusKey};

/// The status that an operation answers with when nothing else is asked for: the lowest 2xx that it
/// declares, then its other successes, then whatever there is; 200 where nothing is declared.
pub(crate) fn usual_status(detail: &Detail) -> u16 {
    let rank = |key: StatusKey| match key {
        StatusKey::Exact(code @ 200..=299) => (0, code),
        StatusKey::Class(2) => (1, 200),
        StatusKey::Default => (2, 200),
        StatusKey::Exact(code @ 300..=399) => (3, code),
        StatusKey::Class(3) => (4, 302),
        StatusKey::Exact(code @ 400..=599) => (5, code),
        StatusKey::Class(class) if class > 3 => (6, u16::from(class).saturating_mul(100)),
        StatusKey::Exact(code) => (7, code),
        StatusKey::Class(_) => (8, 200),
    };
    detail.responses.iter().map(|response| rank(response.status)).min().map_or(200, |(_, code)| code)
}

/// The response that is documented for a status: exactly, by its class, by default.
pub(crate) fn response(detail: &Detail, status: u16) -> Option<&Response> {
    let of = |key: StatusKey| detail.responses.iter().find(|response| response.status == key);
    of(StatusKey::Exact(status)).or_else(|| of(class(status))).or_else(|| of(StatusKey::Default))
}

/// The response for a denial: exactly, or by its class, never by default (control.md, default 10).
pub(crate) fn denial(detail: &Detail, status: u16) -> Option<&Response> {
    let of = |key: StatusKey| detail.responses.iter().find(|response| response.status == key);
    of(StatusKey::Exact(status)).or_else(|| of(class(status)))
}

/// The status of an invalid request (control.md, default 10).
pub(crate) fn invalid_status(detail: &Detail) -> u16 {
    if !declares(detail, 422) && declares(detail, 400) { 400 } else { 422 }
}

/// Whether a status itself is declared.
pub(crate) fn declares(detail: &Detail, code: u16) -> bool {
    detail.responses.iter().any(|response| response.status == StatusKey::Exact(code))
}

fn class(status: u16) -> StatusKey {
    StatusKey::Class(u8::try_from(status / 100).unwrap_or(0))
}

/// The status whose response has an example of this name: the usual one first, then other successes, then
/// any.
pub(crate) fn status_with_example(detail: &Detail, name: &str) -> Option<u16> {
    let has = |response: &Response| response.content.iter().any(|media| example(media, name).is_some());
    let usual = usual_status(detail);
    if response(detail, usual).is_some_and(has) {
        return Some(usual);
    }
    let mut codes: Vec<u16> = detail
        .responses
        .iter()
        .filter(|response| has(response))
        .filter_map(|response| match response.status {
            StatusKey::Exact(code) => Some(code),
            StatusKey::Class(class) => Some(u16::from(class).saturating_mul(100)),
            StatusKey::Default => None,
        })
        .collect();
    codes.sort_by_key(|code| (code / 100 != 2, *code));
    codes.first().copied()
}

/// An example by its name, with its place.
pub(crate) fn example<'a>(media: &'a MediaType, name: &str) -> Option<(usize, &'a Example)> {
    media.examples.iter().enumerate().find(|(_, example)| example.name == name)
}

/// Whether an answer of this status has no body (RFC 9110 15).
pub(crate) fn is_bodiless(status: u16) -> bool {
    status < 200 || matches!(status, 204 | 205 | 304)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn detail(keys: &[StatusKey]) -> Detail {
        let response = |status: &StatusKey| Response {
            status: *status,
            description: String::new(),
            headers: Vec::new(),
            content: Vec::new(),
            links: Vec::new(),
        };
        Detail { responses: keys.iter().map(response).collect(), ..Detail::default() }
    }

    #[test]
    fn the_lowest_success_is_the_usual_answer() {
        use StatusKey::{Class, Default, Exact};
        for (keys, status) in [
            (&[][..], 200),
            (&[Exact(404), Exact(201), Exact(202)], 201),
            (&[Exact(400), Class(2)], 200),
            (&[Exact(400), Default], 200),
            (&[Exact(404), Exact(303)], 303),
            (&[Exact(500), Exact(404)], 404),
        ] {
            assert_eq!(usual_status(&detail(keys)), status, "{keys:?}");
        }
    }

    #[test]
    fn a_denial_is_never_described_by_default_and_an_invalid_request_is_422_unless_only_400_is_declared() {
        use StatusKey::{Class, Default, Exact};
        assert!(denial(&detail(&[Default]), 401).is_none());
        assert!(denial(&detail(&[Class(4)]), 401).is_some());
        assert!(response(&detail(&[Default]), 500).is_some());
        assert_eq!(invalid_status(&detail(&[Exact(400)])), 400);
        assert_eq!(invalid_status(&detail(&[Exact(400), Exact(422)])), 422);
        assert_eq!(invalid_status(&detail(&[Class(4)])), 422);
    }

    #[test]
    fn an_example_is_found_in_whatever_response_has_it() {
        let mut detail = detail(&[StatusKey::Exact(200), StatusKey::Exact(404)]);
        detail.responses[1].content.push(MediaType {
            name: "application/json".into(),
            schema: None,
            item_schema: None,
            examples: vec![Example { name: "gone".into(), value: json!(1), serialized: false }],
            encoding: Vec::new(),
        });
        assert_eq!(status_with_example(&detail, "gone"), Some(404));
        assert_eq!(status_with_example(&detail, "none"), None);
    }
}
