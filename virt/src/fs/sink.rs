//! Files that hand over what is written.

use std::io::IoSlice;
use turnkey_wasi_common::{Errno, Interest, Pollable, Ready, Result, Stream};

/// Something under a name that hands what is written to a closure, in the order of writing.
///
/// It is a device and not a regular file: it has no size, no offset, and nothing to read. Bytes that
/// a guest writes by one call are handed over by one call, up to 64 KiB of those that it has in
/// several places. What the closure answers is what the guest sees; with an error, none of the
/// bytes count as written.
///
/// ```
/// use std::io::IoSlice;
/// use std::sync::{Arc, Mutex};
/// use turnkey_virt::fs::{Found, Listed, Sink, Tree};
/// use turnkey_wasi_common::Stream;
///
/// let lines = Arc::new(Mutex::new(String::new()));
/// let kept = lines.clone();
/// let sink = Sink::new(move |bytes: &[u8]| {
///     kept.lock().unwrap().push_str(&String::from_utf8_lossy(bytes));
///     Ok(())
/// });
/// assert_eq!(sink.write(&[IoSlice::new(b"so "), IoSlice::new(b"far\n")]), Ok(7));
/// assert_eq!(*lines.lock().unwrap(), "so far\n");
/// let tree = Tree::new(Arc::new(Listed::new().entry("log", Found::stream(sink))));
/// # drop(tree);
/// ```
pub struct Sink<F>(F);

impl<F: Fn(&[u8]) -> Result<()> + Send + Sync> Sink<F> {
    /// Something that hands what is written to `take`.
    pub fn new(take: F) -> Self {
        Self(take)
    }
}

/// The most bytes that are gathered from several places.
const GATHERED: usize = 64 * 1024;

impl<F: Fn(&[u8]) -> Result<()> + Send + Sync> Stream for Sink<F> {
    fn write(&self, buffers: &[IoSlice<'_>]) -> Result<usize> {
        let mut full = buffers.iter().filter(|buffer| !buffer.is_empty());
        let gathered: Vec<u8>;
        let bytes: &[u8] = match (full.next(), full.next()) {
            (None, _) => return Ok(0),
            (Some(only), None) => only,
            _ => {
                let bytes = buffers.iter().flat_map(|buffer| buffer.iter());
                gathered = bytes.take(GATHERED).copied().collect();
                &gathered
            }
        };
        (self.0)(bytes)?;
        Ok(bytes.len())
    }
}

impl<F: Send + Sync> Pollable for Sink<F> {
    fn readiness(&self, interest: Interest) -> Result<Option<Ready>> {
        match interest {
            Interest::Read => Err(Errno::Badf.into()),
            Interest::Write => Ok(Some(Ready {
                bytes: 1,
                hangup: false,
            })),
        }
    }
}
