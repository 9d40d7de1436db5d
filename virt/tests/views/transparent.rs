//! What a view says nothing about is as it is without it.

use crate::run::{Host, path, run, tree};
use std::sync::Arc;
use turnkey_virt::fs::{
    Allowance, Listed, Mounts, Node, PathFilter, Quota, Tree, Union, read_only, read_only_dir,
    subtree,
};
use turnkey_wasi_common::Dir;

const LOOKS: &[&str] = &[
    "stat .",
    "stat file",
    "stat file/",
    "stat dir/",
    "stat dir/../file",
    "stat ..",
    "stat dir/../..",
    "stat file/..",
    "stat nothing",
    "stat to-file",
    "lstat to-file",
    "stat to-dir/inner",
    "stat to-dir/up",
    "stat dangling",
    "lstat dangling",
    "stat loop",
    "stat escape",
    "lstat escape",
    "ls .",
    "ls dir",
    "ls to-dir",
    "ls empty",
    "ls file",
    "read file",
    "read to-dir/up",
    "read dir/inner",
    "readlink to-file",
    "readlink file",
    "readlink dir/up",
    "open r dir",
    "open rd file",
    "open rd to-dir",
    "open rdl to-dir",
    "open rl to-file",
    "open r loop",
    "open r escape",
    "open r nothing",
    "open r file/",
];

const CHANGES: &[&str] = &[
    "open rw dir",
    "open cx file",
    "open cx to-file",
    "open c new/",
    "open cd new",
    "open wc new",
    "write new abc",
    "append new def",
    "read new",
    "open rt new",
    "stat new",
    "open wt new",
    "size new 5",
    "stat new",
    "allocate new 9",
    "stat new",
    "size new 2",
    "read new",
    "touch new",
    "touch-open new",
    "touch dir",
    "touch to-file",
    "touch-link to-file",
    "touch nothing",
    "open c dangling",
    "stat nothing",
    "unlink nothing",
    "mkdir made",
    "mkdir made",
    "mkdir made/in/deep",
    "mkdir made/in/",
    "mkdir file",
    "mkdir .",
    "rmdir made",
    "rmdir made/in",
    "rmdir file",
    "rmdir .",
    "rmdir made/..",
    "unlink dir",
    "unlink nothing",
    "unlink new/",
    "symlink file made/link",
    "symlink ../file made/link",
    "symlink /file absolute",
    "read made/link",
    "readlink made/link",
    "link new made/hard",
    "stat made/hard",
    "link new file",
    "link dir linked",
    "link nothing linked",
    "rename made moved",
    "ls .",
    "ls moved",
    "rename moved moved/in",
    "rename moved/hard dir/inner",
    "read dir/inner",
    "rename new new",
    "rename new dir",
    "rename dir new",
    "rename empty moved",
    "rename moved empty",
    "rename nothing there",
    "rename . there",
    "rename file there/",
    "rename to-file there",
    "readlink there",
    "unlink there",
    "ls .",
    "ls empty",
    "unlink new",
    "stat dir/inner",
];

type Over = fn(Arc<dyn Node>) -> Arc<dyn Dir>;

fn outcomes(over: Over, operations: &[&str]) -> Vec<String> {
    let host = Host::new();
    let dir = over(host.node());
    operations
        .iter()
        .map(|operation| format!("{operation}: {}", run(&*dir, operation)))
        .collect()
}

fn dir(node: Arc<dyn Node>) -> Arc<dyn Dir> {
    Arc::new(Tree::new(node))
}

fn mounted(node: Arc<dyn Node>) -> Arc<dyn Dir> {
    let mounts = Mounts::new(Arc::new(Listed::new()));
    let mounts = mounts.mount("at/some/place", node).unwrap();
    subtree(&tree(mounts.build()), path("at/some/place")).unwrap()
}

fn filter(node: Arc<dyn Node>) -> Arc<dyn Node> {
    let rules = PathFilter::new().hide("**/.git").unwrap();
    rules.read_only("other/**").unwrap().over(node)
}

fn quota(node: Arc<dyn Node>) -> Arc<dyn Node> {
    Quota::new(Allowance::default()).over(node)
}

#[test]
fn views_that_change_are_as_the_tree_beneath() {
    let operations = [LOOKS, CHANGES].concat();
    let expected = outcomes(dir, &operations);
    let views: [(&str, Over); 6] = [
        ("mounts", |node| dir(Mounts::new(node).build())),
        ("mounted", mounted),
        ("filter", |node| dir(filter(node))),
        ("quota", |node| dir(quota(node))),
        ("subtree", |node| {
            subtree(&*dir(node), path("dir/..")).unwrap()
        }),
        ("all", |node| mounted(quota(filter(filter(quota(node)))))),
    ];
    for (name, over) in views {
        assert_eq!(outcomes(over, &operations), expected, "{name}");
    }
}

#[test]
fn views_that_look_are_as_the_tree_beneath() {
    let expected = outcomes(dir, LOOKS);
    let views: [(&str, Over); 5] = [
        ("read only", |node| dir(read_only(node))),
        ("read only directory", |node| read_only_dir(dir(node))),
        ("union of one", |node| dir(Arc::new(Union::new([node])))),
        ("union with nothing", |node| {
            dir(Arc::new(Union::new([Arc::new(Listed::new()), node])))
        }),
        ("all", |node| {
            mounted(read_only(Arc::new(Union::new([quota(filter(node))]))))
        }),
    ];
    for (name, over) in views {
        assert_eq!(outcomes(over, LOOKS), expected, "{name}");
    }
}
