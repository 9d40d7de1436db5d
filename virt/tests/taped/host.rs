//! A real host.

use std::io::Write;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use turnkey_cap_backends::{HostDir, HostListener, HostSocket, ambient_authority, builder};
use turnkey_wasi_common::{Access, Builder, Pipe, PipeReader};

/// A host with something behind every descriptor: 3 is a directory, 4 a listener with a
/// connection, 5 a socket with bytes.
pub(crate) struct Host {
    _folder: tempfile::TempDir,
    _sockets: (UnixStream, UnixStream),
}

impl Host {
    pub(crate) fn new() -> (Self, Builder) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.txt"), "some text to be read").unwrap();
        std::os::unix::fs::symlink("a.txt", folder.path().join("link")).unwrap();
        let data = HostDir::open_ambient(folder.path(), ambient_authority()).unwrap();
        let address = folder.path().join("socket");
        let listener = UnixListener::bind(&address).unwrap();
        let client = UnixStream::connect(&address).unwrap();
        let (mine, mut theirs) = UnixStream::pair().unwrap();
        theirs.write_all(b"from afar").unwrap();
        let (stdout, _) = Pipe::new(1 << 16);
        let builder = builder()
            .args(["app", "--fast", ""])
            .env("MODE", "safe")
            .stdin(Arc::new(PipeReader::of(*b"typed in")))
            .stdout(Arc::new(stdout))
            .preopen("/data", Arc::new(data), Access::ReadWrite)
            .listener(Arc::new(HostListener::new(listener)))
            .socket(Arc::new(HostSocket::new(mine)))
            .on_raise(|_| Ok(()));
        let host = Self {
            _folder: folder,
            _sockets: (client, theirs),
        };
        (host, builder)
    }
}
