//! The parent that filters, which is the one that passes with filters beside.

use std::collections::BTreeMap;
use std::fmt::Write;
use turnkey_snapshots::preview_1;
use turnkey_wasi_common::function::CoreType;

/// Where it lies in the folder of the guests, and what it is made from.
pub(crate) const FORWARD: &str = "parents/forward.wat";
pub(crate) const PASS: &str = "parents/pass.wat";

const HEAD: &str = "\
;; Made by build-guests from pass.wat: do not edit.
;;
;; A parent that hands all it has to its child, as pass.wat does, and sees every call of
;; WASI's that the child makes: each is bound to a filter, which lets it continue.
";

/// The place in the other parent's text where filters are bound.
const BOUND: &str = "  (func $bind_more)\n";

/// Where the names of the classes lie.
const NAMES: u32 = 1024;

/// The text of the parent that filters.
///
/// # Errors
/// The text of the other one has not the form that is known.
pub(crate) fn text(pass: &str) -> Result<String, &'static str> {
    let module = pass.find("(module\n").and_then(|at| pass.get(at..));
    let (before, after) = module
        .and_then(|module| module.split_once(BOUND))
        .ok_or("pass.wat has no place where filters are bound")?;
    let after = after.strip_suffix(")\n").ok_or("pass.wat does not end")?;
    Ok(format!("{HEAD}{before}{}{after}{})\n", binds(), filters()))
}

/// Binds each class of WASI's functions to filters.
fn binds() -> String {
    let classes = preview_1::FUNCTIONS.iter().map(|function| function.class);
    let classes = classes.map(|class| class.split('.').next().unwrap_or(class));
    let mut classes: Vec<_> = classes.map(|class| format!("class:{class}")).collect();
    classes.sort_unstable();
    classes.dedup();
    let mut text = "  (func $bind_more\n    ;; 4: filtered.\n".to_owned();
    let mut data = String::new();
    for (at, class) in (NAMES..).step_by(32).zip(&classes) {
        let length = class.len();
        text += &format!("    (call $bind (i32.const {at}) (i32.const {length}) (i32.const 4))\n");
        data += &format!("  (data (i32.const {at}) \"{class}\")\n");
    }
    // The last parenthesis is the function's.
    text.truncate(text.len() - 1);
    format!("{text})\n{data}")
}

/// The filters, one for all functions of a type: each answers 0, so that the call continues.
fn filters() -> String {
    let mut by_type = BTreeMap::<String, Vec<&str>>::new();
    for function in &preview_1::FUNCTIONS {
        let params = function.core.params.iter().map(|ty| match ty {
            CoreType::I32 => " i32",
            CoreType::I64 => " i64",
        });
        let params = format!("(param i32 i32{})", params.collect::<String>());
        by_type.entry(params).or_default().push(function.name);
    }
    let mut text = "
  ;; Room in which the host lays what a call of the child's leads to: the address in the
  ;; lower half, the number of bytes in the upper.
  (func (export \"virt_scratch\") (result i64)
    (i64.const 0x1_0000_0001_0000))

  ;; The filters, one for all functions of a type: 0 lets the call continue.
"
    .to_owned();
    for (params, names) in by_type {
        text += "  (func";
        for name in names {
            let _written = write!(text, "\n    (export \"filter_{name}\")");
        }
        let _written = write!(text, "\n    {params} (result i32)\n    (i32.const 0))\n");
    }
    text
}
