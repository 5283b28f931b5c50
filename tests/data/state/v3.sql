PRAGMA auto_vacuum = 2;
PRAGMA journal_mode = WAL;
PRAGMA application_id = 1868788343;
PRAGMA user_version = 3;
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
CREATE TABLE decision (
    alert TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    noted_ms INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    decision BLOB NOT NULL,
    PRIMARY KEY (alert, at_ms, kind)
) WITHOUT ROWID;
CREATE INDEX decision_noted ON decision (noted_ms);
CREATE TABLE "outbox" (
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
CREATE INDEX outbox_done ON outbox (done_ms) WHERE done_ms IS NOT NULL;
CREATE TABLE message (
    number INTEGER PRIMARY KEY,
    subject TEXT NOT NULL,
    id TEXT NOT NULL,
    checksum INTEGER NOT NULL,
    body BLOB NOT NULL
);
INSERT INTO meta VALUES ('batches', '1');
INSERT INTO meta VALUES ('created_at', '2026-11-23T10:15:00Z');
INSERT INTO meta VALUES ('ended_in_order', '0');
INSERT INTO meta VALUES ('program_version', '0.1.0');
INSERT INTO meta VALUES ('schema', '3');
INSERT INTO position VALUES ('app.log', 'orders', 1795428907000, 1656930503, X'7B226F6666736574223A34327D');
INSERT INTO position VALUES ('日志.log', 'orders', 1795428907000, 312215699, X'');
INSERT INTO engine_head VALUES (1, 2647620751, X'68656164');
INSERT INTO engine_rule VALUES ('lockout', 2683353418, X'72756C65');
INSERT INTO engine_group VALUES ('lockout', -1, 1373676498, X'6C617374');
INSERT INTO engine_group VALUES ('lockout', 0, 1053123173, X'6669727374');
INSERT INTO policy VALUES (1, 3455116318, X'0001FEFF');
INSERT INTO history VALUES (29923815, 'orders', 'APIG', 'APIG.0301', 6);
INSERT INTO history VALUES (29923816, 'orders', 'ModelArts', 'ModelArts.4204', 1);
INSERT INTO counter VALUES ('lines', 30, 2288651372);
INSERT INTO counter VALUES ('skipped', 0, 2271339172);
INSERT INTO decision VALUES ('281e6b5eec1ed0e4', 1795428905000, 'changed', 1795428905000, 2636699244, X'7B7D');
INSERT INTO outbox VALUES ('n000001', 1795428901000, 1795428900000, 'ops', 'sent', 1, 1795428930000, NULL, 1795428930000, 1435914442, X'7B7D');
INSERT INTO outbox VALUES ('n000002', 1795428902000, 1795428900000, 'ops', 'queued', 1, 1795428990000, 'connection refused', NULL, 1208517963, X'7B7D');
INSERT INTO outbox VALUES ('n000003', 1795428903000, 1795428900000, 'ops', 'merged', 2, 1795428940000, 'merged into n000002', 1795428940000, 1499073714, X'7B7D');
