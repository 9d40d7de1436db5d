//! Handles that are handed on.

use crate::host::{Guest, Tree, assert_outside_untouched, fdflags, oflags, whence};
use std::any::Any;
use std::sync::Arc;
use turnkey_cap_backends::builder;
use turnkey_wasi_common::{
    Access, BuildError, Builder, Dir, Entry, Errno, Fd, Grant, GuestPath, Null, Object,
    OpenOptions, Result, Rights, Stat, Table,
};

const READ_WRITE: Rights = Rights::FD_READ.union(Rights::FD_WRITE);

fn tree() -> Tree {
    Tree::new()
        .dir("dir")
        .dir("dir/below")
        .file("dir/file", "contents")
        .file("beside", "")
        .link("below", "dir/link")
        .link("..", "dir/up")
        .link("../../outside", "dir/out")
}

/// What a guest has open, made weaker by `weaken`.
fn of(guest: &Guest, fd: u32, weaken: impl FnOnce(Grant) -> Grant) -> Grant {
    weaken(guest.ctx.table().with(Fd(fd), Grant::of).unwrap())
}

/// A guest with a grant as descriptor 3.
fn child(grant: Grant) -> Guest {
    Guest::new(builder().preopen_granted("/", grant).build().unwrap())
}

#[test]
fn access_read_only_nothing_won_back_by_opening_again() {
    let parent = tree().guest();
    let mut child = child(of(&parent, 3, |grant| grant.access(Access::ReadOnly)));
    let mut dirs = vec![3];
    for path in [".", "dir/..", "dir", "dir/link"] {
        let wanted = Rights::FD_READ;
        dirs.push(
            child
                .path_open((3, path), oflags::DIRECTORY, wanted)
                .unwrap(),
        );
    }
    for fd in dirs {
        let stat = child.fd_fdstat_get(fd).unwrap();
        let changing = Rights::all().difference(Access::ReadOnly.rights());
        assert!(!(stat.base | stat.inheriting).intersects(changing), "{fd}");
        let created = child.path_open((fd, "new"), oflags::CREAT, Rights::FD_READ);
        assert_eq!(created, Err(Errno::Perm), "{fd}");
        let made = child.path_create_directory((fd, "new"));
        assert_eq!(made, Err(Errno::Perm), "{fd}");
        let widened = child.fd_fdstat_set_rights(fd, Rights::all(), Rights::all());
        assert_eq!(widened, Err(Errno::Notcapable), "{fd}");
    }
    let written = child.path_open((3, "dir/file"), 0, READ_WRITE);
    assert_eq!(written, Err(Errno::Perm));
    assert!(child.path_open((3, "dir/file"), 0, Rights::FD_READ).is_ok());
}

#[test]
fn access_along_a_chain_only_what_all_of_them_leave() {
    let sets = [
        Rights::all().difference(Rights::FD_SEEK),
        Rights::all().difference(Rights::PATH_UNLINK_FILE),
        Rights::all().difference(Rights::FD_TELL | Rights::PATH_SYMLINK),
        Rights::all(),
    ];
    let mut guest = tree().guest();
    let mut left = guest.fd_fdstat_get(3).unwrap();
    for set in sets {
        guest = child(of(&guest, 3, |grant| grant.access(Access::Only(set))));
        left.base &= set;
        left.inheriting &= set;
        let stat = guest.fd_fdstat_get(3).unwrap();
        assert_eq!((stat.base, stat.inheriting), (left.base, left.inheriting));
    }
    // What the guest itself gave up is not handed on.
    let given_up = left.base.difference(Rights::FD_READDIR);
    guest
        .fd_fdstat_set_rights(3, given_up, left.inheriting)
        .unwrap();
    let stat = child(of(&guest, 3, |grant| grant))
        .fd_fdstat_get(3)
        .unwrap();
    assert_eq!(stat.base, given_up);
}

#[test]
fn subtree_nothing_above_or_beside_reached() {
    let tree = tree();
    let parent = tree.guest();
    for path in ["dir", "dir/", "./dir/below/..", "dir/below/../../dir"] {
        let mut child = child(of(&parent, 3, |grant| grant.subtree(path).unwrap()));
        for outside in ["..", "../beside", "../dir", "up", "up/beside", "out/secret"] {
            let opened = child.path_open((3, outside), 0, Rights::FD_READ);
            assert_eq!(opened, Err(Errno::Perm), "{path} {outside}");
            let stat = child.path_filestat_get((3, outside), true);
            assert_eq!(stat.map(drop), Err(Errno::Perm), "{path} {outside}");
        }
        let moved = child.path_rename((3, "file"), (3, "../moved"));
        assert_eq!(moved, Err(Errno::Perm), "{path}");
        assert!(
            child.path_open((3, "file"), 0, READ_WRITE).is_ok(),
            "{path}"
        );
        assert!(child.path_filestat_get((3, "link"), true).is_ok());
    }
    assert_outside_untouched(&tree);
}

