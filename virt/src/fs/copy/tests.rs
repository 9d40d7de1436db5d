//! Trees that are copied, and what is said when that fails.

use super::*;
use crate::fs::{Contents, Found, Listed, MemoryFs, Names, Node, Space, Tree};
use std::sync::Arc;
use turnkey_wasi_common::{Null, Stream};

fn path(text: &str) -> GuestPath<'_> {
    GuestPath::new(text).unwrap()
}

#[test]
fn copy_each_kind_copied_or_counted() {
    let sub = Listed::new()
        .entry("file", Found::file(Contents::from("contents")))
        .entry("up", Found::link("../a"));
    let null: Arc<dyn Stream> = Arc::new(Null);
    let root = Listed::new()
        .entry("a", Found::file(Contents::from("")))
        .entry("dangling", Found::link("nowhere"))
        .entry("absolute", Found::link("/etc/passwd"))
        .entry("null", Found::Stream(null))
        .entry("sub", Found::dir(sub))
        .entry("empty", Found::dir(Listed::new()));
    let fs = MemoryFs::new().dir("empty").unwrap();
    let copied = copy(&Tree::new(Arc::new(root)), &*fs.root()).unwrap();
    let mut left_out = copied.left_out.clone();
    left_out.sort();
    assert_eq!(left_out, ["absolute", "null"]);
    let expected = Copied {
        files: 2,
        dirs: 2,
        links: 2,
        bytes: 8,
        refused_links: 1,
        others: 1,
        unnamed: 0,
        left_out: copied.left_out.clone(),
    };
    assert_eq!(copied, expected);
    assert_eq!(fs.read("sub/file").unwrap(), b"contents");
    assert_eq!(fs.root().read_link(path("sub/up")).unwrap(), "../a");
    assert_eq!(fs.root().read_link(path("dangling")).unwrap(), "nowhere");
    let missing = fs.root().stat_at(path("null"), Follow::No).unwrap_err();
    assert_eq!(missing.errno(), Errno::Noent);
}

#[test]
fn copy_times_and_holes_kept() {
    let from = MemoryFs::new().file("dir/file", b"start").unwrap();
    let from = from.link("file", "dir/link").unwrap();
    let how = OpenOptions {
        write: true,
        ..READ
    };
    let file = open(&*from.root(), path("dir/file"), &how).unwrap();
    write_all(&*file, b"middle", 3 << 20).unwrap();
    file.set_size(16 << 20).unwrap();
    for (n, at) in (10..).zip(["dir/file", "dir/link", "dir"]) {
        let times = Times {
            accessed: SetTime::At(n),
            modified: SetTime::At(100 + n),
        };
        let root = from.root();
        root.set_times_at(path(at), Follow::No, &times).unwrap();
    }
    let to = MemoryFs::new();
    assert_eq!(copy(&*from.root(), &*to.root()).unwrap().bytes, 16 << 20);
    assert!(to.space().bytes() < 3 * PIECE as u64);
    assert!(to.read("dir/file").unwrap() == from.read("dir/file").unwrap());
    for at in ["dir/file", "dir/link", "dir"] {
        let of = |fs: &MemoryFs| {
            let stat = fs.root().stat_at(path(at), Follow::No).unwrap();
            (stat.accessed, stat.modified, stat.size)
        };
        assert_eq!(of(&from), of(&to), "{at}");
    }
}

#[test]
fn copy_many_names_in_one_directory_each_once() {
    let mut from = MemoryFs::new();
    for n in 0..3 * NAMES {
        let of = |dir: &str| format!("{dir}{n}/file");
        from = from.file(&of("wide"), n.to_string().as_bytes()).unwrap();
    }
    let to = MemoryFs::new();
    let copied = copy(&*from.root(), &*to.root()).unwrap();
    assert_eq!(
        (copied.files, copied.dirs),
        (3 * NAMES as u64, 3 * NAMES as u64)
    );
    assert_eq!(to.read("wide700/file").unwrap(), b"700");
    // A second time everything is in the way.
    let again = copy(&*from.root(), &*to.root()).unwrap_err();
    assert_eq!(again.errno(), Errno::Exist);
    assert!(again.told().unwrap().ends_with("/file"), "{again}");
}

#[test]
fn copy_deepest_path_that_can_be_said() {
    let deepest = format!("{}/", "d".repeat(204)).repeat(19);
    let from = MemoryFs::new().dir(&deepest).unwrap();
    let to = MemoryFs::new();
    assert_eq!(copy(&*from.root(), &*to.root()).unwrap().dirs, 19);
    let Object::Dir(end) = from.root().open(path(&deepest), &READ_DIR).unwrap() else {
        panic!("it is a directory")
    };
    for (length, fits) in [(200, true), (201, false)] {
        let name = "n".repeat(length);
        end.create_dir(path(&name)).unwrap();
        let copied = copy(&*from.root(), &*MemoryFs::new().root());
        let errno = copied.map(drop).map_err(|error| error.errno());
        assert_eq!(
            errno,
            if fits {
                Ok(())
            } else {
                Err(Errno::Nametoolong)
            }
        );
    }
}

#[test]
fn copy_fails_the_path_is_told() {
    struct Failing;

    impl Node for Failing {
        fn lookup(&self, _name: &str) -> Result<Found> {
            Err(Error::from(Errno::Io).context("the disk is gone"))
        }

        fn list(&self, names: &mut Names) -> Result<()> {
            names.push("name", FileType::RegularFile);
            Ok(())
        }
    }

    let root = Listed::new().entry("dir", Found::dir(Failing));
    let failed = copy(&Tree::new(Arc::new(root)), &*MemoryFs::new().root()).unwrap_err();
    assert_eq!(failed.errno(), Errno::Io);
    assert_eq!(failed.told(), Some("dir/name: the disk is gone"));

    let large = MemoryFs::new().file("dir/large", &[1; 1000]).unwrap();
    let small = MemoryFs::builder().space(Space::new(999, 9)).build();
    let failed = copy(&*large.root(), &*small.root()).unwrap_err();
    assert_eq!(
        (failed.errno(), failed.told()),
        (Errno::Nospc, Some("dir/large"))
    );
}
