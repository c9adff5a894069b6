use bytes::Bytes;
use http::{HeaderValue, Response, header};

/// The document of the control API.
pub(crate) const DOCUMENT: &str = include_str!(concat!(env!("OUT_DIR"), "/control.openapi.json"));

/// `GET /_lobby/control.json`
pub(crate) fn get() -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from_static(DOCUMENT.as_bytes()));
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
