//! The file systems that the tables of tests run over, and every way in which one may differ.

use super::subdirectory;
use std::path::Path;
use std::sync::Arc;
use turnkey_cap_backends::{HostClocks, HostDir, ambient_authority};
use turnkey_virt::fs::{Adopted, Copied, MemoryFs, Mounts, Tree, copy};
use turnkey_wasi_common::Dir;

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
    /// The host's directory, mounted in a tree of several file systems.
    Mounted,
}

/// What can be different about a backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    NoPipes,
    NoAbsoluteLinks,
    OnlyText,
    NoFileOfManyNames,
    ReadingChangesNoTime,
    LookingReads,
    NoSizeOfDirectories,
}

/// A directory as guests are given it, and what lies below and has to stay as it is.
pub struct Layers {
    pub top: Arc<dyn Dir>,
    pub lower: Option<Arc<dyn Dir>>,
}

use Backend::{Host, Memory, Mounted, Overlay, OverlayOverMemory};

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
        Difference::LookingReads,
        &[Mounted],
        "whoever walks name by name reads each link that is looked at, and the host notes the access",
    ),
    (
        Difference::NoSizeOfDirectories,
        &[Memory, Overlay, OverlayOverMemory],
        "a directory in memory has no bytes of its own",
    ),
];

impl Backend {
    /// Whether files are the host's, with all that the host's file system says of them.
    pub fn is_the_hosts(self) -> bool {
        matches!(self, Host | Mounted)
    }

    /// Whether it differs from the host in this.
    pub fn differs(self, what: Difference) -> bool {
        let mut listed = DIFFERENCES.iter();
        listed.any(|(difference, on, _)| *difference == what && on.contains(&self))
    }

    /// A directory of the host's as the backend has it.
    pub fn layers(self, host: &Path) -> Layers {
        let host: Arc<dyn Dir> =
            Arc::new(HostDir::open_ambient(host, ambient_authority()).unwrap());
        let clocks = Arc::new(HostClocks::new(ambient_authority()));
        let memory = || MemoryFs::builder().clocks(clocks.clone());
        let copied = || {
            let copy_of = memory().build();
            self.assert_meant(&copy(&*host, &*copy_of.root()).unwrap());
            copy_of
        };
        match self {
            Host => Layers {
                top: host,
                lower: None,
            },
            Memory => Layers {
                top: copied().root(),
                lower: None,
            },
            Overlay => {
                let lower = Arc::new(Adopted::new(Arc::clone(&host)));
                Layers {
                    top: memory().over(lower).build().root(),
                    lower: Some(host),
                }
            }
            OverlayOverMemory => {
                let lower = copied();
                Layers {
                    top: memory().over(lower.node()).build().root(),
                    lower: Some(lower.root()),
                }
            }
            Mounted => {
                let root = memory().build().dir("on/the/way").unwrap();
                let mounts = Mounts::new(root.node());
                let mounts = mounts.mount("on/mount", Arc::new(Adopted::new(host)));
                let tree = Tree::new(mounts.unwrap().build());
                Layers {
                    top: subdirectory(&*subdirectory(&tree, "on"), "mount"),
                    lower: None,
                }
            }
        }
    }

    /// What a copy leaves out is left out on purpose.
    fn assert_meant(self, copied: &Copied) {
        for (count, what) in [
            (copied.others, Difference::NoPipes),
            (copied.refused_links, Difference::NoAbsoluteLinks),
            (copied.unnamed, Difference::OnlyText),
        ] {
            assert!(count == 0 || self.differs(what), "{what:?}: {copied:?}");
        }
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
        mod on_mounts {
            $(#[test] fn $test() { super::$test($crate::host::Backend::Mounted) })*
        }
    };
}
pub(crate) use on_every_backend;
