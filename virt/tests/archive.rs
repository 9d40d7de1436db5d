//! Archives as guests see them: through a tree, by paths.

mod common;

use common::{
    CHANGED, READ, WRITE, deflated, dir, errno, every_kind, explore, fifo, file, gz, hard, link,
    list, open, path, read, read_at, stat, stored, tar, tree,
};
use std::io::Cursor;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use turnkey_virt::fs::{
    Archive, ArchiveError, ArchiveFormat, ArchiveSource, Found, Listed, SkipReason,
};
use turnkey_wasi_common::{
    Dir, Durability, Errno, FileType, Follow, Object, OpenOptions, SetTime, Times,
};

/// Bytes that compress a little and are all over the place.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 28) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

fn skipped(archive: &Archive) -> Vec<(&str, SkipReason)> {
    let each = archive.skipped().iter();
    each.map(|skipped| (&*skipped.name, skipped.reason))
        .collect()
}

#[test]
fn read_every_kind_contents_at_every_offset() {
    let noise = noise(100_000);
    let entries = [
        file("readme.md", "# Read me\n"),
        file("lib/deep/noise", noise.clone()),
        file("empty", ""),
    ];
    for (kind, archive) in every_kind(&entries) {
        assert!(archive.skipped().is_empty(), "{kind}");
        let tree = tree(archive);
        assert_eq!(read(&tree, "readme.md").unwrap(), b"# Read me\n", "{kind}");
        assert_eq!(read(&tree, "lib/deep/noise").unwrap(), noise, "{kind}");
        assert_eq!(read(&tree, "./lib/.././empty").unwrap(), b"", "{kind}");
        let open = open(&tree, "lib//deep/noise", &READ).unwrap();
        for offset in [0, 1, 511, 65_535, 65_536, 99_990, 99_999, 100_000, u64::MAX] {
            let start = usize::try_from(offset).unwrap().min(noise.len());
            let end = (start + 200).min(noise.len());
            let expected = &noise[start..end];
            assert_eq!(
                read_at(&*open, offset, 200).unwrap(),
                expected,
                "{kind} {offset}"
            );
        }
        assert_eq!(open.sync(Durability::All), Ok(()));
    }
}

#[test]
fn stat_every_kind_as_the_entries_say() {
    let entries = [
        dir("lib/"),
        file("lib/a", "abc"),
        link("lib/l", "a"),
        file("made/up/b", "b"),
    ];
    for (kind, archive) in every_kind(&entries) {
        let tree = tree(archive);
        let cases = [
            ("lib", FileType::Directory, 0, CHANGED),
            ("lib/", FileType::Directory, 0, CHANGED),
            ("lib/a", FileType::RegularFile, 3, CHANGED),
            ("lib/l", FileType::SymbolicLink, 1, CHANGED),
            ("made", FileType::Directory, 0, 0),
            ("made/up", FileType::Directory, 0, 0),
            ("made/up/b", FileType::RegularFile, 1, CHANGED),
            (".", FileType::Directory, 0, 0),
        ];
        let device = tree.stat().unwrap().device;
        for (name, file_type, size, seconds) in cases {
            let stat = stat(&tree, name).unwrap();
            assert_eq!(
                (stat.file_type, stat.size),
                (file_type, size),
                "{kind} {name}"
            );
            let times = [stat.accessed, stat.modified, stat.changed];
            assert_eq!(times, [seconds * 1_000_000_000; 3], "{kind} {name}");
            assert_eq!((stat.links, stat.device), (1, device), "{kind} {name}");
        }
        assert_eq!(tree.stat().unwrap().inode, 1);
        let open = open(&tree, "lib/a", &READ).unwrap();
        assert_eq!(open.stat(), stat(&tree, "lib/a"), "{kind}");
        assert_eq!(explore(&tree), 6, "{kind}");
    }
}

#[test]
fn paths_every_kind_answers_of_a_directory() {
    let entries = [file("a", "a"), file("d/b", "b"), link("d/l", "../a")];
    for (kind, archive) in every_kind(&entries) {
        let tree = tree(archive);
        let cases = [
            ("a/", Some(Errno::Notdir)),
            ("a/b", Some(Errno::Notdir)),
            ("d/", None),
            ("d/.", None),
            ("d/..", None),
            ("nope", Some(Errno::Noent)),
            ("d/nope", Some(Errno::Noent)),
            ("nope/..", Some(Errno::Noent)),
            ("..", Some(Errno::Perm)),
            ("../a", Some(Errno::Perm)),
            ("d/../../a", Some(Errno::Perm)),
            ("d/../d/l", None),
            ("D", Some(Errno::Noent)),
        ];
        for (name, expected) in cases {
            let result = tree.stat_at(path(name), Follow::Yes);
            assert_eq!(errno(result), expected, "{kind} {name}");
        }
    }
}

