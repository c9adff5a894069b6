//! What every command that serves does alike: generations of the files, signals, the ready file, the end.

mod generation;
mod ready;
mod signal;

use std::{
    future::Future,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use gateway::{Bounds, Phase};
use serde_json::json;
use store::Store;
use tokio::{sync::watch, task::JoinHandle, time::Instant};

pub(crate) use self::{
    generation::{Reload, Renew, generation},
    ready::{Ready, ReadyFile},
    signal::{Signal, SignalName, told_to_end},
};
use crate::{
    exit::{Exit, Failure},
    gather::Gathering,
    report::Reporter,
    wire,
};

/// Runs a server to its end. What still blocks then (a slow document, a hash) does not hold it up.
pub(crate) fn to_the_end(serving: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::from_error)?;
    let done = runtime.block_on(serving);
    runtime.shutdown_timeout(Duration::from_millis(20));
    done
}

const CONNECTIONS: usize = 10_000;

/// What a listener's connections may take.
pub(crate) fn bounds(gathering: &Gathering) -> Bounds {
    let limits = &gathering.config.limits;
    Bounds {
        connections: limits.connections.unwrap_or(CONNECTIONS),
        head: limits.head.map_or(wire::HEAD, |size| size.0.max(wire::HEAD)),
        head_patience: Duration::from_secs(30),
        handshake_patience: Duration::from_secs(10),
    }
}

/// What operators' calls get at the end of the time that all others had.
const LAST: Duration = Duration::from_secs(2);

/// Ends listeners, one after the other, each when its running requests are answered: the first within `grace`, each
/// further one 2 seconds later at the latest, and all at a second signal. Whether there was none.
pub(crate) async fn drain<T>(
    listeners: impl IntoIterator<Item = (watch::Sender<Phase>, JoinHandle<T>)>,
    grace: Duration,
    terminate: &mut Signal,
) -> bool {
    let mut end = Instant::now() + grace;
    for (phase, serving) in listeners {
        let _ = phase.send(Phase::Draining);
        tokio::select! {
            _ = serving => {}
            () = tokio::time::sleep_until(end) => {}
            () = told_to_end(terminate) => return false,
        }
        end += LAST;
    }
    true
}

/// The last of a server: what was written lies in the store's one file, where there is time for it.
pub(crate) async fn close(store: Option<&Store>, reporter: Reporter) -> Exit {
    // It is as safe in the log: the next start reads it from there.
    if let Some(store) = store
        && let Err(fault) = store.fold_log().await
    {
        reporter.line(&format!("the store's log stays beside it: {fault}"));
    }
    reporter.told_to_programs("stopped", "told to end", json!({}));
    Exit::Done
}

/// The URL on this machine of what listens at `ip` (`None`: 127.0.0.1 and `::1`).
pub(crate) fn url(tls: bool, ip: Option<IpAddr>, port: u16) -> String {
    let scheme = if tls { "https" } else { "http" };
    let host = match ip {
        None => "127.0.0.1".to_owned(),
        Some(host) => match reached(host) {
            IpAddr::V4(host) => host.to_string(),
            IpAddr::V6(host) => format!("[{host}]"),
        },
    };
    format!("{scheme}://{host}:{port}")
}

/// By which address of this machine what listens at `ip` is reached: all of IPv6 has no IPv4 with it.
pub(crate) fn reached(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(any) if any.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(any) if any.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        one => one,
    }
}

/// Random bytes as a token that a header field carries.
pub(crate) fn token(random: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_addresses_of_a_family_are_told_as_one_that_leads_there() {
        for (ip, told) in [
            ("0.0.0.0", "http://127.0.0.1:9443"),
            ("::", "http://[::1]:9443"),
            ("192.0.2.1", "http://192.0.2.1:9443"),
            ("2001:db8::1", "http://[2001:db8::1]:9443"),
        ] {
            assert_eq!(url(false, Some(ip.parse().unwrap()), 9443), told, "{ip}");
        }
    }
}
