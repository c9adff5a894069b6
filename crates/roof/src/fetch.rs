//! The one outgoing HTTP client: remote references, issuers' key sets, and a running Lobby's control API.

use std::{net::SocketAddr, time::Duration};

use reqwest::{Client, Method, Url, redirect};

/// Why nothing came from a URL.
#[derive(Debug, thiserror::Error)]
#[error("{url}: {why}")]
pub(crate) struct FetchError {
    pub(crate) url: String,
    pub(crate) why: Why,
}

/// Why nothing came.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Why {
    /// No answer.
    #[error("its host does not answer")]
    Unreachable(#[source] reqwest::Error),
    /// The answer did not come, or did not end.
    #[error("its host did not answer in full within {} s", .0.as_secs())]
    Slow(Duration),
    /// Another status than 200.
    #[error("its host answers {0}")]
    Status(u16),
    /// It leads to something else than http and https.
    #[error("its host leads to `{0}`, which is not followed")]
    LedAway(String),
    /// It leads on and on.
    #[error("its host leads through more than {REDIRECTS} others")]
    LedOn,
    /// More than the cap.
    #[error("its host answers with more than {} MiB", LARGEST >> 20)]
    TooLarge,
    /// No URL.
    #[error("it is no http or https URL")]
    Url,
}

/// What came, and from where at last.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) url: String,
    pub(crate) bytes: Vec<u8>,
}

/// How long a fetch may take in all.
const PATIENCE: Duration = Duration::from_secs(10);
/// What a document or key set may weigh.
const LARGEST: usize = 64 << 20;
/// Redirects that are followed.
const REDIRECTS: usize = 3;

/// A client for [`get`] and [`get_blocking`], which keep the time and follow redirects. `authority` (PEM) is trusted beside the
/// system's.
pub(crate) fn client(authority: Option<&[u8]>) -> Result<Client, reqwest::Error> {
    builder(authority)?.redirect(redirect::Policy::none()).build()
}

/// A client for a Lobby on this machine: as [`client`], but what the environment says of proxies is not for it.
pub(crate) fn neighbour(authority: Option<&[u8]>) -> Result<Client, reqwest::Error> {
    near(authority, None)
}

/// The same for one whose host, by which its certificate is judged, is `at` an address that nobody looks up.
pub(crate) fn near(
    authority: Option<&[u8]>,
    at: Option<(&str, SocketAddr)>,
) -> Result<Client, reqwest::Error> {
    let builder = builder(authority)?.no_proxy().timeout(PATIENCE).redirect(redirect::Policy::limited(3));
    match at {
        Some((host, address)) => builder.resolve(host, address).build(),
        None => builder.build(),
    }
}

fn builder(authority: Option<&[u8]>) -> Result<reqwest::ClientBuilder, reqwest::Error> {
    // The library takes its cryptography from the process; setting it twice is no error.
    let _ = rustls::crypto::CryptoProvider::install_default(rustls::crypto::aws_lc_rs::default_provider());
    let builder = Client::builder();
    Ok(match authority {
        Some(pem) => builder.tls_certs_merge([reqwest::Certificate::from_pem(pem)?]),
        None => builder,
    })
}

/// The bytes at `url`.
pub(crate) async fn get(client: &Client, url: &str) -> Result<Vec<u8>, FetchError> {
    within(client, url, PATIENCE).await.map(|fetched| fetched.bytes)
}

async fn within(client: &Client, url: &str, patience: Duration) -> Result<Fetched, FetchError> {
    let slow = |_| Err(Why::Slow(patience));
    let fetched = tokio::time::timeout(patience, follow(client, url)).await.unwrap_or_else(slow);
    fetched.map_err(|why| FetchError { url: url.to_owned(), why })
}

/// Follows redirects by hand: what they lead to is told apart.
async fn follow(client: &Client, url: &str) -> Result<Fetched, Why> {
    let mut url = Url::parse(url).ok().filter(is_http).ok_or(Why::Url)?;
    for _ in 0..=REDIRECTS {
        let answer = client.request(Method::GET, url.clone()).send().await.map_err(Why::Unreachable)?;
        if !answer.status().is_redirection() {
            let bytes = body(answer).await?;
            url.set_fragment(None);
            return Ok(Fetched { url: url.into(), bytes });
        }
        let place = answer.headers().get(reqwest::header::LOCATION);
        let place =
            place.and_then(|place| place.to_str().ok()).ok_or(Why::Status(answer.status().as_u16()))?;
        let led = || Why::LedAway(place.chars().take(120).collect());
        url = url.join(place).ok().filter(is_http).ok_or_else(led)?;
    }
    Err(Why::LedOn)
}

fn is_http(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

async fn body(mut answer: reqwest::Response) -> Result<Vec<u8>, Why> {
    if answer.status() != 200 {
        return Err(Why::Status(answer.status().as_u16()));
    }
    if answer.content_length().is_some_and(|length| length > LARGEST as u64) {
        return Err(Why::TooLarge);
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(Why::Unreachable)? {
        if bytes.len() + chunk.len() > LARGEST {
            return Err(Why::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Runs a fetch from code that is not async, on a thread that may block. What it took is taken from `patience`.
pub(crate) fn get_blocking(
    runtime: &tokio::runtime::Handle,
    client: &Client,
    url: &str,
    patience: &mut Duration,
) -> Result<Fetched, FetchError> {
    runtime.block_on(async {
        let began = tokio::time::Instant::now();
        let fetched = within(client, url, PATIENCE.min(*patience)).await;
        *patience = patience.saturating_sub(began.elapsed());
        fetched
    })
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
        runtime::Runtime,
    };

    use super::*;

    /// A host that says `head`, and then either nothing or one byte after another, without end.
    fn host(runtime: &Runtime, head: &'static str, drips: bool) -> String {
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            // An answer before the request would be a fault of another kind.
            let _ = stream.read(&mut [0; 1024]).await;
            let _ = stream.write_all(head.as_bytes()).await;
            while drips && stream.write_all(b" ").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            std::future::pending::<()>().await;
        });
        format!("http://{address}/")
    }

    #[test]
    fn a_host_that_takes_its_time_is_left_and_its_time_is_counted() {
        let runtime = Runtime::new().unwrap();
        let client = neighbour(None).unwrap();
        for (head, drips) in [("", false), ("HTTP/1.1 200 OK\r\n\r\n", true)] {
            let mut patience = Duration::from_millis(80);
            let url = host(&runtime, head, drips);
            let error = get_blocking(runtime.handle(), &client, &url, &mut patience).unwrap_err();
            assert!(matches!(error.why, Why::Slow(_)), "{error}");
            assert_eq!(patience, Duration::ZERO);
            // Nobody else is asked then.
            let error = get_blocking(runtime.handle(), &client, &url, &mut patience).unwrap_err();
            assert!(matches!(error.why, Why::Slow(_)), "{error}");
        }
    }
}
