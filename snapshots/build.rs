//! Makes the tables of functions from the witx documents.

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
        snapshots.push(snapshot);
    }
    // The documentation of preview 1 is the fuller one.
    let newest_first: Vec<_> = snapshots.iter().rev().collect();
    write("func.rs".to_owned(), rust::func(&newest_first))?;
    Ok(())
}
