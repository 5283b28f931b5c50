//! A server on a free port of this machine that answers as it is told.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How a request is answered.
#[derive(Debug, Clone)]
pub(super) enum Reply {
    /// With these bytes.
    Raw(String),
    /// Not at all, until the other side has had enough.
    Hang,
    /// A byte at a time, for ever.
    Drip,
    /// With a good status, and a body without an end.
    Endless,
    /// The connection is closed.
    Close,
}

impl Reply {
    pub(super) fn of(status: u16, headers: &str, body: &str) -> Self {
        let length = body.len();
        Self::Raw(format!(
            "HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n{headers}Connection: close\r\n\r\n{body}"
        ))
    }
}

/// What was asked.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) head: String,
    pub(super) body: String,
}

/// The server; its requests are answered in their order, then nobody is let in.
pub(super) struct Server {
    pub(super) port: u16,
    seen: Receiver<Seen>,
}

impl Server {
    pub(super) fn start(replies: Vec<Reply>) -> Self {
        Self::start_with(replies, |stream| stream)
    }

    /// The same with something around each connection, such as TLS.
    pub(super) fn start_with<S: Read + Write>(
        replies: Vec<Reply>,
        wrap: impl Fn(TcpStream) -> S + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (sender, seen) = channel();
        std::thread::spawn(move || {
            for reply in replies {
                let Ok((stream, _)) = listener.accept() else { return };
                let pace = stream.try_clone().expect("a second handle");
                let mut stream = wrap(stream);
                // Who does not like our certificate hangs up.
                let Ok(seen) = read(&mut stream) else { continue };
                if sender.send(seen).is_err() {
                    return;
                }
                let _ = answer(&mut stream, &pace, &reply);
            }
        });
        Self { port, seen }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The next request that came; none if there is no more.
    pub(super) fn seen(&self) -> Option<Seen> {
        self.seen.try_recv().ok()
    }
}

fn read(stream: &mut impl Read) -> io::Result<Seen> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 16 * 1024];
    let head = loop {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&buffer[..count]);
        if bytes[0] == 0x16 {
            // A greeting of TLS, which a server without it does not understand.
            return Ok(Seen { head: String::new(), body: String::new() });
        }
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
    let length = text.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
    let length: usize = length.and_then(|length| length.trim().parse().ok()).unwrap_or_default();
    while bytes.len() < head + length {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        bytes.extend_from_slice(&buffer[..count]);
    }
    let part = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Seen { head: part(&bytes[..head]), body: part(&bytes[head..]) })
}

fn answer(stream: &mut (impl Read + Write), pace: &TcpStream, reply: &Reply) -> io::Result<()> {
    match reply {
        Reply::Raw(text) => {
            stream.write_all(text.as_bytes())?;
            stream.flush()
        }
        Reply::Close => Ok(()),
        Reply::Hang => {
            let _ = stream.read(&mut [0; 1])?;
            Ok(())
        }
        Reply::Drip => {
            // A read that nothing comes to is a pace without a clock.
            pace.set_read_timeout(Some(Duration::from_millis(20)))?;
            for byte in b"HTTP/1.1 200 ".iter().chain(std::iter::repeat(&b'x')) {
                stream.write_all(&[*byte])?;
                if matches!(stream.read(&mut [0; 1]), Ok(0)) {
                    break;
                }
            }
            Ok(())
        }
        Reply::Endless => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
            loop {
                stream.write_all(&[b'x'; 64 * 1024])?;
            }
        }
    }
}
