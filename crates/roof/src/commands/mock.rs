//! `lobby mock`

mod place;

use std::{path::PathBuf, sync::Arc};

use gateway::{ClientTrust, Handler, Phase};
use model::Clock;
use serde_json::json;
use tokio::sync::watch;

use self::place::Place;
use crate::{
    authority::{Authority, default_folder},
    banner::Banner,
    certificate::{Shown, certified},
    cli,
    exit::{Exit, Failure},
    fetch,
    follow::Follower,
    gather::{DEFAULT_CONFIG, Footing, Sources},
    house::{Address, House, Plan},
    loader::Remote,
    report::Reporter,
    running::{self, Ready, ReadyFile, Reload, Signal, SignalName, generation, told_to_end},
    state,
    system::SystemClock,
    systemd::Notifier,
    wire::Overrides,
};

/// Serves documents until told to stop.
pub(crate) fn run(global: &cli::Global, mock: &cli::Mock) -> Result<Exit, Failure> {
    running::to_the_end(serve(global, mock))
}

async fn serve(global: &cli::Global, mock: &cli::Mock) -> Result<Exit, Failure> {
    let reporter = Reporter::new(global);
    // Listened for before anybody is told that we are here.
    let (hangup, mut terminate) = (Signal::listen(SignalName::Hangup), Signal::listen(SignalName::Terminate));
    let ready = mock.ready_file.as_deref().map(ReadyFile::reserve).transpose()?;
    let mut sources = sources(global, mock)?;
    sources.take_stdin().map_err(Failure::from_error)?;
    let mut overrides = Overrides::from(mock);
    overrides.explain |= global.verbose > 1;
    let first = generation(&sources, overrides, 1).await;
    let (gathering, wiring) = first.map_err(|broken| Failure::Problems(broken.problems))?;
    reporter.problems(&gathering.problems);
    let place = Place::of(mock, &gathering.config);
    let listeners = place.open()?;
    let port = listeners
        .first()
        .and_then(|listener| listener.local_addr().ok())
        .map_or(place.port, |address| address.port());
    let url = place.url(port);
    let issuer =
        mock.issuer.clone().or_else(|| gathering.config.issuer.clone()).unwrap_or_else(|| url.clone());
    let issuer = issuer.trim_end_matches('/').to_owned();
    let (tls, client_trust, asking) = tls(mock, place, &issuer)?;
    let address = Address { issuer: issuer.clone(), port, client_trust };
    let place_of_records = state::Place::of_mock(mock.state.as_deref(), &gathering)?;
    let kept = state::Kept::open(&place_of_records, wiring.oauth.algorithm).await?;
    let plan = Plan { kept, control_token: mock.control.token.clone(), metrics: None };
    let house = Arc::new(House::build(plan, &gathering, wiring, address, reporter)?);
    asking.set(house.wants_certificates());
    let (phase, watching) = watch::channel(Phase::Open);
    let bounds = running::bounds(&gathering);
    let serving = tokio::spawn(gateway::serve(
        listeners,
        tls,
        bounds,
        Handler::Gateway(house.gateway.clone()),
        watching,
    ));
    let mut follower = Follower::new();
    follower.follow(gathering.files);
    house.warm();
    reporter.text(&banner(&house, &url, &issuer, place, mock.insecure).render());
    let here = json!({ "url": url, "issuer": issuer, "version": env!("CARGO_PKG_VERSION") });
    reporter.told_to_programs("ready", "serving", here);
    if let Some(ready) = ready {
        ready.write(&Ready { url: &url, admin: &url, issuer: &issuer, setup: None })?;
    }
    let notifier = Notifier::default();
    let reload = Reload {
        sources,
        overrides,
        house: house.clone(),
        renew: Box::new(|_, _| Ok(())),
        reporter,
        asking,
        follower,
        hangup,
        notifier,
    };
    let reloading = tokio::spawn(reload.run());
    let sweeping = tokio::spawn(house.clone().sweep());
    told_to_end(&mut terminate).await;
    house.close();
    reloading.abort();
    sweeping.abort();
    let in_time = running::drain([(phase, serving)], mock.grace, &mut terminate).await;
    Ok(running::close(in_time.then_some(&house.store), reporter).await)
}

fn sources(global: &cli::Global, mock: &cli::Mock) -> Result<Sources, Failure> {
    let found = PathBuf::from(DEFAULT_CONFIG);
    let config = global.config.clone().or_else(|| found.is_file().then_some(found));
    if mock.files.is_empty() && config.is_none() {
        return Err(Failure::new(
            "there is nothing to serve: no FILE was given and there is no lobby.yaml here",
            "name an OpenAPI document: `lobby mock bookshop.openapi.yaml`",
        ));
    }
    let remote = if mock.allow_remote_refs {
        let client = fetch::client(None).map_err(Failure::from_error)?;
        Some(Remote { runtime: tokio::runtime::Handle::current(), client: Arc::new(client) })
    } else {
        None
    };
    Ok(Sources {
        footing: Footing::Mock,
        files: mock.files.clone(),
        config,
        root: mock.root.clone(),
        remote,
        stdin: None,
    })
}

type Tls = (Option<Arc<rustls::ServerConfig>>, Option<ClientTrust>, gateway::Asking);

fn tls(mock: &cli::Mock, place: Place, issuer: &str) -> Result<Tls, Failure> {
    let asking = gateway::Asking::default();
    if !place.tls {
        return Ok((None, None, asking));
    }
    let folder = mock.ca_dir.clone().unwrap_or_else(default_folder);
    let now = SystemClock.now();
    let authority = Authority::open(&folder, now).map_err(Failure::from_error)?;
    let mut names: Vec<String> = ["localhost", "*.localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
    names.extend(place.host.filter(|host| !host.is_unspecified()).map(|host| host.to_string()));
    let issuer_host = url::Url::parse(issuer).ok().and_then(|issuer| issuer.host_str().map(str::to_owned));
    names.extend(issuer_host.filter(|host| !names.contains(host)).into_iter().collect::<Vec<_>>());
    let (chain, key) = authority.server(names, now).map_err(Failure::from_error)?;
    let shown = Arc::new(Shown::default());
    shown.show(certified(chain, key).map_err(Failure::from_error)?);
    let config = gateway::server_config(shown, asking.clone(), false).map_err(Failure::from_error)?;
    let trust = ClientTrust::new([authority.der().map_err(Failure::from_error)?]);
    Ok((Some(Arc::new(config)), trust, asking))
}

fn banner<'a>(house: &House, url: &'a str, issuer: &'a str, place: Place, insecure: bool) -> Banner<'a> {
    let mut notes = house.notes();
    notes.extend(place.note(insecure).map(str::to_owned));
    notes.push(format!(
        "use the issuer as printed; for another name: --issuer {}",
        url.replace("127.0.0.1", "localhost")
    ));
    Banner {
        url,
        issuer,
        apis: house.apis(),
        modes: house.modes(),
        personas: house.personas(),
        first: house.first_call(),
        clients: house.clients(),
        notes,
    }
}
