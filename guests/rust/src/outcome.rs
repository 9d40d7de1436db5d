//! What becomes of calls: of a child's, and of a call of a child.

use crate::Errno;

/// What becomes of a child's calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// They answer an errno.
    Deny(Errno),
    /// They end the child.
    Trap,
    /// They are carried out as the parent's own would be, with the child's handles.
    Pass,
    /// The parent's exports answer, and are told this number.
    Serve(u32),
    /// The parent's exports see each call before it is carried out, and are told this number.
    Filter(u32),
}

/// How a call of a child ended. All but the first are the child's end as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The function returned.
    Returned,
    /// The child exited with the code.
    Exited(u32),
    /// The child trapped.
    Trapped,
    /// Somebody killed the child.
    Killed,
    /// The call took too long.
    Deadline,
    /// The child had no fuel left.
    Fuel,
    /// The parent failed to serve the child.
    Unserved,
}

#[cfg(target_family = "wasm")]
mod numbers {
    use super::{Binding, Outcome};
    use crate::raw::nanoprocess_0 as nano;

    impl Binding {
        /// Its number and the word that goes with it.
        pub(crate) fn numbers(self) -> (nano::Binding, nano::Tag) {
            match self {
                Self::Deny(errno) => (nano::BINDING_DENY, errno.number().into()),
                Self::Trap => (nano::BINDING_TRAP, 0),
                Self::Pass => (nano::BINDING_PASS, 0),
                Self::Serve(tag) => (nano::BINDING_SERVE, tag),
                Self::Filter(tag) => (nano::BINDING_FILTER, tag),
            }
        }
    }

    impl From<nano::Outcome> for Outcome {
        fn from(outcome: nano::Outcome) -> Self {
            match outcome.ending {
                nano::ENDING_RETURNED => Self::Returned,
                nano::ENDING_EXITED => Self::Exited(outcome.code),
                nano::ENDING_KILLED => Self::Killed,
                nano::ENDING_DEADLINE => Self::Deadline,
                nano::ENDING_FUEL => Self::Fuel,
                nano::ENDING_UNSERVED => Self::Unserved,
                _ => Self::Trapped,
            }
        }
    }
}
