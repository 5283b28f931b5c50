//! What version 2 adds: the decision log, and notifications that became part of another one.
//!
//! Owns the shape of the rows. A notification that was joined with others is neither sent nor
//! given up, and the outbox's states are checked by its table: so that is made anew, with the same
//! rows. Nothing here fails.

pub(super) const SQL: &str = "
CREATE TABLE decision (
    alert TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    noted_ms INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    decision BLOB NOT NULL,
    PRIMARY KEY (alert, at_ms, kind)
) WITHOUT ROWID;

-- Retention asks for the oldest.
CREATE INDEX decision_noted ON decision (noted_ms);

DROP INDEX outbox_done;

CREATE TABLE outbox_of_2 (
    id TEXT PRIMARY KEY,
    created_ms INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    receiver TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'dead', 'merged')),
    attempts INTEGER NOT NULL,
    next_attempt_ms INTEGER NOT NULL,
    last_error TEXT,
    done_ms INTEGER,
    checksum INTEGER NOT NULL,
    notification BLOB NOT NULL
);

INSERT INTO outbox_of_2 (rowid, id, created_ms, at_ms, receiver, state, attempts, next_attempt_ms,
    last_error, done_ms, checksum, notification)
SELECT rowid, id, created_ms, at_ms, receiver, state, attempts, next_attempt_ms,
    last_error, done_ms, checksum, notification FROM outbox;

DROP TABLE outbox;

ALTER TABLE outbox_of_2 RENAME TO outbox;

CREATE INDEX outbox_done ON outbox (done_ms) WHERE done_ms IS NOT NULL;
";
