//! Ending calls that take too long.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use turnkey_wasi_common::{Errno, Interrupt, Reason};

/// Interrupts by the moment at which they are to be thrown, which a thread of its own does. All
/// children share it.
#[derive(Default)]
struct Alarms {
    pending: Mutex<Pending>,
    earlier: Condvar,
}

#[derive(Default)]
struct Pending {
    next: u64,
    alarms: BTreeMap<(Instant, u64), Interrupt>,
    is_watched: bool,
    /// When the thread that watches looks by itself, if it waits for a moment. That may have been an
    /// alarm's which is gone.
    looks_at: Option<Instant>,
}

fn alarms() -> &'static Alarms {
    static ALARMS: OnceLock<Alarms> = OnceLock::new();
    ALARMS.get_or_init(Alarms::default)
}

impl Alarms {
    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn watch(&self) {
        let mut pending = self.pending();
        loop {
            let first = pending.alarms.first_key_value().map(|(key, _)| *key);
            let now = Instant::now();
            pending.looks_at = first.map(|key| key.0);
            pending = match first {
                Some(key) if key.0 <= now => {
                    let due = pending.alarms.remove(&key);
                    drop(pending);
                    if let Some(interrupt) = due {
                        interrupt.fire(Reason::Timeout);
                    }
                    self.pending()
                }
                Some((moment, _)) => {
                    let waited = self.earlier.wait_timeout(pending, moment - now);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => {
                    let waited = self.earlier.wait(pending);
                    waited.unwrap_or_else(PoisonError::into_inner)
                }
            };
        }
    }
}

/// Throws an interrupt when a span of time has passed, unless it is dropped before.
#[must_use]
pub(super) struct Deadline((Instant, u64));

impl Deadline {
    /// `None` if the span is beyond all times.
    ///
    /// # Errors
    /// - `AGAIN`: the system gives no thread to watch the time.
    pub(super) fn after(span: Duration, interrupt: Interrupt) -> Result<Option<Self>, Errno> {
        let Some(moment) = Instant::now().checked_add(span) else {
            return Ok(None);
        };
        let alarms = alarms();
        let mut pending = alarms.pending();
        if !pending.is_watched {
            let thread = std::thread::Builder::new().name("deadlines".to_owned());
            let watching = thread.spawn(|| self::alarms().watch());
            watching.map_err(|_| Errno::Again)?;
            pending.is_watched = true;
        }
        let key = (moment, pending.next);
        pending.next += 1;
        pending.alarms.insert(key, interrupt);
        if pending.looks_at.is_none_or(|looks_at| moment < looks_at) {
            alarms.earlier.notify_one();
        }
        Ok(Some(Self(key)))
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        let alarm = alarms().pending().alarms.remove(&self.0);
        drop(alarm);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_each_fires_and_dropped_ones_do_not() {
        let interrupts: Vec<_> = (0..20).map(|_| Interrupt::new()).collect();
        let deadlines: Vec<_> = interrupts
            .iter()
            .enumerate()
            .map(|(n, interrupt)| {
                let span = match n % 2 {
                    0 => Duration::from_millis(20 - n as u64),
                    _ => Duration::from_secs(3600),
                };
                Deadline::after(span, interrupt.clone()).unwrap()
            })
            .collect();
        while interrupts.iter().step_by(2).any(|i| i.fired().is_none()) {
            std::thread::yield_now();
        }
        drop(deadlines);
        for interrupt in interrupts.iter().step_by(2) {
            assert_eq!(interrupt.fired(), Some(Reason::Timeout));
        }
        for interrupt in interrupts.iter().skip(1).step_by(2) {
            assert_eq!(interrupt.fired(), None);
        }
        let beyond = Deadline::after(Duration::from_nanos(u64::MAX), Interrupt::new()).unwrap();
        drop(beyond);
    }
}
