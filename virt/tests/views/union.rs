//! Several directories as one.

use crate::run::{Host, READ, check, file, listed, names, path, tree};
use std::collections::HashSet;
use std::sync::Arc;
use turnkey_virt::fs::{Found, Listed, Node, Union};
use turnkey_wasi_common::{Dir, Follow};

fn union(layers: impl IntoIterator<Item = Listed>) -> Arc<dyn Node> {
    let layers = layers.into_iter().map(|layer| Arc::new(layer) as _);
    Arc::new(Union::new(layers))
}

#[test]
fn first_layer_wins_and_directories_merge() {
    let dir = |names: &[&str]| Found::dir(listed(names));
    let layers = [
        listed(&["a"])
            .entry("d", dir(&["x"]))
            .entry("f", file("first")),
        Listed::new()
            .entry("a", dir(&["hidden"]))
            .entry("d", dir(&["x", "y"]))
            .entry("f", dir(&["hidden"]))
            .entry("cut", dir(&["1"])),
        listed(&["cut"]).entry("d", dir(&["z"])),
        Listed::new()
            .entry("cut", dir(&["3"]))
            .entry("l", Found::link("d/z")),
    ];
    check(
        &tree(union(layers)),
        &[
            ("read a", "a"),
            ("stat a/hidden", "Notdir"),
            ("read f", "first"),
            ("read d/x", "x"),
            ("read d/y", "y"),
            ("read l", "z"),
            // What is no directory ends the merging.
            ("read cut/1", "1"),
            ("stat cut/3", "Noent"),
            ("ls cut", ".:Directory ..:Directory 1:RegularFile"),
            (
                "ls d",
                ".:Directory ..:Directory x:RegularFile y:RegularFile z:RegularFile",
            ),
            (
                "ls .",
                ".:Directory ..:Directory a:RegularFile cut:Directory d:Directory f:RegularFile l:SymbolicLink",
            ),
            ("stat nothing", "Noent"),
        ],
    );
}

#[test]
fn numbers_of_layers_do_not_meet_and_hard_links_share_theirs() {
    let host = Host::new();
    std::fs::hard_link(host.path("file"), host.path("hard")).unwrap();
    // The same directory, which has everything under another name in the other layer.
    let beneath = Arc::new(Listed::new().entry("again", Found::Dir(host.node())));
    let dir = tree(Arc::new(Union::new([host.node(), beneath as _])));
    let number = |at| dir.stat_at(path(at), Follow::No).unwrap().inode;
    let paths = [
        "file",
        "lib/a",
        "again/file",
        "again/lib/a",
        "lib",
        "again/lib",
        "again",
    ];
    let numbers: HashSet<u64> = paths.into_iter().map(number).collect();
    assert_eq!(numbers.len(), paths.len());
    assert_eq!(number("file"), number("hard"));
    assert_ne!(
        number("file"),
        host.dir().stat_at(path("file"), Follow::No).unwrap().inode
    );
    for at in [".", "lib", "again", "again/lib"] {
        names(&dir, at).unwrap();
    }
    let opened = dir.open(path("lib/a"), &READ).unwrap().stat().unwrap();
    assert_eq!(opened.inode, number("lib/a"));
    assert_eq!(opened.device, dir.stat().unwrap().device);
}

#[test]
fn every_change_rofs() {
    let (host, other) = (Host::new(), Host::new());
    let dir = tree(Arc::new(Union::new([host.node(), other.node()])));
    check(
        &dir,
        &[
            ("open w file", "Rofs"),
            ("open rt file", "Rofs"),
            ("open c new", "Rofs"),
            ("touch file", "Rofs"),
            ("touch-open file", "Rofs"),
            ("touch-link to-file", "Rofs"),
            ("touch dir", "Rofs"),
            ("mkdir new", "Rofs"),
            ("rmdir empty", "Rofs"),
            ("unlink file", "Rofs"),
            ("symlink file new", "Rofs"),
            ("link file new", "Rofs"),
            ("rename file new", "Rofs"),
            ("open c file", "File"),
        ],
    );
}

#[test]
fn union_of_nothing_is_empty() {
    let dir = tree(union([]));
    check(
        &dir,
        &[("ls .", ".:Directory ..:Directory"), ("stat a", "Noent")],
    );
}
