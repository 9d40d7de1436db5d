//! What the model of preview 1 says beyond the standard, and in the places that tables rely on.
#![cfg(test)]

use turnkey_witx::{CoreType, Function, Layout, Role, Snapshot, Type};

fn preview_1() -> Snapshot {
    Snapshot::preview_1().unwrap()
}

/// The classes of this snapshot; a function in another one is a new kind of authority.
const CLASSES: &[&str] = &[
    "args",
    "clock",
    "environ",
    "fd.meta",
    "fd.read",
    "fd.write",
    "files.open",
    "files.read",
    "files.write",
    "network.accept",
    "network.receive",
    "network.send",
    "network.shutdown",
    "poll",
    "process.exit",
    "process.raise",
    "process.yield",
    "random",
];

#[test]
fn functions_classes_are_the_known_ones() {
    let snapshot = preview_1();
    let mut classes: Vec<_> = snapshot.functions.iter().map(|f| &*f.class).collect();
    classes.sort_unstable();
    classes.dedup();
    assert_eq!(classes, CLASSES);
}

#[test]
fn functions_waiting_are_the_known_ones() {
    let snapshot = preview_1();
    let waiting: Vec<_> = snapshot
        .functions
        .iter()
        .filter(|f| f.waits)
        .map(|f| f.name.as_str())
        .collect();
    assert_eq!(
        waiting,
        [
            "fd_read",
            "fd_write",
            "poll_oneoff",
            "sock_accept",
            "sock_recv",
            "sock_send",
        ]
    );
}

#[test]
fn functions_classes_follow_what_is_done() {
    let snapshot = preview_1();
    let cases = [
        ("path_open", "files.open"),
        ("path_unlink_file", "files.write"),
        ("path_readlink", "files.read"),
        ("fd_readdir", "files.read"),
        ("fd_pwrite", "fd.write"),
        ("fd_close", "fd.meta"),
        ("clock_time_get", "clock"),
        ("sock_recv", "network.receive"),
    ];
    for (name, class) in cases {
        assert_eq!(snapshot.function(name).unwrap().class, class, "{name}");
    }
}

#[test]
fn docs_everything_has_some_and_no_annotation() {
    let snapshot = preview_1();
    let mut docs = vec![("the module".to_owned(), &snapshot.docs)];
    for named in &snapshot.types {
        docs.push((named.name.clone(), &named.docs));
        let mut within = |name: &str, text| docs.push((format!("{}.{name}", named.name), text));
        match &named.ty {
            Type::Enum(cases) => cases.cases.iter().for_each(|n| within(&n.name, &n.docs)),
            Type::Flags(flags) => flags.flags.iter().for_each(|n| within(&n.name, &n.docs)),
            Type::Record(record) => record.members.iter().for_each(|m| within(&m.name, &m.docs)),
            Type::Variant(variant) => variant.cases.iter().for_each(|c| within(&c.name, &c.docs)),
            _ => {}
        }
    }
    for function in &snapshot.functions {
        docs.push((function.name.clone(), &function.docs));
        for param in &function.params {
            docs.push((format!("{}.{}", function.name, param.name), &param.docs));
        }
        if let Some(result) = function.result.as_ref().filter(|r| !r.ok.is_empty()) {
            docs.push((format!("the result of {}", function.name), &result.docs));
        }
    }
    for (item, text) in docs {
        assert!(text.ends_with('.'), "{item} is not documented: {text:?}");
        assert!(!text.contains('@'), "{item}: {text:?}");
    }
}

