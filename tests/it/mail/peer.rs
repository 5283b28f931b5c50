//! A mail server that answers as a test wants it to.
//!
//! Owns the protocol as far as a right client needs it. A script sees every line and may put
//! another answer in the place of the usual one.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What is done in the place of the usual answer.
#[derive(Debug, Clone)]
pub(super) enum Act {
    Usual,
    Say(&'static str),
    /// Nothing, until the client has had enough.
    Hang,
    /// The connection ends without an answer.
    Close,
    /// The answer, and then the end of the connection.
    SayAndClose(&'static str),
}

/// Which connection, counted from 0, and which line: `CONNECT` before the greeting, `TLS` before
/// the handshake, `.` for the end of a mail.
type Script = Box<dyn Fn(usize, &str) -> Act + Send + Sync>;

pub(super) struct Peer {
    pub(super) port: u16,
    heard: Arc<Heard>,
}

#[derive(Default)]
struct Heard {
    lines: Mutex<Vec<String>>,
    mails: Mutex<Vec<String>>,
}

/// What a server offers.
#[derive(Clone, Default)]
pub(super) struct Offer {
    pub(super) capabilities: Vec<&'static str>,
    pub(super) tls: Option<Arc<ServerConfig>>,
    pub(super) is_implicit: bool,
}

impl Offer {
    pub(super) fn of(capabilities: &[&'static str]) -> Self {
        Self { capabilities: capabilities.to_vec(), ..Self::default() }
    }

    /// With a certificate and its key, in PEM.
    pub(super) fn with_certificate(mut self, certificate: &Path, key: &Path) -> Self {
        let chain = vec![CertificateDer::from_pem_file(certificate).expect("a certificate")];
        let key = PrivateKeyDer::from_pem_file(key).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider);
        let config = config.with_safe_default_protocol_versions().expect("versions of TLS");
        let config = config.with_no_client_auth().with_single_cert(chain, key);
        self.tls = Some(Arc::new(config.expect("a certificate and its key")));
        self
    }
}

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

impl Peer {
    pub(super) fn start(
        offer: Offer,
        script: impl Fn(usize, &str) -> Act + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let heard = Arc::<Heard>::default();
        let (script, ear): (Arc<Script>, _) = (Arc::new(Box::new(script)), Arc::clone(&heard));
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let Ok(stream) = stream else { break };
                let (offer, script, heard) = (offer.clone(), script.clone(), Arc::clone(&ear));
                std::thread::spawn(move || {
                    // A client that has had enough is what some tests are about.
                    let _ = Visit { number, offer, script, heard }.serve(stream);
                });
            }
        });
        Self { port, heard }
    }

    /// One that does everything.
    pub(super) fn usual(capabilities: &[&'static str]) -> Self {
        Self::start(Offer::of(capabilities), |_, _| Act::Usual)
    }

    pub(super) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Every line that was said to it, with the number of the connection.
    pub(super) fn lines(&self) -> Vec<String> {
        self.heard.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The verbs of those lines.
    pub(super) fn verbs(&self) -> String {
        let lines = self.lines();
        let verb = |line: &String| {
            let (number, line) = line.split_once(' ').expect("a number");
            format!("{number}{}", line.split([' ', ':']).next().unwrap_or_default())
        };
        lines.iter().map(verb).collect::<Vec<_>>().join(" ")
    }

    /// The mails that it took.
    pub(super) fn mails(&self) -> Vec<String> {
        self.heard.mails.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

struct Visit {
    number: usize,
    offer: Offer,
    script: Arc<Script>,
    heard: Arc<Heard>,
}

/// How a conversation goes on.
enum Next {
    Line,
    Encrypt,
    End,
}

impl Visit {
    fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        let socket = stream.try_clone()?;
        let mut stream: Box<dyn Stream> = Box::new(stream);
        let mut is_encrypted = false;
        if self.offer.is_implicit {
            stream = self.encrypted(socket.try_clone()?)?;
            is_encrypted = true;
        }
        let mut reader = BufReader::new(stream);
        self.answer(&mut reader, "CONNECT", "220 peer.example.test ESMTP")?;
        while let Some(line) = read_line(&mut reader) {
            match self.line(&mut reader, &line, is_encrypted)? {
                Next::Line => {}
                Next::Encrypt => {
                    reader = BufReader::new(self.encrypted(socket.try_clone()?)?);
                    is_encrypted = true;
                }
                Next::End => break,
            }
        }
        socket.shutdown(Shutdown::Both)
    }

    fn encrypted(&self, mut socket: TcpStream) -> std::io::Result<Box<dyn Stream>> {
        match (self.script)(self.number, "TLS") {
            Act::Hang => hang(&mut socket)?,
            Act::Close => socket.shutdown(Shutdown::Both)?,
            _ => {}
        }
        let config = self.offer.tls.clone().expect("a certificate");
        let connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
        Ok(Box::new(StreamOwned::new(connection, socket)))
    }

    fn line(
        &self,
        reader: &mut BufReader<Box<dyn Stream>>,
        line: &str,
        is_encrypted: bool,
    ) -> std::io::Result<Next> {
        self.hear(line);
        let verb = line.split([' ', ':']).next().unwrap_or_default();
        let capabilities = self.capabilities(is_encrypted);
        let usual = match verb {
            "EHLO" => capabilities.as_str(),
            "STARTTLS" => "220 go ahead",
            "AUTH" => "235 2.7.0 welcome",
            "DATA" => "354 end with a dot",
            "QUIT" => "221 bye",
            _ => "250 2.0.0 ok",
        };
        let is_yes = self.answer(reader, line, usual)?;
        match verb {
            "QUIT" => Ok(Next::End),
            "STARTTLS" if is_yes => Ok(Next::Encrypt),
            "DATA" if is_yes => {
                let mut mail = String::new();
                while let Some(line) = read_line(reader) {
                    if line == "." {
                        self.hear(".");
                        // Before the client can know of it.
                        let mails = self.heard.mails.lock();
                        mails.unwrap_or_else(PoisonError::into_inner).push(mail);
                        if !self.answer(reader, ".", "250 2.0.0 taken as 4711")? {
                            let mails = self.heard.mails.lock();
                            mails.unwrap_or_else(PoisonError::into_inner).pop();
                        }
                        break;
                    }
                    mail += line.strip_prefix('.').unwrap_or(&line);
                    mail.push('\n');
                }
                Ok(Next::Line)
            }
            _ => Ok(Next::Line),
        }
    }

    fn capabilities(&self, is_encrypted: bool) -> String {
        let mut lines = vec!["peer.example.test"];
        lines.extend(&self.offer.capabilities);
        if self.offer.tls.is_some() && !is_encrypted {
            lines.push("STARTTLS");
        }
        let last = lines.len() - 1;
        let lines = lines.iter().enumerate();
        let lines =
            lines.map(|(at, line)| format!("250{}{line}", if at == last { ' ' } else { '-' }));
        lines.collect::<Vec<_>>().join("\r\n")
    }

    fn hear(&self, line: &str) {
        let lines = self.heard.lines.lock();
        lines.unwrap_or_else(PoisonError::into_inner).push(format!("{} {line}", self.number));
    }

    /// Whether it was a yes.
    fn answer(
        &self,
        reader: &mut BufReader<Box<dyn Stream>>,
        line: &str,
        usual: &str,
    ) -> std::io::Result<bool> {
        let (text, ends) = match (self.script)(self.number, line) {
            Act::Usual => (usual, false),
            Act::Say(text) => (text, false),
            Act::SayAndClose(text) => (text, true),
            Act::Close => return Err(std::io::ErrorKind::ConnectionAborted.into()),
            Act::Hang => return hang(reader.get_mut()).map(|()| false),
        };
        let stream = reader.get_mut();
        stream.write_all(format!("{text}\r\n").as_bytes())?;
        stream.flush()?;
        if ends {
            return Err(std::io::ErrorKind::ConnectionAborted.into());
        }
        Ok(text.starts_with(['2', '3']))
    }
}

/// Waits until the client goes.
fn hang(stream: &mut (impl Read + ?Sized)) -> std::io::Result<()> {
    let mut buffer = [0; 256];
    while stream.read(&mut buffer)? > 0 {}
    Err(std::io::ErrorKind::ConnectionAborted.into())
}

fn read_line(reader: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    let read = reader.read_line(&mut line).ok()?;
    (read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
}
