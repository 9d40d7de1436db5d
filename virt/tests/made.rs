//! Files and directories that an embedder makes of paths and closures.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{READ, WRITE, errno, explore, file, list, open, path, read, read_at, stat, tar, tree};
use std::io::{IoSlice, IoSliceMut};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use turnkey_virt::fs::{
    Archive, Computed, Contents, Found, Generated, Listed, Names, Sink, Unopened,
};
use turnkey_wasi_common::{
    Appended, Dir, Errno, Error, File, FileType, Follow, Interest, Object, OpenOptions, Pollable,
    Result, SetTime, Stat, Times,
};

/// A file of the host's, as far as a test needs one.
struct Host {
    bytes: Mutex<Vec<u8>>,
    inode: u64,
}

impl Host {
    fn new(inode: u64) -> Arc<Self> {
        let bytes = Mutex::new(b"mode = safe".to_vec());
        Arc::new(Self { bytes, inode })
    }
}

impl File for Host {
    fn stat(&self) -> Result<Stat> {
        Ok(Stat {
            device: self.inode.min(1),
            inode: self.inode,
            file_type: FileType::RegularFile,
            links: 1,
            size: self.bytes.lock().unwrap().len() as u64,
            ..Stat::default()
        })
    }

    fn read_at(&self, buffers: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize> {
        Contents::new(&*self.bytes.lock().unwrap()).read_at(buffers, offset)
    }

    fn write_at(&self, buffers: &[IoSlice<'_>], offset: u64) -> Result<usize> {
        let offset = usize::try_from(offset).unwrap();
        let mut bytes = self.bytes.lock().unwrap();
        bytes.truncate(offset);
        bytes.extend(buffers.iter().flat_map(|buffer| buffer.iter()));
        Ok(bytes.len() - offset)
    }

    fn append(&self, buffers: &[IoSlice<'_>]) -> Result<Appended> {
        let end = self.stat()?.size;
        let written = self.write_at(buffers, end)?;
        Ok(Appended {
            written,
            end: end + written as u64,
        })
    }

    fn set_size(&self, size: u64) -> Result<()> {
        let size = usize::try_from(size).unwrap();
        self.bytes.lock().unwrap().resize(size, 0);
        Ok(())
    }

    fn set_times(&self, _times: &Times) -> Result<()> {
        Ok(())
    }
}

fn contents(text: &str) -> Found {
    Found::file(Contents::from(text))
}

#[test]
fn at_each_path_its_answer() {
    let archive = Archive::open(tar(&[file("a", "a")])).unwrap();
    let base = || {
        Listed::new()
            .at("/etc/app.conf", contents("app"))?
            .at("archive", Found::dir(archive.clone()))?
            .at("link", Found::link("etc"))
    };
    let long = "n".repeat(256);
    let cases = [
        ("data/in.csv", None),
        ("//data/./in.csv", None),
        ("etc/other.conf", None),
        ("etc/app.conf", Some(Errno::Exist)),
        ("etc", Some(Errno::Exist)),
        ("/", Some(Errno::Noent)),
        ("", Some(Errno::Noent)),
        (".", Some(Errno::Exist)),
        ("etc/..", Some(Errno::Perm)),
        ("../data", Some(Errno::Perm)),
        ("etc/app.conf/more", Some(Errno::Notdir)),
        ("link/more", Some(Errno::Notdir)),
        ("slash/", Some(Errno::Notdir)),
        ("archive/more", Some(Errno::Xdev)),
        ("a\0b", Some(Errno::Inval)),
        (&long, Some(Errno::Nametoolong)),
    ];
    for (text, expected) in cases {
        let result = base().unwrap().at(text, contents("new"));
        assert_eq!(errno(result), expected, "{text:?}");
    }
    let dirs = base().unwrap().at("slash/", Found::dir(Listed::new()));
    let told = dirs.unwrap().at("etc", contents("new")).unwrap_err();
    assert!(told.to_string().contains("\"etc\""), "{told}");
}

#[test]
fn at_several_files_one_tree() {
    let root = Listed::new()
        .at("/etc/app/app.conf", contents("app"))
        .and_then(|root| root.at("/etc/motd", contents("welcome")))
        .and_then(|root| root.at("/data/in.csv", contents("1,2")))
        .unwrap();
    // A directory that somebody else holds stays as it was.
    let later = root.clone().at("/etc/later", contents("later")).unwrap();
    let (tree, later) = (tree(root), tree(later));
    assert_eq!(explore(&tree), 6);
    assert_eq!(explore(&later), 7);
    assert_eq!(read(&tree, "etc/app/../motd").unwrap(), b"welcome");
    assert_eq!(errno(read(&tree, "etc/later")), Some(Errno::Noent));
    let Object::Dir(etc) = tree.open(path("etc"), &READ).unwrap() else {
        panic!();
    };
    assert_eq!(read(&*etc, "motd").unwrap(), b"welcome");
    assert_eq!(errno(read(&*etc, "../data/in.csv")), Some(Errno::Perm));
    let rofs = [
        errno(tree.unlink(path("etc/motd"))),
        errno(tree.rename(path("etc/motd"), &tree, path("motd"))),
        errno(tree.link(path("etc/motd"), &tree, path("motd"))),
        errno(tree.create_dir(path("etc/new"))),
        errno(tree.remove_dir(path("data"))),
    ];
    assert_eq!(rofs, [Some(Errno::Rofs); 5]);
}

#[test]
fn mapped_file_writes_reach_it() {
    let truncate = OpenOptions {
        truncate: true,
        ..WRITE
    };
    // One that has a number and one that has none.
    for inode in [0, 12345] {
        let host = Host::new(inode);
        let root = Listed::new().at("/etc/app.conf", Found::File(host.clone()));
        let tree = tree(root.unwrap());
        let opened = open(&tree, "etc/app.conf", &WRITE).unwrap();
        opened.append(&[IoSlice::new(b", fast")]).unwrap();
        assert_eq!(*host.bytes.lock().unwrap(), b"mode = safe, fast");
        assert_eq!(opened.stat(), stat(&tree, "etc/app.conf"));
        assert_eq!(explore(&tree), 2);
        drop(open(&tree, "etc/app.conf", &truncate).unwrap());
        assert_eq!(*host.bytes.lock().unwrap(), b"");
    }
}

#[test]
fn only_read_file_nothing_changes() {
    let truncate = OpenOptions {
        truncate: true,
        ..READ
    };
    let times = Times {
        accessed: SetTime::Now,
        modified: SetTime::Now,
    };
    for inode in [0, 12345] {
        let host = Host::new(inode);
        let root = Listed::new().at("/etc/app.conf", Found::only_read(host.clone()));
        let tree = tree(root.unwrap());
        let opened = open(&tree, "etc/app.conf", &READ).unwrap();
        let answers = [
            errno(open(&tree, "etc/app.conf", &WRITE)),
            errno(open(&tree, "etc/app.conf", &truncate)),
            errno(tree.set_times_at(path("etc/app.conf"), Follow::No, &times)),
            errno(opened.set_times(&times)),
        ];
        assert_eq!(answers, [Some(Errno::Rofs); 4]);
        assert!(opened.write_at(&[IoSlice::new(b"x")], 0).is_err());
        assert!(opened.append(&[IoSlice::new(b"x")]).is_err());
        assert!(opened.set_size(0).is_err());
        assert_eq!(read(&tree, "etc/app.conf").unwrap(), b"mode = safe");
        assert_eq!(opened.stat(), stat(&tree, "etc/app.conf"));
        assert_eq!(explore(&tree), 2);
    }
}

#[test]
fn generated_each_opening_one_snapshot() {
    let opened = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&opened);
    let counter = Generated::new(move || {
        let before = count.fetch_add(1, Ordering::Relaxed);
        Ok(format!("{before}").repeat(1000))
    });
    let tree = tree(Listed::new().entry("counter", Found::unopened(counter)));
    let told = stat(&tree, "counter").unwrap();
    assert_eq!((told.file_type, told.size), (FileType::RegularFile, 0));
    list(&tree, 1);
    assert_eq!(opened.load(Ordering::Relaxed), 0, "to look makes nothing");

    let first = open(&tree, "counter", &READ).unwrap();
    let second = open(&tree, "counter", &READ).unwrap();
    assert_eq!(read_at(&*second, 0, 3).unwrap(), b"111");
    assert_eq!(read_at(&*first, 998, 3).unwrap(), b"00");
    let stat = first.stat().unwrap();
    assert_eq!(
        (stat.size, stat.inode, stat.device),
        (1000, told.inode, told.device)
    );
    assert_eq!(errno(open(&tree, "counter", &WRITE)), Some(Errno::Rofs));
    assert_eq!(opened.load(Ordering::Relaxed), 2);
}

#[test]
fn generated_error_is_what_opening_answers() {
    let denied = || Err::<Vec<u8>, _>(Error::from(Errno::Acces).context("not today"));
    let error = Generated::new(denied).open(true, false, false).unwrap_err();
    assert_eq!(
        (error.errno(), error.told()),
        (Errno::Acces, Some("not today"))
    );
}

#[test]
fn computed_whatever_the_closures_say() {
    let find = |name: &str| match name.strip_prefix("square-of-") {
        Some(number) => {
            let number: u64 = number.parse().map_err(|_| Errno::Noent)?;
            let square = number.checked_mul(number).ok_or(Errno::Overflow)?;
            Ok(contents(&square.to_string()))
        }
        None if name == "again" => Ok(Found::link("square-of-3")),
        None => Err(Errno::Noent.into()),
    };
    let tell = |names: &mut Names| {
        names.push("again", FileType::SymbolicLink);
        names.push("square-of-3", FileType::RegularFile);
        Ok(())
    };
    let tree = tree(Listed::new().entry("numbers", Found::dir(Computed::new(find, tell))));
    let cases = [
        ("numbers/square-of-12", Ok("144")),
        ("numbers/again", Ok("9")),
        ("numbers/../numbers/./again", Ok("9")),
        ("numbers/square-of-x", Err(Errno::Noent)),
        ("numbers/square-of-4294967296", Err(Errno::Overflow)),
        ("numbers/square-of-1/", Err(Errno::Notdir)),
        ("numbers/other", Err(Errno::Noent)),
    ];
    for (name, expected) in cases {
        let answer = read(&tree, name).map_err(|error| error.errno());
        let expected = expected.map(|text| text.as_bytes().to_vec());
        assert_eq!(answer, expected, "{name}");
    }
    assert_eq!(explore(&tree), 3);
    let broken = Computed::new(
        |_: &str| Err(Errno::Noent.into()),
        |_: &mut Names| Err(Errno::Io.into()),
    );
    assert_eq!(errno(common::tree(broken).listing()), Some(Errno::Io));
}

#[test]
fn sink_takes_what_is_written_in_order() {
    let taken = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&taken);
    let sink = Sink::new(move |bytes: &[u8]| {
        kept.lock().unwrap().push(bytes.to_vec());
        Ok(())
    });
    let tree = tree(Listed::new().entry("log", Found::stream(sink)));
    let create = OpenOptions {
        create: true,
        truncate: true,
        ..WRITE
    };
    let Object::Stream(log) = tree.open(path("log"), &create).unwrap() else {
        panic!();
    };
    let slices = |texts: [&'static str; 3]| texts.map(|text| IoSlice::new(text.as_bytes()));
    assert_eq!(log.write(&slices(["", "one", ""])), Ok(3));
    assert_eq!(log.write(&slices(["two", "", "three"])), Ok(8));
    assert_eq!(log.write(&slices(["", "", ""])), Ok(0));
    assert_eq!(
        *taken.lock().unwrap(),
        [b"one".to_vec(), b"twothree".to_vec()]
    );

    let large = vec![b'x'; 100_000];
    assert_eq!(log.write(&[IoSlice::new(&large)]), Ok(100_000));
    let parts = [IoSlice::new(&large), IoSlice::new(&large)];
    assert_eq!(log.write(&parts), Ok(64 * 1024));

    assert_eq!(errno(log.read(&mut [])), Some(Errno::Notsup));
    assert_eq!(errno(log.readiness(Interest::Read)), Some(Errno::Badf));
    assert!(log.readiness(Interest::Write).unwrap().is_some());
    assert_eq!(stat(&tree, "log").unwrap().size, 0);
    assert_eq!(explore_types(&tree), [FileType::Unknown]);
}

fn explore_types(dir: &dyn Dir) -> Vec<FileType> {
    let beneath = list(dir, 1).split_off(2);
    beneath
        .into_iter()
        .map(|(_, file_type, _)| file_type)
        .collect()
}

#[test]
fn sink_error_is_what_writing_answers() {
    let full = Sink::new(|_: &[u8]| Err(Errno::Nospc.into()));
    let write = turnkey_wasi_common::Stream::write(&full, &[IoSlice::new(b"x")]);
    assert_eq!(errno(write), Some(Errno::Nospc));
    assert!(full.readiness(Interest::Write).is_ok());
}
