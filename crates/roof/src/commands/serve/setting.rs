//! What lobby.yaml says of where a server stands, with everything that is in its way.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};

use gateway::{Asking, ClientTrust};
use model::{Clock, Place, Problem};

use crate::{
    authority::{Authority, default_folder},
    certificate::{Acme, AcmeSettings, CertificateFiles, LETS_ENCRYPT, Shown, certified},
    cli,
    config::{
        listen::{Certificate, Tls},
        store::Store,
    },
    exit::Failure,
    gather::Gathering,
    report::Reporter,
    running, state,
    system::SystemClock,
};

/// Where a server stands.
pub(super) struct Setting {
    pub(super) issuer: String,
    pub(super) public: SocketAddr,
    pub(super) admin: SocketAddr,
    /// Where plain HTTP leads to HTTPS.
    pub(super) redirect: Option<SocketAddr>,
    showing: Option<Showing>,
    /// Things to know at the start.
    pub(super) notes: Vec<String>,
}

/// Whose certificate is shown.
enum Showing {
    Local,
    Files(CertificateFiles),
    Fetched(AcmeSettings),
}

/// What handshakes run on.
pub(super) struct Certificates {
    pub(super) tls: Arc<rustls::ServerConfig>,
    pub(super) asking: Asking,
    pub(super) client_trust: Option<ClientTrust>,
    pub(super) shown: Arc<Shown>,
    /// What fetches them, once the listeners are open.
    pub(super) acme: Option<Acme>,
}

const PUBLIC: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8443);
const ADMIN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9443);

impl Setting {
    /// Reads it, or says all that is in the way.
    pub(super) fn of(gathering: &Gathering) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let listen = &gathering.config.listen.0;
        let (public, admin) = (listen.public.unwrap_or(PUBLIC), listen.admin.unwrap_or(ADMIN));
        let issuer = gathering.config.issuer.clone().map(|issuer| issuer.trim_end_matches('/').to_owned());
        if issuer.is_none() {
            let help = "add `issuer:` with the URL by which clients reach it, as https://login.example.com";
            problems.push(at_the_top(gathering, "`issuer` is missing: nobody may guess who we are", help));
        }
        let showing = listen.tls.as_ref().and_then(|tls| showing(tls, gathering, &mut problems));
        if listen.tls.is_none() && gathering.config.trusted_proxies.is_empty() {
            for (key, address) in [("public", public), ("admin", admin)] {
                if !address.ip().is_loopback() {
                    let message = format!("{address} would be plain HTTP beyond this machine");
                    let help =
                        "serve HTTPS with `listen.tls`, or name the proxy in front in `trusted_proxies`";
                    problems.push(of_listen(gathering, key, message, help));
                }
            }
        }
        let redirect = listen.redirect_http;
        if redirect.is_some() && listen.tls.is_none() {
            let help = "add `listen.tls`, or leave it out";
            let message = "there is no HTTPS that plain HTTP could lead to".to_owned();
            problems.push(of_listen(gathering, "redirect_http", message, help));
        }
        let mut notes = Vec::new();
        if let Some(issuer) = &issuer
            && issuer.starts_with("https:")
            && listen.tls.is_none()
            && gathering.config.trusted_proxies.is_empty()
        {
            notes.push(
                "the issuer is HTTPS and this is not: name the proxy in front in `trusted_proxies`, or every \
                 request seems to come from it"
                    .to_owned(),
            );
        }
        if let Some(Store::Memory) = gathering.config.store {
            let note = "`store: memory` keeps nothing: accounts, keys and sign-ins end with this process";
            notes.push(note.to_owned());
        }
        if gathering.config.trusted_proxies.iter().any(|network| network.prefix_len() == 0) {
            let note = "`trusted_proxies` trusts everybody: whoever calls says where they call from";
            notes.push(note.to_owned());
        }
        match issuer {
            Some(issuer) if problems.is_empty() => {
                Ok(Self { issuer, public, admin, redirect, showing, notes })
            }
            Some(_) | None => Err(problems),
        }
    }

    /// Opens the certificate, if there is to be one, and follows it.
    pub(super) fn certificates(
        &self,
        serve: &cli::Serve,
        gathering: &Gathering,
        reporter: Reporter,
    ) -> Result<Option<Certificates>, Failure> {
        let Some(showing) = &self.showing else { return Ok(None) };
        let shown = Arc::new(Shown::default());
        let (mut client_trust, mut acme, mut validates) = (None, None, false);
        match showing {
            Showing::Local => {
                let folder = serve.ca_dir.clone().unwrap_or_else(default_folder);
                let now = SystemClock.now();
                let authority = Authority::open(&folder, now).map_err(Failure::from_error)?;
                let (chain, key) = authority.server(self.names(), now).map_err(Failure::from_error)?;
                shown.show(certified(chain, key).map_err(Failure::from_error)?);
                client_trust = ClientTrust::new([authority.der().map_err(Failure::from_error)?]);
            }
            Showing::Files(files) => {
                let read = files.read();
                let wrong = |(key, why)| gathering.wrong(&["listen", "tls", key], why, None);
                shown.show(read.map_err(|failed| Failure::Problems(vec![wrong(failed)]))?);
                tokio::spawn(files.clone().follow(shown.clone(), reporter));
            }
            Showing::Fetched(settings) => {
                validates = !settings.by_http;
                acme = Some(Acme::open(settings.clone(), shown.clone(), reporter)?);
            }
        }
        let asking = Asking::default();
        let config = gateway::server_config(shown.clone(), asking.clone(), validates);
        let tls = Arc::new(config.map_err(Failure::from_error)?);
        Ok(Some(Certificates { tls, asking, client_trust, shown, acme }))
    }

    /// The URL of the admin listener, and where it leads from this machine if nobody is to look that up: beyond the
    /// loopback a certificate that is not ours is for the issuer's name, and for no address.
    pub(super) fn administered(&self, port: u16) -> (String, Option<SocketAddr>) {
        let ip = self.admin.ip();
        let issuer = url::Url::parse(&self.issuer).ok();
        let name = issuer.as_ref().and_then(url::Url::domain).filter(|_| !ip.is_loopback());
        match (&self.showing, name) {
            (Some(Showing::Files(_) | Showing::Fetched(_)), Some(name)) => {
                (format!("https://{name}:{port}"), Some((running::reached(ip), port).into()))
            }
            (showing, _) => (running::url(showing.is_some() && !ip.is_loopback(), Some(ip), port), None),
        }
    }

    /// The names of this machine, of the issuer, and of the addresses that are listened on.
    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            ["localhost", "*.localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
        let issuer = url::Url::parse(&self.issuer).ok();
        let issuer = issuer.as_ref().and_then(url::Url::host_str).map(str::to_owned);
        let addresses = [self.public.ip(), self.admin.ip()].into_iter().filter(|ip| !ip.is_unspecified());
        for name in issuer.into_iter().chain(addresses.map(|ip| ip.to_string())) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

fn showing(tls: &Tls, gathering: &Gathering, problems: &mut Vec<Problem>) -> Option<Showing> {
    let mut wrong = |message: &str, help: &str| {
        problems.push(gathering.wrong(&["listen", "tls"], message.to_owned(), Some(help.to_owned())));
        None
    };
    match tls {
        Tls::Local => Some(Showing::Local),
        Tls::Other(Certificate { cert: Some(cert), key: Some(key), acme, .. }) if acme.is_empty() => {
            Some(Showing::Files(CertificateFiles {
                chain: gathering.folder().join(cert),
                key: key.clone(),
                folder: gathering.folder().to_owned(),
            }))
        }
        Tls::Other(certificate) if !certificate.acme.is_empty() => {
            fetched(certificate, gathering).map_err(|(message, help)| wrong(&message, help)).ok()
        }
        Tls::Other(_) => wrong(
            "this says of no certificate where it is",
            "write `{ cert: PATH, key: file:PATH }`, `{ acme: [HOST] }`, or `local`",
        ),
    }
}

/// What is to be fetched, or why it cannot be, and what to do.
fn fetched(certificate: &Certificate, gathering: &Gathering) -> Result<Showing, (String, &'static str)> {
    let Certificate { cert, key, acme: hosts, directory, email, root } = certificate;
    if cert.is_some() || key.is_some() {
        let message = "a certificate is either in files or fetched".to_owned();
        return Err((message, "leave out `acme`, or `cert` and `key`"));
    }
    if let Some(wrong) = hosts.iter().find(|host| !is_host(host)) {
        let help = "write names as api.example.com; an authority gives none for `*.` without the name server";
        return Err((format!("`{wrong}` is no name that a certificate can be fetched for"), help));
    }
    let directory = directory.clone().unwrap_or_else(|| LETS_ENCRYPT.to_owned());
    if !url::Url::parse(&directory).is_ok_and(|url| url.scheme() == "https" && url.has_host()) {
        return Err((format!("`{directory}` is no https URL"), "write the authority's directory"));
    }
    let root = root.as_ref().map(|root| {
        let path = gathering.folder().join(root);
        std::fs::read(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))
    });
    let root = root.transpose().map_err(|why| (why, "name a file with certificates as PEM"))?;
    // Another authority is another account, and its certificates are not this one's.
    let digest = jose::digest::sha256(directory.as_bytes());
    let name = running::token(digest.get(..6).unwrap_or(&digest));
    Ok(Showing::Fetched(AcmeSettings {
        hosts: hosts.clone(),
        directory,
        email: email.clone(),
        root,
        folder: state::beside(gathering, ".acme").join(name),
        by_http: gathering.config.listen.0.redirect_http.is_some(),
    }))
}

