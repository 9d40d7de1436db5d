//! Faults, audits, and traces for programs.

use crate::acts::Act::{Draw, MakeDir, Read, Time, Trap};
use crate::acts::acts;
use crate::files::tar;
use crate::support::{ENGINES, Ended, Place};
use serde_json::Value;
use std::fs;

/// The objects on a file's lines.
fn objects(place: &Place, name: &str) -> Vec<Value> {
    let text = fs::read_to_string(place.path(name)).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    lines.collect()
}

#[test]
fn fault_call_fails_by_function_turn_and_path() {
    let place = Place::with(&acts(&[
        Read(3, "a"),
        Read(3, "b"),
        Read(3, "a"),
        MakeDir(3, "a"),
    ]));
    place.file("a", "A");
    place.file("b", "B");
    for engine in ENGINES {
        for (options, lines) in [
            (&[][..], ["A", "B", "A", "errno 20"]),
            (
                &["--fault=path_open=io"],
                ["errno 29", "errno 29", "errno 29", "errno 20"],
            ),
            (
                &["--fault=fd_read=io@nth:2"],
                ["A", "errno 29", "A", "errno 20"],
            ),
            (
                &["--fault=files=nospc@path:a"],
                ["errno 51", "B", "errno 51", "errno 51"],
            ),
            (
                &[
                    "--fault=path_open=io@every:2",
                    "--fault=path_create_directory=acces",
                ],
                ["A", "errno 29", "A", "errno 2"],
            ),
            (&["--fault=fd_read=delay:1ms"], ["A", "B", "A", "errno 20"]),
        ] {
            let ended = place.run(engine, &[&["--dir=."], options, &["guest.wat"]].concat());
            let said = format!("{}\n", lines.join("\n"));
            assert_eq!(ended, Ended::new(0, &said, ""), "{engine} {options:?}");
        }
    }
}

#[test]
fn fault_by_chance_same_for_the_same_seed() {
    let place = Place::with(&acts(&[Time(0); 24]));
    let run = |engine: &str, seed: &str| {
        let options = [
            "--clock=frozen:1970-01-01T00:00:00Z",
            "--fault=clock=io@1in2",
            seed,
        ];
        place.run(engine, &[&options[..], &["guest.wat"]].concat())
    };
    let first = run(ENGINES[0], "--seed=1");
    for line in ["0", "errno 29"] {
        assert!(first.stdout.lines().any(|said| said == line), "{first:?}");
    }
    for engine in ENGINES {
        assert_eq!(run(engine, "--seed=1"), first, "{engine}");
        assert_ne!(run(engine, "--seed=2"), first, "{engine}");
    }
}

#[test]
fn audit_one_record_for_each_refusal() {
    let place = Place::with(&acts(&[
        Read(3, "inside"),
        Read(3, "../outside"),
        Read(3, "gone"),
        Read(3, "/etc/passwd"),
        Draw,
    ]));
    place.dir("data");
    place.file("data/inside", "inside");
    place.file("outside", "outside");
    place.file("data.tar", tar(&[("inside", "inside")]));
    for engine in ENGINES {
        for given in [
            "--dir=data",
            "--mem-dir=data::/",
            "--overlay=data",
            "--archive=data.tar",
            "--map-file=data/inside",
        ] {
            let options = [given, "--deny=random", "--audit=log", "guest.wat"];
            let ended = place.run(engine, &options);
            let said = "inside\nerrno 63\nerrno 44\nerrno 63\nerrno 63\n";
            assert_eq!(ended, Ended::new(0, said, ""), "{engine} {given}");
            let log = objects(&place, "log");
            let seen: Vec<_> = log
                .iter()
                .map(|record| {
                    let text = |name: &str| record[name].as_str().unwrap_or_default();
                    let path = record["strings"]["path"].as_str().unwrap_or_default();
                    (text("function"), path, text("errno"), text("by"))
                })
                .collect();
            assert_eq!(
                seen,
                [
                    ("path_open", "../outside", "perm", "host"),
                    ("path_open", "/etc/passwd", "perm", "host"),
                    ("random_get", "", "perm", "filter"),
                    ("", "", "", ""),
                ],
                "{engine} {given}"
            );
            assert_eq!(log[3], serde_json::json!({ "dropped": 0 }));
        }
    }
}

#[test]
fn audit_of_a_guest_that_traps_written() {
    let place = Place::with(&acts(&[Read(3, "../outside"), Trap]));
    place.dir("data");
    for engine in ENGINES {
        let ended = place.run(engine, &["--dir=data", "--audit=log", "guest.wat"]);
        assert_eq!(ended.code, Some(134), "{engine}");
        assert_eq!(objects(&place, "log").len(), 2, "{engine}");
    }
}

#[test]
fn trace_json_an_object_for_each_call() {
    let place = Place::with(&acts(&[Read(3, "old"), Time(1), Draw]));
    place.file("old", "old");
    for engine in ENGINES {
        let options = ["--dir=.", "--deny=random=nosys", "--trace-format=json"];
        let ended = place.run(
            engine,
            &[&options[..], &["--trace=calls", "guest.wat"]].concat(),
        );
        assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{engine}");
        let calls = objects(&place, "calls");
        let of = |function: &str| {
            let call = calls.iter().find(|call| call["function"] == function);
            call.unwrap()
        };
        for (index, call) in calls.iter().enumerate() {
            assert_eq!(call["call"], index + 1, "{call}");
            assert!(call["ns"].is_u64(), "{call}");
        }
        assert_eq!(of("path_open")["args"]["path"], "old");
        assert_eq!(of("clock_time_get")["args"]["id"], "monotonic");
        assert_eq!(of("random_get")["errno"], "nosys");
        assert_eq!(of("random_get")["filter"], "deny");

        // The same goes to standard error.
        let ended = place.run(engine, &[&options[..], &["--trace", "guest.wat"]].concat());
        assert_eq!(ended.stderr.lines().count(), calls.len(), "{engine}");
    }
}
