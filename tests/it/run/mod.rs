//! `ocrwatch run` as a process: real files, real signals, real limits.
//!
//! Every test prints how often what it is about has happened: a hazard that did not come proves
//! nothing. A place that lacks a program or a right skips a test, and says so.

mod agent;
pub(crate) mod alertmanager;
mod backlog;
pub(crate) mod daemon;
mod deliver;
mod equal;
mod faults;
mod http;
mod journal;
mod kills;
mod limits;
pub(crate) mod log;
pub(crate) mod mail;
mod operators;
mod reload;
mod sources;
mod state;
mod webhook;
