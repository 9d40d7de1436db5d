//! Ways out of a directory, over every file system.

use crate::host::{
    Backend, Difference, Guest, PATH_OPERATIONS, Tree, assert_outside_untouched, oflags,
    on_every_backend,
};
use crate::{NOTHING, READ_WRITE};
use turnkey_wasi_common::{Errno, Rights};

on_every_backend![
    ghsa_vqjp_4c8c_hfgg_trailing_slash_follows_no_link_out,
    node_and_wazero_2321_absolute_links_lead_nowhere,
    ghsa_55f3_3qvg_8pv5_each_oflags_and_rights_on_each_way_out,
    cve_2025_43853_link_targets_that_lead_outside,
    wazero_dotdot_is_resolved_on_disk_not_in_the_text,
];

/// A tree that a guest has put links into: each a target and a name.
fn with_links(on: Backend, links: &[(&str, &str)]) -> (Tree, Guest) {
    let tree = Tree::on(on).file("file", "contents").dir("dir");
    let mut guest = tree.guest();
    for (target, name) in links {
        assert_eq!(guest.path_symlink(target, (3, name)), Ok(()), "{name}");
    }
    (tree, guest)
}

/// Does everything that can be done with paths that lead outside; nothing of it may succeed, and
/// nothing there may change.
fn assert_refused(make: impl Fn() -> (Tree, Guest), paths: &[&str]) {
    for (operation, call) in PATH_OPERATIONS {
        for path in paths {
            let (tree, mut guest) = make();
            let outcome = call(&mut guest, path);
            assert!(outcome.is_err(), "{operation}: {path}");
            assert_outside_untouched(&tree);
        }
    }
}

/// The same with paths whose last name is a link that leads outside. What is done may be done to
/// the link itself; nothing may be found behind it.
fn assert_only_the_link(make: impl Fn() -> (Tree, Guest), links: &[&str]) {
    for (operation, call) in PATH_OPERATIONS {
        for link in links {
            let (tree, mut guest) = make();
            let outcome = call(&mut guest, link);
            assert_outside_untouched(&tree);
            let follows = operation.contains("path_open ")
                || operation.contains("following")
                || operation.contains("of nothing");
            // A link whose text ends in a slash says that a directory is to be created.
            let refused = matches!(outcome, Err(Errno::Perm | Errno::Isdir));
            assert!(refused || !follows, "{operation}: {link}: {outcome:?}");
        }
    }
}

/// A slash behind a link must not have it followed out of the directory, however many links lie in
/// between and whoever made them (cap-std GHSA-hp8f-xmx4-4qrg, Go's CVE-2026-39822).
///
/// Broken on purpose: `Place::find` and `open::directory` open with plain `openat`, as a walk does
/// that trusts its last step.
fn ghsa_vqjp_4c8c_hfgg_trailing_slash_follows_no_link_out(on: Backend) {
    for chain in [
        &[("../outside", "evil"), ("evil/", "link")][..],
        &[("../outside/", "evil"), ("evil/", "link")],
        &[("../outside", "evil"), ("evil", "link")],
        &[("../outside/.", "evil"), ("./evil//", "link")],
        &[("dir/../../outside/", "evil"), ("dir/../evil/", "link")],
        &[
            ("../outside", "evil"),
            ("../evil/", "dir/on"),
            ("dir/on/", "link"),
        ],
    ] {
        assert_refused(
            || with_links(on, chain),
            &[
                "link/",
                "link//",
                "link/.",
                "link/./",
                "link/secret",
                "link/new",
                "link/../outside/secret",
                "evil/",
                "dir/../link/",
                "dir/../link/secret",
            ],
        );
        assert_only_the_link(|| with_links(on, chain), &["link", "evil"]);
    }
}

/// Links that the host has put there with an absolute text are not followed (Node follows them;
/// wazero #2321 did).
///
/// Broken on purpose: as for the row above.
fn node_and_wazero_2321_absolute_links_lead_nowhere(on: Backend) {
    if on.differs(Difference::NoAbsoluteLinks) {
        let tree = Tree::on(on).link("/etc/passwd", "absolute");
        let mut guest = tree.guest();
        let missing = guest.path_readlink((3, "absolute"), 100);
        assert_eq!(missing, Err(Errno::Noent));
        let made = guest.path_symlink("/etc/passwd", (3, "absolute"));
        assert_eq!(made, Err(Errno::Perm));
        return;
    }
    let make = || {
        let tree = Tree::on(on).file("file", "contents");
        let (secret, outside) = (tree.outside("secret"), tree.outside(""));
        let tree = tree
            .link(secret, "absolute")
            .link(outside, "absolute_dir")
            .link("absolute_dir/", "link");
        let guest = tree.guest();
        (tree, guest)
    };
    let beneath = [
        "absolute_dir/",
        "absolute_dir/secret",
        "absolute_dir/new",
        "link/",
        "link/secret",
    ];
    assert_refused(make, &beneath);
    assert_only_the_link(make, &["absolute", "absolute_dir", "link"]);
    let (_tree, mut guest) = make();
    let told = guest.path_readlink((3, "absolute"), 100);
    assert_eq!(told, Err(Errno::Perm), "what the host looks like");
}