#[test]
fn links_every_kind_within_or_nowhere() {
    let entries = [
        file("a", "a"),
        file("lib/deep/x", "x"),
        link("lib/back", "../a"),
        link("short", "lib/deep"),
        link("up", "../outside"),
        link("lib/up", "../../outside"),
        link("absolute", "/etc/passwd"),
        link("dangling", "nope"),
        link("loop", "loop"),
    ];
    for (kind, archive) in every_kind(&entries) {
        assert!(archive.skipped().is_empty(), "{kind}");
        let tree = tree(archive);
        assert_eq!(read(&tree, "lib/back").unwrap(), b"a", "{kind}");
        assert_eq!(read(&tree, "short/x").unwrap(), b"x", "{kind}");
        assert_eq!(read(&tree, "short/../back").unwrap(), b"a", "{kind}");
        let cases = [
            ("up", Errno::Perm),
            ("lib/up", Errno::Perm),
            ("absolute", Errno::Perm),
            ("dangling", Errno::Noent),
            ("loop", Errno::Loop),
        ];
        for (name, expected) in cases {
            assert_eq!(errno(read(&tree, name)), Some(expected), "{kind} {name}");
        }
        let texts = [
            ("lib/back", Ok("../a")),
            ("up", Ok("../outside")),
            ("dangling", Ok("nope")),
            ("absolute", Err(Errno::Perm)),
            ("a", Err(Errno::Inval)),
        ];
        for (name, expected) in texts {
            let text = tree.read_link(path(name)).map_err(|error| error.errno());
            assert_eq!(text.as_deref(), expected.as_ref().copied(), "{kind} {name}");
        }
    }
}

#[test]
fn changes_every_kind_rofs() {
    let times = Times {
        accessed: SetTime::Now,
        modified: SetTime::At(1),
    };
    let truncate = OpenOptions {
        truncate: true,
        ..READ
    };
    let create = OpenOptions {
        create: true,
        ..WRITE
    };
    let entries = [file("a", "abc"), dir("d/"), link("l", "a")];
    for (kind, archive) in every_kind(&entries) {
        let tree = tree(archive);
        let opened = open(&tree, "a", &READ).unwrap();
        let answers = [
            errno(tree.open(path("a"), &WRITE)),
            errno(tree.open(path("a"), &truncate)),
            errno(tree.open(path("new"), &create)),
            errno(tree.create_dir(path("new"))),
            errno(tree.symlink("a", path("new"))),
            errno(tree.unlink(path("a"))),
            errno(tree.remove_dir(path("d"))),
            errno(tree.rename(path("a"), &tree, path("b"))),
            errno(tree.link(path("a"), &tree, path("b"))),
            errno(tree.set_times(&times)),
            errno(tree.set_times_at(path("a"), Follow::No, &times)),
            errno(tree.set_times_at(path("d"), Follow::No, &times)),
            errno(tree.set_times_at(path("l"), Follow::No, &times)),
            errno(opened.set_times(&times)),
        ];
        assert_eq!(answers, [Some(Errno::Rofs); 14], "{kind}");
        assert_eq!(read(&tree, "a").unwrap(), b"abc", "{kind}");
    }
}

#[test]
fn listing_every_step_complete_and_as_stat_says() {
    let names: Vec<String> = (0..100).map(|n| format!("d/{n}")).collect();
    let mut entries: Vec<_> = names.iter().map(|name| file(name, "x")).collect();
    entries.push(link("d/l", "1"));
    entries.push(dir("d/sub/"));
    for (kind, archive) in every_kind(&entries) {
        let tree = tree(archive);
        let Object::Dir(dir) = tree.open(path("d"), &READ).unwrap() else {
            panic!("{kind}");
        };
        let all = list(&*dir, usize::MAX);
        assert_eq!(all.len(), 104, "{kind}");
        let own = dir.stat().unwrap().inode;
        assert_eq!(all[0], (".".into(), FileType::Directory, own), "{kind}");
        assert_eq!(all[1], ("..".into(), FileType::Directory, own), "{kind}");
        assert!(all[2..].is_sorted_by_key(|(name, ..)| name), "{kind}");
        for step in [1, 2, 3, 50, 103, 104, 105] {
            assert_eq!(list(&*dir, step), all, "{kind} {step}");
        }
        assert_eq!(explore(&tree), 103, "{kind}");
        let mut listing = dir.listing().unwrap();
        for position in [104, 105, u64::MAX] {
            let read = listing.read(position, &mut |entry| panic!("{entry:?}"));
            assert_eq!(read, Ok(0), "{kind} {position}");
        }
        assert!(listing.memory() < 100, "nothing is copied");
    }
}

