//! What modules ask for, and runs that a lock refuses.

use crate::support::{ENGINES, Ended, Place, command, guest};
use serde_json::Value;

const HINT: &str = "nothing was run. accept: turnkey lock --accept";

/// A start function that writes a file into the first directory it is given, and `I ran` to
/// standard output.
fn canary(functions: &[&str]) -> String {
    guest(
        &[functions, &["path_open"]].concat(),
        r#"(data (i32.const 64) "I ran\n") (data (i32.const 96) "canary")
        (func $first
          (drop (call $path_open (i32.const 3) (i32.const 0) (i32.const 96) (i32.const 6)
            (i32.const 9) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 128)))
          (call $say (i32.const 64) (i32.const 6)))
        (start $first)
        (func (export "_start"))"#,
    )
}

/// The wallet: `notify` is granted fd 1 and imports `fd_write` alone.
fn wallet(version: &str) -> Place {
    let place = Place::new();
    let opens = guest(&["path_open"], r#"(func (export "_start"))"#);
    place.file("agama.wat", &opens);
    place.file("easydex.wat", &opens);
    place.file("notify.wat", notify(&["fd_write"], ""));
    place.dir("plugins");
    tree(&place, version);
    place
}

/// A module that imports these functions of WASI in their order.
fn notify(names: &[&str], fields: &str) -> String {
    let types = |name: &str| match name {
        "fd_write" => "i32 i32 i32 i32",
        "sock_send" => "i32 i32 i32 i32 i32",
        _ => "i32 i32 i32 i32 i32 i64 i64 i32 i32",
    };
    let imports = names.iter().map(|name| {
        format!(
            r#"(import "wasi_snapshot_preview1" "{name}"
              (func ${name} (param {}) (result i32)))"#,
            types(name)
        )
    });
    let imports: String = imports.collect();
    format!(r#"(module {imports} (memory (export "memory") 1) {fields})"#)
}

fn tree(place: &Place, version: &str) {
    place.file(
        "wallet.toml",
        format!(
            r#"version = 1

[[module]]
name = "agama"
version = "1.0.0"
file = "agama.wat"
fds = [1, 2]
[[module.dir]]
from = "."
name = "/"

[[module]]
name = "easydex"
version = "2.0.0"
file = "easydex.wat"
parent = "agama"
fds = [1]
[[module.dir]]
from = "/plugins"
read-only = true

[[module]]
name = "notify"
version = "{version}"
file = "notify.wat"
parent = "easydex"
fds = [1]
"#
        ),
    );
}

#[test]
fn check_new_imports_all_told_with_who_holds_them() {
    let place = wallet("1.2.0");
    let locked = place.turnkey(&["lock", "wallet.toml"]);
    assert_eq!(
        locked,
        Ended::new(0, "", "turnkey.lock: 3 modules are locked\n")
    );
    let accepted = std::fs::read_to_string(place.path("turnkey.lock")).unwrap();
    assert_eq!(place.turnkey(&["check"]), Ended::new(0, "", ""));
    // A second time nothing changes.
    place.turnkey(&["lock"]);
    let again = std::fs::read_to_string(place.path("turnkey.lock")).unwrap();
    assert_eq!(again, accepted);

    tree(&place, "1.3.0");
    let canary = r#"(data (i32.const 64) "I ran\n") (data (i32.const 0) "\40\00\00\00\06\00\00\00")
        (func $canary
          (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
        (start $canary)"#;
    place.file(
        "notify.wat",
        notify(&["fd_write", "sock_send", "path_open"], canary),
    );
    let told = "\
error: notify 1.2.0 -> 1.3.0 (agama > easydex > notify) asks for new authority
  + wasi_snapshot_preview1.sock_send  [network.send]  nobody on this path holds it
  + wasi_snapshot_preview1.path_open  [files.open]    easydex holds it, does not grant it
  = fd_write [fd.write] granted (fd 1)
nothing was run. accept: turnkey lock --accept notify
";
    for args in [
        &["check"][..],
        &["check", "wallet.toml"],
        &["lock"],
        &["lock", "wallet.toml", "--accept", "agama"],
    ] {
        assert_eq!(place.turnkey(args), Ended::new(3, "", told), "{args:?}");
    }
    let kept = std::fs::read_to_string(place.path("turnkey.lock")).unwrap();
    assert_eq!(kept, accepted);
    let audited = place.turnkey(&["audit", "--lock", "turnkey.lock", "wallet.toml"]);
    assert_eq!((audited.code, &*audited.stderr), (Some(3), told));

    let accepted = place.turnkey(&["lock", "--accept", "notify"]);
    assert_eq!(accepted.code, Some(0));
    assert_eq!(place.turnkey(&["check"]), Ended::new(0, "", ""));
}

#[test]
fn check_changed_type_told() {
    let place = wallet("1.2.0");
    place.turnkey(&["lock", "wallet.toml"]);
    let module = notify(&["fd_write"], "").replace("i32 i32 i32 i32", "i64");
    place.file("notify.wat", module);
    let told = "\
error: notify 1.2.0 (agama > easydex > notify) asks for new authority
  ~ wasi_snapshot_preview1.fd_write  [fd.write]  was func (i32, i32, i32, i32) -> (i32), is func \
  (i64) -> (i32)
nothing was run. accept: turnkey lock --accept notify
";
    assert_eq!(place.turnkey(&["check"]), Ended::new(3, "", told));
}

#[test]
fn check_grants_of_a_tree_that_grew_told() {
    let place = wallet("1.2.0");
    place.turnkey(&["lock", "wallet.toml"]);
    let tree = std::fs::read_to_string(place.path("wallet.toml")).unwrap();
    place.file(
        "wallet.toml",
        format!("{tree}\n[[module.dir]]\nfrom = \"/plugins/x\"\nread-only = true\n"),
    );
    let told = "\
error: notify 1.2.0 (agama > easydex > notify) asks for new authority
  + /plugins/x at /plugins/x, read-only  [files]  granted now; easydex holds it, does not grant it
  = fd_write [fd.write] granted (fd 1)
nothing was run. accept: turnkey lock --accept notify
";
    assert_eq!(place.turnkey(&["check"]), Ended::new(3, "", told));
}

#[test]
fn run_beyond_the_lock_refused_and_nothing_has_run() {
    let place = Place::with(&guest(&[], r#"(func (export "_start"))"#));
    place.dir("data");
    let locked = place.turnkey(&["lock", "guest.wat"]);
    assert_eq!(locked.stderr, "turnkey.lock: 1 module is locked\n");
    let lock = &["--lock", "turnkey.lock"][..];
    for engine in ENGINES {
        let ended = place.run(engine, &[lock, &["guest.wat"]].concat());
        assert_eq!(ended, Ended::new(0, "", ""), "{engine}");
    }

    place.file("guest.wat", canary(&["sock_send"]));
    let told = format!(
        "\
error: guest asks for new authority
  + wasi_snapshot_preview1.path_open  [files.open]    not granted by whoever runs it
  + wasi_snapshot_preview1.sock_send  [network.send]  not granted by whoever runs it
  + data at data                      [files]         granted now; not granted by whoever runs it
  = fd_write [fd.write] as locked
  = proc_exit [process.exit] as locked
{HINT} guest --grant 'guest:files=data at data' guest.wat
"
    );
    let args = [lock, &["--dir", "data", "guest.wat"]].concat();
    for engine in ENGINES {
        let ended = place.run(engine, &args);
        assert_eq!(ended, Ended::new(3, "", &told), "{engine}");
        assert!(!place.path("data/canary").exists(), "{engine}");
    }

    // What the message says is what accepts it.
    let accept = [
        "lock",
        "--accept",
        "guest",
        "--grant",
        "guest:files=data at data",
        "guest.wat",
    ];
    assert_eq!(place.turnkey(&accept).code, Some(0));
    for engine in ENGINES {
        let ended = place.run(engine, &args);
        assert_eq!(ended, Ended::new(0, "I ran\n", ""), "{engine}");
        assert!(place.path("data/canary").exists(), "{engine}");
        std::fs::remove_file(place.path("data/canary")).unwrap();
    }
}

#[test]
fn run_with_a_lock_what_is_given_is_compared() {
    let place = Place::with(&command(&[], ""));
    place.dir("data");
    place.turnkey(&[
        "lock",
        "--grant",
        "guest:files=data at /d, read-only",
        "guest.wat",
    ]);
    for (given, refused) in [
        (&["--dir", "data::/d:ro"][..], None),
        (&["--dir", "data::/d"], Some("data at /d")),
        (&["--mem-dir", "/m"], Some("memory at /m")),
        (&["--env", "A=b"], Some("A")),
        (&["--listen", "127.0.0.1:0"], Some("127.0.0.1:0")),
    ] {
        let args = [&["--lock", "turnkey.lock"], given, &["guest.wat"]].concat();
        let ended = place.run(ENGINES[0], &args);
        match refused {
            None => assert_eq!(ended.code, Some(0), "{given:?}: {}", ended.stderr),
            Some(what) => {
                assert_eq!(ended.code, Some(3), "{given:?}");
                let line = format!("\n  + {what}  [");
                assert!(ended.stderr.contains(&line), "{}", ended.stderr);
            }
        }
    }
}

#[test]
fn run_of_another_file_or_an_unknown_one_refused() {
    let place = Place::with(&command(&[], ""));
    place.file("other.wat", command(&[], "(nop)"));
    place.turnkey(&["lock", "guest.wat"]);
    std::fs::copy(place.path("other.wat"), place.path("guest.wat")).unwrap();
    let lock = ["--lock", "turnkey.lock"];
    let ended = place.run(ENGINES[0], &[&lock[..], &["guest.wat"]].concat());
    assert_eq!(ended.code, Some(3));
    assert!(
        ended.stderr.starts_with(
            "error: guest is not the module that is locked\n  ~ sha256  [content]  was "
        ),
        "{}",
        ended.stderr
    );
    let ended = place.run(ENGINES[0], &[&lock[..], &["other.wat"]].concat());
    assert_eq!(ended.code, Some(3));
    assert!(
        ended.stderr.starts_with("error: other is not locked\n"),
        "{}",
        ended.stderr
    );
}

#[test]
fn lock_that_cannot_be_used_code_2() {
    let place = Place::with(&command(&[], ""));
    place.file("bad.lock", "version = 1\nmodules = []\n[[module]]\n");
    let told = "\
error: bad.lock:2: `modules` is no key of this table; did you mean module?
error: bad.lock:3: `name` is missing
error: bad.lock:3: `sha256` is missing
";
    let none = "error: none.lock: there is no such lock; `turnkey lock` writes one\n";
    for (args, told) in [
        (&["check", "--file", "bad.lock", "guest.wat"][..], told),
        (&["run", "--lock", "bad.lock", "guest.wat"], told),
        (&["lock", "--file", "bad.lock", "guest.wat"], told),
        (&["check", "--file", "none.lock", "guest.wat"], none),
        (&["run", "--lock", "none.lock", "guest.wat"], none),
        (
            &["lock"],
            "error: name the modules, or a tree; --help tells more\n",
        ),
        (
            &["lock", "--accept", "gest", "guest.wat"],
            "error: --accept gest: no module of this name was given; did you mean guest?\n",
        ),
        (
            &["lock", "guest.wat", "guest=guest.wat"],
            "error: two modules are called guest; name one of them with NAME=FILE\n",
        ),
        (
            &["audit", "none.wasm"],
            "error: none.wasm: there is no such file; name a .wasm or .wat file\n",
        ),
    ] {
        assert_eq!(place.turnkey(args), Ended::new(2, "", told), "{args:?}");
    }
    assert!(!place.path("turnkey.lock").exists());
    let left: Vec<_> = std::fs::read_dir(place.path(".")).unwrap().collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn lock_of_several_modules_kept_and_hand_written_parts_with_them() {
    let place = Place::with(&command(&[], ""));
    place.file("other-1.0.wat", command(&["fd_read"], ""));
    place.turnkey(&["lock", "guest.wat"]);
    let lock = std::fs::read_to_string(place.path("turnkey.lock")).unwrap();
    place.file(
        "turnkey.lock",
        format!("{lock}\n[module.grants]\nfd = ['fd 1']\n"),
    );
    let ended = place.turnkey(&["lock", "--grant", "other:clock=real", "other-1.0.wat"]);
    assert_eq!(
        ended,
        Ended::new(0, "", "turnkey.lock: 2 modules are locked\n")
    );
    let lock = std::fs::read_to_string(place.path("turnkey.lock")).unwrap();
    for part in [
        "\n[module.grants]\nfd = [\"fd 1\"]\n",
        "\n[module.grants]\nclock = [\"real\"]\n",
        "\nname = \"other\"\nversion = \"1.0\"\nfile = \"other-1.0.wat\"\n",
    ] {
        assert!(lock.contains(part), "{part} in {lock}");
    }
    assert_eq!(place.turnkey(&["check"]), Ended::new(0, "", ""));
}

#[test]
fn audit_imports_by_class_of_authority() {
    let place = Place::new();
    place.file(
        "notify-1.3.0.wat",
        notify(
            &["fd_write", "sock_send", "path_open"],
            "(func $f) (start $f)",
        ),
    );
    place.file(
        "odd.wasm",
        wat::parse_str("(module (import \"e\\nnv\" \"m\" (memory 1 2)) (import \"a\" \"f\" (func (param f32))))")
            .unwrap(),
    );
    place.file("none.wat", "(module)");
    let audited = place.turnkey(&["audit", "notify-1.3.0.wat", "o@2=odd.wasm", "none.wat"]);
    assert_eq!((audited.code, &*audited.stderr), (Some(0), ""));
    let hashless: Vec<&str> = audited
        .stdout
        .lines()
        .map(|line| line.split(", sha256 ").next().unwrap())
        .collect();
    assert_eq!(
        hashless,
        [
            "notify 1.3.0 (notify-1.3.0.wat)",
            "  fd.write      wasi_snapshot_preview1.fd_write: func (i32, i32, i32, i32) -> (i32)",
            "  files.open    wasi_snapshot_preview1.path_open: func (i32, i32, i32, i32, i32, i64, \
             i64, i32, i32) -> (i32)",
            "  network.send  wasi_snapshot_preview1.sock_send: func (i32, i32, i32, i32, i32) -> \
             (i32)",
            "  a function of it runs as soon as it is instantiated",
            "o 2 (odd.wasm)",
            "  foreign  e\\nnv.m: memory 1..2",
            "           a.f: func (f32) -> ()",
            "none (none.wat)",
            "  nothing",
        ]
    );

    let audited = place.turnkey(&["audit", "--json", "notify-1.3.0.wat"]);
    let told: Value = serde_json::from_str(&audited.stdout).unwrap();
    let module = &told["modules"][0];
    assert_eq!(module["name"], "notify");
    assert_eq!(module["version"], "1.3.0");
    assert_eq!(module["starts"], true);
    assert_eq!(module["imports"]["network.send"][0]["name"], "sock_send");
    assert_eq!(module["sha256"].as_str().unwrap().len(), 64);
}

#[test]
fn audit_of_hostile_modules_one_line_and_code_2() {
    let place = Place::new();
    let wasm = wat::parse_str(notify(&["fd_write", "path_open"], "")).unwrap();
    place.file("cut.wasm", &wasm[..60]);
    place.file("component.wasm", wat::parse_str("(component)").unwrap());
    place.file("noise", b"\x7fELF\x02\x01");
    for name in ["cut.wasm", "component.wasm", "noise"] {
        let ended = place.turnkey(&["audit", name]);
        assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{name}");
        assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
        assert!(
            ended.stderr.starts_with(&format!("error: {name}: ")),
            "{}",
            ended.stderr
        );
    }
}
