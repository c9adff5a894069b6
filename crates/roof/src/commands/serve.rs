//! `lobby serve`

mod notice;
mod operators;
mod setting;
mod setup;

use std::{
    net::TcpListener,
    path::PathBuf,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use ::watch::Metrics;
use arc_swap::ArcSwapOption;
use gateway::{Handler, Office, Phase, Redirect, Service};
use model::{Entropy, Secret};
use serde_json::json;
use tokio::sync::watch;

use self::{
    notice::Notice,
    operators::{AdminDoor, HousePulse, Tokens},
    setting::Setting,
};
use crate::{
    certificate::Shown,
    cli,
    exit::{Exit, Failure},
    follow::Follower,
    gather::{DEFAULT_CONFIG, Sources},
    house::{Address, House, Plan},
    lock::Lock,
    postman::{self, Postman},
    report::Reporter,
    running::{self, Ready, ReadyFile, Reload, Renew, Signal, SignalName, generation, told_to_end},
    state,
    system::SystemEntropy,
    systemd::Notifier,
    wire::Overrides,
};

/// How many characters `LOBBY_ADMIN_TOKEN` has at least.
const SHORTEST: usize = 16;
/// What a call of the admin listener may bring.
const ADMIN_BODY: usize = 1 << 20;
const ADMIN_PATIENCE: Duration = Duration::from_secs(30);

/// Serves what the file describes until told to stop.
pub(crate) fn run(global: &cli::Global, serve: &cli::Serve) -> Result<Exit, Failure> {
    if serve.admin_token.as_ref().is_some_and(|token| token.len() < SHORTEST) {
        return Err(Failure::new(
            format!("LOBBY_ADMIN_TOKEN has fewer than {SHORTEST} characters: it could be guessed"),
            "make one that nobody guesses: openssl rand -base64 32",
        ));
    }
    running::to_the_end(serving(global, serve))
}

async fn serving(global: &cli::Global, serve: &cli::Serve) -> Result<Exit, Failure> {
    let reporter = Reporter::new(global);
    let notifier = Notifier::from_environment();
    // Listened for before anybody is told that we are here.
    let (hangup, mut terminate) = (Signal::listen(SignalName::Hangup), Signal::listen(SignalName::Terminate));
    let ready = serve.ready_file.as_deref().map(ReadyFile::reserve).transpose()?;
    let sources = sources(global, serve)?;
    let overrides = Overrides { explain: serve.explain || global.verbose > 1, ..Overrides::default() };
    let first = generation(&sources, overrides, 1).await;
    let (gathering, wiring) = first.map_err(|broken| Failure::Problems(broken.problems))?;
    reporter.problems(&gathering.problems);
    let mut setting = Setting::of(&gathering).map_err(Failure::Problems)?;
    let postman = Postman::of(&gathering).map_err(|problem| Failure::Problems(vec![problem]))?;
    let postman = Arc::new(ArcSwapOption::new(postman));
    let public = gathering.open(&["listen", "public"], setting.public)?;
    let admin = gathering.open(&["listen", "admin"], setting.admin)?;
    let redirect = setting.redirect.map(|address| gathering.open(&["listen", "redirect_http"], address));
    let redirect = redirect.transpose()?;
    // Nothing of the store is touched while another server has it.
    let place = state::Place::of_server(&gathering.config, gathering.written.as_ref())?;
    let mut lock = Lock::of_server(&place, gathering.folder()).await?;
    let mut certificates = setting.certificates(serve, &gathering, reporter)?;
    let kept = state::Kept::open(&place, wiring.oauth.algorithm).await?;
    let master = kept.master;
    let port = port(&public, setting.public.port());
    let address = Address {
        issuer: setting.issuer.clone(),
        port,
        client_trust: certificates.as_ref().and_then(|certificates| certificates.client_trust.clone()),
    };
    let metrics = Arc::new(Metrics::default());
    let plan = Plan { kept, control_token: None, metrics: Some(metrics.clone()) };
    let house = Arc::new(House::build(plan, &gathering, wiring, address, reporter)?);
    let asking = certificates.as_ref().map(|shown| shown.asking.clone()).unwrap_or_default();
    asking.set(house.wants_certificates());
    let (phase, watching) = watch::channel(Phase::Open);
    let bounds = running::bounds(&gathering);
    let tls = certificates.as_ref().map(|certificates| certificates.tls.clone());
    let url = running::url(tls.is_some(), Some(setting.public.ip()), port);
    let admin_tls = tls.clone().filter(|_| !setting.admin.ip().is_loopback());
    let admin_port = self::port(&admin, setting.admin.port());
    let (admin_url, admin_at) = setting.administered(admin_port);
    let token = Secret::new(running::token(&SystemEntropy.bytes::<32>()));
    lock.say(&admin_url, admin_at, &token).await?;
    let setup = setup::open(&house.store, &admin_url, master).await?;
    let tokens = Tokens { lock: token, chosen: serve.admin_token.clone().map(Secret::new) };
    let pulse = HousePulse { house: house.clone(), phase: watching.clone(), metrics };
    let office = Arc::new(AdminDoor::new(&gathering, &house.settings(), tokens, pulse));
    let handler = Handler::Gateway(house.gateway.clone());
    let serving = tokio::spawn(gateway::serve(vec![public], tls, bounds, handler, watching));
    // It is there until the others are drained: whoever asks meanwhile hears so.
    let (operators, staying) = watch::channel(Phase::Open);
    let operating =
        tokio::spawn(gateway::serve(vec![admin], admin_tls, bounds, beside(office.clone()), staying));
    if let Some(certificates) = &mut certificates {
        if let Some(listener) = redirect {
            let service = leading(&setting.issuer, &url, certificates.shown.clone());
            tokio::spawn(gateway::serve(vec![listener], None, bounds, beside(service), phase.subscribe()));
        }
        keep_fresh(&mut setting, certificates.acme.take());
    }
    tend(&house, &postman, reporter);
    let mut follower = Follower::new();
    follower.follow(gathering.files);
    house.warm();
    let notice = Notice { url: &url, admin: &admin_url, issuer: &setting.issuer, house: &house };
    let mut notes = setting.notes.clone();
    notes.extend(setup.as_deref().map(setup::note));
    if let Some(link) = &setup {
        reporter.told_to_programs("setup", &setup::note(link), json!({ "setup": link }));
    }
    notice.tell(reporter, &notes);
    if let Some(ready) = ready {
        ready.write(&Ready {
            url: &url,
            admin: &admin_url,
            issuer: &setting.issuer,
            setup: setup.as_deref(),
        })?;
    }
    notifier.ready();
    let reload = Reload {
        sources,
        renew: renewing(postman, office),
        overrides,
        house: house.clone(),
        reporter,
        asking,
        follower,
        hangup,
        notifier: notifier.clone(),
    };
    let reloading = tokio::spawn(reload.run());
    let sweeping = tokio::spawn(house.clone().sweep());
    told_to_end(&mut terminate).await;
    notifier.stopping();
    house.close();
    reloading.abort();
    sweeping.abort();
    let in_time =
        running::drain([(phase, serving), (operators, operating)], serve.grace, &mut terminate).await;
    Ok(running::close(in_time.then_some(&house.store), reporter).await)
}

/// What another generation changes beside the house: who brings mails, and who answers operators.
fn renewing(postman: Arc<ArcSwapOption<Postman>>, office: Arc<AdminDoor>) -> Renew {
    Box::new(move |gathering, wiring| {
        postman.store(Postman::of(gathering)?);
        office.replace(gathering, &wiring.oauth);
        Ok(())
    })
}

/// A small service as what a listener serves.
fn beside(service: Arc<dyn Service>) -> Handler {
    Handler::Office(Arc::new(Office { body_limit: ADMIN_BODY, body_patience: ADMIN_PATIENCE, service }))
}

/// Fetches certificates as long as the process lives.
fn keep_fresh(setting: &mut Setting, acme: Option<crate::certificate::Acme>) {
    let Some(acme) = acme else { return };
    if !acme.has_certificate() {
        setting.notes.push("HTTPS begins when the certificate is fetched".to_owned());
    }
    tokio::spawn(acme.run());
}

/// What no request brings about, as long as the process lives: mails are sent, keys that end soon are told of, and what
/// has ended is dropped.
fn tend(house: &Arc<House>, postman: &Arc<ArcSwapOption<Postman>>, reporter: Reporter) {
    tokio::spawn(postman::run(postman.clone(), house.store.clone(), reporter));
    tokio::spawn(house.clone().remind());
    tokio::spawn(house.clone().purge());
}

fn sources(global: &cli::Global, serve: &cli::Serve) -> Result<Sources, Failure> {
    let named = serve.file.clone().or_else(|| global.config.clone());
    let found = PathBuf::from(DEFAULT_CONFIG);
    let Some(config) = named.or_else(|| found.is_file().then_some(found)) else {
        return Err(Failure::new(
            "there is nothing to serve: there is no lobby.yaml here",
            "write one that says `issuer: https://login.example.com`, or name it: `lobby serve lobby.yaml`",
        ));
    };
    Ok(Sources::of_server(config))
}

/// Plain HTTP's way to HTTPS: to the issuer's name where that is HTTPS, else to where we listen.
fn leading(issuer: &str, url: &str, shown: Arc<Shown>) -> Arc<Redirect> {
    let issuer = url::Url::parse(issuer).ok().filter(|issuer| issuer.scheme() == "https");
    Arc::new(Redirect {
        origin: issuer.map_or_else(|| url.to_owned(), |issuer| issuer.origin().ascii_serialization()),
        is_page: Box::new(|path| oauth::Endpoint::of_path(path).is_some_and(oauth::Endpoint::is_page)),
        validation: Box::new(move |token| shown.challenges.path(token)),
        seed: SystemEntropy.bytes(),
        next_id: AtomicU64::new(1),
    })
}

fn port(listener: &TcpListener, asked: u16) -> u16 {
    listener.local_addr().map_or(asked, |address| address.port())
}
