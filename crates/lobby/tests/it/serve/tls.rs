//! HTTPS: what is negotiated, whose certificate is shown, and how plain HTTP leads there.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::{ClientConfig, NamedGroup, ProtocolVersion};
use testkit::{Client, Lobby, Pebble, free_port, serve, trusting};

use super::{ALONE, shared_mock};
use crate::admin::done;

/// What a handshake came to.
struct Shaken {
    version: ProtocolVersion,
    group: NamedGroup,
    certificate: Vec<u8>,
}

async fn shake(port: u16, name: &str, config: ClientConfig) -> Option<Shaken> {
    let stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let name = rustls::pki_types::ServerName::try_from(name.to_owned()).unwrap();
    let stream = tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream).await.ok()?;
    let session = stream.get_ref().1;
    Some(Shaken {
        version: session.protocol_version().unwrap(),
        group: session.negotiated_key_exchange_group().unwrap().name(),
        certificate: session.peer_certificates().unwrap()[0].to_vec(),
    })
}

fn authority(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("ca/lobby-ca.pem")).unwrap()
}

async fn local(config: &str) -> Lobby {
    serve(config).arguments(&["--ca-dir", "ca"]).await
}

const LOCAL: &str = "listen: { public: 127.0.0.1:0, admin: 127.0.0.1:0, tls: local }\n";

#[tokio::test]
async fn a_handshake_agrees_on_x25519mlkem768_and_tls_1_2_is_still_spoken() {
    let lobby = local(&format!("{ALONE}{LOCAL}")).await;
    let trusted = || trusting(&authority(lobby.folder()), None);
    let new = shake(lobby.port(), "localhost", trusted()).await.unwrap();
    assert_eq!((new.version, new.group), (ProtocolVersion::TLSv1_3, NamedGroup::X25519MLKEM768));
    let mut roots = rustls::RootCertStore::empty();
    roots.add(testkit::certificate_der(&authority(lobby.folder())).into()).unwrap();
    let old = ClientConfig::builder_with_provider(rustls::crypto::aws_lc_rs::default_provider().into())
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let old = shake(lobby.port(), "localhost", old).await.unwrap();
    assert_eq!((old.version, old.group), (ProtocolVersion::TLSv1_2, NamedGroup::X25519));
}

#[tokio::test]
async fn answers_over_tls_keep_browsers_from_plain_http() {
    let lobby = local(&format!("{}{LOCAL}", shared_mock())).await;
    assert!(lobby.url().starts_with("https://"));
    let client = Client::new(&lobby.url()).with_tls(trusting(&authority(lobby.folder()), None));
    for path in ["/open", "/books", "/nowhere", "/.well-known/openid-configuration", "/_lobby/sign-in"] {
        let answer = client.get(path).await;
        assert_eq!(answer.header("strict-transport-security"), Some("max-age=31536000"), "{path}");
    }
    lobby.admin().get("/health/ready").await.is(200);
    let plain = serve(&shared_mock()).await;
    assert_eq!(plain.get("/open").await.header("strict-transport-security"), None);
}

