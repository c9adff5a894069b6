//! Accepting connections and driving them, within their bounds, until told to stop.

use std::{
    net::{IpAddr, TcpListener},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use http::{Request, Response};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::{Semaphore, watch},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

use crate::{
    body::{AnswerBody, Held},
    connection::{ClientCertificate, Peer, Socket},
    gateway::Gateway,
    office::Office,
    shares::Shares,
};

/// What answers a listener's requests.
#[derive(Clone)]
pub enum Handler {
    /// The APIs, and Lobby's own beside them.
    Gateway(Arc<Gateway>),
    /// A small service.
    Office(Arc<Office>),
}

impl Handler {
    async fn handle(
        &self,
        request: Request<Incoming>,
        peer: &Peer,
    ) -> Result<Response<AnswerBody>, Abandoned> {
        match self {
            Self::Gateway(gateway) => gateway.handle(request, peer).await,
            Self::Office(office) => office.handle(request, peer).await,
        }
    }

    /// Whether an address connects for many: this machine's own, and a proxy's.
    fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let is_proxy = |gateway: &Gateway| {
            gateway.settings.load().trusted_proxies.iter().any(|network| network.contains(&address))
        };
        address.is_loopback() || matches!(self, Self::Gateway(gateway) if is_proxy(gateway))
    }
}

/// A connection that ends without an answer, as a scenario wanted.
#[derive(Debug, thiserror::Error)]
#[error("the connection was cut by a scenario")]
pub struct Abandoned;

/// Bounds of connections.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Open at once; a further one is closed at once, and so is one of an address that has half of them.
    pub connections: usize,
    /// Bytes of a request's head that the parser takes; longer ones are its own bare 431.
    pub head: usize,
    /// Until a head is complete, and how long an idle connection is kept; of HTTP/2 twice that at most, and whoever
    /// does not go then has as long again.
    pub head_patience: Duration,
    /// Until the TLS handshake is done.
    pub handshake_patience: Duration,
}

/// How far the end has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Serving.
    Open,
    /// No new connections; idle ones are closed, running requests finish.
    Draining,
}

/// Listeners that are being served.
pub type Serving = Pin<Box<dyn Future<Output = std::io::Result<()>> + Send>>;

/// Serves every listener until the phase is [`Phase::Draining`] and the last connection is done.
///
/// Boxed, so that all of a request's way is compiled with this crate, which the release makes fast, and not with
/// whoever calls it, which it makes small.
pub fn serve(
    listeners: Vec<TcpListener>,
    tls: Option<Arc<rustls::ServerConfig>>,
    bounds: Bounds,
    handler: Handler,
    phase: watch::Receiver<Phase>,
) -> Serving {
    Box::pin(run(listeners, tls, bounds, handler, phase))
}

async fn run(
    listeners: Vec<TcpListener>,
    tls: Option<Arc<rustls::ServerConfig>>,
    bounds: Bounds,
    handler: Handler,
    phase: watch::Receiver<Phase>,
) -> std::io::Result<()> {
    let slots = Arc::new(Semaphore::new(bounds.connections));
    let shares = Shares::of(bounds.connections);
    let acceptor = tls.map(TlsAcceptor::from);
    let mut doors = JoinSet::new();
    for listener in listeners {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let driver =
            Driver { acceptor: acceptor.clone(), bounds, handler: handler.clone(), phase: phase.clone() };
        doors.spawn(accept(listener, driver, slots.clone(), shares.clone()));
    }
    while doors.join_next().await.is_some() {}
    // Every connection holds a slot: having all of them means that all are done.
    let all = u32::try_from(bounds.connections).unwrap_or(u32::MAX);
    let _ = slots.acquire_many(all).await;
    Ok(())
}