#[test]
fn add_names_that_no_directory_holds_skipped() {
    let cases = [
        ("/etc/passwd", Some(SkipReason::Absolute)),
        ("../up", Some(SkipReason::Upward)),
        ("a/../../up", Some(SkipReason::Upward)),
        ("a/..", Some(SkipReason::Upward)),
        ("..", Some(SkipReason::Upward)),
        ("a//b", Some(SkipReason::EmptyName)),
        (".", Some(SkipReason::EmptyName)),
        ("a/.", Some(SkipReason::EmptyName)),
        (r"..\up", None),
        (r"C:\windows", None),
        ("...", None),
        ("./here", None),
        ("x/./y", None),
        ("grüße", None),
    ];
    let entries: Vec<_> = cases.iter().map(|(name, _)| file(name, "x")).collect();
    for (kind, archive) in every_kind(&entries) {
        let expected: Vec<_> = cases
            .iter()
            .filter_map(|(name, reason)| Some((*name, (*reason)?)))
            .collect();
        assert_eq!(skipped(&archive), expected, "{kind}");
        let tree = tree(archive);
        // Those that are there, and `x`.
        assert_eq!(explore(&tree), 7, "{kind}");
        for name in [r"..\up", r"C:\windows", "...", "here", "x/y", "grüße"] {
            assert_eq!(read(&tree, name).unwrap(), b"x", "{kind} {name}");
        }
    }
}

#[test]
fn add_other_flaws_skipped() {
    let long = "n".repeat(256);
    let mut nul = file("nul", "");
    nul.name.splice(1..1, [0]);
    let mut not_utf8 = file("x", "");
    not_utf8.name.push(0xff);
    let mut entries = vec![
        file(&long, ""),
        file(&format!("{}/ok", &long[1..]), ""),
        not_utf8,
        fifo("fifo"),
        link("empty", ""),
    ];
    let mut expected = vec![
        (long.as_str(), SkipReason::LongName),
        ("x\u{fffd}", SkipReason::NotUtf8),
        ("fifo", SkipReason::FileType),
        ("empty", SkipReason::LinkText),
    ];
    for (kind, archive) in every_kind(&entries) {
        assert_eq!(skipped(&archive), expected, "{kind}");
        assert_eq!(explore(&tree(archive)), 2, "{kind}");
    }
    // A tar archive's names end at a NUL.
    entries.push(nul);
    expected.push(("n\0ul", SkipReason::Nul));
    assert_eq!(skipped(&Archive::zip(stored(&entries)).unwrap()), expected);
}

#[test]
fn add_entries_in_each_others_way_later_stays() {
    let entries = [
        file("a", "first"),
        file("a", "second"),
        // A file where a directory is needed.
        file("b", "file"),
        file("b/beneath", "beneath"),
        // A directory with contents where a file comes.
        file("c/gone", "gone"),
        file("c", "file"),
        // A link that something is written through.
        link("d", "b"),
        file("d/own", "own"),
        // A directory that is told after its contents, and twice.
        file("e/in", "in"),
        dir("e/"),
        dir("e/"),
    ];
    for (kind, archive) in every_kind(&entries) {
        assert!(archive.skipped().is_empty(), "{kind}");
        let tree = tree(archive);
        let cases = [
            ("a", Ok("second")),
            ("b/beneath", Ok("beneath")),
            ("b/own", Err(Errno::Noent)),
            ("c", Ok("file")),
            ("c/gone", Err(Errno::Notdir)),
            ("d/own", Ok("own")),
            ("d/beneath", Err(Errno::Noent)),
            ("e/in", Ok("in")),
        ];
        for (name, expected) in cases {
            let contents = read(&tree, name).map_err(|error| error.errno());
            let expected = expected.map(|text| text.as_bytes().to_vec());
            assert_eq!(contents, expected, "{kind} {name}");
        }
        assert_eq!(stat(&tree, "e").unwrap().modified, CHANGED * 1_000_000_000);
        assert_eq!(explore(&tree), 8, "{kind}");
    }
}

