//! Where a run answers over HTTP: metrics, health, how it stands, silences.
//!
//! Owns one thread, which holds all connections, and what who connects may cost: time for a head, a
//! body and a connection, bytes, places. Must never change anything by itself, nor keep the run
//! from its work: what is to be known or done is a [`Question`]. Fails where a place cannot be
//! opened; later everything that goes wrong is a connection that ends.

mod accept;
mod answer;
mod connections;
mod guard;
mod listen;
mod live;
mod look;
mod process;
mod question;
mod route;
mod stream;
mod surface;
mod tls;

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

pub use listen::{ListenError, socket_path};
pub use question::{
    Desk, NewSilence, OneOrMore, Question, Questions, Reply, Silenced, Unanswered, Wrong,
};

use crate::config::Http;
use crate::deliver::secret;
use connections::{Added, Connections, Mark};
use guard::Guard;
use listen::Socket;
use surface::Surface;

/// A head is sent within so long, and a connection asks again within so long.
const HEAD_TIME_MAX: Duration = Duration::from_secs(10);

/// A head has no more than this, and no more fields.
const HEAD_BYTES_MAX: usize = 16 * 1024;
const HEAD_FIELDS_MAX: usize = 64;

/// A handshake takes no longer.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// A connection lives no longer, whatever it does.
const CONNECTION_MAX: Duration = Duration::from_mins(5);

/// After a failed accept, as where no handle is left.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// So often the thread says that it lives.
const BEAT: Duration = Duration::from_secs(5);

/// What is asked of the state runs on so many threads.
const BLOCKING_MAX: usize = 2;

/// What answers. It ends when it is dropped.
pub struct Server {
    /// Dropping it ends all that waits for it.
    stop: Option<watch::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
    beats: Arc<AtomicU64>,
    addresses: Vec<SocketAddr>,
}

/// A place that is open.
struct Place {
    listener: Listener,
    guard: Guard,
    tls: Option<TlsAcceptor>,
    connections_max: usize,
}

enum Listener {
    Address(TcpListener),
    Socket(Socket),
}