async fn accept(listener: tokio::net::TcpListener, driver: Driver, slots: Arc<Semaphore>, shares: Shares) {
    let mut phase = driver.phase.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = phase.wait_for(|phase| *phase == Phase::Draining) => return,
        };
        let Ok((stream, address)) = accepted else {
            // Out of file descriptors: let some connections end before trying again.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let Ok(slot) = slots.clone().try_acquire_owned() else { continue };
        let share = shares.take(address.ip().to_canonical());
        if share.is_none() && !driver.handler.trusts(address.ip()) {
            continue;
        }
        let driver = driver.clone();
        tokio::spawn(async move {
            driver.drive(stream, address).await;
            drop((slot, share));
        });
    }
}

/// The streams of an HTTP/2 connection: how many there have been, and by who holds it whether any is open.
#[derive(Clone, Default)]
struct Streams(Arc<AtomicU64>);

impl Streams {
    /// One more, open for as long as this is held.
    fn begin(&self) -> Self {
        self.0.fetch_add(1, Ordering::Relaxed);
        self.clone()
    }

    /// Ends when for so long, and for less than twice that, there was no stream.
    async fn idle(&self, patience: Duration) {
        loop {
            let (before, held) = (self.0.load(Ordering::Relaxed), Arc::strong_count(&self.0));
            tokio::time::sleep(patience).await;
            // The connection's own, and what it begins others with.
            if held <= 2 && self.0.load(Ordering::Relaxed) == before {
                return;
            }
        }
    }
}

#[derive(Clone)]
struct Driver {
    acceptor: Option<TlsAcceptor>,
    bounds: Bounds,
    handler: Handler,
    phase: watch::Receiver<Phase>,
}

impl Driver {
    async fn drive(mut self, stream: TcpStream, address: std::net::SocketAddr) {
        let _ = stream.set_nodelay(true);
        // A connection that says nothing costs no buffer.
        let spoke = tokio::time::timeout(self.bounds.head_patience, stream.readable());
        let spoke = tokio::select! {
            spoke = spoke => matches!(spoke, Ok(Ok(()))),
            _ = self.phase.wait_for(|phase| *phase == Phase::Draining) => false,
        };
        if !spoke {
            return;
        }
        let cut = Arc::default();
        let peer = Peer::new(address, Arc::clone(&cut));
        let socket = Socket::new(stream, cut);
        let Some(acceptor) = self.acceptor.clone() else {
            return self.http1(socket, peer).await;
        };
        let handshake = tokio::time::timeout(self.bounds.handshake_patience, acceptor.accept(socket));
        let Ok(Ok(stream)) = handshake.await else { return };
        let (_, session) = stream.get_ref();
        let certificate = session.peer_certificates().and_then(|chain| chain.first());
        let certificate = certificate.map(|first| ClientCertificate { der: first.as_ref().into() });
        let peer = peer.over_tls(certificate);
        match session.alpn_protocol() {
            Some(b"h2") => self.http2(stream, peer).await,
            // The certificate that was shown is the answer.
            Some(crate::tls::VALIDATION) => {}
            Some(_) | None => self.http1(stream, peer).await,
        }
    }

