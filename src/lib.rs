//! ocrwatch reads application logs, extracts the errors that Huawei Cloud OCR returned, and says
//! what went wrong, how often, since when, which alerts that would have raised, and what the
//! documentation says to do.
//!
//! Data moves left to right once; a stage is told what it needs and never asks the next one:
//!
//! ```text
//! bytes ──input──▶ buffer ──extract──▶ Occurrence ──report──▶ terminal, JSON, CSV, Markdown
//!          (io)            (pure)      │    ▲        (pure fold, thin writers)
//!                                      │    └── the alerts that there would have been
//!                                      │    replay: the clock of the log
//!                                      └──▶ engine ──▶ Transition ──policy──▶ Decision
//!                                           (pure)                  (pure)
//! ```
//!
//! Modules in reading order; each may import only from those above it in this list.

pub mod clock;
pub mod diagnostic;
pub mod file_pattern;
pub mod fnv;
pub mod length;
pub mod occurrence;
pub mod zone;

pub mod toml_file;

pub mod catalogue;

pub mod surface;

pub mod input;

pub mod tail;

pub mod extract;

pub mod engine;

pub mod template;

pub mod rules;

pub mod policy_file;

pub mod replay;

pub mod config;

pub mod follow;
pub mod store;

pub mod render;

pub mod scenario;

pub mod report;

pub mod daemon;

pub mod cli;
