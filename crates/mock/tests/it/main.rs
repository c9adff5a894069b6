//! The mock's answering half from outside.

mod answers;
mod corpus;
mod requests;