#[test]
fn tar_hard_links_one_file() {
    let archive = Archive::tar(tar(&[
        file("a", "abc"),
        hard("d/b", "a"),
        hard("c", "./d/b"),
        hard("missing", "nope"),
        hard("directory", "d"),
        hard("upward", "../a"),
        link("l", "a"),
        hard("l2", "l"),
        file("gone", "x"),
        hard("kept", "gone"),
        file("gone", "another"),
    ]));
    let archive = archive.unwrap();
    let missing = ["missing", "directory", "upward"];
    let expected = missing.map(|name| (name, SkipReason::MissingTarget));
    assert_eq!(skipped(&archive), expected);
    let tree = tree(archive);
    let first = stat(&tree, "a").unwrap();
    assert_eq!(first.links, 3);
    for name in ["d/b", "c"] {
        assert_eq!(stat(&tree, name).unwrap(), first, "{name}");
        assert_eq!(read(&tree, name).unwrap(), b"abc", "{name}");
    }
    assert_eq!(stat(&tree, "l2"), stat(&tree, "l"));
    assert_eq!(stat(&tree, "l").unwrap().links, 2);
    assert_eq!(read(&tree, "kept").unwrap(), b"x");
    assert_eq!(read(&tree, "gone").unwrap(), b"another");
    assert_eq!(stat(&tree, "kept").unwrap().links, 1);
    explore(&tree);
}

#[test]
fn tar_long_names_and_holes_as_gnu_writes_them() {
    let long = format!("{}/{}", "d".repeat(200), "f".repeat(250));
    let mut bytes = tar(&[file(&long, "far down")]);
    bytes.truncate(bytes.len() - 1024);

    // 4096 bytes of holes with `data` in the middle of them.
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::GNUSparse);
    header.set_path("sparse").unwrap();
    header.set_size(4);
    let gnu = header.as_gnu_mut().unwrap();
    gnu.set_real_size(4096);
    gnu.sparse[0].set_offset(2048);
    gnu.sparse[0].set_length(4);
    gnu.sparse[1].set_offset(4096);
    gnu.sparse[1].set_length(0);
    header.set_cksum();
    let mut archive = tar::Builder::new(bytes);
    archive.append(&header, &b"data"[..]).unwrap();

    // The form of later versions.
    let attributes = [("GNU.sparse.major", &b"1"[..]), ("path", b"skipped")];
    archive.append_pax_extensions(attributes).unwrap();
    let mut header = tar::Header::new_ustar();
    header.set_path("other").unwrap();
    header.set_size(0);
    header.set_cksum();
    archive.append(&header, &b""[..]).unwrap();
    let attributes = [("path", "pax/grüße".as_bytes()), ("size", b"3")];
    archive.append_pax_extensions(attributes).unwrap();
    header.set_size(3);
    header.set_cksum();
    archive.append(&header, &b"pax"[..]).unwrap();

    let bytes = archive.into_inner().unwrap();
    for archive in [Archive::open(bytes.clone()), Archive::open(gz(&bytes))] {
        let archive = archive.unwrap();
        assert_eq!(skipped(&archive), [("skipped", SkipReason::Sparse)]);
        let tree = tree(archive);
        assert_eq!(read(&tree, &long).unwrap(), b"far down");
        let mut expected = vec![0; 4096];
        expected[2048..2052].copy_from_slice(b"data");
        assert_eq!(read(&tree, "sparse").unwrap(), expected);
        assert_eq!(read(&tree, "pax/grüße").unwrap(), b"pax");
        explore(&tree);
    }
}

#[test]
fn tar_directories_of_old_dialects_known_by_their_slash() {
    let mut header = tar::Header::new_old();
    header.set_path("old/").unwrap();
    header.set_size(0);
    header.set_cksum();
    let mut archive = tar::Builder::new(Vec::new());
    archive.append(&header, &b""[..]).unwrap();
    let tree = tree(Archive::open(archive.into_inner().unwrap()).unwrap());
    assert_eq!(stat(&tree, "old").unwrap().file_type, FileType::Directory);
}

#[test]
fn zip_encrypted_or_compressed_otherwise_skipped() {
    let mut bytes = stored(&[file("a", "a"), file("b", "b"), file("c", "c")]);
    let records: Vec<usize> = (0..bytes.len() - 4)
        .filter(|at| bytes[*at..].starts_with(b"PK\x01\x02"))
        .collect();
    bytes[records[0] + 8] |= 1;
    bytes[records[1] + 10] = 93;
    let archive = Archive::open(bytes).unwrap();
    let expected = [("a", SkipReason::Encrypted), ("b", SkipReason::Compression)];
    assert_eq!(skipped(&archive), expected);
    let tree = tree(archive);
    assert_eq!(read(&tree, "c").unwrap(), b"c");
    assert_eq!(errno(read(&tree, "a")), Some(Errno::Noent));
}

