//! Answers from the document: which response, which example or generated value, in which media type, with
//! which fields; and what is wrong with a request.

mod accept;
mod body;
mod choose;
mod denied;
mod fields;
mod generate;
mod problem;
mod render;
mod request;
mod schema;
mod seed;
mod told;
mod wish;
mod xml;

use std::{
    collections::HashMap,
    sync::{Arc, RwLock},
    time::Duration,
};

use bytes::Bytes;
use contract::{Contract, Detail, Operation, OperationId};
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{CONTENT_TYPE, VARY},
};
use model::Timestamp;

use self::{
    accept::Accept,
    body::{Key, Rendered, Wanted, place},
    generate::Purpose,
    request::{Found, Sent},
    schema::Cabinet,
    seed::Seed,
    wish::Wish,
};
pub use self::{
    generate::Values,
    problem::DOCS,
    request::{Mistake, read_json},
    told::Told,
};
use crate::prefer;

/// What is done about requests that are not as the document says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Validate {
    /// Nothing.
    Off,
    /// They are answered as if they were right; `Lobby-Hint` tells what is wrong.
    Warn,
    /// They are refused.
    #[default]
    Strict,
}

/// How answers are made.
#[derive(Debug, Clone, Copy, Default)]
pub struct Settings {
    /// How generated values look.
    pub values: Values,
    /// Whether values are generated even where an example exists.
    pub dynamic: bool,
    /// What is done about invalid requests.
    pub validate: Validate,
    /// Equal seeds give equal answers to equal requests.
    pub seed: u64,
}

/// What a scenario demands of an answer; stronger than `Prefer`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forced {
    /// The status, whether documented or not.
    pub status: Option<u16>,
    /// The name of an example.
    pub example: Option<String>,
}

/// A request that has its operation and was allowed.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// What of the path stands before the operation's template, as `/v1`; empty at the root. Links begin
    /// with it.
    pub base: &'a str,
    /// Path parameters, decoded.
    pub captures: &'a [(&'a str, String)],
    /// The query as written, without `?`; empty where there is none.
    pub query: &'a str,
    /// The request's fields.
    pub headers: &'a HeaderMap,
    /// The request's body.
    pub body: &'a [u8],
    /// The sandbox's time.
    pub now: Timestamp,
    /// The path as sent, for problems.
    pub path: &'a str,
    /// The request's id, for problems.
    pub request_id: &'a str,
    /// What the scenario demands.
    pub forced: &'a Forced,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its fields, `Content-Type` among them where there is a body.
    pub headers: HeaderMap,
    /// Its body; also for HEAD, where the gateway leaves it out.
    pub body: Bytes,
    /// `request.invalid`, `body.type` or `answer.none` (verdicts.md), when the answer is one of these.
    pub code: Option<&'static str>,
    /// How long a client wants to wait for it.
    pub delay: Option<Duration>,
    /// What is wrong with the request, refused or not.
    pub mistakes: Vec<Mistake>,
}

/// `Lobby-Hint`: what a developer should know.
const HINT: HeaderName = HeaderName::from_static("lobby-hint");
/// `Lobby-Problems`: what is wrong with the request, where the body does not say it: a JSON array of objects with
/// `pointer` and `detail`.
const PROBLEMS: HeaderName = HeaderName::from_static("lobby-problems");
/// `Preference-Applied` (RFC 7240 3).
const APPLIED: HeaderName = HeaderName::from_static("preference-applied");
/// Makes the answers of one API. Share it: what it compiles it keeps.
#[derive(Debug)]
pub struct Answerer {
    contract: Arc<Contract>,
    settings: Settings,
    cabinet: Cabinet,
    /// Rendered examples: an example's body never changes.
    kept: RwLock<HashMap<Key, Rendered>>,
}

/// An operation with all that answers need of it.
#[derive(Clone, Copy)]
struct Asked<'a> {
    id: OperationId,
    name: &'a str,
    detail: &'a Detail,
}

impl Answerer {
    /// An answerer for a contract.
    pub fn new(contract: Arc<Contract>, settings: Settings) -> Self {
        Self { contract, settings, cabinet: Cabinet::default(), kept: RwLock::default() }
    }

    /// The answer to a request that was allowed.
    pub fn answer(&self, operation: &Operation, ask: Ask<'_>) -> Answer {
        let detail = operation.detail(&self.contract);
        self.answer_to(Asked { id: operation.id, name: &operation.name, detail: &detail }, ask)
    }

