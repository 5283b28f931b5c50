//! The integration tests, one binary.

mod captures;
mod catalogue;
mod clients;
mod fuzz;
mod harness;
mod invariants;
mod split;
