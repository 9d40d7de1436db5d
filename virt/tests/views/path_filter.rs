//! What may be done at which path.

use crate::run::{Host, check, names, path, run, tree};
use std::fs;
use std::sync::Arc;
use turnkey_virt::fs::{Found, Names, PathFilter, Treatment, Tree, subtree};
use turnkey_wasi_common::{Dir, Errno, FileType};

/// A project with what not everybody may see or change.
fn project() -> Host {
    let host = Host::empty();
    for dir in [
        ".git",
        "src/.git",
        "secrets",
        "lib/cache",
        "work/lib",
        "work/sub",
    ] {
        fs::create_dir_all(host.path(dir)).unwrap();
    }
    for file in [
        ".git/config",
        "src/.git/config",
        "src/main",
        "secrets/key",
        "lib/a",
        "lib/cache/c",
        "work/f",
        "work/lib/x",
    ] {
        fs::write(host.path(file), file).unwrap();
    }
    for (link, target) in [
        ("to-git", ".git"),
        ("to-key", "secrets/key"),
        ("work/to-lib", "../lib/a"),
        ("src/up", "../lib"),
    ] {
        std::os::unix::fs::symlink(target, host.path(link)).unwrap();
    }
    host
}

fn rules() -> PathFilter {
    PathFilter::new()
        .hide("**/.git")
        .and_then(|rules| rules.deny("secrets/**"))
        .and_then(|rules| rules.allow("lib/cache"))
        .and_then(|rules| rules.read_only("lib"))
        .unwrap()
}

/// The same rules, said by a closure.
fn closure() -> PathFilter {
    PathFilter::new().decide(|path| {
        if path.rsplit('/').next() == Some(".git") {
            return Some(Treatment::Hide);
        }
        match path {
            "lib/cache" => Some(Treatment::Allow),
            "lib" => Some(Treatment::ReadOnly),
            _ if path.starts_with("secrets/") => Some(Treatment::Deny),
            _ => None,
        }
    })
}

fn over(rules: PathFilter, host: &Host) -> Tree {
    tree(rules.over(host.node()))
}

#[test]
fn hidden_is_not_there_and_nothing_comes_there() {
    for rules in [rules(), closure()] {
        let host = project();
        let dir = over(rules, &host);
        check(
            &dir,
            &[
                ("stat .git", "Noent"),
                ("read .git/config", "Noent"),
                ("read src/.git/config", "Noent"),
                ("read src/../.git/config", "Noent"),
                ("read to-git/config", "Noent"),
                (
                    "ls src",
                    ".:Directory ..:Directory main:RegularFile up:SymbolicLink",
                ),
                ("open r .git", "Noent"),
                ("open c .git", "Perm"),
                ("mkdir .git", "Perm"),
                // Whether something lies there makes no difference.
                ("mkdir work/.git", "Perm"),
                ("symlink lib work/.git", "Perm"),
                ("link work/f work/.git", "Perm"),
                ("rename work/f .git", "Perm"),
                ("rename .git seen", "Noent"),
                ("link .git seen", "Noent"),
                ("rmdir .git", "Noent"),
                ("unlink src/.git", "Noent"),
                ("touch .git", "Noent"),
                ("touch-link .git", "Noent"),
                ("rmdir src", "Notempty"),
            ],
        );
        assert!(
            names(&dir, ".")
                .unwrap()
                .iter()
                .all(|name| name != ".git:Directory")
        );
        assert!(host.path(".git/config").exists());
    }
}

#[test]
fn denied_is_named_and_nothing_more() {
    for rules in [rules(), closure()] {
        let host = project();
        check(
            &over(rules, &host),
            &[
                ("stat secrets", "Directory"),
                ("stat secrets/key", "Acces"),
                ("read secrets/key", "Acces"),
                ("read to-key", "Acces"),
                ("lstat to-key", "SymbolicLink 11 1"),
                ("open w secrets/key", "Acces"),
                ("open c secrets/new", "Acces"),
                ("mkdir secrets/new", "Acces"),
                ("unlink secrets/key", "Acces"),
                ("touch secrets/key", "Acces"),
                ("rename secrets/key seen", "Acces"),
                ("link secrets/key seen", "Acces"),
                ("rename work/f secrets/f", "Acces"),
                ("link work/f secrets/f", "Acces"),
            ],
        );
    }
    let host = project();
    for rules in [rules(), closure()] {
        let Found::Dir(secrets) = rules.over(host.node()).lookup("secrets").unwrap() else {
            panic!("it is a directory");
        };
        let mut told = Names::default();
        secrets.list(&mut told).unwrap();
        assert_eq!(
            told.iter().collect::<Vec<_>>(),
            [("key", FileType::RegularFile)]
        );
    }
}

#[test]
fn read_only_changes_not_and_an_earlier_rule_goes_before() {
    for rules in [rules(), closure()] {
        let host = project();
        check(
            &over(rules, &host),
            &[
                ("read lib/a", "lib/a"),
                ("read work/to-lib", "lib/a"),
                ("open w lib/a", "Perm"),
                ("open w work/to-lib", "Perm"),
                ("open rt src/up/a", "Perm"),
                ("touch-open lib/a", "Perm"),
                ("touch lib/a", "Perm"),
                ("touch lib", "Perm"),
                ("unlink lib/a", "Perm"),
                ("mkdir lib/new", "Perm"),
                ("open c src/up/new", "Perm"),
                ("open c lib/a", "File"),
                ("rename lib/a work/a", "Perm"),
                ("rename work/f lib/a", "Perm"),
                // A further name would be a way around.
                ("link lib/a work/a", "Perm"),
                ("link work/f lib/f", "Perm"),
                ("rename lib work/moved", "Perm"),
                ("append lib/cache/c !", "12"),
                ("mkdir lib/cache/new", "ok"),
                ("rmdir lib/cache/new", "ok"),
                ("open w work/lib/x", "File"),
            ],
        );
        assert_eq!(fs::read_to_string(host.path("lib/a")).unwrap(), "lib/a");
    }
}

