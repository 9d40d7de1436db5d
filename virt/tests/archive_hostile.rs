//! Archives that are broken, lie, or ask for too much.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod common;

use common::{
    READ, deflated, dir, errno, explore, file, gz, link, open, read, read_at, stat, stored, tar,
    tree,
};
use proptest::prelude::*;
use std::io::{Cursor, Error, Read, Result, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use turnkey_virt::fs::{Archive, ArchiveError, ArchiveFormat, ArchiveSource};
use turnkey_wasi_common::{Dir, Errno, Follow};

/// One small archive of each kind, with everything in it that a kind knows.
fn small() -> Vec<(ArchiveFormat, Vec<u8>)> {
    let entries = [
        dir("lib/"),
        file("lib/a.txt", "some text, some text, some text"),
        link("lib/l", "a.txt"),
        common::hard("h", "lib/a.txt"),
        file(&format!("{}/x", "long".repeat(30)), "x"),
    ];
    let tar = tar(&entries);
    vec![
        (ArchiveFormat::TarGz, gz(&tar)),
        (ArchiveFormat::Tar, tar),
        (ArchiveFormat::Zip, stored(&entries)),
        (ArchiveFormat::Zip, deflated(&entries)),
    ]
}

/// Opens what may be anything, and reads all that it holds.
fn try_everything(format: ArchiveFormat, bytes: &[u8]) {
    let options = Archive::options()
        .entries(1000)
        .names(10_000)
        .memory(100_000);
    drop(options.open(bytes.to_vec()));
    let seekable = ArchiveSource::seekable(Cursor::new(bytes.to_vec())).unwrap();
    if let Ok(archive) = options.format(format).open(seekable) {
        for skipped in archive.skipped() {
            assert!(!skipped.to_string().is_empty());
        }
        assert!(explore(&tree(archive)) <= 1000);
    }
}

#[test]
fn open_every_truncation_answers() {
    for (format, bytes) in small() {
        for length in 0..bytes.len() {
            try_everything(format, &bytes[..length]);
        }
    }
}

#[test]
fn open_every_byte_changed_answers() {
    for (format, bytes) in small() {
        // What is all zeros in a tar archive is mostly padding.
        let step = bytes.len().div_ceil(1500);
        for at in (0..bytes.len()).step_by(step) {
            for change in [0x01, 0x80, 0xff] {
                let mut bytes = bytes.clone();
                bytes[at] ^= change;
                try_everything(format, &bytes);
            }
        }
    }
}

/// Sets the sums of a tar archive right, so that other flaws than a wrong sum are seen.
fn mend(bytes: &mut [u8]) {
    for block in bytes.chunks_exact_mut(512) {
        if &block[257..262] == b"ustar" {
            block[148..156].fill(b' ');
            let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
            block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn open_some_bytes_changed_answers(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12)
    ) {
        for (format, mut bytes) in small() {
            for (at, byte) in &changes {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            if format == ArchiveFormat::Tar {
                mend(&mut bytes);
            }
            try_everything(format, &bytes);
        }
    }

    #[test]
    fn open_tar_headers_changed_answers(
        changes in prop::collection::vec((0..512_usize, any::<u8>()), 1..12)
    ) {
        let mut bytes = tar(&[file("a", "abc"), file(&"n".repeat(150), "d")]);
        let headers: Vec<usize> = (0..bytes.len()).step_by(512)
            .filter(|at| &bytes[at + 257..at + 262] == b"ustar")
            .collect();
        for (n, (at, byte)) in changes.iter().enumerate() {
            if !(257..262).contains(at) {
                bytes[headers[n % headers.len()] + at] = *byte;
            }
        }
        mend(&mut bytes);
        try_everything(ArchiveFormat::Tar, &bytes);
        try_everything(ArchiveFormat::TarGz, &gz(&bytes));
    }

    #[test]
    fn open_anything_behind_a_mark_answers(
        mark in prop::sample::select(vec![&b"PK\x03\x04"[..], b"PK\x05\x06", b"\x1f\x8b\x08\0"]),
        rest in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let bytes = [mark, &rest].concat();
        for format in [ArchiveFormat::Zip, ArchiveFormat::Tar, ArchiveFormat::TarGz] {
            try_everything(format, &bytes);
        }
    }
}

#[test]
fn open_cut_off_says_so() {
    let entries = [file("a", "x".repeat(10_000))];
    let cases = [
        (
            tar(&entries),
            "the tar archive cannot be read: \"a\" is cut off",
        ),
        (stored(&entries), "the zip archive cannot be read: "),
        (gz(&tar(&entries)), "the tar.gz archive cannot be read: "),
    ];
    for (mut bytes, expected) in cases {
        bytes.truncate(bytes.len() - bytes.len() / 5 - 1100.min(bytes.len() / 10));
        let error = Archive::open(bytes).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
        assert!(matches!(error, ArchiveError::Unreadable { .. }));
        assert!(std::error::Error::source(&error).is_some());
    }
}

/// Where a signature stands first.
fn find(bytes: &[u8], signature: &[u8]) -> usize {
    let found = bytes
        .windows(signature.len())
        .position(|at| at == signature);
    found.unwrap()
}

/// The places of an entry's sum, stored size and size in a zip archive's directory.
fn record(bytes: &[u8]) -> [usize; 3] {
    let at = find(bytes, b"PK\x01\x02");
    [at + 16, at + 20, at + 24]
}

#[test]
fn read_contents_that_are_not_as_told_io() {
    let contents = "some text, some text, some text".repeat(100);
    for method in [stored, deflated] {
        let good = method(&[file("a", contents.clone())]);
        let [sum, packed_size, size] = record(&good);
        let cases: [(&str, usize, u8); 6] = [
            ("sum", sum, 1),
            ("larger", size, 1),
            ("smaller", size + 1, 1),
            ("much larger", size + 2, 1),
            ("packed", packed_size, 1),
            ("packed, much larger", packed_size + 2, 1),
        ];
        for (case, at, change) in cases {
            let mut bytes = good.clone();
            bytes[at] ^= change;
            let tree = tree(Archive::open(bytes).unwrap());
            // Stored contents are read where they lie, and nobody checks their sum.
            let expected = match (case, good == stored(&[file("a", contents.clone())])) {
                ("sum", true) => None,
                // A compressor that says more than it needs harms nobody.
                ("packed" | "packed, much larger", false) => continue,
                _ => Some(Errno::Io),
            };
            assert_eq!(errno(read(&tree, "a")), expected, "{case}");
            assert!(stat(&tree, "a").is_ok(), "{case}");
        }
    }
}

#[test]
fn open_zip_with_a_wrong_count_says_so() {
    let mut bytes = stored(&[file("a", "a"), file("b", "b")]);
    let end = find(&bytes, b"PK\x05\x06");
    bytes[end + 10] = 3;
    let error = Archive::open(bytes).unwrap_err();
    let expected = "the zip archive cannot be read: it says that it has 3 entries and has 2";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn open_more_than_a_limit_says_which() {
    let entries = [file("a/b/c", "x"), file("d", "x"), link("l", "target")];
    let exact = Archive::options().entries(5).names(4 + 1 + 6);
    let cases = [
        (exact.clone(), None),
        (exact.clone().entries(4), Some("4 entries")),
        (exact.clone().names(10), Some("10 bytes of names")),
    ];
    for bytes in [tar(&entries), stored(&entries), gz(&tar(&entries))] {
        for (options, expected) in &cases {
            let error = options.open(bytes.clone()).err();
            let expected = expected.map(|most| format!("the archive exceeds its limit of {most}"));
            assert_eq!(error.map(|error| error.to_string()), expected);
        }
    }
    // What is left out costs as well.
    let upward: Vec<_> = (0..10).map(|n| file(&format!("../{n}"), "")).collect();
    for bytes in [tar(&upward), stored(&upward)] {
        assert!(Archive::options().entries(10).open(bytes.clone()).is_ok());
        assert!(Archive::options().entries(9).open(bytes.clone()).is_err());
        assert!(Archive::options().names(39).open(bytes).is_err());
    }
}

#[test]
fn open_tar_gz_larger_than_the_limit_says_so() {
    let bytes = gz(&tar(&[file("a", vec![0; 1 << 20])]));
    let options = Archive::options().memory(1 << 20);
    let error = options.open(bytes.clone()).unwrap_err();
    let expected = "the archive exceeds its limit of 1048576 bytes of contents in memory";
    assert_eq!(error.to_string(), expected);
    assert!(options.memory((1 << 20) + 1536).open(bytes).is_ok());
}

#[test]
fn open_tar_sizes_at_the_edge_answer() {
    let good = tar(&[file("a", "abc"), file("b", "b")]);
    let sizes: [&[u8; 12]; 7] = [
        b"77777777777\0",
        b"777777777777",
        b"\x80\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff",
        b"\x80\0\0\0\xff\xff\xff\xff\xff\xff\xf8\0",
        b"\x80\0\0\0\0\xff\xff\xff\xff\xff\xff\xff",
        b"-1         \0",
    ];
    for size in sizes {
        for kind in *b"012345679LKSxgVM" {
            let mut bytes = good.clone();
            bytes[124..136].copy_from_slice(size);
            bytes[156] = kind;
            // Where a file with holes says how large it is.
            bytes[483..495].copy_from_slice(size);
            mend(&mut bytes);
            try_everything(ArchiveFormat::Tar, &bytes);
        }
    }
}

#[test]
fn open_tar_headers_without_end_says_so() {
    let long = format!("{}/x", "n".repeat(2 << 20));
    let error = Archive::open(tar(&[file(&long, "")])).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("headers of one entry are too long"),
        "{error}"
    );
}

#[test]
fn read_deflated_beyond_the_memory_nomem_until_one_is_closed() {
    let zeros = |name| file(name, vec![0; 100_000]);
    let archive =
        Archive::options()
            .memory(250_000)
            .open(deflated(&[zeros("a"), zeros("b"), zeros("c")]));
    let tree = tree(archive.unwrap());
    let first = open(&tree, "a", &READ).unwrap();
    let again = open(&tree, "a", &READ).unwrap();
    let second = open(&tree, "b", &READ).unwrap();
    let full = open(&tree, "c", &READ).err().unwrap();
    assert_eq!(full.errno(), Errno::Nomem);
    assert!(full.told().unwrap().contains("no room"));
    drop(first);
    assert_eq!(
        errno(open(&tree, "c", &READ)),
        Some(Errno::Nomem),
        "one is still open"
    );
    drop(again);
    assert!(open(&tree, "c", &READ).is_ok());
    assert_eq!(read_at(&*second, 99_999, 9).unwrap(), [0]);
}

#[test]
fn read_files_of_any_size_but_not_into_memory() {
    let entries = [file("a", vec![7; 300_000])];
    for bytes in [tar(&entries), stored(&entries)] {
        let archive = Archive::options().memory(0).open(bytes).unwrap();
        assert_eq!(read(&tree(archive), "a").unwrap(), vec![7; 300_000]);
    }
}

#[test]
fn links_through_deep_names_walked_without_recursion() {
    let deep = "d/".repeat(100_000) + "x";
    let bytes = deflated(&[file(&deep[deep.len() - 60_001..], "x"), link("l", "d/d/d")]);
    let archive = Archive::open(bytes).unwrap();
    let tree = tree(archive);
    let found = tree.stat_at(common::path("l/d/d"), Follow::Yes).unwrap();
    assert_eq!(found.links, 1);
}

/// A file that fails, or is shorter than it was, once it is told to.
struct Failing {
    bytes: Cursor<Vec<u8>>,
    fails: Arc<AtomicBool>,
    cut: Arc<AtomicBool>,
}

impl Read for Failing {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if self.cut.load(Ordering::Relaxed) {
            return Ok(0);
        }
        match self.fails.load(Ordering::Relaxed) {
            true => Err(Error::other("unplugged")),
            false => self.bytes.read(buffer),
        }
    }
}

impl Seek for Failing {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        self.bytes.seek(to)
    }
}

#[test]
fn read_source_that_fails_io() {
    let entries = [file("a", "abc")];
    for bytes in [tar(&entries), stored(&entries), deflated(&entries)] {
        let (fails, cut) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicBool::new(false)),
        );
        let source = Failing {
            bytes: Cursor::new(bytes),
            fails: Arc::clone(&fails),
            cut: Arc::clone(&cut),
        };
        let archive = Archive::open(ArchiveSource::seekable(source).unwrap()).unwrap();
        let tree = tree(archive);
        for wrong in [fails, cut] {
            wrong.store(true, Ordering::Relaxed);
            assert_eq!(errno(read(&tree, "a")), Some(Errno::Io));
            wrong.store(false, Ordering::Relaxed);
            assert_eq!(read(&tree, "a").unwrap(), b"abc", "it is tried again");
        }
    }
}
