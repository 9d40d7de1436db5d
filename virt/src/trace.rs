//! Writing calls down.

pub(crate) mod render;

use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;
use turnkey_wasi_common::{Errno, Filter, Invocation, Verdict};

/// A filter that writes a line for each call: name, arguments, result, and the time it took, waits
/// included.
///
/// ```text
/// path_open(fd=3, dirflags=symlink_follow, path="data.txt", …) = success opened_fd=4 (12.5 µs)
/// ```
///
/// A sink that fails is not written to any more; the guest does not notice.
///
/// ```
/// use std::io::{Result, Write};
/// use std::sync::{Arc, Mutex};
/// use turnkey_snapshots::{Memory, complete, preview_1};
/// use turnkey_virt::Trace;
/// use turnkey_wasi_common::WasiCtx;
///
/// #[derive(Clone, Default)]
/// struct Told(Arc<Mutex<Vec<u8>>>);
///
/// impl Write for Told {
///     fn write(&mut self, bytes: &[u8]) -> Result<usize> {
///         self.0.lock().unwrap().write(bytes)
///     }
///
///     fn flush(&mut self) -> Result<()> {
///         Ok(())
///     }
/// }
///
/// let told = Told::default();
/// let ctx = WasiCtx::builder().filter(Arc::new(Trace::new(told.clone()))).build()?;
/// complete(&ctx, |call| preview_1::fd_close(call, &mut Memory::new(&mut []), 9))?;
/// assert!(told.0.lock().unwrap().starts_with(b"fd_close(fd=9) = badf"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Trace {
    sink: Mutex<Option<Box<dyn Write + Send>>>,
    start: Instant,
}

impl Trace {
    /// A trace into a sink.
    pub fn new(sink: impl Write + Send + 'static) -> Self {
        Self {
            sink: Mutex::new(Some(Box::new(sink))),
            start: Instant::now(),
        }
    }

    /// Nanoseconds since the trace was made.
    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

impl Filter for Trace {
    fn before(&self, call: &Invocation<'_>, _memory: &mut [u8]) -> Verdict {
        call.note.set(self.now());
        Verdict::Continue
    }

    fn after(&self, call: &Invocation<'_>, memory: &mut [u8], errno: Option<Errno>) {
        let took = self.now().saturating_sub(call.note.get());
        let mut line = render::call(call.function, call.args, memory, errno);
        if let Some(remark) = call.remark {
            line.push_str(": ");
            line.push_str(remark);
        }
        render::duration(&mut line, took);
        line.push('\n');
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = match &mut *sink {
            Some(sink) => sink.write_all(line.as_bytes()).is_err(),
            None => false,
        };
        if failed {
            *sink = None;
        }
    }
}
