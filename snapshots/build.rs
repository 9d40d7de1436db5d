//! Makes the tables of functions and wiggle's glue from the witx documents.

use std::path::Path;
use turnkey_witx::{Snapshot, rust};

/// The documents, and the name of what is made from each.
const SNAPSHOTS: [(&str, &str); 2] = [
    ("witx/wasi_unstable.witx", "preview_0"),
    ("witx/wasi_snapshot_preview1.witx", "preview_1"),
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let out = std::env::var_os("OUT_DIR").ok_or("Cargo sets OUT_DIR")?;
    let write = |name: String, text| std::fs::write(Path::new(&out).join(name), text);
    let mut snapshots = Vec::new();
    for (document, name) in SNAPSHOTS {
        println!("cargo::rerun-if-changed={document}");
        let snapshot = Snapshot::load(document)?;
        let table = rust::functions(&snapshot, &format!("{name}_functions"));
        write(format!("{name}.rs"), table)?;
        write(format!("{name}_calls.rs"), rust::calls(&snapshot))?;
        write(
            format!("{name}_glue.rs"),
            glue(&std::fs::read_to_string(document)?),
        )?;
        snapshots.push(snapshot);
    }
    // The documentation of preview 1 is the fuller one.
    let newest_first: Vec<_> = snapshots.iter().rev().collect();
    write("func.rs".to_owned(), rust::func(&newest_first))?;
    Ok(())
}

/// Has wiggle make its glue from a document.
///
/// It decodes arguments. A result is written by us, as what it makes for that looks at the memory's
/// bounds and at the alignment once for each member of a record: half of the time of a call that
/// answers one. So it is told of a place among the parameters instead, which to the guest is the same.
fn glue(document: &str) -> String {
    let mut text = String::new();
    for line in document.lines() {
        match result(line) {
            Some(ty) => text.push_str(&format!(
                "(param $answer (@witx pointer ${ty})) (result $error (expected (error $errno)))"
            )),
            None => text.push_str(line),
        }
        text.push('\n');
    }
    format!(
        "wiggle::from_witx!({{ witx_literal: {text:?}, errors: {{ errno => Error }}, \
         wasmtime: false, tracing: false }});\n"
    )
}

/// The name of the type that a function answers in a single place.
fn result(line: &str) -> Option<&str> {
    let ty = line.trim().strip_prefix("(result $error (expected $")?;
    ty.strip_suffix(" (error $errno)))")
}
