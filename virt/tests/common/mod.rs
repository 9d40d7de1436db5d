//! Archives that tests are made of, and ways to look at a tree.
#![allow(dead_code, reason = "not every test needs everything")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use rawzip::path::EntryPath;
use rawzip::{CompressionMethod, ZipArchiveWriter, time::UtcDateTime};
use std::io::{Cursor, IoSliceMut, Write};
use std::sync::Arc;
use turnkey_virt::fs::{Archive, ArchiveSource, Tree};
use turnkey_wasi_common::{
    Dir, Errno, File, FileType, Follow, GuestPath, Object, OpenOptions, Result, Stat,
};

/// When every entry was changed: 2001-09-09T01:46:40Z.
pub(crate) const CHANGED: u64 = 1_000_000_000;

/// An entry of an archive that is made.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) name: Vec<u8>,
    pub(crate) what: What,
}

#[derive(Clone)]
pub(crate) enum What {
    Dir,
    File(Vec<u8>),
    Link(String),
    /// A further name, which only tar has.
    Hard(String),
    Fifo,
}

pub(crate) fn dir(name: &str) -> Entry {
    entry(name, What::Dir)
}

pub(crate) fn file(name: &str, contents: impl Into<Vec<u8>>) -> Entry {
    entry(name, What::File(contents.into()))
}

pub(crate) fn link(name: &str, target: &str) -> Entry {
    entry(name, What::Link(target.into()))
}

pub(crate) fn hard(name: &str, target: &str) -> Entry {
    entry(name, What::Hard(target.into()))
}

pub(crate) fn fifo(name: &str) -> Entry {
    entry(name, What::Fifo)
}

fn entry(name: &str, what: What) -> Entry {
    Entry {
        name: name.into(),
        what,
    }
}

/// A tar archive. Names of up to 100 bytes are written as they are, longer ones as GNU does.
pub(crate) fn tar(entries: &[Entry]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for entry in entries {
        let mut header = tar::Header::new_gnu();
        let (kind, contents, target): (_, &[u8], &str) = match &entry.what {
            What::Dir => (tar::EntryType::Directory, &[], ""),
            What::File(contents) => (tar::EntryType::Regular, contents, ""),
            What::Link(target) => (tar::EntryType::Symlink, &[], target),
            What::Hard(target) => (tar::EntryType::Link, &[], target),
            What::Fifo => (tar::EntryType::Fifo, &[], ""),
        };
        header.set_entry_type(kind);
        header.set_size(contents.len() as u64);
        header.set_mtime(CHANGED);
        header.set_mode(0o644);
        header.set_link_name_literal(target).unwrap();
        match header.as_old_mut().name.get_mut(..entry.name.len()) {
            Some(name) => {
                name.copy_from_slice(&entry.name);
                header.set_cksum();
                archive.append(&header, contents).unwrap();
            }
            None => {
                let name = std::str::from_utf8(&entry.name).unwrap();
                archive.append_data(&mut header, name, contents).unwrap();
            }
        }
    }
    archive.into_inner().unwrap()
}

pub(crate) fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A zip archive with contents that are compressed in this way.
pub(crate) fn zip(entries: &[Entry], method: CompressionMethod) -> Vec<u8> {
    let mut archive = ZipArchiveWriter::new(Vec::new());
    for Entry { name, what } in entries {
        let (kind, contents): (u32, &[u8]) = match what {
            What::Dir => {
                let name = EntryPath::verbatim(name.as_slice());
                let time = UtcDateTime::from_unix(CHANGED as i64);
                archive.new_dir(name).last_modified(time).create().unwrap();
                continue;
            }
            What::File(contents) => (0o100_644, contents),
            What::Link(target) => (0o120_777, target.as_bytes()),
            What::Hard(_) => continue,
            What::Fifo => (0o010_644, &[]),
        };
        let (mut entry, config) = archive
            .new_file(EntryPath::verbatim(name.as_slice()))
            .compression_method(method)
            .unix_permissions(kind)
            .last_modified(UtcDateTime::from_unix(CHANGED as i64))
            .start()
            .unwrap();
        let descriptor = if method == CompressionMethod::DEFLATE {
            let level = flate2::Compression::default();
            let encoder = flate2::write::DeflateEncoder::new(&mut entry, level);
            let mut writer = config.wrap(encoder);
            writer.write_all(contents).unwrap();
            let (encoder, descriptor) = writer.finish().unwrap();
            encoder.finish().unwrap();
            descriptor
        } else {
            let mut writer = config.wrap(&mut entry);
            writer.write_all(contents).unwrap();
            writer.finish().unwrap().1
        };
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap()
}

pub(crate) fn stored(entries: &[Entry]) -> Vec<u8> {
    zip(entries, CompressionMethod::STORE)
}

pub(crate) fn deflated(entries: &[Entry]) -> Vec<u8> {
    zip(entries, CompressionMethod::DEFLATE)
}

/// The same entries in an archive of every kind, in memory and as something like a file.
pub(crate) fn every_kind(entries: &[Entry]) -> Vec<(&'static str, Archive)> {
    let kinds = [
        ("tar", tar(entries)),
        ("tar.gz", gz(&tar(entries))),
        ("zip, stored", stored(entries)),
        ("zip, deflated", deflated(entries)),
    ];
    let mut archives = Vec::new();
    for (kind, bytes) in kinds {
        let seekable = ArchiveSource::seekable(Cursor::new(bytes.clone())).unwrap();
        archives.push((kind, Archive::open(bytes).unwrap()));
        archives.push((kind, Archive::open(seekable).unwrap()));
    }
    archives
}

pub(crate) fn tree(node: impl turnkey_virt::fs::Node) -> Tree {
    Tree::new(Arc::new(node))
}

pub(crate) fn path(text: &str) -> GuestPath<'_> {
    GuestPath::new(text).unwrap()
}

