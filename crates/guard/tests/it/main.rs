//! The guard as a whole: requests of a small API against a desk that looks up what a decision names.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod allocation;
mod codes;
mod desk;
mod explain;
mod look;
mod nearest;
mod property;
