//! A connection to the database, as this program wants it.
//!
//! Owns SQLite's settings and their reasons, and what is checked before a file is believed. Must
//! not know what stands in the tables. Fails with SQLite's answer, or says that the file is
//! damaged.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::problem::Fault;
use super::quarantine::companion;

/// How long another program's lock is waited for. An operator's shell holds one for as long as a
/// statement takes; the daemon's reading stands still meanwhile.
const BUSY_TIMEOUT: Duration = Duration::from_secs(1);

/// Below this size a file is checked in full each time it is opened: some 0.2 s.
const ALWAYS_CHECKED_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Above this size only the state is checked, not the history: a start must take seconds.
const CHECKED_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// How a transaction survives a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Journal {
    /// A write-ahead log: one write and one sync for each commit, and readers are not in the way.
    Wal,
    /// A rollback journal: three syncs for each commit, but no shared memory.
    Delete,
}

/// Makes an empty file for its owner alone, if there is none. SQLite would make it for everybody;
/// what it keeps beside gets the same mode.
pub(super) fn create_file(path: &Path) -> io::Result<bool> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// Opens a file that exists. Nothing is written: see [`trust`].
pub(super) fn connect(path: &Path) -> Result<Connection, Fault> {
    // No mutex: the store is one owner's.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    configure(&connection)?;
    Ok(connection)
}

/// Opens a file where nothing can be written, not even what connections share: the log's index is
/// kept in this process's memory. Without a log the file is all there is, and is read as it stands.
pub(super) fn connect_alone(path: &Path) -> Result<Connection, Fault> {
    let wal = companion(path, "-wal");
    let has_log = wal.metadata().is_ok_and(|metadata| metadata.len() > 0);
    let read_only = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let connection = if has_log {
        // Without locks: those of SQLite take a file that is open for writing. The store's own is
        // held.
        Connection::open_with_flags_and_vfs(path, read_only, "unix-none")?
    } else {
        Connection::open_with_flags(immutable_uri(path), read_only | OpenFlags::SQLITE_OPEN_URI)?
    };
    // Before anything is read, or the shared index is asked for.
    connection.pragma_update_and_check(None, "locking_mode", "EXCLUSIVE", |_| Ok(()))?;
    configure(&connection)?;
    Ok(connection)
}

fn immutable_uri(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri + "?immutable=1"
}

/// Opens a file for somebody who only looks, while others may write.
pub(super) fn connect_to_look(path: &Path) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection
        .pragma_update_and_check(None, "trusted_schema", "OFF", |_| Ok(()))
        .or_else(no_rows)?;
    Ok(connection)
}

/// Opens a damaged file to look what can be had of it.
pub(super) fn connect_to_salvage(path: &Path) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    // Lets SQLite read what there is of a file that was cut, and of tables that it cannot all tell.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_WRITABLE_SCHEMA, true)?;
    configure(&connection)?;
    Ok(connection)
}

fn configure(connection: &Connection) -> Result<(), Fault> {
    // A log that stands beside a damaged database is evidence, and perhaps what heals it: it is not
    // written into the database before that was found to be whole.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    for (pragma, value) in [
        // The last commits would be lost at power failure with `NORMAL`, and their notifications
        // sent again.
        ("synchronous", "FULL"),
        // 1 MiB: the rows that change are few, and the daemon is to stay below 20 MiB.
        ("cache_size", "-1024"),
        // A file that shrinks below a mapping ends the process.
        ("mmap_size", "0"),
        ("temp_store", "MEMORY"),
        // 4 MiB of log before it is written back: a checkpoint costs two syncs.
        ("wal_autocheckpoint", "1000"),
        // What a large commit has blown up is given back.
        ("journal_size_limit", "4194304"),
        // Damaged pages are noticed where they are read, and a foreign schema runs nothing.
        ("cell_size_check", "ON"),
        ("trusted_schema", "OFF"),
        // No table refers to another.
        ("foreign_keys", "OFF"),
    ] {
        // Some of these answer with their new value, some do not.
        connection.pragma_update_and_check(None, pragma, value, |_| Ok(())).or_else(no_rows)?;
    }
    Ok(())
}

fn no_rows(error: rusqlite::Error) -> rusqlite::Result<()> {
    if error == rusqlite::Error::QueryReturnedNoRows { Ok(()) } else { Err(error) }
}

