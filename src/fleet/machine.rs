//! What a machine is called among others.
//!
//! Owns the name that holds where none is written, and the names of lives. Must never ask the
//! broker. Fails never: a machine without a readable name is `unnamed`.

use std::sync::Arc;

use ring::rand::{SecureRandom as _, SystemRandom};

use crate::config::Fleet;

/// The longest name.
const NAME_BYTES_MAX: usize = 64;

/// The machine's name: what is written, else its host name with what no name holds as `-`.
pub fn machine_name(fleet: &Fleet) -> Arc<str> {
    if let Some(name) = &fleet.name {
        return Arc::clone(name);
    }
    let system = rustix::system::uname();
    let name = system.nodename().to_string_lossy();
    let plain = |c: char| if c.is_ascii_alphanumeric() || ".-_".contains(c) { c } else { '-' };
    let name: String = name.chars().map(plain).take(NAME_BYTES_MAX).collect();
    if name.is_empty() { "unnamed".into() } else { name.into() }
}

/// A name that no other start of a program has.
pub fn new_life() -> Box<str> {
    let mut bytes = [0; 8];
    // Linux does not fail here once it is up; zeros would be told apart by the machine's name.
    let _ = SystemRandom::new().fill(&mut bytes);
    format!("{:016x}", u64::from_be_bytes(bytes)).into()
}
