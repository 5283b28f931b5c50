//! The integration tests, one binary.

mod backtest;
mod bad_files;
mod bad_input;
mod canary;
mod captures;
mod catalogue;
mod cli;
mod clients;
mod config;
mod documents;
mod errors;
mod examples;
mod fuzz;
mod harness;
mod invariants;
mod mail;
mod policy;
mod receivers;
mod reference;
mod resume;
mod rules;
mod run;
mod scenarios;
mod split;
mod terminal;
mod tidy;