fn is_host(host: &str) -> bool {
    host.parse::<IpAddr>().is_ok()
        || matches!(url::Host::parse(host), Ok(url::Host::Domain(name)) if name == host && !name.starts_with("*."))
}

/// A problem with an address, which may be written without its key.
fn of_listen(gathering: &Gathering, key: &str, message: String, help: &str) -> Problem {
    let found = gathering.wrong(&["listen", key], message.clone(), Some(help.to_owned()));
    if found.place.is_some() {
        return found;
    }
    gathering.wrong(&["listen"], message, Some(help.to_owned()))
}

/// A problem with what is not there.
fn at_the_top(gathering: &Gathering, message: &str, help: &str) -> Problem {
    let mut problem = gathering.wrong(&[], message.to_owned(), Some(help.to_owned()));
    problem.place = gathering.written.as_ref().map(|written| Place {
        file: written.file.clone(),
        line: 1,
        column: 1,
        length: 1,
        text: written.line(1).chars().take(200).collect(),
    });
    problem
}

impl Gathering {
    /// Opens the port that is named at `path`.
    pub(super) fn open(&self, path: &[&str], address: SocketAddr) -> Result<std::net::TcpListener, Failure> {
        gateway::open(address).map_err(|error| {
            let message = format!("{error}: {}", error.source);
            let hint = "name another address there; port 0 is a free one";
            match self.wrong(path, message.clone(), Some(hint.to_owned())) {
                problem if problem.place.is_some() => Failure::Problems(vec![problem]),
                _ => Failure::new(message, format!("write it as `{}` in lobby.yaml", path.join("."))),
            }
        })
    }
}
