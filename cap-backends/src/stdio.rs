//! The standard streams of the host's process.

use crate::HostStream;
use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use turnkey_wasi_common::{Null, Stdio, Stream};

/// All three standard streams of this process, for a guest to share.
///
/// Each is a descriptor of its own, so that the guest closing one closes nothing here. What the
/// process holds in buffers of its own, as `print!` does, is not written by this: flush it first.
/// A stream that the process was started without is at its end and swallows what is written.
///
/// ```
/// use turnkey_cap_backends::{builder, stdio};
///
/// let ctx = builder().stdio(stdio::inherit()?).build()?;
/// # drop(ctx);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// - those of `fcntl` with `F_DUPFD_CLOEXEC`: the process has no descriptor left
pub fn inherit() -> io::Result<Stdio> {
    Ok(Stdio {
        stdin: stdin()?,
        stdout: stdout()?,
        stderr: stderr()?,
    })
}

/// Standard input of this process; see [`inherit`].
///
/// # Errors
/// As [`inherit`].
pub fn stdin() -> io::Result<Arc<dyn Stream>> {
    duplicate(io::stdin())
}

/// Standard output of this process; see [`inherit`].
///
/// # Errors
/// As [`inherit`].
pub fn stdout() -> io::Result<Arc<dyn Stream>> {
    duplicate(io::stdout())
}

/// Standard error of this process; see [`inherit`].
///
/// # Errors
/// As [`inherit`].
pub fn stderr() -> io::Result<Arc<dyn Stream>> {
    duplicate(io::stderr())
}

fn duplicate(stream: impl AsFd) -> io::Result<Arc<dyn Stream>> {
    match stream.as_fd().try_clone_to_owned() {
        Ok(fd) => Ok(Arc::new(HostStream::new(fd)?)),
        Err(error) if is_closed(&error) => Ok(Arc::new(Null)),
        Err(error) => Err(error),
    }
}

fn is_closed(error: &io::Error) -> bool {
    rustix::io::Errno::from_io_error(error) == Some(rustix::io::Errno::BADF)
}