#[test]
fn zip_with_something_in_front_found_at_its_end() {
    let mut bytes = b"#!/bin/sh\nexit\n".to_vec();
    bytes.extend(deflated(&[file("a", "abc")]));
    assert!(matches!(
        Archive::open(bytes.clone()),
        Err(ArchiveError::Unrecognized)
    ));
    assert_eq!(
        read(&tree(Archive::zip(bytes).unwrap()), "a").unwrap(),
        b"abc"
    );
}

#[test]
fn open_empty_archives_empty_directories() {
    for (kind, archive) in every_kind(&[]) {
        assert_eq!(explore(&tree(archive)), 0, "{kind}");
    }
}

#[test]
fn open_by_format_only_that_one() {
    let entries = [file("a", "a")];
    let archives = [
        (ArchiveFormat::Tar, tar(&entries)),
        (ArchiveFormat::TarGz, gz(&tar(&entries))),
        (ArchiveFormat::Zip, stored(&entries)),
    ];
    for (format, bytes) in &archives {
        for (taken_for, _) in &archives {
            let opened = Archive::options().format(*taken_for).open(bytes.clone());
            match (opened, taken_for == format) {
                (Ok(archive), true) => assert_eq!(explore(&tree(archive)), 1),
                (Err(ArchiveError::Unreadable { format, .. }), false) => {
                    assert_eq!(format, *taken_for);
                }
                (other, _) => panic!("{format} taken for {taken_for}: {other:?}"),
            }
        }
    }
    for text in ["", "some text", "PK", &"long text ".repeat(200)] {
        let opened = Archive::open(text.to_owned());
        assert!(matches!(opened, Err(ArchiveError::Unrecognized)), "{text}");
    }
}

#[test]
fn two_archives_in_one_tree_apart() {
    let bytes = tar(&[file("a", "a")]);
    let archive = || Archive::open(bytes.clone()).unwrap();
    let both = Listed::new()
        .entry("one", Found::dir(archive()))
        .entry("two", Found::dir(archive()));
    let tree = tree(both);
    let (one, two) = (stat(&tree, "one/a").unwrap(), stat(&tree, "two/a").unwrap());
    assert_eq!(one.inode, two.inode);
    assert_ne!(one.device, two.device);
    assert_eq!(explore(&tree), 4);
    let chosen = Archive::options().device(77).open(bytes.clone()).unwrap();
    let tree = common::tree(chosen);
    assert_eq!(stat(&tree, "a").unwrap().device, 77);
}

/// Counts the bytes that are read through it.
struct Counting(Cursor<Vec<u8>>, Arc<AtomicU64>);

impl std::io::Read for Counting {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.0.read(buffer)?;
        self.1.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

impl std::io::Seek for Counting {
    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        self.0.seek(to)
    }
}

#[test]
fn read_one_file_of_a_large_archive_reads_little() {
    let large = noise(1 << 20);
    let mut entries: Vec<_> = (0..8)
        .map(|n| file(&format!("large{n}"), large.clone()))
        .collect();
    entries.push(file("small", "small"));
    for bytes in [tar(&entries), stored(&entries), deflated(&entries)] {
        let read_so_far = Arc::new(AtomicU64::new(0));
        let counting = Counting(Cursor::new(bytes), Arc::clone(&read_so_far));
        let source = ArchiveSource::seekable(counting).unwrap();
        let tree = tree(Archive::open(source).unwrap());
        assert_eq!(read(&tree, "small").unwrap(), b"small");
        let read_so_far = read_so_far.load(Ordering::Relaxed);
        assert!(read_so_far < 200_000, "{read_so_far}");
    }
}

#[test]
fn read_by_many_threads_each_its_own() {
    let contents: Vec<_> = (0..8).map(|n| noise(50_000 + n)).collect();
    let entries: Vec<_> = contents
        .iter()
        .enumerate()
        .map(|(n, contents)| file(&n.to_string(), contents.clone()))
        .collect();
    for (kind, archive) in every_kind(&entries) {
        let tree = tree(archive);
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (tree, contents) = (&tree, &contents);
                scope.spawn(move || {
                    for round in 0..16 {
                        let n = (thread * 3 + round) % contents.len();
                        let read = read(tree, &n.to_string()).unwrap();
                        assert!(read == contents[n], "{kind} {n}");
                    }
                });
            }
        });
    }
}
