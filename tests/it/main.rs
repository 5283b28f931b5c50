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
mod export;
mod fuzz;
mod harness;
mod init;
mod invariants;
mod mail;
mod operate;
mod policy;
mod receivers;
mod resume;
mod rules;
mod run;
mod scenarios;
mod split;
mod terminal;
mod tidy;
