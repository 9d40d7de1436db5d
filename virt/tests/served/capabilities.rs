//! Handles that a parent hands on from a directory that it serves, and paths below such a directory.

use crate::dirs::{TEXTS, read, write};
use crate::parents::scene::*;
use crate::parents::*;
use turnkey_virt::fs::MemoryFs;
use turnkey_wasi_common::{Access, Errno, Follow, GuestPath, Object, OpenOptions, WasiCtx};

/// Serves a directory in which every name stands for the handle at 0x30104, and is not asked about
/// anything else.
const HANDING_ON: &str = r#"
    (func (export "dir_open") (param i32 i64 i32 i32) (param $out i32) (result i32)
        (i32.store (i32.const 0x30100) (i32.add (i32.const 1) (i32.load (i32.const 0x30100))))
        (i64.store (local.get $out) (i64.load32_u (i32.const 0x30104)))
        (i32.store8 offset=57 (local.get $out) (i32.const 1))
        (i32.const 0))
    (func (export "obj_read") (param i32 i64 i64 i32 i32) (result i32) (unreachable))
    (func (export "dir_list") (param i32 i64 i32 i32 i32 i32) (result i32) (unreachable))"#;

/// A host's files: `in` holds "from the host".
fn files() -> MemoryFs {
    let files = MemoryFs::new();
    let how = OpenOptions {
        write: true,
        create: true,
        exclusive: true,
        follow: Follow::No,
        ..OpenOptions::READ
    };
    match files
        .root()
        .open(GuestPath::new("in").unwrap(), &how)
        .unwrap()
    {
        Object::File(file) => file
            .write_at(&[std::io::IoSlice::new(b"from the host")], 0)
            .unwrap(),
        _ => unreachable!(),
    };
    files
}

/// Opens a path of this length at 48, in descriptor 3.
fn open(length: u32, oflags: u32, rights: u32) -> String {
    format!(
        "(call $path_open (i32.const 3) (i32.const 1) (i32.const 48) (i32.const {length})
            (i32.const {oflags}) (i64.const {rights}) (i64.const 0) (i32.const 0) (i32.const 512))"
    )
}

/// Makes a handle of descriptor 3 that is weakened in this way, and has it handed on; the served
/// directory is the last handle then.
fn handing_on(rights: &str, weakening: u32) -> String {
    must("cap_from_fd", &["3", rights, "0x30060"])
        + &must(
            "cap_attenuate",
            &[
                "(i32.load (i32.const 0x30060))",
                rights,
                &weakening.to_string(),
                "0",
                "0",
                "(i64.const -1)",
                "0x30104",
            ],
        )
        + &serve(1, 1, 3)
}

fn scene_of(child: &str, before: &str, after: &str, check: impl Fn(&Seen)) {
    let exports = format!("{ROOM} {HANDING_ON}");
    let scene = Scene {
        exports: &exports,
        child,
        before,
        after,
        ..Scene::default()
    };
    on_every_pair(|parent, child| {
        let ctx = WasiCtx::builder()
            .preopen("/", files().root(), Access::ReadWrite)
            .build()
            .unwrap();
        check(&scene.run(parent, child, ctx));
    });
}

const PATHS: &str = r#"(data (i32.const 48) "h/in")"#;

