//! Tokens that are wrong on purpose: for `lobby token`, for tests of clients, for the probe.

mod attack;
mod defect;
mod table;

pub use attack::{Attack, Genuine};
pub use defect::{Defect, DefectError, forge};
