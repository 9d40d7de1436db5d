//! The guests are current, and tell a host that does as it should from one that does not.
#![cfg(test)]

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use std::sync::Arc;
use turnkey_cap_backends::builder;
use turnkey_conformance::guests::{Suite, suites};
use turnkey_conformance::runner::{EngineHost, Runner};
use turnkey_snapshots::engine::{Engine, EngineOptions};
use turnkey_wasi_common::{Errno, Filter, Invocation, Verdict};
use turnkey_wasmi::WasmiEngine;

#[test]
fn build_guests_check_every_guest_is_current() {
    let command = env!("CARGO_BIN_EXE_build-guests");
    let output = Command::new(command).arg("--check").output().unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{complaints}build them with `cargo run -p turnkey-conformance --bin build-guests`"
    );
}

#[test]
fn suites_every_one_is_read_and_has_guests() {
    let mut names = BTreeSet::new();
    for folder in fs::read_dir(suites()).unwrap() {
        let folder = folder.unwrap().path();
        if folder.join("manifest.json").is_file() {
            let suite = Suite::read(&folder).unwrap();
            assert!(!suite.cases.is_empty(), "{}", suite.name);
            assert!(
                names.insert(suite.name.clone()),
                "two suites {}",
                suite.name
            );
            for file in fs::read_dir(&folder).unwrap() {
                let file = file.unwrap().path();
                let is_asked = file.extension().is_some_and(|it| it == "json");
                let module = file.with_extension("wasm");
                assert!(
                    !is_asked || file.ends_with("manifest.json") || module.is_file(),
                    "{} belongs to no guest",
                    file.display()
                );
            }
        }
    }
    assert!(names.contains("Turnkey preview 0"), "{names:?}");
}

#[test]
fn guests_import_the_functions_of_their_snapshot_only() {
    let engine = engine();
    let suite = Suite::read(&suites().join("preview_0")).unwrap();
    for case in suite.cases {
        let module = engine.compile(&fs::read(&case.module).unwrap()).unwrap();
        for import in module.imports() {
            assert_eq!(
                import.module, "wasi_unstable",
                "{}: {}",
                case.name, import.name
            );
        }
    }
}

/// What a host gets wrong: it changes the guest's memory before or after the calls of a function.
struct Wrong {
    function: &'static str,
    before: fn(&[u64], &mut [u8]),
    after: fn(&[u64], &mut [u8]),
}

impl Filter for Wrong {
    fn before(&self, call: &Invocation<'_>, memory: &mut [u8]) -> Verdict {
        if call.function.name == self.function {
            (self.before)(call.args, memory);
        }
        Verdict::Continue
    }

    fn after(&self, call: &Invocation<'_>, memory: &mut [u8], errno: Option<Errno>) {
        if call.function.name == self.function && errno == Some(Errno::Success) {
            (self.after)(call.args, memory);
        }
    }
}

fn engine() -> WasmiEngine {
    WasmiEngine::new(EngineOptions {
        interruptible: true,
        ..EngineOptions::default()
    })
}

fn nothing(_: &[u64], _: &mut [u8]) {}

fn at(args: &[u64], position: usize) -> usize {
    usize::try_from(args[position]).unwrap()
}

/// Lays a filestat out as preview 1 does: a link count of 64 bits at 24, and all that follows it
/// 8 bytes later.
fn as_preview_1(filestat: &mut [u8]) {
    filestat.copy_within(24..56, 32);
    let nlink: [u8; 4] = filestat[20..24].try_into().unwrap();
    filestat[24..28].copy_from_slice(&nlink);
    filestat[28..32].fill(0);
}

/// Reads subscriptions as preview 1 does: a clock without an identifier before it.
fn without_identifier(args: &[u64], memory: &mut [u8]) {
    for subscription in memory[at(args, 0)..].chunks_mut(56).take(at(args, 2)) {
        if subscription[8] == 0 {
            subscription.copy_within(16..48, 24);
        }
    }
}

