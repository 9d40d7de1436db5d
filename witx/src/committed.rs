//! The generated files that are committed, and whether they are current.

use crate::{Error, Snapshot, c, rust};
use std::path::Path;
use std::{fs, io};

/// A generated file that is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Where it lies in the workspace, with `/` between the names.
    pub path: &'static str,
    /// What it holds.
    pub text: String,
}

/// What parents in Rust use of preview 1.
const PARENTS_USE: [&str; 9] = [
    "args_get",
    "args_sizes_get",
    "environ_get",
    "environ_sizes_get",
    "fd_fdstat_get",
    "fd_prestat_get",
    "fd_prestat_dir_name",
    "fd_write",
    "proc_exit",
];

/// Every generated file that is committed.
///
/// # Errors
/// Those of [`Snapshot::parse`], [`rust::errno`], [`rust::rights`], [`rust::guest`] and [`c::header`], none of which
/// the documents in this package give rise to.
pub fn files() -> Result<Vec<File>, Error> {
    let preview_0 = Snapshot::preview_0()?;
    let preview_1 = Snapshot::preview_1()?;
    let nanoprocess_0 = Snapshot::nanoprocess_0()?;
    let serve = Snapshot::nanoprocess_serve_0()?;
    Ok(vec![
        File {
            path: "wasi-common/src/errno.rs",
            text: rust::errno(&preview_1)?,
        },
        File {
            path: "wasi-common/src/rights.rs",
            text: rust::rights(&preview_1)?,
        },
        // A package holds only its own folder, and wiggle reads documents from the package that
        // uses it.
        File {
            path: "snapshots/witx/wasi_unstable.witx",
            text: Snapshot::PREVIEW_0.to_owned(),
        },
        File {
            path: "snapshots/witx/wasi_snapshot_preview1.witx",
            text: Snapshot::PREVIEW_1.to_owned(),
        },
        File {
            path: "virt/witx/nanoprocess_0.witx",
            text: Snapshot::NANOPROCESS_0.to_owned(),
        },
        File {
            path: "conformance/guests/include/nanoprocess_0.h",
            text: c::header(&nanoprocess_0)?,
        },
        File {
            path: "conformance/guests/include/nanoprocess_serve_0.h",
            text: c::header(&serve)?,
        },
        File {
            path: "conformance/guests/include/filter_wasi_snapshot_preview1.h",
            text: c::filters(&preview_1)?,
        },
        File {
            path: "guests/rust/src/raw/nanoprocess_0.rs",
            text: rust::guest(&nanoprocess_0, None)?,
        },
        File {
            path: "guests/rust/src/raw/nanoprocess_serve_0.rs",
            text: rust::guest(&serve, None)?,
        },
        File {
            path: "guests/rust/src/raw/wasi_snapshot_preview1.rs",
            text: rust::guest(&preview_1, Some(&PARENTS_USE))?,
        },
        File {
            path: "guests/rust/src/filter/exports.rs",
            text: rust::guest_filters(&preview_1),
        },
        File {
            path: "conformance/guests/include/wasi_unstable.h",
            text: c::header(&preview_0)?,
        },
        File {
            path: "conformance/guests/include/wasi_snapshot_preview1.h",
            text: c::header(&preview_1)?,
        },
        File {
            path: "virt/src/nanoprocess/serve/exports.rs",
            text: rust::exports(&serve),
        },
    ])
}

impl File {
    /// Whether the workspace holds this file as it is now.
    #[must_use]
    pub fn is_current(&self, workspace: &Path) -> bool {
        fs::read(workspace.join(self.path)).is_ok_and(|found| found == self.text.as_bytes())
    }

    /// Writes the file and the folders it lies in.
    ///
    /// # Errors
    /// That of the host's file system.
    pub fn write(&self, workspace: &Path) -> io::Result<()> {
        let path = workspace.join(self.path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, &self.text)
    }
}
