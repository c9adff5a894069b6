//! Documents through the public doors: the bookshop, 90 real documents, 124 hostile ones, and big ones.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that is surprised fails")]

mod anything;
mod big;
mod bookshop;
mod disk;
mod files;
mod hostile;
mod lint;
mod names;
mod real;
mod schemas;
mod servers;
mod swagger;
