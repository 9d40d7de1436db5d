//! What a parent tells of an object.

use super::entered::Flaw;
use super::exports::{Export, entry};
use super::flawed;
use super::room::Desk;
use turnkey_snapshots::engine::Value;
use turnkey_wasi_common::{Errno, FileType, Stat};

/// What a parent tells of an object.
pub(super) struct Entry {
    pub(super) object: u64,
    pub(super) stat: Stat,
    /// `object` is a capability.
    pub(super) is_capability: bool,
}

impl Entry {
    /// Asks for an entry, whose address is the last argument.
    pub(super) fn ask(
        desk: &mut Desk<'_, '_>,
        export: Export,
        absent: Errno,
        args: &[Value],
    ) -> Result<Self, Flaw> {
        let address = desk.take(entry::BYTES, Errno::Nomem)?;
        let bytes = desk.bytes_mut(address, entry::BYTES)?;
        bytes.fill(0);
        if let Some(lowest) = bytes.get_mut(entry::LINKS) {
            *lowest = 1;
        }
        let last = Value::from(address);
        let args: smallvec::SmallVec<[Value; 6]> = args.iter().copied().chain([last]).collect();
        desk.ask(export, absent, &args)?;
        Self::read(desk.bytes(address, entry::BYTES)?)
    }

    fn read(bytes: &[u8]) -> Result<Self, Flaw> {
        let number = |offset| u64::from_le_bytes(at(bytes, offset));
        let [filetype] = at(bytes, entry::FILETYPE);
        let is_capability = match at(bytes, entry::SERVER) {
            [0] => false,
            [1] => true,
            [other] => return Err(flawed(format!("the parent told server {other}")).into()),
        };
        Ok(Self {
            object: number(entry::OBJECT),
            is_capability,
            stat: Stat {
                device: 0,
                inode: number(entry::INODE),
                file_type: file_type(filetype)?,
                links: number(entry::LINKS),
                size: number(entry::SIZE),
                accessed: number(entry::ACCESSED),
                modified: number(entry::MODIFIED),
                changed: number(entry::CHANGED),
            },
        })
    }
}

/// The bytes at an offset; zeros where there are none.
pub(super) fn at<const N: usize>(bytes: &[u8], offset: usize) -> [u8; N] {
    let found = bytes.get(offset..).and_then(|rest| rest.first_chunk());
    found.copied().unwrap_or([0; N])
}

/// The type that a number of preview 1 stands for.
pub(super) fn file_type(number: u8) -> Result<FileType, Flaw> {
    Ok(match number {
        0 => FileType::Unknown,
        1 => FileType::BlockDevice,
        2 => FileType::CharacterDevice,
        3 => FileType::Directory,
        4 => FileType::RegularFile,
        5 => FileType::SocketDgram,
        6 => FileType::SocketStream,
        7 => FileType::SymbolicLink,
        _ => return Err(flawed(format!("the parent told file type {number}")).into()),
    })
}