pub(crate) fn errno<T>(result: Result<T>) -> Option<Errno> {
    result.err().map(|error| error.errno())
}

/// How a guest opens a file to read it.
pub(crate) const READ: OpenOptions = OpenOptions::READ;

/// How a guest opens a file to change it.
pub(crate) const WRITE: OpenOptions = OpenOptions {
    write: true,
    ..READ
};

pub(crate) fn open(dir: &dyn Dir, name: &str, how: &OpenOptions) -> Result<Arc<dyn File>> {
    match dir.open(path(name), how)? {
        Object::File(file) => Ok(file),
        other => panic!("{name} is a {other:?}"),
    }
}

pub(crate) fn read_at(file: &dyn File, offset: u64, length: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    let (first, second) = bytes.split_at_mut(length / 3);
    let mut buffers = [
        IoSliceMut::new(first),
        IoSliceMut::new(&mut []),
        IoSliceMut::new(second),
    ];
    let read = file.read_at(&mut buffers, offset)?;
    bytes.truncate(read);
    Ok(bytes)
}

pub(crate) fn read(dir: &dyn Dir, name: &str) -> Result<Vec<u8>> {
    let file = open(dir, name, &READ)?;
    let mut bytes = Vec::new();
    loop {
        match read_at(&*file, bytes.len() as u64, 1000)? {
            some if some.is_empty() => return Ok(bytes),
            some => bytes.extend(some),
        }
    }
}

pub(crate) fn stat(dir: &dyn Dir, name: &str) -> Result<Stat> {
    dir.stat_at(path(name), Follow::No)
}

/// Lists a directory by `step` entries at a time, each time from a new listing.
pub(crate) fn list(dir: &dyn Dir, step: usize) -> Vec<(String, FileType, u64)> {
    let mut entries: Vec<(String, FileType, u64)> = Vec::new();
    let mut position = 0;
    loop {
        let (mut left, start) = (step, position);
        let before = entries.len();
        let mut listing = dir.listing().unwrap();
        let each = &mut |entry: turnkey_wasi_common::DirEntry<'_>| {
            entries.push((entry.name.into(), entry.file_type, entry.inode));
            position = entry.next;
            left -= 1;
            left > 0
        };
        assert_eq!(listing.read(start, each), Ok(0));
        if entries.len() == before {
            return entries;
        }
    }
}

/// Goes through everything beneath a directory, reads it, and checks that listings and attributes
/// agree. Errors of files are allowed. Answers how many entries there are.
pub(crate) fn explore(dir: &dyn Dir) -> usize {
    let mut count = 0;
    for (name, file_type, inode) in list(dir, 7) {
        if name == "." || name == ".." {
            continue;
        }
        count += 1;
        let stat = stat(dir, &name).unwrap();
        assert_eq!((stat.file_type, stat.inode), (file_type, inode), "{name}");
        match file_type {
            FileType::Directory => match dir.open(path(&name), &READ).unwrap() {
                Object::Dir(beneath) => count += explore(&*beneath),
                other => panic!("{name} is a {other:?}"),
            },
            FileType::SymbolicLink => drop(dir.stat_at(path(&name), Follow::Yes)),
            _ => {
                if let Ok(bytes) = read(dir, &name) {
                    assert_eq!(bytes.len() as u64, stat.size, "{name}");
                }
            }
        }
    }
    count
}
