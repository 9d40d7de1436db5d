//! What is said about a document that cannot be turned into a model.
#![cfg(test)]

use std::path::Path;
use turnkey_witx::{Error, Snapshot};

#[test]
fn parse_bad_documents_say_what_is_wrong() {
    let cases = [
        ("(typename $a", "expected"),
        (
            "(module $m (@interface func (export \"f\") (param $p $nothing)))",
            "Unknown name",
        ),
        ("(typename $a u8)", "exactly one module, this one 0"),
        ("(module $m) (module $n)", "exactly one module, this one 2"),
        (
            "(module $m (@interface func (export \"f\")))",
            "f: a function names its class",
        ),
        (";;; @Snapshot x\n(module $m)", "m: `@Snapshot` is unknown"),
        (
            "(module $m ;;; @class a\n;;; @class b\n(@interface func (export \"f\")))",
            "f: `@class` is unknown, repeated",
        ),
        (
            "(module $m ;;; @class .open\n(@interface func (export \"f\")))",
            "f: a function names its class",
        ),
        (
            "(module $m ;;; @class a\n(@interface func (export \"f\")\n;;; @count n\n\
             (param $p (@witx pointer u8))))",
            "f.p: `@count n` names no sibling",
        ),
        (
            "(module $m ;;; @class a\n(@interface func (export \"f\")\n;;; @count n\n\
             (param $p u32) (param $n u32)))",
            "f.p: `@count` belongs to a pointer",
        ),
        (
            ";;; @answers twice\n(module $m)",
            "m: `@answers twice` is none of `signed`",
        ),
        (
            "(typename $e u16) (typename $r (record (field $a u8)))\n;;; @answers signed\n\
             (module $m ;;; @class a\n(@interface func (export \"f\")\n\
             (result $r (expected $r (error $e)))))",
            "f: an answer that is not one number",
        ),
        (
            "(typename $a f32) (module $m)",
            "a: floating point is not supported",
        ),
        (
            "(typename $a (tuple u8 u8)) (module $m)",
            "a: a tuple outside of a result",
        ),
        (
            "(typename $a (expected u8 (error u8))) (module $m)",
            "a: an `expected` outside",
        ),
        (
            "(typename $a (record (field $b bool))) (module $m)",
            "a.b: a `bool`",
        ),
        (
            "(module $m ;;; @class a\n(@interface func (export \"f\") (result $r u8)))",
            "f.r: a result that is not `expected`",
        ),
        (
            "(typename $a u32) (@witx const $a $x 1) (module $m)",
            "x: a constant is not supported",
        ),
    ];
    for (text, message) in cases {
        let error = Snapshot::parse(text).expect_err(text).to_string();
        assert!(error.contains(message), "{text}\nanswers: {error}");
    }
}

#[test]
fn parse_unknown_name_shows_the_place() {
    let text = "(typename $a u8)\n(typename $b $c)\n(module $m)";
    let error = Snapshot::parse(text).unwrap_err().to_string();
    assert!(error.contains("    2 | (typename $b $c)"), "{error}");
}

#[test]
fn load_path_without_file_is_an_error() {
    for path in ["/", "..", "no/such.witx", ""] {
        let error = Snapshot::load(path).unwrap_err();
        assert!(matches!(error, Error::Read { .. }), "{path}: {error}");
    }
}

#[test]
fn load_own_document_equals_the_embedded_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("wasi_snapshot_preview1.witx");
    assert_eq!(
        Snapshot::load(path).unwrap(),
        Snapshot::preview_1().unwrap()
    );
}

/// A type that has no members has no size; neither it nor what holds it may stop the host.
#[test]
fn parse_empty_and_huge_types_do_not_panic() {
    let mut text = "(typename $t0 (record (field $a u64) (field $b u64)))\n".to_owned();
    for n in 1..40 {
        let before = n - 1;
        text += &format!("(typename $t{n} (record (field $a $t{before}) (field $b $t{before})))\n");
    }
    text += "(typename $none (flags)) (typename $empty (variant)) (module $m)";
    let snapshot = Snapshot::parse(&text).unwrap();
    assert_eq!(snapshot.named_type("t39").unwrap().layout.size, u32::MAX);
}
