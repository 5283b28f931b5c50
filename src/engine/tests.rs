//! The engine as a whole: a stream of events in, transitions out as text.

mod changes;
mod evidence;
mod exhaustive;
mod late;
mod limits;
mod matching;
mod reference;
mod replay;
mod routes;
mod scenes;
mod stream;
