use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result};

/// As much of an answer as the bench looks at.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

/// One request on a connection of its own; `headers` are whole lines.
pub(super) fn get(port: u16, path: &str, headers: &str) -> Result<Answer> {
    Connection::open(port)?.send(&format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{headers}\r\n"))
}

/// A connection that stays open.
pub(super) struct Connection(BufReader<TcpStream>);

impl Connection {
    /// Connects to a port of this machine.
    pub(super) fn open(port: u16) -> Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Sends a whole request and reads its answer.
    pub(super) fn send(&mut self, request: &str) -> Result<Answer> {
        self.0.get_mut().write_all(request.as_bytes())?;
        let status_line = self.line()?;
        let status =
            status_line.split(' ').nth(1).and_then(|code| code.parse().ok()).context("no HTTP answer")?;
        let mut length = 0;
        let mut chunked = false;
        loop {
            let line = self.line()?.to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().context("a content length that is no number")?;
            }
            chunked |= line.starts_with("transfer-encoding:") && line.contains("chunked");
        }
        let body = if chunked { self.chunks()? } else { self.bytes(length)? };
        Ok(Answer { status, body })
    }

    fn chunks(&mut self) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let length =
                usize::from_str_radix(self.line()?.trim(), 16).context("a chunk without a length")?;
            body.extend(self.bytes(length)?);
            self.line()?;
            if length == 0 {
                return Ok(body);
            }
        }
    }

    fn bytes(&mut self, length: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.0.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        let count = self.0.read_line(&mut line)?;
        anyhow::ensure!(count > 0, "the connection was closed");
        Ok(line.trim_end().to_owned())
    }
}
