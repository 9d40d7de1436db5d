//! Compiled modules that are kept on disk.

use crate::support::{ENGINES, Ended, Place, command};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

/// The engines that compile.
const COMPILING: [&str; 2] = ["wasmtime", "wasmtime-async"];

fn exits(code: u8) -> String {
    command(&[], &format!("(call $proc_exit (i32.const {code}))"))
}

/// The entries in the cache, without what is noted beside them.
fn entries(place: &Place) -> Vec<PathBuf> {
    let versions = fs::read_dir(place.cache().join("modules"));
    let versions = versions.into_iter().flatten();
    let files = versions.flat_map(|version| fs::read_dir(version.unwrap().path()).unwrap());
    let files = files.map(|file| file.unwrap().path());
    files.filter(|file| file.extension().is_none()).collect()
}

fn mode(path: PathBuf) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn second_start_runs_what_the_first_has_kept() {
    for engine in COMPILING {
        let place = Place::new();
        place.file("three.wat", exits(3));
        place.file("four.wat", exits(4));
        let run = |name: &str, code| {
            assert_eq!(
                place.run(engine, &[name]),
                Ended::new(code, "", ""),
                "{engine}"
            );
        };
        run("three.wat", 3);
        let [three] = &entries(&place)[..] else {
            panic!("{:?}", entries(&place));
        };
        run("four.wat", 4);
        let kept = entries(&place);
        assert_eq!(kept.len(), 2, "{kept:?}");
        run("three.wat", 3);
        run("four.wat", 4);
        assert_eq!(entries(&place).len(), 2);

        // What runs is what lies there, not the module compiled once more.
        let four = kept.iter().find(|entry| *entry != three).unwrap();
        fs::copy(four, three).unwrap();
        run("three.wat", 4);
        // What does not look like machine code is compiled again, and replaced.
        fs::write(three, "nothing").unwrap();
        run("three.wat", 3);
        fs::copy(three, four).unwrap();
        run("four.wat", 3);
    }
}

#[test]
fn engines_share_what_they_compile_alike() {
    let place = Place::with(&exits(3));
    let run = |engine, options: &[&str]| {
        let ended = place.run(engine, &[options, &["guest.wat"]].concat());
        assert_eq!(ended, Ended::new(3, "", ""), "{engine} {options:?}");
    };
    for (options, kept) in [
        (&[][..], 1),
        (&["--fuel", "1000"], 2),
        (&["--fuel", "2000"], 2),
        (&["--timeout", "1h"], 3),
        (&["--max-memory", "1MiB"], 3),
    ] {
        for engine in COMPILING {
            run(engine, options);
            assert_eq!(entries(&place).len(), kept, "{engine} {options:?}");
        }
    }
}

#[test]
fn folder_made_for_its_owner_alone() {
    let place = Place::with(&exits(3));
    let home = place.path("home");
    fs::create_dir(&home).unwrap();
    let cases = [
        (
            "XDG_CACHE_HOME",
            place.path("a/b"),
            place.path("a/b/turnkey"),
        ),
        ("HOME", home.clone(), home.join(".cache/turnkey")),
    ];
    for (variable, value, folder) in cases {
        let mut command = place.command(&["run", "guest.wat"]);
        command.env_remove("XDG_CACHE_HOME").env(variable, value);
        let ended = Ended::from(command.output().unwrap());
        assert_eq!(ended, Ended::new(3, "", ""), "{variable}");
        assert_eq!(mode(folder.clone()), 0o700, "{variable}");
        assert!(folder.join("modules").is_dir(), "{variable}");
    }
    assert_eq!(mode(place.path("a")), 0o700);
    assert_eq!(mode(home.join(".cache")), 0o700);
}

#[test]
fn nothing_kept_where_nobody_wants_or_compiles_it() {
    let place = Place::with(&exits(3));
    for engine in ENGINES {
        let ended = place.run(engine, &["--no-cache", "guest.wat"]);
        assert_eq!(ended, Ended::new(3, "", ""), "{engine}");
        if !COMPILING.contains(engine) {
            assert_eq!(place.run(engine, &["guest.wat"]), Ended::new(3, "", ""));
        }
        assert!(!place.cache().exists(), "{engine}");
    }
}

