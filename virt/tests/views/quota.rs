//! How much may be used of a file system.

use crate::run::{Host, READ, WRITE, check, open, path, run, tree};
use std::fs;
use std::io::IoSlice;
use std::sync::Arc;
use turnkey_virt::fs::{Allowance, Quota, Tree, Usage};
use turnkey_wasi_common::{Dir, Errno, File, OpenOptions, Result};

fn quota(bytes: u64, inodes: u64, open: u64) -> Quota {
    Quota::new(Allowance {
        bytes,
        inodes,
        open,
    })
}

fn over(quota: &Quota, host: &Host) -> Tree {
    tree(quota.over(host.node()))
}

fn errno<T>(outcome: Result<T>) -> Errno {
    outcome.map_or_else(|error| error.errno(), |_| Errno::Success)
}

fn write(file: &dyn File, text: &str, offset: u64) -> Errno {
    errno(file.write_at(&[IoSlice::new(text.as_bytes())], offset))
}

#[track_caller]
fn check_used(quota: &Quota, bytes: u64, inodes: u64) {
    let used = quota.used();
    assert_eq!((used.bytes, used.inodes), (bytes, inodes));
}

const NEW: OpenOptions = OpenOptions {
    create: true,
    ..WRITE
};

#[test]
fn growth_is_charged_and_what_does_not_fit_whole_changes_nothing() {
    let (host, quota) = (Host::empty(), quota(10, 9, 9));
    let dir = over(&quota, &host);
    let file = open(&dir, "f", &NEW).unwrap();
    let steps: [(Step, Errno, u64); 17] = [
        (|file| write(file, "abcd", 0), Errno::Success, 4),
        (|file| write(file, "ABCD", 0), Errno::Success, 4),
        (|file| write(file, "ef", 6), Errno::Success, 8),
        (|file| write(file, "xyz", 8), Errno::Dquot, 8),
        (|file| write(file, "xyz", u64::MAX), Errno::Dquot, 8),
        (|file| write(file, "", 100), Errno::Success, 8),
        (|file| append(file, &["xyz"]), Errno::Dquot, 8),
        (|file| append(file, &["x", "y"]), Errno::Success, 10),
        (|file| write(file, "z", 10), Errno::Dquot, 10),
        (|file| errno(file.set_size(11)), Errno::Dquot, 10),
        (|file| errno(file.allocate(3, 8)), Errno::Dquot, 10),
        (|file| errno(file.allocate(0, u64::MAX)), Errno::Dquot, 10),
        (|file| errno(file.allocate(0, 10)), Errno::Success, 10),
        (|file| errno(file.set_size(3)), Errno::Success, 3),
        (|file| errno(file.set_size(7)), Errno::Success, 7),
        (|file| errno(file.allocate(0, 9)), Errno::Success, 9),
        (|file| write(file, "no", 9), Errno::Dquot, 9),
    ];
    for (index, (step, outcome, size)) in steps.into_iter().enumerate() {
        assert_eq!(step(&*file), outcome, "step {index}");
        assert_eq!(file.stat().unwrap().size, size, "step {index}");
        check_used(&quota, size, 1);
    }
    assert_eq!(run(&dir, "open rt f"), "File");
    check_used(&quota, 0, 1);
}

type Step = fn(&dyn File) -> Errno;

fn append(file: &dyn File, texts: &[&str]) -> Errno {
    let slices: Vec<_> = texts
        .iter()
        .map(|text| IoSlice::new(text.as_bytes()))
        .collect();
    errno(file.append(&slices))
}

#[test]
fn what_was_there_counts_nothing_and_gives_nothing_back() {
    let (host, quota) = (Host::new(), quota(100, 9, 9));
    fs::write(host.path("big"), vec![b'x'; 1000]).unwrap();
    let dir = over(&quota, &host);
    for (operation, outcome, bytes) in [
        ("write big y", "1", 0),
        ("append big abcde", "1005", 5),
        ("size big 1003", "ok", 3),
        ("size big 500", "ok", 0),
        ("size big 560", "ok", 60),
        ("size big 700", "Dquot", 60),
        ("open wt big", "File", 0),
        ("size big 100", "ok", 100),
        ("append file x", "Dquot", 100),
        ("unlink big", "ok", 0),
        ("unlink file", "ok", 0),
        ("append dir/inner x", "10", 1),
        ("unlink dir/inner", "ok", 0),
        ("unlink dir/up", "ok", 0),
        ("rmdir empty", "ok", 0),
    ] {
        assert_eq!(run(&dir, operation), outcome, "{operation}");
        check_used(&quota, bytes, 0);
    }
}