#[test]
fn directory_moves_only_where_the_same_holds_beneath() {
    let host = project();
    fs::create_dir_all(host.path("packed/.git")).unwrap();
    fs::create_dir_all(host.path("other/lib")).unwrap();
    let rules = PathFilter::new().hide("**/.git").unwrap();
    let rules = rules.read_only("work/lib/**").unwrap();
    let dir = over(rules.deny("a/*/x").unwrap(), &host);
    check(
        &dir,
        &[
            // What is hidden stays so wherever it lies.
            ("rename packed moved", "ok"),
            ("stat moved/.git", "Noent"),
            ("rename moved src/moved", "ok"),
            ("stat src/moved/.git", "Noent"),
            // What cannot be changed would be elsewhere.
            ("rename work free", "Perm"),
            ("rename work/lib free", "Perm"),
            ("rename work/lib work/free", "Perm"),
            ("rename work/sub free", "ok"),
            ("rename free work/free", "ok"),
            // Nor does something come under a rule.
            ("rename other a", "Perm"),
            // Files have nothing beneath them.
            ("rename work/f f", "ok"),
            ("rename f work/f", "ok"),
            ("rename other otherwise", "ok"),
        ],
    );
    assert!(host.path("work/lib/x").exists());
}

#[test]
fn closure_lets_files_move_and_directories_not() {
    let host = project();
    check(
        &over(closure(), &host),
        &[
            ("rename work/f f", "ok"),
            ("rename work/sub sub", "Perm"),
            ("rename to-key work/to-key", "ok"),
            ("mkdir new", "ok"),
            ("rename new newer", "Perm"),
            ("rename nothing new", "Noent"),
            // It is asked again about what lies beneath what it has decided.
            ("mkdir lib/cache/a", "ok"),
            ("rename lib/cache/a lib/cache/b", "Perm"),
        ],
    );
    // Nobody asks it where an earlier rule holds.
    let decided = PathFilter::new().allow("lib").unwrap();
    let decided = decided.decide(|_| Some(Treatment::Deny));
    check(
        &over(decided, &host),
        &[
            ("rename lib/cache/a lib/cache/b", "ok"),
            ("stat work", "Acces"),
        ],
    );
}

#[test]
fn threads_that_move_files_and_directories_reveal_nothing() {
    let host = Host::empty();
    fs::create_dir_all(host.path("work/lib")).unwrap();
    fs::create_dir_all(host.path("free")).unwrap();
    fs::write(host.path("work/lib/x"), "kept").unwrap();
    let dir = over(PathFilter::new().read_only("*/lib/**").unwrap(), &host);
    // A name that is now a file, now a directory with something beneath, must never be moved to
    // where what is beneath could be made by nobody.
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..300 {
                run(&dir, "open c it");
                run(&dir, "unlink it");
                run(&dir, "mkdir it");
                run(&dir, "mkdir it/lib");
                run(&dir, "open c it/lib/planted");
                run(&dir, "open c it/y");
                run(&dir, "unlink it/y");
                run(&dir, "rmdir it/lib");
                run(&dir, "rmdir it");
            }
        });
        scope.spawn(|| {
            for _ in 0..300 {
                run(&dir, "rename it free/lib");
                assert_eq!(run(&dir, "ls work/lib").matches(':').count(), 3);
                assert_ne!(run(&dir, "stat free/lib"), "Directory");
                run(&dir, "unlink free/lib");
            }
        });
    });
}

#[test]
fn views_of_different_rules_xdev() {
    let host = project();
    let (one, other) = (over(rules(), &host), over(rules(), &host));
    let moved = one.rename(path("work/f"), &other, path("f"));
    assert_eq!(moved.unwrap_err().errno(), Errno::Xdev);
    let linked = one.link(path("work/f"), &other, path("f"));
    assert_eq!(linked.unwrap_err().errno(), Errno::Xdev);
}

#[test]
fn path_too_long_for_a_closure_nametoolong() {
    let host = Host::empty();
    let name = "n".repeat(250);
    let mut here: Arc<dyn Dir> = Arc::new(over(PathFilter::new().decide(|_| None), &host));
    let mut depth = 0;
    let refused = loop {
        match here.create_dir(path(&name)) {
            Ok(()) => here = subtree(&*here, path(&name)).unwrap(),
            Err(error) => break error.errno(),
        }
        depth += 1;
    };
    assert_eq!((refused, depth), (Errno::Nametoolong, 16));
}

#[test]
fn rule_of_what_is_no_pattern_inval() {
    for pattern in ["", "/lib", "lib/", "../lib", "a/[", "**a"] {
        let refused = PathFilter::new().hide(pattern).map(drop).unwrap_err();
        assert_eq!(refused.errno(), Errno::Inval, "{pattern}");
    }
}
