//! Opening.

use crate::host::{Backend, Guest, Tree, fdflags, filetype, oflags, on_every_backend, openat2};
use crate::{NOTHING, READ_WRITE, check, if_absolute, if_piped, tree};
use turnkey_wasi_common::{Errno, Rights};

on_every_backend![
    path_open_way_of_a_path,
    path_open_directory_demanded,
    path_open_creating_and_truncating,
    path_open_creating_through_a_dangling_link_makes_its_target,
    path_open_truncating_without_the_right_to_write_truncates,
    path_open_last_link_not_followed_loop,
    path_open_last_link_followed,
    path_open_chain_of_links_40_and_no_more,
    path_open_longest_name_and_path_ok,
    path_open_fdflags_kept_or_notsup,
    path_open_socket_file_nxio,
];

/// A path, whether a link in the last place is followed, and `oflags`.
type Opening = (&'static str, bool, u16);

/// Opens for nothing, and answers what was opened.
fn opened(guest: &mut Guest, (path, follow, oflags): Opening) -> Result<u8, Errno> {
    let place = (3, path.as_bytes());
    let fd = guest.path_open_with(place, follow, oflags, NOTHING, 0)?;
    Ok(guest.fd_fdstat_get(fd).unwrap().filetype)
}

const A_FILE: Result<u8, Errno> = Ok(filetype::REGULAR_FILE);
const A_DIRECTORY: Result<u8, Errno> = Ok(filetype::DIRECTORY);

fn path_open_way_of_a_path(on: Backend) {
    check(
        on,
        &[
            (("file", true, 0), A_FILE),
            (("file/", true, 0), Err(Errno::Notdir)),
            (("file//", false, 0), Err(Errno::Notdir)),
            (("dir", true, 0), A_DIRECTORY),
            (("dir/", true, 0), A_DIRECTORY),
            (("dir//", false, 0), A_DIRECTORY),
            (("missing", true, 0), Err(Errno::Noent)),
            (("missing/", true, 0), Err(Errno::Noent)),
            (("dir/./sub//../inner", true, 0), A_FILE),
            (("dir/sub/..", true, 0), A_DIRECTORY),
            (("dir/..", true, 0), A_DIRECTORY),
            (("dir/../", false, 0), A_DIRECTORY),
            ((".", true, 0), A_DIRECTORY),
            (("./", false, 0), A_DIRECTORY),
            (("./.", false, 0), A_DIRECTORY),
            (("lnd/inner", false, 0), A_FILE),
            (("lnd/../file", false, 0), A_FILE),
            (("dir/up", true, 0), A_FILE),
            (("ln", true, 0), A_FILE),
            (("lnd", true, 0), A_DIRECTORY),
        ],
        opened,
    );
}

fn path_open_directory_demanded(on: Backend) {
    let demanded = oflags::DIRECTORY;
    check(
        on,
        &[
            (("dir", true, demanded), A_DIRECTORY),
            (("dir/", true, demanded), A_DIRECTORY),
            ((".", true, demanded), A_DIRECTORY),
            (("lnd", true, demanded), A_DIRECTORY),
            (("file", true, demanded), Err(Errno::Notdir)),
            (("file/", true, demanded), Err(Errno::Notdir)),
            (("ln", true, demanded), Err(Errno::Notdir)),
            (("fifo", true, demanded), if_piped(on, Err(Errno::Notdir))),
            (("missing", true, demanded), Err(Errno::Noent)),
            (("dangling", true, demanded), Err(Errno::Noent)),
            (("new", true, demanded | oflags::CREAT), Err(Errno::Inval)),
            (("dir", true, demanded | oflags::CREAT), Err(Errno::Inval)),
            (("file", true, demanded | oflags::CREAT), Err(Errno::Inval)),
            (("dir", true, demanded | oflags::EXCL), Err(Errno::Inval)),
            (("dir", true, demanded | oflags::TRUNC), Err(Errno::Inval)),
            (("file", true, 15), Err(Errno::Inval)),
        ],
        opened,
    );
}

fn path_open_creating_and_truncating(on: Backend) {
    let (creat, excl, trunc) = (oflags::CREAT, oflags::CREAT | oflags::EXCL, oflags::TRUNC);
    check(
        on,
        &[
            (("new", true, creat), A_FILE),
            (("new", true, excl), A_FILE),
            (("new", false, excl), A_FILE),
            (("dir/new", true, creat), A_FILE),
            (("lnd/new", true, creat | trunc), A_FILE),
            (("new", true, trunc), Err(Errno::Noent)),
            (("missing/new", true, creat), Err(Errno::Noent)),
            (("new/", true, creat), Err(Errno::Isdir)),
            (("file/", true, creat), Err(Errno::Isdir)),
            (("dir/", true, creat), Err(Errno::Isdir)),
            (("file", true, creat), A_FILE),
            (("dir", true, creat), Err(Errno::Isdir)),
            (("dir", true, trunc), Err(Errno::Isdir)),
            (("dir/", true, trunc), Err(Errno::Isdir)),
            ((".", true, creat), Err(Errno::Isdir)),
            ((".", true, trunc), Err(Errno::Isdir)),
            (("file", true, excl), Err(Errno::Exist)),
            (("dir", true, excl), Err(Errno::Exist)),
            (("ln", true, excl), Err(Errno::Exist)),
            (("ln", false, excl), Err(Errno::Exist)),
            (("dangling", true, excl), Err(Errno::Exist)),
            (("dangling", false, excl), Err(Errno::Exist)),
            (("loop", true, excl), Err(Errno::Exist)),
            (("out_new", true, excl), Err(Errno::Exist)),
            (("file", true, oflags::EXCL), A_FILE),
            (("missing", true, oflags::EXCL), Err(Errno::Noent)),
        ],
        opened,
    );
}

fn path_open_creating_through_a_dangling_link_makes_its_target(on: Backend) {
    let tree = tree(on);
    let mut guest = tree.guest();
    let opened = guest.path_open((3, "dangling"), oflags::CREAT, READ_WRITE);
    assert_eq!(guest.fd_write(opened.unwrap(), "made"), Ok(4));
    assert_eq!(tree.contents("nowhere"), b"made");
    assert!(tree.is_link("dangling"));
}

fn path_open_truncating_without_the_right_to_write_truncates(on: Backend) {
    for rights in [NOTHING, Rights::FD_READ, Rights::FD_WRITE] {
        let tree = tree(on);
        let mut guest = tree.guest();
        let file = guest.path_open((3, "file"), oflags::TRUNC, rights).unwrap();
        assert_eq!(tree.contents("file"), b"", "{rights:?}");
        let written = guest.fd_write(file, "x").is_ok();
        assert_eq!(written, rights == Rights::FD_WRITE, "{rights:?}");
    }
}

fn path_open_last_link_not_followed_loop(on: Backend) {
    let creat = oflags::CREAT;
    check(
        on,
        &[
            (("ln", false, 0), Err(Errno::Loop)),
            (("lnd", false, 0), Err(Errno::Loop)),
            (("dangling", false, 0), Err(Errno::Loop)),
            (("loop", false, 0), Err(Errno::Loop)),
            (("out", false, 0), Err(Errno::Loop)),
            (("absolute", false, 0), if_absolute(on, Err(Errno::Loop))),
            (("ln", false, oflags::TRUNC), Err(Errno::Loop)),
            (("ln", false, creat), Err(Errno::Loop)),
            (("dangling", false, creat), Err(Errno::Loop)),
            (("out_new", false, creat), Err(Errno::Loop)),
            // A slash demands what lies behind the link.
            (("lnd/", false, 0), A_DIRECTORY),
            (("ln/", false, 0), Err(Errno::Notdir)),
            (("dangling/", false, 0), Err(Errno::Noent)),
            (("loop/", false, 0), Err(Errno::Loop)),
            (("outdir/", false, 0), Err(Errno::Perm)),
        ],
        opened,
    );
    for path in ["ln", "lnd", "dangling", "outdir"] {
        let demanded = opened(&mut tree(on).guest(), (path, false, oflags::DIRECTORY));
        assert!(
            matches!(demanded, Err(Errno::Loop | Errno::Notdir)),
            "{path}: {demanded:?}"
        );
    }
    let tree = tree(on);
    let _ = opened(&mut tree.guest(), ("ln", false, oflags::TRUNC));
    assert_eq!(tree.contents("file"), b"contents");
}

fn path_open_last_link_followed(on: Backend) {
    check(
        on,
        &[
            (("dangling", true, 0), Err(Errno::Noent)),
            (("dangling", true, oflags::TRUNC), Err(Errno::Noent)),
            (("loop", true, 0), Err(Errno::Loop)),
            (("loop", true, oflags::CREAT), Err(Errno::Loop)),
            (("ln/", true, 0), Err(Errno::Notdir)),
            (("lnd/", true, 0), A_DIRECTORY),
            (("out", true, 0), Err(Errno::Perm)),
            (("outdir", true, 0), Err(Errno::Perm)),
            (("absolute", true, 0), if_absolute(on, Err(Errno::Perm))),
            (("winding", true, 0), Err(Errno::Perm)),
            (("out_new", true, oflags::CREAT), Err(Errno::Perm)),
        ],
        opened,
    );
}

fn path_open_chain_of_links_40_and_no_more(on: Backend) {
    let mut tree = Tree::on(on).file("link0", "reached");
    for n in 1..=41 {
        tree = tree.link(format!("link{}", n - 1), format!("link{n}"));
    }
    let mut guest = tree.guest();
    // cap-std's own walk gives up one link earlier.
    let longest = match on == Backend::Host && !openat2::is_known() {
        false => "link40",
        true => "link39",
    };
    assert_eq!(guest.path_filestat_get((3, longest), true).unwrap().size, 7);
    assert!(guest.path_open((3, longest), 0, NOTHING).is_ok());
    assert_eq!(
        guest.path_filestat_get((3, "link41"), true),
        Err(Errno::Loop)
    );
    assert_eq!(guest.path_open((3, "link41"), 0, NOTHING), Err(Errno::Loop));
}

fn path_open_longest_name_and_path_ok(on: Backend) {
    let name = "n".repeat(255);
    let path = format!("{}{name}", "./".repeat(1920));
    assert_eq!(path.len(), 4095);
    let mut guest = tree(on).guest();
    assert!(guest.path_open((3, &name), oflags::CREAT, NOTHING).is_ok());
    assert!(guest.path_open((3, &path), 0, NOTHING).is_ok());
}

fn path_open_fdflags_kept_or_notsup(on: Backend) {
    let mut guest = tree(on).guest();
    let mut open = |path: &str, flags| {
        let place = (3, path.as_bytes());
        let fd = guest.path_open_with(place, true, 0, Rights::FD_READ, flags)?;
        Ok(guest.fd_fdstat_get(fd).unwrap().flags)
    };
    for flags in [0, fdflags::APPEND, fdflags::NONBLOCK] {
        assert_eq!(open("file", flags), Ok(flags));
        assert_eq!(open(".", flags), Ok(0));
    }
    for flags in [
        fdflags::DSYNC,
        fdflags::RSYNC,
        fdflags::SYNC,
        fdflags::SYNC | 1,
    ] {
        assert_eq!(open("file", flags), Err(Errno::Notsup));
    }
}

fn path_open_socket_file_nxio(on: Backend) {
    let tree = tree(on);
    let _listener = std::os::unix::net::UnixListener::bind(tree.path("socket")).unwrap();
    let mut guest = tree.guest();
    let opened = guest.path_open((3, "socket"), 0, Rights::FD_READ);
    assert_eq!(opened, if_piped(on, Err(Errno::Nxio)));
    let stat = guest.path_filestat_get((3, "socket"), true);
    let told = stat.map(|stat| stat.filetype);
    assert_eq!(told, if_piped(on, Ok(filetype::SOCKET_STREAM)));
}
