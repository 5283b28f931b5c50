//! A client that sends exactly what a test wants, byte by byte.

use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Longer than the run lets anything take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a run answers.
#[derive(Debug, Clone)]
pub(super) enum Place {
    Address(SocketAddr),
    Socket(PathBuf),
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    head: String,
    pub(super) body: String,
}

pub(super) trait Stream: Read + io::Write + Send {}

impl Stream for TcpStream {}
impl Stream for UnixStream {}

impl Place {
    pub(super) fn connect(&self) -> io::Result<Box<dyn Stream>> {
        Ok(match self {
            Self::Address(address) => {
                let stream = TcpStream::connect_timeout(address, PATIENCE)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_write_timeout(Some(PATIENCE))?;
                Box::new(stream)
            }
            Self::Socket(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                Box::new(stream)
            }
        })
    }

    /// Sends these bytes and reads to the end.
    pub(super) fn send(&self, request: &[u8]) -> io::Result<Answer> {
        let mut stream = self.connect()?;
        // Who answers before he has heard it all may hang up on the rest.
        let sent = stream.write_all(request);
        let mut answer = Vec::new();
        match (stream.read_to_end(&mut answer), sent) {
            (Err(error), _) | (Ok(0), Err(error)) if answer.is_empty() => Err(error),
            _ => Answer::parse(&answer),
        }
    }

    fn host(&self) -> String {
        match self {
            Self::Address(address) => address.to_string(),
            Self::Socket(_) => "localhost".to_owned(),
        }
    }

    /// Asks with fields of one's own beside those that every request has.
    pub(super) fn ask(
        &self,
        method: &str,
        target: &str,
        fields: &str,
        body: &str,
    ) -> io::Result<Answer> {
        let (host, length) = (self.host(), body.len());
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
             Content-Length: {length}\r\n{fields}\r\n{body}"
        );
        self.send(request.as_bytes())
    }

    pub(super) fn get(&self, target: &str) -> io::Result<Answer> {
        self.ask("GET", target, "", "")
    }

    pub(super) fn post(&self, target: &str, body: &str) -> io::Result<Answer> {
        self.ask("POST", target, "Content-Type: application/json\r\n", body)
    }
}

/// An answer that goes on, event by event.
pub(super) struct Events {
    lines: io::Lines<BufReader<Box<dyn Stream>>>,
    pub(super) head: Vec<String>,
}

/// One event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) kind: String,
    pub(super) id: String,
    pub(super) data: String,
}

impl Place {
    /// Begins to listen. Asked as in HTTP/1.0 it comes without a frame of its own.
    pub(super) fn listen(&self, target: &str, fields: &str) -> io::Result<Events> {
        let mut stream = self.connect()?;
        let host = self.host();
        stream.write_all(
            format!("GET {target} HTTP/1.0\r\nHost: {host}\r\n{fields}\r\n").as_bytes(),
        )?;
        let mut lines = BufReader::new(stream).lines();
        let mut head = Vec::new();
        for line in lines.by_ref() {
            let line = line?;
            if line.is_empty() {
                break;
            }
            head.push(line.to_ascii_lowercase());
        }
        Ok(Events { lines, head })
    }
}

impl Iterator for Events {
    type Item = Event;

    /// The next one that has data; none if nothing more comes.
    fn next(&mut self) -> Option<Event> {
        let mut event = Event::default();
        loop {
            let line = self.lines.next()?.ok()?;
            match line.split_once(": ") {
                Some(("event", kind)) => kind.clone_into(&mut event.kind),
                Some(("id", id)) => id.clone_into(&mut event.id),
                Some(("data", data)) => data.clone_into(&mut event.data),
                _ if line.is_empty() && !event.data.is_empty() => return Some(event),
                _ => {}
            }
        }
    }
}

impl Answer {
    fn parse(bytes: &[u8]) -> io::Result<Self> {
        let text = String::from_utf8_lossy(bytes);
        let broken = || io::Error::other(format!("no answer: {text:?}"));
        let (head, body) = text.split_once("\r\n\r\n").ok_or_else(broken)?;
        let status =
            head.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(broken)?;
        Ok(Self { status, head: head.to_ascii_lowercase(), body: body.to_owned() })
    }

    /// All values of a field.
    pub(super) fn headers(&self, name: &str) -> Vec<&str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.filter(|(known, _)| *known == name).map(|(_, value)| value).collect()
    }

    /// A field's value; empty if there is none.
    pub(super) fn header(&self, name: &str) -> &str {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }
}

/// What Prometheus' own tool says of metrics.
#[track_caller]
pub(super) fn promtool_takes(metrics: &str) {
    if !super::super::daemon::has(&["promtool"]) {
        return;
    }
    let mut tool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool starts");
    tool.stdin.take().expect("a pipe").write_all(metrics.as_bytes()).expect("it reads");
    let said = tool.wait_with_output().expect("it ends");
    let words = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success() && words.trim().is_empty(), "{words}");
}
