//! What was counted, and how people see it.

use std::cmp::Reverse;
use std::fmt;
use std::time::Duration;
use turnkey_snapshots::Func;
use turnkey_wasi_common::Errno;
use turnkey_wasi_common::function::Function;

/// What was counted of one function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// The function.
    pub function: &'static Function,
    /// How often it was called.
    pub calls: u64,
    /// How often it answered which error, by the numbers of the errors.
    pub errors: Vec<(Errno, u64)>,
    /// How often it ended the guest.
    pub ended: u64,
    /// How many bytes it moved between the guest and the world.
    pub bytes: u64,
    /// How long all calls took together, waits included.
    pub total: Duration,
    /// How long the longest took.
    pub longest: Duration,
}

/// What was counted of each function that was called. Shown, it is a table, the function that took
/// the longest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts(pub Vec<Count>);

impl Counts {
    /// What was counted of a function, for each snapshot by itself.
    pub fn of(&self, func: Func) -> impl Iterator<Item = &Count> {
        self.0.iter().filter(move |count| func.is(count.function))
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut counts: Vec<&Count> = self.0.iter().collect();
        counts.sort_by_key(|count| Reverse(count.total));
        writeln!(
            f,
            "{:<24} {:>10} {:>14} {:>12} {:>12}  errors",
            "function", "calls", "bytes", "time", "longest"
        )?;
        for count in counts {
            // Not every formatter of durations keeps to a width.
            let (total, longest) = (
                format!("{:.1?}", count.total),
                format!("{:.1?}", count.longest),
            );
            write!(
                f,
                "{:<24} {:>10} {:>14} {total:>12} {longest:>12}",
                count.function.name, count.calls, count.bytes
            )?;
            let mut before = "  ";
            for (errno, number) in &count.errors {
                write!(f, "{before}{} {number}", errno.name())?;
                before = ", ";
            }
            if count.ended > 0 {
                write!(f, "{before}ended the guest {}", count.ended)?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
