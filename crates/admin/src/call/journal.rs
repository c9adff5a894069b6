use std::time::Duration;

use bytes::Bytes;
use http::Response;
use mock::journal::{Cursor, Match, Page};
use model::{RequestId, parse_duration};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use crate::{
    catalogue::Catalogue,
    control::Call,
    refusal::{Refusal, done, ok},
};

const USUAL: usize = 100;
const MOST: usize = 10_000;
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// What a reader asks for.
struct Asked {
    after: Cursor,
    limit: usize,
    wait: Duration,
    wanted: Match,
}

/// `GET /_lobby/journal`. With `wait` the answer is held back until there is something to answer, in real
/// time; nothing waits for a reader.
pub(crate) async fn get(call: &Call<'_>) -> Result<Response<Bytes>, Refusal> {
    let asked = read(call, call.request.uri().query().unwrap_or_default())?;
    let page = look(call, &asked).await;
    let after = match asked.after {
        Cursor::Id(id) => Some(id),
        Cursor::Start | Cursor::Looked(_) => None,
    };
    Ok(ok(&json!({
        "entries": page.entries.iter().map(mock::journal::Entry::to_json).collect::<Vec<_>>(),
        "next": page.next.or(after).map_or(Value::Null, |id| id.to_string().into()),
    })))
}

/// `DELETE /_lobby/journal`
pub(crate) fn delete(call: &Call<'_>) -> Response<Bytes> {
    call.control.rooms.journal.clear(call.visit.sandbox.name());
    done()
}

async fn look(call: &Call<'_>, asked: &Asked) -> Page {
    let rooms = &call.control.rooms;
    let read = |after| rooms.journal.read(call.visit.sandbox.name(), after, asked.limit, &asked.wanted);
    if asked.wait.is_zero() {
        return read(asked.after);
    }
    let Some(waiting) = rooms.bell.wait() else { return read(asked.after) };
    let deadline = Instant::now() + asked.wait;
    let (mut after, mut next) = (asked.after, None);
    loop {
        // Listening begins before looking, so that nothing is missed between.
        let rung = waiting.rung();
        let mut page = read(after);
        next = page.next.or(next);
        let over = waiting.is_over() || timed_out(&page, deadline, rung).await;
        if over {
            page.next = next;
            return page;
        }
        after = page.cursor;
    }
}

/// Waits for the bell, unless the page has something to show; whether the page is to be answered as it is.
async fn timed_out(page: &Page, deadline: Instant, rung: impl Future<Output = ()>) -> bool {
    !page.entries.is_empty() || timeout_at(deadline, rung).await.is_err()
}

fn read(call: &Call<'_>, query: &str) -> Result<Asked, Refusal> {
    let catalogue = Catalogue::of(&*call.control.rooms.desk);
    let mut asked =
        Asked { after: Cursor::Start, limit: USUAL, wait: Duration::ZERO, wanted: Match::default() };
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (word, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (word, value) = (decoded(word), decoded(value));
        match word.as_str() {
            "after" => asked.after = Cursor::Id(read_id(&value)?),
            "limit" => asked.limit = read_limit(&value)?,
            "wait" => asked.wait = read_wait(&value)?,
            word => {
                if word == "persona" {
                    catalogue.persona(&value).map_err(Refusal::wrong)?;
                }
                let added = asked.wanted.add(word, &value, |name| catalogue.seen(name));
                added.map_err(|error| Refusal::wrong(error.to_string()))?;
            }
        }
    }
    Ok(asked)
}

fn decoded(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

fn read_id(text: &str) -> Result<RequestId, Refusal> {
    let refused = || Refusal::wrong("`after` takes the id of an entry");
    let mut id = [0; 12];
    if text.len() != 24 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(refused());
    }
    for (byte, at) in id.iter_mut().zip((0..24).step_by(2)) {
        let pair = text.get(at..at + 2).ok_or_else(refused)?;
        *byte = u8::from_str_radix(pair, 16).map_err(|_| refused())?;
    }
    Ok(RequestId(id))
}

fn read_limit(text: &str) -> Result<usize, Refusal> {
    let limit = text.parse().ok().filter(|limit| (1..=MOST).contains(limit));
    limit.ok_or_else(|| Refusal::wrong(format!("`limit` takes a number from 1 to {MOST}")))
}

fn read_wait(text: &str) -> Result<Duration, Refusal> {
    let wait = parse_duration(text).map_err(|error| Refusal::wrong(format!("`wait`: {error}")))?;
    if wait > LONGEST_WAIT { Err(Refusal::wrong("`wait` takes at most 5m")) } else { Ok(wait) }
}
