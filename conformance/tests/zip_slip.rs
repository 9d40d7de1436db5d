//! A hostile archive, extracted in the most trusting way, over every file system: what belongs in the
//! directory is there, and nothing beside it has changed.
#![cfg(test)]

mod host;

use host::{App, Backend, Guest, fstflags, oflags, on_every_backend};
use std::sync::Arc;
use turnkey_cap_backends::builder;
use turnkey_conformance::known::read;
use turnkey_conformance::zip_slip::{MEMBERS, Member, What, parents};
use turnkey_virt::Audit;
use turnkey_wasi_common::{Access, Errno, GuestPath, Rights};

type Outcome = Result<(), Errno>;

/// `app`, and a guest that is given `app/uploads` and no more.
struct Given {
    app: App,
    audit: Arc<Audit>,
    guest: Guest,
}

impl Given {
    fn new(on: Backend) -> Self {
        let app = App::new(on);
        let audit = Arc::new(Audit::new(100_000));
        let ctx = builder()
            .preopen("/", Arc::clone(&app.uploads), Access::ReadWrite)
            .filter(audit.clone());
        Self {
            guest: Guest::new(ctx.build().unwrap()),
            audit,
            app,
        }
    }
}

/// Makes the directories that lead to a name, whatever that answers, and what lies there.
fn extract(guest: &mut Guest, member: &Member) -> Outcome {
    make_parents(guest, member);
    make(guest, member)
}

fn make_parents(guest: &mut Guest, member: &Member) {
    for parent in parents(member.name) {
        let made = guest.path_create_directory((3, parent));
        let refused = matches!(member.answer, Err(errno) if made == Err(errno));
        let there = matches!(made, Ok(()) | Err(Errno::Exist));
        assert!(there || refused, "{member:?}: {parent:?}: {made:?}");
    }
}

fn make(guest: &mut Guest, member: &Member) -> Outcome {
    let name = member.name;
    match member.what {
        What::File => {
            let opened = guest.path_open((3, name), oflags::CREAT, Rights::FD_WRITE)?;
            let written = guest.fd_write(opened, "extracted");
            assert_eq!(written, Ok(9), "{member:?}");
            guest.fd_close(opened)
        }
        What::Link(target) => guest.path_symlink(target, (3, name)),
        What::HardLink(other) => guest.path_link((3, other), (3, name), false),
        What::Moved(other) => guest.path_rename((3, other), (3, name)),
    }
}

on_every_backend![
    zip_slip_each_member_written_or_refused_and_nothing_beside_touched,
    zip_slip_every_way_to_open_outside_refused,
    zip_slip_race_with_a_link_that_leads_outside,
];

fn zip_slip_each_member_written_or_refused_and_nothing_beside_touched(on: Backend) {
    let Given {
        app,
        audit,
        mut guest,
    } = Given::new(on);
    let before = app.beside();
    for member in MEMBERS {
        make_parents(&mut guest, member);
        let told = audit.records().len();
        let outcome = make(&mut guest, member);
        assert_eq!(outcome, member.answer, "{member:?}");
        assert_eq!(app.beside(), before, "{member:?}");
        let refused = matches!(outcome, Err(Errno::Perm | Errno::Inval));
        let told = audit.records().len() - told;
        assert_eq!(
            told,
            usize::from(refused),
            "{member:?}: records of the audit"
        );
    }
    for member in MEMBERS {
        if (member.what, member.answer) == (What::File, Ok(())) {
            let path = GuestPath::new(member.name).unwrap();
            let contents = read(&*app.uploads, path);
            assert_eq!(contents.unwrap(), b"extracted", "{member:?}");
        }
    }
    let listed = guest.entries(3, 4096).unwrap();
    assert!(listed.iter().all(|entry| entry.name != "taken.js"));
    assert!(
        listed
            .iter()
            .any(|entry| entry.name.starts_with("..\\..\\"))
    );
}

/// Whoever extracts may also open, look and change in other ways.
fn zip_slip_every_way_to_open_outside_refused(on: Backend) {
    let Given { app, mut guest, .. } = Given::new(on);
    for member in MEMBERS {
        assert_eq!(extract(&mut guest, member), member.answer);
    }
    let before = app.beside();
    let escapes = MEMBERS
        .iter()
        .filter(|member| (member.what, member.answer) == (What::File, Err(Errno::Perm)));
    for member in escapes {
        let name = member.name;
        for oflags in [0, oflags::CREAT, oflags::TRUNC, oflags::DIRECTORY] {
            for rights in [Rights::empty(), Rights::FD_READ, Rights::FD_WRITE] {
                let opened = guest.path_open((3, name), oflags, rights);
                assert_eq!(opened, Err(Errno::Perm), "{name} {oflags} {rights:?}");
            }
        }
        let stat = guest.path_filestat_get((3, name), true);
        assert_eq!(stat, Err(Errno::Perm), "{name}");
        let set = guest.path_filestat_set_times((3, name), true, (1, 1), fstflags::MTIM);
        assert_eq!(set, Err(Errno::Perm), "{name}");
        // The last name of these is a link that lies inside.
        if !matches!(name, "l5" | "l6") {
            for outcome in [
                guest.path_unlink_file((3, name)),
                guest.path_remove_directory((3, name)),
                guest.path_readlink((3, name), 100).map(drop),
            ] {
                assert_eq!(outcome, Err(Errno::Perm), "{name}");
            }
        }
    }
    assert_eq!(app.beside(), before);
}

/// Extractions in a directory that becomes a link to outside again and again, on all file systems
/// together 100,000.
const EXTRACTIONS: usize = 25_000;

fn zip_slip_race_with_a_link_that_leads_outside(on: Backend) {
    let Given { app, mut guest, .. } = Given::new(on);
    let before = app.beside();
    let (mut written, mut refused) = (0, 0);
    let mut unexpected = None;
    app.while_swapped(|| {
        for round in 0..EXTRACTIONS {
            let name = ["d/x/index.js", "d/x/../x/new.js", "d/new.js"][round % 3];
            let opened = guest.path_open((3, name), oflags::CREAT, Rights::FD_WRITE);
            match opened {
                Ok(opened) => {
                    written += 1;
                    let _ = guest.fd_write(opened, "extracted");
                    let _ = guest.fd_close(opened);
                }
                Err(Errno::Perm) => refused += 1,
                Err(Errno::Noent) => {}
                Err(errno) => unexpected = Some((name, errno)),
            }
        }
    });
    assert_eq!(unexpected, None);
    assert!(written > 0 && refused > 0, "{written} {refused}");
    assert_eq!(app.beside(), before);
}
