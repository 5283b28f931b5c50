//! The tables of version 1. A version that was released is never edited: a change is a new file.
//!
//! Owns the shape of the rows. What a step of the daemon left is opaque here; a row's checksum
//! covers all its other columns. Nothing here fails.

pub(super) const SQL: &str = "
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE position (
    log TEXT PRIMARY KEY,
    source TEXT NOT NULL,
    updated_ms INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    state BLOB NOT NULL
);

CREATE TABLE engine_head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    checksum INTEGER NOT NULL,
    state BLOB NOT NULL
);

CREATE TABLE engine_rule (
    rule TEXT PRIMARY KEY,
    checksum INTEGER NOT NULL,
    state BLOB NOT NULL
);

CREATE TABLE engine_group (
    rule TEXT NOT NULL,
    number INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    state BLOB NOT NULL,
    PRIMARY KEY (rule, number)
) WITHOUT ROWID;

CREATE TABLE policy (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    checksum INTEGER NOT NULL,
    state BLOB NOT NULL
);

CREATE TABLE outbox (
    id TEXT PRIMARY KEY,
    created_ms INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    receiver TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'dead')),
    attempts INTEGER NOT NULL,
    next_attempt_ms INTEGER NOT NULL,
    last_error TEXT,
    done_ms INTEGER,
    checksum INTEGER NOT NULL,
    notification BLOB NOT NULL
);

-- Retention asks for the oldest of those that are done; those that wait are no part of it.
CREATE INDEX outbox_done ON outbox (done_ms) WHERE done_ms IS NOT NULL;

CREATE TABLE history (
    minute INTEGER NOT NULL,
    source TEXT NOT NULL,
    module TEXT NOT NULL,
    code TEXT NOT NULL,
    errors INTEGER NOT NULL,
    PRIMARY KEY (minute, source, module, code)
) WITHOUT ROWID;

CREATE TABLE counter (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL,
    checksum INTEGER NOT NULL
);
";
