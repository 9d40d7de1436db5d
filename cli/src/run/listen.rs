//! `--listen`: sockets that a guest accepts connections from.

use crate::failure::{Failure, tell};
use std::fmt;
use std::io;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::Arc;
use turnkey_cap_backends::HostListener;
use turnkey_wasi_common::Listener;

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    /// A host's name or number and a port.
    Tcp(String, u16),
    /// The path of a socket.
    Unix(PathBuf),
}

/// A socket that listens.
pub(super) struct Listening {
    /// The socket.
    pub(super) listener: Arc<dyn Listener>,
    /// The file by which it is found.
    pub(super) file: Option<SocketFile>,
}

/// The file of a socket, which would stay behind and keep the next one from being made. It goes
/// when this is dropped.
pub(super) struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        let _gone_already = std::fs::remove_file(&self.0);
    }
}

impl Address {
    /// Reads `HOST:PORT` or `unix:PATH`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let address = match text.strip_prefix("unix:") {
            Some("") => None,
            Some(path) => Some(Self::Unix(path.into())),
            None => text
                .rsplit_once(':')
                .filter(|(host, _)| !host.is_empty())
                .and_then(|(host, port)| Some(Self::Tcp(host.to_owned(), port.parse().ok()?))),
        };
        address.ok_or_else(|| "write HOST:PORT such as 127.0.0.1:8080, or unix:PATH".to_owned())
    }

    /// Begins to listen. A port that the system chose is told to the user.
    pub(super) fn open(&self) -> Result<Listening, Failure> {
        let refused = |error: io::Error| {
            let why = match error.kind() {
                io::ErrorKind::AddrInUse => match self {
                    Self::Tcp(..) => "the port is in use; end who uses it, or name another".into(),
                    Self::Unix(_) => "the file is there already; remove it, or name another".into(),
                },
                _ => format!("cannot listen there: {error}"),
            };
            Failure::set_up(format_args!("--listen {self}: {why}"))
        };
        match self {
            Self::Tcp(host, port) => {
                // A number of IPv6 is written in brackets, and looked up without them.
                let host = host.trim_start_matches('[').trim_end_matches(']');
                let listener = TcpListener::bind((host, *port)).map_err(refused)?;
                if *port == 0 {
                    let address = listener.local_addr().map_err(refused)?;
                    tell(format_args!("listening on {address}"));
                }
                Ok(Listening {
                    listener: Arc::new(HostListener::new(listener)),
                    file: None,
                })
            }
            Self::Unix(path) => {
                let listener = UnixListener::bind(path).map_err(refused)?;
                Ok(Listening {
                    listener: Arc::new(HostListener::new(listener)),
                    file: Some(SocketFile(path.clone())),
                })
            }
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(host, port) => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_host_and_port_or_path() {
        for (text, expected) in [
            ("127.0.0.1:80", Some(Address::Tcp("127.0.0.1".into(), 80))),
            ("[::1]:0", Some(Address::Tcp("[::1]".into(), 0))),
            ("unix:/tmp/s", Some(Address::Unix("/tmp/s".into()))),
            ("unix:", None),
            ("localhost", None),
            (":80", None),
            ("localhost:", None),
            ("localhost:65536", None),
            ("localhost:http", None),
        ] {
            let parsed = Address::parse(text);
            assert_eq!(parsed.clone().ok(), expected, "{text}");
            if let Ok(address) = parsed {
                assert_eq!(address.to_string(), text);
            }
        }
    }
}
