//! One connection: what is known of who is at its other end, and how it can be cut.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// A client's certificate, with the proof of its key that the handshake brought. Whether anybody vouches for
/// it is the guard's matter.
#[derive(Debug, Clone)]
pub struct ClientCertificate {
    /// The certificate, DER.
    pub der: Arc<[u8]>,
}

/// Who is at the other end.
#[derive(Debug, Clone)]
pub struct Peer {
    /// The socket's address.
    pub address: SocketAddr,
    /// Whether the connection is TLS.
    pub secure: bool,
    /// What the client showed in the handshake.
    pub certificate: Option<ClientCertificate>,
    cut: Arc<AtomicBool>,
}

impl Peer {
    pub(crate) fn new(address: SocketAddr, cut: Arc<AtomicBool>) -> Self {
        Self { address, secure: false, certificate: None, cut }
    }

    pub(crate) fn over_tls(mut self, certificate: Option<ClientCertificate>) -> Self {
        self.secure = true;
        self.certificate = certificate;
        self
    }

    /// Makes the connection's end a reset (`fault:reset`).
    pub(crate) fn reset(&self) {
        self.cut.store(true, Ordering::Relaxed);
    }
}

/// A socket whose end may be a reset instead of a close.
pub(crate) struct Socket {
    stream: TcpStream,
    cut: Arc<AtomicBool>,
}

impl Socket {
    pub(crate) fn new(stream: TcpStream, cut: Arc<AtomicBool>) -> Self {
        Self { stream, cut }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.cut.load(Ordering::Relaxed) {
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
