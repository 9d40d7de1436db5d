//! Descriptors themselves: closing, flags, preopens, moving one to another number.

use crate::host::{Backend, Guest, Tree, fdflags, filetype, oflags, on_every_backend, whence};
use crate::{CLOSED, DIR, FILE, READ_WRITE, assert_fault, contents, guest, open, size};
use turnkey_wasi_common::{Access, Errno, Limits, Rights};

on_every_backend![
    fd_close_lowest_number_is_next,
    fd_close_preopen_what_was_opened_through_it_stays,
    fd_fdstat_get_file_flags_as_opened,
    fd_fdstat_set_flags_append_off_overwrites_in_place,
    fd_fdstat_set_flags_that_cannot_be_set_inval,
    fd_prestat_get_and_dir_name_each_preopen_and_nothing_else,
    fd_renumber_moves_the_descriptor_and_closes_what_was_there,
    fd_renumber_over_a_preopen_it_is_none_any_more,
    path_open_table_full_mfile_and_nothing_created,
];

fn fd_close_lowest_number_is_next(on: Backend) {
    let mut guest = guest(on);
    for fd in [DIR, FILE] {
        assert_eq!(guest.fd_close(fd), Ok(()));
        assert_eq!(guest.fd_close(fd), Err(Errno::Badf));
    }
    let opened = [(); 3].map(|()| open(&mut guest, 0, 0));
    assert_eq!(opened, [4, 5, 6]);
    assert_eq!(guest.fd_close(0), Ok(()));
    assert_eq!(open(&mut guest, 0, 0), 0);
    assert_eq!(guest.fd_read(0, 3).unwrap(), b"con");
}

fn fd_close_preopen_what_was_opened_through_it_stays(on: Backend) {
    let mut guest = guest(on);
    let again = guest.path_open((3, "."), 0, Rights::empty()).unwrap();
    assert_eq!(guest.fd_close(3), Ok(()));
    assert_eq!(guest.fd_prestat_get(3), Err(Errno::Badf));
    assert_eq!(
        guest.path_open((3, "file"), 0, READ_WRITE),
        Err(Errno::Badf)
    );
    assert_eq!(
        guest
            .path_filestat_get((again, "file"), false)
            .unwrap()
            .size,
        8
    );
    assert_eq!(guest.fd_read(FILE, 3).unwrap(), b"con");
}

fn fd_fdstat_get_file_flags_as_opened(on: Backend) {
    let mut guest = guest(on);
    for flags in [
        0,
        fdflags::APPEND,
        fdflags::NONBLOCK,
        fdflags::APPEND | fdflags::NONBLOCK,
    ] {
        let file = open(&mut guest, 0, flags);
        let stat = guest.fd_fdstat_get(file).unwrap();
        assert_eq!((stat.filetype, stat.flags), (filetype::REGULAR_FILE, flags));
    }
}

fn fd_fdstat_set_flags_append_off_overwrites_in_place(on: Backend) {
    let mut guest = guest(on);
    assert_eq!(guest.fd_fdstat_set_flags(FILE, fdflags::APPEND), Ok(()));
    assert_eq!(guest.fd_write(FILE, "!"), Ok(1));
    assert_eq!(guest.fd_fdstat_set_flags(FILE, 0), Ok(()));
    assert_eq!(guest.fd_fdstat_get(FILE).unwrap().flags, 0);
    assert_eq!(guest.fd_seek(FILE, 0, whence::SET), Ok(0));
    assert_eq!(guest.fd_write(FILE, "C"), Ok(1));
    assert_eq!(contents(&mut guest), b"Contents!");
}

fn fd_fdstat_set_flags_that_cannot_be_set_inval(on: Backend) {
    let mut guest = guest(on);
    for flags in [fdflags::DSYNC, fdflags::RSYNC, fdflags::SYNC, 31] {
        let set = guest.fd_fdstat_set_flags(FILE, flags);
        assert_eq!(set, Err(Errno::Inval), "{flags}");
    }
    assert_eq!(guest.fd_fdstat_get(FILE).unwrap().flags, 0);
    assert_fault(guest.invoke("fd_fdstat_set_flags", &[4, 32]));
}