#[test]
fn what_is_made_is_charged_before_it_is() {
    let (host, quota) = (Host::empty(), quota(100, 3, 9));
    let dir = over(&quota, &host);
    for (operation, outcome, inodes) in [
        ("open c f", "File", 1),
        ("open c f", "File", 1),
        ("mkdir d", "ok", 2),
        ("mkdir d", "Exist", 2),
        ("symlink f l", "ok", 3),
        ("open c new", "Dquot", 3),
        ("mkdir new", "Dquot", 3),
        ("symlink f new", "Dquot", 3),
        ("mkdir d", "Exist", 3),
        ("open cx f", "Exist", 3),
        ("link f hard", "ok", 3),
        ("unlink f", "ok", 3),
        ("unlink hard", "ok", 2),
        ("rmdir d", "ok", 1),
        ("unlink l", "ok", 0),
        ("unlink l", "Noent", 0),
    ] {
        assert_eq!(run(&dir, operation), outcome, "{operation}");
        check_used(&quota, 0, inodes);
    }
    assert_eq!(fs::read_dir(host.path(".")).unwrap().count(), 0);
}

#[test]
fn replaced_file_gives_back_and_one_moved_onto_itself_does_not() {
    let (host, quota) = (Host::empty(), quota(100, 9, 9));
    let dir = over(&quota, &host);
    for (operation, outcome, (bytes, inodes)) in [
        ("open c a", "File", (0, 1)),
        ("append a 12345", "5", (5, 1)),
        ("open c b", "File", (5, 2)),
        ("append b 123", "3", (8, 2)),
        ("rename a a", "ok", (8, 2)),
        ("rename nothing a", "Noent", (8, 2)),
        ("rename b a", "ok", (3, 1)),
        ("link a c", "ok", (3, 1)),
        // Both are names of one file: nothing happens.
        ("rename a c", "ok", (3, 1)),
        ("mkdir d", "ok", (3, 2)),
        ("mkdir e", "ok", (3, 3)),
        ("rename d e", "ok", (3, 2)),
        ("rename a e", "Isdir", (3, 2)),
        ("unlink e", "Isdir", (3, 2)),
        ("unlink a", "ok", (3, 2)),
        ("unlink c", "ok", (0, 1)),
    ] {
        assert_eq!(run(&dir, operation), outcome, "{operation}");
        check_used(&quota, bytes, inodes);
    }
}

#[test]
fn unlinked_file_gives_back_when_nobody_has_it_open() {
    let (host, quota) = (Host::empty(), quota(10, 9, 9));
    let dir = over(&quota, &host);
    let file = open(&dir, "f", &NEW).unwrap();
    let other = open(&dir, "f", &READ).unwrap();
    assert_eq!(write(&*file, "12345", 0), Errno::Success);
    check(&dir, &[("unlink f", "ok"), ("stat f", "Noent")]);
    check_used(&quota, 5, 1);
    // It still grows, and still under the account.
    assert_eq!(write(&*file, "1234567", 0), Errno::Success);
    assert_eq!(write(&*file, "12345678901", 0), Errno::Dquot);
    // Another one is another one.
    check(
        &dir,
        &[
            ("open wc f", "File"),
            ("append f 1234", "Dquot"),
            ("append f 123", "3"),
        ],
    );
    drop(file);
    check_used(&quota, 10, 2);
    drop(other);
    assert_eq!(
        quota.used(),
        Usage {
            bytes: 3,
            inodes: 1,
            open: 0
        }
    );
}

