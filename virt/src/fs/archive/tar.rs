//! The entries of tar archives.

use super::error::SkipReason;
use super::index::{Indexing, What};
use super::packed::{Form, Packed};
use super::source::{ArchiveSource, SourceReader};
use super::{ArchiveError, ArchiveFormat};
use std::cell::Cell;
use std::io;
use tar::{Entry, EntryType};

/// The most bytes of headers that one entry may have: names, attributes, where its holes are.
pub(super) const HEADERS: u64 = 1 << 20;

/// Tells every entry of a tar archive.
pub(super) fn index(
    source: &ArchiveSource,
    format: ArchiveFormat,
    index: &mut Indexing<'_>,
) -> Result<(), ArchiveError> {
    let unreadable = |error: io::Error| ArchiveError::Unreadable {
        format,
        error: error.into(),
    };
    let allowance = Cell::new(HEADERS);
    let mut archive = tar::Archive::new(source.reader(0, &allowance));
    for entry in archive.entries_with_seek().map_err(unreadable)? {
        allowance.set(HEADERS);
        let mut entry = entry.map_err(unreadable)?;
        if entry.header().entry_type() == EntryType::XGlobalHeader {
            continue;
        }
        let in_other_form = has_sparse_attributes(&mut entry);
        let name = entry.path_bytes();
        let target = entry.link_name_bytes().unwrap_or_default();
        let what = match in_other_form {
            true => Err(SkipReason::Sparse),
            false => what(&entry, &name, &target),
        };
        if is_cut_off(&what, source) {
            let name = String::from_utf8_lossy(&name);
            return Err(unreadable(io::Error::other(format!("{name:?} is cut off"))));
        }
        let modified = super::timestamp(entry.header().mtime().unwrap_or(0), 0);
        index.add(&name, modified, what)?;
    }
    Ok(())
}

/// What an entry is, or why it is left out.
fn what<'a>(
    entry: &Entry<'_, SourceReader<'_>>,
    name: &[u8],
    target: &'a [u8],
) -> Result<What<'a>, SkipReason> {
    match entry.header().entry_type() {
        EntryType::Directory => Ok(What::Dir),
        // As it was said before directories had a type of their own.
        EntryType::Regular if name.ends_with(b"/") => Ok(What::Dir),
        EntryType::Regular | EntryType::Continuous => Ok(What::File(Packed::new(
            entry.size(),
            Form::Plain(entry.raw_file_position()),
        ))),
        EntryType::GNUSparse => Ok(What::File(Packed::new(
            entry.size(),
            Form::Sparse(entry.raw_header_position()),
        ))),
        EntryType::Symlink => match std::str::from_utf8(target) {
            Ok(text) if super::is_link_text(text) => Ok(What::Link(text.into())),
            _ => Err(SkipReason::LinkText),
        },
        EntryType::Link => Ok(What::Same(target)),
        _ => Err(SkipReason::FileType),
    }
}

/// Whether contents that are read in place end behind the archive's end.
fn is_cut_off(what: &Result<What<'_>, SkipReason>, source: &ArchiveSource) -> bool {
    match what {
        Ok(What::File(packed)) => match packed.form {
            Form::Plain(start) => start.saturating_add(packed.size) > source.length(),
            _ => false,
        },
        _ => false,
    }
}

/// Whether attributes say that a file's holes are described in front of its contents.
fn has_sparse_attributes(entry: &mut Entry<'_, SourceReader<'_>>) -> bool {
    match entry.pax_extensions() {
        Ok(Some(mut attributes)) => attributes.any(|attribute| {
            attribute.is_ok_and(|attribute| attribute.key_bytes().starts_with(b"GNU.sparse."))
        }),
        _ => false,
    }
}

/// Whether a tar archive, which may be empty, begins where a source does.
pub(super) fn begins(source: &ArchiveSource, allowance: &Cell<u64>) -> bool {
    let mut archive = tar::Archive::new(source.reader(0, allowance));
    let first = archive.entries().map(|mut entries| entries.next());
    matches!(first, Ok(None | Some(Ok(_))))
}
