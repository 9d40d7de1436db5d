//! Descriptors that are lost, doubled, or there without being granted.

use crate::host::{Guest, Tree};
use crate::{NOTHING, READ_WRITE};
use std::any::Any;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use turnkey_cap_backends::builder;
use turnkey_wasi_common::{
    Access, Dir, Errno, Follow, GuestPath, Limits, Object, OpenOptions, Result as CoreResult,
    Rights, Stat, Table, WasiCtx,
};

/// How many descriptors this process has open beneath a directory.
fn open_beneath(root: &Path) -> usize {
    let open = fs::read_dir("/proc/self/fd").unwrap();
    let targets = open.filter_map(|fd| fs::read_link(fd.unwrap().path()).ok());
    targets.filter(|target| target.starts_with(root)).count()
}

/// What `fd_renumber` replaces is closed.
///
/// Broken on purpose: `OwnedTable::renumber` forgets what it replaces.
#[test]
fn ghsa_3p27_qvp9_27qf_renumber_closes_what_it_replaces() {
    let tree = Tree::new().file("file", "contents");
    let mut guest = tree.guest();
    assert_eq!(guest.path_open((3, "file"), 0, READ_WRITE), Ok(4));
    let before = open_beneath(&tree.path(""));
    assert!(before >= 2, "the count works");
    for _ in 0..500 {
        let opened = guest.path_open((3, "file"), 0, READ_WRITE).unwrap();
        assert_eq!(guest.fd_renumber(opened, 4), Ok(()));
    }
    assert_eq!(open_beneath(&tree.path("")), before);
    assert_eq!(guest.ctx.table().len(), 5);
    drop(guest);
    assert_eq!(open_beneath(&tree.path("")), 0);
}

/// Opening, closing and renumbering in any order leaves each number with what was put there, and
/// the next open with the lowest free one.
///
/// Broken on purpose: `OwnedTable::renumber` does not give the old number back.
#[test]
fn ghsa_fm79_3f68_h2fc_renumber_keeps_the_free_numbers_right() {
    const LIMIT: u32 = 12;
    let tree = Tree::new();
    for size in 0..7_usize {
        fs::write(tree.path(size.to_string()), vec![b'.'; size]).unwrap();
    }
    let limits = Limits {
        files: LIMIT,
        ..Limits::default()
    };
    for seed in 0..20_u64 {
        let builder = tree.builder(Access::ReadWrite).limits(limits);
        let mut guest = Guest::new(builder.build().unwrap());
        // What each number stands for: the size of a file, or nothing to tell apart.
        let mut model: BTreeMap<u32, Option<u64>> = (0..4).map(|fd| (fd, None)).collect();
        let mut state = seed;
        let mut next = |below: u32| {
            // Knuth's constants for a generator of 64 bits.
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            u32::try_from(state >> 33).unwrap() % below
        };
        for step in 0..400 {
            let (one, other) = (next(LIMIT + 2), next(LIMIT + 2));
            let open = |fd| model.contains_key(&fd);
            match next(3) {
                // The directory stays, so that there is always something to open.
                0 if one != 3 => {
                    let expected = if open(one) { Ok(()) } else { Err(Errno::Badf) };
                    assert_eq!(guest.fd_close(one), expected, "{seed} {step}");
                    model.remove(&one);
                }
                1 if one != 3 && other != 3 => {
                    let both = open(one) && open(other);
                    let expected = if both { Ok(()) } else { Err(Errno::Badf) };
                    assert_eq!(guest.fd_renumber(one, other), expected, "{seed} {step}");
                    if both {
                        let moved = model.remove(&one).unwrap();
                        model.insert(other, moved);
                    }
                }
                _ => {
                    let size = u64::from(one % 7);
                    let lowest = (0..LIMIT).find(|fd| !model.contains_key(fd));
                    let opened = guest.path_open((3, &size.to_string()), 0, READ_WRITE);
                    assert_eq!(opened, lowest.ok_or(Errno::Mfile), "{seed} {step}");
                    if let Some(fd) = lowest {
                        model.insert(fd, Some(size));
                    }
                }
            }
            for fd in 0..LIMIT + 2 {
                let told = guest.fd_filestat_get(fd).map(|stat| stat.size);
                match model.get(&fd) {
                    None => assert_eq!(told, Err(Errno::Badf), "{seed} {step} {fd}"),
                    Some(Some(size)) => assert_eq!(told, Ok(*size), "{seed} {step} {fd}"),
                    Some(None) => assert!(told.is_ok(), "{seed} {step} {fd}"),
                }
            }
            assert_eq!(guest.ctx.table().len(), model.len(), "{seed} {step}");
        }
    }
}

/// A context that is granted nothing has no directory, whichever builder it comes from (wasmer
/// handed out the current one).
///
/// Broken on purpose: `cap_backends::builder` preopens `.`.
#[test]
fn ghsa_4mq4_7rw3_vm5j_nothing_granted_no_directory() {
    for builder in [builder(), WasiCtx::builder()] {
        let mut guest = Guest::new(builder.build().unwrap());
        assert_eq!(guest.ctx.table().len(), 3);
        for fd in (0..1000).chain([u32::MAX]) {
            assert_eq!(guest.fd_prestat_get(fd), Err(Errno::Badf), "{fd}");
            for path in [".", "Cargo.toml", "etc/passwd"] {
                let opened = guest.path_open((fd, path), 0, NOTHING);
                assert_eq!(opened, Err(Errno::Badf), "{fd} {path}");
            }
        }
    }
}

/// A directory of another kind than the host's, which takes everything.
struct Elsewhere;

impl Dir for Elsewhere {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn stat(&self) -> CoreResult<Stat> {
        Ok(Stat::default())
    }

    fn open(&self, _path: GuestPath<'_>, _how: &OpenOptions) -> CoreResult<Object> {
        unreachable!("a rename or a link opens nothing")
    }

    fn stat_at(&self, _path: GuestPath<'_>, _follow: Follow) -> CoreResult<Stat> {
        Err(Errno::Noent.into())
    }

    fn rename(&self, _: GuestPath<'_>, to_dir: &dyn Dir, _: GuestPath<'_>) -> CoreResult<()> {
        let known = to_dir.as_any().is::<Self>();
        known.then_some(()).ok_or_else(|| Errno::Xdev.into())
    }
}

/// Between two file systems nothing is renamed, and nothing copied behind the guest's back.
///
/// Broken on purpose: `dir::own` takes any directory for the one that is moved from.
#[test]
fn wasmer_rename_between_file_systems_is_no_copy() {
    let tree = Tree::new().file("file", "contents");
    let builder = tree.builder(Access::ReadWrite);
    let builder = builder.preopen("/else", Arc::new(Elsewhere), Access::ReadWrite);
    let mut guest = Guest::new(builder.build().unwrap());
    for (from, to) in [(3, 4), (4, 3)] {
        let renamed = guest.path_rename((from, "file"), (to, "new"));
        assert_eq!(renamed, Err(Errno::Xdev), "{from} to {to}");
    }
    let linked = guest.path_link((3, "file"), (4, "new"), false);
    assert_eq!(linked, Err(Errno::Xdev));
    let entries = guest.entries(3, 4096).unwrap();
    assert_eq!(entries.len(), 3, "{entries:?}");
    assert_eq!(fs::read(tree.path("file")).unwrap(), b"contents");
    let still = guest.path_open((3, "file"), 0, Rights::FD_READ);
    assert_eq!(guest.fd_read(still.unwrap(), 9).unwrap(), b"contents");
}
