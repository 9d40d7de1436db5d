//! Whether a parent exports what it is to serve with.

use super::entered::look_up;
use super::exports::Export;
use turnkey_snapshots::engine::{FuncType, Guest};
use turnkey_wasi_common::{Errno, Error, Result};

/// What a parent may serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Kind {
    /// Clocks.
    Clocks,
    /// Randomness.
    Random,
    /// Directories.
    Dir,
    /// Files.
    File,
    /// Streams.
    Stream,
}

impl Kind {
    /// What the parent has to export: of each group at least one.
    fn needs(self) -> &'static [&'static [Export]] {
        use Export::{ClockNow, DirOpen, ObjAppend, ObjRead, ObjWrite, RngFill, VirtScratch};
        match self {
            Self::Clocks => &[&[ClockNow]],
            Self::Random => &[&[RngFill], &[VirtScratch]],
            Self::Dir => &[&[DirOpen], &[VirtScratch]],
            Self::File => &[&[ObjRead, ObjWrite, ObjAppend], &[VirtScratch]],
            Self::Stream => &[&[ObjRead, ObjWrite], &[VirtScratch]],
        }
    }
}

/// Sees that a parent exports what it needs to serve something of this kind, that whatever it
/// exports of the interface has the right type, and that it has a memory if one is needed.
///
/// # Errors
/// - `NOSYS`: something is missing, or has another type. The context says what.
pub(in super::super) fn check(parent: &mut dyn Guest, kind: Kind) -> Result<()> {
    for export in Export::ALL {
        look_up(parent, export).map_err(|found| mistyped(export, &found))?;
    }
    for group in kind.needs() {
        let mut any = false;
        for export in *group {
            any |= matches!(look_up(parent, *export), Ok(Some(_)));
        }
        if !any {
            return Err(missing(group));
        }
        if group.contains(&Export::VirtScratch) && parent.memory().is_err() {
            return Err(Error::from(Errno::Nosys).context("the parent exports no `memory`"));
        }
    }
    Ok(())
}

/// Sees that a parent has one export.
///
/// # Errors
/// As [`check`].
pub(super) fn check_export(parent: &mut dyn Guest, export: Export) -> Result<()> {
    match look_up(parent, export) {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err(missing(&[export])),
        Err(found) => Err(mistyped(export, &found)),
    }
}

fn mistyped(export: Export, found: &FuncType) -> Error {
    let (params, result) = export.ty();
    let wanted = FuncType::new(params, [result]);
    let name = export.name();
    Error::from(Errno::Nosys).context(format!(
        "the parent exports `{name}` as {found}, and it is to be {wanted}"
    ))
}

fn missing(group: &[Export]) -> Error {
    let names: Vec<_> = group.iter().map(|export| export.name()).collect();
    let names = names.join("` nor `");
    Error::from(Errno::Nosys).context(format!("the parent does not export `{names}`"))
}
