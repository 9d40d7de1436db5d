//! Directories and files that parents serve.

use super::super::{Capabilities, Looking};
use super::*;
use crate::fs::{Contents, Found};
use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;
use turnkey_wasi_common::{
    Dir, Durability, File, FileType, Follow, Object, OpenOptions, SetTime, Times,
};

const CREATE: OpenOptions = OpenOptions {
    write: true,
    create: true,
    ..OpenOptions::READ
};

fn open(tree: &Tree, name: &str, how: &OpenOptions) -> Result<Arc<dyn File>> {
    match tree.open(path(name), how)? {
        Object::File(file) => Ok(file),
        _ => panic!("{name} is no file"),
    }
}

fn read(file: &dyn File, offset: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    let read = file
        .read_at(&mut [IoSliceMut::new(&mut bytes)], offset)
        .unwrap();
    bytes.truncate(read);
    bytes
}

fn names(tree: &Tree) -> Vec<(String, FileType)> {
    let mut names = Vec::new();
    let mut listing = tree.listing().unwrap();
    let left_out = listing.read(0, &mut |entry| {
        names.push((entry.name.to_owned(), entry.file_type));
        true
    });
    assert_eq!(left_out, Ok(0));
    names
}

#[test]
fn dir_read_only_walked_and_read() {
    on_every_engine(READ_ONLY, |serving, parent| {
        serving.lend(parent, || {
            let tree = tree(serving);
            let stat = tree.stat_at(path("hello.txt"), Follow::No).unwrap();
            assert_eq!((stat.size, stat.links), (22, 1));
            assert_eq!(stat.file_type, FileType::RegularFile);
            let hello = open(&tree, "hello.txt", &OpenOptions::READ).unwrap();
            assert_eq!(read(&*hello, 0, 100), b"Hello from the parent\n");
            assert_eq!(read(&*hello, 6, 4), b"from");
            assert_eq!(read(&*hello, 21, 9), b"\n");
            assert_eq!(read(&*hello, 22, 9), b"");
            assert_eq!(read(&*hello, u64::MAX, 9), b"");
            let mut pieces = [[0; 5], [0; 5]];
            let [one, other] = &mut pieces;
            let mut buffers = [IoSliceMut::new(one), IoSliceMut::new(other)];
            assert_eq!(hello.read_at(&mut buffers, 0), Ok(10));
            assert_eq!(pieces, [*b"Hello", *b" from"]);

            for name in ["link", "sub/deep.txt", "sub/../link", "./sub/./deep.txt"] {
                let deep = open(&tree, name, &OpenOptions::READ).unwrap();
                assert_eq!(read(&*deep, 0, 9), b"deep\n", "{name}");
            }
            assert_eq!(tree.read_link(path("link")).unwrap(), "sub/deep.txt");
            let link = tree.stat_at(path("link"), Follow::No).unwrap();
            assert_eq!((link.file_type, link.size), (FileType::SymbolicLink, 12));
        });
    });
}

#[test]
fn dir_read_only_errors() {
    on_every_engine(READ_ONLY, |serving, parent| {
        serving.lend(parent, || {
            let tree = tree(serving);
            let stat = |name| errno(tree.stat_at(path(name), Follow::Yes));
            assert_eq!(stat("none"), Errno::Noent);
            assert_eq!(stat("none/deep.txt"), Errno::Noent);
            assert_eq!(stat("hello.txt/x"), Errno::Notdir);
            assert_eq!(stat("hello.txt/"), Errno::Notdir);
            assert_eq!(stat("up"), Errno::Perm);
            assert_eq!(stat(".."), Errno::Perm);
            assert_eq!(stat("sub/../../x"), Errno::Perm);
            // Whatever changes something.
            assert_eq!(errno(open(&tree, "new", &CREATE)), Errno::Rofs);
            assert_eq!(errno(open(&tree, "hello.txt", &CREATE)), Errno::Rofs);
            let truncate = OpenOptions {
                truncate: true,
                ..OpenOptions::READ
            };
            assert_eq!(errno(open(&tree, "hello.txt", &truncate)), Errno::Rofs);
            assert_eq!(errno(tree.create_dir(path("d"))), Errno::Rofs);
            assert_eq!(errno(tree.remove_dir(path("sub"))), Errno::Rofs);
            assert_eq!(errno(tree.unlink(path("hello.txt"))), Errno::Rofs);
            assert_eq!(errno(tree.symlink("a", path("b"))), Errno::Rofs);
            assert_eq!(
                errno(tree.link(path("link"), &tree, path("b"))),
                Errno::Rofs
            );
            assert_eq!(
                errno(tree.rename(path("link"), &tree, path("b"))),
                Errno::Rofs
            );
            let hello = open(&tree, "hello.txt", &OpenOptions::READ).unwrap();
            assert_eq!(errno(hello.set_size(0)), Errno::Rofs);
            assert_eq!(errno(hello.set_times(&Times::default())), Errno::Rofs);
            assert_eq!(errno(hello.allocate(0, 5)), Errno::Success);
            assert_eq!(errno(hello.allocate(0, 23)), Errno::Rofs);
            assert_eq!(hello.sync(Durability::All), Ok(()));
            // In a context that the parent does not know.
            let other = Tree::new(serving.dir(TAG + 1, 1));
            assert_eq!(
                errno(other.stat_at(path("hello.txt"), Follow::No)),
                Errno::Inval
            );
            assert_eq!(
                errno(tree.rename(path("link"), &other, path("b"))),
                Errno::Xdev
            );
        });
        assert_eq!(serving.failure(), None);
    });
}

