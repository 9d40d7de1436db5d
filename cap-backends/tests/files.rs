//! Files: reading, writing, growing, and what a descriptor was not opened for.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test relies on besides what it tests may fail loudly"
)]

mod tree;

use std::fs;
use std::io::{IoSlice, IoSliceMut};
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use tree::{Tree, errno, path};
use turnkey_cap_backends::HostFile;
use turnkey_wasi_common::{
    Advice, Appended, Dir, Durability, Errno, File, Object, OpenOptions, SetTime, Times,
};

fn empty() -> (HostFile, fs::File) {
    let file = tempfile::tempfile().unwrap();
    (HostFile::new(file.try_clone().unwrap()), file)
}

fn contents(file: &fs::File) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(file.metadata().unwrap().len()).unwrap()];
    file.read_exact_at(&mut bytes, 0).unwrap();
    bytes
}

#[test]
fn read_at_and_write_at_buffers_in_order() {
    let (file, host) = empty();
    let buffers = [IoSlice::new(b"ab"), IoSlice::new(b""), IoSlice::new(b"cde")];
    assert_eq!(file.write_at(&buffers, 3), Ok(5));
    assert_eq!(contents(&host), b"\0\0\0abcde");
    let (mut one, mut two) = ([0; 1], [0; 9]);
    let mut buffers = [IoSliceMut::new(&mut one), IoSliceMut::new(&mut two)];
    assert_eq!(file.read_at(&mut buffers, 4), Ok(4));
    assert_eq!((&one, &two[..3]), (b"b", &b"cde"[..]));
    assert_eq!(file.read_at(&mut [IoSliceMut::new(&mut one)], 8), Ok(0));
    assert_eq!(
        file.read_at(&mut [IoSliceMut::new(&mut one)], 1 << 40),
        Ok(0)
    );
    assert_eq!(file.read_at(&mut [], 0), Ok(0));
    assert_eq!(file.write_at(&[], 100), Ok(0));
    assert_eq!(file.write_at(&[IoSlice::new(b"")], 100), Ok(0));
    assert_eq!(contents(&host).len(), 8);
}

#[test]
fn read_at_and_write_at_more_buffers_than_the_host_takes_short() {
    let (file, _) = empty();
    let buffers = vec![IoSlice::new(b"x"); 3000];
    assert_eq!(file.write_at(&buffers, 0), Ok(1024));
    let mut bytes = vec![[0; 1]; 3000];
    let mut buffers: Vec<_> = bytes.iter_mut().map(|byte| IoSliceMut::new(byte)).collect();
    assert_eq!(file.read_at(&mut buffers, 0), Ok(1024));
    assert_eq!(
        file.append(&vec![IoSlice::new(b"y"); 3000])
            .unwrap()
            .written,
        1024
    );
}

#[test]
fn append_wherever_others_write_at_the_end() {
    let (file, host) = empty();
    let hello = file.append(&[IoSlice::new(b"hel"), IoSlice::new(b"lo")]);
    assert_eq!(hello, Ok(Appended { written: 5, end: 5 }));
    host.write_all_at(b"!!", 5).unwrap();
    let more = file.append(&[IoSlice::new(b"more")]);
    assert_eq!(
        more,
        Ok(Appended {
            written: 4,
            end: 11
        })
    );
    file.write_at(&[IoSlice::new(b"H")], 0).unwrap();
    assert_eq!(file.append(&[IoSlice::new(b".")]).unwrap().end, 12);
    assert_eq!(contents(&host), b"Hello!!more.");
}

#[test]
fn append_from_threads_each_knows_its_own_end() {
    let (file, host) = empty();
    let file = Arc::new(file);
    let threads: Vec<_> = (0..4_u8)
        .map(|thread| {
            let file = Arc::clone(&file);
            std::thread::spawn(move || {
                let bytes = [thread; 7];
                (0..200)
                    .map(|_| (thread, file.append(&[IoSlice::new(&bytes)]).unwrap().end))
                    .collect::<Vec<_>>()
            })
        })
        .collect();
    let ends: Vec<_> = threads
        .into_iter()
        .flat_map(|thread| thread.join().unwrap())
        .collect();
    let contents = contents(&host);
    assert_eq!(contents.len(), 4 * 200 * 7);
    for (thread, end) in ends {
        let end = usize::try_from(end).unwrap();
        assert_eq!(contents[end - 7..end], [thread; 7]);
    }
}

