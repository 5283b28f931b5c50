//! Databases of other versions.

use super::super::problem::Fault;
use super::super::{Look, OpenError, OutboxState, Position, schema};
use super::*;

/// A database as a program of that version left it.
fn fixture(folder: &Path, version: i64) {
    let sql =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/state/v{version}.sql"));
    let sql = std::fs::read_to_string(&sql).unwrap_or_else(|error| panic!("{sql:?}: {error}"));
    let database = rusqlite::Connection::open(folder.join("state.db")).unwrap();
    database.execute_batch(&sql).unwrap();
}

#[test]
fn every_version_s_database_opens_with_the_same_rows() {
    for version in 1..=schema::VERSION {
        let folder = tempfile::tempdir().unwrap();
        fixture(folder.path(), version);
        let (mut store, loaded, notices) = open(folder.path());
        let migrated = Notice::Migrated { from: version, to: schema::VERSION };
        let expected = if version == schema::VERSION { vec![] } else { vec![migrated] };
        assert_eq!(notices, expected);
        assert_eq!(loaded, of_the_fixtures(), "version {version}");
        let history = store.history(now(), later(120), 9, now()).unwrap();
        let counts: Vec<_> = history.iter().map(|row| (&*row.key.code, row.errors)).collect();
        assert_eq!(counts, [("APIG.0301", 6), ("ModelArts.4204", 1)]);
        let sent = store.outbox(OutboxState::Sent, 9, now()).unwrap();
        assert_eq!(sent.len(), 1);
        assert_eq!((&*sent[0].row.id, sent[0].done), ("n000001", Some(later(30))));
        let merged = store.outbox(OutboxState::Merged, 9, now()).unwrap();
        assert_eq!(merged.len(), usize::from(version > 1));
        drop(store);
        let look = Look::open(folder.path()).unwrap();
        let decisions = look.decisions("281e6b5eec1ed0e4", 9).unwrap();
        let expected = (version > 1).then(|| decision("281e6b5eec1ed0e4", 5));
        assert_eq!(decisions, Vec::from_iter(expected));
        let (mut store, ..) = open(folder.path());
        store.commit(&step(9), now()).unwrap();
    }
}

fn of_the_fixtures() -> Loaded {
    let mut loaded = Loaded::default();
    let position = |log: &str, state: &str| {
        let state = state.as_bytes().to_vec();
        (log.to_owned(), Position { source: "orders".to_owned(), state, updated: later(7) })
    };
    loaded.positions.extend([position("app.log", "{\"offset\":42}"), position("日志.log", "")]);
    loaded.engine_head = Some(b"head".to_vec());
    loaded.engine_rules.insert("lockout".to_owned(), b"rule".to_vec());
    for (number, state) in [(0, "first"), (u64::MAX, "last")] {
        loaded.engine_groups.insert(("lockout".to_owned(), number), state.as_bytes().to_vec());
    }
    loaded.policy = Some(vec![0, 1, 254, 255]);
    let mut queued = notification(2);
    queued.attempts = 1;
    queued.next_attempt = later(90);
    queued.last_error = Some("connection refused".to_owned());
    loaded.queued.push(queued);
    loaded.counters.extend([("lines".to_owned(), 30), ("skipped".to_owned(), 0)]);
    loaded
}

/// The rows of the fixtures, through the program itself: how the newest fixture is made.
fn write_fixture_rows(store: &mut Store) {
    let mut batch = Batch::from(of_the_fixtures());
    batch.queue(notification(1));
    batch.sent("n000001", 1, later(30));
    batch.count_errors(HistoryKey::at(now(), "orders", "APIG", "APIG.0301"), 6);
    batch.count_errors(HistoryKey::at(later(60), "orders", "ModelArts", "ModelArts.4204"), 1);
    // Since version 2.
    batch.queue(notification(3));
    batch.merged("n000003", 2, later(40), "merged into n000002");
    batch.note_decision(decision("281e6b5eec1ed0e4", 5));
    store.commit(&batch, later(7)).unwrap();
}

/// The tables, and the rows as SQL.
fn dump(database: &rusqlite::Connection) -> String {
    let list = |sql: &str| -> Vec<String> {
        let mut statement = database.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let number = |pragma: &str| -> i64 {
        database.pragma_query_value(None, pragma, |row| row.get(0)).unwrap()
    };
    let mut sql = format!(
        "PRAGMA auto_vacuum = {};\nPRAGMA journal_mode = WAL;\nPRAGMA application_id = {};\n\
         PRAGMA user_version = {};\n",
        number("auto_vacuum"),
        number("application_id"),
        number("user_version")
    );
    for statement in list("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid") {
        sql = sql + &statement + ";\n";
    }
    for table in list("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rowid") {
        let columns = list(&format!("SELECT name FROM pragma_table_info('{table}')"));
        let quoted: Vec<_> = columns.iter().map(|column| format!("quote({column})")).collect();
        let values = quoted.join(" || ', ' || ");
        for row in list(&format!("SELECT {values} FROM {table} ORDER BY {}", columns[0])) {
            sql = sql + "INSERT INTO " + &table + " VALUES (" + &row + ");\n";
        }
    }
    sql
}

/// A change of the tables without a version of its own would go unnoticed otherwise. With
/// `OCRWATCH_BLESS` set, the newest version's fixture is written.
#[test]
fn the_newest_fixture_is_what_the_program_writes() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, ..) = open(folder.path());
    write_fixture_rows(&mut store);
    let written = dump(store.connection.as_ref().unwrap());
    let name = format!("tests/data/state/v{}.sql", schema::VERSION);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("OCRWATCH_BLESS").is_some() {
        std::fs::write(&path, &written).unwrap();
    }
    // A release changes the program's version and nothing else.
    let stable = |sql: &str| -> Vec<String> {
        sql.lines().filter(|line| !line.contains("program_version")).map(str::to_owned).collect()
    };
    assert_eq!(stable(&std::fs::read_to_string(&path).unwrap()), stable(&written));
}