fn fd_prestat_get_and_dir_name_each_preopen_and_nothing_else(on: Backend) {
    let tree = Tree::on(on).dir("dir");
    let names = ["/", ".", "", "/grüße", "a//b"];
    let mut builder = turnkey_cap_backends::builder();
    for name in names {
        builder = builder.preopen(name, tree.root(), Access::ReadWrite);
    }
    let mut guest = Guest::new(builder.build().unwrap());
    for (fd, name) in (3..).zip(names) {
        let length = u32::try_from(name.len()).unwrap();
        assert_eq!(guest.fd_prestat_get(fd), Ok(length), "{name:?}");
        assert_eq!(
            guest.fd_prestat_dir_name(fd, name.len()).unwrap(),
            name.as_bytes()
        );
        let mut longer = name.as_bytes().to_vec();
        longer.extend(b"..");
        assert_eq!(guest.fd_prestat_dir_name(fd, longer.len()).unwrap(), longer);
        if let Some(shorter) = name.len().checked_sub(1) {
            let short = guest.fd_prestat_dir_name(fd, shorter);
            assert_eq!(short, Err(Errno::Nametoolong), "{name:?}");
        }
    }
    for fd in [0, 1, 2, 8] {
        assert_eq!(guest.fd_prestat_get(fd), Err(Errno::Badf), "{fd}");
    }
}

fn fd_renumber_moves_the_descriptor_and_closes_what_was_there(on: Backend) {
    let mut guest = guest(on);
    guest.fd_seek(FILE, 3, whence::SET).unwrap();
    guest.fd_fdstat_set_flags(FILE, fdflags::NONBLOCK).unwrap();
    let stat = guest.fd_fdstat_get(FILE);
    assert_eq!(guest.fd_renumber(FILE, DIR), Ok(()));
    assert_eq!(guest.fd_fdstat_get(DIR), stat);
    assert_eq!(guest.fd_read(DIR, 9).unwrap(), b"tents");
    assert_eq!(guest.fd_tell(FILE), Err(Errno::Badf));

    assert_eq!(guest.fd_renumber(DIR, DIR), Ok(()));
    assert_eq!(guest.fd_tell(DIR), Ok(8));
    for (from, to) in [(FILE, DIR), (DIR, FILE), (CLOSED, CLOSED), (DIR, CLOSED)] {
        assert_eq!(
            guest.fd_renumber(from, to),
            Err(Errno::Badf),
            "{from} to {to}"
        );
    }
    assert_eq!(guest.fd_tell(DIR), Ok(8));
    assert_eq!(open(&mut guest, 0, 0), FILE);
}

fn fd_renumber_over_a_preopen_it_is_none_any_more(on: Backend) {
    let mut guest = guest(on);
    assert_eq!(guest.fd_renumber(FILE, 3), Ok(()));
    assert_eq!(guest.fd_prestat_get(3), Err(Errno::Badf));
    assert_eq!(guest.fd_read(3, 3).unwrap(), b"con");

    let mut guest = self::guest(on);
    assert_eq!(guest.fd_renumber(3, 1), Ok(()));
    assert_eq!(guest.fd_prestat_get(1), Ok(1));
    assert_eq!(guest.path_filestat_get((1, "file"), false).unwrap().size, 8);
    assert_eq!(guest.fd_prestat_get(3), Err(Errno::Badf));
}

fn path_open_table_full_mfile_and_nothing_created(on: Backend) {
    let tree = Tree::on(on).file("file", "contents");
    let limits = Limits {
        files: 5,
        ..Limits::default()
    };
    let builder = tree.builder(Access::ReadWrite).limits(limits);
    let mut guest = Guest::new(builder.build().unwrap());
    assert_eq!(guest.path_open((3, "file"), 0, READ_WRITE), Ok(4));
    for oflags in [oflags::CREAT, oflags::CREAT | oflags::EXCL] {
        assert_eq!(
            guest.path_open((3, "new"), oflags, READ_WRITE),
            Err(Errno::Mfile)
        );
    }
    let truncated = guest.path_open((3, "file"), oflags::TRUNC, READ_WRITE);
    assert_eq!(truncated, Err(Errno::Mfile));
    assert!(!tree.exists("new"));
    assert_eq!(size(&mut guest, 4), 8);
    assert_eq!(guest.fd_close(0), Ok(()));
    assert_eq!(
        guest.path_open((3, "new"), oflags::CREAT, READ_WRITE),
        Ok(0)
    );
}
