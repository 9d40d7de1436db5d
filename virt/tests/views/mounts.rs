//! Several file systems in one tree.

use crate::run::{Host, READ, check, file, listed, names, path, run, tree};
use std::sync::Arc;
use turnkey_virt::fs::{Found, Listed, Mounts, Node};
use turnkey_wasi_common::{Dir, Errno, Follow, Object};

fn node(listed: Listed) -> Arc<dyn Node> {
    Arc::new(listed)
}

/// A host's directory with others mounted: at a new place, over a directory, over a file, and in
/// what is mounted.
fn mounts(host: &Host, inner: &Host) -> Arc<dyn Node> {
    Mounts::new(host.node())
        .mount("usr/lib", inner.node())
        .unwrap()
        .mount("usr/lib/deeper/down", node(listed(&["deep"])))
        .unwrap()
        .mount("dir", node(listed(&["over"])))
        .unwrap()
        .mount("file", node(Listed::new()))
        .unwrap()
        .build()
}

#[test]
fn paths_lead_through_mounts_and_back() {
    let (host, inner) = (Host::new(), Host::new());
    check(
        &tree(mounts(&host, &inner)),
        &[
            ("read usr/lib/dir/inner", "dir/inner"),
            ("read usr/lib/deeper/down/deep", "deep"),
            ("read usr/lib/deeper/down/../../file", "file"),
            ("read usr/lib/../../lib/a", "lib/a"),
            ("stat usr/../..", "Perm"),
            // A link of what is mounted resolves in the whole tree.
            ("stat usr/lib/to-file", "RegularFile 4 1"),
            ("stat usr/lib/escape", "Noent"),
            // It leads to what is mounted over its target.
            ("ls to-dir", ".:Directory ..:Directory over:RegularFile"),
            ("stat to-file", "Directory"),
            ("stat dir/inner", "Noent"),
            ("read dir/over", "over"),
            ("stat usr/nothing", "Noent"),
        ],
    );
}

#[test]
fn listings_show_each_mount_once_with_its_number() {
    let (host, inner) = (Host::new(), Host::new());
    let dir = tree(mounts(&host, &inner));
    let root = names(&dir, ".").unwrap();
    for name in ["usr:Directory", "dir:Directory", "file:Directory"] {
        assert!(root.contains(&name.to_owned()), "{name} in {root:?}");
    }
    assert_eq!(
        names(&dir, "usr").unwrap(),
        [".:Directory", "..:Directory", "lib:Directory"]
    );
    let lib = names(&dir, "usr/lib").unwrap();
    assert!(lib.contains(&"deeper:Directory".to_owned()), "{lib:?}");
    assert_eq!(names(&dir, "usr/lib/deeper").unwrap().len(), 3);
    // A tree of trees, whose positions do not meet.
    let twice = Mounts::new(mounts(&host, &inner)).mount("more", node(Listed::new()));
    let twice = tree(twice.unwrap().build());
    let more = names(&twice, ".").unwrap();
    assert_eq!(more.len(), root.len() + 1);
}

#[test]
fn listing_goes_on_where_it_stopped_while_the_directory_changes() {
    let (host, inner) = (Host::new(), Host::new());
    let dir = tree(mounts(&host, &inner));
    let mut listing = dir.listing().unwrap();
    let mut all = Vec::new();
    listing
        .read(0, &mut |entry| {
            all.push((entry.name.to_owned(), entry.next));
            true
        })
        .unwrap();
    std::fs::write(host.path("later"), "").unwrap();
    for (index, (name, next)) in all.iter().enumerate() {
        let mut following = None;
        listing
            .read(*next, &mut |entry| {
                following.get_or_insert(entry.name.to_owned());
                following.as_deref() == Some("later")
            })
            .unwrap();
        let expected = all.get(index + 1).map(|(name, _)| name.clone());
        let is_new = following.as_deref() == Some("later");
        assert!(
            is_new || following == expected,
            "behind {name}: {following:?}"
        );
    }
}

#[test]
fn devices_differ_and_numbers_are_the_mounted_ones() {
    let host = Host::new();
    let memory = || node(listed(&["a"]));
    let mounts = Mounts::new(memory()).devices(500);
    let mounts = mounts.mount("one", memory()).unwrap();
    let mounts = mounts.mount("one/two", memory()).unwrap();
    let mounts = mounts.mount("host", host.node()).unwrap();
    let dir = tree(mounts.build()).device(499);
    let device = |at| dir.stat_at(path(at), Follow::No).unwrap().device;
    for (at, expected) in [
        (".", 499),
        ("a", 499),
        ("one", 500),
        ("one/a", 500),
        ("one/two", 501),
        ("one/two/a", 501),
    ] {
        assert_eq!(device(at), expected, "{at}");
    }
    let there = host.dir().stat_at(path("file"), Follow::No).unwrap();
    let here = dir.stat_at(path("host/file"), Follow::No).unwrap();
    assert_eq!((here.device, here.inode), (there.device, there.inode));
    // What is opened tells the same as its path.
    for at in ["one", "one/a", "one/two/a", "host/file"] {
        let stat = dir.open(path(at), &READ).unwrap().stat().unwrap();
        let told = dir.stat_at(path(at), Follow::No).unwrap();
        assert_eq!((stat.device, stat.inode), (told.device, told.inode), "{at}");
    }
}

