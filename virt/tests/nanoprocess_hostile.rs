//! Parents that call what they import in every wrong way.
#![cfg(test)]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "the numbers of these tests are small"
)]

mod parents;

use parents::scene::{CHILD, module};
use parents::*;
use turnkey_snapshots::engine::{EngineOptions, Limits, Node};
use turnkey_virt::nanoprocess::{ChildLimits, FUNCTIONS, Family, Loading};
use turnkey_wasi_common::function::{Function, Kind, Role};
use turnkey_wasi_common::{Stop, TrapKind, WasiCtx};

/// A call with these core arguments, as the body of a parent that exits with its errno.
fn body(function: &Function, args: &[u64]) -> String {
    use turnkey_wasi_common::function::CoreType;
    let args = args
        .iter()
        .zip(function.core.params)
        .map(|(arg, ty)| match ty {
            CoreType::I32 => format!(" (i32.const {})", *arg as u32),
            CoreType::I64 => format!(" (i64.const {arg})"),
        });
    let args: String = args.collect();
    format!("(call $exit (call ${}{args}))", function.name)
}

fn ended(function: &Function, args: &[u64]) -> Vec<Result<(), Stop>> {
    let source = parent("", &body(function, args));
    let family = || Family::builder().build();
    engines()
        .iter()
        .map(|engine| run(engine, &source, &family()))
        .collect()
}

#[test]
fn every_function_wild_pointers_end_the_parent_before_anything_is_done() {
    let mut checked = 0;
    for function in &FUNCTIONS {
        for (at, count) in pointers(function) {
            // One element is asked for at the address; or as many as do not fit.
            let mut cases = vec![(u64::from(u32::MAX) - 7, 16), (1 << 16, 1)];
            if count.is_some() {
                cases.extend([(0, u64::from(u32::MAX)), (65528, 9)]);
            }
            for (address, elements) in cases {
                let mut args = vec![0; function.core.params.len()];
                args[at] = address;
                if let Some(count) = count {
                    args[count] = elements;
                }
                for ended in ended(function, &args) {
                    match ended {
                        Err(Stop::Trap(trap)) if trap.kind() == TrapKind::Fault => checked += 1,
                        other => panic!("{} {args:?}: {other:?}", function.name),
                    }
                }
            }
        }
    }
    assert!(checked > 100, "{checked}");
}

#[test]
fn every_function_wrong_handle_badf() {
    for function in &FUNCTIONS {
        let handles = ["module", "child", "cap", "token", "fd", "object"];
        let mut args = vec![0; function.core.params.len()];
        let mut has_handle = false;
        for (at, role) in function.roles.iter().enumerate() {
            if let Role::Value(param) = role {
                if handles.contains(&function.params[*param].name) {
                    args[at] = 77;
                    has_handle = true;
                }
            }
        }
        let expected = match function.name {
            "module_load" => NOTCAPABLE,
            "cap_serve" => NOSYS,
            "obj_wake" | "limits_left" => 0,
            _ => BADF,
        };
        assert!(has_handle || ["module_load", "limits_left"].contains(&function.name));
        for ended in ended(function, &args) {
            assert_eq!(ended, Err(Stop::Exit(expected)), "{}", function.name);
        }
    }
}