#[test]
fn subtree_each_flaw_its_errno() {
    let long = "n".repeat(256);
    let cases: [(&str, Access, Errno); 10] = [
        ("..", Access::ReadWrite, Errno::Perm),
        ("dir/up/..", Access::ReadWrite, Errno::Perm),
        ("dir/out", Access::ReadWrite, Errno::Perm),
        ("/", Access::ReadWrite, Errno::Perm),
        ("", Access::ReadWrite, Errno::Noent),
        ("missing", Access::ReadWrite, Errno::Noent),
        ("dir/file", Access::ReadWrite, Errno::Notdir),
        ("a\0b", Access::ReadWrite, Errno::Inval),
        (&long, Access::ReadWrite, Errno::Nametoolong),
        (
            "dir",
            Access::Only(Rights::all().difference(Rights::PATH_OPEN)),
            Errno::Perm,
        ),
    ];
    let mut guest = tree().guest();
    for (path, access, errno) in cases {
        let refused = of(&guest, 3, |grant| grant.access(access)).subtree(path);
        assert_eq!(refused.unwrap_err().errno(), errno, "{path:?}");
    }
    let file = guest.path_open((3, "dir/file"), 0, READ_WRITE).unwrap();
    for fd in [0, file] {
        let refused = of(&guest, fd, |grant| grant).subtree(".");
        assert_eq!(refused.unwrap_err().errno(), Errno::Notdir, "{fd}");
    }
    let grant = of(&guest, 3, |grant| grant);
    grant.lease().revoke();
    assert_eq!(grant.subtree("dir").unwrap_err().errno(), Errno::Badf);
}

#[test]
fn subtree_of_less_no_more_than_opening_it_gives() {
    let mut guest = tree().guest();
    let stat = guest.fd_fdstat_get(3).unwrap();
    let fewer = stat.inheriting.difference(Rights::FD_READDIR);
    guest.fd_fdstat_set_rights(3, stat.base, fewer).unwrap();
    let opened = guest.path_open((3, "dir"), 0, Rights::FD_READ).unwrap();
    let opened = guest.fd_fdstat_get(opened).unwrap();
    let grant = of(&guest, 3, |grant| grant.subtree("dir").unwrap());
    let granted = child(grant).fd_fdstat_get(3).unwrap();
    assert_eq!(
        (granted.base, granted.inheriting),
        (opened.base, opened.inheriting)
    );
}

#[test]
fn offset_and_flags_own_unless_shared() {
    let mut guest = tree().guest();
    let file = guest.path_open_with((3, b"dir/file"), true, 0, READ_WRITE, fdflags::APPEND);
    let file = file.unwrap();
    guest.fd_seek(file, 3, whence::SET).unwrap();
    let table = guest.ctx.table();
    let own = table.with(Fd(file), Grant::of).unwrap().into_entry();
    let own = table.insert(own).unwrap().0;
    let shared = table.with(Fd(file), Grant::sharing).unwrap().into_entry();
    let shared = table.insert(shared).unwrap().0;

    assert_eq!(guest.fd_tell(own), Ok(0));
    assert_eq!(guest.fd_read(shared, 2).unwrap(), b"te");
    assert_eq!(guest.fd_read(own, 2).unwrap(), b"co");
    assert_eq!((guest.fd_tell(file), guest.fd_tell(own)), (Ok(5), Ok(2)));

    let flags =
        |guest: &mut Guest| [file, own, shared].map(|fd| guest.fd_fdstat_get(fd).unwrap().flags);
    assert_eq!(flags(&mut guest), [fdflags::APPEND; 3]);
    guest.fd_fdstat_set_flags(shared, 0).unwrap();
    assert_eq!(flags(&mut guest), [0, fdflags::APPEND, 0]);
}

