//! SQLite's interface to files, in front of the one that it has for this system.
//!
//! Owns the handles, and which operation asks the disk before it goes. Must never decide what goes
//! wrong. Fails as the disk says, else as the system does.

use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::mem::size_of;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::Once;

use rusqlite::ffi;

use crate::medium::Medium;
use crate::{Operation, Shared, State, Verdict, disk_of, lock};

/// A file as SQLite holds it: ours, and behind it in the same memory the system's.
#[repr(C)]
struct Handle {
    base: ffi::sqlite3_file,
    /// Nothing for files that are on none of the disks.
    kept: *mut Kept,
}

struct Kept {
    disk: Shared,
    path: PathBuf,
    is_deleted_on_close: bool,
}

/// The system's own interface, which lives as long as the process.
fn system() -> *mut ffi::sqlite3_vfs {
    // SAFETY: SQLite keeps its own interfaces for ever, and this name is among them on Unix.
    unsafe { ffi::sqlite3_vfs_find(c"unix".as_ptr()) }
}

/// Puts ours in front of it, for the whole process.
pub(crate) fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: `system` is valid for ever, ours is leaked and so is, too; the registration is
        // SQLite's own, under its lock.
        let result = unsafe {
            ffi::sqlite3_initialize();
            let system = &*system();
            let own_bytes = c_int::try_from(size_of::<Handle>()).unwrap_or(c_int::MAX);
            let own = Box::leak(Box::new(ffi::sqlite3_vfs {
                iVersion: 2,
                szOsFile: own_bytes + system.szOsFile,
                pNext: ptr::null_mut(),
                zName: c"ocrwatch-disk".as_ptr(),
                xOpen: Some(open),
                xDelete: Some(delete),
                xAccess: Some(access),
                xFullPathname: Some(full_pathname),
                xDlOpen: None,
                xDlError: None,
                xDlSym: None,
                xDlClose: None,
                xRandomness: Some(randomness),
                xSleep: Some(sleep),
                xCurrentTime: Some(current_time),
                xGetLastError: Some(last_error),
                xCurrentTimeInt64: Some(current_time_int64),
                xSetSystemCall: None,
                xGetSystemCall: None,
                xNextSystemCall: None,
                ..*system
            }));
            ffi::sqlite3_vfs_register(own, 1)
        };
        assert_eq!(result, ffi::SQLITE_OK, "SQLite takes no further interface");
    });
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    // The second: without mappings of the file itself.
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(take_lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// Calls a function of the system's interface.
macro_rules! system {
    ($name:ident($($argument:expr),*)) => {{
        let system = system();
        match (*system).$name {
            Some(function) => function(system, $($argument),*),
            None => ffi::SQLITE_ERROR,
        }
    }};
}

/// Calls a method of the system's file behind ours.
macro_rules! inner {
    ($file:expr, $name:ident($($argument:expr),*)) => {{
        let inner = inner_of($file);
        match (*(*inner).pMethods).$name {
            Some(function) => function(inner, $($argument),*),
            None => ffi::SQLITE_IOERR,
        }
    }};
}

/// # Safety
/// The file is one that [`open`] opened.
unsafe fn inner_of(file: *mut ffi::sqlite3_file) -> *mut ffi::sqlite3_file {
    // SAFETY: SQLite allocates `szOsFile` bytes, which are ours and the system's.
    unsafe { file.cast::<Handle>().add(1).cast() }
}

/// # Safety
/// The same.
unsafe fn kept_of<'k>(file: *mut ffi::sqlite3_file) -> Option<&'k Kept> {
    // SAFETY: it was leaked by `open`, and is taken back by `close` only.
    unsafe { (*file.cast::<Handle>()).kept.as_ref() }
}

/// # Safety
/// The same. What is to become of an operation on the file.
unsafe fn judge(file: *mut ffi::sqlite3_file, operation: Operation) -> Verdict {
    // SAFETY: as the caller says.
    match unsafe { kept_of(file) } {
        Some(kept) => lock(&kept.disk).judge(operation),
        None => Verdict::Goes,
    }
}

fn path_of(name: &CStr) -> &Path {
    Path::new(OsStr::from_bytes(name.to_bytes()))
}

impl State {
    /// What is known of the file at the path. A file that is new to us is durable as it stands.
    fn medium(&mut self, path: &Path) -> &mut Medium {
        let (inode, bytes) =
            path.metadata().map_or((0, 0), |metadata| (metadata.ino(), metadata.len()));
        let medium =
            self.media.entry(path.to_path_buf()).or_insert_with(|| Medium::of(inode, bytes));
        if medium.inode != inode {
            *medium = Medium::of(inode, bytes);
        }
        medium
    }
}

// SAFETY of the functions below: SQLite calls them with the pointers of its documented interface,
// valid for the call, and with files that `open` opened.

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: see above; a name is null for temporary files only.
    unsafe {
        let handle = file.cast::<Handle>();
        ptr::write(
            handle,
            Handle { base: ffi::sqlite3_file { pMethods: ptr::null() }, kept: ptr::null_mut() },
        );
        let path = (!name.is_null()).then(|| path_of(CStr::from_ptr(name)).to_path_buf());
        let disk = path.as_ref().and_then(|path| disk_of(path));
        if disk.as_ref().is_some_and(|disk| lock(disk).has_ended) {
            return ffi::SQLITE_CANTOPEN;
        }
        let result = system!(xOpen(name, inner_of(file), flags, out_flags));
        if result != ffi::SQLITE_OK {
            return result;
        }
        if let Some((disk, path)) = disk.zip(path) {
            lock(&disk).medium(&path);
            let is_deleted_on_close = flags & ffi::SQLITE_OPEN_DELETEONCLOSE != 0;
            (*handle).kept = Box::into_raw(Box::new(Kept { disk, path, is_deleted_on_close }));
        }
        (*handle).base.pMethods = &raw const METHODS;
        ffi::SQLITE_OK
    }
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: see above; what was leaked is taken back once, as a file is closed once.
    unsafe {
        let result = inner!(file, xClose());
        let handle = file.cast::<Handle>();
        if !(*handle).kept.is_null() {
            let kept = Box::from_raw((*handle).kept);
            (*handle).kept = ptr::null_mut();
            if kept.is_deleted_on_close {
                lock(&kept.disk).media.remove(&kept.path);
            }
        }
        result
    }
}