#[test]
fn a_newer_program_s_database_is_refused_and_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, ..) = open(folder.path());
    store.commit(&step(1), now()).unwrap();
    let connection = store.connection.as_ref().unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    schema::put_meta(connection, "schema", "99").unwrap();
    drop(store);
    let path = folder.path().join("state.db");
    let before = std::fs::read(&path).unwrap();
    let error = Store::open(folder.path(), Settings::default(), now()).unwrap_err();
    assert!(matches!(error, OpenError::Newer { version: 99, .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("version 99") && text.contains("\nhint: "), "{text}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert_eq!(aside(folder.path()), Vec::<String>::new());
}

#[test]
fn a_version_in_one_place_alone_is_damage_and_no_newer_program() {
    let folder = tempfile::tempdir().unwrap();
    let original = filled(folder.path(), 3);
    let path = folder.path().join("state.db");
    let mut bytes = std::fs::read(&path).unwrap();
    // The user version of the header.
    bytes[60] ^= 0x40;
    std::fs::write(&path, bytes).unwrap();
    let (_, loaded, notices) = open(folder.path());
    let text = begun_anew(&notices).unwrap();
    assert!(text.contains("contradicts itself about its version"), "{text}");
    assert!(!text.contains("readable"), "nothing was lost: {text}");
    assert_eq!(loaded.queued, original.queued);
    assert_eq!(loaded.engine_groups, original.engine_groups);
}

#[test]
fn a_migration_that_fails_on_its_way_leaves_the_old_version() {
    let folder = tempfile::tempdir().unwrap();
    fixture(folder.path(), 1);
    let path = folder.path().join("state.db");
    let mut database = rusqlite::Connection::open(&path).unwrap();
    let before = dump(&database);
    let steps = [
        schema::MIGRATIONS[0],
        schema::MIGRATIONS[1],
        schema::MIGRATIONS[2],
        "ALTER TABLE position ADD COLUMN more TEXT; DELETE FROM policy;",
        "CREATE TABLE further (id INTEGER); INSERT INTO nowhere VALUES (1);",
    ];
    let failed = schema::migrate(&mut database, 1, &steps);
    assert!(matches!(failed, Err(Fault::Sqlite(_))), "{failed:?}");
    assert_eq!(dump(&database), before);
    schema::migrate(&mut database, 1, &steps[..4]).unwrap();
    assert_eq!(schema::meta(&database, "schema").unwrap().as_deref(), Some("4"));
    assert!(matches!(schema::form(&database), Ok(schema::Form::Newer(4))));
}

#[test]
fn a_new_state_has_no_page_that_a_step_emptied() {
    let empty_pages = |from: i64| -> i64 {
        let mut database = rusqlite::Connection::open_in_memory().unwrap();
        database.pragma_update(None, "auto_vacuum", "INCREMENTAL").unwrap();
        if from > 0 {
            schema::migrate(&mut database, 0, schema::MIGRATIONS).unwrap();
        }
        let emptied = "CREATE TABLE once (bytes BLOB);
            INSERT INTO once VALUES (zeroblob(100000));
            DROP TABLE once;";
        let steps = [schema::MIGRATIONS, &[emptied]].concat();
        schema::migrate(&mut database, from, &steps).unwrap();
        database.pragma_query_value(None, "freelist_count", |row| row.get(0)).unwrap()
    };
    assert_eq!(empty_pages(0), 0);
    assert!(empty_pages(schema::VERSION) > 0, "retention gives an old one's back");
}

#[test]
fn of_an_older_version_that_is_damaged_nothing_is_missed_that_it_never_had() {
    for version in 1..schema::VERSION {
        let folder = tempfile::tempdir().unwrap();
        fixture(folder.path(), version);
        let path = folder.path().join("state.db");
        let mut bytes = std::fs::read(&path).unwrap();
        // The user version of the header.
        bytes[60] ^= 0x40;
        std::fs::write(&path, bytes).unwrap();
        let (_, _, notices) = open(folder.path());
        let text = begun_anew(&notices).unwrap();
        assert!(!text.contains("readable"), "version {version}: {text}");
    }
}