#[test]
fn capability_of_a_hosts_dir_read_and_written_and_ended_by_revoking_it() {
    let new = r#"(data (i32.const 64) "h/new")"#;
    let made = "(call $path_open (i32.const 3) (i32.const 1) (i32.const 64) (i32.const 5)
        (i32.const 1) (i64.const 66) (i64.const 0) (i32.const 0) (i32.const 512))";
    let rename = "(call $path_rename (i32.const 3) (i32.const 64) (i32.const 5)
        (i32.const 3) (i32.const 48) (i32.const 3))";
    let first = steps(
        &format!(
            r#"{TEXTS} {PATHS} {new}
            (func (export "g") (result i32)
                (i32.add (i32.mul (i32.const 1000) {})
                    (i32.add (i32.mul (i32.const 100) {}) {})))"#,
            read(4),
            write(5, 1),
            open(4, 0, 2)
        ),
        &[
            (open(4, 0, 2), 0),
            (read(4), 0),
            (
                "(i32.ne (i32.load (i32.const 256)) (i32.const 0x6d6f7266))".to_owned(),
                0,
            ),
            (made.to_owned(), 0),
            (write(5, 5), 0),
            (rename.to_owned(), 0),
        ],
    );
    let cap = "(i32.load (i32.const 0x30104))";
    let after = "(call $must (i32.load (i32.const 0x30050)))\n".to_owned()
        + &must("cap_revoke", &[cap])
        + &call_export(CHILD, "g");
    let before = handing_on("(i64.const -1)", 0);
    scene_of(&first, &before, &after, |seen| {
        let all = 1000 * BADF + 100 * BADF + BADF;
        assert_eq!(seen.outcome(), (RETURNED, all));
        assert!(seen.word(LEFT) >= 4, "each time the name is looked at");
    });
}

#[test]
fn capability_never_stronger_than_its_rights() {
    const READING: u32 = 2;
    const WRITING: u32 = 64;
    let wide = "(i64.const -1)";
    // Every right but to write; and only to read files, which does not allow to look around.
    let no_writing = "(i64.const -65)";
    let narrow = "(i64.const 8194)";
    let cases = [
        (wide, 0, open(4, 0, READING | WRITING), 0),
        (wide, 1, open(4, 0, READING), 0),
        (wide, 1, open(4, 0, READING | WRITING), 63),
        (wide, 1, open(3, 1, READING | WRITING), 63),
        (no_writing, 0, open(4, 0, READING), 0),
        (no_writing, 0, open(4, 0, READING | WRITING), 63),
        (narrow, 0, open(4, 0, READING), NOTCAPABLE),
    ];
    for (rights, weakening, call, expected) in &cases {
        let child = steps(PATHS, &[(call.clone(), *expected)]);
        scene_of(&child, &handing_on(rights, *weakening), "", |seen| {
            assert_eq!(seen.outcome(), (RETURNED, 0), "{rights} {weakening} {call}");
        });
    }
}

#[test]
fn capability_number_that_is_none_badf() {
    for number in ["77", "-1"] {
        let child = steps(PATHS, &[(open(4, 0, 2), BADF)]);
        let before =
            serve(1, 1, 3) + &format!("(i32.store (i32.const 0x30104) (i32.const {number}))");
        scene_of(&child, &before, "", |seen| {
            assert_eq!(seen.outcome(), (RETURNED, 0));
        });
    }
}

/// Serves a directory, object 1, with `s`, object 2, in which lies `x`, object 3. What is dropped is
/// counted.
const NESTED: &str = r#"
    (func (export "dir_open") (param i32) (param $dir i64) (param $name i32) (param $len i32)
        (param $out i32) (result i32) (local $wanted i32)
        (local.set $wanted (select (i32.const 115) (i32.const 120)
            (i64.eq (local.get $dir) (i64.const 1))))
        (if (i32.ne (local.get $len) (i32.const 1)) (then (return (i32.const -44))))
        (if (i32.ne (i32.load8_u (local.get $name)) (local.get $wanted))
            (then (return (i32.const -44))))
        (i64.store (local.get $out) (i64.add (local.get $dir) (i64.const 1)))
        (i32.store8 offset=56 (local.get $out)
            (select (i32.const 3) (i32.const 4) (i64.eq (local.get $dir) (i64.const 1))))
        (i32.const 0))
    (func (export "obj_read") (param i32 i64 i64) (param $buf i32) (param i32) (result i32)
        (i32.store8 (local.get $buf) (i32.wrap_i64 (local.get 1))) (i32.const 1))
    (func (export "obj_drop") (param i32 i64) (result i32)
        (i32.store (i32.const 0x30100) (i32.add (i32.const 1) (i32.load (i32.const 0x30100))))
        (i32.const 0))"#;

