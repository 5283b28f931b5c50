//! What happens to logs in the field, one case a test. Each asserts that its hazard came about:
//! a rotation that reuses no inode proves nothing about reused inodes.
//!
//! `docs/following.md` lists the cases with the tests that tell them.

mod links;
mod restart;
mod rotation;
mod truncation;
mod watching;
mod writing;