#[test]
fn core_params_have_names_and_types() {
    let cases = [
        ("args_sizes_get", "retptr0: i32, retptr1: i32", Some("i32")),
        (
            "fd_seek",
            "fd: i32, offset: i64, whence: i32, retptr0: i32",
            Some("i32"),
        ),
        (
            "path_open",
            "fd: i32, dirflags: i32, path: i32, path_len: i32, oflags: i32, fs_rights_base: i64, \
             fs_rights_inheriting: i64, fdflags: i32, retptr0: i32",
            Some("i32"),
        ),
        (
            "sock_recv",
            "fd: i32, ri_data: i32, ri_data_len: i32, ri_flags: i32, retptr0: i32, retptr1: i32",
            Some("i32"),
        ),
        ("sched_yield", "", Some("i32")),
        ("proc_exit", "rval: i32", None),
    ];
    let snapshot = preview_1();
    for (name, params, result) in cases {
        let function = snapshot.function(name).unwrap();
        assert_eq!(signature(function), params, "{name}");
        let found = function.core.results.first().map(|ty| ty.name());
        assert_eq!(found, result, "{name}");
        assert_eq!(function.noreturn, result.is_none(), "{name}");
    }
}

fn signature(function: &Function) -> String {
    let params: Vec<_> = function
        .core
        .params
        .iter()
        .map(|p| format!("{}: {}", function.core_name(p.role, "_len"), p.ty.name()))
        .collect();
    params.join(", ")
}

#[test]
fn core_params_roles_point_at_params_and_results() {
    let snapshot = preview_1();
    let roles: Vec<_> = snapshot
        .function("fd_pread")
        .unwrap()
        .core
        .params
        .iter()
        .collect();
    let roles: Vec<_> = roles.iter().map(|p| (p.role, p.ty)).collect();
    assert_eq!(
        roles,
        [
            (Role::Value(0), CoreType::I32),
            (Role::Value(1), CoreType::I32),
            (Role::Length(1), CoreType::I32),
            (Role::Value(2), CoreType::I64),
            (Role::Return(0), CoreType::I32),
        ]
    );
}

#[test]
fn layouts_are_those_of_the_standard() {
    let snapshot = preview_1();
    let cases = [
        ("ciovec", 8, 4),
        ("dirent", 24, 8),
        ("event", 32, 8),
        ("fdstat", 24, 8),
        ("filestat", 64, 8),
        ("prestat", 8, 4),
        ("subscription", 48, 8),
    ];
    for (name, size, align) in cases {
        let layout = snapshot.named_type(name).unwrap().layout;
        assert_eq!(layout, Layout { size, align }, "{name}");
    }
}

#[test]
fn variant_subscription_has_its_payload_behind_the_tag() {
    let snapshot = preview_1();
    let Type::Variant(variant) = &snapshot.named_type("subscription_u").unwrap().ty else {
        panic!("not a variant");
    };
    assert_eq!(variant.tag.layout().size, 1);
    assert_eq!(variant.payload_offset, 8);
    let names: Vec<_> = variant.cases.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["clock", "fd_read", "fd_write"]);
}

/// Every pointer either names what counts its elements or is filled with what the host has.
#[test]
fn pointers_without_count_are_the_known_ones() {
    let snapshot = preview_1();
    let mut uncounted = Vec::new();
    for function in &snapshot.functions {
        for param in &function.params {
            match (&param.ty, param.count) {
                (Type::Pointer { .. }, None) => {
                    uncounted.push(format!("{}.{}", function.name, param.name));
                }
                (Type::Pointer { .. }, Some(count)) => {
                    assert_eq!(function.params[count].ty.to_string(), "$size");
                }
                (_, count) => assert_eq!(count, None),
            }
        }
    }
    assert_eq!(
        uncounted,
        [
            "args_get.argv",
            "args_get.argv_buf",
            "environ_get.environ",
            "environ_get.environ_buf",
        ]
    );
    for name in ["iovec", "ciovec"] {
        let Type::Record(record) = &snapshot.named_type(name).unwrap().ty else {
            panic!("not a record");
        };
        assert_eq!(record.members[0].count, Some(1), "{name}");
    }
}

#[test]
fn preview_0_annotations_are_those_of_preview_1() {
    let later = preview_1();
    let earlier = Snapshot::preview_0().unwrap();
    for function in &earlier.functions {
        let same = later.function(&function.name).unwrap();
        assert_eq!(function.class, same.class, "{}", function.name);
        assert_eq!(function.waits, same.waits, "{}", function.name);
        assert_eq!(function.core, same.core, "{}", function.name);
    }
    assert_eq!(earlier.functions.len() + 1, later.functions.len());
}