#[test]
fn every_function_number_that_its_type_has_not_inval() {
    let mut checked = 0;
    for function in &FUNCTIONS {
        for (at, role) in function.roles.iter().enumerate() {
            let Role::Value(param) = *role else { continue };
            let wrong = match function.params[param].ty.kind {
                Kind::Enum { cases } => cases.len() as u64,
                Kind::Flags { flags } => 1 << flags.len(),
                _ => continue,
            };
            for number in [wrong, u64::from(u32::MAX)] {
                let mut args = vec![0; function.core.params.len()];
                args[at] = number;
                for ended in ended(function, &args) {
                    assert_eq!(ended, Err(Stop::Exit(INVAL)), "{}", function.name);
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 4, "{checked}");
}

/// Sets up a child of module 0, with texts at 512.
fn with_child(texts: &str, body: &str) -> String {
    let body = must("child_new", &["0", "0x30040"]) + body;
    module(&data(512, texts), &body)
}

const IDLE: &str = r#"(module (memory (export "memory") 1 1)
    (func (export "f") (param i32 i64) (result i32) (local.get 0)))"#;

#[test]
fn child_steps_flaws_of_each_told() {
    let exit = |name, args: &[&str]| format!("(call $exit {})", call(name, args));
    let linked =
        must("child_bind", &[CHILD, "512", "7", "2", "0"]) + &must("child_link", &[CHILD, "72"]);
    let called = linked.clone() + &must("child_call", &[CHILD, "0", "0", "0", "0", "0", "0", "80"]);
    let bytes = "\\ff";
    let cases: Vec<(&str, String, u32)> = vec![
        (
            "class:*",
            exit("child_bind", &[CHILD, "512", "6", "2", "0"]),
            NOENT,
        ),
        (
            "class:*",
            exit("child_bind", &[CHILD, "512", "0", "2", "0"]),
            NOENT,
        ),
        (
            "class:*",
            exit("child_bind", &[CHILD, "512", "7", "3", "0"]),
            NOTSUP,
        ),
        (
            "class:*",
            exit("child_bind", &[CHILD, "512", "7", "4", "0"]),
            NOTSUP,
        ),
        (
            "class:*",
            exit("child_bind", &[CHILD, "512", "7", "0", "9999"]),
            INVAL,
        ),
        (
            "class:*",
            exit("child_bind", &[CHILD, "512", "65000", "0", "0"]),
            NOENT,
        ),
        (
            "A=B",
            exit("child_env", &[CHILD, "512", "3", "0", "0"]),
            INVAL,
        ),
        (
            "A=B",
            exit("child_env", &[CHILD, "512", "0", "0", "0"]),
            INVAL,
        ),
        (
            "A",
            exit("child_env", &[CHILD, "512", "1", "0", "3"]),
            INVAL,
        ),
        ("A", exit("child_arg", &[CHILD, "0", "1"]), INVAL),
        (
            "A",
            exit("child_call", &[CHILD, "512", "1", "0", "0", "0", "0", "80"]),
            INVAL,
        ),
        ("A", exit("child_read", &[CHILD, "0", "0", "1"]), INVAL),
        (
            "A",
            exit("child_missing", &[CHILD, "0", "0", "0", "80"]),
            NOENT,
        ),
        (
            "class:*",
            linked.clone() + &exit("child_link", &[CHILD, "72"]),
            INVAL,
        ),
        (
            "class:*",
            linked.clone() + &exit("child_arg", &[CHILD, "512", "1"]),
            INVAL,
        ),
        (
            "class:*",
            linked.clone() + &exit("child_missing", &[CHILD, "0", "0", "0", "80"]),
            INVAL,
        ),
        (
            "class:*",
            linked.clone() + &exit("child_read", &[CHILD, "0", "0", "1"]),
            INVAL,
        ),
        // Beyond the child's memory.
        (
            "class:*",
            called.clone() + &exit("child_read", &[CHILD, "65530", "0", "7"]),
            FAULT,
        ),
        (
            "class:*",
            called.clone() + &exit("child_write", &[CHILD, "-1", "0", "1"]),
            FAULT,
        ),
        (
            "class:*",
            called.clone() + &exit("child_write", &[CHILD, "65536", "0", "0"]),
            0,
        ),
        (
            "class:*",
            called.clone() + &exit("child_call", &[CHILD, "513", "1", "0", "2", "0", "1", "80"]),
            NOENT,
        ),
        (
            "f",
            must("child_link", &[CHILD, "72"])
                + &exit("child_call", &[CHILD, "512", "1", "0", "1", "0", "1", "80"]),
            INVAL,
        ),
        (
            "f",
            must("child_link", &[CHILD, "72"])
                + &exit("child_call", &[CHILD, "512", "1", "0", "2", "0", "0", "80"]),
            INVAL,
        ),
        (
            "f",
            must("child_link", &[CHILD, "72"])
                + &exit(
                    "child_call",
                    &[CHILD, "512", "1", "0", "1001", "0", "1", "80"],
                ),
            INVAL,
        ),
        (
            "memory",
            must("child_link", &[CHILD, "72"])
                + &exit("child_call", &[CHILD, "512", "6", "0", "0", "0", "0", "80"]),
            NOENT,
        ),
        (
            "f",
            must("child_drop", &[CHILD]) + &exit("child_kill", &[CHILD]),
            BADF,
        ),
        (
            "f",
            must("child_kill", &[CHILD])
                + &must("child_link", &[CHILD, "72"])
                + &must("child_call", &[CHILD, "512", "1", "0", "2", "0", "1", "80"])
                + &exit("child_call", &[CHILD, "512", "1", "0", "2", "0", "1", "80"]),
            SRCH,
        ),
    ];
    for engine in engines() {
        for (texts, body, expected) in &cases {
            let family = Family::builder().module(compile(&engine, IDLE)).build();
            let source = with_child(texts, body);
            assert_eq!(
                code(&engine, &source, &family),
                *expected,
                "{texts}: {body}"
            );
        }
        let source = with_child(
            "",
            &("(i32.store8 (i32.const 512) (i32.const 255))".to_owned()
                + &exit("child_arg", &[CHILD, "512", "1"])),
        );
        let family = Family::builder().module(compile(&engine, IDLE)).build();
        assert_eq!(code(&engine, &source, &family), ILSEQ, "{bytes}");
    }
}

#[test]
fn child_arg_without_end_2big() {
    let grow = "(drop (memory.grow (i32.const 1)))
        (memory.fill (i32.const 512) (i32.const 65) (i32.const 60000))
        (loop $more
            (local.set $errno (call $child_arg (i32.load (i32.const 64)) (i32.const 512) (i32.const 60000)))
            (local.set $count (i32.add (local.get $count) (i32.const 1)))
            (br_if $more (i32.eqz (local.get $errno))))
        (call $exit (i32.add (local.get $errno) (i32.mul (i32.const 100) (local.get $count))))";
    let body = "(local $errno i32) (local $count i32)".to_owned()
        + &must("child_new", &["0", "64"])
        + grow;
    for engine in engines() {
        let family = Family::builder().module(compile(&engine, IDLE)).build();
        assert_eq!(code(&engine, &parent("", &body), &family), 1 + 3500);
    }
}

#[test]
fn child_new_without_end_mfile_or_quota() {
    let body = "(local $errno i32) (local $count i32)
        (loop $more
            (local.set $errno (call $child_new (i32.const 0) (i32.const 64)))
            (local.set $count (i32.add (local.get $count) (i32.const 1)))
            (br_if $more (i32.eqz (local.get $errno))))
        (call $exit (i32.add (local.get $errno) (i32.mul (i32.const 100) (local.get $count))))";
    for engine in engines() {
        let limits = ChildLimits {
            children: 300,
            ..ChildLimits::PARENT
        };
        let family = Family::builder()
            .module(compile(&engine, IDLE))
            .limits(limits)
            .build();
        assert_eq!(code(&engine, &parent("", body), &family), DQUOT + 30_100);
    }
}

/// A parent that loads the module that it carries, and exits with the errno.
fn loading(wasm: &[u8]) -> String {
    let bytes: String = wasm.iter().map(|byte| format!("\\{byte:02x}")).collect();
    let body = format!(
        "(call $exit (call $module_load (i32.const 1024) (i32.const {}) (i32.const 64)))",
        wasm.len()
    );
    parent(&format!("(data (i32.const 1024) \"{bytes}\")"), &body)
}

#[test]
fn module_load_charged_and_refused_before_it_is_compiled() {
    let wasm = wat::parse_str("(module (func nop nop nop) (func) (func))").unwrap();
    let size = wasm.len() as u64;
    let code_of = |code| ChildLimits {
        code,
        ..ChildLimits::PARENT
    };
    for engine in engines() {
        let whole = Loading::with(engine.clone());
        let cases = [
            (size, whole.clone(), 0),
            (size - 1, whole.clone(), DQUOT),
            (0, whole.clone(), DQUOT),
            (
                size,
                Loading {
                    functions: 2,
                    ..whole.clone()
                },
                FBIG,
            ),
            (
                size,
                Loading {
                    largest: 4,
                    ..whole.clone()
                },
                FBIG,
            ),
            (
                size,
                Loading {
                    functions: 3,
                    largest: 5,
                    ..whole.clone()
                },
                0,
            ),
        ];
        for (bytes, loading_by, expected) in cases {
            let limits = code_of(bytes);
            let family = Family::builder().limits(limits).loading(loading_by).build();
            assert_eq!(code(&engine, &loading(&wasm), &family), expected);
        }
        let family = || {
            let builder = Family::builder().limits(code_of(1 << 20));
            builder.loading(whole.clone()).build()
        };
        for flawed in [&b"no module"[..], b"\0asm\x01\0\0\0\x01\x01\x05"] {
            assert_eq!(code(&engine, &loading(flawed), &family()), NOEXEC);
        }
        assert_eq!(
            code(&engine, &loading(&wasm), &Family::builder().build()),
            NOTCAPABLE
        );
    }
}

#[test]
fn module_load_by_a_parent_whose_fuel_is_counted_costs_fuel() {
    let wasm = wat::parse_str("(module (func))").unwrap();
    for engine in counting() {
        for (fuel, expected) in [
            (1 << 20, Err(Stop::Exit(0))),
            (1000, Err(Stop::Exit(DQUOT))),
        ] {
            let limits = ChildLimits {
                code: 1 << 20,
                ..ChildLimits::PARENT
            };
            let loading_by = Loading::with(engine.clone());
            let family = Family::builder().limits(limits).loading(loading_by).build();
            let ctx = WasiCtx::builder().build().unwrap();
            let limits = Limits {
                fuel: Some(fuel),
                memory: None,
            };
            let ended = run_in(&engine, &loading(&wasm), ctx, &family, limits);
            assert_eq!(ended, expected, "{}", engine.name());
        }
    }
}

#[test]
fn functions_of_a_parent_without_memory_trap_no_panic() {
    let source = format!(
        r#"(module {} (func (export "_start")
            (drop (call $child_new (i32.const 0) (i32.const 0)))))"#,
        imports()
    );
    for engine in engines_with(EngineOptions::default()) {
        let node = Node {
            ctx: WasiCtx::builder().build().unwrap(),
            functions: Family::builder().build().functions(),
            limits: Limits::default(),
        };
        let mut parent = compile(&engine, &source).instantiate(node).unwrap();
        let start = parent.export("_start").unwrap();
        match parent.call(start, &[], &mut []) {
            Err(Stop::Trap(trap)) => assert_eq!(trap.kind(), TrapKind::NoMemory),
            other => panic!("{other:?}"),
        }
    }
}
