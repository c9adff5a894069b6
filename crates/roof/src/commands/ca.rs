//! `lobby ca`

use std::io::Write;

use model::Clock;

use crate::{
    authority::{Authority, default_folder},
    cli,
    exit::{Exit, Failure},
    system::SystemClock,
};

/// Shows the authority, or signs a client's certificate.
pub(crate) fn run(arguments: &cli::Ca) -> Result<Exit, Failure> {
    let folder = arguments.folder.clone().unwrap_or_else(default_folder);
    let now = SystemClock.now();
    let authority = Authority::open(&folder, now).map_err(Failure::from_error)?;
    let mut out = std::io::stdout().lock();
    let written = if let Some(name) = &arguments.client {
        let issued = authority.client(name, now).map_err(Failure::from_error)?;
        write!(out, "{}{}", issued.certificate, issued.key)
    } else if arguments.print {
        write!(out, "{}", authority.pem())
    } else {
        let path = authority.path().display();
        write!(
            out,
            "The local certificate authority is {path}\n\
             It signs the certificates of `lobby mock --tls` and of `lobby ca --client NAME`, on this machine alone.\n\n\
             To trust it\n  \
             curl       curl --cacert {path} https://127.0.0.1:4010/…\n  \
             Node.js    NODE_EXTRA_CA_CERTS={path} node app.js\n  \
             Python     REQUESTS_CA_BUNDLE={path} python app.py\n  \
             Debian     cp {path} /usr/local/share/ca-certificates/lobby.crt && update-ca-certificates\n  \
             macOS      security add-trusted-cert -r trustRoot -k ~/Library/Keychains/login.keychain-db {path}\n  \
             Windows    certutil -user -addstore Root {path}\n  \
             Firefox    Settings, Certificates, Authorities, Import\n\n\
             To be a client with a certificate\n  \
             lobby ca --client alice > alice.pem\n  \
             curl --cacert {path} --cert alice.pem https://127.0.0.1:4010/…\n"
        )
    };
    written.map_err(Failure::from_error)?;
    Ok(Exit::Done)
}
