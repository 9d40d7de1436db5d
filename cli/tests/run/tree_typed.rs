//! `turnkey tree`: links by which more than numbers cross.

use crate::support::{ENGINES, Ended, Place, guest};
use crate::tree_runs::{link, module, pairs, pairs_that_call_back, run};

/// What hands out memory from 4096 on, and never takes any back.
const ALLOC: &str = r#"(global $next (mut i32) (i32.const 4096))
    (func (export "virt_alloc") (param $size i32) (param $align i32) (result i32)
        (local $at i32)
        (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
        (global.set $next (i32.add (local.get $at) (local.get $size)))
        (local.get $at))"#;

/// What both sides say: text and two numbers in, text out.
const LABEL: &str = r#"(@interface func (export "label")
    (param $text string)
    (param $place (record (field $x u8) (field $y u32)))
    (result $label string))"#;

/// The description of what a module offers, or of what it imports as `text`.
fn described(exports: &str, functions: &str) -> String {
    format!("{exports}(module $text\n{functions})\n")
}

const EXPORTS: &str = ";;; @exports\n";

fn section(text: &str) -> String {
    let text = text.replace('"', "\\\"").replace('\n', "\\n");
    format!("(@custom \"witx\" \"{text}\")")
}

/// A command that says the label of `here` at 7 and 0x01020304.
fn caller(more: &str) -> String {
    let fields = format!(
        r#"{more} {ALLOC}
        (data (i32.const 64) "here") (data (i32.const 80) "\07\00\00\00\04\03\02\01")
        (func (export "_start")
            (call $label (i32.const 64) (i32.const 4) (i32.const 80) (i32.const 96))
            (call $say (i32.load (i32.const 96)) (i32.load (i32.const 100))))"#
    );
    guest(&[], &fields).replacen(
        "(import",
        r#"(import "text" "label" (func $label (param i32 i32 i32 i32))) (import"#,
        1,
    )
}

/// A reactor that answers the text as it is, if the place is the right one, with `!` behind it once
/// it has been initialized.
fn callee(more: &str) -> String {
    format!(
        r#"(module {more} (memory (export "memory") 1) {ALLOC}
        (global $mark (mut i32) (i32.const 63))
        (func (export "_initialize") (global.set $mark (i32.const 33)))
        (func (export "label") (param $at i32) (param $len i32) (param $place i32) (param $to i32)
            (if (i32.ne (i32.load8_u (local.get $place)) (i32.const 7)) (then (unreachable)))
            (if (i32.ne (i32.load offset=4 (local.get $place)) (i32.const 0x01020304))
                (then (unreachable)))
            (memory.copy (i32.const 512) (local.get $at) (local.get $len))
            (i32.store8 (i32.add (i32.const 512) (local.get $len)) (global.get $mark))
            (i32.store (local.get $to) (i32.const 512))
            (i32.store offset=4 (local.get $to) (i32.add (local.get $len) (i32.const 1)))))"#
    )
}

/// `app` at the root, which imports `label` of its child `labels`.
fn tree(one: &str, other: &str, app: &str, labels: &str) -> [String; 2] {
    let with = format!(
        "fds = [1, 2]\n{app}{}",
        link("text.label", "labels", "label")
    );
    [
        module("app", "", one, &with),
        module("labels", "app", other, labels),
    ]
}

#[test]
fn tree_link_text_and_a_record_cross() {
    let (asks, offers) = (described("", LABEL), described(EXPORTS, LABEL));
    let place = Place::new();
    place.file("asks.witx", &asks);
    place.file("offers.witx", &offers);
    for (app, labels, asking, offering) in [
        (section(&asks), section(&offers), "", ""),
        (String::new(), section(&offers), "witx = 'asks.witx'\n", ""),
        (
            // What the tree says counts.
            section("(module $text)"),
            section("no description"),
            "witx = 'asks.witx'\n",
            "witx = 'offers.witx'\n",
        ),
    ] {
        place.file("app.wat", caller(&app));
        place.file("labels.wat", callee(&labels));
        for (one, other) in pairs() {
            let ended = run(&place, &tree(one, other, asking, offering));
            assert_eq!(ended, Ended::new(0, "here!", ""), "{one} {other} {asking}");
        }
    }
    let shown = place.turnkey(&["tree", "--check", "tree.toml"]).stdout;
    assert!(shown.contains("\n    witx     asks.witx\n"), "{shown}");
}

