//! What modules ask for, and whether they may.
#![expect(
    clippy::unwrap_used,
    reason = "what a test relies on besides what it tests may fail loudly"
)]

use proptest::prelude::*;
use turnkey_virt::policy::{
    Asked, Change, ChangeKind, Grants, Holder, Lock, LockProblem, Locked, Needs, Sha256,
};

const WRITE: &str = r#"(import "wasi_snapshot_preview1" "fd_write"
    (func (param i32 i32 i32 i32) (result i32)))"#;
const SEND: &str = r#"(import "wasi_snapshot_preview1" "sock_send"
    (func (param i32 i32 i32 i32 i32) (result i32)))"#;
const OPEN: &str = r#"(import "wasi_snapshot_preview1" "path_open"
    (func (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))"#;

fn wasm(fields: &str) -> Vec<u8> {
    wat::parse_str(format!("(module {fields})")).unwrap()
}

fn needs(fields: &str) -> Needs {
    Needs::of(&wasm(fields)).unwrap()
}

/// The tree of the wallet.
fn wallet() -> Lock {
    let files = Grants::new().grant("files", "seed.txt").unwrap();
    let dir = Grants::new().grant("files", "plugins").unwrap();
    let fd = Grants::new().grant("fd", "fd 1").unwrap();
    Lock::new([
        Locked::new("agama", Some("1.0.0"), &needs(&format!("{WRITE}{OPEN}"))).granted(files),
        Locked::new("easydex", Some("2.0.0"), &needs(&format!("{WRITE}{OPEN}")))
            .under("agama")
            .granted(dir),
        Locked::new("notify", Some("1.2.0"), &needs(WRITE))
            .under("easydex")
            .granted(fd),
    ])
    .unwrap()
}

#[test]
fn check_new_imports_all_named_with_who_holds_them() {
    let lock = wallet();
    let new = needs(&format!(
        r#"{WRITE}{SEND}{OPEN}(memory (export "memory") 1) (func $canary) (start $canary)"#
    ));
    assert!(new.starts);
    let refused = lock.check(&Asked::new("notify", Some("1.3.0"), &new));
    assert_eq!(
        refused.unwrap_err().to_string(),
        "\
notify 1.2.0 -> 1.3.0 (agama > easydex > notify) asks for new authority
  + wasi_snapshot_preview1.sock_send  [network.send]  nobody on this path holds it
  + wasi_snapshot_preview1.path_open  [files.open]    easydex holds it, does not grant it
  = fd_write [fd.write] granted (fd 1)
nothing was run. accept: turnkey lock --accept notify"
    );
}

#[test]
fn check_same_module_accepted() {
    let lock = wallet();
    let same = needs(WRITE);
    assert_eq!(
        lock.check(&Asked::new("notify", Some("1.2.0"), &same)),
        Ok(())
    );
    let grants = Grants::new().grant("fd", "fd 1").unwrap();
    let asked = Asked::new("notify", None, &same).granted(&grants);
    assert_eq!(lock.check(&asked), Ok(()));
    let fewer = Grants::new();
    let asked = Asked::new("notify", None, &same).granted(&fewer);
    assert_eq!(lock.check(&asked), Ok(()));
}

