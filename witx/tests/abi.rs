//! The documents of this package say what the standard says.
#![cfg(test)]

use serde_json::Value;
use turnkey_witx::{Snapshot, dump};

/// What the `witx` crate makes of the standard's own documents.
const PREVIEW_0: &str = include_str!("data/preview0.json");
const PREVIEW_1: &str = include_str!("data/preview1.json");

/// How many differences are worth reading at once.
const SHOWN: usize = 20;

#[test]
fn preview_0_dump_equals_the_standard() {
    check(&Snapshot::preview_0().unwrap(), PREVIEW_0);
}

#[test]
fn preview_1_dump_equals_the_standard() {
    check(&Snapshot::preview_1().unwrap(), PREVIEW_1);
}

fn check(snapshot: &Snapshot, standard: &str) {
    let standard: Value = serde_json::from_str(standard).unwrap();
    let mut differences = Vec::new();
    compare("", &standard, &dump::snapshot(snapshot), &mut differences);
    let shown = differences.len().min(SHOWN);
    assert!(
        differences.is_empty(),
        "{} differences from the standard, among them\n{}",
        differences.len(),
        differences[..shown].join("\n"),
    );
}

/// Collects where two values differ, each with its path.
fn compare(path: &str, standard: &Value, found: &Value, differences: &mut Vec<String>) {
    match (standard, found) {
        (Value::Object(standard), Value::Object(found)) => {
            for (key, value) in standard {
                let found = found.get(key).unwrap_or(&Value::Null);
                compare(&format!("{path}.{key}"), value, found, differences);
            }
            for key in found.keys().filter(|key| !standard.contains_key(*key)) {
                differences.push(format!("{path}.{key} is not in the standard"));
            }
        }
        (Value::Array(standard), Value::Array(found)) => {
            for (index, value) in standard.iter().enumerate() {
                let found = found.get(index).unwrap_or(&Value::Null);
                compare(&format!("{path}[{index}]"), value, found, differences);
            }
            for (index, value) in found.iter().enumerate().skip(standard.len()) {
                differences.push(format!("{path}[{index}] is not in the standard: {value}"));
            }
        }
        _ if standard != found => {
            differences.push(format!("{path}: the standard says {standard}, not {found}"));
        }
        _ => {}
    }
}

#[test]
fn compare_changed_document_reports_every_path() {
    let text = include_str!("../wasi_snapshot_preview1.witx")
        .replace("(typename $linkcount u64)", "(typename $linkcount u32)")
        .replace("    $notcapable\n", "");
    let standard: Value = serde_json::from_str(PREVIEW_1).unwrap();
    let changed = dump::snapshot(&Snapshot::parse(&text).unwrap());
    let mut differences = Vec::new();
    compare("", &standard, &changed, &mut differences);
    let expected = [
        ".types[4].count: the standard says 77, not 76",
        ".types[25].repr: the standard says \"u64\", not \"u32\"",
        ".types[26].members[3].offset: the standard says 24, not 20",
    ];
    for difference in expected {
        assert!(
            differences.iter().any(|d| d == difference),
            "{difference} is not among {differences:#?}"
        );
    }
}
