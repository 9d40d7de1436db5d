//! Each example runs, and shows what it says.
#![cfg(test)]

use std::process::Command;

/// What an example prints.
fn run(program: &str) -> String {
    let output = Command::new(program).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn zip_slip_every_escape_refused_for_every_parent_on_both_engines() {
    let shown = run(env!("CARGO_BIN_EXE_zip_slip"));
    let written = "19 members written, 20 refused, nothing beside changed";
    assert_eq!(shown.matches(written).count(), 18, "{shown}");
    let packed = "4 files packed by";
    assert_eq!(shown.matches(packed).count(), 36, "{shown}");
    assert!(
        shown.contains("l2/../../node_modules/x/index.js"),
        "{shown}"
    );
}
