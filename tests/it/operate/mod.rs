//! How operators ask a run: `status`, `silence`, `top`.
//!
//! What no run says at will comes from a server of our own on the same kind of socket.

mod pty;
mod server;
mod silence;
mod status;
mod top;
