//! Listings that repeat, skip, fail or never end.

use crate::NOTHING;
use crate::host::{BUFFER, Dirent, Guest, Tree, filetype};
use std::any::Any;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use turnkey_cap_backends::builder;
use turnkey_wasi_common::{
    Access, Dir, DirEntry, Errno, Follow, GuestPath, Listing, Object, OpenOptions,
    Result as CoreResult, Stat,
};

fn with_files(count: usize) -> Tree {
    let tree = Tree::new();
    for n in 0..count {
        fs::write(tree.path(format!("file{n}")), "").unwrap();
    }
    tree
}

/// So many entries, each told once.
#[track_caller]
fn assert_each_once(entries: &[Dirent], count: usize) {
    let names: BTreeSet<_> = entries.iter().map(|entry| &entry.name).collect();
    assert_eq!((entries.len(), names.len()), (count, count));
}

/// A directory that goes away while it is listed has an end: a host that takes an error for an
/// entry of no length would read on for ever and keep what it read.
///
/// Broken on purpose: `read_page` skips `ENOENT` as if more could follow; the test hangs.
#[test]
fn ghsa_c827_hfw6_qwvm_directory_removed_meanwhile_ends() {
    let tree = Tree::new().dir("dir");
    for n in 0..1000 {
        fs::write(tree.path(format!("dir/{n}")), "").unwrap();
    }
    let mut guest = tree.guest();
    let dir = guest.path_open((3, "dir"), 0, NOTHING).unwrap();
    let first = guest.fd_readdir(dir, 256, 0).unwrap();
    let (some, _) = Dirent::all(&first);
    let held = guest.ctx.budget().used();
    fs::remove_dir_all(tree.path("dir")).unwrap();
    // What was read ahead may still come; then there is an end.
    let mut cookie = some.last().unwrap().next;
    let ended = (0..1000).any(|_| {
        let bytes = guest.fd_readdir(dir, 256, cookie).unwrap();
        let (some, _) = Dirent::all(&bytes);
        cookie = some.last().map_or(cookie, |last| last.next);
        bytes.len() < 256
    });
    assert!(ended);
    assert_eq!(guest.fd_readdir(dir, 256, cookie), Ok(Vec::new()));
    assert_eq!(guest.fd_readdir(dir, 256, 0), Ok(Vec::new()));
    assert_eq!(guest.ctx.budget().used(), held);
    let again = guest.path_open((dir, "."), 0, NOTHING);
    assert!(matches!(again, Ok(_) | Err(Errno::Noent)), "{again:?}");
}

/// Entries that vanish behind the reader move nothing (wasmtime-wasi 48 lists anew for each call
/// and skips as many as it has told).
///
/// Broken on purpose: `read_dir` begins a new listing for each call and skips as many entries as
/// the position says.
#[test]
fn wasmtime_cookies_do_not_shift_when_entries_vanish() {
    let tree = with_files(200);
    let mut guest = tree.guest();
    let (mut entries, mut cookie) = (Vec::new(), 0);
    loop {
        let bytes = guest.fd_readdir(3, 100, cookie).unwrap();
        let (some, _) = Dirent::all(&bytes);
        for entry in &some {
            if entry.filetype == filetype::REGULAR_FILE {
                fs::remove_file(tree.path(&entry.name)).unwrap();
            }
        }
        cookie = some.last().map_or(cookie, |last| last.next);
        entries.extend(some);
        if bytes.len() < 100 {
            break;
        }
    }
    assert_each_once(&entries, 202);
    assert_eq!(guest.entries(3, 4096).unwrap().len(), 2);
}

/// A large directory through a small buffer (the predecessor panicked, #2618).
///
/// Broken on purpose: `HostListing::read` ends with its first page.
#[test]
fn wasi_common_2618_large_directory_each_name_once() {
    let entries = with_files(3000).guest().entries(3, 256).unwrap();
    assert_each_once(&entries, 3002);
}

