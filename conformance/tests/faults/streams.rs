//! Streams whose other end goes away.

use crate::host::{Guest, Subscription};
use crate::{alone, assert_passed, open_beneath, purpose};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use turnkey_cap_backends::{HostSocket, HostStream, builder};
use turnkey_wasi_common::{Errno, Pipe, Stream};

const TEST: &str = "streams::closed_pipe_errno_pipe_and_the_host_lives";

/// (A process that has not been told to ignore `SIGPIPE` is ended by a pipe of its own; Rust's
/// standard library ignores it from the start.)
///
/// Broken on purpose: `Pipe::write` swallows what nobody reads.
#[test]
fn closed_pipe_errno_pipe_and_the_host_lives() {
    if purpose().is_none() {
        return assert_passed(&alone(r#"exec "$@""#, TEST, "pipe"));
    }
    let pipes = || open_beneath(Path::new("pipe:")) + open_beneath(Path::new("socket:"));
    let before = pipes();
    let (reader, writer) = std::io::pipe().unwrap();
    let (peer, socket) = UnixStream::pair().unwrap();
    let (virtual_writer, virtual_reader) = Pipe::new(8);
    let stdout: Arc<dyn Stream> = Arc::new(HostStream::new(writer).unwrap());
    let builder = builder()
        .stdout(stdout)
        .stderr(Arc::new(virtual_writer))
        .socket(Arc::new(HostSocket::new(socket)));
    let mut guest = Guest::new(builder.build().unwrap());
    for fd in [1, 2, 3] {
        assert_eq!(guest.fd_write(fd, "x"), Ok(1), "{fd}");
    }
    drop((reader, peer, virtual_reader));
    for fd in [1, 2, 3] {
        for _ in 0..3 {
            assert_eq!(guest.fd_write(fd, "x"), Err(Errno::Pipe), "{fd}");
        }
        let events = guest.poll_oneoff(&[Subscription::Write(fd)]).unwrap();
        assert!(events[0].hangup, "{fd}: {events:?}");
        assert_eq!(guest.fd_close(fd), Ok(()));
        assert_eq!(guest.fd_write(fd, "x"), Err(Errno::Badf), "{fd}");
    }
    assert_eq!(guest.sock_send(3, "x", 0), Err(Errno::Badf));
    assert_eq!(pipes(), before);
}