/// Sets the journal. Gives the one that there is then: not every file system can share memory.
pub(super) fn set_journal(connection: &Connection, wanted: Journal) -> Result<Journal, Fault> {
    let ask = |name: &str| -> rusqlite::Result<String> {
        connection.pragma_update_and_check(None, "journal_mode", name, |row| row.get(0))
    };
    if wanted == Journal::Wal && ask("WAL").is_ok_and(|mode| mode.eq_ignore_ascii_case("wal")) {
        return Ok(Journal::Wal);
    }
    ask("DELETE")?;
    Ok(Journal::Delete)
}

/// From now on the log is written back when the connection is closed.
pub(super) fn trust(connection: &Connection) -> Result<(), Fault> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    Ok(())
}

/// From now on the log stays as it is when the connection is closed.
pub(super) fn distrust(connection: &Connection) {
    // It cannot fail on an open connection; if it did, closing would try to write, and fail.
    let _ = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
}

/// Checks the structure of the file, in bounded time: in full while that takes less than a second,
/// and up to 1 GiB if the last daemon did not end in order; else the tables that are small. What
/// stands in the rows is checked where they are read.
pub(super) fn check(
    connection: &Connection,
    bytes: u64,
    ended_in_order: bool,
) -> Result<(), Fault> {
    let in_full =
        bytes <= ALWAYS_CHECKED_BYTES_MAX || (bytes <= CHECKED_BYTES_MAX && !ended_in_order);
    if in_full {
        return check_with(connection, "PRAGMA quick_check(1)");
    }
    for table in
        ["meta", "position", "engine_head", "engine_rule", "engine_group", "policy", "counter"]
    {
        check_with(connection, &format!("PRAGMA quick_check({table})"))?;
    }
    Ok(())
}

fn check_with(connection: &Connection, sql: &str) -> Result<(), Fault> {
    let ask = || connection.query_row(sql, [], |row| row.get::<_, String>(0));
    let mut answer = ask()?;
    if answer != "ok" && !is_unread(&answer) {
        // Of some pages that could not be read it is said that they are damaged. A disk that fails
        // for a moment is no reason to give the state up.
        answer = ask()?;
    }
    if answer == "ok" {
        return Ok(());
    }
    // Such as `*** in database main ***\nTree 5 page 7: btreeInitPage() returns error code 11`.
    let line = answer.lines().find(|line| !line.starts_with("***")).unwrap_or_default();
    if is_unread(&answer) {
        return Err(io::Error::other(format!("a page could not be read: {line}")).into());
    }
    Err(Fault::Damaged(format!("a check found: {line}")))
}

/// Whether a check's answer tells that the system did not read a page, which it says in the manner
/// of damage: `unable to get the page. error code=266`, and without a code of one that a row is
/// continued on; whether there can be such a page was looked at before that.
fn is_unread(answer: &str) -> bool {
    if answer.contains("failed to get page ") {
        return true;
    }
    let (_, code) = answer.rsplit_once("error code").unwrap_or_default();
    let code: Option<i32> = code.trim_start_matches(['=', ' ']).trim_end().parse().ok();
    // The lowest byte is the kind of error, the others say in which operation.
    code.is_some_and(|code| code & 0xff == rusqlite::ffi::SQLITE_IOERR)
}

/// File systems on which several machines may have the file: a write-ahead log shares memory, which
/// they cannot. The name, or `None` for others.
pub(super) fn network_file_system(directory: &Path) -> Option<&'static str> {
    let kind = rustix::fs::statfs(directory).ok()?.f_type;
    #[expect(clippy::cast_sign_loss, reason = "a magic number; its sign is its highest bit")]
    network_name(kind as u64)
}