#[test]
fn set_size_grows_with_zeros_and_shrinks() {
    let (file, host) = empty();
    file.write_at(&[IoSlice::new(b"abc")], 0).unwrap();
    file.set_size(5).unwrap();
    assert_eq!(contents(&host), b"abc\0\0");
    file.set_size(1).unwrap();
    assert_eq!(contents(&host), b"a");
    assert_eq!(errno(file.set_size(1 << 63)), Errno::Fbig);
    assert_eq!(errno(file.set_size(u64::MAX)), Errno::Fbig);
}

#[test]
fn allocate_only_grows() {
    let (file, host) = empty();
    file.write_at(&[IoSlice::new(b"abcdef")], 0).unwrap();
    let Ok(()) = file.allocate(0, 3) else {
        assert_eq!(errno(file.allocate(0, 3)), Errno::Notsup);
        return;
    };
    assert_eq!(contents(&host), b"abcdef");
    file.allocate(4, 4).unwrap();
    assert_eq!(contents(&host), b"abcdef\0\0");
    assert_eq!(errno(file.allocate(0, 0)), Errno::Inval);
    assert_eq!(errno(file.allocate(i64::MAX as u64, 1)), Errno::Fbig);
}

#[test]
fn advise_and_sync_change_nothing() {
    let (file, host) = empty();
    file.write_at(&[IoSlice::new(b"abc")], 0).unwrap();
    for advice in [
        Advice::Normal,
        Advice::Sequential,
        Advice::Random,
        Advice::WillNeed,
        Advice::DontNeed,
        Advice::NoReuse,
    ] {
        assert_eq!(file.advise(1, 0, advice), Ok(()));
        assert_eq!(file.advise(u64::MAX, 0, advice), Ok(()));
    }
    assert_eq!(file.sync(Durability::Data), Ok(()));
    assert_eq!(file.sync(Durability::All), Ok(()));
    assert_eq!(contents(&host), b"abc");
}

#[test]
fn set_times_through_a_descriptor_for_reading_exact() {
    let tree = Tree::new();
    let Object::File(file) = tree.dir.open(path("file"), &OpenOptions::READ).unwrap() else {
        panic!("a file is a file");
    };
    let times = Times {
        accessed: SetTime::At(999_999_999),
        modified: SetTime::At(1),
    };
    file.set_times(&times).unwrap();
    let stat = file.stat().unwrap();
    assert_eq!((stat.accessed, stat.modified), (999_999_999, 1));
    file.set_times(&Times {
        accessed: SetTime::Now,
        modified: SetTime::Keep,
    })
    .unwrap();
    let stat = file.stat().unwrap();
    assert!(stat.accessed > 1_500_000_000_000_000_000);
    assert_eq!(stat.modified, 1);
    file.set_times(&Times::default()).unwrap();
    assert_eq!(file.stat().unwrap().modified, 1);
}

#[test]
fn descriptor_opened_for_one_way_the_other_badf() {
    let tree = Tree::new();
    let reader = HostFile::new(fs::File::open(tree.host("file")).unwrap());
    let writer = HostFile::new(
        fs::File::options()
            .write(true)
            .open(tree.host("file"))
            .unwrap(),
    );
    let mut byte = [0; 1];
    for (told, expected) in [
        (
            errno(reader.write_at(&[IoSlice::new(b"x")], 0)),
            Errno::Badf,
        ),
        (
            errno(reader.write_at(&[IoSlice::new(b"x"), IoSlice::new(b"y")], 0)),
            Errno::Badf,
        ),
        (errno(reader.append(&[IoSlice::new(b"x")])), Errno::Badf),
        (errno(reader.set_size(0)), Errno::Badf),
        (errno(reader.allocate(0, 100)), Errno::Badf),
        (
            errno(writer.read_at(&mut [IoSliceMut::new(&mut byte)], 0)),
            Errno::Badf,
        ),
        (
            errno(reader.read_at(&mut [IoSliceMut::new(&mut byte)], 1 << 63)),
            Errno::Inval,
        ),
        (errno(reader.sync(Durability::All)), Errno::Success),
    ] {
        assert_eq!(told, expected);
    }
    assert_eq!(fs::read(tree.host("file")).unwrap(), b"contents");
}
