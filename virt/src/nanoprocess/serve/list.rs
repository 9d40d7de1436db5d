//! The names of a directory that a parent serves.

use super::attributes::{at, file_type};
use super::entered::{Entered, Flaw};
use super::exports::{Export, listed};
use super::flawed;
use super::handle::Handle;
use crate::fs::Names;
use turnkey_wasi_common::Errno;

/// The most bytes of names that a directory may tell, each name with what comes before it.
const MOST: usize = 1 << 20;

/// Asks for names behind the last one until there are no more.
///
/// # Errors
/// - `NOMEM`: there is no end to them.
/// - `IO`: a listing that makes no sense, or gets nowhere.
pub(super) fn list(parent: &mut Entered<'_>, dir: &Handle, names: &mut Names) -> Result<(), Flaw> {
    let mut after = Vec::new();
    let mut told = 0;
    loop {
        let mut desk = parent.desk()?;
        let [tag, object] = dir.args();
        let [name, name_length] = desk.put(&after, Errno::Nametoolong)?;
        let room = desk.left();
        let address = desk.take(room as usize, Errno::Nomem)?;
        let args = [tag, object, name, name_length, address.into(), room.into()];
        let used = desk.ask(Export::DirList, Errno::Notsup, &args)?;
        if used > u64::from(room) {
            return Err(flawed("the parent told more names than there is room for").into());
        }
        if used == 0 {
            return Ok(());
        }
        let used = usize::try_from(used).unwrap_or(usize::MAX);
        told += used;
        if told > MOST {
            let endless = turnkey_wasi_common::Error::from(Errno::Nomem);
            return Err(endless.context("the parent tells names without end").into());
        }
        let last = read(desk.bytes(address, used)?, names)?;
        if last == after {
            return Err(flawed("the parent tells the same names again").into());
        }
        after = last;
    }
}

/// Reads the names of one answer, and answers the last.
fn read(mut bytes: &[u8], names: &mut Names) -> Result<Vec<u8>, Flaw> {
    let mut last: &[u8] = &[];
    while !bytes.is_empty() {
        let length = u32::from_le_bytes(at(bytes, listed::LENGTH)) as usize;
        let end = listed::BYTES.saturating_add(length);
        last = bytes
            .get(listed::BYTES..end)
            .ok_or_else(|| flawed("the parent told a name that is cut off"))?;
        let [filetype] = at(bytes, listed::FILETYPE);
        let inode = u64::from_le_bytes(at(bytes, listed::INODE));
        // A name that is not UTF-8 could not be asked for.
        if let Ok(name) = std::str::from_utf8(last) {
            names.push_numbered(name, file_type(filetype)?, inode);
        }
        bytes = bytes.get(end.next_multiple_of(8)..).unwrap_or_default();
    }
    Ok(last.to_vec())
}
