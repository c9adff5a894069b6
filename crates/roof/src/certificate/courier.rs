use std::pin::Pin;

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};

use crate::server::root;

/// What an answer of an authority may weigh.
const LARGEST: usize = 1 << 20;

/// Carries messages to an authority and back.
pub(super) struct Courier(pub(super) reqwest::Client);

impl HttpClient for Courier {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let client = self.0.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
            let uri = parts.uri.to_string();
            let other = |error| Error::Other(format!("{uri} does not answer: {}", root(&error)).into());
            let sent = client.request(parts.method, &uri).headers(parts.headers).body(body);
            let mut answer = sent.send().await.map_err(other)?;
            let mut response = Response::builder().status(answer.status());
            if let Some(headers) = response.headers_mut() {
                headers.clone_from(answer.headers());
            }
            let mut bytes = BytesMut::new();
            while let Some(chunk) = answer.chunk().await.map_err(other)? {
                if bytes.len() + chunk.len() > LARGEST {
                    return Err(Error::Str("an answer of a sensible size"));
                }
                bytes.extend_from_slice(&chunk);
            }
            Ok(BytesResponse::from(response.body(Full::new(bytes.freeze()))?))
        })
    }
}
