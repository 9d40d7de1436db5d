//! The generated files of the workspace are those that the documents give.

use std::path::Path;
use turnkey_witx::committed;

#[test]
fn generate_committed_files_are_current() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let stale: Vec<_> = committed::files()
        .unwrap()
        .into_iter()
        .filter(|file| !file.is_current(&workspace))
        .map(|file| file.path)
        .collect();
    assert!(
        stale.is_empty(),
        "not current: {stale:?}; run `cargo run -p turnkey-witx -- generate`"
    );
}
