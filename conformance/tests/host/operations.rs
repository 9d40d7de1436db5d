//! What can be done with a path.

use super::{Guest, fstflags, oflags};
use turnkey_wasi_common::{Errno, Rights};

/// What is done, and how.
pub type PathOperation = (&'static str, fn(&mut Guest, &str) -> Result<(), Errno>);

/// Every path operation, with a path in each place that can have one. What opens asks for nothing.
pub const PATH_OPERATIONS: &[PathOperation] = &[
    ("path_create_directory", |g, path| {
        g.path_create_directory((3, path))
    }),
    ("path_filestat_get", |g, path| {
        g.path_filestat_get((3, path), false).map(drop)
    }),
    ("path_filestat_get following", |g, path| {
        g.path_filestat_get((3, path), true).map(drop)
    }),
    ("path_filestat_set_times", |g, path| {
        g.path_filestat_set_times((3, path), false, (1, 2), fstflags::MTIM)
    }),
    ("path_filestat_set_times following", |g, path| {
        g.path_filestat_set_times((3, path), true, (1, 2), fstflags::MTIM)
    }),
    ("path_filestat_set_times of nothing", |g, path| {
        g.path_filestat_set_times((3, path), true, (1, 2), 0)
    }),
    ("path_link from", |g, path| {
        g.path_link((3, path), (3, "target"), false)
    }),
    ("path_link to", |g, path| {
        g.path_link((3, "file"), (3, path), false)
    }),
    ("path_open", |g, path| open(g, path, false, 0)),
    ("path_open following", |g, path| open(g, path, true, 0)),
    ("path_open of a directory", |g, path| {
        open(g, path, true, oflags::DIRECTORY)
    }),
    ("path_open creating", |g, path| {
        open(g, path, true, oflags::CREAT)
    }),
    ("path_open truncating", |g, path| {
        open(g, path, true, oflags::TRUNC)
    }),
    ("path_open to write", |g, path| {
        g.path_open((3, path), 0, Rights::FD_READ | Rights::FD_WRITE)
            .map(drop)
    }),
    ("path_readlink", |g, path| {
        g.path_readlink((3, path), 100).map(drop)
    }),
    ("path_remove_directory", |g, path| {
        g.path_remove_directory((3, path))
    }),
    ("path_rename from", |g, path| {
        g.path_rename((3, path), (3, "target"))
    }),
    ("path_rename to", |g, path| {
        g.path_rename((3, "file"), (3, path))
    }),
    ("path_symlink", |g, path| g.path_symlink("file", (3, path))),
    ("path_unlink_file", |g, path| g.path_unlink_file((3, path))),
];

fn open(guest: &mut Guest, path: &str, follow: bool, oflags: u16) -> Result<(), Errno> {
    let place = (3, path.as_bytes());
    guest
        .path_open_with(place, follow, oflags, Rights::empty(), 0)
        .map(drop)
}
