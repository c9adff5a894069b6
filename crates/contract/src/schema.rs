//! Schemas as they stand in documents → self-contained JSON Schema 2020-12.

pub(crate) mod bundle;
pub(crate) mod dialect;
pub(crate) mod faults;
