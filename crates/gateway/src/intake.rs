//! Reading a request's body within its bounds.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use guard::Code;
use http::header;
use http_body::Body;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use model::RequestId;

use crate::{answer::Answered, settings::Settings};

/// Why a request's body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReadError {
    /// More than the limit.
    #[error("the body is larger than the limit")]
    TooLarge,
    /// Not there in time.
    #[error("the body did not come in time")]
    Slow,
    /// The connection ended, or the framing was wrong.
    #[error("the body broke off")]
    Broken,
}

/// Reads a body of at most `limit` bytes, within `patience` in all. The length that the head declares is
/// refused before a byte is read, but never believed for memory.
pub(crate) async fn read<B>(mut body: B, limit: usize, patience: Duration) -> Result<Bytes, ReadError>
where
    B: Body<Data = Bytes> + Unpin,
{
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    if body.size_hint().lower() > limit as u64 {
        return Err(ReadError::TooLarge);
    }
    let all = async {
        let mut first = Bytes::new();
        let mut rest = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| ReadError::Broken)?.into_data() else { continue };
            if first.len() + rest.len() + data.len() > limit {
                return Err(ReadError::TooLarge);
            }
            if first.is_empty() && rest.is_empty() {
                first = data;
            } else {
                if rest.is_empty() {
                    rest.extend_from_slice(&first);
                    first = Bytes::new();
                }
                rest.extend_from_slice(&data);
            }
        }
        Ok(if rest.is_empty() { first } else { rest.freeze() })
    };
    tokio::time::timeout(patience, all).await.unwrap_or(Err(ReadError::Slow))
}

/// The body of a request, or the refusal of it.
pub(crate) async fn collect(
    incoming: Incoming,
    settings: &Settings,
    id: RequestId,
) -> Result<Bytes, Box<Answered>> {
    let read = read(incoming, settings.body_limit, settings.body_patience).await;
    read.map_err(|error| {
        let code = match error {
            ReadError::TooLarge => Code::BodySize,
            ReadError::Slow => Code::RequestSlow,
            ReadError::Broken => Code::PathInvalid,
        };
        let mut answered = Answered::problem(code, Some(&error.to_string()), id);
        answered.headers.insert(header::CONNECTION, header::HeaderValue::from_static("close"));
        answered.mark(None, id);
        Box::new(answered)
    })
}

#[cfg(test)]
mod tests {
    use std::{
        pin::Pin,
        task::{Context, Poll},
    };

    use http_body::Frame;

    use super::*;
    use crate::body::{AnswerBody, CutShort};

    /// One byte at a time, with a pause after each, for ever.
    struct Trickle {
        paused: bool,
    }

    impl Body for Trickle {
        type Data = Bytes;
        type Error = CutShort;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, CutShort>>> {
            self.paused = !self.paused;
            if self.paused {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"x")))))
        }
    }

    #[tokio::test]
    async fn a_body_that_trickles_has_the_same_time_as_one_that_never_comes() {
        let soon = Duration::from_millis(20);
        let trickle = Trickle { paused: false };
        assert_eq!(read(trickle, usize::MAX, soon).await, Err(ReadError::Slow));
        let never = http_body_util::StreamBody::new(futures_util::stream::pending::<
            Result<Frame<Bytes>, CutShort>,
        >());
        assert_eq!(read(never, usize::MAX, soon).await, Err(ReadError::Slow));
    }

    #[tokio::test]
    async fn a_body_that_is_there_needs_no_time() {
        let whole = AnswerBody::whole(Bytes::from_static(b"[]"));
        assert_eq!(read(whole, 2, Duration::ZERO).await, Ok(Bytes::from_static(b"[]")));
        let whole = AnswerBody::whole(Bytes::from_static(b"[1]"));
        assert_eq!(read(whole, 2, Duration::ZERO).await, Err(ReadError::TooLarge));
    }
}