/// Serves an object, goes down a path of this length, and grants what lies there.
fn below(kind: u32, path: &str, errno: &str) -> String {
    let mut body = must(
        "cap_serve",
        &[
            &kind.to_string(),
            "7",
            "(i64.const 1)",
            "(i64.const -1)",
            "0x30060",
        ],
    );
    for (at, byte) in (0..).zip(path.bytes()) {
        body += &format!(
            "(i32.store8 (i32.const {}) (i32.const {byte}))\n",
            0x3_03e0 + at
        );
    }
    body += "(i32.store8 (i32.const 0x303f0) (i32.const 100))\n";
    let length = path.len().to_string();
    let attenuate = call(
        "cap_attenuate",
        &[
            "(i32.load (i32.const 0x30060))",
            "(i64.const -1)",
            "0",
            "0x303e0",
            &length,
            "(i64.const -1)",
            "0x30044",
        ],
    );
    let grant = call("child_grant", &[CHILD, CAP, "3", "0x303f0", "1", "0x30048"]);
    body + &format!(
        "(i32.store (i32.const 0x30104) {attenuate})
        (if (i32.eqz (i32.load (i32.const 0x30104))) (then
            (i32.store (i32.const 0x30104) {grant})))
        (if (i32.ne (i32.load (i32.const 0x30104)) (i32.const {errno})) (then (unreachable)))"
    )
}

#[test]
fn subtree_of_a_served_dir_walked_when_it_is_granted() {
    let child = steps(
        r#"(data (i32.const 40) "x../s")"#,
        &[
            (crate::dirs::open(40, 0, 0).replace("0x0fffffff", "2"), 0),
            (read(4), 0),
            (
                "(i32.ne (i32.load8_u (i32.const 256)) (i32.const 3))".to_owned(),
                0,
            ),
            (
                "(call $path_open (i32.const 3) (i32.const 1) (i32.const 41) (i32.const 4)
                    (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 512))"
                    .to_owned(),
                Errno::Perm.number().into(),
            ),
        ],
    );
    let exports = format!("{ROOM} {NESTED}");
    let scene = |before: &str, check: &dyn Fn(&Seen)| {
        let scene = Scene {
            exports: &exports,
            child: &child,
            before,
            ..Scene::default()
        };
        scene.on_every_pair(check);
    };
    scene(&below(1, "s", "0"), &|seen| {
        assert_eq!(seen.outcome(), (RETURNED, 0));
        assert_eq!(seen.word(LEFT), 3, "all three are given back");
    });
    for (kind, path, errno) in [
        (1, "n", NOENT),
        (1, "s/x", NOTDIR),
        (1, "..", 63),
        (1, "/s", 63),
        (0, "s", NOTDIR),
        (2, "s", NOTDIR),
    ] {
        scene(&below(kind, path, &errno.to_string()), &|seen| {
            // There is nothing at 3.
            assert_eq!(seen.outcome(), (RETURNED, 1000 + BADF), "{path}");
        });
    }
}

#[test]
fn revoke_of_a_subtree_ends_what_was_opened_below() {
    let child = steps(
        &format!(
            r#"(data (i32.const 40) "x") (func (export "g") (result i32) {})"#,
            read(4)
        ),
        &[(crate::dirs::open(40, 0, 0).replace("0x0fffffff", "2"), 0)],
    );
    let exports = format!("{ROOM} {NESTED}");
    let after = "(call $must (i32.load (i32.const 0x30050)))\n".to_owned()
        + &must("cap_revoke", &["(i32.load (i32.const 0x30060))"])
        + &call_export(CHILD, "g");
    let scene = Scene {
        exports: &exports,
        child: &child,
        before: &below(1, "s", "0"),
        after: &after,
        ..Scene::default()
    };
    scene.on_every_pair(|seen| assert_eq!(seen.outcome(), (RETURNED, BADF)));
}
