//! Whatever somebody sends to the port.
//!
//! Owns the claims that any bytes get an answer or an end, and that who does not show the token is
//! told nothing of the run and changes nothing of it: the run is not even asked.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::mpsc::channel;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use ocrwatch::config::{Http, Secret};
use ocrwatch::http::{Desk, Question, Server};

/// So long that no mutation of another text becomes it.
const TOKEN: &str = "c29tZWJvZHktaGFzLXRvLWtub3ctdGhpcw";

/// Far beyond what an answer takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Behind which nothing more is expected of what has not ended.
const SHORT: Duration = Duration::from_millis(100);

struct Port {
    _server: Server,
    _directory: tempfile::TempDir,
    at: SocketAddr,
}

static PORT: LazyLock<Port> = LazyLock::new(|| {
    let directory = tempfile::tempdir().expect("a directory");
    let token = directory.path().join("token");
    std::fs::write(&token, TOKEN).expect("a token");
    std::fs::set_permissions(&token, PermissionsExt::from_mode(0o600)).expect("its mode");
    let http = Http {
        listen: vec![SocketAddr::from(([127, 0, 0, 1], 0))],
        token: Some(Secret::File(token)),
        ..Http::default()
    };
    let (bell, rung) = channel();
    let (desk, questions) = Desk::new(Arc::new(move || bell.send(()).unwrap_or_default()));
    // Stands for a run: it hears what it is asked, and says nothing.
    let run = move || {
        for () in rung {
            questions.take().iter().for_each(hear);
        }
    };
    std::thread::Builder::new().name("run".into()).spawn(run).expect("a thread");
    let (server, _) = Server::start(&http, directory.path(), desk).expect("a server");
    let at = server.addresses()[0];
    Port { _server: server, _directory: directory, at }
});

/// What the run was asked for so far, and what who asked had shown by then. A question may come
/// after the connection that it came from has ended.
static IS_TOLD: AtomicBool = AtomicBool::new(false);
static IS_OPEN: AtomicBool = AtomicBool::new(false);
static BREACH: Mutex<Option<String>> = Mutex::new(None);

fn hear(question: &Question) {
    let is_status = matches!(question, Question::Status(_));
    let may_be = IS_TOLD.load(SeqCst) || is_status && IS_OPEN.load(SeqCst);
    if !may_be {
        let what = format!("a stranger's request reaches the run, for its status: {is_status}");
        *BREACH.lock().unwrap_or_else(PoisonError::into_inner) = Some(what);
    }
}

/// Ends what the input began, or is a request of its own.
const END: &[u8] = b"\r\n\r\nGET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

pub(crate) fn check(input: &[u8]) {
    let knows = |needle: &[u8]| input.windows(needle.len()).any(|part| part == needle);
    let is_told = knows(TOKEN.as_bytes());
    // Whether the run lives is no secret.
    let is_open = knows(b"healthz") || knows(b"readyz");
    IS_TOLD.fetch_or(is_told, SeqCst);
    IS_OPEN.fetch_or(is_open, SeqCst);
    let answer = ask(input);
    let breach = BREACH.lock().unwrap_or_else(PoisonError::into_inner).take();
    assert!(breach.is_none(), "{}", breach.unwrap_or_default());
    let begins_so = answer.starts_with(b"HTTP/1.1 ") || answer.starts_with(b"HTTP/1.0 ");
    assert!(answer.is_empty() || begins_so, "an answer is one: {}", answer.escape_ascii());
    if !is_told && !is_open {
        let ok = b"HTTP/1.1 20";
        let is_answered = answer.windows(ok.len()).any(|part| part == ok);
        assert!(!is_answered, "a stranger is told: {}", answer.escape_ascii());
    }
}

/// What comes back until the connection ends.
fn ask(input: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(PORT.at).expect("the port is open");
    stream.set_write_timeout(Some(PATIENCE)).expect("a limit of time");
    // Who is refused may be cut off before the last byte.
    let _ = stream.write_all(&[input, END].concat());
    let mut answer = Vec::new();
    let mut is_over = false;
    let mut piece = [0; 16 * 1024];
    stream.set_read_timeout(Some(SHORT)).expect("a limit of time");
    loop {
        match stream.read(&mut piece) {
            Ok(0) => return answer,
            Ok(count) => answer.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return answer,
            // A body that does not end, or an answer that goes on.
            Err(_) if !is_over => {
                is_over = true;
                let _ = stream.shutdown(Shutdown::Write);
                stream.set_read_timeout(Some(PATIENCE)).expect("a limit of time");
            }
            Err(error) => {
                assert!(!is_over, "an answer or an end, not {error}");
            }
        }
    }
}
