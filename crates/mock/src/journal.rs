//! The journal: the list of requests that a mock saw, to assert on. Secrets are masked before anything is
//! kept; what is kept is bounded, in all and per sandbox, by count and bytes; writing never waits for a
//! reader: one that is too slow misses what was pushed out meanwhile.

mod blobs;
mod body;
mod entry;
mod exchanges;
mod filter;
mod mask;
mod ring;
mod shelves;
#[cfg(test)]
mod tests;

pub use body::Kept;
pub use entry::{Entry, Exchange, Head, Message, Sighting};
pub use filter::{Condition, Match, MatchError, WORDS};
pub use mask::Masking;
pub use ring::{Cursor, Journal, Page, Settings, Wake};
