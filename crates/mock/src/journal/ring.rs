use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::HeaderName;
use model::{RequestId, SandboxName};

use super::{
    Entry, Exchange, Head, Kept, Masking, Match, Message, Sighting,
    blobs::Blobs,
    body::{Draft, Form},
    exchanges::Exchanges,
    shelves::Shelves,
};

/// How many entries are taken at once while a reader looks through them: the lock is short, whatever the
/// reader looks for.
const CHUNK: usize = 256;
static REQUEST_ID: HeaderName = HeaderName::from_static("lobby-request-id");

/// The bounds of a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Entries in all; none: nothing is kept.
    pub entries: usize,
    /// Bytes in all.
    pub bytes: usize,
    /// Entries of one sandbox, where there are several.
    pub sandbox_entries: usize,
    /// Bytes of one sandbox, where there are several.
    pub sandbox_bytes: usize,
}

impl Settings {
    /// With these bounds in all, of which one sandbox may fill half: a noisy test does not push out what the
    /// others want to assert on.
    pub fn new(entries: usize, bytes: usize) -> Self {
        Self { entries, bytes, sandbox_entries: entries.div_ceil(2), sandbox_bytes: bytes.div_ceil(2) }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::new(100_000, 64 * 1024 * 1024)
    }
}

/// Who is told that something was written: those who wait for it are not known here.
pub trait Wake: Send + Sync {
    /// Something was written. Must return at once.
    fn wake(&self);
}

/// What every mock of one Lobby saw. Written by all requests at once; a reader never holds them up.
pub struct Journal {
    settings: Settings,
    masking: Masking,
    wake: Arc<dyn Wake>,
    blobs: Mutex<Blobs>,
    exchanges: Mutex<Exchanges>,
    shelves: Mutex<Shelves>,
}

/// Where a reader stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cursor {
    /// Before the oldest entry.
    Start,
    /// Behind the entry of this id; before the oldest, where it is gone: then all that are there came later.
    Id(RequestId),
    /// Behind what a page had looked at.
    Looked(u64),
}

/// What a reader found.
#[derive(Debug, Clone)]
pub struct Page {
    /// The entries, oldest first.
    pub entries: Vec<Entry>,
    /// The last entry that was looked at: where to go on. `None` where there was none.
    pub next: Option<RequestId>,
    /// The same, for the one who waits.
    pub cursor: Cursor,
}

impl Journal {
    /// An empty one.
    pub fn new(settings: Settings, masking: Masking, wake: Arc<dyn Wake>) -> Self {
        Self {
            settings,
            masking,
            wake,
            blobs: Mutex::default(),
            exchanges: Mutex::default(),
            shelves: Mutex::default(),
        }
    }

    /// Writes down what went by, without its secrets.
    pub fn write(&self, seen: Sighting<'_>) {
        if self.settings.entries == 0 {
            return;
        }
        let entry = self.entry(seen);
        lock(&self.shelves).put(seen.sandbox, entry, &self.settings);
        self.wake.wake();
    }

    /// Up to `limit` entries of a sandbox behind `after` that are wanted.
    pub fn read(&self, sandbox: &SandboxName, after: Cursor, limit: usize, wanted: &Match) -> Page {
        let (mut number, mut next) = match after {
            Cursor::Start => (0, None),
            Cursor::Looked(number) => (number, None),
            Cursor::Id(id) => (lock(&self.shelves).number_of(sandbox, id).unwrap_or(0), Some(id)),
        };
        let mut entries = Vec::new();
        'looking: while entries.len() < limit {
            let chunk = lock(&self.shelves).behind(sandbox, number, CHUNK);
            if chunk.is_empty() {
                break;
            }
            for (at, entry) in chunk {
                number = at;
                next = Some(entry.id);
                if wanted.holds(&entry) {
                    entries.push(entry);
                }
                if entries.len() == limit {
                    break 'looking;
                }
            }
        }
        Page { entries, next, cursor: Cursor::Looked(number) }
    }

    /// All entries of a sandbox, oldest first.
    pub fn all(&self, sandbox: &SandboxName) -> Vec<Entry> {
        self.read(sandbox, Cursor::Start, usize::MAX, &Match::default()).entries
    }

    /// Forgets the entries of a sandbox.
    pub fn clear(&self, sandbox: &SandboxName) {
        lock(&self.shelves).clear(sandbox);
    }

    /// How many entries are kept, in all.
    pub fn len(&self) -> usize {
        lock(&self.shelves).len()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many bytes they take at most, in all.
    pub fn bytes(&self) -> usize {
        lock(&self.shelves).bytes()
    }

    fn entry(&self, seen: Sighting<'_>) -> Entry {
        let exchange = self.exchange(seen);
        let exchange = lock(&self.exchanges).share(exchange);
        let micros = u64::try_from(seen.took.as_micros()).unwrap_or(u64::MAX);
        Entry { id: seen.id, at: seen.at, micros, exchange }
    }

    fn exchange(&self, seen: Sighting<'_>) -> Exchange {
        let oauth = &**seen.api == "oauth";
        let query = seen.query.map(|query| self.masking.pairs(query, oauth)).unwrap_or_default();
        let request_head = self.masking.head(seen.request_headers, None);
        let answer_head = self.masking.head(seen.answer_headers, Some(&REQUEST_ID));
        let request_body = self.body(Form::of(seen.request_headers), seen.request_body, oauth);
        let answer_body = self.body(Form::of(seen.answer_headers), seen.answer_body, oauth);
        let mut blobs = lock(&self.blobs);
        let mut share = |text: &str| Head(blobs.share(text.as_bytes()));
        Exchange {
            api: seen.api.clone(),
            operation: seen.operation.cloned(),
            method: seen.method.clone(),
            path: share(seen.path),
            query: share(&query),
            persona: seen.persona.cloned(),
            status: seen.status,
            denial: seen.denial,
            scenario: seen.scenario.map(&mut share),
            request: Message { head: share(&request_head), body: request_body },
            answer: Message { head: share(&answer_head), body: answer_body },
        }
    }

    /// Bytes that were kept before in this form had no secret: they are not looked through again.
    fn body(&self, form: Form, body: &[u8], oauth: bool) -> Kept {
        if form == Form::Json
            && !oauth
            && let Some(known) = lock(&self.blobs).find(body)
        {
            return Kept::Json(known);
        }
        let draft = self.masking.draft(form, body, oauth);
        let share = |bytes: Vec<u8>| lock(&self.blobs).share(&bytes);
        match draft {
            Draft::Nothing => Kept::Nothing,
            Draft::Withheld => Kept::Withheld,
            Draft::Json(bytes) => Kept::Json(share(bytes)),
            Draft::Form(bytes) => Kept::Form(share(bytes)),
            Draft::Text(bytes) => Kept::Text(share(bytes)),
            Draft::Binary(bytes) => Kept::Binary(share(bytes)),
        }
    }
}

/// What is behind these locks is changed whole, so it is sound whoever panicked.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
