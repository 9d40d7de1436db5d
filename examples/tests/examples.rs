//! Each example runs, and shows what it says.
#![cfg(test)]

use std::process::Command;

/// What an example prints.
fn run(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn zip_slip_every_escape_refused_on_both_engines_and_every_file_system() {
    let shown = run(env!("CARGO_BIN_EXE_zip_slip"), &[]);
    let written = "19 members written, 20 refused, nothing beside changed";
    assert_eq!(shown.matches(written).count(), 6, "{shown}");
    let packed = "4 files packed by";
    assert_eq!(shown.matches(packed).count(), 12, "{shown}");
    assert!(
        shown.contains("l2/../../node_modules/x/index.js"),
        "{shown}"
    );
}

#[test]
fn sandbox_images_as_native_and_damage_survived() {
    let shown = run(env!("CARGO_BIN_EXE_sandbox"), &["2000"]);
    let whole = "50 images are what they are natively";
    assert_eq!(shown.matches(whole).count(), 2, "{shown}");
    let damaged = shown
        .lines()
        .filter(|line| line.contains("2000 damaged images"));
    assert_eq!(damaged.count(), 2, "{shown}");
}
