//! The places where a run answers: addresses and a unix socket.
//!
//! Owns their opening, and that a socket file of a run that is gone is no obstacle while one of a
//! run that lives is not taken away. Must never accept anything. Fails with [`ListenError`].

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use rustix::fs::Mode;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, socket_with};

/// The name of the socket in the state directory.
const SOCKET_NAME: &str = "http.sock";

/// As long as the system lets the path of a socket be.
const SOCKET_PATH_BYTES_MAX: usize = 107;

/// So many connections wait to be taken, as the standard library has it.
const WAITING_MAX: i32 = 128;

/// Why a place cannot be opened.
#[derive(Debug)]
pub struct ListenError {
    /// The place.
    pub place: String,
    /// What is wrong: a lowercase fragment.
    pub why: String,
    /// What to do.
    pub hint: &'static str,
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, why, hint } = self;
        write!(f, "cannot answer at {place}: {why}\nhint: {hint}")
    }
}

impl std::error::Error for ListenError {}

/// The socket file of a run: the configuration's, else the one in its state directory.
pub fn socket_path(configured: Option<&Path>, state_directory: &Path) -> PathBuf {
    configured.map_or_else(|| state_directory.join(SOCKET_NAME), Path::to_owned)
}

/// Opens an address.
pub(super) fn at_address(address: SocketAddr) -> Result<TcpListener, ListenError> {
    let listener = TcpListener::bind(address).and_then(|listener| {
        listener.set_nonblocking(true)?;
        Ok(listener)
    });
    listener.map_err(|error| ListenError {
        place: address.to_string(),
        why: error.to_string(),
        hint: match error.kind() {
            io::ErrorKind::AddrInUse => "another program listens there: choose another port",
            io::ErrorKind::AddrNotAvailable => "this machine has no such address",
            io::ErrorKind::PermissionDenied => "choose a port above 1023",
            _ => "`listen` of [http] says where",
        },
    })
}

/// A unix socket; its file is removed with it.
pub(super) struct Socket {
    pub(super) listener: UnixListener,
    path: PathBuf,
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Left behind it is taken away by the next run.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Opens a unix socket. One that is configured is open to the group, too; that in the state
/// directory is the owner's, as everything there.
pub(super) fn at_path(path: &Path, is_configured: bool) -> Result<Socket, ListenError> {
    let failed = |why: String, hint| ListenError { place: path.display().to_string(), why, hint };
    let hint = "`socket` of [http] says where; the directory must be there and be writable";
    if path.as_os_str().as_bytes().len() > SOCKET_PATH_BYTES_MAX {
        let why = format!("the path has more than {SOCKET_PATH_BYTES_MAX} bytes");
        return Err(failed(why, "name a shorter one as `socket` of [http]"));
    }
    match std::fs::symlink_metadata(path) {
        Ok(about) if !about.file_type().is_socket() => {
            let why = "something else lies there".to_owned();
            return Err(failed(why, "remove it, or name another path as `socket` of [http]"));
        }
        Ok(_) if UnixStream::connect(path).is_ok() => {
            let why = "another run answers there".to_owned();
            return Err(failed(why, "name another path as `socket` of [http]"));
        }
        Ok(_) => {
            std::fs::remove_file(path).map_err(|error| failed(error.to_string(), hint))?;
        }
        Err(_) => {}
    }
    let mode = if is_configured { 0o660 } else { 0o600 };
    let open = || {
        let listener = bind(path, mode)?;
        let socket = Socket { listener, path: path.to_owned() };
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
        socket.listener.set_nonblocking(true)?;
        Ok(socket)
    };
    open().map_err(|error: io::Error| failed(error.to_string(), hint))
}

/// A socket file that nobody else could open at any moment: it is made with its mode, whatever the
/// process's mask.
fn bind(path: &Path, mode: u32) -> io::Result<UnixListener> {
    let flags = SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    rustix::fs::fchmod(&socket, Mode::from_raw_mode(mode))?;
    rustix::net::bind(&socket, &SocketAddrUnix::new(path)?)?;
    rustix::net::listen(&socket, WAITING_MAX)?;
    Ok(UnixListener::from(socket))
}

/// The address that names must lead to.
pub(super) fn ip_of(listener: &TcpListener) -> Option<IpAddr> {
    listener.local_addr().ok().map(|address| address.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(path: &Path) -> String {
        at_path(path, false).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn the_file_of_a_run_that_is_gone_is_replaced_and_that_of_one_that_lives_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sock");
        // A listener that is dropped leaves its file, as a run that is killed does.
        drop(UnixListener::bind(&path).unwrap());
        let socket = at_path(&path, false).unwrap();
        let mode = path.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(why(&path).contains("another run answers there"));
        drop(socket);
        assert!(!path.exists(), "the file goes with the socket");
    }

    #[test]
    fn nothing_but_a_socket_is_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kept");
        std::fs::write(&path, "words").unwrap();
        assert!(why(&path).contains("something else lies there"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "words");
    }

    #[test]
    fn a_path_that_is_too_long_for_the_system_is_told_as_such() {
        let folder = tempfile::tempdir().unwrap();
        assert!(why(&folder.path().join("a".repeat(108))).contains("more than 107 bytes"));
    }

    #[test]
    fn an_address_that_is_taken_is_told_with_what_to_do() {
        let listener = at_address("127.0.0.1:0".parse().unwrap()).unwrap();
        let error = at_address(listener.local_addr().unwrap()).unwrap_err();
        assert!(error.to_string().contains("hint: another program listens there"), "{error}");
    }

    #[test]
    fn a_socket_is_never_open_to_more_than_it_should_be() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("http.sock");
        let socket = bind(&path, 0o600).unwrap();
        // Before anybody has changed it.
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        UnixStream::connect(&path).unwrap();
        assert!(socket.accept().is_ok());
    }
}