/// What Wasmer did with `std::fs`: a path that is harmless as text leads outside on disk.
///
/// Broken on purpose: `open_flagged` opens with plain `openat`.
fn ghsa_55f3_3qvg_8pv5_each_oflags_and_rights_on_each_way_out(on: Backend) {
    let tree = Tree::on(on)
        .dir("dir")
        .link("../outside/secret", "out")
        .link("../outside", "outdir")
        .link("outdir/", "link_to_outdir")
        .link("dir/../../outside", "winding")
        .link("../outside/new", "out_new");
    let secret = tree.outside("secret");
    let tree = tree.link(secret, "absolute");
    let mut guest = tree.guest();
    for path in [
        "out",
        "outdir",
        "outdir/",
        "outdir/secret",
        "outdir/new",
        "link_to_outdir/",
        "link_to_outdir/secret",
        "absolute",
        "out_new",
        "winding",
        "winding/new",
    ] {
        if path == "absolute" && on.differs(Difference::NoAbsoluteLinks) {
            continue;
        }
        for oflags in 0..16 {
            for rights in [
                NOTHING,
                Rights::FD_READ,
                Rights::FD_WRITE,
                READ_WRITE,
                Rights::all(),
            ] {
                for follow in [false, true] {
                    let place = (3, path.as_bytes());
                    let opened = guest.path_open_with(place, follow, oflags, rights, 0);
                    assert!(opened.is_err(), "{path} {oflags} {rights:?} {follow}");
                    assert_outside_untouched(&tree);
                }
            }
        }
    }
}

/// A link may hold any relative text, and is judged when it is used; an absolute one is refused.
///
/// Broken on purpose: `check_link_target` answers `Ok` to everything.
fn cve_2025_43853_link_targets_that_lead_outside(on: Backend) {
    let (tree, mut guest) = with_links(on, &[]);
    let relative = [
        "../outside/secret",
        "../../../../../../../../etc/passwd",
        "dir/../../outside/secret",
        "./../outside/new",
    ];
    for (n, target) in relative.into_iter().enumerate() {
        let name = format!("escape{n}");
        assert_eq!(guest.path_symlink(target, (3, &name)), Ok(()));
        for oflags in [0, oflags::CREAT, oflags::TRUNC, oflags::DIRECTORY] {
            let opened = guest.path_open((3, &name), oflags, Rights::FD_READ);
            assert_eq!(opened, Err(Errno::Perm), "{target} {oflags}");
        }
    }
    for target in ["/", "/etc/passwd", "//etc", "/./x"] {
        let made = guest.path_symlink(target, (3, "absolute"));
        assert_eq!(made, Err(Errno::Perm), "{target}");
    }
    assert!(!tree.is_link("absolute"));
    assert_outside_untouched(&tree);
}

/// `..` behind a link leads to the parent of what the link names, not back to where the link lies
/// (wazero and Node cut the text instead).
///
/// Broken on purpose: `operations::path` cuts `NAME/..` out of a path's text before it is used.
fn wazero_dotdot_is_resolved_on_disk_not_in_the_text(on: Backend) {
    let tree = Tree::on(on)
        .file("file", "at the top")
        .dir("dir")
        .file("dir/file", "beneath")
        .dir("dir/sub")
        .link("dir/sub", "link");
    let mut guest = tree.guest();
    let size = |guest: &mut Guest, path| guest.path_filestat_get((3, path), true).unwrap().size;
    assert_eq!(size(&mut guest, "link/../file"), 7);
    assert_eq!(size(&mut guest, "dir/sub/../../file"), 10);
    let file = guest.path_open((3, "link/../file"), 0, Rights::FD_READ);
    assert_eq!(guest.fd_read(file.unwrap(), 20).unwrap(), b"beneath");
    // What is not there has no parent either.
    let missing = guest.path_filestat_get((3, "missing/../file"), true);
    assert_eq!(missing, Err(Errno::Noent));
    let out = guest.path_filestat_get((3, "link/../../../outside/secret"), true);
    assert_eq!(out, Err(Errno::Perm));
}
