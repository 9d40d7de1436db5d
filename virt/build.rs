//! Makes the table of what parents import from its witx document.

use std::path::Path;
use turnkey_witx::{Snapshot, rust};

const DOCUMENT: &str = "witx/nanoprocess_0.witx";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let out = std::env::var_os("OUT_DIR").ok_or("Cargo sets OUT_DIR")?;
    println!("cargo::rerun-if-changed={DOCUMENT}");
    let table = rust::functions(&Snapshot::load(DOCUMENT)?, "nanoprocess_0_functions");
    std::fs::write(Path::new(&out).join("nanoprocess_0.rs"), table)?;
    Ok(())
}
