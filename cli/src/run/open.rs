//! Directories, files and archives of the host's that are given to a guest.

use super::dir::Mapping;
use crate::failure::{Failure, tell};
use std::fmt::Display;
use std::fs::{File, OpenOptions};
use std::io;
use std::sync::Arc;
use turnkey_cap_backends::{HostDir, HostFile, ambient_authority};
use turnkey_virt::fs::{Archive, ArchiveSource, Found, Skipped};
use turnkey_wasi_common::{Access, Dir};

/// A failure that is about what an option names.
pub(super) fn refused(option: &str, mapping: &Mapping, why: impl Display) -> Failure {
    Failure::set_up(format_args!("{option} {}: {why}", mapping.host.display()))
}

/// A directory.
pub(super) fn dir(option: &str, mapping: &Mapping) -> Result<Arc<dyn Dir>, Failure> {
    let dir = HostDir::open_ambient(&mapping.host, ambient_authority());
    let dir = dir.map_err(|error| refused(option, mapping, no_directory(&error)))?;
    Ok(Arc::new(dir))
}

/// Why something cannot be opened as a directory, and what to do.
fn no_directory(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => {
            "there is no such directory; create it or name another".to_owned()
        }
        io::ErrorKind::NotADirectory => {
            "this is a file; name the directory that holds it".to_owned()
        }
        _ => format!("the directory cannot be opened: {error}"),
    }
}

/// A regular file, to be written unless it is read only.
pub(super) fn file(option: &str, mapping: &Mapping) -> Result<Found, Failure> {
    let write = mapping.access == Access::ReadWrite;
    let opened = regular(option, mapping, OpenOptions::new().read(true).write(write))?;
    let file = HostFile::new(opened);
    Ok(match mapping.access {
        Access::ReadOnly => Found::only_read(Arc::new(file)),
        _ => Found::file(file),
    })
}

/// Opens a regular file. Anything else is refused before it is opened, because a pipe that nobody
/// writes to would be waited for.
fn regular(option: &str, mapping: &Mapping, how: &OpenOptions) -> Result<File, Failure> {
    let opened = mapping.host.metadata().and_then(|found| {
        let type_of = found.file_type();
        match (type_of.is_file(), type_of.is_dir()) {
            (true, _) => how.open(&mapping.host).map(Ok),
            (_, true) => Ok(Err("this is a directory; give it with --dir")),
            _ => Ok(Err("this is no regular file; name one")),
        }
    });
    match opened {
        Ok(Ok(file)) => Ok(file),
        Ok(Err(what)) => Err(refused(option, mapping, what)),
        Err(error) => Err(refused(option, mapping, no_file(&error))),
    }
}

fn no_file(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file; name another".to_owned(),
        io::ErrorKind::PermissionDenied => {
            format!("the file cannot be opened: {error}; `:ro` asks for reading alone")
        }
        _ => format!("the file cannot be opened: {error}"),
    }
}

/// An archive. What it holds and no guest is shown is told.
pub(super) fn archive(option: &str, mapping: &Mapping) -> Result<Archive, Failure> {
    let file = regular(option, mapping, OpenOptions::new().read(true))?;
    let source = ArchiveSource::seekable(file)
        .map_err(|error| refused(option, mapping, format_args!("it cannot be read: {error}")))?;
    let archive = Archive::open(source).map_err(|error| refused(option, mapping, error))?;
    if let [first, others @ ..] = archive.skipped() {
        tell_skipped(option, mapping, first, others.len());
    }
    Ok(archive)
}

fn tell_skipped(option: &str, mapping: &Mapping, first: &Skipped, others: usize) {
    let host = mapping.host.display();
    match others {
        0 => tell(format_args!("note: {option} {host}: left out is {first}")),
        _ => tell(format_args!(
            "note: {option} {host}: left out is {first}; and {others} entries more"
        )),
    }
}
