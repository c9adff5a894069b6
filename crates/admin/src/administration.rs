//! The admin API: users, invitations, clients, keys, sessions, the audit trail, and the first setup. One file for
//! each sort of record. The command line uses it too, over HTTP or, where no server runs, on the store itself.

mod actor;
mod audit;
mod clients;
mod invitations;
mod keys;
mod outbox;
mod postbox;
mod refused;
mod reset;
mod route;
mod sessions;
mod setup;
mod shown;
#[cfg(test)]
mod tests;
mod users;

use std::{collections::BTreeSet, net::IpAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use identity::{
    Attempts, SourceRules,
    password::{Passwords, Policy},
};
use model::{Clock, Entropy, RealmId, Secret, Timestamp};
use serde_json::{Map, Value};
use store::{AuditEntry, Store};

use self::{actor::Actor, refused::Refused, route::Route};
pub use self::{
    actor::{Badges, DIRECTOR, Holder, Role},
    postbox::Postbox,
    setup::{SetupPage, SetupPages, SetupProblem},
};
use crate::{
    Caller, Office, Pending,
    refusal::{ok, respond},
};

const DOCUMENT: &str = include_str!(concat!(env!("OUT_DIR"), "/admin.openapi.json"));
const BELOW: &str = "/admin/v1/";
const SETUP: &str = "/setup/";

/// What administration runs on.
pub struct Administration {
    /// The records.
    pub store: Store,
    /// Of which realm.
    pub realm: RealmId,
    /// The machine's clock.
    pub clock: Arc<dyn Clock>,
    /// Where ids and secrets come from.
    pub entropy: Arc<dyn Entropy>,
    /// Hashes passwords.
    pub passwords: Arc<Passwords>,
    /// What a password must be.
    pub policy: Arc<Policy>,
    /// What keys begin with.
    pub prefix: String,
    /// How long keys live of which nothing else is said; none: without an end.
    pub key_life: Option<Duration>,
    /// The clients that are not in the store: those of lobby.yaml.
    pub clients: BTreeSet<String>,
    /// How long what is ended must be remembered as ended: as long as an access token, or a session, could live.
    pub ended_for: Duration,
    /// What the docs page of the codes is.
    pub docs: String,
    /// Opens everything: the lock's, made of randomness, which nobody guesses.
    pub lock_token: Option<Secret<String>>,
    /// Opens everything: `LOBBY_ADMIN_TOKEN`, which somebody chose.
    pub admin_token: Option<Secret<String>>,
    /// Who guesses at it; `None`: nobody can.
    pub guesses: Option<(Arc<Attempts>, SourceRules)>,
    /// Says whose access token one is; `None`: nobody signs in here.
    pub badges: Option<Arc<dyn Badges>>,
    /// Writes to people.
    pub postbox: Arc<dyn Postbox>,
    /// Draws the pages of the first setup.
    pub pages: Arc<dyn SetupPages>,
}

/// A call that is under way.
struct Call<'a> {
    office: &'a Administration,
    request: &'a Request<Bytes>,
    actor: Actor,
    /// From where; `None`: on the store itself.
    address: Option<IpAddr>,
    /// Names the request.
    id: model::RequestId,
    now: Timestamp,
}

impl Office for Administration {
    fn takes(&self, path: &str) -> bool {
        path.starts_with(BELOW) || path.starts_with(SETUP)
    }

    fn answer(&self, request: Request<Bytes>, caller: Caller) -> Pending<'_, Response<Bytes>> {
        Box::pin(async move {
            match self.outer(&request, caller).await {
                Ok(answer) => answer,
                Err(refused) => refused.answer(&self.docs, caller.id),
            }
        })
    }
}

impl Administration {
    /// Answers a call of whoever holds the store itself: the command line, where no server runs.
    pub async fn at_the_store(&self, request: &Request<Bytes>, id: model::RequestId) -> Response<Bytes> {
        let call = self.call(request, Actor::machine("cli"), None, id);
        let answered = match Route::of(request.uri().path()) {
            Some(route) => call.answer(route).await,
            None => Err(Refused::unknown(request.uri().path())),
        };
        answered.unwrap_or_else(|refused| refused.answer(&self.docs, id))
    }

    async fn outer(&self, request: &Request<Bytes>, caller: Caller) -> Result<Response<Bytes>, Refused> {
        let path = request.uri().path();
        let address = Some(caller.peer);
        if let Some(token) = path.strip_prefix(SETUP) {
            return self.call(request, Actor::machine("setup"), address, caller.id).setup(token).await;
        }
        let route = Route::of(path).ok_or_else(|| Refused::unknown(path))?;
        if matches!(route, Route::Document) && request.method() == Method::GET {
            return Ok(document());
        }
        actor::refuse_pages(request.headers())?;
        let actor = self.recognise(request.headers(), caller.peer).await?;
        self.call(request, actor, address, caller.id).answer(route).await
    }

    fn call<'a>(
        &'a self,
        request: &'a Request<Bytes>,
        actor: Actor,
        address: Option<IpAddr>,
        id: model::RequestId,
    ) -> Call<'a> {
        Call { office: self, request, actor, address, id, now: self.clock.now() }
    }

    /// Until when what ends now must be remembered as ended.
    fn until(&self, now: Timestamp) -> Timestamp {
        now.plus(self.ended_for)
    }
}

