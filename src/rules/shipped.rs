//! The rule files that the program carries.
//!
//! Owns their order. Must not know what stands in them. Nothing here fails.

/// Name and text, in the order in which they are loaded.
pub(super) const SHIPPED: [(&str, &str); 7] = [
    ("credentials.toml", include_str!("../../rules/credentials.toml")),
    ("access.toml", include_str!("../../rules/access.toml")),
    ("limits.toml", include_str!("../../rules/limits.toml")),
    ("requests.toml", include_str!("../../rules/requests.toml")),
    ("provider.toml", include_str!("../../rules/provider.toml")),
    ("files.toml", include_str!("../../rules/files.toml")),
    ("watch.toml", include_str!("../../rules/watch.toml")),
];