#[test]
fn chain_of_guests_taken_back_from_the_middle() {
    let tree = tree();
    let mut top = tree.guest();
    let first = of(&top, 3, |grant| grant.subtree("dir").unwrap());
    let upper = first.lease();
    let mut middle = child(first);
    let opened = middle.path_open((3, "below"), 0, Rights::empty()).unwrap();
    let second = of(&middle, opened, |grant| grant.access(Access::ReadOnly));
    let lower = second.lease();
    assert!(lower.is_within(&upper));
    let mut bottom = child(second);

    assert!(bottom.fd_readdir(3, 100, 0).is_ok());
    lower.revoke();
    assert_eq!(bottom.fd_readdir(3, 100, 0), Err(Errno::Badf));
    assert!(middle.fd_readdir(opened, 100, 0).is_ok());
    let again = of(&middle, opened, |grant| grant);
    let mut bottom = child(again);
    assert!(bottom.fd_readdir(3, 100, 0).is_ok());

    upper.revoke();
    assert_eq!(bottom.fd_readdir(3, 100, 0), Err(Errno::Badf));
    assert_eq!(middle.fd_readdir(opened, 100, 0), Err(Errno::Badf));
    assert!(top.fd_readdir(3, 100, 0).is_ok());
    let late = of(&middle, 3, |grant| grant);
    assert_eq!(child(late).fd_readdir(3, 100, 0), Err(Errno::Badf));
}

/// A directory in which nothing can be done but open.
struct OpenOnly(Arc<dyn Dir>);

impl Dir for OpenOnly {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn stat(&self) -> Result<Stat> {
        self.0.stat()
    }

    fn open(&self, path: GuestPath<'_>, how: &OpenOptions) -> Result<Object> {
        self.0.open(path, how)
    }

    fn stat_at(&self, _: GuestPath<'_>, _: turnkey_wasi_common::Follow) -> Result<Stat> {
        Err(Errno::Acces.into())
    }
}

#[test]
fn wrap_dir_asked_in_place_of_the_directory() {
    let parent = tree().guest();
    let wrap = |dir| -> Arc<dyn Dir> { Arc::new(OpenOnly(dir)) };
    let grant = of(&parent, 3, |grant| grant.wrap_dir(wrap).unwrap());
    let mut child = child(grant.access(Access::ReadOnly));
    let stat = child.path_filestat_get((3, "dir"), true);
    assert_eq!(stat.map(drop), Err(Errno::Acces));
    assert!(child.path_open((3, "dir"), 0, Rights::FD_READ).is_ok());
    assert_eq!(child.path_unlink_file((3, "beside")), Err(Errno::Perm));
    let refused = of(&parent, 0, |grant| grant).wrap_dir(wrap);
    assert_eq!(refused.unwrap_err(), Errno::Notdir);
}

#[test]
fn builder_grants_where_they_belong() {
    let parent = tree().guest();
    let stream = || Grant::new(Object::Stream(Arc::new(Null)));
    let ctx = builder()
        .grant(stream())
        .grant_at(Fd(1), stream())
        .preopen_granted("/dir", of(&parent, 3, |grant| grant))
        .grant_at(Fd(2), of(&parent, 3, |grant| grant))
        .build()
        .unwrap();
    let mut guest = Guest::new(ctx);
    assert!(
        guest
            .ctx
            .table()
            .with(Fd(1), |entry| entry.lease().is_some())
            == Ok(true)
    );
    assert!(guest.fd_readdir(2, 100, 0).is_ok());
    assert_eq!(guest.fd_prestat_get(2), Err(Errno::Badf));
    assert_eq!(guest.fd_prestat_get(3), Ok(4));
    assert_eq!(guest.fd_write(4, "x"), Ok(1));

    let flawed: [(Builder, BuildError); 2] = [
        (
            builder().preopen_granted("/", stream()),
            BuildError::NotADirectory("/".to_owned()),
        ),
        (
            builder().grant_at(Fd(3), stream()),
            BuildError::NotOpen(Fd(3)),
        ),
    ];
    for (builder, flaw) in flawed {
        assert_eq!(builder.build().unwrap_err(), flaw);
        assert!(!flaw.to_string().is_empty());
    }
}

#[test]
fn entry_of_nobodys_grant_never_dead() {
    let guest = tree().guest();
    for fd in 0..4 {
        let entry = |entry: &Entry| (entry.lease().is_some(), entry.is_alive());
        assert_eq!(guest.ctx.table().with(Fd(fd), entry), Ok((false, true)));
    }
}
