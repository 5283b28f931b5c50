//! A server on a unix socket that says what a test wants.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use serde_json::Value;

/// What was asked.
#[derive(Debug, Clone)]
pub(super) struct Request {
    /// The method and the path.
    pub(super) line: String,
    pub(super) head: String,
    pub(super) body: String,
}

type Answer = dyn FnMut(&Request) -> (u16, String) + Send;

/// How bodies are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    Length,
    Chunks,
}

pub(super) struct Server {
    path: PathBuf,
    is_over: Arc<AtomicBool>,
    requests: Arc<Mutex<Vec<Request>>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(super) fn start(
        path: &Path,
        framing: Framing,
        answer: impl FnMut(&Request) -> (u16, String) + Send + 'static,
    ) -> Self {
        let listener = UnixListener::bind(path).expect("a socket");
        let (is_over, requests) =
            (Arc::<AtomicBool>::default(), Arc::<Mutex<Vec<Request>>>::default());
        let thread = {
            let (is_over, requests) = (Arc::clone(&is_over), Arc::clone(&requests));
            let mut answer: Box<Answer> = Box::new(answer);
            std::thread::spawn(move || {
                for stream in listener.incoming() {
                    if is_over.load(Ordering::SeqCst) {
                        return;
                    }
                    let mut stream = stream.expect("a connection");
                    let Some(request) = read(&stream) else { continue };
                    let (status, body) = answer(&request);
                    requests.lock().unwrap_or_else(PoisonError::into_inner).push(request);
                    // Who asked may have given up.
                    let _ = stream.write_all(written(status, &body, framing).as_bytes());
                }
            })
        };
        Self { path: path.to_owned(), is_over, requests, thread: Some(thread) }
    }

    /// One that says how a run stands, and nothing else.
    pub(super) fn of_status(path: &Path, status: Value) -> Self {
        Self::start(path, Framing::Length, move |request| match &*request.line {
            "GET /api/v1/status" => (200, status.to_string()),
            _ => (404, r#"{"error":{"what":"there is no such page"}}"#.to_owned()),
        })
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        drop(UnixStream::connect(&self.path));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        let _ = std::fs::remove_file(&self.path);
    }
}

fn read(stream: &UnixStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let lower = head.to_ascii_lowercase();
    let length = lower.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let line = head.lines().next()?.rsplit_once(' ')?.0.to_owned();
    Some(Request { line, head, body: String::from_utf8(body).ok()? })
}

fn written(status: u16, body: &str, framing: Framing) -> String {
    let start = format!("HTTP/1.1 {status} Any\r\nContent-Type: application/json\r\n");
    match framing {
        Framing::Length => format!("{start}Content-Length: {}\r\n\r\n{body}", body.len()),
        Framing::Chunks => {
            let start = format!("{start}Transfer-Encoding: chunked\r\n\r\n");
            let chars: Vec<char> = body.chars().collect();
            let chunks = chars.chunks(100).map(|chunk| {
                let chunk: String = chunk.iter().collect();
                format!("{:x}\r\n{chunk}\r\n", chunk.len())
            });
            start + &chunks.collect::<String>() + "0\r\n\r\n"
        }
    }
}

/// A run on a bad day, as `src/status/tests.rs` makes it.
pub(super) fn bad() -> Value {
    let text = std::fs::read_to_string(crate::harness::data("status/bad.json")).expect("the file");
    serde_json::from_str(&text).expect("a status")
}

/// The same with nothing wrong.
pub(super) fn well() -> Value {
    let mut status = bad();
    status["alerts"] = Value::Array(Vec::new());
    for rule in status["rules"].as_array_mut().expect("rules") {
        rule["firing"] = 0.into();
        rule["pending"] = 0.into();
    }
    status["sources"].as_array_mut().expect("sources").remove(0);
    for source in status["sources"].as_array_mut().expect("sources") {
        source["lag_seconds"] = 0.into();
        source["lag_bytes"] = 0.into();
    }
    status["receivers"].as_array_mut().expect("receivers").truncate(1);
    status["configuration"].as_object_mut().expect("an object").remove("refused");
    status
}
