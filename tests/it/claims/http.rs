//! Whatever somebody sends to the port.
//!
//! Owns the claims that any bytes get an answer or an end, and that who does not show the token is
//! told nothing of the run and changes nothing of it: the run is not even asked.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::sync::mpsc::channel;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ocrwatch::config::{Http, Secret};
use ocrwatch::http::{Desk, Question, Server};

/// So long that no mutation of another text becomes it.
const TOKEN: &str = "c29tZWJvZHktaGFzLXRvLWtub3ctdGhpcw";

/// Far beyond what an answer takes.
const PATIENCE: Duration = Duration::from_secs(20);

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
    let hear = move || {
        for () in rung {
            let heard = questions.take();
            asked().extend(heard.iter().map(|question| matches!(question, Question::Status(_))));
        }
    };
    std::thread::Builder::new().name("run".into()).spawn(hear).expect("a thread");
    let (server, _) = Server::start(&http, directory.path(), desk).expect("a server");
    let at = server.addresses()[0];
    Port { _server: server, _directory: directory, at }
});

/// Whether each question since this was last emptied was only how the run stands.
static ASKED: Mutex<Vec<bool>> = Mutex::new(Vec::new());

fn asked() -> MutexGuard<'static, Vec<bool>> {
    ASKED.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn check(input: &[u8]) {
    let knows = |needle: &[u8]| input.windows(needle.len()).any(|part| part == needle);
    let answer = ask(input);
    let asked = std::mem::take(&mut *asked());
    let is_told = knows(TOKEN.as_bytes());
    for is_status in asked {
        let is_open = is_status && knows(b"readyz");
        assert!(is_told || is_open, "a stranger's request reaches the run");
    }
    let begins_so = answer.starts_with(b"HTTP/1.1 ") || answer.starts_with(b"HTTP/1.0 ");
    assert!(answer.is_empty() || begins_so, "an answer is one: {}", answer.escape_ascii());
    if !is_told && !knows(b"healthz") {
        let ok = b"HTTP/1.1 200";
        let is_answered = answer.windows(ok.len()).any(|part| part == ok);
        assert!(!is_answered, "a stranger is told: {}", answer.escape_ascii());
    }
}

/// What comes back until the connection ends.
fn ask(input: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(PORT.at).expect("the port is open");
    stream.set_read_timeout(Some(PATIENCE)).expect("a limit of time");
    stream.set_write_timeout(Some(PATIENCE)).expect("a limit of time");
    // Who is refused may be cut off before the last byte.
    let _ = stream.write_all(input);
    let _ = stream.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    if let Err(error) = stream.read_to_end(&mut answer) {
        let is_end = error.kind() == std::io::ErrorKind::ConnectionReset;
        assert!(is_end, "an answer or an end, not {error}");
    }
    answer
}
