//! Directories in memory, overlays, archives, single files, and how much is written.

use crate::acts::Act::{self, MakeDir, Read, Touch, Unlink, Write};
use crate::acts::acts;
use crate::support::{ENGINES, Ended, Place};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::SystemTime;

/// A place with a guest that does these, and `data` with `old` and `sub/deep` in it.
fn place(does: &[Act<'_>]) -> Place {
    let place = Place::with(&acts(does));
    place.dir("data");
    place.dir("data/sub");
    place.file("data/old", "content");
    place.file("data/sub/deep", "deeper");
    place
}

/// All that lies in a directory of the host's: contents, and when each was changed last.
fn tree(dir: &Path) -> BTreeMap<String, (Vec<u8>, SystemTime)> {
    let mut seen = BTreeMap::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let entry = entry.unwrap();
            let (path, metadata) = (entry.path(), entry.metadata().unwrap());
            let content = fs::read(&path).unwrap_or_default();
            let name = path.to_str().unwrap().to_owned();
            seen.insert(name, (content, metadata.modified().unwrap()));
            if metadata.is_dir() {
                dirs.push(path);
            }
        }
    }
    seen
}

/// Runs the guest on every engine: it says these lines, and `data` stays as it was.
fn check(place: &Place, options: &[&str], lines: &[&str]) {
    let before = tree(&place.path("data"));
    for engine in ENGINES {
        let ended = place.run(engine, &[options, &["guest.wat"]].concat());
        let said: String = lines.iter().map(|line| format!("{line}\n")).collect();
        assert_eq!(ended, Ended::new(0, &said, ""), "{engine} {options:?}");
        assert_eq!(tree(&place.path("data")), before, "{engine} {options:?}");
    }
}

const ROFS: &str = "errno 69";
const NOENT: &str = "errno 44";
const NOSPC: &str = "errno 51";
const PERM: &str = "errno 63";

#[test]
fn mem_dir_starts_empty_or_as_a_copy_and_leaves_the_host_alone() {
    let does = [
        Read(3, "old"),
        Write(3, "old", "in memory"),
        Read(3, "old"),
        Read(4, "sub/deep"),
        Write(4, "old", "changed"),
        Read(4, "old"),
        Unlink(4, "sub/deep"),
        MakeDir(4, "made"),
    ];
    let place = place(&does);
    check(
        &place,
        &["--mem-dir", "/tmp", "--mem-dir", "data::/data"],
        &[
            NOENT,
            "done",
            "in memory",
            "deeper",
            "done",
            "changed",
            "done",
            "done",
        ],
    );
}

#[test]
fn mem_dir_read_only_only_read() {
    let place = place(&[Read(3, "old"), Write(3, "new", "x"), Unlink(3, "old")]);
    check(
        &place,
        &["--mem-dir", "data::/data:ro"],
        &["content", PERM, PERM],
    );
}

#[test]
fn overlay_what_is_written_stays_in_memory() {
    let does = [
        Read(3, "old"),
        Write(3, "old", "changed"),
        Read(3, "old"),
        Unlink(3, "sub/deep"),
        Read(3, "sub/deep"),
        MakeDir(3, "made"),
        Write(3, "made/new", "new"),
        Read(3, "made/new"),
        Touch(3, "old"),
    ];
    let lines = [
        "content", "done", "changed", "done", NOENT, "done", "done", "new", "done",
    ];
    let place = place(&does);
    check(&place, &["--overlay", "data::/"], &lines);
    // A file that is an archive lies beneath in the same way.
    place.file(
        "data.tar",
        tar(&[("old", "content"), ("sub/deep", "deeper")]),
    );
    let before = fs::read(place.path("data.tar")).unwrap();
    check(&place, &["--overlay", "data.tar::/"], &lines);
    assert_eq!(fs::read(place.path("data.tar")).unwrap(), before);
}

#[test]
fn overlay_read_only_only_read() {
    let place = place(&[Read(3, "old"), Write(3, "old", "x"), Read(3, "sub/deep")]);
    check(
        &place,
        &["--overlay", "data:ro"],
        &["content", PERM, "deeper"],
    );
}

