//! Listings and links that make no sense.

use super::*;
use turnkey_wasi_common::{Dir, Follow};

fn listed(serving: &Serving) -> Errno {
    errno(tree(serving).listing())
}

#[test]
fn listing_without_end_or_progress_refused() {
    // Every answer fills the room with one name, which differs in its first bytes.
    let endless = r#"
        (global $next (mut i32) (i32.const 0))
        (func (export "dir_list") (param i32 i64 i32 i32) (param $at i32) (param $room i32)
            (result i32)
            (memory.fill (local.get $at) (i32.const 120) (local.get $room))
            (i64.store (local.get $at) (i64.const 0))
            (i64.store offset=8 (local.get $at) (i64.const 0))
            (i32.store offset=8 (local.get $at) (i32.const 100))
            (i32.store8 offset=16 (local.get $at)
                (i32.add (i32.const 97) (i32.rem_u (global.get $next) (i32.const 10))))
            (global.set $next (i32.add (global.get $next) (i32.const 1)))
            (i32.const 116))"#;
    on_every_engine(&parent(endless), |serving, parent| {
        let told = serving.lend(parent, || listed(serving));
        assert_eq!(told, Errno::Nomem);
    });
    let standing = endless.replace(
        "(global.get $next) (i32.const 10)",
        "(i32.const 0) (i32.const 1)",
    );
    on_every_engine(&parent(&standing), |serving, parent| {
        let told = serving.lend(parent, || listed(serving));
        assert_eq!(told, Errno::Io);
    });
}

#[test]
fn listed_names_that_are_none_left_out_and_flaws_io() {
    // Four names of one byte, "/", ".", NUL and "a", of a type that is told at 12; the header of the
    // first names the length.
    let names = |length: u32, file_type: u32| {
        parent(&format!(
            r#"(data (i32.const 0)
                "\00\00\00\00\00\00\00\00\0{length}\00\00\00\04\00\00\00/.......\00\00\00\00\00\00\00\00\01\00\00\00\04\00\00\00........\00\00\00\00\00\00\00\00\01\00\00\00\04\00\00\00\00.......\00\00\00\00\00\00\00\00\01\00\00\00\0{file_type}\00\00\00a")
            (func (export "dir_list") (param i32 i64 i32 i32 i32 i32) (result i32)
                (if (local.get 3) (then (return (i32.const 0))))
                (memory.copy (local.get 4) (i32.const 0) (i32.const 89))
                (i32.const 89))"#
        ))
    };
    on_every_engine(&names(1, 4), |serving, parent| {
        serving.lend(parent, || {
            let mut told = Vec::new();
            let mut listing = tree(serving).listing().unwrap();
            listing
                .read(2, &mut |entry| {
                    told.push(entry.name.to_owned());
                    true
                })
                .unwrap();
            assert_eq!(told, ["a"]);
        });
    });
    on_every_engine(&names(1, 8), |serving, parent| {
        let told = serving.lend(parent, || listed(serving));
        assert_eq!(told, Errno::Io, "a type that there is not");
    });
    let cut = names(1, 4).replace("(i32.const 89))", "(i32.const 88))");
    on_every_engine(&cut, |serving, parent| {
        let told = serving.lend(parent, || listed(serving));
        assert_eq!(told, Errno::Io, "a name that is cut off");
    });
}

#[test]
fn links_that_make_no_sense_errnos() {
    let link = |body: &str| {
        parent(&format!(
            r#"(func (export "dir_open") (param i32 i64 i32 i32 i32) (result i32)
                (i32.store8 offset=56 (local.get 4) (i32.const 7)) (i32.const 0))
            {body}"#
        ))
    };
    let read = |body: &str| {
        link(&format!(
            r#"(func (export "dir_readlink") (param i32 i64 i32 i32 i32 i32) (result i32) {body})"#
        ))
    };
    let cases = [
        (link(""), Errno::Nosys, Errno::Nosys),
        (read("(i32.const -8)"), Errno::Badf, Errno::Badf),
        (read("(i32.const 70000)"), Errno::Io, Errno::Io),
        (
            read("(i32.const 5000)"),
            Errno::Nametoolong,
            Errno::Nametoolong,
        ),
        (read("(i32.const 0)"), Errno::Success, Errno::Noent),
        (
            read("(i32.store8 (local.get 4) (i32.const 255)) (i32.const 1)"),
            Errno::Ilseq,
            Errno::Ilseq,
        ),
        (
            read("(i32.store8 (local.get 4) (i32.const 47)) (i32.const 1)"),
            Errno::Perm,
            Errno::Perm,
        ),
        // A link to itself.
        (
            read("(i32.store8 (local.get 4) (i32.const 97)) (i32.const 1)"),
            Errno::Success,
            Errno::Loop,
        ),
    ];
    for (wat, told, followed) in cases {
        on_every_engine(&wat, |serving, parent| {
            serving.lend(parent, || {
                let tree = tree(serving);
                assert_eq!(errno(tree.read_link(path("a"))), told);
                assert_eq!(errno(tree.stat_at(path("a"), Follow::Yes)), followed);
                assert_eq!(errno(tree.stat_at(path("a"), Follow::No)), Errno::Success);
            });
        });
    }
}
