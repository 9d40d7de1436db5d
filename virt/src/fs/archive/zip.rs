//! The entries of zip archives.

use super::error::SkipReason;
use super::index::{Indexing, What};
use super::packed::{Form, Packed};
use super::source::ArchiveSource;
use super::{ArchiveError, ArchiveFormat};
use rawzip::time::{UtcDateTime, ZipDateTimeKind};
use rawzip::{CompressionMethod, ZipArchive, ZipFileHeaderRecord, ZipLocator};
use std::sync::Arc;
use turnkey_wasi_common::{GuestPath, Timestamp};

/// Room for what varies in one record of the directory: three texts of 64 KiB at most.
const BUFFER: usize = 4 * 64 * 1024;

/// Tells every entry of a zip archive.
pub(super) fn index(
    source: &Arc<ArchiveSource>,
    index: &mut Indexing<'_>,
) -> Result<(), ArchiveError> {
    let mut buffer = vec![0; BUFFER];
    let length = source.length();
    let located = ZipLocator::new().locate_in_reader(Arc::clone(source), &mut buffer, length);
    let archive = Arc::new(located.map_err(|(_, error)| unreadable(error))?);
    let mut entries = archive.entries(&mut buffer);
    let mut count = 0;
    while let Some(record) = entries.next_entry().map_err(unreadable)? {
        count += 1;
        let what = what(&record, &archive, source);
        index.add(record.file_path().as_bytes(), modified(&record), what)?;
    }
    // The count of archives without the larger fields is what is left of it in 16 bits.
    let told = archive.entries_hint();
    match told == count || told == count & 0xffff {
        true => Ok(()),
        false => Err(unreadable(format!(
            "it says that it has {told} entries and has {count}"
        ))),
    }
}

fn unreadable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ArchiveError {
    ArchiveError::Unreadable {
        format: ArchiveFormat::Zip,
        error: error.into(),
    }
}

/// What an entry is, or why it is left out.
fn what<'a>(
    record: &ZipFileHeaderRecord<'_>,
    archive: &Arc<ZipArchive<Arc<ArchiveSource>>>,
    source: &ArchiveSource,
) -> Result<What<'a>, SkipReason> {
    const FILE_TYPE: u32 = 0o170_000;
    const FILE: u32 = 0o100_000;
    const DIRECTORY: u32 = 0o040_000;

    if record.is_dir() {
        return Ok(What::Dir);
    }
    let mode = record.mode();
    match mode.value() & FILE_TYPE {
        DIRECTORY => return Ok(What::Dir),
        // Some systems say nothing.
        0 | FILE => {}
        _ if mode.is_symlink() => {}
        _ => return Err(SkipReason::FileType),
    }
    if record.flags().is_encrypted() {
        return Err(SkipReason::Encrypted);
    }
    let deflated = match record.compression_method() {
        CompressionMethod::STORE => false,
        CompressionMethod::DEFLATE => true,
        _ => return Err(SkipReason::Compression),
    };
    let size = record.uncompressed_size_hint();
    let packed = Packed::new(
        size,
        Form::Zip {
            archive: Arc::clone(archive),
            entry: record.wayfinder(),
            deflated,
        },
    );
    match mode.is_symlink() {
        false => Ok(What::File(packed)),
        true => link_text(&packed, source).map(What::Link),
    }
}

/// The text of a symbolic link, which lies where a file has its contents.
fn link_text(packed: &Packed, source: &ArchiveSource) -> Result<Arc<str>, SkipReason> {
    let size = usize::try_from(packed.size).ok();
    let size = size.filter(|size| *size <= GuestPath::LONGEST);
    let bytes = size.and_then(|size| packed.unpack(source, size).ok());
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    match text {
        Some(text) if super::is_link_text(&text) => Ok(text.into()),
        _ => Err(SkipReason::LinkText),
    }
}

/// The time of last change. One that names no zone is taken for universal time, so that it is the
/// same everywhere.
fn modified(record: &ZipFileHeaderRecord<'_>) -> Timestamp {
    let time = match record.last_modified() {
        ZipDateTimeKind::Utc(time) => Some(time),
        ZipDateTimeKind::Local(time) => UtcDateTime::from_components(
            time.year(),
            time.month(),
            time.day(),
            time.hour(),
            time.minute(),
            time.second(),
            time.nanosecond(),
        ),
    };
    let Some(time) = time else { return 0 };
    let seconds = u64::try_from(time.to_unix()).unwrap_or(0);
    super::timestamp(seconds, time.nanosecond())
}
