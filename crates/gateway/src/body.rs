//! The bodies of answers, also broken ones on purpose.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep};

/// An answer's body.
#[derive(Debug)]
pub enum AnswerBody {
    /// All at once.
    Whole(Option<Bytes>),
    /// `fault:truncate`: half of it, then the connection ends.
    Truncated {
        /// What goes out.
        part: Option<Bytes>,
        /// Until the end is made: what went out must have left the buffers.
        pause: Pin<Box<Sleep>>,
    },
    /// `fault:drip`: a few bytes at a time.
    Drip {
        /// What is left.
        left: Bytes,
        /// Until the next few go out.
        pause: Pin<Box<Sleep>>,
    },
}

/// The end that `fault:truncate` makes.
#[derive(Debug, thiserror::Error)]
#[error("the answer was cut short by a scenario")]
pub struct CutShort;

const CUT_PAUSE: Duration = Duration::from_millis(20);
const DRIP_BYTES: usize = 8;
const DRIP_PAUSE: Duration = Duration::from_millis(250);

impl AnswerBody {
    /// All at once.
    pub fn whole(bytes: Bytes) -> Self {
        Self::Whole(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }

    /// Nothing.
    pub const fn empty() -> Self {
        Self::Whole(None)
    }

    pub(crate) fn truncated(bytes: &Bytes) -> Self {
        let part = Some(bytes.slice(..bytes.len() / 2));
        Self::Truncated { part, pause: Box::pin(tokio::time::sleep(CUT_PAUSE)) }
    }

    pub(crate) fn drip(bytes: Bytes) -> Self {
        Self::Drip { left: bytes, pause: Box::pin(tokio::time::sleep(Duration::ZERO)) }
    }
}

/// An answer's body with what is held until all of it is sent.
pub(crate) struct Held<T>(pub(crate) AnswerBody, pub(crate) T);

impl<T: Unpin> Body for Held<T> {
    type Data = Bytes;
    type Error = CutShort;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, CutShort>>> {
        Pin::new(&mut self.0).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = CutShort;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, CutShort>>> {
        match &mut *self {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Truncated { part, pause } => match part.take() {
                Some(part) => Poll::Ready(Some(Ok(Frame::data(part)))),
                None => pause.as_mut().poll(context).map(|()| Some(Err(CutShort))),
            },
            Self::Drip { left, pause } => {
                if left.is_empty() {
                    return Poll::Ready(None);
                }
                if pause.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
                pause.as_mut().reset(Instant::now() + DRIP_PAUSE);
                let few = left.split_to(DRIP_BYTES.min(left.len()));
                Poll::Ready(Some(Ok(Frame::data(few))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_none(),
            Self::Truncated { .. } => false,
            Self::Drip { left, .. } => left.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            // The head tells the whole length, so that the cut is seen as one.
            Self::Truncated { .. } => SizeHint::default(),
            Self::Drip { left, .. } => SizeHint::with_exact(left.len() as u64),
        }
    }
}