unsafe extern "C" fn read(
    file: *mut ffi::sqlite3_file,
    into: *mut c_void,
    count: c_int,
    at: ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: see above.
    unsafe {
        match judge(file, Operation::Read) {
            Verdict::Goes => inner!(file, xRead(into, count, at)),
            _ => ffi::SQLITE_IOERR_READ,
        }
    }
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    from: *const c_void,
    count: c_int,
    at: ffi::sqlite3_int64,
) -> c_int {
    let bytes = u64::try_from(count).unwrap_or(0);
    // SAFETY: see above.
    unsafe {
        let (bytes, result) = match judge(file, Operation::Write(bytes)) {
            Verdict::Goes => (bytes, ffi::SQLITE_OK),
            Verdict::Full(bytes) => (bytes, ffi::SQLITE_FULL),
            Verdict::Fails(bytes) => (bytes, ffi::SQLITE_IOERR_WRITE),
            Verdict::Ended => return ffi::SQLITE_IOERR_WRITE,
        };
        let offset = u64::try_from(at).unwrap_or(0);
        changes(file, offset, offset + bytes);
        if bytes == 0 {
            return result;
        }
        let written = inner!(file, xWrite(from, c_int::try_from(bytes).unwrap_or(0), at));
        if result == ffi::SQLITE_OK { written } else { result }
    }
}

/// # Safety
/// As of [`inner_of`]. Notes that a stretch of the file is about to become another one.
unsafe fn changes(file: *mut ffi::sqlite3_file, from: u64, until: u64) {
    // SAFETY: as the caller says.
    let Some(kept) = (unsafe { kept_of(file) }) else { return };
    lock(&kept.disk).medium(&kept.path).changes(from, until, |at, count| {
        let mut before = vec![0_u8; count];
        let (into, at) = (before.as_mut_ptr().cast(), i64::try_from(at).unwrap_or(0));
        // What cannot be read stays zero, as SQLite's own interface has it.
        // SAFETY: the room is as large as is said.
        let _ = unsafe { inner!(file, xRead(into, c_int::try_from(count).unwrap_or(0), at)) };
        before
    });
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: ffi::sqlite3_int64) -> c_int {
    // SAFETY: see above.
    unsafe {
        if judge(file, Operation::Other) != Verdict::Goes {
            return ffi::SQLITE_IOERR_TRUNCATE;
        }
        let mut present = 0;
        let _ = inner!(file, xFileSize(&raw mut present));
        let bytes = |size| u64::try_from(size).unwrap_or(0);
        changes(file, bytes(size), bytes(present));
        inner!(file, xTruncate(size))
    }
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _: c_int) -> c_int {
    // SAFETY: see above.
    unsafe {
        let verdict = judge(file, Operation::Sync);
        let Some(kept) = kept_of(file) else { return ffi::SQLITE_OK };
        let mut disk = lock(&kept.disk);
        match verdict {
            Verdict::Goes => {
                let bytes = kept.path.metadata().map_or(0, |metadata| metadata.len());
                // The system is not asked: its power does not fail.
                disk.medium(&kept.path).synced(bytes);
                ffi::SQLITE_OK
            }
            Verdict::Ended => ffi::SQLITE_IOERR_FSYNC,
            Verdict::Full(_) | Verdict::Fails(_) => {
                disk.medium(&kept.path).sync_failed();
                ffi::SQLITE_IOERR_FSYNC
            }
        }
    }
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, size: *mut i64) -> c_int {
    // SAFETY: see above.
    unsafe { inner!(file, xFileSize(size)) }
}

