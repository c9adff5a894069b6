//! Telling systemd how it stands (`Type=notify`): one datagram to the socket that it names.

/// Where to tell it; nowhere unless systemd started us.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notifier {
    #[cfg(unix)]
    socket: Option<std::sync::Arc<(std::os::unix::net::UnixDatagram, std::os::unix::net::SocketAddr)>>,
}

impl Notifier {
    /// The one that `NOTIFY_SOCKET` names.
    #[cfg(unix)]
    pub(crate) fn from_environment() -> Self {
        let named = std::env::var_os("NOTIFY_SOCKET");
        let open = |name: std::ffi::OsString| {
            let address = address(&name).ok()?;
            let socket = std::os::unix::net::UnixDatagram::unbound().ok()?;
            socket.set_nonblocking(true).ok()?;
            Some(std::sync::Arc::new((socket, address)))
        };
        Self { socket: named.and_then(open) }
    }

    /// There is no systemd here.
    #[cfg(not(unix))]
    pub(crate) fn from_environment() -> Self {
        Self {}
    }

    /// Requests are served.
    pub(crate) fn ready(&self) {
        self.tell(b"READY=1");
    }

    /// The files are reread.
    pub(crate) fn reloading(&self) {
        self.tell(b"RELOADING=1");
    }

    /// The end has begun.
    pub(crate) fn stopping(&self) {
        self.tell(b"STOPPING=1");
    }

    #[cfg(unix)]
    fn tell(&self, state: &[u8]) {
        if let Some(socket) = &self.socket {
            // Nobody may be listening any more: serving goes on all the same.
            let _ = socket.0.send_to_addr(state, &socket.1);
        }
    }

    #[cfg(not(unix))]
    fn tell(&self, _: &[u8]) {}
}

/// A path, or, after `@`, an abstract name (Linux alone).
#[cfg(unix)]
fn address(name: &std::ffi::OsStr) -> std::io::Result<std::os::unix::net::SocketAddr> {
    #[cfg(target_os = "linux")]
    {
        use std::os::{linux::net::SocketAddrExt, unix::ffi::OsStrExt};
        if let Some(name) = name.as_bytes().strip_prefix(b"@") {
            return std::os::unix::net::SocketAddr::from_abstract_name(name);
        }
    }
    std::os::unix::net::SocketAddr::from_pathname(name)
}
