//! A hostile archive, extracted by a child whose directory comes of a wasm parent.

use crate::extracting::{Call, calls, program};
use crate::family::{engines, run};
use crate::host::{App, Backend, on_every_backend};
use std::sync::Arc;
use turnkey_conformance::parents::{SERVE, UPLOADS};
use turnkey_conformance::zip_slip::{MEMBERS, Member, What};
use turnkey_snapshots::engine::Engine;
use turnkey_virt::Audit;
use turnkey_wasi_common::{Access, Errno};

/// Parents whose child finds `uploads` as its directory: their names, the outermost first, and
/// whether that one is given no more itself.
const FAMILIES: [(&str, &[&[u8]], bool); 4] = [
    ("a subtree", &[UPLOADS], false),
    ("served", &[SERVE], true),
    ("a subtree, served", &[UPLOADS, SERVE], false),
    ("a subtree of what is served", &[SERVE, UPLOADS], false),
];

on_every_backend![
    zip_slip_inside_parents_each_member_written_or_refused,
    zip_slip_inside_parents_race_with_a_link_that_leads_outside,
];

/// What each call of a program is answered, and what the audit of the parents' host has.
fn answers(
    engine: &dyn Engine,
    (parents, given_uploads): (&[&[u8]], bool),
    app: &App,
    program: &str,
) -> (Vec<Errno>, Arc<Audit>) {
    let audit = Arc::new(Audit::new(100_000));
    let dir = if given_uploads {
        &app.uploads
    } else {
        &app.root
    };
    let ended = run(engine, parents, program, |context| {
        let context = context.preopen("/", Arc::clone(dir), Access::ReadWrite);
        context.filter(audit.clone())
    });
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    let answers = ended.stdout.bytes();
    let answers = answers.map(|number| Errno::from_number(number.into()).unwrap());
    (answers.collect(), audit)
}

fn zip_slip_inside_parents_each_member_written_or_refused(on: Backend) {
    let all: Vec<Call> = MEMBERS.iter().flat_map(calls).collect();
    let extracting = program(&all, 0);
    for engine in engines() {
        for (name, parents, given_uploads) in FAMILIES {
            println!("{}, {name}", engine.name());
            let app = App::new(on);
            let before = app.beside();
            let (answers, audit) = answers(&*engine, (parents, given_uploads), &app, &extracting);
            assert_eq!(answers.len(), all.len());
            assert_eq!(app.beside(), before);
            let mut refused = Vec::new();
            for (call, errno) in all.iter().zip(answers) {
                let member = call.member;
                if member.answer == Err(errno) {
                    refused.push((call.function, Some(call.path.to_owned()), Some(errno)));
                    continue;
                }
                // The way to a member that is refused may begin inside.
                let is_expected = match call.leads_there {
                    true => matches!(errno, Errno::Success | Errno::Exist),
                    false => errno == Errno::Success && member.answer.is_ok(),
                };
                assert!(is_expected, "{} {member:?}: {errno:?}", call.path);
            }
            // Each refusal is told once, and nothing else is.
            let told = audit.records().into_iter().map(|record| {
                let last = record.strings.into_iter().next_back();
                let path = last.and_then(|(_, text)| text);
                (record.function.name, path, record.errno)
            });
            assert_eq!(told.collect::<Vec<_>>(), refused);
        }
    }
}

/// Extractions in a directory that becomes a link to outside again and again: 25,000 on each file
/// system, by both engines in all families together.
const EXTRACTIONS: usize = 25_000 / (2 * FAMILIES.len());

const INTO_D: [Member; 3] = [
    into_d("d/x/index.js"),
    into_d("d/x/../x/new.js"),
    into_d("d/new.js"),
];

const fn into_d(name: &'static str) -> Member {
    Member {
        name,
        what: What::File,
        answer: Ok(()),
    }
}

/// What an extraction may be answered while the link comes and goes. The last three tell of a
/// parent that looked at one thing and found another.
const POSSIBLE: [Errno; 6] = [
    Errno::Success,
    Errno::Perm,
    Errno::Noent,
    Errno::Notdir,
    Errno::Inval,
    Errno::Loop,
];

fn zip_slip_inside_parents_race_with_a_link_that_leads_outside(on: Backend) {
    let files = INTO_D.iter().flat_map(calls);
    let files: Vec<Call> = files.filter(|call| !call.leads_there).collect();
    let extracting = program(&files, EXTRACTIONS);
    let (mut written, mut refused) = (0, 0);
    for engine in engines() {
        for (name, parents, given_uploads) in FAMILIES {
            println!("{}, {name}", engine.name());
            let app = App::new(on);
            let before = app.beside();
            let given = (parents, given_uploads);
            let (answers, _) = app.while_swapped(|| answers(&*engine, given, &app, &extracting));
            assert_eq!(app.beside(), before);
            assert!(answers.len() >= EXTRACTIONS);
            let count = |errno| answers.iter().filter(|answer| **answer == errno).count();
            let possible: usize = POSSIBLE.into_iter().map(count).sum();
            assert_eq!(possible, answers.len(), "{answers:?}");
            written += count(Errno::Success);
            refused += count(Errno::Perm);
        }
    }
    assert!(written > 0 && refused > 0, "{written} {refused}");
}
