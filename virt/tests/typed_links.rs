//! What is told when modules are linked whose functions do not fit.
#![cfg(test)]

mod parents;
mod typed;

use parents::*;
use std::sync::Arc;
use turnkey_snapshots::engine::Value;
use turnkey_virt::nanoprocess::{Export, Family, Lack, LinkError, Outcome};
use turnkey_virt::typed::Interface;
use turnkey_wasi_common::Errno;
use typed::*;

/// Links a caller that wants one function to a module that has another.
fn misfit(wants: &str, has: &str) -> Option<String> {
    let engine = &engines()[1];
    let family = Family::builder().build();
    let described = |exports: &str, func: &str| {
        format!("{exports}(module $text (@interface func (export \"f\") {func}))")
    };
    let importer = "(module (import \"text\" \"f\" (func (param i32 i32) (result i32))))";
    let exporter = format!(
        "(module (memory (export \"memory\") 1) {ALLOC} (func (export \"f\") (param i32 i32) (result i32) (i32.const 0)))"
    );
    let callee = Arc::new(family.spawn(compile(engine, &exporter)).unwrap());
    callee
        .describe(Interface::parse(&described(";;; @exports\n", has)).unwrap())
        .unwrap();
    let caller = family.spawn(compile(engine, importer)).unwrap();
    caller
        .describe(Interface::parse(&described("", wants)).unwrap())
        .unwrap();
    caller
        .bind_export("text", "f", &Export::of(&callee, "f"))
        .unwrap();
    match caller.link() {
        Ok(()) => None,
        Err(LinkError::Missing(missing)) => {
            assert_eq!(missing.len(), 1);
            assert!(matches!(missing[0].lack, Some(Lack::Mistyped(_))));
            Some(missing[0].to_string())
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn link_other_type_missing_and_both_named() {
    let wants = "(param $s string) (result $n u32)";
    assert_eq!(misfit(wants, "(param $other string) (result $m u32)"), None);
    for has in [
        "(param $s (list u8)) (result $n u32)",
        "(param $s string) (result $n s32)",
        "(param $s string) (result $n (expected (error u32)))",
        "(param $a u32) (param $b u32) (result $n u32)",
        "(param $s (list (enum $a $b))) (result $n u32)",
    ] {
        assert_eq!(
            misfit(wants, has).unwrap(),
            format!(
                "it imports `text.f` as (func {wants}), but is bound to (func {})",
                has.replace("(enum $a $b)", "(enum (@witx tag u8) $a $b)")
            )
        );
    }
    // The names of members are part of a type.
    let list =
        |member: &str| format!("(param $s (list (record (field ${member} u8)))) (result $n u32)");
    assert_eq!(misfit(&list("a"), &list("a")), None);
    assert!(misfit(&list("a"), &list("b")).is_some());
    // What the code does not do.
    let told = misfit(
        "(param $s u64) (result $n u32)",
        "(param $s u64) (result $n u32)",
    )
    .unwrap();
    assert!(
        told.contains("but in its code (i32, i32) -> (i32)"),
        "{told}"
    );
}

#[test]
fn bind_export_what_cannot_be() {
    let engine = &engines()[1];
    let (family, stranger) = (Family::builder().build(), Family::builder().build());
    let callee = compile(engine, &called(TAKES, ALLOC, ECHO));
    let spawn = |family: &Family| Arc::new(family.spawn(Arc::clone(&callee)).unwrap());
    let (sibling, foreign) = (spawn(&family), spawn(&stranger));
    let caller = family.spawn(compile(engine, &calling(TAKES))).unwrap();
    let bind = |name, child| {
        caller
            .bind_export("text", name, &Export::of(child, "f"))
            .err()
    };
    assert_eq!(bind("f", &foreign), Some(Errno::Notcapable));
    assert_eq!(bind("g", &sibling), Some(Errno::Noent));
    assert_eq!(bind("f", &sibling), None);
    // Both that do not fit are told.
    let no = Export::of(&sibling, "absent");
    caller.bind_export("text", "f", &no).unwrap();
    caller
        .expect(&Interface::parse(&described(true, &[("go", "(param $s string)")])).unwrap())
        .unwrap();
    match caller.link() {
        Err(LinkError::Missing(missing)) => {
            let told: Vec<_> = missing.iter().map(ToString::to_string).collect();
            assert_eq!(
                told,
                [
                    format!(
                        "it imports `text.f` as (func {}), but is bound to no such function",
                        "(param $s string) (result $e (expected string (error u16)))"
                    ),
                    "its parent wants of it `go` as (func (param $s string)), but it has \
                     (i32, i32, i32) -> (i32), which is not described"
                        .to_owned(),
                ]
            );
        }
        other => panic!("{other:?}"),
    }
    caller.describe(Interface::parse("").unwrap()).unwrap();
    let told = caller.link().unwrap_err().to_string();
    assert!(
        told.contains("which is not described, but is bound to no such function"),
        "{told}"
    );
}

/// Without a description on either side numbers cross.
#[test]
fn bind_export_numbers_alone_need_no_description() {
    on_every_pair(|one, other| {
        let caller = r#"(module (import "text" "f" (func $f (param f64 i64) (result f64)))
            (func (export "go") (result f64) (call $f (f64.const 0.5) (i64.const 3))))"#;
        let callee = r#"(module (func (export "f") (param f64 i64) (result f64)
            (f64.mul (local.get 0) (f64.convert_i64_s (local.get 1)))))"#;
        let pair = pair(compile(one, caller), compile(other, callee), &["f"]);
        let expected = Outcome::Returned(vec![Value::F64(1.5)]);
        assert_eq!(pair.caller.call("go", &[]), Ok(expected));
    });
}