    async fn http1<S: AsyncRead + AsyncWrite + Unpin + Send>(mut self, stream: S, peer: Peer) {
        let handler = self.handler.clone();
        let service = service_fn(|request| handler.handle(request, &peer));
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.bounds.head_patience)
            .max_buf_size(self.bounds.head)
            .serve_connection(TokioIo::new(stream), service);
        tokio::pin!(connection);
        tokio::select! {
            _ = connection.as_mut() => return,
            _ = self.phase.wait_for(|phase| *phase == Phase::Draining) => {}
        }
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }

    async fn http2<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(mut self, stream: S, peer: Peer) {
        let handler = self.handler.clone();
        let streams = Streams::default();
        let begun = streams.clone();
        let service = service_fn(move |request| {
            let (handler, peer, stream) = (handler.clone(), peer.clone(), begun.begin());
            async move { Ok::<_, Abandoned>(handler.handle(request, &peer).await?.map(|body| Held(body, stream))) }
        });
        let head = u32::try_from(self.bounds.head).unwrap_or(u32::MAX);
        let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_header_list_size(head)
            .max_concurrent_streams(128)
            .keep_alive_interval(self.bounds.head_patience)
            // A long answer to a slow client goes before the ping.
            .keep_alive_timeout(self.bounds.head_patience + self.bounds.handshake_patience)
            .serve_connection(TokioIo::new(stream), service);
        tokio::pin!(connection);
        tokio::select! {
            _ = connection.as_mut() => return,
            _ = self.phase.wait_for(|phase| *phase == Phase::Draining) => {}
            () = streams.idle(self.bounds.head_patience) => {}
        }
        connection.as_mut().graceful_shutdown();
        tokio::select! {
            _ = connection => {}
            // A head that never ends is no stream either.
            () = streams.idle(self.bounds.head_patience) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
        sync::Notify,
        task::JoinHandle,
        time::timeout,
    };

    use super::*;
    use crate::{neighbours::Answering, office::Service};

    const PATIENCE: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_secs(20);
    /// RFC 9113 3.4, and an empty SETTINGS frame.
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    /// HEADERS of `GET /` to `a`, which end the stream 1.
    const GET: &[u8] = b"\0\0\x06\x01\x05\0\0\0\x01\x82\x84\x86\x41\x01a";

    /// Answers when it is told to.
    struct Slow(Arc<Notify>);

    impl Service for Slow {
        fn answer<'a>(&'a self, _: Request<Bytes>, _: &'a Peer) -> Answering<'a> {
            Box::pin(async {
                self.0.notified().await;
                Response::new(Bytes::from_static(b"at last"))
            })
        }
    }

    /// An HTTP/2 connection: the client's end, what lets a request be answered, and until when it is served.
    fn connected() -> (DuplexStream, Arc<Notify>, JoinHandle<()>) {
        let told = Arc::new(Notify::new());
        let service = Arc::new(Slow(told.clone()));
        let office = Office { body_limit: 0, body_patience: LONG, service };
        let (open, phase) = watch::channel(Phase::Open);
        let driver = Driver {
            acceptor: None,
            bounds: Bounds {
                connections: 1,
                head: 8 << 10,
                head_patience: PATIENCE,
                handshake_patience: LONG,
            },
            handler: Handler::Office(Arc::new(office)),
            phase,
        };
        let (client, server) = duplex(64 << 10);
        let peer = Peer::new(([127, 0, 0, 1], 1).into(), Arc::default());
        let serving = async move {
            driver.http2(server, peer).await;
            drop(open);
        };
        (client, told, tokio::spawn(serving))
    }

    #[tokio::test]
    async fn a_connection_of_http_2_is_not_kept_for_nothing() {
        // Nothing was said; nothing was asked; a head has no end (END_HEADERS is not set).
        let unended: Vec<u8> = [PREFACE, b"\0\0\x01\x01\x01\0\0\0\x01\x82"].concat();
        for said in [b"", PREFACE, &unended] {
            let (mut client, _, served) = connected();
            client.write_all(said).await.unwrap();
            timeout(LONG, served).await.expect("it is closed").unwrap();
        }
    }

    #[tokio::test]
    async fn a_connection_is_kept_while_a_request_is_answered() {
        let (mut client, told, mut served) = connected();
        client.write_all(PREFACE).await.unwrap();
        client.write_all(GET).await.unwrap();
        timeout(5 * PATIENCE, &mut served).await.expect_err("somebody waits for an answer");
        told.notify_one();
        let mut answer = Vec::new();
        timeout(LONG, client.read_to_end(&mut answer)).await.expect("it ends then").unwrap();
        assert!(answer.windows(7).any(|part| part == b"at last"), "{answer:?}");
        served.await.unwrap();
    }
}