#[test]
fn tree_link_between_siblings_text_crosses() {
    let place = Place::new();
    place.file("root.wat", "(module)");
    place.file("app.wat", caller(&section(&described("", LABEL))));
    place.file("labels.wat", callee(&section(&described(EXPORTS, LABEL))));
    let with = format!("fds = [1]\n{}", link("text.label", "labels", "label"));
    for (one, other) in pairs() {
        let ended = run(
            &place,
            &[
                module("root", "", one, "fds = [1]\n"),
                module("app", "root", one, &with),
                module("labels", "root", other, ""),
            ],
        );
        assert_eq!(ended, Ended::new(0, "here!", ""), "{one} {other}");
    }
}

#[test]
fn tree_link_of_another_signature_both_told_and_nothing_runs() {
    let place = Place::new();
    let asks = described("", LABEL);
    place.file("app.wat", caller(&section(&asks)));
    let wants = "app imports `text.label` as (func (param $text string) (param $place (record \
                 (field $x u8) (field $y u32))) (result $label string)), and labels exports \
                 `label` as ";
    let code = "func (i32, i32, i32, i32) -> ()";
    let bytes = LABEL.replace("u8", "u16");
    for (says, has) in [
        (
            section(&described(EXPORTS, &bytes)),
            "(func (param $text string) (param $place (record (field $x u16) (field $y u32))) \
             (result $label string))"
                .to_owned(),
        ),
        (String::new(), format!("{code}, which is not described")),
        (
            section(&described("", LABEL)),
            format!("{code}, which is not described"),
        ),
    ] {
        place.file("labels.wat", callee(&says));
        for args in [
            &["tree", "tree.toml"][..],
            &["tree", "--check", "tree.toml"],
        ] {
            let modules = tree(ENGINES[0], ENGINES[0], "", "").concat();
            place.file("tree.toml", format!("version = 1\n{modules}"));
            let told = format!("error: tree.toml:7: {wants}{has}\n");
            assert_eq!(place.turnkey(args), Ended::new(2, "", &told));
        }
    }
}

#[test]
fn tree_link_that_the_code_does_not_keep_told_with_its_line() {
    let place = Place::new();
    let says = section(&described("", LABEL));
    let offers = section(&described(EXPORTS, LABEL));
    let app = caller(&says);
    let labels = callee(&offers);
    let ty = "(func (param $text string) (param $place (record (field $x u8) (field $y u32))) \
              (result $label string))";
    let numbers = LABEL.replace("$text string", "$text u64");
    let of_numbers = ty.replace("$text string", "$text u64");
    for (app, labels, told) in [
        (
            app.clone(),
            labels.replace("virt_alloc", "alloc"),
            format!("as {ty}, but is bound to {ty}, but no export `virt_alloc`"),
        ),
        (
            app.replace("virt_alloc", "alloc"),
            labels.clone(),
            format!("as {ty}, but no export `virt_alloc`, but is bound to {ty}"),
        ),
        (
            caller(&section(&described("", &numbers))),
            callee(&section(&described(EXPORTS, &numbers))),
            format!(
                "as {of_numbers}, but in its code (i32, i32, i32, i32) -> (), but is bound to \
                 {of_numbers}"
            ),
        ),
    ] {
        place.file("app.wat", app);
        place.file("labels.wat", labels);
        let ended = run(&place, &tree(ENGINES[0], ENGINES[0], "", ""));
        let told =
            format!("error: tree.toml:7: app cannot be linked: it imports `text.label` {told}\n");
        assert_eq!(ended, Ended::new(2, "", &told));
    }
}

