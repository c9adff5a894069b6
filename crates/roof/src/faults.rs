//! Faults of the store as lines of the log: whoever was answered 500 or 503 is told no more than a request's id.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use model::Severity;
use serde_json::json;
use store::Store;
use tokio::time::Instant;

use crate::report::Reporter;

/// A store that is away fails every request: so many of them a second are told,
const REQUESTS: Pace = Pace { most: 10, within: Duration::from_secs(1) };
/// and of what goes on beside requests one a minute.
const OTHERS: Pace = Pace { most: 1, within: Duration::from_secs(60) };

/// How many lines there may be.
#[derive(Clone, Copy)]
struct Pace {
    most: u32,
    within: Duration,
}

/// Tells faults of a store from now on.
pub(crate) fn tell(store: &Store, reporter: Reporter) {
    let (requests, others) = (Told::default(), Told::default());
    store.on_fault(move |fault| {
        let id = gateway::request_id();
        let is_told = match id {
            Some(_) => requests.is_next(REQUESTS, Instant::now()),
            None => others.is_next(OTHERS, Instant::now()),
        };
        if is_told {
            let (at, more) = match id {
                Some(id) => (format!(" at request {id}"), json!({ "id": id.to_string() })),
                None => (String::new(), json!({})),
            };
            let text = fault.to_string().replace(char::is_control, " ");
            let message = format!("the store failed{at}: {text}");
            reporter.told(Severity::Error, "store_fault", &message, more);
        }
    });
}

/// Since when lines were told, and how many.
#[derive(Default)]
struct Told(Mutex<Option<(Instant, u32)>>);

impl Told {
    fn is_next(&self, pace: Pace, now: Instant) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, count) = told.filter(|(since, _)| now - *since < pace.within).unwrap_or((now, 0));
        *told = Some((since, (count + 1).min(pace.most)));
        count < pace.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_is_away_does_not_fill_the_log() {
        let (told, now) = (Told::default(), Instant::now());
        let lines = |at| (0..100).filter(|_| told.is_next(REQUESTS, now + Duration::from_millis(at))).count();
        assert_eq!((lines(0), lines(999), lines(1000), lines(1001)), (10, 0, 10, 0));
    }
}
