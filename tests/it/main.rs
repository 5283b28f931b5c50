//! The integration tests, one binary.

mod catalogue;
