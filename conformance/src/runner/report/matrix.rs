//! Which function answered what, as a table.

use super::Report;
use crate::runner::gaps::by_name;
use std::collections::BTreeSet;
use std::fmt::Write;

/// A table in Markdown: a row for each function that guests called, a column for each errno that
/// any function answered, and in it how many of the hosts answered so. Hosts that do not tell their
/// guests' calls are left out.
pub fn to_matrix(reports: &[Report]) -> String {
    let answers: Vec<_> = reports.iter().map(Report::answers).collect();
    let answered: Vec<_> = answers.iter().map(by_name).collect();
    let functions: BTreeSet<_> = answered.iter().flat_map(|host| host.keys()).collect();
    let errnos = answered.iter().flat_map(|host| host.values().flatten());
    let mut errnos: Vec<_> = errnos.collect::<BTreeSet<_>>().into_iter().collect();
    errnos.sort_by_key(|errno| (**errno != "success", **errno));

    let mut table = String::from("| function |");
    for errno in &errnos {
        // Writing to a string does not fail.
        let _ = write!(table, " {errno} |");
    }
    table.push_str("\n|---|");
    table.push_str(&"---|".repeat(errnos.len()));
    for function in functions {
        let _ = write!(table, "\n| `{function}` |");
        for errno in &errnos {
            let hosts = answered.iter().filter(|host| {
                let seen = host.get(function);
                seen.is_some_and(|seen| seen.contains(**errno))
            });
            match hosts.count() {
                0 => table.push_str("  |"),
                count => {
                    let _ = write!(table, " {count} |");
                }
            }
        }
    }
    table.push('\n');
    table
}
