//! The room seen from outside: attacks, vectors, properties.

#![cfg(test)]

mod allocations;
mod attacks;
mod dpop;
mod issuing;
mod judging;
mod keys;
mod properties;
mod rfc7520;
mod stage;
mod wycheproof;