/// A certificate and its key, PEM.
fn made(name: &str) -> (String, String) {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

#[tokio::test]
async fn a_certificate_that_changes_on_disk_is_shown_and_a_broken_one_is_not() {
    let (first, second) = (made("localhost"), made("localhost"));
    let listen =
        "listen: { public: 127.0.0.1:0, admin: 127.0.0.1:0, tls: { cert: a.pem, key: file:a.key } }\n";
    let start = serve(&format!("{ALONE}{listen}")).file("a.pem", &first.0).file("a.key", &first.1);
    let lobby = start.await;
    let trusted = || trusting(&format!("{}{}", first.0, second.0), None);
    let shown = || async { shake(lobby.port(), "localhost", trusted()).await.unwrap().certificate };
    assert_eq!(shown().await, testkit::certificate_der(&first.0));
    // A moment in which the two do not fit together: nothing changes.
    lobby.replace_file("a.pem", &second.0);
    while !lobby.talk().contains("was not reread") {
        tokio::task::yield_now().await;
    }
    assert_eq!(shown().await, testkit::certificate_der(&first.0));
    lobby.replace_file("a.key", &second.1);
    while shown().await != testkit::certificate_der(&second.0) {}
}

#[tokio::test]
async fn a_command_reaches_a_listener_whose_certificate_is_for_the_issuers_name() {
    let (certificate, key) = made("login.example.com");
    let listen = "listen: { public: 127.0.0.1:0, admin: 0.0.0.0:0, tls: { cert: a.pem, key: file:a.key } }\n";
    let start = serve(&format!("{ALONE}{listen}")).file("a.pem", &certificate).file("a.key", &key);
    let lobby = start.await;
    let admin = lobby.ready()["admin"].as_str().unwrap();
    assert!(admin.starts_with("https://login.example.com:"), "{admin}");
    let trusted = lobby.folder().join("trusted");
    std::fs::create_dir(&trusted).unwrap();
    std::fs::write(trusted.join("lobby-ca.pem"), &certificate).unwrap();
    done(lobby.folder(), &["user", "add", "alice", "--ca-dir", trusted.to_str().unwrap()]);
    let database = rusqlite::Connection::open(lobby.folder().join("lobby.db")).unwrap();
    let count: u32 = database.query_row("SELECT COUNT(*) FROM users", (), |row| row.get(0)).unwrap();
    assert_eq!(count, 1);
}

#[test]
fn a_certificate_that_cannot_be_used_is_told_with_its_place() {
    let (certificate, _) = made("localhost");
    let (_, other) = made("localhost");
    for (tls, part) in [
        ("{ cert: a.pem, key: file:b.key }", "the key is not that of"),
        ("{ cert: nowhere.pem, key: file:b.key }", "cannot read"),
        ("{ cert: b.key, key: file:b.key }", "no certificate"),
        ("{ acme: ['*.example.com'] }", "no name that a certificate can be fetched for"),
        ("{ acme: [a.example], directory: 'http://a.example' }", "no https URL"),
    ] {
        let listen = format!("listen: {{ public: 127.0.0.1:0, admin: 127.0.0.1:0, tls: {tls} }}\n");
        let start = serve(&format!("{ALONE}{listen}")).file("a.pem", &certificate).file("b.key", &other);
        let finished = start.finish("");
        finished.exits(2);
        assert!(
            finished.stderr.contains(part) && finished.stderr.contains("lobby.yaml:2"),
            "{}",
            finished.stderr
        );
    }
}

#[tokio::test]
async fn plain_http_leads_pages_over_and_never_a_credential() {
    let http = free_port();
    let listen = format!(
        "listen: {{ public: 127.0.0.1:0, admin: 127.0.0.1:0, tls: local, redirect_http: 127.0.0.1:{http} }}\n"
    );
    let lobby = local(&format!("{}{listen}", shared_mock())).await;
    let plain = Client::new(&format!("http://127.0.0.1:{http}"));
    let led = plain.get("/_lobby/sign-in?ui_locales=de").host("evil.example").await;
    let place = led.is(308).header("location");
    assert_eq!(place, Some("https://login.example.com/_lobby/sign-in?ui_locales=de"));
    for call in [
        plain.get("/books"),
        plain.get("/_lobby/sign-in").bearer("token"),
        plain.get("/_lobby/sign-in").cookie("session", "s"),
        plain.post("/_lobby/oauth/token").form(&[("grant_type", "client_credentials")]),
    ] {
        let answer = call.await;
        assert_eq!(answer.header("location"), None, "{answer:?}");
        assert_eq!(answer.status(), 403, "{answer:?}");
    }
    plain.get("/books").bearer("token").await.is_denied(403, "transport.insecure");
    drop(lobby);
}

/// Serves with a certificate of a test's authority, and waits for it and for the next one.
async fn fetched_and_renewed(by_http: bool) {
    let (http, tls) = (free_port(), free_port());
    let pebble = Pebble::start(http, tls, Duration::from_secs(9)).await;
    let redirect = if by_http { format!(", redirect_http: 127.0.0.1:{http}") } else { String::new() };
    let listen = format!(
        "listen: {{ public: 127.0.0.1:{tls}, admin: 127.0.0.1:0{redirect}, tls: {{ acme: [login.example.com, \
         api.example.com], directory: '{}', email: a@example.com, root: root.pem }} }}\n",
        pebble.directory()
    );
    let lobby = serve(&format!("{ALONE}{listen}")).file("root.pem", &pebble.root()).await;
    let root = pebble.issuing_root().await;
    let deadline = Instant::now() + Duration::from_secs(60);
    let shown = async |name: &str, not: Option<&[u8]>| loop {
        let shaken = shake(tls, name, trusting(&root, None)).await.map(|shaken| shaken.certificate);
        match shaken {
            Some(certificate) if not != Some(&certificate) => return certificate,
            Some(_) | None => assert!(Instant::now() < deadline, "{}", lobby.talk()),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let first = shown("login.example.com", None).await;
    assert_eq!(shown("api.example.com", None).await, first, "one certificate for all names");
    let second = shown("login.example.com", Some(&first)).await;
    assert_ne!(first, second);
    for file in find(&lobby.folder().join("lobby.db.acme")) {
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}: nobody else reads it", file.display());
    }
}

fn find(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(find(&path));
        } else {
            found.push(path);
        }
    }
    assert!(!found.is_empty());
    found
}

#[tokio::test]
async fn a_certificate_is_fetched_in_a_handshake_and_renewed_at_two_thirds_of_its_life() {
    fetched_and_renewed(false).await;
}

#[tokio::test]
async fn a_certificate_is_fetched_over_plain_http_and_renewed_at_two_thirds_of_its_life() {
    fetched_and_renewed(true).await;
}

#[tokio::test]
async fn an_authority_that_does_not_answer_keeps_nobody_from_being_served() {
    let nowhere = format!("https://127.0.0.1:{}/dir", free_port());
    let listen = format!(
        "listen: {{ public: 127.0.0.1:0, admin: 127.0.0.1:0, tls: {{ acme: [a.example], directory: '{nowhere}' }} }}\n"
    );
    let lobby = serve(&format!("{ALONE}{listen}")).await;
    lobby.admin().get("/health/ready").await.is(200);
    while !lobby.talk().contains("no certificate was fetched, again in 10 s") {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