impl Call<'_> {
    /// Boxed, so that all calls are in the program once and not with each of who asks.
    fn answer(&self, route: Route) -> Pending<'_, Result<Response<Bytes>, Refused>> {
        Box::pin(self.led(route))
    }

    async fn led(&self, route: Route) -> Result<Response<Bytes>, Refused> {
        let method = self.request.method();
        let needed = route.needs(method).ok_or(Refused::Method(route.methods()))?;
        self.actor.must_be(needed)?;
        let get = method == Method::GET;
        match route {
            Route::Document => Ok(document()),
            Route::Users if get => self.list_users().await,
            Route::Users => self.add_user().await,
            Route::User(user) if get => self.show_user(&user).await,
            Route::User(user) if method == Method::PATCH => self.change_user(&user).await,
            Route::User(user) => self.remove_user(&user).await,
            Route::UserSessions(user) if get => self.list_sessions_of(&user).await,
            Route::UserSessions(user) => self.end_sessions_of(&user).await,
            Route::UserReset(user) => self.reset_user(&user).await,
            Route::UserFactors(user) => self.remove_factors_of(&user).await,
            Route::Invitations if get => self.list_invitations().await,
            Route::Invitations => self.invite().await,
            Route::Invitation(email) => self.withdraw_invitation(&email).await,
            Route::Sessions if get => self.list_sessions().await,
            Route::Sessions => self.end_all_sessions().await,
            Route::Session(sid) => self.end_session(&sid).await,
            Route::Clients if get => self.list_clients().await,
            Route::Clients => self.add_client().await,
            Route::Client(client) if get => self.show_client(&client).await,
            Route::Client(client) if method == Method::PATCH => self.change_client(&client).await,
            Route::Client(client) => self.remove_client(&client).await,
            Route::Keys if get => self.list_keys().await,
            Route::Keys => self.add_key().await,
            Route::Key(id) if get => self.show_key(&id).await,
            Route::Key(id) => self.revoke_key(&id).await,
            Route::KeyRotation(id) => self.rotate_key(&id).await,
            Route::Outbox => self.list_mails().await,
            Route::Audit => self.list_audit().await,
            Route::AuditProof => self.verify_audit().await,
        }
    }

    /// From where the call comes; empty: from this machine, without a connection.
    fn place(&self) -> String {
        self.address.map(|address| address.to_string()).unwrap_or_default()
    }

    /// The store, on which the next change leaves an entry in the audit trail.
    fn audited(&self, action: &str, target: String, detail: Map<String, Value>) -> Store {
        self.office.store.audited(&self.office.realm, self.entry(action, target, detail))
    }

    fn entry(&self, action: &str, target: String, detail: Map<String, Value>) -> AuditEntry {
        AuditEntry {
            at: self.now,
            actor: self.actor.to_string(),
            address: self.place(),
            action: action.to_owned(),
            target,
            detail,
        }
    }

    fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.office.entropy.fill(&mut bytes);
        bytes
    }

    /// A value of the query.
    fn asked(&self, name: &str) -> Option<String> {
        let pairs = self.request.uri().query().unwrap_or_default().split('&');
        let mut values = pairs.filter_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (key == name).then(|| route::decoded(value))
        });
        values.next().filter(|value| !value.is_empty())
    }

    /// How many records a page has.
    fn limit(&self) -> Result<u32, Refused> {
        let Some(asked) = self.asked("limit") else { return Ok(100) };
        let limit = asked.parse().ok().filter(|limit| (1..=1000).contains(limit));
        limit.ok_or_else(|| Refused::wrong("`limit` takes a number from 1 to 1000"))
    }

    /// Where the page before ended: the time and the id of its last record.
    fn after(&self) -> Result<Option<(Timestamp, String)>, Refused> {
        let Some(cursor) = self.asked("after") else { return Ok(None) };
        let read = cursor.split_once('.').and_then(|(at, id)| Some((at.parse().ok()?, id.to_owned())));
        let (at, id) = read.ok_or_else(|| Refused::wrong("`after` takes the `next` of the page before"))?;
        Ok(Some((Timestamp::from_micros(at), id)))
    }
}

/// What [`Call::after`] reads, where there may be more.
fn next(count: usize, limit: u32, last: Option<(Timestamp, &str)>) -> Value {
    let last = last.filter(|_| count >= limit as usize);
    last.map_or(Value::Null, |(at, id)| format!("{}.{id}", at.as_micros()).into())
}

fn document() -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from_static(DOCUMENT.as_bytes()));
    let json = http::HeaderValue::from_static("application/json");
    answer.headers_mut().insert(http::header::CONTENT_TYPE, json);
    answer
}

fn created(body: &Value) -> Response<Bytes> {
    respond(StatusCode::CREATED, "application/json", body)
}

fn page(name: &str, records: Vec<Value>, next: Value) -> Response<Bytes> {
    let mut body = Map::new();
    body.insert(name.to_owned(), records.into());
    body.insert("next".to_owned(), next);
    ok(&body.into())
}
