use std::panic;
use std::time::{Duration, Instant};

use crate::bodies::Body;
use crate::corpus;
use crate::mutate::{Dice, mutate};

/// So many inputs that took longer than all before are mutated further, besides the corpus.
const SLOW_ONES: usize = 64;

/// When to stop: whichever comes first.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    pub(crate) time: Duration,
    pub(crate) executions: u64,
    /// An input of at most 64 KiB that takes longer is a way to stop the server.
    pub(crate) patience: Duration,
}

/// How a run ended.
pub(crate) enum Found {
    Nothing { executions: u64, slowest: Duration },
    Fault { input: Vec<u8>, what: String },
}

/// Runs the corpus and then mutations of it, until time or executions are used up or a fault is found. There
/// is no measure of coverage on a stable compiler; time is one: an input that takes longer than those before
/// reaches further, and joins the ones to be mutated.
#[expect(clippy::disallowed_methods, reason = "how long a body takes is what is judged")]
pub(crate) fn run(body: &Body, effort: Effort, seed: u64) -> Found {
    let mut pool = match corpus::read(body.name) {
        Ok(corpus) => corpus,
        Err(error) => return Found::Fault { input: Vec::new(), what: format!("no corpus: {error:#}") },
    };
    let kept = pool.len();
    let mut dice = Dice::new(seed);
    let begin = Instant::now();
    let mut executions = 0;
    let mut slowest = Duration::ZERO;
    while executions < effort.executions && begin.elapsed() < effort.time {
        let first = usize::try_from(executions)
            .ok()
            .and_then(|number| pool.get(number))
            .filter(|_| executions < count(kept));
        let input = first.cloned().unwrap_or_else(|| mutate(&pool, body.words, &mut dice));
        let started = Instant::now();
        if let Err(cause) = panic::catch_unwind(|| (body.run)(&input)) {
            return Found::Fault { input, what: format!("it panicked: {}", text(cause.as_ref())) };
        }
        let took = started.elapsed();
        if took > effort.patience {
            return Found::Fault { input, what: format!("it took {took:?}") };
        }
        if took > slowest {
            slowest = took;
            if executions >= count(kept) {
                if pool.len() >= kept + SLOW_ONES {
                    pool.remove(kept);
                }
                pool.push(input);
            }
        }
        executions += 1;
    }
    Found::Nothing { executions, slowest }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn text(cause: &(dyn std::any::Any + Send)) -> String {
    let text = cause.downcast_ref::<String>().cloned();
    text.or_else(|| cause.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}
