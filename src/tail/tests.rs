//! Real files in real directories, looked at without a clock and without wake-ups.

mod cases;
mod model;
mod world;
