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
    for (document, name) in SNAPSHOTS {
        println!("cargo::rerun-if-changed={document}");
        let snapshot = Snapshot::load(document)?;
        let table = rust::functions(&snapshot, &format!("{name}_functions"));
        std::fs::write(Path::new(&out).join(format!("{name}.rs")), table)?;
    }
    Ok(())
}