#[test]
fn check_what_is_not_locked_refused() {
    let write = "wasi_snapshot_preview1.fd_write";
    let other = r#"(import "wasi_snapshot_preview1" "fd_write" (func (param i64)))"#;
    let content = r#"(memory (export "memory") 2)"#;
    let hash = |fields: &str| needs(fields).sha256;
    let changed = format!("{WRITE}{content}");
    let cases = [
        (
            "notify",
            other.to_owned(),
            format!(
                "notify 1.2.0 -> (no version) (agama > easydex > notify) asks for new authority
  ~ {write}  [fd.write]  was func (i32, i32, i32, i32) -> (i32), is func (i64) -> ()
nothing was run. accept: turnkey lock --accept notify"
            ),
        ),
        (
            "notify",
            changed.clone(),
            format!(
                "notify 1.2.0 -> (no version) (agama > easydex > notify) is not the module that \
                 is locked
  ~ sha256  [content]  was {}, is {}; it asks for nothing new
  = fd_write [fd.write] granted (fd 1)
nothing was run. accept: turnkey lock --accept notify",
                hash(WRITE),
                hash(&changed)
            ),
        ),
        (
            "agama",
            format!("{WRITE}{OPEN}{SEND}"),
            "agama 1.0.0 -> (no version) asks for new authority
  + wasi_snapshot_preview1.sock_send  [network.send]  not granted by whoever runs it
  = fd_write [fd.write] as locked
  = path_open [files.open] granted (seed.txt)
nothing was run. accept: turnkey lock --accept agama"
                .to_owned(),
        ),
        (
            "stranger",
            WRITE.to_owned(),
            format!(
                "stranger is not locked
  + {write}  [fd.write]  not granted by whoever runs it
nothing was run. accept: turnkey lock --accept stranger"
            ),
        ),
        (
            "easydex",
            format!(
                r#"{WRITE}{OPEN}(import "env" "memory" (memory 1))(import "a\nb" "x\1b[2J" (func))"#
            ),
            "easydex 2.0.0 -> (no version) (agama > easydex) asks for new authority
  + env.memory       [foreign]  nobody on this path holds it
  + a\\nb.x\\u{1b}[2J  [foreign]  nobody on this path holds it
  = fd_write [fd.write] as locked
  = path_open [files.open] granted (plugins)
nothing was run. accept: turnkey lock --accept easydex"
                .to_owned(),
        ),
    ];
    let lock = wallet();
    for (name, module, told) in cases {
        let needs = needs(&module);
        let refused = lock.check(&Asked::new(name, None, &needs)).unwrap_err();
        assert_eq!(refused.to_string(), told, "{name}: {module}");
    }
}

#[test]
fn check_new_grant_named_with_who_holds_it() {
    let lock = wallet();
    let same = needs(WRITE);
    let grants = Grants::new()
        .grant("fd", "fd 1")
        .and_then(|grants| grants.grant("files.read", "themes"))
        .and_then(|grants| grants.grant("random", "real"))
        .unwrap();
    let asked = Asked::new("notify", Some("1.2.0"), &same).granted(&grants);
    let mut refused = lock.check(&asked).unwrap_err();
    refused.given = Some("new.wasm".to_owned());
    assert_eq!(
        refused.to_string(),
        "\
notify 1.2.0 (agama > easydex > notify) asks for new authority
  + themes  [files.read]  granted now; easydex holds it, does not grant it
  + real    [random]      granted now; nobody on this path holds it
  = fd_write [fd.write] granted (fd 1)
nothing was run. accept: turnkey lock --accept notify new.wasm"
    );
    assert!(matches!(
        refused.changes.last(),
        Some(Change {
            kind: ChangeKind::Grant,
            holder: Holder::Nobody,
            ..
        })
    ));
}

#[test]
fn ask_upward_told_the_path() {
    let lock = wallet();
    for (name, class, granted, told) in [
        (
            "easydex",
            "network.send",
            false,
            "easydex (agama > easydex) asks for network.send: nobody on this path holds it",
        ),
        (
            "notify",
            "files.open",
            false,
            "notify (agama > easydex > notify) asks for files.open: easydex holds it, does not grant it",
        ),
        (
            "easydex",
            "files.open",
            true,
            "easydex (agama > easydex) asks for files.open: agama holds it, granted (plugins)",
        ),
        (
            "stranger",
            "files",
            false,
            "stranger (stranger) asks for files: not granted by whoever runs it",
        ),
    ] {
        let answer = lock.ask(name, class);
        assert_eq!(
            (answer.is_granted(), answer.to_string()),
            (granted, told.to_owned())
        );
    }
}

#[test]
fn lock_that_is_no_tree_refused() {
    let needs = needs("");
    let module = |name: &str| Locked::new(name, None, &needs);
    let chain = (0..70).map(|at: u32| {
        let module = module(&format!("m{at:02}"));
        match at.checked_sub(1) {
            Some(above) => module.under(&format!("m{above:02}")),
            None => module,
        }
    });
    for (modules, about, problem) in [
        (vec![module("a"), module("a")], "a", LockProblem::Twice),
        (
            vec![module("a").under("b")],
            "a",
            LockProblem::NoParent("b".into()),
        ),
        (vec![module("a").under("a")], "a", LockProblem::Deep),
        (
            vec![module("a").under("b"), module("b").under("a")],
            "a",
            LockProblem::Deep,
        ),
        (chain.collect(), "m64", LockProblem::Deep),
    ] {
        let error = Lock::new(modules).unwrap_err();
        assert_eq!((&*error.module, &error.problem), (about, &problem));
        assert!(error.to_string().contains(about));
    }
}

#[test]
fn needs_every_kind_of_import_with_its_type() {
    let needs = needs(
        r#"(import "m" "f" (func (param f32 f64 v128 externref) (result i32 i64)))
        (import "m" "f" (func))
        (import "m" "f" (func))
        (import "m" "mem" (memory 1))
        (import "m" "mem2" (memory i64 1 2 shared))
        (import "m" "tab" (table 0 10 funcref))
        (import "m" "glob" (global (mut i64)))
        (import "m" "tag" (tag (param i32)))
        (import "nanoprocess_0" "child_new" (func))
        (import "wasi_unstable" "fd_seek" (func (param i32 i64 i32 i32) (result i32)))
        (func $g (param i32)) (export "g" (func $g)) (export "f" (func 0)) (export "t" (table 0))"#,
    );
    let told: Vec<_> = needs
        .imports
        .iter()
        .map(|need| {
            format!(
                "{}.{}: {} [{}]",
                need.module,
                need.name,
                need.ty,
                need.class()
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "m.f: func (f32, f64, v128, externref) -> (i32, i64) and func () -> () [foreign]",
            "m.mem: memory 1.. [foreign]",
            "m.mem2: memory 1..2, 64-bit, shared [foreign]",
            "m.tab: table 0..10 of funcref [foreign]",
            "m.glob: global mutable i64 [foreign]",
            "m.tag: tag (i32) -> () [foreign]",
            "nanoprocess_0.child_new: func () -> () [children]",
            "wasi_unstable.fd_seek: func (i32, i64, i32, i32) -> (i32) [fd.meta]",
        ]
    );
    let offers: Vec<_> = needs
        .exports
        .iter()
        .map(|offer| (&*offer.name, &*offer.ty))
        .collect();
    assert_eq!(
        offers,
        [
            ("g", "func (i32) -> ()"),
            ("f", "func (f32, f64, v128, externref) -> (i32, i64)"),
            ("t", "table"),
        ]
    );
    assert!(!needs.starts);
}

#[test]
fn sha256_is_that_of_the_bytes() {
    let hash = needs("").sha256.to_string();
    // Of the eight bytes of an empty module.
    let known = "93a44bbb96c751218e4c00d479e4c14358122a389acca16205b1e4d0dc5f9476";
    assert_eq!(hash, known);
    assert_eq!(known.parse::<Sha256>().unwrap().to_string(), known);
    assert_eq!(
        known.to_uppercase().parse::<Sha256>().unwrap().to_string(),
        known
    );
    for wrong in [
        "",
        "93",
        &format!("{known}0"),
        &known.replace('9', "g"),
        "é",
    ] {
        assert!(wrong.parse::<Sha256>().is_err(), "{wrong}");
    }
}

#[test]
fn needs_of_what_is_no_core_module_refused() {
    let component = wat::parse_str("(component)").unwrap();
    let no_type = b"\0asm\x01\0\0\0\x02\x07\x01\x01a\x01b\0\x05";
    for (bytes, why) in [
        (&b""[..], "unexpected end"),
        (b"\0asm", "unexpected end"),
        (b"MZ\x90\0\x03\0\0\0", "bad magic"),
        (&component, "this is no core module"),
        (no_type, "type 5 is none of a function"),
    ] {
        let told = Needs::of(bytes).unwrap_err().to_string();
        assert!(told.contains(why), "{told}");
    }
}

#[test]
fn needs_of_much_text_from_few_bytes_refused() {
    // A type of 1000 parameters, imported 10,000 times under the empty name.
    let mut types = vec![0x01, 0x60, 0xe8, 0x07];
    types.extend([0x7f; 1000]);
    types.push(0);
    let mut imports = vec![0x90, 0x4e];
    imports.extend([0, 0, 0, 0].repeat(10_000));
    let mut wasm = b"\0asm\x01\0\0\0".to_vec();
    for (id, section) in [(1, types), (2, imports)] {
        wasm.push(id);
        let mut left = section.len();
        while left >= 0x80 {
            wasm.push(u8::try_from(left & 0x7f).unwrap() | 0x80);
            left >>= 7;
        }
        wasm.push(u8::try_from(left).unwrap());
        wasm.extend(section);
    }
    let told = Needs::of(&wasm).unwrap_err().to_string();
    assert_eq!(told, "its imports and exports are longer than 4 MiB");
}

#[test]
fn needs_of_one_name_with_many_types_read_at_once() {
    let imports = (1..20_000).map(|most| format!(r#"(import "" "" (memory 1 {most}))"#));
    let needs = needs(&imports.collect::<String>());
    let [one] = &needs.imports[..] else {
        unreachable!("{} imports", needs.imports.len());
    };
    assert_eq!(one.ty.split(" and ").count(), 19_999);
    assert!(one.ty.ends_with(" and memory 1..19999"));
}

/// A module with every section that is read.
fn full() -> Vec<u8> {
    wasm(&format!(
        r#"{WRITE}{SEND}{OPEN}(import "m" "memory" (memory 1 2)) (import "m" "g" (global i32))
        (table (export "t") 1 funcref) (func $s (export "s") (nop)) (start $s)
        (elem (i32.const 0) $s) (data (i32.const 0) "text")"#
    ))
}

#[test]
fn needs_of_truncated_modules_never_more_than_the_whole() {
    let wasm = full();
    let whole = Needs::of(&wasm).unwrap();
    let mut read = 0;
    for end in 0..wasm.len() {
        // What ends between two sections can be read, as far as it goes.
        if let Ok(part) = Needs::of(&wasm[..end]) {
            assert!(whole.imports.starts_with(&part.imports), "{end}");
            assert_ne!(part.sha256, whole.sha256);
            read += 1;
        }
    }
    assert!(read < 16, "{read} parts of {} could be read", wasm.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn needs_of_flipped_bytes_no_panic(flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut wasm = full();
        let lock = Lock::new([Locked::new("m", None, &Needs::of(&wasm).unwrap())]).unwrap();
        let before = wasm.clone();
        for (at, byte) in flips {
            let at = at.index(wasm.len());
            wasm[at] ^= byte;
        }
        if let Ok(needs) = Needs::of(&wasm) {
            let answer = lock.check(&Asked::new("m", None, &needs));
            prop_assert_eq!(answer.is_ok(), before == wasm);
        }
    }

    #[test]
    fn needs_of_any_bytes_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _any = Needs::of(&bytes);
        let _behind_a_header = Needs::of(&[b"\0asm\x01\0\0\0", &bytes[..]].concat());
    }
}
