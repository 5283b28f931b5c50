//! The rule files that the program carries.
//!
//! Owns their order. Must not know what stands in them. Nothing here fails.

/// Name and text, in the order in which they are loaded.
pub(super) const SHIPPED: [(&str, &str); 1] =
    [("credentials.toml", include_str!("../../rules/credentials.toml"))];
