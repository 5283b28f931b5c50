//! What version 3 adds: messages to the rest of the fleet that the broker has not stored yet.
//!
//! Owns the shape of the rows, which are numbered by who made them. Nothing here fails.

pub(super) const SQL: &str = "
CREATE TABLE message (
    number INTEGER PRIMARY KEY,
    subject TEXT NOT NULL,
    id TEXT NOT NULL,
    checksum INTEGER NOT NULL,
    body BLOB NOT NULL
);
";
