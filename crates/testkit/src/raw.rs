use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::Answer;
use crate::client::DEADLINE;

/// A TCP connection for bytes that no HTTP client would send.
pub struct Raw {
    stream: TcpStream,
    /// Read, but not yet handed out.
    ahead: Vec<u8>,
}

impl Raw {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self { stream, ahead: Vec::new() }
    }

    /// Sends `bytes`; false when the other side had closed.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).await.is_ok()
    }

    /// Ends our direction; the answer can still be read.
    pub async fn finish(&mut self) {
        // The peer may be gone already, which reading will tell.
        let _ = self.stream.shutdown().await;
    }

    /// All that comes until the other side closes, which it must within the deadline.
    pub async fn read_to_end(&mut self) -> Vec<u8> {
        let mut bytes = std::mem::take(&mut self.ahead);
        let end = timeout(DEADLINE, self.stream.read_to_end(&mut bytes)).await;
        // A reset is an end as well: what came before it was kept.
        let _ = end.expect("the connection is closed in time");
        bytes
    }

    /// One answer with its body (as `Content-Length` says, or none), as text; empty when the other side
    /// closed first.
    pub async fn read_answer(&mut self) -> String {
        let answer = timeout(DEADLINE, self.answer()).await.expect("an answer comes in time");
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// One answer, as [`Client`](crate::Client) would have it; `asked` says what of, should it not be as expected.
    pub async fn answer_to(&mut self, asked: &str) -> Answer {
        let answer = self.read_answer().await;
        parse(asked, &answer).unwrap_or_else(|| panic!("{asked}: no answer in {answer:?}"))
    }

    /// The same, if it begins within `patience`; what came of it by then is kept.
    pub async fn answer_within(&mut self, patience: Duration, asked: &str) -> Option<Answer> {
        let mut first = [0; 1];
        if self.ahead.is_empty() {
            let begun = timeout(patience, self.stream.read(&mut first)).await.ok()?;
            self.ahead.extend_from_slice(first.get(..begun.unwrap_or(0)).unwrap_or_default());
        }
        Some(self.answer_to(asked).await)
    }

    async fn answer(&mut self) -> Vec<u8> {
        loop {
            if let Some(end) = whole(&self.ahead) {
                let rest = self.ahead.split_off(end);
                return std::mem::replace(&mut self.ahead, rest);
            }
            let mut piece = [0; 4096];
            match self.stream.read(&mut piece).await {
                Ok(0) | Err(_) => return std::mem::take(&mut self.ahead),
                Ok(count) => self.ahead.extend_from_slice(piece.get(..count).unwrap_or_default()),
            }
        }
    }
}

/// An answer in its parts.
fn parse(asked: &str, answer: &str) -> Option<Answer> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?;
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':')?;
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        headers.append(name, HeaderValue::from_str(value.trim()).ok()?);
    }
    Some(Answer {
        asked: asked.to_owned(),
        status: StatusCode::from_bytes(status.as_bytes()).ok()?,
        headers,
        body: Bytes::copy_from_slice(body.as_bytes()),
    })
}

/// Where the first whole answer in `bytes` ends.
fn whole(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(bytes.get(..head)?).to_ascii_lowercase();
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .and_then(|length| length.trim().parse().ok())
        .unwrap_or(0);
    (bytes.len() >= head + length).then_some(head + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_after_its_body_and_the_next_is_left() {
        let two = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 404";
        assert_eq!(whole(two), Some(40));
        assert_eq!(whole(&two[..39]), None);
        assert_eq!(whole(b"HTTP/1.1 204 No Content\r\n\r\n"), Some(27));
    }

    #[test]
    fn an_answer_is_taken_apart() {
        let answer = parse("GET /", "HTTP/1.1 408 Request Timeout\r\nA: 1\r\na: 2\r\n\r\n{}").unwrap();
        assert_eq!((answer.status(), answer.header_lines("a"), answer.text()), (408, vec!["1", "2"], "{}"));
        assert!(parse("GET /", "").is_none());
        assert!(parse("GET /", "HTTP/1.1\r\n\r\n").is_none());
    }
}
