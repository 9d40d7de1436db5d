//! `turnkey run`, as it is called.

mod entry;
mod exit;
mod given;
mod interposed;
mod limits;
mod mistakes;
mod pages;
mod sockets;
mod streams;
mod support;
