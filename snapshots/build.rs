//! Makes the table of functions from the witx document.

use std::path::Path;
use turnkey_witx::{Snapshot, rust};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let document = "witx/wasi_snapshot_preview1.witx";
    println!("cargo::rerun-if-changed={document}");
    let snapshot = Snapshot::load(document)?;
    let table = rust::functions(&snapshot, "preview_1_functions");
    let out = std::env::var_os("OUT_DIR").ok_or("Cargo sets OUT_DIR")?;
    std::fs::write(Path::new(&out).join("preview_1.rs"), table)?;
    Ok(())
}
