use std::net::{IpAddr, SocketAddr, TcpListener};

use crate::{
    cli,
    config::{Config, listen::Tls},
    exit::Failure,
};

/// Where a mock listens: what the command line says, else what lobby.yaml says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// The address; `None` for 127.0.0.1 and `::1`.
    pub(super) host: Option<IpAddr>,
    /// The port that was asked for; 0 is any.
    pub(super) port: u16,
    /// Whether HTTPS is served.
    pub(super) tls: bool,
}

/// The port of the commands that nobody tells another.
const PORT: u16 = 4010;

impl Place {
    pub(super) fn of(mock: &cli::Mock, config: &Config) -> Self {
        let written = config.listen.0.public;
        Self {
            host: mock.host.or(written.map(|address| address.ip())),
            port: mock.port.or(written.map(|address| address.port())).unwrap_or(PORT),
            tls: mock.tls || matches!(config.listen.0.tls, Some(Tls::Local)),
        }
    }

    /// Takes the port.
    pub(super) fn open(&self) -> Result<Vec<TcpListener>, Failure> {
        let opened = match self.host {
            Some(host) => gateway::open(SocketAddr::new(host, self.port)).map(|listener| vec![listener]),
            None => gateway::loopback(self.port),
        };
        opened.map_err(|error| {
            let in_use = error.source.kind() == std::io::ErrorKind::AddrInUse;
            let hint = if in_use {
                "something listens there already; take another port with --port, or 0 for a free one"
            } else {
                "take another address with --host, or another port with --port"
            };
            Failure::new(format!("{error}: {}", error.source), hint)
        })
    }

    /// The URL on this machine, once a port is taken.
    pub(super) fn url(&self, port: u16) -> String {
        crate::running::url(self.tls, self.host, port)
    }

    /// What there is to know of being reached from other machines.
    pub(super) fn note(&self, insecure: bool) -> Option<&'static str> {
        self.host.filter(|host| !host.is_loopback())?;
        Some(match (self.tls, insecure) {
            (true, _) => "listening beyond this machine, over HTTPS",
            (false, true) => {
                "listening beyond this machine, and credentials are taken over plain HTTP (--insecure)"
            }
            (false, false) => {
                "listening beyond this machine; credentials that others send over plain HTTP are refused \
                 (transport.insecure): serve HTTPS with --tls, or take them with --insecure"
            }
        })
    }
}