#[test]
fn open_files_are_counted_before_anything_is_done() {
    let (host, quota) = (Host::new(), quota(100, 9, 2));
    let dir = over(&quota, &host);
    let one = open(&dir, "file", &READ).unwrap();
    let two = open(&dir, "new", &NEW).unwrap();
    check(
        &dir,
        &[
            ("open r file", "Mfile"),
            ("open rt file", "Mfile"),
            ("read file", "Mfile"),
            ("open c newer", "Mfile"),
            ("stat newer", "Noent"),
            ("stat file", "RegularFile 4 1"),
            ("open r dir", "Dir"),
            ("open r nothing", "Noent"),
        ],
    );
    assert_eq!(quota.used().open, 2);
    drop(one);
    check(&dir, &[("read file", "file"), ("open c newer", "File")]);
    drop(two);
    // What fails keeps nothing.
    check(&dir, &[("open w dir", "Isdir"), ("open cx file", "Exist")]);
    assert_eq!(quota.used().open, 0);
}

#[test]
fn account_that_is_shared_is_one() {
    let (one, other, quota) = (Host::empty(), Host::empty(), quota(10, 2, 9));
    let (one_dir, other_dir) = (over(&quota, &one), over(&quota.clone(), &other));
    check(&one_dir, &[("open c a", "File"), ("append a 123456", "6")]);
    check(
        &other_dir,
        &[("open c a", "File"), ("append a 12345", "Dquot")],
    );
    check(&other_dir, &[("append a 1234", "4"), ("mkdir d", "Dquot")]);
    check_used(&quota, 10, 2);
    check(&one_dir, &[("unlink a", "ok")]);
    check(&other_dir, &[("mkdir d", "ok")]);
    check_used(&quota, 4, 2);
    let moved = other_dir.rename(path("a"), &one_dir, path("b"));
    assert_eq!(errno(moved), Errno::Xdev);
}

#[test]
fn number_that_is_used_again_is_another_file() {
    let (host, quota) = (Host::empty(), quota(100, 9, 9));
    let dir = over(&quota, &host);
    for _ in 0..20 {
        check(&dir, &[("open c f", "File"), ("append f 123", "3")]);
        // Somebody else removes it.
        fs::remove_file(host.path("f")).unwrap();
    }
    check(
        &dir,
        &[
            ("open c f", "File"),
            ("append f 123", "3"),
            ("unlink f", "ok"),
        ],
    );
    let used = quota.used();
    assert!(used.inodes <= 20 && used.bytes <= 60, "{used:?}");
}

#[test]
fn threads_do_not_exceed_it_together() {
    let (host, quota) = (Host::empty(), quota(10_000, 40, 1000));
    let dir = over(&quota, &host);
    let shared = open(&dir, "shared", &NEW).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..8u64 {
            let (dir, quota, shared) = (&dir, &quota, &shared);
            scope.spawn(move || {
                for round in 0..100 {
                    let text = [b'x'; 37];
                    let _ = shared.append(&[IoSlice::new(&text)]);
                    let _ = shared.write_at(&[IoSlice::new(&text)], thread * 50 + round);
                    if round % 10 == 9 {
                        let _ = shared.set_size(thread * 100);
                    }
                    let own = format!("f{thread}-{}", round % 7);
                    run(dir, &format!("open wc {own}"));
                    run(dir, &format!("append {own} 0123456789"));
                    if round % 3 == 0 {
                        run(dir, &format!("unlink {own}"));
                    }
                    let used = quota.used();
                    assert!(used.bytes <= 10_000 && used.inodes <= 40, "{used:?}");
                }
            });
        }
    });
    let there = fs::read_dir(host.path(".")).unwrap();
    let sizes: Vec<u64> = there
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .collect();
    check_used(&quota, sizes.iter().sum(), sizes.len() as u64);
    assert_eq!(quota.used().open, 1);
}

#[test]
fn threads_open_as_many_files_as_may_be() {
    let (host, quota) = (Host::new(), quota(0, 0, 5));
    let dir = over(&quota, &host);
    let opened: Vec<Option<Arc<dyn File>>> = std::thread::scope(|scope| {
        let open_one = || scope.spawn(|| open(&dir, "file", &READ).ok());
        let threads: Vec<_> = (0..16).map(|_| open_one()).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(opened.iter().flatten().count(), 5);
    drop(opened);
    assert_eq!(quota.used(), Usage::default());
}
