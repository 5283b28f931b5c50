//! ocrwatch follows the logs of applications that call Huawei Cloud OCR, extracts the errors that
//! the service returned, decides which alerts fire, keeps what is known over restarts and tells
//! whom it concerns; and it reads logs once, for a report or a backtest of the same alerts.
//!
//! Data moves left to right once; a stage is told what it needs and never asks the next one:
//!
//! ```text
//! bytes ──tail──▶ text ──extract──▶ Occurrence ──engine──▶ Transition ──policy──▶ Notification
//!         (io)   (follow)  (pure)       │        (pure)                 (pure)        │
//!                                       │                        one commit: store ◀──┤
//!         input ──▶ the same extract    │                                  outbox ──▶ told
//!         (io)                          ▼
//!                                    report, replay: the same engine under the log's own clock
//! ```
//!
//! `daemon` is the loop around the upper line: one thread owns all state. The command line is the
//! loop around the lower one.
//!
//! Modules in reading order; each may import only from those above it in this list.

pub mod zone;

pub mod clock;
pub mod diagnostic;
pub mod file_pattern;
pub mod fnv;
pub mod length;
pub mod occurrence;

pub mod toml_file;

pub mod catalogue;

pub mod surface;

mod html;

pub mod input;

pub mod tail;

pub mod extract;

pub mod defect;

pub mod engine;

pub mod template;

pub mod rules;

pub mod policy_file;

pub mod replay;

pub mod config;

pub mod follow;

pub mod store;

pub mod render;

pub mod deliver;

pub mod fleet;

pub mod scenario;

pub mod reference;

pub mod report;

pub mod status;

pub mod http;

pub mod export;

pub mod daemon;

pub mod cli;
