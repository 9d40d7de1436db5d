//! Calls between modules with text, lists, records and variants, on every engine and across engines.
#![cfg(test)]
#![allow(
    clippy::cast_possible_truncation,
    reason = "the numbers of these tests are small"
)]

mod parents;
mod typed;

use parents::*;
use turnkey_snapshots::engine::Value;
use turnkey_virt::nanoprocess::{Export, Family, TypedOutcome};
use turnkey_virt::typed::{Interface, TypedValue};
use turnkey_wasi_common::{Stop, Trap, TrapKind};
use typed::*;

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

#[test]
fn call_typed_rust_function_stops_its_caller() {
    let interface = Interface::parse(&described(true, &[("f", TAKES)])).unwrap();
    let trapping = |values: &[TypedValue]| -> Result<TypedValue, Stop> {
        match values {
            [TypedValue::String(text)] if text == "good" => Ok(TypedValue::Error(3)),
            [TypedValue::String(text)] if text.is_empty() => Ok(TypedValue::from("none")),
            [TypedValue::String(text)] if text == "g" => Ok(TypedValue::Nothing),
            _ => Err(Trap::new(TrapKind::Refused, "not that").into()),
        }
    };
    let export = Export::function(&interface, "f", trapping).unwrap();
    assert!(Export::function(&interface, "g", |_| Ok(TypedValue::Nothing)).is_err());
    for engine in engines() {
        let family = Family::builder().build();
        let spawn = || {
            let child = family.spawn(compile(&engine, &calling(TAKES))).unwrap();
            child.bind_export("text", "f", &export).unwrap();
            child.link().unwrap();
            child
        };
        let go = |args: [u32; 3]| spawn().call("go", &args.map(Value::from));
        assert_eq!(go([16, 4, 256]), answered(3));
        assert_eq!(go([16, 0, 256]), answered(0));
        assert_eq!(trap(go([16, 1, 256])), TrapKind::Host);
        assert_eq!(trap(go([16, 2, 256])), TrapKind::Refused);
        assert_eq!(go([16, 6, 256]), answered(ILSEQ));
    }
}
