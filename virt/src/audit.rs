//! A record of what a guest was refused.

mod record;

pub use record::{By, Record};

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;
use turnkey_wasi_common::{Errno, Filter, Invocation, Verdict};

/// A filter that keeps a record of each call that was refused:
///
/// - a filter behind this one denied it, or ended the guest because of it;
/// - it answered `PERM`, `NOTCAPABLE` or `ACCES`, whoever said so: a path that leads out of its
///   directory answers `PERM`;
/// - it named a path and answered `BADF`: there is no such directory for the guest;
/// - it named a path with a NUL in it and answered `INVAL`.
///
/// So it is to be the first of the filters, or behind a [`Trace`](crate::Trace). It holds so many
/// records and no more. Those that come later are counted, and the first are kept: a guest that
/// floods the record cannot wash away what it did first. What a guest says is cut
/// ([`Record::LONGEST_TEXT`]).
///
/// ```
/// use std::sync::Arc;
/// use turnkey_snapshots::{Memory, complete, preview_1};
/// use turnkey_virt::Audit;
/// use turnkey_wasi_common::{Errno, WasiCtx};
///
/// let audit = Arc::new(Audit::new(100));
/// let ctx = WasiCtx::builder().filter(audit.clone()).build()?;
/// let mut memory = b"seed.txt".to_vec();
/// // There is no descriptor 3.
/// complete(&ctx, |call| {
///     preview_1::path_unlink_file(call, &mut Memory::new(&mut memory), 3, 0, 8)
/// })?;
///
/// let records = audit.records();
/// assert_eq!(records.len(), 1);
/// assert_eq!(records[0].errno, Some(Errno::Badf));
/// assert_eq!(records[0].strings, [("path", Some("seed.txt".to_owned()))]);
/// assert_eq!(audit.dropped(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Audit {
    capacity: usize,
    records: Mutex<Vec<Record>>,
    dropped: AtomicU64,
    calls: AtomicU64,
    start: Instant,
}

impl Audit {
    /// An empty record that holds `capacity` refusals. One takes less than 2 KiB.
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity,
            records: Mutex::default(),
            dropped: AtomicU64::new(0),
            calls: AtomicU64::new(0),
            start: Instant::now(),
        }
    }

    /// The refusals in the order in which the calls ended.
    pub fn records(&self) -> Vec<Record> {
        let records = self.records.lock();
        records.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many refusals came when there was no room.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Writes one JSON object for each refusal, each on a line, and one more that counts the
    /// dropped ones.
    ///
    /// ```
    /// use turnkey_virt::Audit;
    ///
    /// let mut written = Vec::new();
    /// Audit::new(100).write_json(&mut written)?;
    /// assert_eq!(written, b"{\"dropped\":0}\n");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// That of the writer.
    pub fn write_json(&self, to: &mut dyn io::Write) -> io::Result<()> {
        for record in self.records() {
            writeln!(to, "{}", record.to_json())?;
        }
        writeln!(to, "{}", serde_json::json!({ "dropped": self.dropped() }))
    }
}

/// Who refused a call, if it was refused.
fn refused(call: &Invocation<'_>, memory: &[u8], errno: Option<Errno>) -> Option<By> {
    if let Some(Verdict::Deny(_) | Verdict::Exit(_) | Verdict::Trap(_)) = call.decided {
        return Some(By::Filter);
    }
    let mut strings = call.strings(memory);
    let is_refused = match errno? {
        Errno::Perm | Errno::Notcapable | Errno::Acces => true,
        Errno::Badf => strings.next().is_some(),
        Errno::Inval => strings.any(|(_, text)| text.is_some_and(|text| text.contains(&0))),
        _ => false,
    };
    is_refused.then_some(By::Host)
}

impl Filter for Audit {
    fn before(&self, call: &Invocation<'_>, _memory: &mut [u8]) -> Verdict {
        call.note
            .set(self.calls.fetch_add(1, Ordering::Relaxed) + 1);
        Verdict::Continue
    }

    fn after(&self, call: &Invocation<'_>, memory: &mut [u8], errno: Option<Errno>) {
        let Some(by) = refused(call, memory, errno) else {
            return;
        };
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        if records.len() < self.capacity {
            records.push(Record::of(call, memory, errno, by, self.start.elapsed()));
        } else {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests;
