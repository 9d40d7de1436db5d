//! Calls between modules with text, lists, records and variants, on every engine and across engines.
#![cfg(test)]
#![allow(
    clippy::cast_possible_truncation,
    reason = "the numbers of these tests are small"
)]

mod parents;
mod typed;

use parents::*;
use std::sync::Arc;
use turnkey_snapshots::engine::Value;
use turnkey_virt::nanoprocess::{
    Bind, Cap, Child, Export, Family, Lack, LinkError, Outcome, Place, TypedOutcome,
};
use turnkey_virt::typed::{Interface, TypedValue};
use turnkey_wasi_common::{Access, Fd, Grant, Object, Pipe, Rights, TrapKind};
use typed::*;

/// What a typed call returned.
fn returned(outcome: TypedOutcome) -> TypedValue {
    match outcome {
        TypedOutcome::Returned(value) => value,
        TypedOutcome::Ended(outcome) => panic!("{outcome:?}"),
    }
}

#[test]
fn call_typed_values_of_each_type_come_back_through_two_modules() {
    use TypedValue::*;
    let text = |text: &str| String(text.to_owned());
    let place = |x: u64, y: i64| Record(vec![Unsigned(x), Signed(y)]);
    let cases: Vec<(&str, u32, Vec<TypedValue>)> = vec![
        ("u8", 1, vec![Unsigned(0), Unsigned(255)]),
        ("u16", 2, vec![Unsigned(65535)]),
        ("u32", 4, vec![Unsigned(u32::MAX.into())]),
        ("u64", 8, vec![Unsigned(u64::MAX)]),
        ("s8", 1, vec![Signed(-128), Signed(127)]),
        ("s16", 2, vec![Signed(-32768)]),
        ("s32", 4, vec![Signed(i32::MIN.into())]),
        ("s64", 8, vec![Signed(i64::MIN)]),
        ("f32", 4, vec![F32(-0.5)]),
        ("f64", 8, vec![F64(1e300)]),
        ("char", 4, vec![Char('ß'), Char('\u{10ffff}')]),
        ("bool", 1, vec![Enum(0), Enum(1)]),
        ("(enum (@witx tag u32) $a $b)", 4, vec![Enum(1)]),
        (
            "(flags (@witx repr u64) $a $b $c)",
            8,
            vec![Flags(5), Flags(0)],
        ),
        (
            "string",
            8,
            vec![
                text(""),
                text("naïve"),
                text(&"x".repeat(1024)),
                text(&"é".repeat(1 << 19)),
            ],
        ),
        ("(list u8)", 8, vec![Bytes(vec![]), Bytes(vec![7; 70_000])]),
        (
            "(list u32)",
            8,
            vec![List(vec![]), List((0..5).map(Unsigned).collect())],
        ),
        (
            "(list string)",
            8,
            vec![List(vec![text("a"), text(""), text("ccc")])],
        ),
        (
            "(list (list u16))",
            8,
            vec![List(vec![
                List(vec![Unsigned(1)]),
                List(vec![]),
                List(vec![Unsigned(2), Unsigned(3)]),
            ])],
        ),
        (
            "(record (field $x u8) (field $y s64))",
            16,
            vec![place(1, -2)],
        ),
        (
            "(list (record (field $x u8) (field $y s64)))",
            8,
            vec![List(vec![place(1, -2), place(3, 4)])],
        ),
        (
            "(record (field $id u16) (field $name string) (field $tags (list string)))",
            20,
            vec![Record(vec![
                Unsigned(9),
                text("name"),
                List(vec![text("t"), text("uu")]),
            ])],
        ),
        (
            "(variant (case $none) (case $small u8) (case $text string) (case $wide u64))",
            16,
            vec![
                Case(0, None),
                Case(1, Some(Box::new(Unsigned(3)))),
                Case(2, Some(Box::new(text("carried")))),
                Case(3, Some(Box::new(Unsigned(u64::MAX)))),
            ],
        ),
    ];
    on_every_pair(|one, other| {
        for (ty, size, values) in &cases {
            let pair = echo_pair(one, other, ty, *size);
            for value in values {
                let answer = pair.caller.call_typed("echo", std::slice::from_ref(value));
                let same = answer == Ok(TypedOutcome::Returned(value.clone()));
                assert!(same, "{ty}: {:.200}", format!("{answer:?}"));
            }
        }
    });
}

#[test]
fn call_typed_arguments_that_do_not_fit_inval() {
    use TypedValue::*;
    let engine = &engines()[1];
    let cases: &[(&str, u32, &[TypedValue])] = &[
        ("u8", 1, &[Unsigned(256), Signed(1), Nothing]),
        ("s8", 1, &[Signed(128), Signed(-129)]),
        ("bool", 1, &[Enum(2)]),
        ("(flags $a $b)", 1, &[Flags(4)]),
        ("string", 8, &[Bytes(vec![1]), Unsigned(1)]),
        ("(list u16)", 8, &[Bytes(vec![1]), List(vec![Signed(1)])]),
        (
            "(record (field $a u8))",
            1,
            &[Record(vec![]), Record(vec![Unsigned(300)])],
        ),
        (
            "(variant (case $a) (case $b u8))",
            2,
            &[
                Case(2, None),
                Case(1, None),
                Case(0, Some(Box::new(Unsigned(1)))),
            ],
        ),
    ];
    for (ty, size, values) in cases {
        let pair = echo_pair(engine, engine, ty, *size);
        for value in *values {
            let answer = pair.caller.call_typed("echo", std::slice::from_ref(value));
            assert_eq!(
                answer,
                Err(turnkey_wasi_common::Errno::Inval),
                "{ty} {value:?}"
            );
        }
        assert!(pair.caller.call_typed("echo", &[]).is_err());
    }
}

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