#[test]
fn mount_points_stay_where_they_are() {
    let (host, inner) = (Host::new(), Host::new());
    let before = names(&tree(mounts(&host, &inner)), ".").unwrap();
    let dir = tree(mounts(&host, &inner));
    check(
        &dir,
        &[
            ("rmdir usr/lib", "Busy"),
            ("rmdir usr", "Busy"),
            ("rmdir dir", "Busy"),
            ("unlink file", "Busy"),
            ("rename usr/lib usr/other", "Busy"),
            ("rename usr other", "Busy"),
            ("rename dir empty", "Busy"),
            ("rename empty dir", "Busy"),
            ("rename lib/a file", "Busy"),
            ("link lib/a dir", "Exist"),
            ("link dir new", "Busy"),
            ("mkdir usr", "Exist"),
            ("mkdir usr/lib", "Exist"),
            ("symlink empty dir", "Exist"),
            ("open cx dir", "Exist"),
            ("open c dir", "Isdir"),
        ],
    );
    assert_eq!(names(&dir, ".").unwrap(), before);
    assert!(host.path("dir/inner").exists() && host.path("file").is_file());
}

#[test]
fn nothing_moves_between_file_systems() {
    let (host, inner) = (Host::new(), Host::new());
    let twice = Mounts::new(host.node())
        .mount("again", host.node())
        .unwrap()
        .mount("usr/lib", inner.node())
        .unwrap();
    let dir = tree(twice.build());
    check(
        &dir,
        &[
            ("rename file usr/lib/new", "Xdev"),
            ("link file usr/lib/new", "Xdev"),
            ("rename usr/lib/file new", "Xdev"),
            // Not even where it is the same directory.
            ("rename file again/new", "Xdev"),
            ("link again/file new", "Xdev"),
            ("rename again/file again/new", "ok"),
            ("rename usr/lib/file usr/lib/dir/new", "ok"),
            ("read new", "file"),
        ],
    );
    // Nor between trees.
    let other = tree(Mounts::new(host.node()).build());
    let moved = dir.rename(path("new"), &other, path("newer"));
    assert_eq!(moved.unwrap_err().errno(), Errno::Xdev);
}

#[test]
fn directories_above_a_mount_stay_writable_and_made_up_ones_are_not() {
    let (host, inner) = (Host::new(), Host::new());
    let mounts = Mounts::new(host.node()).mount("lib/deep/new/here", inner.node());
    let dir = tree(mounts.unwrap().build());
    check(
        &dir,
        &[
            ("open wc lib/beside", "File"),
            ("append lib/beside abc", "3"),
            ("mkdir lib/deep/other", "ok"),
            ("rename lib/beside lib/deep/other/moved", "ok"),
            ("unlink lib/a", "ok"),
            ("rename lib away", "Busy"),
            ("mkdir lib/deep/new/other", "Rofs"),
            ("open c lib/deep/new/file", "Rofs"),
            ("touch lib/deep/new", "Rofs"),
            ("touch lib/deep", "ok"),
            ("mkdir lib/deep/new/here/made", "ok"),
        ],
    );
    assert!(host.path("lib/deep/other/moved").exists() && inner.path("made").exists());
    assert!(!host.path("lib/deep/new").exists());
}

#[test]
fn mount_of_what_is_no_place_refused() {
    for (at, errno) in [
        ("", Errno::Noent),
        (".", Errno::Inval),
        ("a/..", Errno::Inval),
        ("/a", Errno::Perm),
        ("a\0", Errno::Inval),
        ("taken", Errno::Exist),
        ("taken//", Errno::Exist),
    ] {
        let mounts = Mounts::new(node(Listed::new()));
        let mounts = mounts.mount("taken", node(Listed::new())).unwrap();
        let refused = mounts.mount(at, node(Listed::new())).map(drop);
        assert_eq!(refused.unwrap_err().errno(), errno, "{at:?}");
    }
}

#[test]
fn mounts_in_any_order_the_same() {
    let outer = || node(Listed::new().entry("b", Found::dir(listed(&["hidden"]))));
    let inner = || node(listed(&["shown"]));
    let one = Mounts::new(node(Listed::new())).mount("a", outer());
    let one = one.unwrap().mount("a/b", inner()).unwrap().build();
    let other = Mounts::new(node(Listed::new())).mount("a/b", inner());
    let other = other.unwrap().mount("a", outer()).unwrap().build();
    for dir in [tree(one), tree(other)] {
        check(
            &dir,
            &[("read a/b/shown", "shown"), ("stat a/b/hidden", "Noent")],
        );
    }
}

#[test]
fn threads_walk_and_change_side_by_side() {
    let (host, inner) = (Host::new(), Host::new());
    let dir = tree(mounts(&host, &inner));
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let dir = &dir;
            scope.spawn(move || {
                for round in 0..50 {
                    let made = format!("lib/t{thread}-{round}");
                    assert_eq!(run(dir, &format!("mkdir {made}")), "ok");
                    assert_eq!(run(dir, "rmdir dir"), "Busy");
                    assert_eq!(
                        run(dir, &format!("rename {made} usr/lib/x{thread}")),
                        "Xdev"
                    );
                    assert_eq!(run(dir, &format!("rmdir {made}")), "ok");
                }
            });
        }
    });
    assert_eq!(std::fs::read_dir(host.path("lib")).unwrap().count(), 2);
}

#[test]
fn file_that_is_mounted_over_is_seen_no_more() {
    let root = Listed::new().entry("a", file("hidden"));
    let mounts = Mounts::new(node(root)).mount("a/b", node(listed(&["c"])));
    let dir = tree(mounts.unwrap().build());
    check(&dir, &[("stat a", "Directory"), ("read a/b/c", "c")]);
    let Object::Dir(made_up) = dir.open(path("a"), &READ).unwrap() else {
        panic!("it is a directory");
    };
    check(
        &*made_up,
        &[("ls .", ".:Directory ..:Directory b:Directory")],
    );
}
