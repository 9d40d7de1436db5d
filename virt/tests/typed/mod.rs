//! Modules that call each other with more than numbers.
#![allow(dead_code, reason = "each test takes what it needs")]

use super::parents::compile;
use std::sync::Arc;
use turnkey_snapshots::engine::{Engine, Module};
use turnkey_virt::nanoprocess::{Child, Export, Family};

/// A memory's next free byte, and what allocates and gives back in the reverse order.
pub(crate) const ALLOC: &str = r#"
    (global $next (mut i32) (i32.const 4096))
    (func $alloc (export "virt_alloc") (param $size i32) (param $align i32) (result i32)
        (local $at i32)
        (local.set $at (i32.and
            (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
            (i32.sub (i32.const 0) (local.get $align))))
        (global.set $next (i32.add (local.get $at) (local.get $size)))
        (block $enough (loop $more
            (br_if $enough (i32.le_u (global.get $next) (i32.mul (memory.size) (i32.const 65536))))
            (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then (return (i32.const 0))))
            (br $more)))
        (local.get $at))
    (func (export "virt_free") (param $at i32) (param $size i32) (param $align i32)
        (if (i32.gt_u (i32.add (local.get $at) (local.get $size)) (global.get $next))
            (then (unreachable)))
        (global.set $next (local.get $at)))"#;

/// A module's description as its custom section.
pub(crate) fn section(text: &str) -> String {
    let text = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("(@custom \"witx\" \"{text}\")")
}

/// The description of module `text` with these functions: as what a module imports, or exports.
pub(crate) fn described(exports: bool, functions: &[(&str, &str)]) -> String {
    let functions = functions
        .iter()
        .map(|(name, func)| format!("(@interface func (export \"{name}\") {func})\n"));
    let exports = if exports { ";;; @exports\n" } else { "" };
    format!(
        "{exports}(module $text\n{})\n",
        functions.collect::<String>()
    )
}

/// A child that is called, and the one that it calls in turn.
pub(crate) struct Pair {
    pub(crate) caller: Arc<Child>,
    pub(crate) callee: Arc<Child>,
}

/// Two modules that answer what they are handed, one by asking the other.
pub(crate) fn echo_pair(
    one: &Arc<dyn Engine>,
    other: &Arc<dyn Engine>,
    ty: &str,
    size: u32,
) -> Pair {
    let (caller, callee) = echoing(one, other, ty, size);
    pair(caller, callee, &["echo"])
}

pub(crate) fn echoing(
    one: &Arc<dyn Engine>,
    other: &Arc<dyn Engine>,
    ty: &str,
    size: u32,
) -> (Arc<dyn Module>, Arc<dyn Module>) {
    let func = format!("(param $value {ty}) (result $same {ty})");
    let (params, result, echo, args): (_, _, String, _) = match ty {
        _ if ty == "string" || ty.starts_with("(list") => (
            "i32 i32 i32",
            "",
            "(i32.store (local.get 2) (local.get 0))
             (i32.store offset=4 (local.get 2) (local.get 1))"
                .to_owned(),
            3,
        ),
        _ if ty.starts_with("(record") || ty.starts_with("(variant") => (
            "i32 i32",
            "",
            format!("(memory.copy (local.get 1) (local.get 0) (i32.const {size}))"),
            2,
        ),
        "f32" => ("f32", "(result f32)", "(local.get 0)".to_owned(), 1),
        "f64" => ("f64", "(result f64)", "(local.get 0)".to_owned(), 1),
        _ if size == 8 => ("i64", "(result i64)", "(local.get 0)".to_owned(), 1),
        _ => ("i32", "(result i32)", "(local.get 0)".to_owned(), 1),
    };
    let args: String = (0..args).map(|arg| format!(" (local.get {arg})")).collect();
    let exports = described(true, &[("echo", &func)]);
    let both = format!("{exports}{}", described(false, &[("echo", &func)]));
    let caller = format!(
        "(module {section}
            (import \"text\" \"echo\" (func $echo (param {params}) {result}))
            (memory (export \"memory\") 1) {ALLOC}
            (func (export \"echo\") (param {params}) {result} (call $echo{args})))",
        section = section(&both),
    );
    let callee = format!(
        "(module {section}
            (memory (export \"memory\") 1) {ALLOC}
            (func (export \"echo\") (param {params}) {result} {echo}))",
        section = section(&exports),
    );
    (compile(one, &caller), compile(other, &callee))
}

/// Children of two modules, the first of which imports functions of the other as those of `text`.
pub(crate) fn pair(caller: Arc<dyn Module>, callee: Arc<dyn Module>, functions: &[&str]) -> Pair {
    let family = Family::builder().build();
    let callee = Arc::new(family.spawn(callee).unwrap());
    let caller = Arc::new(family.spawn(caller).unwrap());
    for name in functions {
        caller
            .bind_export("text", name, &Export::of(&callee, name))
            .unwrap();
    }
    callee.link().unwrap();
    caller.link().unwrap_or_else(|error| panic!("{error}"));
    Pair { caller, callee }
}