impl Server {
    /// Opens all places of a configuration and begins to answer there. The socket in the state
    /// directory is a convenience: where it alone cannot be opened, the second value says why.
    pub fn start(
        http: &Http,
        directory: &Path,
        desk: Desk,
    ) -> Result<(Self, Option<ListenError>), ListenError> {
        let (places, missing) = open(http, directory)?;
        let failed = |error: std::io::Error| ListenError {
            place: "any address".to_owned(),
            why: format!("no thread can be started: {error}"),
            hint: "the machine has too little of something; see the limits of the service",
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(BLOCKING_MAX)
            .build()
            .map_err(failed)?;
        let addresses = places.iter().filter_map(Place::address).collect();
        let surface = Arc::new(Surface::new(desk, directory.to_owned()));
        let beats = Arc::new(AtomicU64::new(0));
        let (stop, stopped) = watch::channel(());
        let counted = Arc::clone(&beats);
        let thread = std::thread::Builder::new().name("http".to_owned()).spawn(move || {
            runtime.block_on(serve(places, surface, stopped, &counted));
            // What still looks at the state is not waited for.
            runtime.shutdown_background();
        });
        let thread = thread.map_err(failed)?;
        Ok((Self { stop: Some(stop), thread: Some(thread), beats, addresses }, missing))
    }

    /// The addresses at which it answers; a port that the system chose is told.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// A number that grows as long as the thread lives.
    pub fn beats(&self) -> u64 {
        self.beats.load(Ordering::Relaxed)
    }
}

impl Place {
    fn address(&self) -> Option<SocketAddr> {
        match &self.listener {
            Listener::Address(listener) => listener.local_addr().ok(),
            Listener::Socket(_) => None,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // It panicked: nothing is left to wait for.
            let _ = thread.join();
        }
    }
}

fn open(http: &Http, directory: &Path) -> Result<(Vec<Place>, Option<ListenError>), ListenError> {
    let connections_max = http.connections_max;
    let tls = http.tls.as_ref().map(tls::acceptor).transpose()?;
    let token = http.token.as_ref().map(secret::read).transpose();
    let token = token.map_err(|error| ListenError {
        place: "any address".to_owned(),
        why: format!("the token cannot be read: {error}"),
        hint: error.hint,
    })?;
    let token = token.map(|token| token.reveal().to_owned());
    let mut places = Vec::new();
    for address in &http.listen {
        let listener = listen::at_address(*address)?;
        let address = listen::ip_of(&listener);
        let guard = Guard { address, token: token.clone(), hosts: http.hosts.clone() };
        let tls = tls.clone();
        places.push(Place { listener: Listener::Address(listener), guard, tls, connections_max });
    }
    let path = socket_path(http.socket.as_deref(), directory);
    let missing = match (listen::at_path(&path, http.socket.is_some()), &http.socket) {
        (Ok(socket), _) => {
            let guard = Guard { hosts: http.hosts.clone(), ..Guard::default() };
            let listener = Listener::Socket(socket);
            places.push(Place { listener, guard, tls: None, connections_max });
            None
        }
        (Err(error), Some(_)) => return Err(error),
        (Err(error), None) => Some(error),
    };
    Ok((places, missing))
}

async fn serve(
    places: Vec<Place>,
    surface: Arc<Surface>,
    mut stopped: watch::Receiver<()>,
    beats: &AtomicU64,
) {
    for place in places {
        tokio::spawn(accept(place, Arc::clone(&surface)));
    }
    // Until nobody holds the other end any more.
    while timeout(BEAT, stopped.changed()).await.is_err() {
        beats.fetch_add(1, Ordering::Relaxed);
    }
}

/// Takes connections in at one place, for as long as the runtime lives.
async fn accept(place: Place, surface: Arc<Surface>) {
    let Place { listener, guard, tls, connections_max } = place;
    let connections = Arc::new(Connections::new(connections_max));
    let serving = Serving { guard: Arc::new(guard), surface, connections };
    // Kept: its file goes when it is dropped.
    let (address, socket) = match listener {
        Listener::Address(listener) => (tokio::net::TcpListener::from_std(listener).ok(), None),
        Listener::Socket(socket) => (None, Some(socket)),
    };
    let unix = socket.as_ref().and_then(|socket| socket.listener.try_clone().ok());
    let unix = unix.and_then(|listener| tokio::net::UnixListener::from_std(listener).ok());
    for number in 0.. {
        let next = async {
            match (&address, &unix) {
                (Some(listener), _) => listener.accept().await.map(|(stream, _)| Io::Tcp(stream)),
                (None, Some(listener)) => listener.accept().await.map(|(it, _)| Io::Unix(it)),
                (None, None) => std::future::pending().await,
            }
        };
        match (next.await, tls.clone()) {
            (Ok(Io::Tcp(stream)), Some(tls)) => serving.begin(number, async move {
                let stream = timeout(HANDSHAKE_MAX, tls.accept(stream)).await.ok()?.ok()?;
                Some(stream)
            }),
            (Ok(Io::Tcp(stream)), None) => serving.begin(number, async { Some(stream) }),
            (Ok(Io::Unix(stream)), _) => serving.begin(number, async { Some(stream) }),
            (Err(_), _) => sleep(ACCEPT_RETRY).await,
        }
    }
}

enum Io {
    Tcp(tokio::net::TcpStream),
    Unix(tokio::net::UnixStream),
}

/// What all connections of a place share.
struct Serving {
    guard: Arc<Guard>,
    surface: Arc<Surface>,
    connections: Arc<Connections>,
}

impl Serving {
    /// Serves a connection once it is made.
    fn begin<S>(&self, number: u64, stream: impl Future<Output = Option<S>> + Send + 'static)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (guard, surface) = (Arc::clone(&self.guard), Arc::clone(&self.surface));
        let mark = Mark::default();
        let marked = mark.clone();
        self.surface.count(|asked| asked.connections += 1);
        let place = Leaving {
            connections: Arc::clone(&self.connections),
            surface: Arc::clone(&self.surface),
            number,
        };
        let task = tokio::spawn(async move {
            let _place = place;
            if let Some(stream) = stream.await {
                connection(stream, &guard, &surface, &marked).await;
            }
        });
        match self.connections.add(number, mark, task.abort_handle()) {
            Added::InFreePlace => {}
            Added::InPlaceOfAnother | Added::Not => {
                self.surface.count(|asked| *asked.refused.entry("connections").or_default() += 1);
            }
        }
    }
}

/// A connection leaves its place however it ends.
struct Leaving {
    connections: Arc<Connections>,
    surface: Arc<Surface>,
    number: u64,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.connections.remove(self.number);
        self.surface.count(|asked| asked.connections -= 1);
    }
}

async fn connection<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    guard: &Arc<Guard>,
    surface: &Arc<Surface>,
    mark: &Mark,
) {
    let service = service_fn(|request| async {
        mark.answering(true);
        let answer = surface.answer(guard, request).await;
        mark.answering(false);
        Ok::<_, Infallible>(answer)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEAD_FIELDS_MAX)
        .serve_connection(TokioIo::new(stream), service);
    // Neither the end of a connection nor a client's fault is anybody's concern here.
    let _ = timeout(CONNECTION_MAX, connection).await;
}