#[test]
fn names_too_long_for_the_room_nametoolong_and_the_parent_is_not_asked() {
    let wat = parent(
        r#"(func (export "dir_symlink") (param i32 i64 i32 i32 i32 i32) (result i32)
            (unreachable))"#,
    );
    let wat = wat.replace("0x1_0000_0001_0000", "0x0400_0001_0000");
    on_every_engine(&wat, |serving, parent| {
        serving.lend(parent, || {
            let tree = tree(serving);
            for target in [1024, 1025, 4095] {
                let made = tree.symlink(&"n".repeat(target), path("a"));
                assert_eq!(errno(made), Errno::Nametoolong);
            }
        });
        assert_eq!(serving.failure(), None);
    });
}

#[test]
fn dir_listed_one_name_at_a_time_all_told_with_numbers_of_their_own() {
    on_every_engine(READ_ONLY, |serving, parent| {
        serving.lend(parent, || {
            let tree = tree(serving);
            use FileType::{Directory, RegularFile, SymbolicLink};
            let expected = [
                (".", Directory),
                ("..", Directory),
                ("hello.txt", RegularFile),
                ("link", SymbolicLink),
                ("sub", Directory),
                ("up", SymbolicLink),
            ];
            let told = names(&tree);
            let told: Vec<_> = told.iter().map(|(name, ty)| (name.as_str(), *ty)).collect();
            assert_eq!(told, expected);
            let mut numbers = Vec::new();
            let mut listing = tree.listing().unwrap();
            listing
                .read(2, &mut |entry| {
                    let stat = tree.stat_at(path(entry.name), Follow::No).unwrap();
                    assert_eq!(stat.inode, entry.inode);
                    numbers.push(stat.inode);
                    true
                })
                .unwrap();
            numbers.sort_unstable();
            numbers.dedup();
            assert_eq!(numbers.len(), 4);
        });
    });
}

/// What the read-only parent was told that nobody holds.
fn given_back(parent: &mut dyn Guest) -> Vec<u64> {
    let memory = parent.memory().unwrap();
    let count = usize::from(memory[2040]);
    let words = memory[2048..].chunks(8).take(count);
    words
        .map(|word| u64::from_le_bytes(word.try_into().unwrap()))
        .collect()
}

#[test]
fn obj_drop_when_the_last_handle_goes() {
    on_every_engine(READ_ONLY, |serving, parent| {
        let root = serving.dir(TAG, 1);
        let tree = Tree::new(root);
        let kept = serving.lend(parent, || {
            let one = open(&tree, "hello.txt", &OpenOptions::READ).unwrap();
            let other = open(&tree, "hello.txt", &OpenOptions::READ).unwrap();
            let deep = open(&tree, "sub/deep.txt", &OpenOptions::READ).unwrap();
            drop(one);
            assert_eq!(read(&*other, 0, 5), b"Hello");
            drop(deep);
            other
        });
        // `sub` was held for the walk alone, `link` never.
        assert_eq!(given_back(parent), [3, 4]);
        // The parent cannot be entered now, and learns of it when it is entered next.
        drop(kept);
        assert_eq!(given_back(parent), [3, 4]);
        serving.lend(parent, || ());
        assert_eq!(given_back(parent), [3, 4, 2]);
        drop(tree);
        serving.lend(parent, || ());
        assert_eq!(given_back(parent), [3, 4, 2, 1]);
    });
}

#[test]
fn obj_drop_answered_again_before_it_was_told_not_told() {
    on_every_engine(READ_ONLY, |serving, parent| {
        let tree = tree(serving);
        drop(serving.file(TAG, 2));
        let again = serving.file(TAG, 2);
        serving.lend(parent, || assert_eq!(read(&*again, 0, 5), b"Hello"));
        assert!(given_back(parent).is_empty());
        drop(tree);
    });
}

#[test]
fn close_all_given_back_in_reverse_order() {
    on_every_engine(READ_ONLY, |serving, parent| {
        serving.lend(parent, || {
            let tree = tree(serving);
            let hello = open(&tree, "hello.txt", &OpenOptions::READ).unwrap();
            let deep = open(&tree, "sub/deep.txt", &OpenOptions::READ).unwrap();
            serving.close(|| {
                drop(tree);
                drop(hello);
                drop(deep);
            });
        });
        assert_eq!(given_back(parent), [3, 4, 2, 1]);
    });
}

/// Holds capability 5 alone.
struct Five;