/// One name that a guest could not say does not make the others unreachable.
///
/// Broken on purpose: `Page::push` answers `ILSEQ` to such a name.
#[test]
fn wasi_common_names_that_are_not_text_left_out() {
    let tree = with_files(150);
    let mut guest = tree.guest();
    for n in 0..150_u8 {
        let name = OsString::from_vec(vec![b'f', 0xff, b'0' + n / 10, b'0' + n % 10]);
        fs::write(tree.path(name), "").unwrap();
    }
    for length in [64, 256, 65536] {
        assert_each_once(&guest.entries(3, length).unwrap(), 152);
    }
    let tree = tree.dir("dir");
    let only_bad = tree.path("dir").join(OsString::from_vec(vec![0xff]));
    fs::write(only_bad, "").unwrap();
    let dir = guest.path_open((3, "dir"), 0, NOTHING).unwrap();
    assert_each_once(&guest.entries(dir, 100).unwrap(), 2);
}

/// Padding is zero, not what the host's stack held, and nothing behind is touched.
///
/// Broken on purpose: the header of an entry begins as other bytes than zeros.
#[test]
fn wasmtime_dirent_padding_is_zero() {
    let mut guest = Tree::new().guest();
    guest.bytes_mut(BUFFER, 4096).fill(0xee);
    let used = guest.fd_readdir(3, 4096, 0).unwrap().len();
    let bytes = guest.bytes(BUFFER, 4096);
    assert_eq!(bytes[21..24], [0; 3]);
    assert!(bytes[used..].iter().all(|byte| *byte == 0xee));
}

/// A directory of many entries that counts what is done with it.
#[derive(Clone, Default)]
struct Counted {
    listings: Arc<AtomicU64>,
    told: Arc<AtomicU64>,
    asked: Arc<AtomicU64>,
}

const ENTRIES: u64 = 1000;

impl Dir for Counted {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn stat(&self) -> CoreResult<Stat> {
        Ok(Stat::default())
    }

    fn open(&self, _path: GuestPath<'_>, _how: &OpenOptions) -> CoreResult<Object> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Err(Errno::Noent.into())
    }

    fn stat_at(&self, _path: GuestPath<'_>, _follow: Follow) -> CoreResult<Stat> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Err(Errno::Noent.into())
    }

    fn listing(&self) -> CoreResult<Box<dyn Listing>> {
        self.listings.fetch_add(1, Ordering::Relaxed);
        Ok(Box::new(self.clone()))
    }
}

impl Listing for Counted {
    fn read(
        &mut self,
        position: u64,
        each: &mut dyn FnMut(DirEntry<'_>) -> bool,
    ) -> CoreResult<u64> {
        for next in position + 1..=ENTRIES {
            self.told.fetch_add(1, Ordering::Relaxed);
            let name = format!("entry{next:04}");
            let entry = DirEntry {
                name: &name,
                file_type: turnkey_wasi_common::FileType::RegularFile,
                inode: next,
                next,
            };
            if !each(entry) {
                break;
            }
        }
        Ok(0)
    }

    fn memory(&self) -> usize {
        0
    }
}

/// A directory is listed once, from where the reader stands, and its entries are not asked for
/// their attributes: what a listing costs grows with the directory, not with its square.
///
/// Broken on purpose: as for the cookies above.
#[test]
fn wasi_common_readdir_is_not_quadratic() {
    let dir = Counted::default();
    let ctx = builder().preopen("/", Arc::new(dir.clone()), Access::ReadOnly);
    let mut guest = Guest::new(ctx.build().unwrap());
    assert_each_once(&guest.entries(3, 100).unwrap(), 1000);
    assert_eq!(dir.listings.load(Ordering::Relaxed), 1);
    assert_eq!(dir.asked.load(Ordering::Relaxed), 0);
    // Two entries of 33 bytes fit into the buffer, and a third one is cut and told again.
    let told = dir.told.load(Ordering::Relaxed);
    assert!(told <= 2 * ENTRIES, "{told}");
}
