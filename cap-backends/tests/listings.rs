//! Listings: what they tell, from every position, while the directory changes.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test relies on besides what it tests may fail loudly"
)]

mod tree;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use tree::{Tree, path};
use turnkey_cap_backends::{HostDir, ambient_authority};
use turnkey_wasi_common::{Dir, FileType, Follow, Listing, Object, OpenOptions};

/// Names and the positions behind them, and how many were left out.
fn read(listing: &mut dyn Listing, position: u64) -> (Vec<(String, u64)>, u64) {
    let mut entries = Vec::new();
    let left_out = listing.read(position, &mut |entry| {
        entries.push((entry.name.to_owned(), entry.next));
        true
    });
    (entries, left_out.unwrap())
}

fn names(entries: &[(String, u64)]) -> Vec<&str> {
    let mut names: Vec<_> = entries.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names
}

fn with_files(count: usize) -> (tempfile::TempDir, HostDir) {
    let temporary = tempfile::tempdir().unwrap();
    for number in 0..count {
        fs::write(temporary.path().join(format!("file-{number:05}")), "").unwrap();
    }
    let dir = HostDir::open_ambient(temporary.path(), ambient_authority()).unwrap();
    (temporary, dir)
}

#[test]
fn read_every_type_and_number_as_stat_has_them() {
    let tree = Tree::new();
    let mut told = BTreeMap::new();
    let mut listing = tree.dir.listing().unwrap();
    let left_out = listing.read(0, &mut |entry| {
        told.insert(entry.name.to_owned(), (entry.file_type, entry.inode));
        true
    });
    assert_eq!(left_out, Ok(0));
    let own = tree.dir.stat().unwrap();
    assert_eq!(told.remove("."), Some((FileType::Directory, own.inode)));
    assert_eq!(told.remove(".."), Some((FileType::Directory, own.inode)));
    assert_eq!(told.len(), 13);
    for (name, (file_type, inode)) in told {
        let stat = tree.dir.stat_at(path(&name), Follow::No).unwrap();
        assert_eq!((file_type, inode), (stat.file_type, stat.inode), "{name}");
    }
}

#[test]
fn read_empty_directory_exactly_two() {
    let (_temporary, dir) = with_files(0);
    let mut listing = dir.listing().unwrap();
    let (entries, _) = read(&mut *listing, 0);
    assert_eq!(names(&entries), [".", ".."]);
    let end = entries.last().unwrap().1;
    assert_eq!(read(&mut *listing, end), (vec![], 0));
}

#[test]
fn read_one_entry_at_a_time_each_once() {
    for count in [0, 1, 300, 3000] {
        let (_temporary, dir) = with_files(count);
        let mut listing = dir.listing().unwrap();
        let (mut position, mut seen) = (0, Vec::new());
        loop {
            let mut one = None;
            let told = listing.read(position, &mut |entry| {
                one = Some((entry.name.to_owned(), entry.next));
                false
            });
            told.unwrap();
            let Some((name, next)) = one else { break };
            seen.push((name, next));
            position = next;
        }
        let (entries, _) = read(&mut *dir.listing().unwrap(), 0);
        assert_eq!(seen, entries);
        assert_eq!(seen.len(), count + 2);
    }
}

#[test]
fn read_refused_entry_told_again() {
    let (_temporary, dir) = with_files(5);
    let mut listing = dir.listing().unwrap();
    let (all, _) = read(&mut *listing, 0);
    let mut offered = Vec::new();
    let told = listing.read(0, &mut |entry| {
        offered.push(entry.name.to_owned());
        offered.len() < 3
    });
    told.unwrap();
    // The third did not fit, so the guest comes back to the position behind the second.
    let (rest, _) = read(&mut *listing, all[1].1);
    assert_eq!(rest, all[2..]);
    assert_eq!(offered[2], all[2].0);
}

#[test]
fn read_from_every_position_while_entries_vanish() {
    let (temporary, dir) = with_files(300);
    let mut listing = dir.listing().unwrap();
    let (all, _) = read(&mut *listing, 0);
    // Backwards, so that hardly any position follows from the one before.
    for (index, (_, position)) in all.iter().enumerate().rev() {
        let (rest, _) = read(&mut *listing, *position);
        assert_eq!(rest, all[index + 1..], "behind entry {index}");
    }
    let mut removed = Vec::new();
    for (index, (name, _)) in all.iter().enumerate() {
        if index % 3 == 0 && name.starts_with("file") {
            fs::remove_file(temporary.path().join(name)).unwrap();
            removed.push(name.clone());
        }
    }
    for (index, (_, position)) in all.iter().enumerate() {
        // Asking for the beginning makes the listing forget what it has read.
        read(&mut *listing, 0);
        let (rest, _) = read(&mut *listing, *position);
        let left: Vec<_> = all[index + 1..]
            .iter()
            .filter(|(name, _)| !removed.contains(name))
            .map(|(name, _)| name.as_str())
            .collect();
        let told: Vec<_> = rest.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(told, left, "behind entry {index}");
    }
}

