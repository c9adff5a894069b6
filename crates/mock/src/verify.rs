//! Assertions over the journal: how many entries are wanted, or in which order. What does not hold is told
//! with the entries that came nearest.

use crate::journal::{Entry, Match};

/// How many of the nearest entries are shown.
const SHOWN: usize = 3;

/// How many entries must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// At least so many.
    pub min: usize,
    /// At most so many; `None`: any number.
    pub max: Option<usize>,
}

impl Wanted {
    /// Exactly so many.
    pub fn exactly(count: usize) -> Self {
        Self { min: count, max: Some(count) }
    }

    fn takes(self, count: usize) -> bool {
        count >= self.min && self.max.is_none_or(|max| count <= max)
    }
}

impl std::fmt::Display for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.min, self.max) {
            (min, Some(max)) if min == max => write!(f, "{min}"),
            (min, Some(max)) => write!(f, "{min} to {max}"),
            (min, None) => write!(f, "at least {min}"),
        }
    }
}

/// What did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// How many entries were there; of an order, how many of its steps.
    pub count: usize,
    /// The entries that came nearest to what was missing, or those that were too many; the nearest first, of
    /// equals the newest.
    pub nearest: Vec<Entry>,
    /// What is wrong, in one sentence.
    pub detail: String,
}

/// Whether as many entries as wanted match; how many do.
pub fn count(entries: &[Entry], matching: &Match, wanted: Wanted) -> Result<usize, Mismatch> {
    let found: Vec<_> = entries.iter().filter(|entry| matching.holds(entry)).collect();
    let count = found.len();
    if wanted.takes(count) {
        return Ok(count);
    }
    let requests = |count| if count == 1 { "request matches" } else { "requests match" };
    let mut detail = format!("{count} {}, wanted {wanted}", requests(count));
    if count > wanted.min {
        let nearest = found.into_iter().rev().take(SHOWN).cloned().collect();
        return Err(Mismatch { count, nearest, detail });
    }
    let nearest = nearest(entries, matching);
    append_difference(&mut detail, &nearest, matching);
    Err(Mismatch { count, nearest, detail })
}

/// Whether entries match `order` one after the other, others between them or not; how many steps it has.
pub fn order(entries: &[Entry], order: &[Match]) -> Result<usize, Mismatch> {
    let mut rest = entries;
    for (count, matching) in order.iter().enumerate() {
        match rest.iter().position(|entry| matching.holds(entry)) {
            Some(at) => rest = rest.get(at + 1..).unwrap_or_default(),
            None => return Err(out_of_order(entries, rest, matching, count)),
        }
    }
    Ok(order.len())
}

fn out_of_order(entries: &[Entry], rest: &[Entry], matching: &Match, count: usize) -> Mismatch {
    let number = count + 1;
    let early: Vec<_> =
        entries.iter().rev().filter(|entry| matching.holds(entry)).take(SHOWN).cloned().collect();
    if !early.is_empty() {
        let detail = format!("number {number} of the order came, but before number {count}, or as it");
        return Mismatch { count, nearest: early, detail };
    }
    let mut detail = format!("number {number} of the order did not come");
    let nearest = nearest(rest, matching);
    append_difference(&mut detail, &nearest, matching);
    Mismatch { count, nearest, detail }
}

/// The entries of which the fewest conditions fail; those that match are none of them.
fn nearest(entries: &[Entry], matching: &Match) -> Vec<Entry> {
    let far = |entry: &Entry| matching.failing(entry).count();
    let mut ranked: Vec<_> =
        entries.iter().rev().map(|entry| (far(entry), entry)).filter(|(far, _)| *far > 0).collect();
    ranked.sort_by_key(|(far, _)| *far);
    ranked.into_iter().take(SHOWN).map(|(_, entry)| entry.clone()).collect()
}

fn append_difference(detail: &mut String, nearest: &[Entry], matching: &Match) {
    let Some(entry) = nearest.first() else {
        detail.push_str("; the journal has no other request");
        return;
    };
    let differs = matching.failing(entry).map(|condition| {
        let found: String = condition.found(entry).chars().take(100).collect();
        format!("it has {found} where {condition} is wanted")
    });
    let differs: Vec<_> = differs.collect();
    detail.push_str("; nearest is ");
    detail.push_str(&entry.id.to_string());
    detail.push_str(": ");
    detail.push_str(&differs.join(", "));
}