impl Capabilities for Five {
    fn found(&self, capability: u64) -> Result<Found> {
        match capability {
            5 => Ok(Found::file(Contents::from("from elsewhere"))),
            _ => Err(Errno::Badf.into()),
        }
    }
}

#[test]
fn dir_open_capability_handed_on_parent_not_asked_again() {
    for (capability, expected) in [(5, Errno::Success), (6, Errno::Badf)] {
        let wat = parent(&format!(
            r#"(func (export "dir_open") (param i32 i64 i32 i32 i32) (result i32)
                (i64.store (local.get 4) (i64.const {capability}))
                (i32.store8 offset=57 (local.get 4) (i32.const 1))
                (i32.const 0))
            (func (export "obj_read") (param i32 i64 i64 i32 i32) (result i32) (unreachable))
            (func (export "obj_stat") (param i32 i64 i32) (result i32) (unreachable))
            (func (export "obj_drop") (param i32 i64) (result i32)
                (if (i64.ne (local.get 1) (i64.const 1)) (then (unreachable)))
                (i32.const 0))"#
        ));
        on_every_engine(&wat, |serving, parent| {
            let _without = serving;
            let serving = &Serving::new(Looking::default(), Arc::new(Five));
            serving.lend(parent, || {
                match open(&tree(serving), "any", &OpenOptions::READ) {
                    Ok(file) => assert_eq!(read(&*file, 5, 64), b"elsewhere"),
                    Err(error) => assert_eq!(error.errno(), expected),
                }
            });
            assert_eq!(serving.failure(), None);
        });
    }
}

#[test]
fn dir_read_write_made_written_and_changed() {
    on_every_engine(READ_WRITE, |serving, parent| {
        serving.lend(parent, || {
            let tree = tree(serving);
            let file = open(&tree, "a", &CREATE).unwrap();
            let data = [IoSlice::new(b"hello "), IoSlice::new(b"world")];
            assert_eq!(file.write_at(&data, 0), Ok(11));
            assert_eq!(read(&*file, 0, 64), b"hello world");
            assert_eq!(file.write_at(&[IoSlice::new(b"W")], 6), Ok(1));
            let appended = file.append(&[IoSlice::new(b"!")]).unwrap();
            assert_eq!((appended.written, appended.end), (1, 12));
            assert_eq!(read(&*file, 4, 64), b"o World!");
            file.set_size(4).unwrap();
            assert_eq!(file.stat().unwrap().size, 4);
            file.allocate(2, 8).unwrap();
            assert_eq!(file.stat().unwrap().size, 10);

            let times = Times {
                modified: SetTime::At(99),
                ..Times::default()
            };
            file.set_times(&times).unwrap();
            let stat = tree.stat_at(path("a"), Follow::Yes).unwrap();
            assert_eq!((stat.size, stat.modified), (10, 99));
            let now = Times {
                modified: SetTime::Now,
                ..Times::default()
            };
            assert_eq!(errno(file.set_times(&now)), Errno::Inval);

            assert_eq!(errno(open(&tree, "b", &CREATE)), Errno::Nospc);
            let exclusive = OpenOptions {
                exclusive: true,
                ..CREATE
            };
            assert_eq!(errno(open(&tree, "a", &exclusive)), Errno::Exist);
            tree.rename(path("a"), &tree, path("b")).unwrap();
            assert_eq!(errno(open(&tree, "a", &OpenOptions::READ)), Errno::Noent);
            let truncate = OpenOptions {
                truncate: true,
                write: true,
                ..OpenOptions::READ
            };
            let truncated = open(&tree, "b", &truncate).unwrap();
            assert_eq!(truncated.stat().unwrap().size, 0);
            tree.unlink(path("b")).unwrap();
            assert_eq!(errno(tree.unlink(path("b"))), Errno::Noent);
            assert_eq!(errno(tree.create_dir(path("d"))), Errno::Notsup);
            assert_eq!(errno(tree.symlink("x", path("d"))), Errno::Notsup);
        });
        assert_eq!(serving.failure(), None);
    });
}

#[test]
fn file_larger_than_the_room_moved_in_pieces() {
    on_every_engine(READ_WRITE, |serving, parent| {
        serving.lend(parent, || {
            let tree = tree(serving);
            let file = open(&tree, "big", &CREATE).unwrap();
            let bytes: Vec<u8> = (0..120_000_u32).map(|i| (i % 251) as u8).collect();
            let (one, other) = bytes.split_at(7);
            let data = [IoSlice::new(one), IoSlice::new(&[]), IoSlice::new(other)];
            assert_eq!(file.write_at(&data, 0), Ok(120_000));
            assert_eq!(read(&*file, 0, 130_000), bytes);
            // What is behind the first piece that fails is left to the next call.
            let twice = [bytes.as_slice(), &bytes].concat();
            let written = file.write_at(&[IoSlice::new(&twice)], 0).unwrap();
            assert!((65536..=126_976).contains(&written), "{written}");
            assert_eq!(
                errno(file.write_at(&[IoSlice::new(b"x")], 126_976)),
                Errno::Nospc
            );
        });
    });
}
