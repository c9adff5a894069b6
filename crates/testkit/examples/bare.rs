//! The floor under every number in `docs/performance.md`: hyper alone, answering a fixed 200 with 300
//! bytes of JSON. `bare per-core` runs one current-thread runtime for each core on its own listener of one
//! port (`SO_REUSEPORT`), `bare shared` one multi-thread runtime. The port is printed on standard output.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

const BODY: &[u8] = br#"[{"id":"b-1","title":"The Left Hand of Darkness","author":"Ursula K. Le Guin","isbn":"978-0-441-47812-5","price":{"amount":1299,"currency":"EUR"},"stock":12},{"id":"b-2","title":"Solaris","author":"Stanislaw Lem","isbn":"978-0-15-602760-1","price":{"amount":999,"currency":"EUR"},"stock":3}]  "#;

fn main() -> anyhow::Result<()> {
    let shape = std::env::args().nth(1).unwrap_or_else(|| "per-core".to_owned());
    match shape.as_str() {
        "per-core" => per_core(),
        "shared" => shared(),
        other => anyhow::bail!("unknown shape `{other}`: per-core or shared"),
    }
}

fn per_core() -> anyhow::Result<()> {
    let first = listener(0)?;
    let port = first.local_addr()?.port();
    announce(port);
    let cores = std::thread::available_parallelism()?.get();
    let mut listeners = vec![first];
    for _ in 1..cores {
        listeners.push(listener(port)?);
    }
    let threads: Vec<_> = listeners
        .into_iter()
        .map(|socket| {
            std::thread::spawn(move || -> anyhow::Result<()> {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                let local = tokio::task::LocalSet::new();
                local.block_on(&runtime, async move {
                    let listener = TcpListener::from_std(socket)?;
                    loop {
                        let (stream, _) = listener.accept().await?;
                        stream.set_nodelay(true)?;
                        tokio::task::spawn_local(connection(stream));
                    }
                })
            })
        })
        .collect();
    for thread in threads {
        thread.join().map_err(|_| anyhow::anyhow!("a server thread panicked"))??;
    }
    Ok(())
}

fn shared() -> anyhow::Result<()> {
    let socket = listener(0)?;
    announce(socket.local_addr()?.port());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async move {
        let listener = TcpListener::from_std(socket)?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::spawn(connection(stream));
        }
    })
}

async fn connection(stream: tokio::net::TcpStream) {
    // A client that goes away mid-request is no news to a benchmark.
    let _ = http1::Builder::new()
        .pipeline_flush(true)
        .serve_connection(TokioIo::new(stream), service_fn(answer))
        .await;
}

async fn answer(_request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut response = Response::new(Full::new(Bytes::from_static(BODY)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

fn listener(port: u16) -> anyhow::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
    socket.listen(1024)?;
    Ok(socket.into())
}

#[expect(clippy::print_stdout, reason = "the port is this program's result")]
fn announce(port: u16) {
    println!("{port}");
}
