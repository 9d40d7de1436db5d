//! How much a child may make in what it is granted.

use crate::dirs::*;
use crate::parents::scene::*;
use crate::parents::*;
use turnkey_virt::fs::MemoryFs;
use turnkey_virt::nanoprocess::ChildLimits;
use turnkey_wasi_common::{Access, WasiCtx};

/// Bytes are used up in the middle, and numbers of files as well; both return with what is removed.
fn child() -> String {
    let ok = |call: String| (call, 0);
    let size = |bytes: u32| {
        let call = format!(
            "(block (result i32)
                (drop (call $fd_filestat_get (i32.const 4) (i32.const 568)))
                (i32.ne (i32.load (i32.const 600)) (i32.const {bytes})))"
        );
        (call, 0)
    };
    let unlink = "(call $path_unlink_file (i32.const 3) (i32.const 40) (i32.const 1))".to_owned();
    let resize =
        |bytes: u32| format!("(call $fd_filestat_set_size (i32.const 4) (i64.const {bytes}))");
    steps(
        TEXTS,
        &[
            ok(open(40, 1, 0)),
            ok(write(4, 8)),
            (write(4, 5), DQUOT),
            size(8),
            ok(write(4, 2)),
            (write(4, 1), DQUOT),
            (resize(11), DQUOT),
            size(10),
            ok(resize(3)),
            (open(41, 1, 0), DQUOT),
            ok("(call $fd_close (i32.const 4))".to_owned()),
            ok(unlink),
            ok(open(41, 1, 0)),
            ok(write(4, 10)),
            (write(4, 1), DQUOT),
        ],
    )
}

const LIMITS: ChildLimits = ChildLimits {
    fs_bytes: 10,
    inodes: 1,
    ..ChildLimits::DEFAULT
};

#[test]
fn fs_bytes_and_inodes_of_a_served_dir_dquot_and_nothing_half_done() {
    let (exports, child) = (one_file(), child());
    let scene = Scene {
        exports: &exports,
        child: &child,
        before: &serve(1, 1, 3),
        limits: LIMITS,
        ..Scene::default()
    };
    scene.on_every_pair(|seen| {
        assert_eq!(seen.outcome(), (RETURNED, 0));
        assert_eq!(seen.word(8), 10, "the size that the parent keeps");
    });
}

#[test]
fn fs_bytes_and_inodes_of_a_hosts_dir_dquot_for_the_child_and_not_for_its_sibling() {
    let child = child();
    let named = "(i32.store8 (i32.const 0x303f0) (i32.const 100))\n".to_owned();
    let grant = |child: &str| must("child_grant", &[child, CAP, "3", "0x303f0", "1", "0x30048"]);
    let sibling = "(i32.load (i32.const 0x30060))";
    let before = named
        + &must("cap_from_fd", &["3", "(i64.const -1)", "0x30044"])
        + &grant(CHILD)
        + &must("child_new", &["0", "0x30060"])
        + &must("child_bind", &[sibling, "0x30400", "7", "2", "0"])
        + &must("child_limits", &[sibling, "0x30200"])
        + &grant(sibling)
        + &must("child_link", &[sibling, "0x3004c"]);
    // The name `b` is the first child's, so the sibling's second file is a third of theirs.
    let after = "(i32.store (i32.const 0x30100) (i32.load (i32.const 0x30050)))\n".to_owned()
        + &must("cap_revoke", &[CAP])
        + &call_export(sibling, "f")
        + &must("child_drop", &[sibling]);
    let scene = Scene {
        child: &child,
        before: &before,
        after: &after,
        limits: LIMITS,
        ..Scene::default()
    };
    on_every_pair(|parent, child| {
        let files = MemoryFs::new();
        let ctx = WasiCtx::builder()
            .preopen("/", files.root(), Access::ReadWrite)
            .build()
            .unwrap();
        let seen = scene.run(parent, child, ctx);
        assert_eq!(seen.ended, Ok(()));
        assert_eq!(seen.word(LEFT), 0);
        // Its handle was taken back in the meantime.
        assert_eq!(seen.outcome(), (RETURNED, 1000 + BADF));
    });
}
