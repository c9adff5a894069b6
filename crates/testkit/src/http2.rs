//! HTTP/2 in frames, for requests that no client would send (RFC 9113, RFC 7541).

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::client::DEADLINE;

/// The status that one request with just these fields (`:path` and the like among them) gets from the server at
/// `address`; `None` where it resets the stream or closes the connection instead.
pub async fn http2(address: SocketAddr, mut config: ClientConfig, fields: &[(&str, &str)]) -> Option<u16> {
    config.alpn_protocols = vec![b"h2".to_vec()];
    let stream = TcpStream::connect(address).await.expect("the server listens");
    let name = ServerName::IpAddress(address.ip().into());
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.expect("TLS");
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
    let mut sent = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    sent.extend(frame(SETTINGS, 0, 0, &[]));
    sent.extend(frame(HEADERS, END_STREAM | END_HEADERS, 1, &block(fields)));
    stream.write_all(&sent).await.expect("it is sent");
    timeout(DEADLINE, async {
        loop {
            let mut head = [0; 9];
            stream.read_exact(&mut head).await.ok()?;
            let [a, b, c, kind, ..] = head;
            let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
            stream.read_exact(&mut payload).await.ok()?;
            match kind {
                HEADERS => return Some(status(&payload)),
                RST_STREAM | GOAWAY => return None,
                _ => {}
            }
        }
    })
    .await
    .expect("an answer comes in time")
}

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// Each field as a literal that is not indexed, under a new name (RFC 7541 6.2.2).
fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            let length = u8::try_from(text.len()).ok().filter(|length| *length < 127);
            block.push(length.expect("a length of one byte"));
            block.extend(text.bytes());
        }
    }
    block
}

/// `:status`, which comes first; one of the static table's (RFC 7541, appendix A).
fn status(block: &[u8]) -> u16 {
    // A change of the dynamic table's size may stand before it (6.3).
    let first = block.iter().find(|byte| *byte & 0xe0 != 0x20).expect("a field");
    let table = [200, 204, 206, 304, 400, 404, 500];
    let place = usize::from(*first).checked_sub(0x88).expect("an indexed status");
    *table.get(place).expect("a status of the static table")
}