#[test]
fn no_place_to_keep_anything_runs_all_the_same() {
    let place = Place::with(&exits(3));
    place.file("file", "");
    for (cache, home) in [
        (None, None),
        (Some(""), Some("")),
        (Some("relative"), Some("relative")),
        (None, Some("/no/such/home")),
        // Nobody can make anything there.
        (Some("/proc"), None),
        (Some(place.path("file").to_str().unwrap()), None),
    ] {
        let mut command = place.command(&["run", "guest.wat"]);
        for (variable, value) in [("XDG_CACHE_HOME", cache), ("HOME", home)] {
            match value {
                Some(value) => command.env(variable, value),
                None => command.env_remove(variable),
            };
        }
        let ended = Ended::from(command.output().unwrap());
        assert_eq!(ended, Ended::new(3, "", ""), "{cache:?} {home:?}");
    }
    assert!(!place.path("relative").exists());
}

#[test]
fn folder_that_takes_nothing_runs_all_the_same() {
    let place = Place::with(&exits(3));
    fs::create_dir(place.cache()).unwrap();
    // To a superuser a folder is never read-only; but no file can lie below another.
    fs::write(place.cache().join("modules"), "").unwrap();
    for mode in [0o700, 0o500] {
        fs::set_permissions(place.cache(), Permissions::from_mode(mode)).unwrap();
        for engine in COMPILING {
            let ended = place.run(engine, &["guest.wat"]);
            assert_eq!(ended, Ended::new(3, "", ""), "{engine} {mode:o}");
        }
    }
}

/// What is in the place of the folder is refused for this reason, by the engines that use it.
fn check_refused(place: &Place, why: &str) {
    let folder = place.cache();
    let line = format!(
        "error: compiled modules cannot be kept in {}: {why}, or choose --no-cache\n",
        folder.display()
    );
    for engine in ENGINES {
        let ended = place.run(engine, &["guest.wat"]);
        let expected = match COMPILING.contains(engine) {
            true => Ended::new(2, "", &line),
            false => Ended::new(3, "", ""),
        };
        assert_eq!(ended, expected, "{engine}");
        let ended = place.run(engine, &["--no-cache", "guest.wat"]);
        assert_eq!(ended, Ended::new(3, "", ""), "{engine}");
    }
}

#[test]
fn folder_that_others_reach_refused() {
    let place = Place::with(&exits(3));
    let real = fs::canonicalize(place.cache().parent().unwrap()).unwrap();
    let enter = format!(
        "others can enter it; `chmod 700 {}/turnkey`",
        real.display()
    );
    let write = "others can write there, and may have put code there; remove it";
    fs::create_dir(place.cache()).unwrap();
    for (mode, why) in [(0o755, &*enter), (0o710, &enter), (0o777, write)] {
        fs::set_permissions(place.cache(), Permissions::from_mode(mode)).unwrap();
        check_refused(&place, why);
    }
}

#[test]
fn no_folder_refused() {
    let place = Place::with(&exits(3));
    fs::write(place.cache(), "").unwrap();
    check_refused(&place, "it is no directory; remove it");
    fs::remove_file(place.cache()).unwrap();
    symlink(place.path("nowhere"), place.cache()).unwrap();
    check_refused(&place, "it leads to no directory; remove it");
}

#[test]
fn link_to_a_folder_judged_by_the_folder() {
    let place = Place::with(&exits(3));
    place.dir("elsewhere");
    let folder = fs::canonicalize(place.path("elsewhere")).unwrap();
    symlink(&folder, place.cache()).unwrap();
    fs::set_permissions(&folder, Permissions::from_mode(0o750)).unwrap();
    let why = format!("others can enter it; `chmod 700 {}`", folder.display());
    check_refused(&place, &why);
    fs::set_permissions(&folder, Permissions::from_mode(0o700)).unwrap();
    assert_eq!(place.turnkey(&["run", "guest.wat"]), Ended::new(3, "", ""));
    assert_eq!(entries(&place).len(), 1);
}
