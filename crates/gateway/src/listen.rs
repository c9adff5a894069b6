//! Opening ports, all or none: nothing is served half.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
};

use socket2::{Domain, Protocol, Socket, Type};

/// A port that could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}")]
pub struct ListenError {
    /// Which.
    pub address: SocketAddr,
    /// Why.
    #[source]
    pub source: io::Error,
}

const BACKLOG: i32 = 4096;

/// Opens `port` on 127.0.0.1 and `::1`, the same free one on both where it is 0; without IPv6 on the first
/// alone (control.md, default 3).
pub fn loopback(port: u16) -> Result<Vec<TcpListener>, ListenError> {
    for _ in 0..16 {
        let first = open(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port))?;
        let taken = first.local_addr().map_or(port, |address| address.port());
        match open(SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), taken)) {
            Ok(second) => return Ok(vec![first, second]),
            Err(error) if no_ipv6(&error.source) => return Ok(vec![first]),
            Err(error) if port != 0 => return Err(error),
            // A free port of the one family may be taken in the other: try the next.
            Err(_) => {}
        }
    }
    open(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)).map(|only| vec![only])
}

/// Opens one address.
pub fn open(address: SocketAddr) -> Result<TcpListener, ListenError> {
    bind(address).map_err(|source| ListenError { address, source })
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // A restart must not wait for the old connections' end; on Unix this allows no second listener.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

fn no_ipv6(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported)
        || error.raw_os_error() == Some(97)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_zero_is_the_same_on_both_families() {
        let listeners = loopback(0).unwrap();
        let ports: Vec<u16> =
            listeners.iter().map(|listener| listener.local_addr().unwrap().port()).collect();
        assert!(ports.iter().all(|port| *port == ports[0] && *port != 0), "{ports:?}");
    }

    #[test]
    fn a_port_in_use_is_an_error_that_names_it() {
        let first = loopback(0).unwrap();
        let port = first[0].local_addr().unwrap().port();
        let error = loopback(port).unwrap_err();
        assert!(error.to_string().contains(&port.to_string()));
    }
}
