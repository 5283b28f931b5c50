//! Mail: what it says, and what comes of it at servers that answer in every way.

mod exim;
mod letters;
mod peer;
mod report_bodies;
mod reports;
mod servers;
pub(crate) mod trust;
mod world;
