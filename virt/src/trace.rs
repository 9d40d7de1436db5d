//! Writing calls down.

mod json;
pub(crate) mod place;
pub(crate) mod render;

use crate::policy::printable;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use turnkey_wasi_common::{Errno, Filter, Invocation, Verdict};

/// A filter that writes a line for each call: name, arguments, result, and the time it took, waits
/// included.
///
/// ```text
/// path_open(fd=3, dirflags=symlink_follow, path="data.txt", …) = success opened_fd=4 (12.5 µs)
/// ```
///
/// For programs, [`Trace::json`] writes a JSON object on each line instead:
///
/// ```text
/// {"args":{"fd":3,"dirflags":["symlink_follow"],"path":"data.txt",…},"call":12,"errno":"success",
///  "function":"path_open","module":"wasi_snapshot_preview1","ns":12540,"results":{"fd":4}}
/// ```
///
/// `call` counts the calls as they end. Enums and flags are told by name, paths up to 4096 bytes
/// (`…` follows one that is cut), numbers above 2⁵³ as strings, so that no reader rounds them. Where a
/// filter behind the trace decided the call, `filter` says how; `remark` is what there was to say
/// beyond the errno.
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
    sink: Arc<Mutex<Sink>>,
    form: Form,
    start: Instant,
    guest: Option<Box<str>>,
}

/// What a line is.
#[derive(Debug, Clone, Copy)]
enum Form {
    Text,
    Json,
}

struct Sink {
    /// Where lines go, until it fails.
    to: Option<Box<dyn Write + Send>>,
    lines: u64,
}

impl Trace {
    /// A trace into a sink, for people.
    pub fn new(sink: impl Write + Send + 'static) -> Self {
        Self::of(Form::Text, Box::new(sink))
    }

    /// A trace into a sink, for programs.
    ///
    /// ```
    /// use std::sync::{Arc, mpsc};
    /// use turnkey_snapshots::{Memory, complete, preview_1};
    /// use turnkey_virt::Trace;
    /// use turnkey_wasi_common::WasiCtx;
    ///
    /// struct Lines(mpsc::Sender<serde_json::Value>);
    ///
    /// impl std::io::Write for Lines {
    ///     fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
    ///         let object = serde_json::from_slice(line)?;
    ///         self.0.send(object).map_err(std::io::Error::other)?;
    ///         Ok(line.len())
    ///     }
    ///
    ///     fn flush(&mut self) -> std::io::Result<()> {
    ///         Ok(())
    ///     }
    /// }
    ///
    /// let (sender, lines) = mpsc::channel();
    /// let ctx = WasiCtx::builder().filter(Arc::new(Trace::json(Lines(sender)))).build()?;
    /// complete(&ctx, |call| preview_1::fd_close(call, &mut Memory::new(&mut []), 9))?;
    /// let line = lines.recv()?;
    /// assert_eq!((&line["call"], &line["errno"]), (&1.into(), &"badf".into()));
    /// assert_eq!(line["args"]["fd"], 9);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn json(sink: impl Write + Send + 'static) -> Self {
        Self::of(Form::Json, Box::new(sink))
    }

    fn of(form: Form, sink: Box<dyn Write + Send>) -> Self {
        Self {
            sink: Arc::new(Mutex::new(Sink {
                to: Some(sink),
                lines: 0,
            })),
            form,
            start: Instant::now(),
            guest: None,
        }
    }

    /// A trace of one guest of several into the same sink. Each line names it: before a colon, or as
    /// `guest`. The calls of all are counted together.
    ///
    /// ```
    /// use std::sync::{Arc, mpsc};
    /// use turnkey_snapshots::{Memory, complete, preview_1};
    /// use turnkey_virt::Trace;
    /// use turnkey_wasi_common::WasiCtx;
    ///
    /// struct Lines(mpsc::Sender<String>);
    ///
    /// impl std::io::Write for Lines {
    ///     fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
    ///         let told = String::from_utf8_lossy(line).into_owned();
    ///         self.0.send(told).map_err(std::io::Error::other)?;
    ///         Ok(line.len())
    ///     }
    ///
    ///     fn flush(&mut self) -> std::io::Result<()> {
    ///         Ok(())
    ///     }
    /// }
    ///
    /// let (sender, lines) = mpsc::channel();
    /// let trace = Trace::new(Lines(sender));
    /// for guest in ["app", "app > text"] {
    ///     let ctx = WasiCtx::builder().filter(Arc::new(trace.of_guest(guest))).build()?;
    ///     complete(&ctx, |call| preview_1::fd_close(call, &mut Memory::new(&mut []), 9))?;
    ///     assert!(lines.recv()?.starts_with(&format!("{guest}: fd_close(fd=9) = badf")));
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn of_guest(&self, name: &str) -> Self {
        Self {
            sink: Arc::clone(&self.sink),
            form: self.form,
            start: self.start,
            guest: Some(name.into()),
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
        // Lines are numbered in the order in which they are written.
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        let Sink { to, lines } = &mut *sink;
        let Some(open) = to else {
            return;
        };
        *lines += 1;
        let guest = self.guest.as_deref();
        let mut line = match self.form {
            Form::Text => text(guest, call, memory, errno, took),
            Form::Json => json::call(call, memory, errno, *lines, took, guest).to_string(),
        };
        line.push('\n');
        if open.write_all(line.as_bytes()).is_err() {
            *to = None;
        }
    }
}

fn text(
    guest: Option<&str>,
    call: &Invocation<'_>,
    memory: &[u8],
    errno: Option<Errno>,
    took: u64,
) -> String {
    let mut line = guest.map_or_else(String::new, |guest| format!("{}: ", printable(guest)));
    line.push_str(&render::call(call.function, call.args, memory, errno));
    if let Some(remark) = call.remark {
        line.push_str(": ");
        line.push_str(remark);
    }
    render::duration(&mut line, took);
    line
}
