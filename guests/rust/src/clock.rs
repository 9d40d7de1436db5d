//! Clocks that a parent serves.

use crate::{Errno, Result};

/// The clocks that a child can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clockid {
    /// The time of day, counted from 1970-01-01T00:00:00Z.
    Realtime,
    /// A clock that never runs backwards.
    Monotonic,
    /// The processor time used by the whole process.
    ProcessCputime,
    /// The processor time used by the current thread.
    ThreadCputime,
}

/// Clocks that a parent serves: [`export_clock!`](crate::export_clock) exports them. Times are in
/// nanoseconds.
pub trait Clock {
    /// What a clock reads.
    ///
    /// # Errors
    /// What the child receives: `INVAL` for a clock that there is not.
    fn now(&self, clock: Clockid) -> Result<u64>;

    /// The step in which a clock advances.
    ///
    /// # Errors
    /// As [`now`](Self::now).
    fn resolution(&self, _clock: Clockid) -> Result<u64> {
        Ok(1)
    }

    /// The child is about to wait until the monotonic clock reads `deadline`. Answers how long that
    /// takes in nanoseconds of the host's: 0 if it has come, perhaps because the clock was moved.
    /// The time that is left passes as the host's does, if nothing else is said.
    ///
    /// # Errors
    /// `AGAIN`: it does not come by itself.
    fn wait(&self, deadline: u64) -> Result<u64> {
        Ok(deadline.saturating_sub(self.now(Clockid::Monotonic)?))
    }
}

/// The clock of a number.
pub(crate) fn clock(number: u32) -> Result<Clockid> {
    match number {
        0 => Ok(Clockid::Realtime),
        1 => Ok(Clockid::Monotonic),
        2 => Ok(Clockid::ProcessCputime),
        3 => Ok(Clockid::ThreadCputime),
        _ => Err(Errno::INVAL),
    }
}

/// Exports a [`Clock`](crate::Clock): what its parent binds children's clocks to by
/// [`Binding::Serve`](crate::Binding::Serve) asks it. The argument is an expression that borrows
/// it, as `&NOON` does for a static.
#[macro_export]
macro_rules! export_clock {
    ($clock:expr) => {
        const _: () = {
            #[no_mangle]
            extern "C" fn clock_now(_context: u32, clock: u32) -> i64 {
                $crate::__exports::clock_now($clock, clock)
            }

            #[no_mangle]
            extern "C" fn clock_res(_context: u32, clock: u32) -> i64 {
                $crate::__exports::clock_res($clock, clock)
            }

            #[no_mangle]
            extern "C" fn sleep_until(_context: u32, deadline: u64) -> i64 {
                $crate::__exports::sleep_until($clock, deadline)
            }
        };
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Noon;

    impl Clock for Noon {
        fn now(&self, clock: Clockid) -> Result<u64> {
            match clock {
                Clockid::Monotonic => Ok(12),
                _ => Err(Errno::INVAL),
            }
        }
    }

    #[test]
    fn wait_what_is_left() {
        assert_eq!(Noon.wait(15), Ok(3));
        assert_eq!(Noon.wait(5), Ok(0));
        assert_eq!(Noon.resolution(Clockid::Realtime), Ok(1));
        assert_eq!(clock(4), Err(Errno::INVAL));
    }
}
