//! That every function is understood, and nothing that is not.

use super::*;
use turnkey_snapshots::functions;

/// The pointers through which a host may write that lie in a value, or in what its pointers
/// lead a host to read.
fn mutable_pointers(ty: &Type) -> usize {
    match ty.kind {
        Kind::Int { .. } | Kind::Handle | Kind::Enum { .. } | Kind::Flags { .. } => 0,
        Kind::String => 0,
        Kind::List { element } => mutable_pointers(element),
        Kind::Pointer { mutable: true, .. } => 1,
        Kind::Pointer { pointee, .. } => mutable_pointers(pointee),
        Kind::Record { members } => members
            .iter()
            .map(|member| mutable_pointers(member.ty))
            .sum(),
        Kind::Variant { cases, .. } => cases
            .iter()
            .filter_map(|case| case.payload)
            .map(mutable_pointers)
            .sum(),
    }
}

#[test]
fn shape_every_mutable_pointer_of_every_function_handled() {
    let mut seen = 0;
    for function in functions() {
        assert!(is_known(function), "{}", function.name);
        for param in function.params {
            let handled = match shape(param).unwrap() {
                Shape::Filled(_) => 1,
                Shape::Buffers(list) => usize::from(list.filled),
                Shape::Scalar | Shape::Given(_) => 0,
            };
            let there = mutable_pointers(param.ty);
            assert_eq!(handled, there, "{} {}", function.name, param.name);
            seen += there;
        }
    }
    // args_get and environ_get have two; fd_prestat_dir_name, fd_read, fd_pread, fd_readdir,
    // path_readlink, poll_oneoff, random_get and sock_recv have one. Twice.
    assert_eq!(seen, 2 * (4 + 8));
}

/// The names of preview 1's functions of which this is true; those of preview 0 are the same.
fn names(fits: impl Fn(&Function) -> bool) -> Vec<&'static str> {
    let of = |table: &'static [Function]| {
        let fitting = table.iter().filter(|function| fits(function));
        fitting.map(|function| function.name).collect::<Vec<_>>()
    };
    let names = of(&turnkey_snapshots::preview_1::FUNCTIONS);
    assert_eq!(of(&turnkey_snapshots::preview_0::FUNCTIONS), names);
    names
}

/// What `tells_count` goes by is true of each of these. A function that is new here must be
/// looked at.
#[test]
fn tells_count_functions_whose_first_result_counts_what_they_moved() {
    let counting = [
        "fd_pread",
        "fd_pwrite",
        "fd_read",
        "fd_readdir",
        "fd_write",
        "path_readlink",
        "poll_oneoff",
        "sock_recv",
        "sock_send",
    ];
    assert_eq!(names(tells_count), counting);

    let fills = |param: &Param| match shape(param) {
        Some(Shape::Filled(_)) => true,
        Some(Shape::Buffers(list)) => list.filled,
        _ => false,
    };
    let compared =
        |function: &Function| function.params.iter().any(fills) && !tells_count(function);
    let all = [
        "args_get",
        "environ_get",
        "fd_prestat_dir_name",
        "random_get",
    ];
    assert_eq!(names(compared), all);

    let read = |function: &Function| read_buffers(function).is_some();
    assert_eq!(names(read), ["fd_pwrite", "fd_write", "sock_send"]);
}

const BYTE: Type = Type {
    name: "u8",
    size: 1,
    align: 1,
    kind: Kind::Int { signed: false },
};
const SIZE: Type = Type {
    name: "size",
    size: 4,
    align: 4,
    kind: Kind::Int { signed: false },
};
static FILLED: Type = pointer(&BYTE, true);
static READ: Type = pointer(&BYTE, false);
static TEXT: Type = Type {
    name: "string",
    size: 8,
    align: 4,
    kind: Kind::String,
};

const fn pointer(pointee: &'static Type, mutable: bool) -> Type {
    let kind = Kind::Pointer { pointee, mutable };
    Type {
        name: "pointer",
        size: 4,
        align: 4,
        kind,
    }
}

const fn member(ty: &'static Type, offset: u32, count: Option<usize>) -> Member {
    Member {
        name: "member",
        ty,
        offset,
        count,
    }
}

const fn of_kind(kind: Kind) -> Type {
    Type {
        name: "other",
        size: 8,
        align: 4,
        kind,
    }
}

#[test]
fn shape_what_nobody_understands_none() {
    static TWO: Type = of_kind(Kind::Record {
        members: &[member(&FILLED, 0, Some(1)), member(&READ, 4, Some(0))],
    });
    static UNCOUNTED: Type = of_kind(Kind::Record {
        members: &[member(&FILLED, 0, None), member(&SIZE, 4, None)],
    });
    static DEEP: Type = of_kind(Kind::Record {
        members: &[member(&UNCOUNTED, 0, None)],
    });
    static TEXTS: Type = of_kind(Kind::List { element: &TEXT });
    static LIST_OF_TWO: Type = of_kind(Kind::List { element: &TWO });
    static LIST_UNCOUNTED: Type = of_kind(Kind::List {
        element: &UNCOUNTED,
    });
    static LIST_OF_POINTERS: Type = of_kind(Kind::List { element: &FILLED });
    static TO_POINTERS: Type = pointer(&FILLED, false);
    static TO_RECORDS: Type = pointer(&UNCOUNTED, true);
    let param = |ty, count| Param {
        name: "param",
        ty,
        count,
    };
    for (what, ty, count) in [
        ("two pointers", &LIST_OF_TWO, None),
        ("a buffer without its length", &LIST_UNCOUNTED, None),
        ("texts", &TEXTS, None),
        ("bare pointers", &LIST_OF_POINTERS, None),
        ("a record that leads on", &DEEP, None),
        ("pointers that are read", &TO_POINTERS, Some(0)),
        ("records that lead on and are written", &TO_RECORDS, Some(0)),
        ("nobody knows how much", &READ, None),
    ] {
        assert_eq!(shape(&param(ty, count)), None, "{what}");
    }
    assert!(shape(&param(&READ, Some(0))).is_some());
    assert!(shape(&param(&FILLED, None)).is_some());
}

#[test]
fn clip_what_lies_beyond_left_out() {
    for (start, length, expected) in [
        (0, 10, 0..10),
        (5, 100, 5..10),
        (10, 1, 10..10),
        (u64::MAX, u64::MAX, 10..10),
        (3, u64::MAX, 3..10),
        (11, 0, 10..10),
    ] {
        assert_eq!(clip(start, length, 10), expected, "{length} at {start}");
    }
}