#[test]
fn read_from_the_beginning_sees_what_is_new() {
    let (temporary, dir) = with_files(2);
    let mut listing = dir.listing().unwrap();
    assert_eq!(read(&mut *listing, 0).0.len(), 4);
    fs::write(temporary.path().join("new"), "").unwrap();
    fs::remove_file(temporary.path().join("file-00000")).unwrap();
    let (entries, _) = read(&mut *listing, 0);
    assert_eq!(names(&entries), [".", "..", "file-00001", "new"]);
}

#[test]
fn read_positions_that_are_none_end_or_go_on() {
    let (_temporary, dir) = with_files(300);
    let mut listing = dir.listing().unwrap();
    for position in [u64::MAX, 1 << 63] {
        assert_eq!(read(&mut *listing, position), (vec![], 0), "{position}");
    }
    // Whatever the file system makes of it, it is an answer.
    for position in [1, 7, 12_345, u64::from(u32::MAX), u64::MAX >> 1] {
        assert!(read(&mut *listing, position).0.len() <= 302, "{position}");
    }
    assert_eq!(read(&mut *listing, 0).0.len(), 302);
}

#[test]
fn read_names_that_are_no_utf_8_left_out_and_counted() {
    let (temporary, dir) = with_files(40);
    for number in 0..7 {
        let name = [b"\xff\xfe", &[b'a' + number][..]].concat();
        fs::write(
            temporary.path().join(std::ffi::OsStr::from_bytes(&name)),
            "",
        )
        .unwrap();
    }
    let (entries, left_out) = read(&mut *dir.listing().unwrap(), 0);
    assert_eq!((entries.len(), left_out), (42, 7));
    // The positions around them hold.
    let mut listing = dir.listing().unwrap();
    for (index, (_, position)) in entries.iter().enumerate() {
        assert_eq!(read(&mut *listing, *position).0, entries[index + 1..]);
    }
}

#[test]
fn read_directory_removed_meanwhile_ends() {
    let outer = tempfile::tempdir().unwrap();
    let inner = outer.path().join("inner");
    fs::create_dir(&inner).unwrap();
    let dir = HostDir::open_ambient(&inner, ambient_authority()).unwrap();
    let mut listing = dir.listing().unwrap();
    let (entries, _) = read(&mut *listing, 0);
    let end = entries.last().unwrap().1;
    fs::remove_dir(&inner).unwrap();
    for position in [0, end, 1, u64::MAX] {
        assert_eq!(read(&mut *listing, position), (vec![], 0), "{position}");
    }
    if let Ok(mut listing) = dir.listing() {
        assert_eq!(read(&mut *listing, 0), (vec![], 0));
    }
}

#[test]
fn read_two_listings_do_not_disturb_each_other() {
    let (_temporary, dir) = with_files(1500);
    let (mut one, mut other) = (dir.listing().unwrap(), dir.listing().unwrap());
    let (all, _) = read(&mut *one, 0);
    assert_eq!(read(&mut *other, 0).0, all);
    assert_eq!(read(&mut *one, all[700].1).0, all[701..]);
    assert_eq!(read(&mut *other, all[1400].1).0, all[1401..]);
}

#[test]
fn read_directory_that_was_opened_listings_do_not_disturb_each_other_beside_or_behind() {
    let (_temporary, outer) = with_files(0);
    outer.create_dir(path("inner")).unwrap();
    let how = OpenOptions {
        directory: true,
        ..OpenOptions::READ
    };
    let Object::Dir(dir) = outer.open(path("inner"), &how).unwrap() else {
        panic!("it is a directory")
    };
    for number in 0..1500 {
        dir.create_dir(path(&format!("directory-{number:05}")))
            .unwrap();
    }
    let (mut one, mut other) = (dir.listing().unwrap(), dir.listing().unwrap());
    let (all, _) = read(&mut *one, 0);
    assert_eq!(all.len(), 1502);
    assert_eq!(read(&mut *other, 0).0, all);
    assert_eq!(read(&mut *one, all[700].1).0, all[701..]);
    assert_eq!(read(&mut *other, all[1400].1).0, all[1401..]);
    drop(one);
    let mut behind = dir.listing().unwrap();
    assert_eq!(read(&mut *behind, 0).0, all, "from the beginning again");
    assert_eq!(read(&mut *other, all[700].1).0, all[701..]);
}

#[test]
fn memory_the_same_before_and_after() {
    let (_temporary, dir) = with_files(3000);
    let mut listing = dir.listing().unwrap();
    let before = listing.memory();
    read(&mut *listing, 0);
    assert_eq!(listing.memory(), before);
    assert!(before < 40 << 10);
}

#[test]
fn read_longest_names_all_told() {
    let (temporary, dir) = with_files(0);
    for number in 0..200 {
        fs::write(temporary.path().join(format!("{number:0>255}")), "").unwrap();
    }
    let (entries, left_out) = read(&mut *dir.listing().unwrap(), 0);
    assert_eq!((entries.len(), left_out), (202, 0));
    assert_eq!(
        entries.iter().filter(|(name, _)| name.len() == 255).count(),
        200
    );
}