/// An archive of files: names, and what each holds.
pub(crate) fn tar(files: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        // Names that lead upward are refused by the archiver, so they are put there as they are.
        for (place, byte) in header.as_mut_bytes().iter_mut().zip(name.bytes()) {
            *place = byte;
        }
        header.set_cksum();
        builder.append(&header, content.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = rawzip::ZipArchiveWriter::new(Vec::new());
    for (name, content) in files {
        let (mut entry, config) = zip.new_file(name).start().unwrap();
        let mut writer = config.wrap(&mut entry);
        writer.write_all(content.as_bytes()).unwrap();
        let (_, descriptor) = writer.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    zip.finish().unwrap()
}

#[test]
fn archive_of_each_form_read_and_not_written() {
    let files = [("old", "content"), ("sub/deep", "deeper")];
    let place = place(&[
        Read(3, "old"),
        Read(3, "sub/deep"),
        Read(3, "sub/gone"),
        Read(3, "../data/old"),
        Write(3, "new", "x"),
        Write(3, "old", "x"),
        Unlink(3, "old"),
        Read(3, "old"),
    ]);
    for (name, bytes) in [
        ("a.tar", tar(&files)),
        ("a.tar.gz", gzip(&tar(&files))),
        ("a.zip", zip(&files)),
        ("no-name-tells-it", zip(&files)),
    ] {
        place.file(name, &bytes);
        check(
            &place,
            &["--archive", &format!("{name}::/lib")],
            &[
                "content", "deeper", NOENT, PERM, PERM, PERM, PERM, "content",
            ],
        );
        assert_eq!(fs::read(place.path(name)).unwrap(), bytes);
    }
}

#[test]
fn archive_entries_that_lead_out_told_and_left_out() {
    let place = place(&[Read(3, "good"), Read(3, "evil")]);
    let files = [("good", "good"), ("../evil", "evil"), ("/evil", "evil")];
    place.file("evil.tar", tar(&files[..2]));
    place.file("more.tar", tar(&files));
    for engine in ENGINES {
        for (name, more) in [("evil.tar", ""), ("more.tar", "; and 1 entries more")] {
            for option in ["--archive", "--overlay"] {
                let archive = format!("{name}::/");
                let note = format!(
                    "note: {option} {name}: left out is \"../evil\": its name leads upward{more}\n"
                );
                let said = format!("good\n{NOENT}\n");
                assert_eq!(
                    place.run(engine, &[option, &archive, "guest.wat"]),
                    Ended::new(0, &said, &note),
                    "{engine} {archive}"
                );
            }
        }
    }
    assert!(!place.path("evil").exists());
}

#[test]
fn map_file_nothing_beside_it_in_reach() {
    let does = [
        Read(3, "app.conf"),
        Read(3, "old"),
        Read(3, "sub/deep"),
        Read(3, "../data/old"),
        Write(3, "new", "x"),
        Unlink(3, "app.conf"),
        Write(3, "app.conf", "written"),
        Read(3, "app.conf"),
    ];
    let place = place(&does);
    let old = place.path("data/old");
    for engine in ENGINES {
        fs::write(&old, "content").unwrap();
        let options = ["--map-file", "data/old::/etc/app.conf", "guest.wat"];
        let ended = place.run(engine, &options);
        let lines = [
            "content", NOENT, NOENT, PERM, ROFS, ROFS, "done", "written", "",
        ];
        assert_eq!(ended, Ended::new(0, &lines.join("\n"), ""), "{engine}");
        assert_eq!(fs::read(&old).unwrap(), b"written", "{engine}");
        let beside = fs::read_dir(place.path("data")).unwrap().count();
        assert_eq!(beside, 2, "{engine}");
    }
}

#[test]
fn map_file_read_only_only_read() {
    let place = place(&[
        Read(3, "old"),
        Write(3, "old", "x"),
        Touch(3, "old"),
        Read(3, "old"),
    ]);
    check(
        &place,
        &["--map-file", "data/old::/old:ro"],
        &["content", ROFS, ROFS, "content"],
    );
}

#[test]
fn map_file_several_in_one_directory_and_others_beside_it() {
    // In memory first, then the files' directories by name.
    let place = place(&[
        Read(3, "sub/deep"),
        Read(4, "a"),
        Read(4, "b"),
        Read(5, "c"),
    ]);
    check(
        &place,
        &[
            "--map-file=data/old::/etc/a:ro",
            "--map-file=data/old::/var/c:ro",
            "--map-file=data/sub/deep::/etc/b:ro",
            "--mem-dir=data::/",
        ],
        &["deeper", "content", "deeper", "content"],
    );
}

#[test]
fn quota_shared_and_nothing_half_done() {
    let (fits, rest, too_much) = ("f".repeat(10_000), "r".repeat(4_000), "t".repeat(9_000));
    let place = place(&[
        Write(3, "fits", &fits),
        // As much again does not fit, in the same directory or in another.
        Write(3, "second", &too_much),
        Read(3, "second"),
        Write(4, "other", &too_much),
        Read(4, "other"),
        Write(5, "old", &too_much),
        // What is left still does.
        Write(4, "rest", &rest),
        // What is removed makes room.
        Unlink(3, "fits"),
        Write(4, "other", &too_much),
        Read(5, "sub/deep"),
    ]);
    check(
        &place,
        &[
            "--quota=16KiB",
            "--mem-dir=/a",
            "--mem-dir=/b",
            "--overlay=data::/c",
        ],
        &[
            "done", NOSPC, "", NOSPC, "", NOSPC, "done", "done", "done", "deeper",
        ],
    );
}
