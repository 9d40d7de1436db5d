//! Calls as JSON objects.

use super::place::{argument, bytes, number, result_names};
use crate::excerpt::excerpt;
use serde_json::{Map, Value, json};
use turnkey_wasi_common::function::{Case, Kind, Role, Type};
use turnkey_wasi_common::{Errno, Invocation, Verdict};

/// The most bytes of a string that are told: the longest path that hosts open.
const LONGEST_TEXT: usize = 4096;

/// The largest number that every reader of JSON keeps exact.
const LARGEST_EXACT: u64 = 1 << 53;

/// A call that has ended, the `number`th to do so, of a guest that is named if there are several.
pub(super) fn call(
    call: &Invocation<'_>,
    memory: &[u8],
    errno: Option<Errno>,
    number: u64,
    nanoseconds: u64,
    guest: Option<&str>,
) -> Value {
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| {
        object.insert(name.to_owned(), value);
    };
    put("call", json!(number));
    put("module", json!(call.function.module));
    put("function", json!(call.function.name));
    put("args", args(call, memory));
    put("errno", json!(errno.map(Errno::name)));
    if errno == Some(Errno::Success) && !call.function.results.is_empty() {
        put("results", results(call, memory));
    }
    put("ns", unsigned(nanoseconds));
    if let Some(decided) = call.decided {
        put("filter", decision(decided));
    }
    if let Some(remark) = call.remark {
        put("remark", json!(remark));
    }
    if let Some(guest) = guest {
        put("guest", json!(guest));
    }
    Value::Object(object)
}

/// What a filter did instead of letting the call be carried out.
fn decision(verdict: &Verdict) -> Value {
    match verdict {
        Verdict::Deny(_) => json!("deny"),
        Verdict::Answer(_) => json!("answer"),
        Verdict::Exit(code) => json!({ "exit": code }),
        Verdict::Trap(trap) => json!({ "trap": trap.to_string() }),
        Verdict::Continue | Verdict::Delay(_) => Value::Null,
    }
}

fn args(call: &Invocation<'_>, memory: &[u8]) -> Value {
    let params = call.function.params.iter().enumerate();
    let named = params.map(|(index, param)| {
        let value = argument(call.function, call.args, Role::Value(index)).unwrap_or(0);
        let length = argument(call.function, call.args, Role::Length(index));
        let told = match (param.ty.kind, length) {
            (Kind::String, Some(length)) => {
                let text = bytes(memory, value, length);
                json!(text.map(|text| excerpt(text, LONGEST_TEXT)))
            }
            (_, Some(count)) => json!({ "address": value, "count": count }),
            _ => scalar(param.ty, value),
        };
        (param.name.to_owned(), told)
    });
    Value::Object(named.collect())
}

fn results(call: &Invocation<'_>, memory: &[u8]) -> Value {
    let results = result_names(call.function)
        .zip(call.function.results)
        .enumerate();
    let named = results.map(|(index, (name, result))| {
        let address = argument(call.function, call.args, Role::Return(index)).unwrap_or(0);
        (name, stored(result.ty, address, memory))
    });
    Value::Object(named.collect())
}

/// A value in the guest's memory; null if it leads beyond it.
fn stored(ty: &Type, address: u64, memory: &[u8]) -> Value {
    match ty.kind {
        Kind::Record { members } => {
            let named = members.iter().map(|member| {
                let place = address.saturating_add(member.offset.into());
                (member.name.to_owned(), stored(member.ty, place, memory))
            });
            Value::Object(named.collect())
        }
        Kind::Variant {
            tag_size,
            payload_offset,
            cases,
        } => {
            let tag = number(memory, address, tag_size);
            let case = tag.and_then(|tag| cases.get(usize::try_from(tag).ok()?));
            match case {
                Some(Case { name, payload }) => {
                    let place = address.saturating_add(payload_offset.into());
                    let payload = payload.map(|ty| stored(ty, place, memory));
                    json!({ *name: payload })
                }
                None => json!(tag),
            }
        }
        _ => match number(memory, address, ty.size) {
            Some(value) => scalar(ty, value),
            None => Value::Null,
        },
    }
}

/// A value that is not spread over memory. An enum is its name, a set of flags their names; what
/// has no name is a number.
fn scalar(ty: &Type, value: u64) -> Value {
    match ty.kind {
        Kind::Enum { cases } => match usize::try_from(value).ok().and_then(|at| cases.get(at)) {
            Some(case) => json!(case),
            None => unsigned(value),
        },
        Kind::Flags { flags } => {
            let bits = (0..64).filter(|bit| value & (1 << bit) != 0);
            let names = bits.map(|bit| match flags.get(bit) {
                Some(name) => json!(name),
                None => json!(format!("1<<{bit}")),
            });
            names.collect()
        }
        Kind::Int { signed: true } => {
            let signed = i64::from_ne_bytes(value.to_ne_bytes());
            match signed.unsigned_abs() <= LARGEST_EXACT {
                true => json!(signed),
                false => json!(signed.to_string()),
            }
        }
        _ => unsigned(value),
    }
}

