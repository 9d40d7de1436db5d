//! The thread on which a guest runs.

use crate::failure::Failure;
use std::panic::resume_unwind;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::Builder;
use std::time::Duration;
use turnkey_virt::nanoprocess::MOST_NESTED;
use turnkey_wasi_common::{Interrupt, Reason, Trap, TrapKind};

/// Native stack for a guest and its children, in bytes.
///
/// An engine checks how deep one guest recurses, and cannot see that guests lie above each other
/// on one thread. So there is room for the deepest tree, for each guest with what its WebAssembly
/// stack may take (wasmtime's default, the largest) and what host functions take beside it; and
/// all of that twice, because running out of native stack ends the process. The system provides
/// memory only for what is used.
const STACK: usize = 2 * TREE;
/// What the deepest tree takes of it.
pub(crate) const TREE: usize = (MOST_NESTED as usize + 1) * (WASM_STACK + HOST_STACK);
const WASM_STACK: usize = 512 << 10;
const HOST_STACK: usize = 64 << 10;

/// How long a guest that was interrupted may take to notice. Only a call of the host's that the
/// system does not come back from, such as a read from a dead network file system, takes longer.
const GRACE: Duration = Duration::from_secs(2);

/// A limit on time, and the switch that is thrown when it is reached.
pub(crate) type Limit = (Duration, Interrupt);

/// Does `work` on a thread of its own, and interrupts it when its time is over.
///
/// # Errors
/// - the system gives no thread
/// - the work was interrupted and did not notice. It goes on until the process ends.
pub(crate) fn run<R: Send + 'static>(
    limit: Option<Limit>,
    work: impl FnOnce() -> R + Send + 'static,
) -> Result<R, Failure> {
    let (sender, receiver) = mpsc::channel();
    let thread = Builder::new()
        .name("guest".to_owned())
        .stack_size(STACK)
        .spawn(move || {
            let _nobody_waits = sender.send(work());
        })
        .map_err(|error| Failure::set_up(format_args!("the system gives no thread: {error}")))?;
    let result = match limit {
        None => receiver.recv().map_err(RecvTimeoutError::from),
        Some((time, interrupt)) => match receiver.recv_timeout(time) {
            Err(RecvTimeoutError::Timeout) => {
                interrupt.fire(Reason::Timeout);
                receiver.recv_timeout(GRACE)
            }
            result => result,
        },
    };
    match result {
        Ok(result) => Ok(result),
        Err(RecvTimeoutError::Timeout) => Err(Failure::trap(&Trap::interrupted(Reason::Timeout))),
        Err(RecvTimeoutError::Disconnected) => match thread.join() {
            Err(panic) => resume_unwind(panic),
            // The result is sent before the thread ends, so it was received above.
            Ok(()) => Err(Failure::trap(&Trap::new(
                TrapKind::Host,
                "the guest's thread ended without a result",
            ))),
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
        assert_eq!(run(limit, || 7), Ok(7));
        assert_eq!(run(None, || 8), Ok(8));
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
        assert_eq!(result, Ok(Some(Reason::Timeout)));
    }

    #[test]
    fn run_interrupt_unnoticed_given_up() {
        let start = Instant::now();
        let limit = Some((Duration::from_millis(1), Interrupt::new()));
        let result = run(limit, || std::thread::sleep(Duration::from_secs(3600)));
        let timeout = Failure::trap(&Trap::interrupted(Reason::Timeout));
        assert_eq!(result, Err(timeout));
        assert!(start.elapsed() < 10 * GRACE);
    }
}