    fn answer_to(&self, asked: Asked<'_>, ask: Ask<'_>) -> Answer {
        let prefer = prefer::parse(ask.headers);
        let accept = Accept::of(ask.headers);
        let found = self.found(asked, ask);
        let is_wrong = found.body_type.is_some() || !found.mistakes.is_empty();
        if is_wrong && self.settings.validate == Validate::Strict {
            return self.refusal(asked, ask, &accept, found);
        }
        let (wish, applied) = wish::wish(asked.detail, &prefer, ask.forced, self.settings.dynamic);
        let unmet = wish::unmet(asked.detail, &prefer, ask.forced, &wish);
        let mut answer = self.wished(asked, ask, &accept, &wish);
        answer.delay = applied.delay;
        if answer.code.is_none()
            && let Some(applied) = applied.applied()
        {
            answer.headers.insert(APPLIED, applied);
        }
        let hints: Vec<String> = is_wrong.then(|| problem::hint(&found)).into_iter().chain(unmet).collect();
        if !hints.is_empty()
            && let Ok(hint) = HeaderValue::try_from(problem::line(&hints.join("; ")))
        {
            answer.headers.insert(HINT, hint);
        }
        if let Some(problems) = problem::listed(&found) {
            answer.headers.insert(PROBLEMS, problems);
        }
        answer.mistakes = found.mistakes;
        answer
    }

    fn found(&self, asked: Asked<'_>, ask: Ask<'_>) -> Found {
        // A status that a scenario demands comes whatever the request looks like.
        if self.settings.validate == Validate::Off || ask.forced.status.is_some() {
            return Found::default();
        }
        let sent = Sent { captures: ask.captures, query: ask.query, headers: ask.headers, body: ask.body };
        request::check(asked.detail, sent, &self.cabinet)
    }

    fn wished(&self, asked: Asked<'_>, ask: Ask<'_>, accept: &Accept, wish: &Wish<'_>) -> Answer {
        let Some(response) = choose::response(asked.detail, wish.status) else {
            return problem::bare(wish.status, asked.detail.responses.is_empty());
        };
        let mut answer = Answer::empty(wish.status);
        let purpose = self.purpose(asked, ask, wish);
        let mut value = None;
        if !response.content.is_empty() && !choose::is_bodiless(wish.status) {
            let place = place(response, accept, wish);
            let Some(place) = place else {
                return problem::unacceptable(
                    response.content.iter().map(|media| media.name.as_str()),
                    ask.request_id,
                );
            };
            let Some(media) = response.content.get(place) else { return answer };
            let said = problem::asked(wish.status, ask.request_id);
            let told = Told { problem: &said, path: ask.path, now: ask.now };
            let told = (wish.status >= 400).then_some(told);
            let wanted = Wanted { value: !response.links.is_empty(), told };
            let rendered = self.rendered(asked, media, place, accept, wish, &purpose, wanted);
            answer.headers.insert(CONTENT_TYPE, rendered.content_type);
            if response.content.len() > 1 {
                answer.headers.insert(VARY, HeaderValue::from_static("Accept"));
            }
            answer.body = rendered.body;
            value = rendered.value;
        }
        fields::documented(&mut answer.headers, response, &self.cabinet, &purpose);
        if !response.links.is_empty() {
            let target = |name: &str| {
                let operation = self.contract.find(name)?;
                Some(format!("{}{}", self.base_of(operation, ask.base), operation.template.text))
            };
            fields::links(&mut answer.headers, response, &target, ask.base, ask.captures, value.as_deref());
        }
        answer
    }

    /// Where another operation is, seen from one that was called below `here`: there too, but for servers of its own.
    fn base_of<'b>(&'b self, operation: &'b Operation, here: &'b str) -> &'b str {
        let own = self.contract.bases_of(operation);
        let elsewhere = !here.is_empty()
            && self.contract.has_own_bases()
            && self.contract.all_bases().contains(&here)
            && !own.iter().any(|base| base == here);
        own.first().filter(|_| elsewhere).map_or(here, String::as_str)
    }

    fn purpose<'p>(&self, asked: Asked<'_>, ask: Ask<'p>, wish: &Wish<'_>) -> Purpose<'p> {
        let mut seed = Seed::new(self.settings.seed);
        seed.add(asked.name);
        for (name, value) in ask.captures {
            seed.add(name);
            seed.add(value);
        }
        seed.add(ask.query);
        seed.add(&wish.status.to_string());
        Purpose {
            values: self.settings.values,
            examples: !wish.dynamic,
            seed: seed.0,
            now: ask.now,
            status: Some(wish.status),
            given: ask.captures,
            name: "",
        }
    }
}

impl Answer {
    fn empty(status: u16) -> Self {
        Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::OK),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            code: None,
            delay: None,
            mistakes: Vec::new(),
        }
    }
}
