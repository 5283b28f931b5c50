//! The scenario files that the program carries.
//!
//! Owns their order, which is that of the rule files. Must not know what stands in them. Nothing
//! here fails.

/// Name and text.
pub(super) const SHIPPED: [(&str, &str); 7] = [
    ("rules/tests/credentials.toml", include_str!("../../rules/tests/credentials.toml")),
    ("rules/tests/access.toml", include_str!("../../rules/tests/access.toml")),
    ("rules/tests/limits.toml", include_str!("../../rules/tests/limits.toml")),
    ("rules/tests/requests.toml", include_str!("../../rules/tests/requests.toml")),
    ("rules/tests/provider.toml", include_str!("../../rules/tests/provider.toml")),
    ("rules/tests/files.toml", include_str!("../../rules/tests/files.toml")),
    ("rules/tests/watch.toml", include_str!("../../rules/tests/watch.toml")),
];
