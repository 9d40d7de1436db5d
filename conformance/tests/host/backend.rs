//! The file systems that the tables of tests run over, and every way in which one may differ.

/// What a guest's directory is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// A directory of the host's.
    Host,
    /// A copy of it in memory.
    Memory,
    /// A layer in memory over the host's directory, which has to stay as it is.
    Overlay,
    /// The same over a copy in memory.
    OverlayOverMemory,
}

/// What can be different about a backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    NoPipes,
    NoAbsoluteLinks,
    OnlyText,
    NoFileOfManyNames,
    ReadingChangesNoTime,
    NoSizeOfDirectories,
}

use Backend::{Host, Memory, Overlay, OverlayOverMemory};

/// Every difference from the host that is meant, where, and why. Everything else has to be the same.
pub const DIFFERENCES: &[(Difference, &[Backend], &str)] = &[
    (
        Difference::NoPipes,
        &[Memory, OverlayOverMemory],
        "a FIFO or socket belongs to the host's processes; a copy leaves it out and counts it",
    ),
    (
        Difference::NoAbsoluteLinks,
        &[Memory, OverlayOverMemory],
        "a link that is absolute is neither told nor made; a copy leaves it out and counts it",
    ),
    (
        Difference::OnlyText,
        &[Memory, OverlayOverMemory],
        "names and links that are not UTF-8 are not told; a copy leaves them out and counts them",
    ),
    (
        Difference::NoFileOfManyNames,
        &[Memory, OverlayOverMemory],
        "of several names of one file, a copy makes a file of each",
    ),
    (
        Difference::ReadingChangesNoTime,
        &[Memory, Overlay, OverlayOverMemory],
        "the time of last access is what was set: nothing is written because somebody reads",
    ),
    (
        Difference::NoSizeOfDirectories,
        &[Memory, Overlay, OverlayOverMemory],
        "a directory in memory has no bytes of its own",
    ),
];

impl Backend {
    /// Whether it differs from the host in this.
    pub fn differs(self, what: Difference) -> bool {
        let mut listed = DIFFERENCES.iter();
        listed.any(|(difference, on, _)| *difference == what && on.contains(&self))
    }

    /// What is expected of the host, or what is expected where this is different.
    pub fn unless<R>(self, what: Difference, usual: R, otherwise: R) -> R {
        match self.differs(what) {
            false => usual,
            true => otherwise,
        }
    }
}

/// Makes of functions of a [`Backend`] one test for each backend.
macro_rules! on_every_backend {
    ($($test:ident),* $(,)?) => {
        mod on_host {
            $(#[test] fn $test() { super::$test($crate::host::Backend::Host) })*
        }
        mod on_memory {
            $(#[test] fn $test() { super::$test($crate::host::Backend::Memory) })*
        }
        mod on_overlay {
            $(#[test] fn $test() { super::$test($crate::host::Backend::Overlay) })*
        }
        mod on_overlay_over_memory {
            $(#[test] fn $test() { super::$test($crate::host::Backend::OverlayOverMemory) })*
        }
    };
}
pub(crate) use on_every_backend;