/// The magic numbers of statfs(2), of which some systems extend the sign.
fn network_name(kind: u64) -> Option<&'static str> {
    match kind & 0xffff_ffff {
        0x6969 => Some("NFS"),
        0xff53_4d42 | 0xfe53_4d42 | 0x517b => Some("SMB"),
        0x0102_1997 => Some("9p"),
        0x00c3_6400 => Some("Ceph"),
        0x0bd0_0bd0 => Some("Lustre"),
        0x5346_414f => Some("AFS"),
        0x4750_4653 => Some("GPFS"),
        0x0116_1970 => Some("GFS2"),
        0x7461_636f => Some("OCFS2"),
        0x6573_5546 => Some("FUSE"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_file_systems_are_told_by_their_numbers_and_local_ones_are_none() {
        // The numbers of statfs(2) and of the kernel's magic.h.
        for (number, name) in [
            (0x6969, "NFS"),
            (0xff53_4d42, "SMB"),
            (0xfe53_4d42, "SMB"),
            (0x517b, "SMB"),
            // SMB2 where a C long is signed.
            (0xffff_ffff_fe53_4d42, "SMB"),
            (0x0102_1997, "9p"),
            (0x00c3_6400, "Ceph"),
            (0x0bd0_0bd0, "Lustre"),
            (0x5346_414f, "AFS"),
            (0x4750_4653, "GPFS"),
            (0x0116_1970, "GFS2"),
            (0x7461_636f, "OCFS2"),
            (0x6573_5546, "FUSE"),
        ] {
            assert_eq!(network_name(number), Some(name), "{number:#x}");
        }
        for local in [0xef53, 0x0102_1994, 0x5846_5342, 0x9123_683e, 0x794c_7630, 0x2fc1_2fc1] {
            assert_eq!(network_name(local), None, "{local:#x}");
        }
    }

    #[test]
    fn a_page_that_was_not_read_is_no_damage() {
        let answer = |line: &str| format!("*** in database main ***\n{line}");
        assert!(is_unread(&answer("Tree 5 page 7: unable to get the page. error code=266")));
        assert!(is_unread(&answer("Tree 5 page 7: btreeInitPage() returns error code 10")));
        assert!(!is_unread(&answer("Tree 5 page 7: btreeInitPage() returns error code 11")));
        assert!(is_unread(&answer("Tree 10 page 10 cell 0: failed to get page 35")));
        assert!(!is_unread(&answer("Tree 10 page 10 cell 0: invalid page number 35")));
        assert!(!is_unread("ok"));
    }

    #[test]
    fn what_a_check_found_is_said_without_its_headline() {
        let connection = Connection::open_in_memory().unwrap();
        let answer = |answer: &str| check_with(&connection, &format!("SELECT '{answer}'"));
        assert!(answer("ok").is_ok());
        let found = "*** in database main ***\nTree 5 page 7: error code 11";
        let said = answer(found).unwrap_err();
        let expected = "a check found: Tree 5 page 7: error code 11";
        assert!(matches!(&said, Fault::Damaged(said) if said == expected), "{said:?}");
    }

    #[test]
    fn a_large_file_is_checked_in_full_only_if_the_last_run_did_not_end_in_order() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE history (n INTEGER CHECK (n > 0));
             PRAGMA ignore_check_constraints = ON; INSERT INTO history VALUES (-1);
             PRAGMA ignore_check_constraints = OFF;",
            )
            .unwrap();
        for table in
            ["meta", "position", "engine_head", "engine_rule", "engine_group", "policy", "counter"]
        {
            connection.execute_batch(&format!("CREATE TABLE {table} (n)")).unwrap();
        }
        let is_in_full = |bytes, in_order| check(&connection, bytes, in_order).is_err();
        let (always, at_most) = (64 << 20, 1 << 30);
        assert_eq!(
            [0, always, always + 1].map(|bytes| is_in_full(bytes, true)),
            [true, true, false]
        );
        assert_eq!([at_most, at_most + 1].map(|bytes| is_in_full(bytes, false)), [true, false]);
    }

    #[test]
    fn only_that_a_setting_answers_nothing_is_no_error() {
        assert!(no_rows(rusqlite::Error::QueryReturnedNoRows).is_ok());
        assert!(no_rows(rusqlite::Error::InvalidQuery).is_err());
    }

    #[test]
    fn a_path_of_any_bytes_is_one_file_in_a_uri() {
        let uri = immutable_uri(Path::new("/var/state 1%?#/ü.db"));
        assert_eq!(uri, "file:/var/state%201%25%3F%23/%C3%BC.db?immutable=1");
    }

    #[test]
    fn a_file_is_its_owner_s_alone_and_an_old_one_stays() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        assert!(create_file(&path).unwrap());
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(&path, "x").unwrap();
        assert!(!create_file(&path).unwrap());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "x");
        assert!(create_file(&folder.path().join("gone/state.db")).is_err());
    }
}