#[test]
fn tree_document_that_cannot_be_read_told_with_its_lines() {
    let place = Place::new();
    place.file("app.wat", caller(""));
    place.file("labels.wat", callee(&section(&described(EXPORTS, LABEL))));
    let bad = "(module $text\n  (@interface func (export \"label\")\n    (param $x u7)))";
    place.file("bad.witx", bad);
    place.file("bytes.witx", b"(module \xff)");
    for (witx, told) in [
        ("bad.witx", "bad.witx:3: a `$name` is expected here"),
        (
            "bytes.witx",
            "bytes.witx: it cannot be read: stream did not contain valid UTF-8",
        ),
        (
            "none.witx",
            "none.witx: it cannot be read: No such file or directory (os error 2)",
        ),
    ] {
        let asking = format!("witx = '{witx}'\n");
        let ended = run(&place, &tree(ENGINES[0], ENGINES[0], &asking, ""));
        let told = format!("error: tree.toml:7: {told}\n");
        assert_eq!(ended, Ended::new(2, "", &told));
    }
    place.file("labels.wat", callee(&section("(module $text\n(func))")));
    let ended = run(&place, &tree(ENGINES[0], ENGINES[0], "", ""));
    let told = "error: tree.toml:7: what labels says of its functions: line 2: a `(@interface func \
                …)` is expected here\n";
    assert_eq!(ended, Ended::new(2, "", told));
}

#[test]
fn tree_link_whose_callee_does_not_answer() {
    let place = Place::new();
    let length = r#"(@interface func (export "length") (param $text string)
        (result $length (expected u32 (error u16))))"#;
    let app = format!(
        r#"(module {} (import "text" "length" (func $length (param i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1) {ALLOC} (data (i32.const 64) "good\ff")
        (func (export "length") (param i32 i32 i32) (result i32) (i32.const 0))
        (func (export "_start")
            (call $exit (call $length (i32.const 64) (i32.const LENGTH) (i32.const 96)))))"#,
        section(&(described(EXPORTS, length) + &described("", length))),
    );
    let labels = |body: &str| {
        format!(
            r#"(module {} (import "text" "length" (func $length (param i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1) {ALLOC}
            (func (export "length") (param i32 i32 i32) (result i32) {body}))"#,
            section(&(described(EXPORTS, length) + &described("", length))),
        )
    };
    let back = "(call $length (local.get 0) (local.get 1) (local.get 2))";
    for (body, bytes, code, told) in [
        ("(i32.const 5)", 4, 5, ""),
        // Text that is none: ILSEQ. A caller that is on the stack: BUSY.
        ("(i32.const 5)", 5, 25, ""),
        (back, 4, 10, ""),
        (
            "(unreachable)",
            4,
            134,
            "error: the guest trapped: app > labels: ",
        ),
        (
            "(call $exit (i32.const 9)) (unreachable)",
            4,
            134,
            "error: the guest trapped: app > labels: it exited with 9\n",
        ),
        (
            "(loop (br 0)) (unreachable)",
            4,
            134,
            "error: the guest trapped: app > labels: its time was over\n",
        ),
    ] {
        place.file("app.wat", app.replace("LENGTH", &bytes.to_string()));
        place.file("labels.wat", labels(body));
        for (one, other) in pairs_that_call_back() {
            let ended = run(
                &place,
                &[
                    module("app", "", one, &link("text.length", "labels", "length")),
                    module(
                        "labels",
                        "app",
                        other,
                        &format!(
                            "limits = {{ time = '200ms' }}\n{}",
                            link("text.length", "app", "length")
                        ),
                    ),
                ],
            );
            assert_eq!(ended.code, Some(code), "{one} {other} {body}: {ended:?}");
            assert!(ended.stderr.starts_with(told), "{one} {other}: {ended:?}");
            assert_eq!(
                ended.stderr.matches("app >").count(),
                told.matches("app >").count()
            );
        }
    }
}