/// What a guest of preview 0 says of a host that is wrong; nothing if it passes.
fn said(guest: &str, wrong: Wrong) -> Option<String> {
    let wrong = Arc::new(wrong);
    let context = move || builder().filter(wrong.clone());
    let host = EngineHost::new(Box::new(engine())).context(context);
    let suite = Suite::read(&suites().join("preview_0")).unwrap();
    let runner = Runner::new(&host).only([guest.to_owned()]);
    let report = runner.run(&[suite], &mut |_, _| {});
    let [test] = &report.suites[0].tests[..] else {
        panic!("{report}");
    };
    assert_eq!(report.is_success(), test.said.is_none());
    test.said.clone()
}

#[test]
fn layouts_host_that_is_wrong_the_check_that_fails() {
    let after = |function, after| Wrong {
        function,
        before: nothing,
        after,
    };
    let cases: [(&str, u32, Wrong); 12] = [
        (
            "a descriptor of 64 bits",
            2,
            after("path_open", |args, memory| {
                memory[at(args, 8) + 4..][..4].fill(0)
            }),
        ),
        (
            "an offset of 32 bits",
            12,
            after("fd_seek", |args, memory| {
                memory[at(args, 3) + 4..][..4].fill(0xa5)
            }),
        ),
        (
            "a filestat of preview 1",
            25,
            after("fd_filestat_get", |args, memory| {
                as_preview_1(&mut memory[at(args, 1)..]);
            }),
        ),
        (
            "a link count at 24, and none of its bytes beyond the end",
            29,
            after("fd_filestat_get", |args, memory| {
                memory[at(args, 1) + 20..][..4].fill(0);
            }),
        ),
        (
            "times that are 8 bytes late",
            41,
            after("path_filestat_get", |args, memory| {
                memory[at(args, 4)..].copy_within(24..48, 32);
            }),
        ),
        (
            "mtim and ctim changed places",
            32,
            after("fd_filestat_get", |args, memory| {
                memory[at(args, 1)..][40..56].rotate_left(8);
            }),
        ),
        (
            // At least 256 for any name, so that whichever entry the host lists first, the next is
            // looked for beyond the end of the listing.
            "a dirent with the length of its name one byte late",
            50,
            after("fd_readdir", |args, memory| {
                memory[at(args, 1)..][16..24].rotate_right(1);
            }),
        ),
        (
            "flags of a descriptor right behind its type",
            62,
            after("fd_fdstat_get", |args, memory| {
                memory[at(args, 1)..][1..4].rotate_left(1);
            }),
        ),
        (
            "a name's length right behind the tag",
            75,
            after("fd_prestat_get", |args, memory| {
                memory[at(args, 1)..][1..8].rotate_left(3);
            }),
        ),
        (
            "a clock's subscription of preview 1, read with what is no clock's number",
            91,
            Wrong {
                function: "poll_oneoff",
                before: without_identifier,
                after: nothing,
            },
        ),
        (
            "an event's type before its error",
            105,
            after("poll_oneoff", |args, memory| {
                let events = memory[at(args, 1)..].chunks_mut(32).take(2);
                events.for_each(|event| event[8..11].rotate_left(2));
            }),
        ),
        (
            "an event that is 8 bytes longer",
            92,
            after("poll_oneoff", |args, memory| {
                memory[at(args, 1) + 32..][..8].fill(0)
            }),
        ),
    ];
    let mut others = Vec::new();
    for (what, number, wrong) in cases {
        let expected = format!("exit code {number} instead of exit code 0");
        let said = said("layouts", wrong);
        if said.as_ref() != Some(&expected) {
            others.push(format!("{what}: {said:?} instead of {expected:?}"));
        }
    }
    assert!(others.is_empty(), "{}", others.join("\n"));
}

#[test]
fn files_host_that_is_wrong_says_what_failed() {
    let unchanged = Wrong {
        function: "fd_seek",
        before: nothing,
        after: nothing,
    };
    assert_eq!(said("files", unchanged), None);
    let wrong = Wrong {
        function: "fd_seek",
        before: nothing,
        after: |args, memory| memory[at(args, 3)] += 1,
    };
    let said = said("files", wrong).unwrap();
    let expected = "\nit ended: exit code 41\n\
        check 41 failed: the offset that fd_seek answers: 4 instead of 3";
    assert!(said.starts_with("stdout is"), "{said}");
    assert!(said.ends_with(expected), "{said}");
}
