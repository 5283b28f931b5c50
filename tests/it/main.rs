//! The integration tests, one binary.

mod captures;
mod catalogue;
mod documents;
mod fuzz;
mod invariants;
mod split;
mod tidy;