/// A number, or its digits as a string where some readers would round it.
fn unsigned(value: u64) -> Value {
    match value <= LARGEST_EXACT {
        true => json!(value),
        false => json!(value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn check(name: &str, args: &[u64], memory: &[u8], errno: Option<Errno>, expected: Value) {
        let function = turnkey_snapshots::function("wasi_snapshot_preview1", name).unwrap();
        let note = Cell::new(0);
        let invocation = Invocation::new(function, args, &note);
        let told = call(&invocation, memory, errno, 7, 1234, None);
        let mut whole = json!({
            "call": 7,
            "module": "wasi_snapshot_preview1",
            "function": name,
            "ns": 1234,
        });
        let (whole_map, Value::Object(expected)) = (whole.as_object_mut().unwrap(), expected)
        else {
            panic!("an object is expected");
        };
        whole_map.extend(expected);
        assert_eq!(told, whole);
        assert!(!told.to_string().contains('\n'));
    }

    #[test]
    fn call_each_kind_of_argument_and_result() {
        let mut memory = vec![0; 256];
        memory[..9].copy_from_slice(b"a\n\"\xff.txt\0");
        memory[100] = 4;
        check(
            "path_open",
            &[3, 1, 0, 8, 9, 2, 1 << 40, 4, 100],
            &memory,
            Some(Errno::Success),
            json!({
                "args": {
                    "fd": 3,
                    "dirflags": ["symlink_follow"],
                    "path": "a\n\"\u{fffd}.txt",
                    "oflags": ["creat", "trunc"],
                    "fs_rights_base": ["fd_read"],
                    "fs_rights_inheriting": ["1<<40"],
                    "fdflags": ["nonblock"],
                },
                "errno": "success",
                "results": { "fd": 4 },
            }),
        );
        check(
            "fd_write",
            &[1, 16, 2, 100],
            &memory,
            Some(Errno::Badf),
            json!({
                "args": { "fd": 1, "iovs": { "address": 16, "count": 2 } },
                "errno": "badf",
            }),
        );
        check(
            "fd_seek",
            &[3, (-5_i64).cast_unsigned(), 9, 0],
            &memory,
            Some(Errno::Inval),
            json!({ "args": { "fd": 3, "offset": -5, "whence": 9 }, "errno": "inval" }),
        );
        memory[120] = 5;
        memory[124] = 6;
        check(
            "args_sizes_get",
            &[120, 124],
            &memory,
            Some(Errno::Success),
            json!({ "args": {}, "errno": "success", "results": { "size_0": 5, "size_1": 6 } }),
        );
        check(
            "fd_prestat_get",
            &[3, 120],
            &[&memory[..120], &[0, 0, 0, 0, 9, 0, 0, 0]].concat(),
            Some(Errno::Success),
            json!({
                "args": { "fd": 3 },
                "errno": "success",
                "results": { "prestat": { "dir": { "pr_name_len": 9 } } },
            }),
        );
        check(
            "proc_exit",
            &[7],
            &[],
            None,
            json!({ "args": { "rval": 7 }, "errno": null }),
        );
    }

    #[test]
    fn call_numbers_that_readers_would_round_are_strings() {
        let tell = |size: u64, told: Value| {
            let expected = json!({
                "args": { "fd": 3 },
                "errno": "success",
                "results": { "filesize": told },
            });
            let memory = size.to_le_bytes();
            check("fd_tell", &[3, 0], &memory, Some(Errno::Success), expected);
        };
        tell(1 << 53, json!(9_007_199_254_740_992_u64));
        tell((1 << 53) + 1, json!("9007199254740993"));
        tell(u64::MAX, json!("18446744073709551615"));
        check(
            "fd_seek",
            &[3, i64::MIN.cast_unsigned(), 0, 0],
            &[],
            Some(Errno::Inval),
            json!({
                "args": { "fd": 3, "offset": "-9223372036854775808", "whence": "set" },
                "errno": "inval",
            }),
        );
    }

    #[test]
    fn call_beyond_memory_null_and_long_text_cut() {
        check(
            "path_unlink_file",
            &[3, 4_294_967_295, 20],
            &[0; 16],
            None,
            json!({ "args": { "fd": 3, "path": null }, "errno": null }),
        );
        check(
            "fd_filestat_get",
            &[3, 4_294_967_295],
            &[0; 16],
            Some(Errno::Success),
            json!({
                "args": { "fd": 3 },
                "errno": "success",
                "results": { "filestat": {
                    "dev": null, "ino": null, "filetype": null, "nlink": null,
                    "size": null, "atim": null, "mtim": null, "ctim": null,
                } },
            }),
        );
        let memory = vec![b'a'; 1 << 20];
        let cut = "a".repeat(LONGEST_TEXT) + "…";
        check(
            "path_unlink_file",
            &[3, 0, 1 << 20],
            &memory,
            Some(Errno::Nametoolong),
            json!({ "args": { "fd": 3, "path": cut }, "errno": "nametoolong" }),
        );
    }
}
