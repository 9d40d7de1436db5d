//! What guests import, each function with its name.

use turnkey_virt::nanoprocess::FUNCTIONS;
use turnkey_wasi_common::function::{CoreType, Function};

/// These functions of WASI's.
pub(crate) fn wasi(names: &[&str]) -> String {
    let known = |name: &&str| turnkey_snapshots::function("wasi_snapshot_preview1", name);
    names.iter().filter_map(known).map(import).collect()
}

/// Every function that parents have of their children and of what they grant.
pub(crate) fn nanoprocess() -> String {
    let of = |name: &str| name.starts_with("child_") || name.starts_with("cap_");
    let used = FUNCTIONS.iter().filter(|function| of(function.name));
    used.map(import).collect()
}

fn import(function: &Function) -> String {
    let types = |types: &[CoreType]| -> String {
        let types = types.iter().map(|ty| match ty {
            CoreType::I32 => " i32",
            CoreType::I64 => " i64",
        });
        types.collect()
    };
    format!(
        "\n    (import \"{}\" \"{name}\" (func ${name} (param{}) (result{})))",
        function.module,
        types(function.core.params),
        types(function.core.results),
        name = function.name,
    )
}
