//! The thread on which a guest runs.

use std::panic::resume_unwind;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::Builder;
use std::time::Duration;
use turnkey_wasi_common::{Interrupt, Reason};

/// Native stack for a guest and its children, in bytes.
///
/// An engine checks how deep one guest recurses, by default 512 KiB, and cannot see that guests
/// lie above each other on one thread. So there is room for 16 of them, each with 64 KiB for the
/// host functions between it and the next, and twice that, because running out of native stack
/// ends the process. The system takes memory only for what is used.
const STACK: usize = 2 * 16 * ((512 + 64) << 10);

/// How long a guest that was interrupted may take to notice. Only a call of the host's that the
/// system does not come back from, such as a read from a dead network file system, takes longer.
const GRACE: Duration = Duration::from_secs(2);

/// A limit on time, and the switch that is thrown when it is reached.
pub(crate) type Limit = (Duration, Interrupt);

/// The guest was interrupted and did not notice: it is in a call that the system does not end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stuck;

/// Does `work` on a thread of its own, and interrupts it when its time is over.
///
/// # Errors
/// - the system gives no thread
///
/// A thread that is [`Stuck`] goes on until the process ends.
pub(crate) fn run<R: Send + 'static>(
    limit: Option<Limit>,
    work: impl FnOnce() -> R + Send + 'static,
) -> std::io::Result<Result<R, Stuck>> {
    let (sender, receiver) = mpsc::channel();
    let thread = Builder::new()
        .name("guest".to_owned())
        .stack_size(STACK)
        .spawn(move || {
            let _nobody_waits = sender.send(work());
        })?;
    let result = match limit {
        None => receiver.recv().map_err(RecvTimeoutError::from),
        Some((time, interrupt)) => receiver.recv_timeout(time).or_else(|error| {
            interrupt.fire(Reason::Timeout);
            match error {
                RecvTimeoutError::Timeout => receiver.recv_timeout(GRACE),
                RecvTimeoutError::Disconnected => Err(error),
            }
        }),
    };
    match result {
        Ok(result) => Ok(Ok(result)),
        Err(RecvTimeoutError::Timeout) => Ok(Err(Stuck)),
        // The thread ended without a result.
        Err(RecvTimeoutError::Disconnected) => match thread.join() {
            Err(panic) => resume_unwind(panic),
            Ok(()) => Ok(Err(Stuck)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn run_within_its_time_result() {
        let limit = Some((Duration::from_secs(60), Interrupt::new()));
        assert_eq!(run(limit, || 7).unwrap(), Ok(7));
        assert_eq!(run(None, || 8).unwrap(), Ok(8));
    }

    #[test]
    fn run_beyond_its_time_interrupted() {
        let interrupt = Interrupt::new();
        let seen = interrupt.clone();
        let limit = Some((Duration::from_millis(20), interrupt));
        let result = run(limit, move || {
            while seen.fired().is_none() {
                std::thread::yield_now();
            }
            seen.fired()
        });
        assert_eq!(result.unwrap(), Ok(Some(Reason::Timeout)));
    }

    #[test]
    fn run_interrupt_unnoticed_stuck() {
        let start = Instant::now();
        let limit = Some((Duration::from_millis(1), Interrupt::new()));
        let result = run(limit, || std::thread::sleep(Duration::from_secs(3600)));
        assert_eq!(result.unwrap(), Err(Stuck));
        assert!(start.elapsed() < 10 * GRACE);
    }
}