unsafe extern "C" fn take_lock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: see above.
    unsafe {
        if has_ended(file) {
            return ffi::SQLITE_IOERR_LOCK;
        }
        inner!(file, xLock(level))
    }
}

unsafe extern "C" fn unlock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: see above.
    unsafe { inner!(file, xUnlock(level)) }
}

unsafe extern "C" fn check_reserved_lock(file: *mut ffi::sqlite3_file, out: *mut c_int) -> c_int {
    // SAFETY: see above.
    unsafe { inner!(file, xCheckReservedLock(out)) }
}

unsafe extern "C" fn file_control(
    file: *mut ffi::sqlite3_file,
    operation: c_int,
    argument: *mut c_void,
) -> c_int {
    // SAFETY: see above.
    unsafe { inner!(file, xFileControl(operation, argument)) }
}

unsafe extern "C" fn sector_size(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: see above.
    unsafe { inner!(file, xSectorSize()) }
}

unsafe extern "C" fn device_characteristics(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: see above.
    unsafe { inner!(file, xDeviceCharacteristics()) }
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    page: c_int,
    page_bytes: c_int,
    extend: c_int,
    out: *mut *mut c_void,
) -> c_int {
    // SAFETY: see above.
    unsafe {
        if has_ended(file) {
            return ffi::SQLITE_IOERR_SHMMAP;
        }
        inner!(file, xShmMap(page, page_bytes, extend, out))
    }
}

unsafe extern "C" fn shm_lock(
    file: *mut ffi::sqlite3_file,
    offset: c_int,
    count: c_int,
    flags: c_int,
) -> c_int {
    // SAFETY: see above.
    unsafe {
        if has_ended(file) && flags & ffi::SQLITE_SHM_LOCK != 0 {
            return ffi::SQLITE_IOERR_SHMLOCK;
        }
        inner!(file, xShmLock(offset, count, flags))
    }
}

unsafe extern "C" fn shm_barrier(file: *mut ffi::sqlite3_file) {
    // SAFETY: see above.
    unsafe {
        let inner = inner_of(file);
        if let Some(function) = (*(*inner).pMethods).xShmBarrier {
            function(inner);
        }
    }
}

unsafe extern "C" fn shm_unmap(file: *mut ffi::sqlite3_file, delete: c_int) -> c_int {
    // SAFETY: see above. Whoever is killed removes nothing.
    unsafe {
        let delete = if has_ended(file) { 0 } else { delete };
        inner!(file, xShmUnmap(delete))
    }
}

/// # Safety
/// As of [`inner_of`].
unsafe fn has_ended(file: *mut ffi::sqlite3_file) -> bool {
    // SAFETY: as the caller says.
    unsafe { kept_of(file) }.is_some_and(|kept| lock(&kept.disk).has_ended)
}

unsafe extern "C" fn delete(_: *mut ffi::sqlite3_vfs, name: *const c_char, sync: c_int) -> c_int {
    // SAFETY: see above.
    unsafe {
        let path = path_of(CStr::from_ptr(name));
        if let Some(disk) = disk_of(path) {
            let mut disk = lock(&disk);
            if disk.judge(Operation::Other) != Verdict::Goes {
                return ffi::SQLITE_IOERR_DELETE;
            }
            disk.media.remove(path);
        }
        system!(xDelete(name, sync))
    }
}

unsafe extern "C" fn access(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: see above.
    unsafe { system!(xAccess(name, flags, out)) }
}

unsafe extern "C" fn full_pathname(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    count: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: see above.
    unsafe { system!(xFullPathname(name, count, out)) }
}

unsafe extern "C" fn randomness(_: *mut ffi::sqlite3_vfs, count: c_int, out: *mut c_char) -> c_int {
    // SAFETY: see above.
    unsafe { system!(xRandomness(count, out)) }
}

unsafe extern "C" fn sleep(_: *mut ffi::sqlite3_vfs, microseconds: c_int) -> c_int {
    // SAFETY: see above.
    unsafe { system!(xSleep(microseconds)) }
}

unsafe extern "C" fn current_time(_: *mut ffi::sqlite3_vfs, out: *mut f64) -> c_int {
    // SAFETY: see above.
    unsafe { system!(xCurrentTime(out)) }
}

unsafe extern "C" fn last_error(_: *mut ffi::sqlite3_vfs, count: c_int, out: *mut c_char) -> c_int {
    // SAFETY: see above.
    unsafe { system!(xGetLastError(count, out)) }
}

unsafe extern "C" fn current_time_int64(_: *mut ffi::sqlite3_vfs, out: *mut i64) -> c_int {
    // SAFETY: see above.
    unsafe { system!(xCurrentTimeInt64(out)) }
}
