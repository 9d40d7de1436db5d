//! Many files in one directory.

use crate::host::cpu_time;
use std::time::Duration;
use turnkey_conformance::known::names;
use turnkey_virt::fs::MemoryFs;
use turnkey_wasi_common::{Dir, Follow, GuestPath, OpenOptions};

/// Makes so many files in a directory, lists them and removes them; the time that each of these took.
fn make_list_remove(count: usize) -> [Duration; 3] {
    let root = MemoryFs::new().root();
    let how = OpenOptions {
        read: false,
        write: true,
        create: true,
        exclusive: true,
        follow: Follow::No,
        ..OpenOptions::READ
    };
    let each = |step: &dyn Fn(&dyn Dir, GuestPath<'_>)| {
        let start = cpu_time();
        for n in 0..count {
            let name = format!("file{n}");
            step(&*root, GuestPath::new(&name).unwrap());
        }
        cpu_time() - start
    };
    let made = each(&|root, path| drop(root.open(path, &how).unwrap()));
    let start = cpu_time();
    assert_eq!(names(&*root).unwrap().len(), count);
    let listed = cpu_time() - start;
    let removed = each(&|root, path| root.unlink(path).unwrap());
    assert!(names(&*root).unwrap().is_empty());
    [made, listed, removed]
}

/// The shortest times of three runs.
fn best(count: usize) -> [Duration; 3] {
    let runs = [(); 3].map(|()| make_list_remove(count));
    [0, 1, 2].map(|step| runs.iter().map(|run| run[step]).min().unwrap())
}

/// What grew with the square of the number would take a hundred times as long.
#[test]
fn files_made_listed_and_removed_ten_times_as_many_no_more_than_25_times_the_time() {
    let (few, many) = (best(10_000), best(100_000));
    for ((few, many), step) in few.into_iter().zip(many).zip(["made", "listed", "removed"]) {
        assert!(many <= 25 * few, "{step}: {few:?} and {many:?}");
    }
}
