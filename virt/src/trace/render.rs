//! Calls as text.

use super::place::{argument, bytes, number};
use std::fmt::Write;
use turnkey_wasi_common::Errno;
use turnkey_wasi_common::function::{Function, Kind, Role, Type};

/// The most bytes of a string that are shown.
const LONGEST_TEXT: usize = 80;

/// `name(parameter=value, …) = errno result=value …`
pub(super) fn call(
    function: &Function,
    args: &[u64],
    memory: &[u8],
    errno: Option<Errno>,
) -> String {
    let mut line = String::from(function.name);
    line.push('(');
    for (index, param) in function.params.iter().enumerate() {
        if index > 0 {
            line.push_str(", ");
        }
        let value = argument(function, args, Role::Value(index)).unwrap_or(0);
        let length = argument(function, args, Role::Length(index));
        line.push_str(param.name);
        line.push('=');
        parameter(&mut line, param.ty, value, length, memory);
    }
    line.push(')');
    match errno {
        Some(errno) => {
            line.push_str(" = ");
            line.push_str(errno.name());
        }
        None => line.push_str(" ends the guest"),
    }
    if errno == Some(Errno::Success) {
        for (index, result) in function.results.iter().enumerate() {
            let address = argument(function, args, Role::Return(index)).unwrap_or(0);
            line.push(' ');
            stored(&mut line, result.ty, address, memory);
        }
    }
    line
}

/// ` (12.5 µs)`
pub(super) fn duration(line: &mut String, nanoseconds: u64) {
    let (unit, size) = match nanoseconds {
        0..1_000 => ("ns", 1),
        1_000..1_000_000 => ("µs", 1_000),
        1_000_000..1_000_000_000 => ("ms", 1_000_000),
        _ => ("s", 1_000_000_000),
    };
    let tenths = nanoseconds / (size / 10).max(1);
    let written = match size {
        1 => write!(line, " ({nanoseconds} {unit})"),
        _ => write!(line, " ({}.{} {unit})", tenths / 10, tenths % 10),
    };
    debug_assert!(written.is_ok(), "a string takes all that is written");
}

fn parameter(line: &mut String, ty: &Type, value: u64, length: Option<u64>, memory: &[u8]) {
    match (ty.kind, length) {
        (Kind::String, Some(length)) => match bytes(memory, value, length) {
            Some(text) => quoted(line, text),
            None => put(line, format_args!("{length} bytes beyond memory")),
        },
        (_, Some(length)) => put(line, format_args!("{length} at {value:#x}")),
        (Kind::Pointer { .. } | Kind::Record { .. } | Kind::Variant { .. }, None) => {
            put(line, format_args!("{value:#x}"));
        }
        (_, None) => scalar(line, ty, value),
    }
}

/// A value that is not spread over memory.
pub(crate) fn scalar(line: &mut String, ty: &Type, value: u64) {
    match ty.kind {
        Kind::Enum { cases } => match usize::try_from(value).ok().and_then(|at| cases.get(at)) {
            Some(case) => line.push_str(case),
            None => put(line, format_args!("{value}")),
        },
        Kind::Flags { flags } => named_flags(line, flags, value),
        Kind::Int { signed: true } => {
            put(
                line,
                format_args!("{}", i64::from_ne_bytes(value.to_ne_bytes())),
            );
        }
        _ => put(line, format_args!("{value}")),
    }
}

fn named_flags(line: &mut String, flags: &[&str], value: u64) {
    if value == 0 {
        line.push('0');
        return;
    }
    if flags.len() < 64 && value == (1 << flags.len()) - 1 && flags.len() > 4 {
        line.push_str("all");
        return;
    }
    let mut first = true;
    for bit in (0..64).filter(|bit| value & (1 << bit) != 0) {
        if !first {
            line.push('|');
        }
        first = false;
        match flags.get(bit) {
            Some(name) => line.push_str(name),
            None => put(line, format_args!("1<<{bit}")),
        }
    }
}

/// A value that the host wrote to the guest's memory.
fn stored(line: &mut String, ty: &Type, address: u64, memory: &[u8]) {
    if let Kind::Record { members } = ty.kind {
        line.push('{');
        for (index, member) in members.iter().enumerate() {
            if index > 0 {
                line.push_str(", ");
            }
            put(line, format_args!("{}=", member.name));
            stored_value(line, member.ty, address + u64::from(member.offset), memory);
        }
        line.push('}');
    } else {
        put(line, format_args!("{}=", ty.name));
        stored_value(line, ty, address, memory);
    }
}

fn stored_value(line: &mut String, ty: &Type, address: u64, memory: &[u8]) {
    let value = number(memory, address, ty.size);
    match value.filter(|_| !matches!(ty.kind, Kind::Variant { .. })) {
        Some(value) => scalar(line, ty, value),
        None => put(line, format_args!("at {address:#x}")),
    }
}

fn quoted(line: &mut String, text: &[u8]) {
    let shown = text.get(..LONGEST_TEXT).unwrap_or(text);
    put(line, format_args!("{:?}", String::from_utf8_lossy(shown)));
    if shown.len() < text.len() {
        line.push('…');
    }
}

fn put(line: &mut String, text: std::fmt::Arguments<'_>) {
    let written = line.write_fmt(text);
    debug_assert!(written.is_ok(), "a string takes all that is written");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, args: &[u64], memory: &[u8], errno: Option<Errno>, expected: &str) {
        let function = turnkey_snapshots::function("wasi_snapshot_preview1", name).unwrap();
        assert_eq!(call(function, args, memory, errno), expected);
    }

    #[test]
    fn call_shows_each_kind_of_argument() {
        let mut memory = vec![0; 128];
        memory[..8].copy_from_slice(b"data.txt");
        memory[100] = 4;
        check(
            "path_open",
            &[3, 1, 0, 8, 9, 2, 0, 4, 100],
            &memory,
            Some(Errno::Success),
            "path_open(fd=3, dirflags=symlink_follow, path=\"data.txt\", oflags=creat|trunc, \
             fs_rights_base=fd_read, fs_rights_inheriting=0, fdflags=nonblock) = success fd=4",
        );
        check(
            "fd_write",
            &[1, 16, 2, 100],
            &memory,
            Some(Errno::Badf),
            "fd_write(fd=1, iovs=2 at 0x10) = badf",
        );
        check(
            "proc_exit",
            &[7],
            &memory,
            None,
            "proc_exit(rval=7) ends the guest",
        );
        check(
            "fd_seek",
            &[3, (-5_i64).cast_unsigned(), 1, 0],
            &memory,
            Some(Errno::Inval),
            "fd_seek(fd=3, offset=-5, whence=cur) = inval",
        );
    }

    #[test]
    fn call_arguments_beyond_memory_said_so() {
        check(
            "path_unlink_file",
            &[3, 4_294_967_295, 20],
            &[0; 16],
            None,
            "path_unlink_file(fd=3, path=20 bytes beyond memory) ends the guest",
        );
        check(
            "fd_tell",
            &[3, 4_294_967_295],
            &[0; 16],
            Some(Errno::Success),
            "fd_tell(fd=3) = success filesize=at 0xffffffff",
        );
    }

    #[test]
    fn duration_has_a_readable_unit() {
        for (nanoseconds, expected) in [
            (0, " (0 ns)"),
            (999, " (999 ns)"),
            (12_540, " (12.5 µs)"),
            (3_000_000, " (3.0 ms)"),
            (61_250_000_000, " (61.2 s)"),
        ] {
            let mut line = String::new();
            duration(&mut line, nanoseconds);
            assert_eq!(line, expected);
        }
    }
}
